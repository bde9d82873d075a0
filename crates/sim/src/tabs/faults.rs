//! What breaks.

use super::disk::Answer;
use super::script::QUIET;
use super::tab::{Inbox, Worker};
use super::world::{Happening, TabWorld};
use crate::check::messages::Message;
use crate::internet::Traffic;
use crate::script::{Fault, TabFault, Who};
use sentinelops_engine::tabs::{PageCommand, TabId};
use sentinelops_engine::{Hint, StoreError, StoreEvent};

/// A lease is free this long (ms) after its holder last ran.
const LEASE_MS: u64 = 5_000;
/// A page gives up a worker that has not answered for this long (ms).
const PATIENCE_MS: u64 = 10_000;

impl TabWorld {
    pub(super) fn fault(&mut self, fault: Fault) {
        let now = self.now;
        // No fault outlasts the beginning of the quiet part.
        let until = |ms: u64| (now + ms).min(QUIET);
        match fault {
            Fault::Net(fault) => {
                let live =
                    self.find(Who::Leader).and_then(|place| self.tabs[place].worker.as_ref()?.thread.live);
                self.internet.fault(&fault, live, until);
            }
            Fault::Tabs(TabFault::Crash(who)) => {
                if let Some(place) = self.find(who) {
                    self.kill_tab(place);
                    if !self.tabs.iter().any(|tab| tab.open) {
                        self.queue.push(now + 1_000, Happening::Restart(vec![place]));
                    }
                }
            }
            Fault::WorkerCrash(who, ms) => {
                if let Some(place) = self.find(who) {
                    self.kill_worker(place);
                    let life = self.tabs[place].life;
                    self.queue.push(until(ms), Happening::Respawn(place, life));
                }
            }
            Fault::Tabs(TabFault::Hang(who, ms)) => {
                if let Some(place) = self.find(who)
                    && let Some(worker) = &self.tabs[place].worker
                {
                    let number = worker.number;
                    self.block(place, until(ms));
                    self.queue.push(now + PATIENCE_MS, Happening::GiveUp(number));
                }
            }
            Fault::Tabs(TabFault::Freeze(who, ms, closes)) => {
                if let Some(place) = self.find(who) {
                    self.freeze(place, until(ms), closes);
                    let life = self.tabs[place].life;
                    self.queue.push(until(ms), Happening::Resume(place, life));
                }
            }
            Fault::Tabs(TabFault::Cache(who, ms, back)) => self.cache(who, until(ms), back),
            Fault::BrowserCrash(ms) => {
                let places: Vec<usize> =
                    (0..self.tabs.len()).filter(|place| self.tabs[*place].open).collect();
                for place in &places {
                    self.kill_tab(*place);
                }
                self.queue.push(until(ms), Happening::Restart(places));
            }
            Fault::Sleep(ms, mono_runs) => self.sleep(until(ms), mono_runs),
            Fault::LateTicks(who, by, ms) => {
                if let Some(place) = self.find(who)
                    && let Some(worker) = &mut self.tabs[place].worker
                {
                    worker.thread.late = (by, until(ms));
                }
            }
            Fault::HungPage(who, ms) => {
                if let Some(place) = self.find(who) {
                    self.tabs[place].page.hung_until = until(ms);
                }
            }
            Fault::Quota(ms) => self.disk.store.quota_until = until(ms),
            Fault::StoreDies(who, ms) => self.store_dies(who, until(ms)),
            Fault::StoreSlow(by, ms) => {
                (self.disk.store.slow_by, self.disk.store.slow_until) = (by, until(ms));
            }
            Fault::Tabs(TabFault::LinkSlow(by, ms)) => self.links.slow = (by, until(ms)),
            Fault::One(_) => {}
        }
    }

    fn store_dies(&mut self, who: Who, until: u64) {
        let Some(place) = self.find(who) else { return };
        let Some(number) = self.tabs[place].worker.as_ref().map(|worker| worker.number) else { return };
        self.disk.store.closed_until = until;
        if self.disk.is_open(number) {
            let (answers, free) = self.disk.handle_dies(number);
            self.unblock(free);
            for answer in answers {
                self.queue.push(self.now, Happening::Worker(number, Inbox::Store(answer)));
            }
        }
    }

    /// A worker's handle is closed, because the database is to be deleted. What it had begun goes on.
    pub(super) fn lose_store(&mut self, number: u32) {
        let free = self.disk.closed(number);
        self.unblock(free);
        let error = StoreError::Dead("the data was deleted".to_owned());
        let closed = Answer::Event(StoreEvent::Closed(error));
        self.queue.push(self.now, Happening::Worker(number, Inbox::Store(closed)));
    }

    // Threads that do not run.

    /// Leases run out meanwhile by the clock, but nobody takes one before its holder could renew it.
    fn sleep(&mut self, until: u64, mono_runs: bool) {
        if self.now < self.asleep_until {
            return;
        }
        self.asleep_until = until;
        for worker in self.tabs.iter_mut().filter_map(|tab| tab.worker.as_mut()) {
            worker.since.runs = until;
            if !mono_runs {
                // Nothing reads the clock before the wake-up.
                worker.thread.clock.sleep(until - self.now);
            }
        }
    }

    fn block(&mut self, place: usize, until: u64) {
        let now = self.now;
        let Some(worker) = &mut self.tabs[place].worker else { return };
        if until <= now || worker.blocked_until > now {
            return;
        }
        if worker.blocked_until == 0 {
            worker.blocked_since = now;
        }
        worker.blocked_until = until;
        let number = worker.number;
        self.queue.push(until, Happening::Wake(number));
        if self.script.setup.tabs.leases {
            self.queue.push(now + LEASE_MS, Happening::LeaseOver(number));
        }
    }

    /// Whether it has not run for the length of a lease, so that its leases are free.
    fn is_overdue(&self, worker: &Worker) -> bool {
        let leases = self.script.setup.tabs.leases;
        leases && worker.blocked_until > 0 && self.now >= worker.blocked_since + LEASE_MS
    }

    pub(super) fn lease_over(&mut self, number: u32) {
        let Some(place) = self.place_of(number) else { return };
        let build = self.tabs[place].build;
        if !self.tabs[place].worker.as_ref().is_some_and(|worker| self.is_overdue(worker)) {
            return;
        }
        if let Some(lock) = self.locks.get_mut(&build) {
            lock.expire(number);
        }
        // Those who wait try every second; so will those who come later.
        self.queue.push(self.now + 1_000, Happening::LeaseOver(number));
    }

    /// Which tabs of a build are alive, as far as their locks or leases tell.
    pub(super) fn alive(&self, build: u32) -> Vec<TabId> {
        let lives = |worker: &Worker| !worker.has_left && !self.is_overdue(worker);
        let tabs = self.tabs.iter().filter(|tab| tab.build == build);
        tabs.filter(|tab| tab.worker.as_ref().is_some_and(lives)).map(|tab| tab.name.clone()).collect()
    }

    /// The browser stops page and worker; `closes`: and closes their socket, which they receive later.
    pub(super) fn freeze(&mut self, place: usize, until: u64, closes: bool) {
        let now = self.now;
        let tab = &mut self.tabs[place];
        if !tab.open || tab.frozen_until > now || until <= now {
            return;
        }
        tab.frozen_until = until;
        self.block(place, until);
        if let Some(number) = self.tabs[place].worker.as_ref().map(|worker| worker.number) {
            self.perhaps_hold(number, until);
        }
        let live = self.tabs[place].worker.as_ref().and_then(|worker| worker.thread.live);
        if let Some(live) = live.filter(|_| closes) {
            self.queue.push(now, Happening::Net(Traffic::ClientReset(live)));
            self.queue.push(now + 5, Happening::Net(Traffic::ServerReset(live)));
        }
    }

    pub(super) fn freeze_at(&mut self, place: usize, life: u32, until: u64) {
        if self.tabs[place].life == life {
            self.check_cached(place);
            self.freeze(place, until, false);
        }
    }

    /// A page that thawed tells its worker.
    pub(super) fn resume(&mut self, place: usize, life: u32) {
        if self.tabs[place].life == life && self.runs(place) {
            self.post(place, PageCommand::Hint(Hint::Resume));
            // What waits for its worker runs first.
            self.queue.push(self.now + 1_000, Happening::SessionOver(place, life));
        }
    }

    /// The page goes into the bfcache; its worker receives that, or is frozen before.
    fn cache(&mut self, who: Who, until: u64, back: bool) {
        let Some(place) = self.find(who).filter(|place| self.runs(*place)) else { return };
        if until <= self.now {
            return;
        }
        self.goes_away(place);
        self.tabs[place].hidden = true;
        let life = self.tabs[place].life;
        if self.rng.u8(0..3) > 0 {
            let at = self.now + self.rng.u64(1..30);
            self.queue.push(at, Happening::Freeze(place, life, until));
        } else {
            self.freeze(place, until, false);
        }
        self.queue.push(until, Happening::CacheEnds(place, life, back));
    }

    pub(super) fn cache_ends(&mut self, place: usize, life: u32, back: bool) {
        if self.tabs[place].life != life || !self.tabs[place].open || !self.tabs[place].hidden {
            return;
        }
        if !back {
            return self.kill_tab(place);
        }
        self.tabs[place].hidden = false;
        self.come_back(place, life);
        self.post(place, PageCommand::Hint(Hint::PageShow));
    }

    // Deaths.

    /// A worker that hangs is given up by its page, if that runs.
    pub(super) fn give_up(&mut self, number: u32) {
        let Some(place) = self.place_of(number) else { return };
        let hangs = self.tabs[place].worker.as_ref().is_some_and(|worker| {
            worker.blocked_until > self.now && worker.blocked_since + PATIENCE_MS <= self.now
        });
        if !hangs || !self.runs(place) {
            return;
        }
        self.check_takeover(place, PATIENCE_MS);
        self.log(|| format!("the page gives up worker {number}"));
        self.kill_worker(place);
        let life = self.tabs[place].life;
        self.queue.push(self.now + 500, Happening::Respawn(place, life));
    }

    pub(super) fn kill_worker(&mut self, place: usize) {
        let pending = self.tabs[place].worker.as_ref().map_or(0, |w| self.disk.pending_of(w.number));
        let committed = self.rng.usize(0..=pending);
        self.stop_worker(place, committed);
    }

    /// The worker has ended by itself: what it had begun goes on.
    pub(super) fn end_worker(&mut self, place: usize) {
        self.stop_worker(place, usize::MAX);
    }

    /// A worker is gone; of what it had asked of the store the first `committed` go on.
    fn stop_worker(&mut self, place: usize, committed: usize) {
        let Some(worker) = self.tabs[place].worker.take() else { return };
        let number = worker.number;
        self.log(|| format!("worker {number} dies"));
        self.check.unqueued_lose_their_places();
        self.internet.close_clients_of(number);
        let unfinished = committed < self.disk.pending_of(number);
        let free = self.disk.died(number, committed);
        if worker.without_store && unfinished {
            let by_it = |message: &Message| message.wire.on.is_some_and(|(instance, _)| instance == number);
            self.check.inner.messages.forget_sends(&self.disk.store, by_it);
        }
        self.unblock(free);
        // It may have kept others waiting.
        self.queue.push(self.now, Happening::Disk);
        let build = self.tabs[place].build;
        if let Some(lock) = self.locks.get_mut(&build) {
            lock.release(number);
        }
    }

    /// A tab is gone: what its page held in memory is lost.
    pub(super) fn kill_tab(&mut self, place: usize) {
        self.tabs[place].kept.clear();
        self.unload(place);
    }

    /// The page is gone, and what it kept in `sessionStorage` is there.
    pub(super) fn unload(&mut self, place: usize) {
        if !self.tabs[place].open {
            return;
        }
        let name = self.tabs[place].name.clone();
        self.log(|| format!("{name} is gone"));
        self.kill_worker(place);
        let tab = &mut self.tabs[place];
        tab.open = false;
        tab.frozen_until = 0;
        let lost: Vec<usize> = tab.page.unsaved.drain(..).map(|(n, _)| n).collect();
        let kept: Vec<usize> = tab.kept.iter().map(|(n, _)| *n).collect();
        for n in lost.into_iter().filter(|n| !kept.contains(n)) {
            let message = &mut self.check.inner.messages.all[n];
            message.forgotten |= !message.durable;
        }
    }
}
