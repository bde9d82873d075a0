//! What listeners are notified of, once a frame.

use crate::{ClientError, MessageId, RawEvent};
use sentinelops_engine::Cause;
use sentinelops_protocol::{Channel, Event, Subject, system::Continuity};
use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

/// What a listener depends on: it is called after each frame in which one of these changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Dependency {
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
    /// Whether something sent would be lost with the page.
    Unsaved,
    /// The list of messages; has the worker tell it.
    Outbox,
    /// The counters; has the worker tell them.
    Metrics,
    /// Frames that are none of the protocol's messages; has the worker pass them on.
    Raw,
    /// The flight recorder, which records without anybody who looks, too.
    Diagnostics,
    /// What the laboratory answers.
    #[cfg(feature = "lab")]
    Lab,
}

/// Something of a subject, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FeedItem {
    /// Its state was replaced.
    Snapshot(Continuity),
    /// This happened after it.
    Event(Rc<Event>),
}

/// The connection came up or broke.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Transition {
    /// Up since this wall-clock time, ms.
    Up(u64),
    /// It broke; why.
    Down(Cause),
}

/// Everything that changed in one frame.
#[derive(Default)]
pub(crate) struct Changes {
    pub changed: HashSet<Dependency>,
    pub incoming: HashMap<Subject, Vec<FeedItem>>,
    /// In order.
    pub transitions: Vec<Transition>,
    pub errors: Vec<ClientError>,
    /// In order.
    pub raw: Vec<RawEvent>,
    /// In order.
    #[cfg(feature = "lab")]
    pub lab: Vec<String>,
}

impl Changes {
    /// What came of a subject, in order.
    pub(crate) fn of(&self, subject: &Subject) -> &[FeedItem] {
        self.incoming.get(subject).map_or(&[], Vec::as_slice)
    }

    /// How the state of each subject that was replaced came about.
    pub(crate) fn continuities(&self) -> impl Iterator<Item = Continuity> {
        self.incoming.values().flatten().filter_map(|incoming| match incoming {
            FeedItem::Snapshot(continuity) => Some(*continuity),
            FeedItem::Event(_) => None,
        })
    }

    /// Its events, in order.
    pub(crate) fn events(&self, subject: &Subject) -> impl Iterator<Item = &Rc<Event>> {
        self.of(subject).iter().filter_map(|incoming| match incoming {
            FeedItem::Event(event) => Some(event),
            FeedItem::Snapshot(_) => None,
        })
    }

    /// Errors that concern everybody or this subject. A listener without a subject gets the messages of
    /// every channel that do not fit.
    pub(crate) fn errors_for(&self, subject: Option<&Subject>) -> impl Iterator<Item = &ClientError> {
        self.errors.iter().filter(move |error| match error {
            ClientError::Denied { subject: denied, .. } => Some(denied) == subject,
            ClientError::Problem(problem) => {
                let channel = problem.channel.filter(|channel| *channel != Channel::System);
                channel.is_none_or(|channel| subject.is_none_or(|subject| subject.channel == channel))
            }
            _ => true,
        })
    }
}

/// Called with what is new.
pub(crate) type Listener = Rc<dyn Fn(&Changes)>;

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::{Problem, ProblemKind};

    #[test]
    fn an_error_is_told_to_whom_it_concerns() {
        let problem = |channel| {
            ClientError::Problem(Problem {
                kind: ProblemKind::PayloadMismatch,
                id: None,
                channel,
                message_type: String::new(),
                path: format!("{channel:?}"),
                expected: String::new(),
                found: String::new(),
            })
        };
        let channels = [None, Some(Channel::System), Some(Channel::Chat), Some(Channel::Alerts)];
        let changes = Changes { errors: channels.map(problem).to_vec(), ..Changes::default() };
        let reported = |subject: Option<Subject>| {
            let errors = changes.errors_for(subject.as_ref());
            errors.cloned().collect::<Vec<_>>()
        };
        let chat = reported(Some(Subject::topic(Channel::Chat, "c")));
        assert_eq!(chat, [None, Some(Channel::System), Some(Channel::Chat)].map(problem));
        assert_eq!(reported(None).len(), 4);
    }
}
