//! What listeners are told, once a frame.

use crate::realtime::{ClientError, MessageId};
use sentinelops_protocol::{Event, Subject, system::Continuity};
use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

/// What a listener wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Interest {
    /// Status, worker, role, setup.
    Status,
    /// Errors as they happen.
    Errors,
    /// Snapshots of whatever this page follows; holds no subscription.
    Continuity,
    /// State and events of a subject; holds its subscription.
    Subject(Subject),
    /// A message this page sent.
    Send(MessageId),
    /// The list of messages; has the worker tell it.
    Outbox,
    /// The counters; has the worker tell them.
    Metrics,
    /// The flight recorder; has the worker tell what happens inside.
    Diagnostics,
}

/// Something of a subject, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Incoming {
    /// Its state was replaced.
    Snapshot(Continuity),
    /// This happened after it.
    Event(Rc<Event>),
}

/// Everything new of one frame.
#[derive(Default)]
pub(crate) struct News {
    pub changed: HashSet<Interest>,
    pub incoming: HashMap<Subject, Vec<Incoming>>,
    pub errors: Vec<ClientError>,
}

impl News {
    /// What came of a subject, in order.
    pub(crate) fn of(&self, subject: &Subject) -> &[Incoming] {
        self.incoming.get(subject).map_or(&[], Vec::as_slice)
    }

    /// How the state of each subject that was replaced came about.
    pub(crate) fn continuities(&self) -> impl Iterator<Item = Continuity> {
        self.incoming.values().flatten().filter_map(|incoming| match incoming {
            Incoming::Snapshot(continuity) => Some(*continuity),
            Incoming::Event(_) => None,
        })
    }

    /// Its events, in order.
    pub(crate) fn events(&self, subject: &Subject) -> impl Iterator<Item = &Rc<Event>> {
        self.of(subject).iter().filter_map(|incoming| match incoming {
            Incoming::Event(event) => Some(event),
            Incoming::Snapshot(_) => None,
        })
    }

    /// Errors that concern everybody or this subject.
    pub(crate) fn errors_for(&self, subject: Option<&Subject>) -> impl Iterator<Item = &ClientError> {
        self.errors.iter().filter(move |error| match error {
            ClientError::Denied { subject: denied, .. } => Some(denied) == subject,
            _ => true,
        })
    }
}

/// Called with what is new.
pub(crate) type Listener = Rc<dyn Fn(&News)>;
