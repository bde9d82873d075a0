//! Consumers: one batch outstanding each, bounded queues, resync from the fold.

use crate::{Batch, ConsumerId, MessageCounts, MessageInfo, MessageUpdate, Metrics, Now, Status};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Event, Problem, Subject};
use std::rc::Rc;

/// Where snapshots come from.
pub(crate) trait Folds {
    /// Seq and items, when the state is held.
    fn state(&self, subject: &Subject) -> Option<(u64, Vec<Rc<Event>>)>;
}

pub(crate) struct Consumers {}

#[allow(unused_variables, dead_code)]
impl Consumers {
    pub fn new() -> Self {
        Self {}
    }
    /// It gets the status in its first batch. Attaching again starts over and answers what it had subscribed.
    pub fn attach(&mut self, id: ConsumerId) -> Vec<Subject> {
        Vec::new()
    }
    /// What it had subscribed: call `unwant` for each.
    pub fn detach(&mut self, id: ConsumerId) -> Vec<Subject> {
        Vec::new()
    }
    /// `true` when it is new: call `want`. Again for a known subject: a fresh snapshot.
    pub fn subscribe(&mut self, id: ConsumerId, subject: Subject) -> bool {
        false
    }
    /// `true` when it had it: call `unwant`.
    pub fn unsubscribe(&mut self, id: ConsumerId, subject: &Subject) -> bool {
        false
    }
    pub fn credit(&mut self, id: ConsumerId, number: u64) {}
    pub fn offer_event(&mut self, subject: &Subject, event: &Rc<Event>) {}
    /// From `SubOutput::Reset`.
    pub fn resync(&mut self, subject: &Subject, continuity: Continuity) {}
    pub fn offer_denied(&mut self, subject: &Subject, message: &str) {}
    pub fn offer_status(&mut self, status: &Status) {}
    pub fn offer_update(&mut self, to: ConsumerId, update: MessageUpdate) {}
    pub fn offer_problem(&mut self, problem: &Problem) {}
    pub fn watch_metrics(&mut self, now: Now, id: ConsumerId, on: bool) {}
    pub fn watch_outbox(&mut self, now: Now, id: ConsumerId, on: bool) {}
    /// Somebody looks and the last one is a second old (`next_timeout` counts it in).
    pub fn wants_metrics(&self, now: Now) -> bool {
        false
    }
    pub fn offer_metrics(&mut self, now: Now, metrics: &Metrics) {}
    /// Tell of a change of [`crate::outbox::Outbox::version`]; cheap, after every input.
    pub fn outbox_version(&mut self, version: u64) {}
    /// Somebody looks, it changed, and the last list is 100 ms old (`next_timeout` counts it in).
    pub fn wants_outbox(&self, now: Now) -> bool {
        false
    }
    pub fn offer_outbox(&mut self, now: Now, list: Vec<MessageInfo>, counts: MessageCounts) {}
    pub fn next_timeout(&self) -> Option<u64> {
        None
    }
    pub fn poll(&mut self, folds: &impl Folds) -> Option<(ConsumerId, Batch)> {
        None
    }
    /// Consumers whose queue overflowed.
    pub fn resyncs(&self) -> u64 {
        0
    }
}
