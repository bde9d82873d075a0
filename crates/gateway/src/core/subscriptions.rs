//! The subscriptions of one connection: few of them, sorted, in one allocation.

use sentinelops_protocol::Subject;
use std::sync::Arc;

/// Where a subscription stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// The parts of a snapshot are sent from `next` on, then what the history has after it.
    Snapshot { parts: Arc<[Box<str>]>, next: usize },
    /// Events are read from the history as the socket drains; new ones are not queued.
    Replay,
    /// New events are queued.
    Live,
}

/// A subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub subject: Subject,
    /// `seq` of the last event or base this connection was sent: the next event's `prev`.
    pub last: u64,
    pub phase: Phase,
}

#[derive(Debug, Default)]
pub(super) struct Subscriptions(Vec<Subscription>);

impl Subscriptions {
    fn find(&self, subject: &Subject) -> Result<usize, usize> {
        self.0.binary_search_by(|subscription| subscription.subject.cmp(subject))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn contains(&self, subject: &Subject) -> bool {
        self.find(subject).is_ok()
    }

    pub(super) fn get_mut(&mut self, subject: &Subject) -> Option<&mut Subscription> {
        self.find(subject).ok().and_then(|at| self.0.get_mut(at))
    }

    pub(super) fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.0.iter().map(|subscription| &subscription.subject)
    }

    /// Starts it, or starts it over.
    pub(super) fn start(&mut self, subject: Subject, last: u64, phase: Phase) {
        let subscription = Subscription { subject, last, phase };
        match self.find(&subscription.subject) {
            Ok(at) => self.0[at] = subscription,
            Err(at) => {
                // Most connections have a few: no room for more than they ask for.
                self.0.reserve_exact(1);
                self.0.insert(at, subscription);
            }
        }
    }

    pub(super) fn end(&mut self, subject: &Subject) -> bool {
        let found = self.find(subject);
        found.map(|at| self.0.remove(at)).is_ok()
    }
}
