//! What a worker's shell shares with those of other tabs: lock, channel, store.

use super::disk::{Answer, Ask};
use super::tab::{Inbox, Opening};
use super::world::{Happening, TabWorld};
use crate::check::message_number;
use crate::store::Request;
use crate::story::clip;
use sentinelops_engine::tabs::{LinkMessage, LinkTarget, LockRequest};
use sentinelops_engine::{StoreError, StoreEvent};

impl TabWorld {
    // Locks and channels.

    pub(super) fn lock(&mut self, place: usize, number: u32, request: LockRequest) {
        self.log(|| format!("{number} lock <- {request:?}"));
        let build = self.tabs[place].build;
        if request == LockRequest::Steal {
            self.check_steal(place);
        }
        let lock = self.locks.entry(build).or_default();
        let turn = match request {
            LockRequest::Request => Some(lock.request(number)),
            LockRequest::Steal => Some(lock.steal(number)),
            LockRequest::Release => {
                lock.release(number);
                None
            }
        };
        if let Some(worker) = self.worker(place) {
            worker.turn = turn;
        }
    }

    pub(super) fn broadcast(&mut self, place: usize, target: &LinkTarget, message: &LinkMessage) {
        let Some(worker) = self.worker(place) else { return };
        if worker.has_left {
            return;
        }
        let (from, build) = (worker.number, self.tabs[place].build);
        let slow = if self.now < self.links.slow.1 { self.links.slow.0 } else { 0 };
        for to in 0..self.tabs.len() {
            let tab = &self.tabs[to];
            let meant = match target {
                LinkTarget::All => to != place,
                LinkTarget::Tab(name) => tab.name == *name && to != place,
            };
            let Some(worker) = tab.worker.as_ref().filter(|worker| meant && !worker.has_left) else {
                continue;
            };
            if tab.build != build {
                continue;
            }
            let number = worker.number;
            let order = self.links.order.entry((from, number)).or_default();
            let at = (self.now + self.rng.u64(0..4) + slow).max(*order);
            *order = at;
            self.queue.push(at, Happening::Worker(number, Inbox::Link(message.clone())));
        }
    }

    // The store.

    pub(super) fn ask(&mut self, number: u32, ask: Ask) {
        self.log(|| clip(&format!("{number} store <- {ask:?}"), 240));
        let pace = self.rng.u64(0..6);
        let at = self.disk.ask(self.now, number, ask, pace);
        self.queue.push(at, Happening::Disk);
    }

    /// Opens it, and reads again where it is being opened already. The last call decides `as_writer`.
    pub(super) fn open_store(&mut self, place: usize, number: u32, as_writer: bool) {
        let build = self.tabs[place].build;
        let Some(worker) = self.worker(place) else { return };
        if let Some(opening) = &mut worker.opening {
            *opening = Opening { as_writer, again: true };
            return;
        }
        worker.opening = Some(Opening { as_writer, again: false });
        if self.disk.is_open(number) {
            return self.ask_to_open(place, number);
        }
        if !self.disk.waits_behind(number, build) {
            self.try_to_open(place, number, build);
        }
    }

    fn ask_to_open(&mut self, place: usize, number: u32) {
        let opening = self.worker(place).and_then(|worker| worker.opening.as_ref());
        let as_writer = opening.is_some_and(|opening| opening.as_writer);
        let ask = if as_writer { Ask::Plain(Request::Open) } else { Ask::Probe };
        self.ask(number, ask);
    }

    fn try_to_open(&mut self, place: usize, number: u32, build: u32) {
        match self.disk.may_open(number, build) {
            Ok(()) => {
                self.disk.opened(number, build);
                self.ask_to_open(place, number);
            }
            Err(error) => {
                if error == StoreError::Blocked {
                    for older in self.disk.older(build).collect::<Vec<_>>() {
                        self.queue.push(self.now + 1, Happening::Worker(older, Inbox::VersionChange));
                    }
                } else if let Some(worker) = self.worker(place) {
                    worker.opening = None;
                }
                let answer = Answer::Event(StoreEvent::OpenFailed(error));
                self.queue.push(self.now + 2, Happening::Worker(number, Inbox::Store(answer)));
            }
        }
    }

    /// Those who waited in line open now.
    pub(super) fn unblock(&mut self, free: Vec<(u32, u32)>) {
        for (number, build) in free {
            if let Some(place) = self.place_of(number)
                && !self.disk.waits_behind(number, build)
            {
                self.log(|| format!("{number} is next to open the store"));
                self.try_to_open(place, number, build);
            }
        }
    }

    pub(super) fn disk_done(&mut self) {
        while self.disk.is_due(self.now) {
            let Some((number, answer)) = self.disk.carry_out(self.now) else { continue };
            self.note_store(number, &answer);
            let at = self.now + self.rng.u64(0..2);
            self.queue.push(at, Happening::Worker(number, Inbox::Store(answer)));
        }
    }

    pub(super) fn answered(&mut self, place: usize, answer: Answer) {
        let now = self.now;
        let Some(worker) = self.worker(place) else { return };
        let number = worker.number;
        match answer {
            Answer::Meta(meta) => {
                self.log(|| format!("{number} store -> {meta:?}"));
                self.input(place, |node, now| node.handle_meta(now, meta.as_ref()));
            }
            Answer::Event(event) => {
                let refuses = |event: &StoreEvent| {
                    matches!(
                        event,
                        StoreEvent::OpenFailed(_) | StoreEvent::Closed(_) | StoreEvent::Aborted { .. }
                    ) && !matches!(event, StoreEvent::Aborted { error: StoreError::TakenOver, .. })
                };
                if refuses(&event) {
                    worker.refused_at = Some(now);
                }
                match &event {
                    StoreEvent::Opened(_) => {
                        if let Some(opening) = worker.opening.as_mut().filter(|opening| opening.again) {
                            opening.again = false;
                            return self.ask_to_open(place, number);
                        }
                        worker.opening = None;
                    }
                    StoreEvent::OpenFailed(error) => {
                        // A blocked request stays: it is answered once the older build has closed the store.
                        let ended = *error != StoreError::Blocked;
                        if ended {
                            worker.opening = None;
                        }
                        // What lies there keeps no order with what is sent meanwhile.
                        for n in self.disk.store.row_ids().filter_map(message_number) {
                            self.check.inner.messages.all[n].unordered = true;
                        }
                        if ended {
                            let free = self.disk.closed(number);
                            self.unblock(free);
                        }
                    }
                    _ => {}
                }
                self.log(|| clip(&format!("{number} store -> {event:?}"), 160));
                self.input(place, |node, now| node.handle_store(now, event));
            }
        }
    }
}
