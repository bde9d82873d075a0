//! A tab that does not run may hold the store, which answers nobody then. What was saved there, or was to be,
//! goes all the same, as long as somebody who sent it is there.

use super::world::{Happening, TabWorld};
use crate::check::{message_id, message_number};
use sentinelops_engine::tabs::Role;
use sentinelops_engine::{ConnectionState, DeliveryState, StorageState, StoreError};

/// How long (ms) after a tab that holds the store stopped a leader that uses the store knows that it is silent.
const NOTICED_MS: u64 = 12_000;
/// A leader connected for this long (ms) has reported it to every tab. A message may wait as long: 2.5 s until its tab
/// asks, 5 s until the leader knows, and the way there and back.
const REPORTED_MS: u64 = 10_000;
/// A leader whose page wants no connection has given way to a tab that wants one after this long (ms).
const GIVES_WAY_MS: u64 = 2_500;
/// And nothing keeps a leader from sending for longer than this.
const QUIET_MS: u64 = 7_000;

impl TabWorld {
    /// A worker stops in the middle of a transaction, or not.
    pub(super) fn perhaps_hold(&mut self, number: u32, until: u64) {
        if self.script.setup.tabs.freeze_blocks && self.disk.is_open(number) && self.rng.bool() {
            self.log(|| format!("{number} holds the store until {until}"));
            self.disk.hold(number, self.now, until);
            self.queue.push(until, Happening::Disk);
            self.queue.push(self.now + NOTICED_MS, Happening::Held);
        }
    }

    /// While the store is held: does anything wait although somebody leads, is connected and sends nothing?
    pub(super) fn check_held_up(&mut self) {
        let now = self.now;
        if self.disk.held_since().is_some() {
            self.queue.push(now + 1_000, Happening::Held);
        }
        if self.script.setup.capacity < 1_000 {
            // What has to go when it is full waits for the store to take that in.
            return;
        }
        let lasts = |since: u64, ms: u64| now >= since.saturating_add(ms);
        if !self.disk.held_since().is_some_and(|since| lasts(since, NOTICED_MS)) {
            return;
        }
        let leads = |tab: &&super::tab::Tab| {
            tab.worker.as_ref().is_some_and(|worker| {
                let connected = worker.since.connected.is_some_and(|since| lasts(since, REPORTED_MS));
                // A handle that died is opened again, which may take longer than a look.
                let undisturbed =
                    worker.since.runs.max(worker.thread.late.1).max(worker.refused_at.unwrap_or(0));
                let runs = worker.blocked_until == 0 && lasts(undisturbed, REPORTED_MS);
                connected && runs && worker.since.leads.is_some_and(|since| lasts(since, REPORTED_MS))
            })
        };
        let Some(leader) = self.tabs.iter().find(leads) else { return };
        if !lasts(self.last_sent, QUIET_MS) || !lasts(self.links.slow.1, QUIET_MS) {
            return;
        }
        let build = leader.build;
        let waits = |n: usize| {
            let (place, life) = self.check.senders[n];
            let message = &self.check.inner.messages.all[n];
            let tab = &self.tabs[place];
            let handed_to = self.check.workers[n];
            let lost =
                message.durable && tab.worker.as_ref().is_none_or(|worker| Some(worker.number) != handed_to);
            let runs = !lost
                && tab.life == life
                && tab.build == build
                && self.runs(place)
                && tab.worker.as_ref().is_some_and(|worker| {
                    let settled = matches!(worker.role, Role::Leader | Role::Follower);
                    settled
                        && worker.blocked_until == 0
                        && lasts(worker.since.runs.max(worker.since.role), REPORTED_MS)
                });
            let over = message.reported.as_ref().is_some_and(DeliveryState::is_final);
            // What a sign-out ended waits for nothing.
            let stays = message.promised && !message.forgotten;
            let plain = stays && !message.hopeless && !message.retried && message.coalesce.is_none();
            runs && plain
                && !over
                && message.wire.sent == 0
                && lasts(message.at, REPORTED_MS)
                && !self.check.discarded.contains(&n)
        };
        let waiting = (0..self.check.inner.messages.all.len()).find(|n| waits(*n));
        if let Some(n) = waiting {
            let id = message_id(n);
            self.check
                .inner
                .fail("held-up", || format!("{id} waits for a store that is held by a tab that sleeps"));
        }
    }

    /// A page that wants a connection must not wait for a leader whose page wants none.
    pub(super) fn check_gives_way(&mut self) {
        let lasts = |since: u64| self.now >= since.saturating_add(GIVES_WAY_MS);
        // It runs and has had its role for a while, and nothing was in its way.
        let steady = |tab: &super::tab::Tab, role: Role| {
            let worker = tab.worker.as_ref().filter(|worker| worker.role == role && !worker.has_left);
            tab.open
                && !tab.hidden
                && tab.frozen_until == 0
                && worker.is_some_and(|worker| {
                    let since = worker.since.role.max(worker.since.runs).max(worker.thread.late.1);
                    worker.blocked_until == 0 && lasts(since)
                })
        };
        // A leader that waits for a held store knows neither its term nor the other tabs.
        let held = self.disk.held_since().is_some();
        let undisturbed = lasts(self.links.slow.1) && lasts(self.disk.store.slow_until) && !held;
        let leads = |tab: &&super::tab::Tab| {
            tab.away_until > self.now && lasts(tab.away_since) && steady(tab, Role::Leader)
        };
        let Some(leader) = self.tabs.iter().find(leads).filter(|_| undisturbed) else { return };
        let waits = |tab: &&super::tab::Tab| {
            tab.build == leader.build && lasts(tab.away_until) && steady(tab, Role::Follower)
        };
        if let Some(waiting) = self.tabs.iter().find(waits) {
            let (leader, waiting) = (leader.name.clone(), waiting.name.clone());
            self.check.inner.fail("gives-way", || {
                format!("{waiting} waits for {leader}, whose page wants no connection")
            });
        }
    }

    /// A tab connects alone: the store must have refused to open for it once. A silent store is no reason.
    pub(super) fn check_alone(&mut self, place: usize, role: Role) {
        let Some(worker) = &self.tabs[place].worker else { return };
        let number = worker.number;
        if role == Role::Solo && worker.refused_at.is_none() {
            self.check
                .inner
                .fail("one-connection", || format!("{number} is alone; the store did not refuse it"));
        }
    }

    /// After every input of a worker.
    pub(super) fn note_connected(&mut self, place: usize) {
        let now = self.now;
        let Some(worker) = &mut self.tabs[place].worker else { return };
        let connected =
            worker.node.engine().is_some_and(|engine| engine.status().state == ConnectionState::Connected);
        worker.since.connected = if connected { worker.since.connected.or(Some(now)) } else { None };
        let Some(engine) = worker.node.engine() else { return };
        let storage = &engine.status().storage;
        worker.without_store = matches!(storage, StorageState::MemoryOnly(_));
        if *storage == StorageState::MemoryOnly(StoreError::Silent) {
            self.forget_order_of_the_dead();
        }
    }

    /// What lies in a silent store and was handed to a worker that is gone nobody can hand in: it keeps no order
    /// with what is sent meanwhile.
    fn forget_order_of_the_dead(&mut self) {
        for n in self.disk.store.row_ids().filter_map(message_number) {
            let handed_to = self.check.workers[n];
            let lives = self
                .tabs
                .iter()
                .any(|tab| tab.worker.as_ref().is_some_and(|worker| Some(worker.number) == handed_to));
            self.check.inner.messages.all[n].unordered |= !lives;
        }
        // What was nacked too often goes when the store has taken that in; it is not waited for with what is
        // behind it, and may come back.
        for message in self.check.inner.messages.all.iter_mut().filter(|message| message.wire.nacked) {
            message.unordered = true;
        }
    }
}
