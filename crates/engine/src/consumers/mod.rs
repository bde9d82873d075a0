//! Consumers: one batch outstanding each, bounded queues, resync from the fold.
//!
//! A consumer clocks itself: it gets the next batch when it gave the credit for the last one. What
//! gathers meanwhile is bounded; over the bound its events are dropped and it starts over from the
//! fold, as every new or late consumer starts. Status, metrics, lists and news of one message are
//! conflated: only the latest counts, except that each break of the connection is delivered.

mod one;
mod weight;

use crate::{
    Batch, Bounds, ConsumerId, Delivery, MessageCounts, MessageInfo, MessageUpdate, Metrics, Now, RawFrame,
    Status,
};
use one::Consumer;
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Event, Problem, Subject};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// At most one list of the outbox in so many ms.
pub(crate) const OUTBOX_EVERY_MS: u64 = 100;
/// Metrics come so often to who watches them, ms.
pub(crate) const METRICS_EVERY_MS: u64 = 1_000;

/// Where snapshots come from.
pub(crate) trait Folds {
    /// Seq and items, when the state is held.
    fn state(&self, subject: &Subject) -> Option<(u64, Vec<Rc<Event>>)>;
}

/// All consumers of one engine.
#[derive(Default)]
pub(crate) struct Consumers {
    all: BTreeMap<ConsumerId, Consumer>,
    by_subject: HashMap<Subject, BTreeSet<ConsumerId>>,
    /// Who may have something to get.
    ready: BTreeSet<ConsumerId>,
    status: Status,
    metrics_watchers: BTreeSet<ConsumerId>,
    metrics_due: u64,
    outbox_watchers: BTreeSet<ConsumerId>,
    outbox_due: u64,
    raw_watchers: BTreeSet<ConsumerId>,
    outbox_dirty: bool,
    outbox_version: u64,
    /// What the store holds is in it: a list without that would say that rows are gone.
    outbox_known: bool,
    resyncs: u64,
    bounds: Bounds,
}

impl Consumers {
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    // Commands.

    /// It gets the status in its first batch. Attaching again starts over and answers what it had
    /// subscribed: call `unwant` for each. Only news of its messages are kept: no snapshot repeats them.
    pub fn attach(&mut self, id: ConsumerId) -> Vec<Subject> {
        let (before, news) = self.take(id);
        let mut consumer = Consumer::default();
        consumer.status(self.status.clone());
        news.into_iter().for_each(|update| consumer.update(update));
        self.all.insert(id, consumer);
        self.ready.insert(id);
        before
    }

    /// What it had subscribed: call `unwant` for each.
    pub fn detach(&mut self, id: ConsumerId) -> Vec<Subject> {
        self.take(id).0
    }

    fn take(&mut self, id: ConsumerId) -> (Vec<Subject>, Vec<MessageUpdate>) {
        self.ready.remove(&id);
        self.metrics_watchers.remove(&id);
        self.outbox_watchers.remove(&id);
        self.raw_watchers.remove(&id);
        let Some(consumer) = self.all.remove(&id) else { return Default::default() };
        let subjects = consumer.subjects();
        for subject in &subjects {
            self.leave(id, subject);
        }
        (subjects, consumer.news())
    }

    /// `true` when it is new: call `want`. Again for a known subject: a fresh snapshot.
    pub fn subscribe(&mut self, id: ConsumerId, subject: Subject) -> bool {
        let Some(consumer) = self.all.get_mut(&id) else { return false };
        self.ready.insert(id);
        self.by_subject.entry(subject.clone()).or_default().insert(id);
        consumer.subscribe(subject)
    }

    /// `true` when it had it: call `unwant`.
    pub fn unsubscribe(&mut self, id: ConsumerId, subject: &Subject) -> bool {
        let had = self.all.get_mut(&id).is_some_and(|consumer| consumer.unsubscribe(subject));
        if had {
            self.leave(id, subject);
        }
        had
    }

    /// Its router took this batch. Any other number is ignored.
    pub fn credit(&mut self, id: ConsumerId, number: u64) {
        if self.all.get_mut(&id).is_some_and(|consumer| consumer.credit(number)) {
            self.ready.insert(id);
        }
    }

    // Deliveries.

    /// For the consumers of exactly this subject.
    pub fn offer_event(&mut self, subject: &Subject, event: &Rc<Event>) {
        let Some(ids) = self.by_subject.get(subject) else { return };
        let bytes = weight::weight(event);
        for id in ids {
            let Some(consumer) = self.all.get_mut(id) else { continue };
            self.resyncs += u64::from(consumer.event(subject, event, bytes, &self.bounds));
            self.ready.insert(*id);
        }
    }

    /// From `SubOutput::Reset`: the state was replaced, or is there for the first time.
    pub fn resync(&mut self, subject: &Subject, continuity: Continuity) {
        self.each_of(subject, |consumer| consumer.resync(subject, continuity));
    }

    /// The server refuses this subject.
    pub fn offer_denied(&mut self, subject: &Subject, message: &str) {
        self.each_of(subject, |consumer| consumer.denied(subject, message));
    }

    /// For everybody; of those between two changes of the connection only the latest is sent.
    pub fn offer_status(&mut self, status: &Status) {
        self.status = status.clone();
        for (id, consumer) in &mut self.all {
            consumer.status(status.clone());
            self.ready.insert(*id);
        }
    }

    /// News of a message for who sent it.
    pub fn offer_update(&mut self, to: ConsumerId, update: MessageUpdate) {
        if let Some(consumer) = self.all.get_mut(&to) {
            consumer.update(update);
            self.ready.insert(to);
        }
    }

    /// For everybody.
    pub fn offer_problem(&mut self, problem: &Problem) {
        for (id, consumer) in &mut self.all {
            consumer.problem(problem);
            self.ready.insert(*id);
        }
    }

    // Who looks at what.

    /// Metrics now and every second.
    pub fn watch_metrics(&mut self, now: Now, id: ConsumerId, on: bool) {
        if !on || !self.all.contains_key(&id) {
            self.metrics_watchers.remove(&id);
        } else if self.metrics_watchers.insert(id) {
            self.metrics_due = now.mono;
        }
    }

    /// The outbox now and at every change, at most every 100 ms.
    pub fn watch_outbox(&mut self, now: Now, id: ConsumerId, on: bool) {
        if !on || !self.all.contains_key(&id) {
            self.outbox_watchers.remove(&id);
        } else if self.outbox_watchers.insert(id) {
            self.outbox_due = now.mono;
            self.outbox_dirty = true;
        }
    }

    /// Frames that are none of the protocol's messages.
    pub fn watch_raw(&mut self, id: ConsumerId, on: bool) {
        if on && self.all.contains_key(&id) {
            self.raw_watchers.insert(id);
        } else {
            self.raw_watchers.remove(&id);
        }
    }

    /// Somebody watches them.
    pub fn wants_raw(&self) -> bool {
        !self.raw_watchers.is_empty()
    }

    /// For those who watch.
    pub fn offer_raw(&mut self, frame: &Rc<RawFrame>) {
        for id in &self.raw_watchers {
            if let Some(consumer) = self.all.get_mut(id) {
                consumer.raw(frame, &self.bounds);
                self.ready.insert(*id);
            }
        }
    }

    /// Somebody looks and the last one is a second old (`next_timeout` counts it in).
    pub fn wants_metrics(&self, now: Now) -> bool {
        !self.metrics_watchers.is_empty() && now.mono >= self.metrics_due
    }

    /// For those who look.
    pub fn offer_metrics(&mut self, now: Now, metrics: &Metrics) {
        self.metrics_due = now.mono.saturating_add(METRICS_EVERY_MS);
        for id in &self.metrics_watchers {
            if let Some(consumer) = self.all.get_mut(id) {
                consumer.metrics = Some(Delivery::Metrics(Box::new(metrics.clone())));
                self.ready.insert(*id);
            }
        }
    }

    /// Tell of a change of [`crate::outbox::Outbox::version`], and whether the store has answered; cheap,
    /// after every input.
    pub fn outbox_version(&mut self, version: u64, known: bool) {
        self.outbox_known = known;
        if version != self.outbox_version {
            self.outbox_version = version;
            self.outbox_dirty = true;
        }
    }

    /// Somebody looks, it changed, and the last list is 100 ms old (`next_timeout` counts it in).
    pub fn wants_outbox(&self, now: Now) -> bool {
        self.outbox_waits() && now.mono >= self.outbox_due
    }

    fn outbox_waits(&self) -> bool {
        self.outbox_known && self.outbox_dirty && !self.outbox_watchers.is_empty()
    }

    /// For those who look.
    pub fn offer_outbox(&mut self, now: Now, list: Vec<MessageInfo>, counts: MessageCounts) {
        self.outbox_dirty = false;
        self.outbox_due = now.mono.saturating_add(OUTBOX_EVERY_MS);
        for id in &self.outbox_watchers {
            if let Some(consumer) = self.all.get_mut(id) {
                consumer.outbox = Some(Delivery::Outbox(list.clone(), counts));
                self.ready.insert(*id);
            }
        }
    }

    // Time and outputs.

    /// Monotonic ms; nothing to call then but `wants_metrics` and `wants_outbox`.
    pub fn next_timeout(&self) -> Option<u64> {
        let metrics = (!self.metrics_watchers.is_empty()).then_some(self.metrics_due);
        let outbox = self.outbox_waits().then_some(self.outbox_due);
        metrics.into_iter().chain(outbox).min()
    }

    /// News of messages that were not in any batch yet.
    pub fn last_updates(&mut self, id: ConsumerId) -> Vec<MessageUpdate> {
        self.all.get_mut(&id).map(Consumer::take_updates).unwrap_or_default()
    }

    /// The next batch for somebody who may get one.
    pub fn poll(&mut self, folds: &impl Folds) -> Option<(ConsumerId, Batch)> {
        while let Some(id) = self.ready.pop_first() {
            let Some(consumer) = self.all.get_mut(&id) else { continue };
            if let Some(batch) = consumer.batch(folds) {
                return Some((id, batch));
            }
        }
        None
    }

    // Getters.

    /// Queues that overflowed.
    pub fn resyncs(&self) -> u64 {
        self.resyncs
    }

    fn each_of(&mut self, subject: &Subject, mut tell: impl FnMut(&mut Consumer)) {
        for id in self.by_subject.get(subject).into_iter().flatten() {
            if let Some(consumer) = self.all.get_mut(id) {
                tell(consumer);
                self.ready.insert(*id);
            }
        }
    }

    fn leave(&mut self, id: ConsumerId, subject: &Subject) {
        if let Some(ids) = self.by_subject.get_mut(subject) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_subject.remove(subject);
            }
        }
    }
}

#[cfg(test)]
mod tests;
