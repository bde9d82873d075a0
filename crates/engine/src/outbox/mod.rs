//! The outbox: messages that were sent and that no server has answered yet.
//!
//! A row is *possibly sent* from the moment it is given to a socket, or if it was in the store while an earlier leader had
//! a socket open. Such a row is never evicted, replaced or discarded: it ends by an answer of the server, or at the
//! maximum age as "may have arrived".
//!
//! | file | concern |
//! |---|---|
//! | [`queue`] | rows in memory: order per key, priority across keys |
//! | [`intake`] | send, retry, discard; capacity, age |
//! | [`coalesce`] | which unsent row replaces which |
//! | [`sending`], [`link`], [`window`], [`flush_barrier`] | the open socket, frames, how much is in flight, hand-over to basic servers |
//! | [`clock`] | the server's time and ours |
//! | [`answers`] | acks, nacks, errors, the poison rule |
//! | [`store_session`], [`load`] | groups, falling back to memory and recovering, what the store holds |
//! | [`removal`] | how a row ends, and when that is reported |
//! | [`shared`] | what a leader among several tabs needs |
//! | [`view`] | the list shown to users |
//! | [`unreadable`] | stored records that cannot be read |
//! | [`ended`] | final states remembered, the failed list |
//! | [`inquiry`] | how a saved message ended |

mod answers;
mod clock;
mod coalesce;
mod ended;
mod flush_barrier;
mod inquiry;
mod intake;
mod link;
mod load;
mod queue;
mod removal;
mod row;
mod sending;
mod shared;
mod store_session;
mod unreadable;
mod view;
mod window;

pub(crate) use link::Connection;
pub(crate) use row::key_of;
#[cfg(test)]
pub(crate) use row::row_of;

use crate::mutant::{self, Mutant};
use crate::{
    ConsumerId, DeliveryState, Durability, MessageUpdate, Meta, Now, OutboxOptions, SendRequest,
    StorageState, StoreGroup,
};
use queue::{Entry, Place};
use std::collections::{HashMap, VecDeque};
use store_session::Wanted;

/// First sequence number of rows taken by this engine; loaded rows have lower ones.
const FIRST_SEQ: u64 = 1 << 32;

/// One frame to transmit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutFrame {
    pub text: String,
    /// Messages in it.
    pub count: u32,
}

/// What the outbox wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OutboxOutput {
    /// One transaction.
    Store(StoreGroup),
    /// Open the store (again).
    OpenStore,
    /// Set aside what cannot be read.
    SetAside,
    /// `to` are the consumer named for the tab that owns the row ([`Outbox::name_owner`]), if that tab is there,
    /// and all that handed it in or asked after it.
    Update { to: Vec<ConsumerId>, update: MessageUpdate },
    /// A line for the log.
    Note(String),
}

/// What is known of leaders before this one.
#[derive(Debug, Default)]
struct EarlierLeader {
    /// None sends any more since then (monotonic ms).
    until: u64,
    /// The term that the store had when it was first read, 0 before.
    term: u64,
    /// Messages their senders know to be stored, in case the store cannot be read.
    assumed_stored: Vec<(ConsumerId, SendRequest)>,
    /// The store was silent when it sent, so that it could not leave its mark: it is left for it when the store opens, over
    /// every row that lies there.
    mark_missing: bool,
}

/// All messages of one scope. See the module's page.
pub(crate) struct Outbox {
    options: OutboxOptions,
    tab: String,
    queue: queue::Queue,
    window: window::Window,
    ended: ended::Ended,
    failed: ended::Failed,
    store: store_session::StoreSession,
    removals: removal::PendingRemovals,
    /// The open socket.
    link: Option<link::Link>,
    clock: clock::Clock,
    owners: HashMap<String, ConsumerId>,
    inquiries: Vec<inquiry::WaitingInquiry>,
    earlier: EarlierLeader,
    unreadable: unreadable::Unreadable,
    next_seq: u64,
    next_old_seq: u64,
    out: VecDeque<OutboxOutput>,
    version: u64,
}

impl Outbox {
    pub fn new(mut options: OutboxOptions, tab: String, now: Now) -> Self {
        options.max_age_ms = options.max_age_ms.min(OutboxOptions::MOST_AGE_MS);
        Self {
            store: store_session::StoreSession::new(&options, now),
            options,
            tab,
            queue: queue::Queue::default(),
            window: window::Window::default(),
            ended: ended::Ended::default(),
            failed: ended::Failed::default(),
            removals: removal::PendingRemovals::default(),
            link: None,
            clock: clock::Clock::new(now),
            owners: HashMap::new(),
            inquiries: Vec::new(),
            earlier: EarlierLeader { until: now.mono, ..EarlierLeader::default() },
            unreadable: unreadable::Unreadable::default(),
            next_seq: FIRST_SEQ,
            next_old_seq: 0,
            out: VecDeque::new(),
            version: 0,
        }
    }

    // Time.

    /// Handles everything that is due: expiry, `retryAfterMs`, retries of the store.
    pub fn timeout(&mut self, now: Now) {
        self.queue.wake(now.mono);
        self.window.refill(now.mono);
        self.expire(now);
        self.store.give_up_mark(now.mono);
        if self.store.notice_silence(now.mono) {
            self.version += 1;
        }
        self.release_unanswered(now.mono);
        if let Err(error) = self.store.timeout(now.mono) {
            self.open_failed(now, error);
        }
        self.planted(now);
    }

    /// Monotonic ms.
    pub fn next_timeout(&self) -> Option<u64> {
        let over_age = |(created_at, _): (u64, u64)| created_at.saturating_add(self.options.max_age_ms);
        let age = self.queue.oldest().and_then(|row| self.clock.passes(over_age(row)));
        let token = match self.connection().is_some() && self.queue.next(false).is_some() {
            true => self.window.next_token(),
            false => None,
        };
        let store = [self.store.next_timeout(), self.removals.next_timeout()];
        let times = [age, token, self.queue.next_wake(), self.flush_due()].into_iter().chain(store);
        times.flatten().min()
    }

    /// `welcome.now`, within bounds. Stored times are never rewritten: the next server may be right.
    pub fn set_server_time(&mut self, now: Now, server_now: u64) {
        self.clock.set(now, server_now);
        // No row was sent in the future of both clocks; it could otherwise outlive the server's memory of its id.
        let latest = self.clock.latest(now);
        while let Some((created_at, seq)) = self.queue.youngest()
            && created_at > latest
        {
            self.queue.set_created_at(seq, latest);
        }
    }

    /// Sets the bound of the failed list.
    pub fn keep_failed(&mut self, most: usize) {
        self.failed.most = most;
    }

    // Getters.

    /// Monotonic ms of the send that waits longest for its answer on this socket.
    pub fn oldest_unacked(&self) -> Option<u64> {
        match self.queue.first_in_flight()?.1.place {
            Place::InFlight { since, .. } => Some(since),
            Place::Waiting => None,
        }
    }

    /// The store opened or failed to open: `meta` is what it holds.
    pub fn ready(&self) -> bool {
        self.store.has_answered()
    }

    /// Whether a newer build upgraded the database: this one sends nothing more.
    pub fn has_newer_schema(&self) -> bool {
        self.store.has_newer_schema
    }

    pub fn storage(&self) -> &StorageState {
        self.store.state()
    }

    pub fn meta(&self) -> &Meta {
        &self.store.meta
    }

    /// Changes the metadata; written with the next group.
    pub fn update_meta(&mut self, change: impl FnOnce(&mut Meta)) {
        let before = self.store.meta.clone();
        change(&mut self.store.meta);
        if self.store.meta != before {
            self.store.touch_meta();
        }
    }

    // Outputs.

    /// The next output.
    pub fn poll(&mut self, now: Now) -> Option<OutboxOutput> {
        if self.store.take_open() {
            return Some(OutboxOutput::OpenStore);
        }
        if let Some(output) = self.out.pop_front() {
            return Some(output);
        }
        let Self { store, queue, removals, failed, .. } = self;
        if let Some(group) = store.group(now.mono, &|id| wanted(queue, removals, failed, id)) {
            if mutant::active(Mutant::DurableBeforeCommit) {
                self.saved_at_once(&group);
            }
            return Some(OutboxOutput::Store(group));
        }
        None
    }

    // Inside.

    fn new_seq(&mut self) -> u64 {
        self.next_seq += 1;
        self.next_seq
    }

    fn old_seq(&mut self) -> u64 {
        self.next_old_seq += 1;
        self.next_old_seq
    }

    /// Writes the row as it is now.
    fn put(&mut self, seq: u64) {
        let Some(entry) = self.queue.get_mut(seq).filter(|entry| !entry.volatile) else { return };
        if !self.store.is_open() {
            return;
        }
        if entry.row.order == 0 {
            entry.row.order = self.store.next_order();
        }
        let id = entry.row.id.clone();
        if self.waits_for_the_refused(seq) {
            self.store.stored.refuse(&id);
            return self.set_durability(seq, Durability::MemoryOnly);
        }
        self.store.changed(&id);
    }

    /// Whether an earlier row of the same key cannot be stored. Then this one is not stored either: after a crash the
    /// earlier row, resubmitted by its page, would come too late.
    fn waits_for_the_refused(&self, seq: u64) -> bool {
        let lacks = |seq: u64| self.queue.get(seq).is_some_and(|e| e.durability != Durability::Durable);
        let before = |before: u64| before < seq && lacks(before) && self.queue.in_one_lane(before, seq);
        let mut refused = self.store.stored.refused().filter_map(|id| self.queue.find(id));
        lacks(seq) && refused.any(before)
    }

    fn set_durability(&mut self, seq: u64, durability: Durability) {
        if let Some(entry) = self.queue.get_mut(seq)
            && entry.durability != durability
        {
            entry.durability = durability;
            self.report(seq);
        }
    }

    fn report(&mut self, seq: u64) {
        if let Some(entry) = self.queue.get(seq) {
            let (to, update) = (self.audience_of(entry), update_of(entry));
            self.update(to, update);
        }
    }

    /// Every consumer that receives the updates of a row: the tab that owns it, and all that observe it.
    fn audience_of(&self, entry: &Entry) -> Vec<ConsumerId> {
        if mutant::active(Mutant::AskerTakesOver) && !entry.observers.is_empty() {
            return entry.observers.clone();
        }
        let owner = self.owners.get(&entry.row.owner).filter(|owner| !entry.observers.contains(owner));
        entry.observers.iter().chain(owner).copied().collect()
    }

    fn update(&mut self, to: Vec<ConsumerId>, update: MessageUpdate) {
        self.version += 1;
        self.out.push_back(OutboxOutput::Update { to, update });
    }
}

/// What the store should hold of a message.
fn wanted(
    queue: &queue::Queue,
    removals: &removal::PendingRemovals,
    failed: &ended::Failed,
    id: &str,
) -> Wanted {
    let row = queue.find(id).and_then(|seq| queue.get(seq)).filter(|entry| !entry.volatile);
    let row = row.map(|entry| Wanted::Row(entry.row.clone())).or_else(|| removals.wanted(id));
    let listed = || failed.get(id).map(|failed| Wanted::Failed(failed.clone()));
    row.or_else(listed).unwrap_or(Wanted::Nothing(None))
}

fn update_of(entry: &Entry) -> MessageUpdate {
    let delivery = match entry.place {
        Place::InFlight { .. } => DeliveryState::Sent,
        Place::Waiting if entry.unconfirmed => DeliveryState::Unconfirmed,
        Place::Waiting => DeliveryState::Queued,
    };
    MessageUpdate { id: entry.row.id.clone(), durability: entry.durability, delivery }
}

#[cfg(test)]
mod tests;
