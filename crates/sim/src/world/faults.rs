//! What breaks.

use super::round_trips::RoundTrips;
use super::{Happening, World};
use crate::net::End;
use crate::script::{Fault, NetFault, OneFault, QUIET, Who};
use sentinelops_engine::{Engine, Hint, StorageState, StoreError, StoreEvent};

/// A store that works keeps what it is given within this time, ms.
const STORED_WITHIN_MS: u64 = 1_000;
/// How long (ms) outstanding work of the store takes after a fault is over.
const STORE_RECOVERS_MS: u64 = 5_000;

impl World {
    /// Whether there is now what a fault breaks.
    pub(super) fn takes_hold(&self, fault: &Fault) -> bool {
        if self.now + 1_000 >= QUIET {
            return true;
        }
        let awake = self.now >= self.worker.asleep_until;
        match fault {
            Fault::Net(NetFault::Reset(_) | NetFault::Zombie(..) | NetFault::AckLoss(_)) => {
                self.live_conn().is_some_and(|index| self.internet.conns[index].client == End::Open)
            }
            Fault::Net(NetFault::Close(_) | NetFault::Drain { .. }) => !self.internet.server.conns.is_empty(),
            Fault::Net(NetFault::Restart { .. }) => self.internet.server.gateway.is_some(),
            Fault::WorkerCrash(..) | Fault::BrowserCrash(_) => self.worker.engine.is_some(),
            Fault::Sleep(..) | Fault::One(OneFault::Doze(_)) => awake && self.worker.engine.is_some(),
            _ => true,
        }
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        let now = self.now;
        // No fault outlasts the beginning of the quiet part.
        let until = |ms: u64| (now + ms).min(QUIET);
        match fault {
            Fault::Quota(ms) => {
                self.store.quota_until = until(ms);
                self.store_trouble = self.store_trouble.max(until(ms));
            }
            Fault::StoreDies(_, ms) => {
                self.store.die();
                self.store.closed_until = until(ms);
                self.store_trouble = self.store_trouble.max(until(ms));
                // Only a handle that was opened can be closed by the browser.
                let opened = self.script.setup.rare.persist && !self.check.wire.without_store;
                if self.rng.bool() && opened {
                    let event = StoreEvent::Closed(StoreError::Dead("closed by the browser".to_owned()));
                    self.input(|engine, now| engine.handle_store(now, event));
                }
            }
            Fault::StoreSlow(by, ms) => {
                self.store.slow_by = by;
                self.store.slow_until = until(ms);
                self.store_trouble = self.store_trouble.max(until(ms));
            }
            Fault::WorkerCrash(_, ms) => {
                self.crash(false);
                self.queue.push(until(ms), Happening::Respawn);
            }
            Fault::BrowserCrash(ms) => {
                self.crash(true);
                self.queue.push(until(ms), Happening::Respawn);
            }
            Fault::One(OneFault::WallJump(ms)) => {
                if ms > 0 {
                    // It looks like a sleep.
                    self.worker.hinted.push(now);
                }
                self.worker.thread.clock.jump(ms);
            }
            Fault::Sleep(ms, mono_runs) => self.sleep(until(ms), mono_runs),
            Fault::One(OneFault::Doze(ms)) if now >= self.worker.asleep_until => {
                self.check.wire.excuse(now);
                self.input(|engine, now| engine.handle_hint(now, Hint::Focus));
                self.sleep(until(ms), true);
                self.worker.timer_first = true;
            }
            Fault::LateTicks(_, by, ms) => self.worker.thread.late = (by, until(ms)),
            Fault::HungPage(Who::Place(page), ms) => {
                if let Some(page) = self.pages.get_mut(page) {
                    page.hung_until = until(ms);
                }
            }
            Fault::One(OneFault::Tokens(ms)) => self.tokens_bad_until = until(ms),
            Fault::Net(fault) => {
                self.check.stream.holes |= matches!(fault, NetFault::Curse(_));
                let live = self.live_conn();
                self.net(|internet| internet.fault(&fault, live, until));
            }
            Fault::One(OneFault::Doze(_)) | Fault::HungPage(..) | Fault::Tabs(_) => {}
        }
    }

    fn live_conn(&self) -> Option<usize> {
        self.worker.thread.live.filter(|index| self.internet.conns[*index].client != End::Closed)
    }

    fn sleep(&mut self, until: u64, mono_runs: bool) {
        if self.now < self.worker.asleep_until {
            return;
        }
        self.worker.asleep_until = until;
        self.worker.timer_first = self.rng.bool();
        self.check.wire.excuse(until);
        if mono_runs {
            self.worker.counted_sleep_until = until;
        } else {
            // Nothing reads the clock before the wake-up.
            self.worker.thread.clock.sleep(until - self.now);
            self.check.ends.clock_error += until - self.now;
        }
    }

    /// The worker dies, and its pages with it when it is the browser that dies.
    fn crash(&mut self, browser: bool) {
        let Some(engine) = self.worker.engine.take() else { return };
        let durable = engine.status().storage == StorageState::Durable;
        let without_store = self.store.is_gone();
        let committed = self.rng.usize(0..=self.store.pending());
        self.store.crash(self.now, committed);
        let instance = self.worker.instance;
        self.net(|internet| internet.close_clients_of(instance));
        // Nothing that is on its way to the dead worker reaches the next one.
        self.worker.instance += 1;
        self.worker.thread.dies();
        self.worker.outstanding.clear();
        self.check.wire.reset();
        self.check.turns.landed();
        self.check.messages.pongs = false;
        self.check.messages.welcomed = self.store.meta().welcomed;
        let kept = self.store.meta().not_before > self.worker.thread.clock.now(self.now).wall;
        let had_to = durable && self.had_to_be_kept();
        if !kept && !had_to {
            self.check.wire.patience_until = 0;
        }
        if browser {
            for index in 0..self.pages.len() {
                let old = std::mem::replace(&mut self.pages[index], crate::page::Page::new(0, 16));
                self.pages[index] = self.open_page(Some(&old));
            }
        }
        if without_store {
            self.check.messages.forget_sends(&self.store, |_| true);
        }
        self.bury(browser);
    }

    /// Whether the time that a server gave must be on the disk by now.
    fn had_to_be_kept(&self) -> bool {
        let Some(reported) = self.check.wire.patience_reported else { return false };
        let undisturbed =
            self.store_trouble + STORE_RECOVERS_MS < reported && self.worker.asleep_until <= reported;
        undisturbed && self.now > reported + STORED_WITHIN_MS
    }

    /// Who remembers what, after a crash?
    fn bury(&mut self, browser: bool) {
        let held: Vec<usize> =
            self.pages.iter().flat_map(|page| page.unsaved.iter().map(|(n, _)| *n)).collect();
        let basic = self.check.messages.basic;
        let mut lost = None;
        for n in 0..self.check.messages.all.len() {
            let replaced = self.check.messages.replaced(n);
            let listed = self.bad_end(&crate::check::message_id(n)).is_some();
            let id = crate::check::message_id(n);
            // A full disk did not take the end in: the next worker finds the row, and judges it by its own clock.
            let undone = self.store.has(&id) && self.store.failed(&id).is_none();
            let message = &mut self.check.messages.all[n];
            message.ended_badly &= !undone;
            message.wire.answered = false;
            message.wire.nacked = false;
            message.wire.on = None;
            // What nobody was to keep keeps no place before what the next worker is given.
            message.unordered |= !message.promised;
            if browser {
                message.instance = u32::MAX;
            }
            if !held.contains(&n) && !self.store.has(&crate::check::message_id(n)) {
                self.check.turns.end(n);
                self.check.ends.leave(n);
            } else {
                // Also what was answered: the next worker finds it on the disk.
                self.check.ends.enter_again(n);
                if !self.check.turns.has(n) {
                    self.check.turns.enter(n, message.key, message.priority.rank(), message.submitted);
                }
            }
            let done = message.wire.effects > 0
                || message.wire.received > 0
                || message.ended_badly
                || message.let_go;
            if done || replaced || !message.promised || message.forgotten {
                continue;
            }
            if held.contains(&n) || self.store.has(&id) || listed {
                continue;
            }
            let reported = message.reported.as_ref().is_some_and(|state| state.is_final());
            // Before its first pong a basic server promises nothing.
            let weak = basic && message.wire.unfenced;
            if message.durable && !reported && !weak {
                lost = Some(id);
            } else {
                message.forgotten = true;
            }
        }
        if let Some(id) = lost {
            self.check.fail("nothing-lost", || format!("{id} was saved, and a crash lost it"));
        }
    }

    /// A new worker.
    pub(super) fn spawn(&mut self) {
        if self.worker.engine.is_some() {
            return;
        }
        self.worker.instance += 1;
        self.worker.thread.clock.restart(self.now);
        let instance = self.worker.instance;
        self.log(|| format!("worker {instance} starts"));
        self.check.wire.excuse(self.now);
        self.check.wire.without_store = true;
        self.check.standing.new_worker();
        self.check.standing.ask();
        (self.worker.judged, self.worker.answers_since) = (false, 0);
        self.worker.round_trips = RoundTrips::default();
        self.worker.token_asked_at = None;
        self.worker.verdicts = 0;
        self.worker.hinted.clear();
        let seed = self.script.setup.seed ^ (u64::from(instance) << 40);
        let options = self.options();
        let now = self.worker.thread.clock.now(self.now);
        let mut engine = Engine::new(options, seed, now);
        engine.set_bounds(self.script.setup.rare.bounds);
        self.worker.engine = Some(engine);
        self.input(|_, _| ());
        for index in 0..self.pages.len() {
            self.attach_page(index);
        }
        self.input(|engine, now| engine.connect(now));
        for index in 0..self.pages.len() {
            let id = self.pages[index].id;
            let unsaved: Vec<_> = self.pages[index].unsaved.iter().cloned().collect();
            for (n, request) in unsaved {
                let place = self.check.messages.next_number();
                let message = &mut self.check.messages.all[n];
                message.instance = instance;
                if !self.store.has(&request.id) {
                    message.submitted = place;
                    let (key, rank) = (message.key, message.priority.rank());
                    self.check.turns.enter(n, key, rank, place);
                }
                self.check.ends.enter_again(n);
                self.input(|engine, now| engine.send(now, id, request));
            }
            for (_, request) in &mut self.pages[index].unsaved {
                request.again = true;
            }
        }
        self.worker.away = false;
    }
}
