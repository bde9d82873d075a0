//! How a row ends.
//!
//! A stored row that ends by our own decision (evicted, replaced, discarded, no room, nacked too often) would still be sent
//! by the next engine until the store has its end. So its removal is *pending* first: it is out of the queue, no consumer
//! is notified, and later rows of its key wait, because they must not overtake a row that may come back. A commit
//! completes the removal; an abort rolls it back, and the row takes its old place.
//!
//! The opposite case is a failed row that is retried: it *awaits its store*, that is, it is not sent before the store holds
//! it as a row. The next engine would otherwise find it in the failed list and report that it was never sent.

use super::Outbox;
use super::queue::{Entry, Place};
use super::store_session::{UNRESPONSIVE_MS, Wanted, place_of};
use crate::{DeliveryState, Durability, FailReason, FailedRow, MessageUpdate, Now, StoreGroup, StoreOp};
use std::collections::{BTreeSet, HashMap};

/// Delay (ms) before a row is sent again that was nacked too often and cannot end yet.
pub(super) const AGAIN_MS: u64 = 30_000;

/// Pending removals, by id.
#[derive(Debug, Default)]
pub(super) struct PendingRemovals {
    rows: HashMap<String, PendingRemoval>,
    /// Retried rows that are not stored yet: their keys are paused.
    awaiting_stored: BTreeSet<u64>,
    /// Rows whose eviction the store refused: they are above the capacity.
    kept: BTreeSet<u64>,
    until: Option<u64>,
}

#[derive(Debug)]
struct PendingRemoval {
    seq: u64,
    entry: Entry,
    state: DeliveryState,
    ended_at: u64,
    /// Monotonic ms.
    left_at: u64,
    /// Its key is paused.
    holds_lane: bool,
}

impl PendingRemoval {
    /// Whether it makes room for another row.
    fn is_evicted(&self) -> bool {
        matches!(self.state, DeliveryState::Evicted | DeliveryState::Failed(FailReason::QueueFull { .. }))
    }
}

impl PendingRemovals {
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Entry> {
        self.rows.get_mut(id).map(|removal| &mut removal.entry)
    }

    /// What the store should hold of a message whose removal is pending.
    pub fn wanted(&self, id: &str) -> Option<Wanted> {
        let PendingRemoval { entry, state, ended_at, .. } = self.rows.get(id)?;
        Some(match is_listed(state) {
            true => {
                let (row, state, ended_at) = (entry.row.clone(), state.clone(), *ended_at);
                Wanted::Failed(FailedRow { row, state, ended_at })
            }
            // Also of a row that was never stored: the commit completes the removal.
            false => Wanted::Nothing(Some(place_of(&entry.row))),
        })
    }

    /// The store answered something: it is not unresponsive.
    pub fn on_answer(&mut self, now: u64) {
        self.until = self.wait().then(|| now.saturating_add(UNRESPONSIVE_MS));
    }

    pub fn next_timeout(&self) -> Option<u64> {
        self.until
    }

    fn wait(&self) -> bool {
        !self.rows.is_empty() || !self.awaiting_stored.is_empty()
    }

    /// The removal that completes when this change commits.
    fn ended_by(&self, op: &StoreOp) -> Option<&PendingRemoval> {
        let (id, order, listing) = match op {
            StoreOp::PutFailed(failed) => (&failed.row.id, failed.row.order, true),
            StoreOp::Delete { id, order, .. } => (id, *order, false),
            _ => return None,
        };
        let fits = |removal: &&PendingRemoval| {
            is_listed(&removal.state) == listing && removal.entry.row.order == order
        };
        self.rows.get(id).filter(fits)
    }

    fn take(&mut self, id: &str) -> Option<PendingRemoval> {
        let removal = self.rows.remove(id)?;
        self.until = self.until.filter(|_| self.wait());
        Some(removal)
    }
}

impl Outbox {
    /// Ends a row. The only way a row ends. Bad ends go to the failed list; the end is remembered, so that a resubmitted id is
    /// answered with it.
    pub(super) fn end(&mut self, now: Now, seq: u64, state: DeliveryState) {
        if self.queue.get(seq).is_some_and(|entry| self.needs_stored_removal(entry, &state)) {
            return self.begin_removal(now, seq, state);
        }
        self.stored_or_given_up(seq);
        let Some(entry) = self.queue.remove(seq) else { return };
        self.window.clear(seq);
        if !entry.volatile {
            self.store.changed(&entry.row.id);
        }
        self.conclude(entry, state, self.clock.server_now(now));
    }

    /// Lists and reports the end of a row that is out of the queue.
    fn conclude(&mut self, entry: Entry, state: DeliveryState, ended_at: u64) {
        let update = ended(&entry, state.clone());
        let to = self.audience_of(&entry);
        if !entry.volatile && is_listed(&state) {
            self.add_failed(FailedRow { row: entry.row, state, ended_at });
        }
        self.retry_settled(entry.retry_of);
        self.ended.add(update.clone());
        self.update(to, update);
    }

    /// Whether the next engine could send the row although it ends here.
    fn needs_stored_removal(&self, entry: &Entry, state: &DeliveryState) -> bool {
        let ours = matches!(
            state,
            DeliveryState::Evicted
                | DeliveryState::Superseded
                | DeliveryState::Failed(
                    FailReason::Discarded | FailReason::TooManyAttempts { .. } | FailReason::QueueFull { .. }
                )
        );
        // A row that did not fit before may be being written now.
        let stored = || entry.durability != Durability::MemoryOnly || self.store.is_storing(&entry.row.id);
        ours && !entry.volatile && self.store.is_open() && entry.place == Place::Waiting && stored()
    }

    /// Whether our own decision may end a row that was nacked too often. A copy in a store that cannot be written now would
    /// be sent by the next engine although the failure was reported.
    pub(super) fn can_be_ended(&self, seq: u64) -> bool {
        let copied = |entry: &Entry| entry.durability == Durability::Durable || entry.elsewhere;
        self.store.is_open() || !self.queue.get(seq).is_some_and(copied)
    }

    fn begin_removal(&mut self, now: Now, seq: u64, state: DeliveryState) {
        self.stored_or_given_up(seq);
        let Some(mut entry) = self.queue.remove_pending(seq) else { return };
        if entry.durability == Durability::MemoryOnly {
            entry.durability = Durability::Pending;
        }
        self.window.clear(seq);
        let (id, ended_at) = (entry.row.id.clone(), self.clock.server_now(now));
        self.store.changed(&id);
        self.removals.until.get_or_insert(now.mono.saturating_add(UNRESPONSIVE_MS));
        self.removals
            .rows
            .insert(id, PendingRemoval { seq, entry, state, ended_at, left_at: now.mono, holds_lane: true });
        self.version += 1;
    }

    /// A write about this message has committed: completes its removal, if one is pending and this was it.
    pub(super) fn removal_stored(&mut self, id: &str) {
        let is_over = !self.store.stored.is_marked(id);
        let Some(removal) = self.removals.rows.get_mut(id) else { return };
        if is_over || self.store.stored.has_row(id) {
            removal.entry.durability = Durability::Durable;
        }
        if is_over {
            self.finish_removal(id);
        }
    }

    /// Whether a message waits for the store to take in how it ended: should it not, it is sent after all.
    pub fn has_pending_removals(&self) -> bool {
        !self.removals.rows.is_empty()
    }

    /// How messages end once this group has committed. Not reported yet.
    pub fn endings_in(&self, group: &StoreGroup) -> Vec<MessageUpdate> {
        let removals = group.ops.iter().filter_map(|op| self.removals.ended_by(op));
        removals.map(|removal| ended(&removal.entry, removal.state.clone())).collect()
    }

    /// The store refuses what it should hold of this message: the removal of a row that it never held needs no commit, any
    /// other is rolled back. `false`: none is pending.
    pub(super) fn removal_refused(&mut self, id: &str) -> bool {
        let Some(removal) = self.removals.rows.get(id) else { return false };
        if removal.entry.durability == Durability::Pending {
            self.finish_removal(id);
        } else if !self.store.stored.is_marked(id) {
            self.roll_back_removal(id);
        }
        true
    }

    fn finish_removal(&mut self, id: &str) {
        let Some(removal) = self.removals.take(id) else { return };
        self.release(&removal);
        self.conclude(removal.entry, removal.state, removal.ended_at);
    }

    /// Later rows of its key no longer wait for it.
    fn release(&mut self, removal: &PendingRemoval) {
        if removal.holds_lane {
            self.queue.removal_settled(removal.seq, &removal.entry);
        }
    }

    /// The store refuses the end of this row: it returns to the queue.
    fn roll_back_removal(&mut self, id: &str) {
        let Some(removal) = self.removals.take(id) else { return };
        self.release(&removal);
        if removal.is_evicted() {
            self.removals.kept.insert(removal.seq);
        }
        let PendingRemoval { seq, entry, state, left_at, .. } = removal;
        let pending = entry.durability == Durability::Pending;
        self.queue.insert(seq, entry);
        if matches!(state, DeliveryState::Failed(FailReason::TooManyAttempts { .. })) {
            self.queue.block(seq, left_at.saturating_add(AGAIN_MS));
        }
        if pending {
            self.put(seq);
        }
        self.version += 1;
    }

    /// How many rows are in the queue because the store refused their eviction. What was sent since stays anyway.
    pub(super) fn kept_by_the_store(&mut self) -> usize {
        let Self { queue, removals, .. } = self;
        removals.kept.retain(|seq| queue.get(*seq).is_some_and(|entry| !entry.row.possibly_sent));
        removals.kept.len()
    }

    /// The store is closed: completes the removals of rows it never held and that are not being written.
    pub(super) fn finish_never_stored(&mut self) {
        let never = |removal: &PendingRemoval| {
            removal.entry.durability == Durability::Pending && !removal.entry.elsewhere
        };
        let rows =
            self.removals.rows.iter().filter(|(id, removal)| never(removal) && !self.store.is_storing(id));
        let ids: Vec<String> = rows.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.finish_removal(&id);
        }
    }

    /// Pauses a retried row until it is stored, if it can be stored.
    pub(super) fn await_stored(&mut self, now: Now, seq: u64) {
        let pending = |entry: &Entry| entry.durability == Durability::Pending;
        if self.store.is_open() && self.queue.get(seq).is_some_and(pending) {
            self.queue.hold_lane(seq);
            self.removals.awaiting_stored.insert(seq);
            self.removals.until.get_or_insert(now.mono.saturating_add(UNRESPONSIVE_MS));
        }
    }

    /// The retried row is stored, or cannot be.
    pub(super) fn stored_or_given_up(&mut self, seq: u64) {
        if self.removals.awaiting_stored.remove(&seq) {
            self.queue.release_lane(seq);
            self.removals.until = self.removals.until.filter(|_| self.removals.wait());
        }
    }

    fn stop_awaiting_stored(&mut self) {
        for seq in std::mem::take(&mut self.removals.awaiting_stored) {
            self.queue.release_lane(seq);
        }
    }

    /// The store is closed: its answers will not come.
    pub(super) fn roll_back_all(&mut self) {
        self.stop_awaiting_stored();
        let ids: Vec<String> = self.removals.rows.keys().cloned().collect();
        for id in ids {
            self.roll_back_removal(&id);
        }
    }

    /// An unresponsive store pauses keys for a bounded time only, except those of evicted messages: nothing replaces one,
    /// and it is sent after all if the store refuses its end.
    pub(super) fn release_unanswered(&mut self, now: u64) {
        if self.removals.until.is_none_or(|at| at > now) {
            return;
        }
        self.removals.until = None;
        self.stop_awaiting_stored();
        for removal in self.removals.rows.values_mut().filter(|removal| !removal.is_evicted()) {
            if std::mem::take(&mut removal.holds_lane) {
                self.queue.removal_settled(removal.seq, &removal.entry);
            }
        }
    }

    /// Adds an entry to the failed list, which drops the oldest when it is full.
    pub(super) fn add_failed(&mut self, row: FailedRow) {
        if let Some(dropped) = self.failed.add(row) {
            self.store.unlisted(&dropped);
        }
    }

    /// The row of a message that was tried again under a new id is stored or final: the stored entry of the old one goes.
    pub(super) fn retry_settled(&mut self, retry_of: Option<String>) {
        if let Some(id) = retry_of {
            self.store.changed(&id);
        }
    }

    /// Whether it ended here in a state that is not listed, so that an entry of an earlier leader is out of date.
    pub(super) fn is_over(&self, id: &str) -> bool {
        self.ended.get(id).is_some_and(|ended| !is_listed(&ended.delivery))
    }

    pub(super) fn failed_durability(&self, id: &str) -> Durability {
        match (self.store.stored.is_listed_as_wanted(id), self.store.is_healthy()) {
            (true, _) => Durability::Durable,
            (false, true) => Durability::Pending,
            (false, false) => Durability::MemoryOnly,
        }
    }
}

fn ended(entry: &Entry, delivery: DeliveryState) -> MessageUpdate {
    MessageUpdate { id: entry.row.id.clone(), durability: entry.durability, delivery }
}

/// Whether this end is kept in the failed list.
fn is_listed(state: &DeliveryState) -> bool {
    match state {
        DeliveryState::Failed(reason) => *reason != FailReason::Discarded,
        DeliveryState::Expired { .. } | DeliveryState::Evicted => true,
        _ => false,
    }
}
