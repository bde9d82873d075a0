//! Subscriptions: what is wanted, what is on the wire, how far each was seen, and its state.
//!
//! What consumers want is counted per subject ([`nodes`]); one connection never holds overlapping
//! subscriptions, so a topic is served by its whole channel where that is wanted too. Each
//! subscription on the wire keeps its cursor beside the state it is valid for ([`wire`]). What consumers
//! ask for is in *wants*, the server's answers and the consumers they are for in *answers*, deadlines in *waits*.

mod answers;
mod nodes;
mod waits;
mod wants;
mod wire;

use crate::{Mode, Now};
use nodes::{ChannelNodes, Gap};
use sentinelops_protocol::system::{Continuity, SubscribeEntry};
use sentinelops_protocol::{Channel, Event, Problem, Subject};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use waits::Due;
pub(crate) use waits::{ANSWER_MS, Line};
#[cfg(test)]
pub(crate) use wants::LINGER_MS;
use wire::{Phase, WireSubscription};

/// What the subscriptions want done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SubOutput {
    /// One `subscribe` frame (only while a socket is open).
    Subscribe(Vec<SubscribeEntry>),
    /// One `unsubscribe` frame; it comes before a `Subscribe` that overlaps it.
    Unsubscribe(Vec<Subject>),
    /// For the consumers of exactly this subject.
    Event { subject: Subject, event: Rc<Event> },
    /// The state of this subject was replaced, or is held for the first time.
    Reset { subject: Subject, continuity: Continuity },
    /// The server refuses it.
    Denied { subject: Subject, message: String },
    /// Part of a snapshot was not what its type says.
    Problem(Problem),
    /// Worth a line.
    Note(String),
    /// An answer is late: does the server still read?
    Probe,
    /// The server reads and does not answer: a new connection may help.
    Stuck(Subject),
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SubCounts {
    pub repeats: u64,
    pub holes: u64,
    /// Keys and messages that fell out of a full fold.
    pub dropped: u64,
}

/// Which subscriptions this socket's server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answers {
    /// No socket is open: nothing is subscribed to.
    #[default]
    NoSocket,
    /// The mode is not known yet: no answer is late.
    Unknown,
    /// A v1 server answers each one.
    Each,
    /// A basic server answers none: what it sends is live at once.
    None,
}

/// All subscriptions of one engine.
#[derive(Default)]
pub(crate) struct Subscriptions {
    channels: BTreeMap<Channel, ChannelNodes>,
    /// See [`Due`].
    timers: BTreeSet<(u64, Subject, Due)>,
    answers: Answers,
    subscribe: Vec<SubscribeEntry>,
    unsubscribe: Vec<Subject>,
    out: VecDeque<SubOutput>,
    counts: SubCounts,
}

impl Subscriptions {
    // Socket.

    /// A socket is open: what its first flight subscribes to. From here on changes go out as outputs.
    pub fn first_flight(&mut self) -> Vec<SubscribeEntry> {
        self.disconnected();
        self.answers = Answers::Unknown;
        let mut entries = Vec::new();
        let mut again = Vec::new();
        for (&channel, nodes) in &mut self.channels {
            if nodes.whole.denied.take().is_some() && nodes.whole.active() {
                // Refused last time, so its topics stood alone: try the whole again, without them.
                again.extend(nodes.topics.keys().map(|topic| Subject::topic(channel, topic.as_str())));
                nodes.whole.wire.get_or_insert_with(|| WireSubscription::new(channel));
            }
        }
        for subject in again {
            self.drop_wire(&subject);
        }
        self.unsubscribe.clear();
        for (&channel, nodes) in &mut self.channels {
            for node in nodes.topics.values_mut() {
                node.denied = None;
            }
            for (subject, wire) in nodes.wires(channel) {
                (wire.asks, wire.unanswered) = (0, 0);
                let since = wire.ask();
                entries.push(SubscribeEntry { channel, topic: subject.topic, since });
            }
        }
        entries
    }

    /// The mode is known (again, after an upgrade).
    pub fn mode_known(&mut self, now: Now, mode: Mode) {
        let answers = match mode {
            Mode::V1 => Answers::Each,
            Mode::Basic => Answers::None,
        };
        let before = std::mem::replace(&mut self.answers, answers);
        let (mut news, mut asked_for) = (Vec::new(), Vec::new());
        for (&channel, nodes) in &mut self.channels {
            for (subject, wire) in nodes.wires(channel) {
                let asked = matches!(wire.phase, Phase::Asked);
                if answers == Answers::None && asked && wire.live_at_once() {
                    news.push(subject);
                } else if answers == Answers::Each && before == Answers::None && !asked {
                    // The answers to what was asked meanwhile are still to come.
                    wire.phase = Phase::Asked;
                    asked_for.push(subject);
                } else if asked {
                    asked_for.push(subject);
                }
            }
        }
        for subject in asked_for {
            self.progress(now, &subject);
        }
        for subject in news {
            self.offer_reset(&subject, Continuity::Snapshot);
        }
    }

    /// The socket is gone. States and cursors stay.
    pub fn disconnected(&mut self) {
        self.answers = Answers::NoSocket;
        self.subscribe.clear();
        self.unsubscribe.clear();
        for (&channel, nodes) in &mut self.channels {
            for node in nodes.covered_by(None).filter(|node| node.gap == Gap::Coming) {
                node.gap = Gap::None;
            }
            for (subject, wire) in nodes.wires(channel) {
                if let Some(at) = wire.due.take() {
                    self.timers.remove(&(at, subject, Due::Wire));
                }
                wire.phase = Phase::Idle;
            }
        }
    }

    // Outputs.

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<SubOutput> {
        if let Some(output) = self.out.pop_front() {
            return Some(output);
        }
        if !self.unsubscribe.is_empty() {
            return Some(SubOutput::Unsubscribe(std::mem::take(&mut self.unsubscribe)));
        }
        (!self.subscribe.is_empty()).then(|| SubOutput::Subscribe(std::mem::take(&mut self.subscribe)))
    }

    // Getters.

    /// Repeats, holes and what fell out of full folds, so far.
    pub fn counts(&self) -> SubCounts {
        self.counts
    }

    /// Epoch, seq and items, when the state is held. Epoch is empty and seq 0 in basic mode.
    pub fn fold_items(&self, subject: &Subject) -> Option<(String, u64, Vec<Rc<Event>>)> {
        if subject.channel == Channel::System {
            return Some((String::new(), 0, Vec::new()));
        }
        let nodes = self.channels.get(&subject.channel)?;
        let topic = subject.topic.as_deref();
        let held = |topic| nodes.node(topic).and_then(|node| node.wire.as_ref()?.state.as_ref());
        if let Some(held) = held(topic) {
            return Some((held.epoch.clone(), held.cursor, held.fold.items(None)));
        }
        let whole = held(None)?;
        Some((whole.epoch.clone(), whole.cursor, whole.fold.items(topic)))
    }

    // Inside.

    fn node_mut(&mut self, subject: &Subject) -> Option<&mut nodes::Node> {
        self.channels.get_mut(&subject.channel)?.node_mut(subject.topic.as_deref())
    }

    fn wire_mut(&mut self, subject: &Subject) -> Option<&mut WireSubscription> {
        self.node_mut(subject)?.wire.as_mut()
    }
}

impl crate::consumers::Folds for Subscriptions {
    fn state(&self, subject: &Subject) -> Option<(u64, Vec<Rc<Event>>)> {
        self.fold_items(subject).map(|(_, seq, items)| (seq, items))
    }
}

#[cfg(test)]
mod tests;
