//! After the faults: everything must come to rest, and to the same state everywhere.

use super::script::{QUIET, SETTLED_BY};
use super::world::{Happening, TabWorld};
use crate::fold::Fold;
use crate::net::End;
use crate::script::CHANNELS;
use sentinelops_engine::tabs::Role;
use sentinelops_engine::{ConnectionState, Engine, StorageState, StoreError};
use sentinelops_protocol::{Channel, Subject};

/// How long the world must be at rest before it is compared.
const REST_MS: u64 = 3_000;

impl TabWorld {
    /// Somebody looks at the screens every few seconds, and reloads where a page asks for it: nothing else
    /// needs a person here.
    pub(super) fn look(&mut self) {
        self.queue.push(self.now + 5_000, Happening::Look);
        self.check_gives_way();
        if self.now >= QUIET && !self.tabs.iter().any(|tab| tab.open) {
            self.open(0);
        }
        for place in 0..self.tabs.len() {
            if !self.runs(place) {
                continue;
            }
            let newer = StorageState::MemoryOnly(StoreError::NewerSchema);
            if self.tabs[place].status.as_ref().is_some_and(|status| status.storage == newer) {
                self.log(|| "somebody reloads to update".to_owned());
                self.leave(place, true);
            }
        }
    }

    /// Whatever was broken is whole again.
    pub(super) fn quiet(&mut self) {
        self.log(|| "everything is whole again".to_owned());
        self.internet.heal();
        self.disk.store.heal();
        self.links.slow = (0, 0);
        if !self.tabs.iter().any(|tab| tab.open) {
            self.open(0);
        }
        for place in 0..self.tabs.len() {
            self.spawn(place);
        }
        // Who missed an event so far must notice by these at the latest.
        for channel in CHANNELS {
            self.internet.publish(channel, 1);
        }
        self.queue.push(self.now + 5_000, Happening::Settle);
    }

    pub(super) fn settle(&mut self) {
        if self.now >= SETTLED_BY {
            let state = self.unsettled().unwrap_or_default();
            return self.check.inner.fail("settles", || {
                format!("not at rest {} s after the last fault: {state}", (SETTLED_BY - QUIET) / 1000)
            });
        }
        self.queue.push(self.now + 1_000, Happening::Settle);
        if self.unsettled().is_some() {
            self.settled_since = None;
            return;
        }
        let since = *self.settled_since.get_or_insert(self.now);
        if self.now - since >= REST_MS {
            self.over = true;
            self.compare();
        }
    }

    fn leader(&self) -> Option<&Engine> {
        let leads = |tab: &&super::tab::Tab| tab.worker.as_ref().is_some_and(|w| w.role == Role::Leader);
        self.tabs.iter().find(leads)?.worker.as_ref()?.node.engine()
    }

    /// What is not at rest yet.
    fn unsettled(&self) -> Option<String> {
        let mut leaders = 0;
        let kept = if self.script.setup.rare.persist { StorageState::Durable } else { StorageState::Off };
        for tab in self.tabs.iter().filter(|tab| tab.open) {
            let name = &tab.name;
            let Some(worker) = &tab.worker else { return Some(format!("{name} has no worker")) };
            match worker.role {
                Role::Leader => leaders += 1,
                Role::Follower => {}
                other => return Some(format!("{name} is {other:?}")),
            }
            let status = tab.status.as_ref();
            if status.map(|status| status.state) != Some(ConnectionState::Connected) {
                return Some(format!("{name} shows {:?}", status.map(|s| (s.state, s.cause.clone()))));
            }
            if status.map(|status| &status.storage) != Some(&kept) {
                return Some(format!("{name} shows storage {:?}", status.map(|status| &status.storage)));
            }
            if let Some((n, _)) = tab.page.unsaved.front() {
                let reported = &self.check.inner.messages.all[*n].reported;
                return Some(format!("{name} waits for message {n}, reported {reported:?}"));
            }
        }
        if leaders != 1 {
            return Some(format!("{leaders} lead"));
        }
        let Some(engine) = self.leader() else { return Some("nobody leads".to_owned()) };
        let status = engine.status();
        if status.state != ConnectionState::Connected {
            return Some(format!("{:?} ({:?})", status.state, status.cause));
        }
        if status.storage != kept {
            return Some(format!("storage is {:?}", status.storage));
        }
        let counts = engine.counts();
        if counts.queued.iter().sum::<u32>() > 0 {
            return Some(format!("{counts:?} waiting"));
        }
        if let Some(id) = self.left_over() {
            return Some(format!("{id} is on the disk"));
        }
        if self.disk.is_busy() {
            return Some("the store is busy".to_owned());
        }
        let open: Vec<_> = self.internet.conns.iter().filter(|conn| conn.client != End::Closed).collect();
        if open.len() != 1 {
            return Some(format!("{} sockets are open", open.len()));
        }
        let busy = open.iter().any(|conn| {
            let silent = conn.up.swallow || conn.down.swallow || conn.server != End::Open;
            silent || !conn.up.is_empty() || !conn.down.is_empty()
        });
        if busy {
            return Some("something is on its way".to_owned());
        }
        self.dead_subscription()
    }

    /// Everything is at rest: is it right?
    fn compare(&mut self) {
        self.compare_folds();
        self.account();
    }

    fn compare_folds(&mut self) {
        let Some(gateway) = &self.internet.server.gateway else { return };
        let mut wrong = None;
        for tab in self.tabs.iter().filter(|tab| tab.open) {
            for (subject, view) in &tab.page.views {
                let truth = Fold::of_items(&gateway.state(subject));
                // A topic may be shown out of the fold of its whole channel, and shares its bound.
                let shared = subject.topic.is_some();
                if view.fold != truth && !(shared && view.fold.ends_like(&truth)) {
                    wrong = Some(format!("{}, {subject}: {}", tab.name, view.fold.difference(&truth)));
                }
            }
        }
        if let Some(detail) = wrong {
            self.check.inner.fail("fold-equals-server", || detail);
        }
    }

    /// What no page looks at any more, the leader holds no more: dead tabs are missed after a while.
    fn dead_subscription(&self) -> Option<String> {
        let mut wanted: Vec<&Subject> =
            self.tabs.iter().filter(|tab| tab.open).flat_map(|tab| tab.page.views.keys()).collect();
        wanted.sort();
        let mut subjects: Vec<Subject> = CHANNELS.map(Subject::channel).into();
        subjects.extend((0..3).map(|n| Subject::topic(Channel::Chat, format!("conv-{n}"))));
        let held =
            |subject: &Subject| self.leader().is_some_and(|engine| engine.fold_items(subject).is_some());
        let dead = subjects
            .iter()
            .find(|subject| !wanted.iter().any(|w| *w == *subject || w.covers(subject)) && held(subject));
        dead.map(|subject| format!("nobody looks at {subject} any more, and it is held"))
    }
}
