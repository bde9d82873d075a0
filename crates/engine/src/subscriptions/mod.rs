//! Subscriptions: what is wanted, what is on the wire, how far each was seen, and its state.

use crate::{Mode, Now};
use sentinelops_protocol::system::{Continuity, Snapshot, SubscribeEntry, Subscribed};
use sentinelops_protocol::{Code, Event, Problem, Subject};
use std::rc::Rc;

/// What the subscriptions want done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SubOutput {
    /// One `subscribe` frame (only while a socket is open).
    Subscribe(Vec<SubscribeEntry>),
    /// One `unsubscribe` frame; it comes before a `Subscribe` that overlaps it.
    Unsubscribe(Vec<Subject>),
    /// For the consumers of exactly this subject.
    Event {
        subject: Subject,
        event: Rc<Event>,
    },
    /// The state of this subject was replaced, or is held for the first time.
    Reset {
        subject: Subject,
        continuity: Continuity,
    },
    Denied {
        subject: Subject,
        message: String,
    },
    Problem(Problem),
    Note(String),
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SubCounts {
    pub repeats: u64,
    pub holes: u64,
}

pub(crate) struct Subscriptions {}

#[allow(unused_variables, dead_code)]
impl Subscriptions {
    pub fn new() -> Self {
        Self {}
    }
    /// Counted: as many `unwant` take it back.
    pub fn want(&mut self, now: Now, subject: Subject) {}
    pub fn unwant(&mut self, now: Now, subject: &Subject) {}
    /// A socket is open: what its first flight subscribes to. From here on changes go out as outputs.
    pub fn first_flight(&mut self, now: Now) -> Vec<SubscribeEntry> {
        Vec::new()
    }
    /// The mode is known (again, after an upgrade).
    pub fn mode_known(&mut self, now: Now, mode: Mode) {}
    pub fn disconnected(&mut self, now: Now) {}
    pub fn event(&mut self, now: Now, event: Event) {}
    pub fn subscribed(&mut self, now: Now, subscribed: Subscribed) {}
    pub fn snapshot(&mut self, now: Now, snapshot: Snapshot) {}
    pub fn denied(&mut self, now: Now, subject: &Subject, code: &Code, message: String) {}
    pub fn timeout(&mut self, now: Now) {}
    pub fn next_timeout(&self) -> Option<u64> {
        None
    }
    pub fn poll(&mut self) -> Option<SubOutput> {
        None
    }
    pub fn counts(&self) -> SubCounts {
        SubCounts::default()
    }
    /// Epoch, seq and items, when the state is held. Epoch is empty and seq 0 in basic mode.
    pub fn fold_items(&self, subject: &Subject) -> Option<(String, u64, Vec<Rc<Event>>)> {
        None
    }
}

impl crate::consumers::Folds for Subscriptions {
    fn state(&self, subject: &Subject) -> Option<(u64, Vec<Rc<Event>>)> {
        self.fold_items(subject).map(|(_, seq, items)| (seq, items))
    }
}
