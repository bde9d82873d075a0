//! What must hold of several tabs. What holds of messages, pages and sockets in general is checked by
//! [`crate::check`]; here is what concerns who may do what.

use super::tab::Worker;
use super::world::TabWorld;
use crate::check::messages::{Message, SocketName};
use crate::check::{Checker, Violation, message_id, message_number, numbers_after};
use sentinelops_engine::tabs::{Role, TabId};
use sentinelops_engine::{DeliveryState, Durability, FailReason, MessageUpdate};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A running leader may receive the loss of its lock this late (ms).
const GRACE_MS: u64 = 100;
/// A thread that stood still for longer must look before it acts.
const SLEPT_MS: u64 = 2_000;
/// A leader that stood still for this long (ms) has a successor, if a follower can take over.
const TAKEOVER_MS: u64 = 8_000;
/// The same (ms) for a leader whose page sent a leave notice.
const SUCCESSION_MS: u64 = 3_500;
/// The lock of a leader that has run and led for this long (ms) must not be stolen.
const PEACE_MS: u64 = 7_000;

/// What the clocks of an engine may err about the age of a message, ms.
const CLOCK_ERROR_MS: u64 = 2_000;

/// The invariants of one schedule.
#[derive(Debug, Default)]
pub struct TabChecker {
    /// Those that are not about tabs.
    pub inner: Checker,
    /// Place and life of the page that sent the n-th message.
    pub senders: Vec<(usize, u32)>,
    /// The worker that the n-th message was first handed to.
    pub workers: Vec<Option<u32>>,
    /// The store was too full for these: when their tab's role changes they take a new place.
    pub memory_only: BTreeSet<usize>,
    /// Tried again, and sent from memory because the store does not take them: there they are listed still
    /// as they ended before.
    pub listed_still: BTreeSet<usize>,
    /// A person does not want these any more.
    pub discarded: HashSet<usize>,
    /// What a worker with an engine was handed, and by which tab; by worker.
    pub handed: HashMap<u32, BTreeSet<(usize, TabId)>>,
    /// Which engine dropped a message because a person wanted it: its worker, and since when that led.
    pub dropped_by: HashMap<usize, (u32, Option<u64>)>,
    /// Everything of the user was deleted: messages with lower numbers, at the end of this session.
    pub wipes: Vec<(usize, u32)>,
    /// What some engine ended.
    pub ended: HashSet<usize>,
    /// At which age a message may expire, ms.
    pub max_age_ms: u64,
}

impl TabChecker {
    /// Time runs on.
    pub fn at(&mut self, now: u64) {
        self.inner.now = now;
    }

    /// Simulated time.
    pub fn now(&self) -> u64 {
        self.inner.now
    }

    /// The first violation.
    pub fn violation(&self) -> Option<&Violation> {
        self.inner.violation.as_ref()
    }

    /// A worker's engine decided something. What it drops from memory, or for a newer one, and whose news dies with it
    /// or with the page, is handed in again, behind what has left meanwhile.
    pub fn engine_tells(&mut self, update: &MessageUpdate) {
        if !update.delivery.is_final() {
            return;
        }
        let number = message_number(&update.id);
        self.ended.extend(number);
        let forgotten =
            update.durability == Durability::MemoryOnly || update.delivery == DeliveryState::Superseded;
        if let Some(message) = number.filter(|_| forgotten).and_then(|n| self.inner.messages.all.get_mut(n)) {
            message.unordered = true;
        }
    }

    /// Who leads changes, or a worker dies: what was not to be kept keeps no place over that.
    pub fn unqueued_lose_their_places(&mut self) {
        let open = |message: &&mut Message| !message.reported.as_ref().is_some_and(DeliveryState::is_final);
        for message in self.inner.messages.all.iter_mut().filter(open) {
            message.unordered |= !message.promised;
        }
    }

    /// An update was reported to a page. `wiped`: it was deleted with everything else of the user, and the page has not received that.
    pub fn reported(&mut self, update: &MessageUpdate, on_disk: bool, wiped: bool) {
        if update.durability == Durability::Durable && !update.delivery.is_final() {
            self.inner.saved(&update.id, on_disk);
        }
        let number = message_number(&update.id);
        let now = self.inner.now;
        if let Some(message) = number.and_then(|n| self.inner.messages.all.get(n)) {
            let young = matches!(update.delivery, DeliveryState::Expired { .. })
                && now.saturating_sub(message.at) + CLOCK_ERROR_MS < self.max_age_ms;
            // No page sends what is too big here.
            let small = matches!(update.delivery, DeliveryState::Failed(FailReason::TooBig { .. }));
            if young || small {
                let (id, state, age) = (&update.id, &update.delivery, now.saturating_sub(message.at));
                self.inner.fail("just-end", || format!("{id} ends as {state:?} at the age of {age} ms"));
            }
        }
        if let Some(n) = number
            && update.durability == Durability::MemoryOnly
        {
            self.memory_only.insert(n);
        }
        if let Some(message) = number.and_then(|n| self.inner.messages.all.get_mut(n))
            && message.reported == Some(DeliveryState::Superseded)
            && update.delivery == DeliveryState::Delivered
            && message.wire.effects > 0
        {
            // Arrived, or gone for a newer one: nobody remembered, and it was handed in once more.
            message.reported = Some(DeliveryState::Delivered);
            return;
        }
        let discarded = number.is_some_and(|n| self.discarded.contains(&n));
        let listed_still = number.is_some_and(|n| self.listed_still.contains(&n));
        let message = number.and_then(|n| self.inner.messages.all.get_mut(n));
        if let Some(message) = message
            && match update.delivery {
                DeliveryState::Superseded => message.wire.effects > 0 && message.coalesce.is_some(),
                // Saved, and nowhere: its tab has not received the wipe yet.
                DeliveryState::Delivered => wiped && message.wire.effects == 0,
                // Or it was refused, and is off the list of what failed.
                DeliveryState::Failed(FailReason::Discarded) => {
                    discarded && (message.wire.effects > 0 || message.wire.sent > 0)
                }
                // A leader that found it in the list.
                DeliveryState::Failed(FailReason::QueueFull { .. }) | DeliveryState::Evicted => {
                    listed_still && message.wire.sent > 0
                }
                _ => false,
            }
        {
            // Nobody remembers: it went as it should, or arrived before it could.
            message.reported = Some(update.delivery.clone());
            return;
        }
        self.inner.reported(update);
    }

    /// An update was reported to another page than the one that sent the message. `nobody_knows`: no tab knows how it
    /// ended.
    pub fn reported_to_another(&mut self, page: &str, n: usize, update: &MessageUpdate, nobody_knows: bool) {
        let effects = self.inner.messages.all[n].wire.effects;
        if !nobody_knows && update.delivery == DeliveryState::Delivered && effects == 0 {
            let id = message_id(n);
            self.inner.fail("report-truth", || {
                format!("{id} is reported to {page} as delivered, and it had no effect")
            });
        }
    }

    /// A page knows how it ended: a new leader may have to find that out again.
    pub fn is_stale(&self, update: &MessageUpdate) -> bool {
        let message = message_number(&update.id).and_then(|n| self.inner.messages.all.get(n));
        let delivered = |state: &DeliveryState| *state == DeliveryState::Delivered;
        message.filter(|message| !message.retried).and_then(|message| message.reported.as_ref()).is_some_and(
            |reported| {
                reported.is_final()
                    && (delivered(reported) || !delivered(&update.delivery))
                    && *reported != update.delivery
            },
        )
    }

    /// A worker reads a frame.
    pub fn read(&mut self, socket: SocketName, bytes: &[u8]) {
        self.inner.read(socket, bytes);
    }
}

impl TabWorld {
    fn holds_lock(&self, place: usize) -> bool {
        let tab = &self.tabs[place];
        let holder = self.locks.get(&tab.build).and_then(|lock| lock.holder());
        tab.worker.as_ref().is_some_and(|worker| holder == Some(worker.number))
    }

    /// It acts without the lock although it knows better, or should.
    fn overruled(&self, place: usize) -> bool {
        // What it does as a tab alone comes before the word that it is one.
        let worker = self.tabs[place].worker.as_ref().filter(|worker| worker.node.role() != Role::Solo);
        let since = worker.and_then(|worker| worker.since.robbed);
        since.is_some_and(|since| self.now > since.max(self.ran_since(place)) + GRACE_MS || since == 0)
    }

    fn ran_since(&self, place: usize) -> u64 {
        self.tabs[place].worker.as_ref().map_or(0, |worker| worker.since.runs)
    }

    /// A thread runs again: what was decided meanwhile it must find out before it acts.
    pub(super) fn check_wake(&mut self, place: usize, slept: u64) {
        let term = self.disk.store.meta().term;
        let robbed = !self.holds_lock(place);
        let Some(worker) = &mut self.tabs[place].worker else { return };
        let below = worker.node.engine().is_some_and(|engine| engine.term() < term);
        if slept > SLEPT_MS && robbed && below && worker.role == Role::Leader {
            worker.since.robbed = Some(0);
        }
    }

    /// After every input of a worker.
    pub(super) fn check_leader(&mut self, place: usize) {
        self.note_connected(place);
        let (now, holds) = (self.now, self.holds_lock(place));
        let Some(worker) = &mut self.tabs[place].worker else { return };
        let leads = worker.node.engine().is_some();
        if holds || !leads || worker.role == Role::Solo {
            worker.since.robbed = None;
        } else {
            worker.since.robbed.get_or_insert(now);
        }
        if !leads && let Some(live) = worker.thread.live {
            let number = worker.number;
            self.check.inner.fail("one-live-socket", || format!("{number} has no engine and socket {live}"));
        }
    }

    /// A worker dials.
    pub(super) fn check_dial(&mut self, place: usize) {
        self.fenced(place, "dials");
    }

    /// What the store was too full for is submitted again when its tab leads, or no longer leads.
    pub(super) fn new_places(&mut self, place: usize) {
        let sender = (place, self.tabs[place].life);
        for n in self.check.memory_only.clone() {
            if self.check.senders[n] == sender && !self.disk.store.has(&message_id(n)) {
                let submitted = self.check.inner.messages.next_number();
                self.check.inner.messages.all[n].submitted = submitted;
            }
        }
    }

    /// A worker gives a frame to a socket.
    pub(super) fn check_transmit(&mut self, place: usize, socket: SocketName, text: &str) {
        let numbers: Vec<usize> = numbers_after(text, "\"id\":\"").collect();
        if numbers.is_empty() {
            return;
        }
        self.last_sent = self.now;
        self.fenced(place, "sends");
        if self.tabs[place].worker.as_ref().is_some_and(|worker| worker.outdated) {
            self.check.inner.fail("old-build", || format!("{} sends after versionchange", socket.0));
        }
        for n in numbers {
            let Some(message) = self.check.inner.messages.all.get_mut(n) else { continue };
            let again = message.wire.on == Some(socket) && !message.wire.nacked;
            if message.retried && self.tabs[place].holds_in_memory(&message_id(n)) {
                self.check.listed_still.insert(n);
            }
            message.wire.sent += 1;
            message.wire.on = Some(socket);
            message.wire.nacked = false;
            if again {
                let id = message_id(n);
                self.check.inner.fail("resend-on-new-socket", || format!("{id} is sent twice on {socket:?}"));
            }
        }
    }

    /// A worker writes. Whether it still may is the store's to decide.
    pub(super) fn check_write(&mut self, place: usize) {
        if self.tabs[place].worker.as_ref().is_some_and(|worker| worker.outdated) {
            let name = self.tabs[place].name.clone();
            self.check.inner.fail("old-build", || format!("{name} writes after versionchange"));
        }
    }

    fn fenced(&mut self, place: usize, does: &str) {
        if self.overruled(place) {
            let number = self.tabs[place].worker.as_ref().map_or(0, |worker| worker.number);
            self.check.inner.fail("fenced", || format!("{number} {does} although it leads no more"));
        }
    }

    /// A page goes into the bfcache, and its worker has received that.
    pub(super) fn check_cached(&mut self, place: usize) {
        let holds = self.holds_lock(place);
        let Some(worker) = self.tabs[place].worker.as_ref().filter(|worker| worker.has_left) else { return };
        let number = worker.number;
        if holds || worker.thread.live.is_some() {
            self.check.inner.fail("put-away", || format!("{number} is put away with lock or socket"));
        }
    }

    /// A worker robs another.
    pub(super) fn check_steal(&mut self, place: usize) {
        let build = self.tabs[place].build;
        let Some(holder) = self.locks.get(&build).and_then(|lock| lock.holder()) else { return };
        let Some(robbed) = self.place_of(holder) else { return };
        let Some(worker) = &self.tabs[robbed].worker else { return };
        let peaceful = |since: u64| self.now >= since + PEACE_MS;
        let runs = |worker: &Worker| worker.blocked_until <= self.now && peaceful(worker.since.runs);
        let on_time = peaceful(worker.thread.late.1)
            && peaceful(self.links.slow.1)
            && peaceful(self.disk.store.slow_until);
        if runs(worker) && on_time && worker.since.leads.is_some_and(peaceful) && !worker.has_left {
            self.check
                .inner
                .fail("unjustified-steal", || format!("{holder} leads and runs, and is robbed of the lock"));
        }
    }

    /// A thread that stood still for `slept` ms runs again, or is given up: if it led, another tab leads by now.
    pub(super) fn check_takeover(&mut self, place: usize, slept: u64) {
        let (holds, build) = (self.holds_lock(place), self.tabs[place].build);
        // One that only waited for the lock has it since who led before is gone.
        let led = self.tabs[place].worker.as_ref().filter(|worker| worker.role == Role::Leader);
        let Some(since) = led.map(|worker| worker.blocked_since) else { return };
        let leave_notice_at = self.tabs[place].worker.as_ref().and_then(|worker| worker.leave_notice_at);
        let still_since_then =
            leave_notice_at.filter(|at| since <= at + GRACE_MS).map(|at| self.now - since.max(at));
        let in_time = slept < TAKEOVER_MS && still_since_then.is_none_or(|still| still < SUCCESSION_MS);
        if !holds || in_time || self.links.slow.1 >= since {
            return;
        }
        let in_need = |worker: &&Worker| {
            let ran = worker.blocked_until == 0 && worker.since.runs <= since && worker.thread.late.1 < since;
            let follows = worker.role == Role::Follower && worker.since.role < since;
            ran && follows && worker.since.visible <= since && !worker.has_left
        };
        let others = self.tabs.iter().enumerate().filter(|(at, tab)| *at != place && tab.build == build);
        let others: Vec<&Worker> = others.filter_map(|(_, tab)| tab.worker.as_ref()).collect();
        // One that led before and wakes meanwhile may send a heartbeat before it reads the term, and other tabs receive it.
        if self.last_wake > since {
            return;
        }
        let heir = others.into_iter().find(in_need).map(|worker| worker.number);
        if let Some(heir) = heir {
            self.check.inner.fail("takeover", || {
                format!("the leader stood still for {slept} ms, {heir} was there, and did not take over")
            });
        }
    }
}
