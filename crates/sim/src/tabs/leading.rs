//! Who may do what: looked at when a worker acts, wakes or takes the lock.

use super::tab::Worker;
use super::world::TabWorld;
use crate::check::messages::SocketName;
use crate::check::{message_id, numbers_after};
use sentinelops_engine::tabs::Role;

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
