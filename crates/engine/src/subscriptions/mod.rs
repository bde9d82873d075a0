//! Subscriptions: what is wanted, what is on the wire, how far each was seen, and its state.
//!
//! What consumers want is counted per subject ([`nodes`]); one connection never holds overlapping
//! subscriptions, so a topic is served by its whole channel where that is wanted too. Each
//! subscription on the wire keeps its cursor beside the state it is valid for ([`wire`]).

mod nodes;
mod wire;

use crate::fold::topic_of;
use crate::{Mode, Now};
use nodes::ChannelNodes;
use sentinelops_protocol::system::{Continuity, Snapshot, SubscribeEntry, Subscribed};
use sentinelops_protocol::{Channel, Code, Event, Problem, Subject};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use wire::{Phase, Step, Wire};

/// The wire's `unsubscribe` waits so long after the last want, ms.
const LINGER_MS: u64 = 5_000;
/// Asked again so often without progress, a subscription slows down.
const ASKS_AT_ONCE: u32 = 3;
/// Most ms between two asks.
const MAX_ASK_DELAY_MS: u64 = 30_000;

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
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SubCounts {
    pub repeats: u64,
    pub holes: u64,
}

/// All subscriptions of one engine.
pub(crate) struct Subscriptions {
    channels: BTreeMap<Channel, ChannelNodes>,
    /// Ends of lingering, and asks put off.
    timers: BTreeSet<(u64, Subject)>,
    on_wire: bool,
    mode: Option<Mode>,
    subscribe: Vec<SubscribeEntry>,
    unsubscribe: Vec<Subject>,
    out: VecDeque<SubOutput>,
    counts: SubCounts,
}

impl Subscriptions {
    pub fn new() -> Self {
        Self {
            channels: BTreeMap::new(),
            timers: BTreeSet::new(),
            on_wire: false,
            mode: None,
            subscribe: Vec::new(),
            unsubscribe: Vec::new(),
            out: VecDeque::new(),
            counts: SubCounts::default(),
        }
    }

    // Commands.

    /// Counted: as many `unwant` take it back.
    pub fn want(&mut self, _now: Now, subject: Subject) {
        let nodes = self.channels.entry(subject.channel).or_default();
        let node = nodes.entry(subject.topic.as_ref());
        let was_active = node.active();
        node.wants = node.wants.saturating_add(1);
        if let Some(until) = node.lingers.take() {
            self.timers.remove(&(until, subject.clone()));
        }
        if let Some(message) = node.denied.clone() {
            return self.out.push_back(SubOutput::Denied { subject, message });
        }
        if was_active || subject.channel == Channel::System {
            return;
        }
        match &subject.topic {
            None => {
                let topics: Vec<String> = nodes.topics.keys().cloned().collect();
                for topic in topics {
                    self.drop_wire(&Subject::topic(subject.channel, topic));
                }
                self.add_wire(&subject);
            }
            Some(_) if nodes.whole_serves() => {}
            Some(_) => self.add_wire(&subject),
        }
    }

    /// See [`Self::want`].
    pub fn unwant(&mut self, now: Now, subject: &Subject) {
        let Some(node) = self.node_mut(subject) else { return };
        if node.wants == 0 {
            return;
        }
        node.wants -= 1;
        if node.wants == 0 {
            let until = now.mono.saturating_add(LINGER_MS);
            node.lingers = Some(until);
            self.timers.insert((until, subject.clone()));
        }
    }

    // Socket.

    /// A socket is open: what its first flight subscribes to. From here on changes go out as outputs.
    pub fn first_flight(&mut self, now: Now) -> Vec<SubscribeEntry> {
        self.disconnected(now);
        self.on_wire = true;
        let mut entries = Vec::new();
        let mut again = Vec::new();
        for (&channel, nodes) in &mut self.channels {
            if nodes.whole.denied.take().is_some() && nodes.whole.active() {
                // Refused last time, so its topics stood alone: try the whole again, without them.
                again.extend(nodes.topics.keys().map(|topic| Subject::topic(channel, topic.as_str())));
                nodes.whole.wire.get_or_insert_with(|| Wire::new(channel));
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
                wire.asks = 0;
                let since = wire.ask();
                entries.push(SubscribeEntry { channel, topic: subject.topic, since });
            }
        }
        entries
    }

    /// The mode is known (again, after an upgrade).
    pub fn mode_known(&mut self, _now: Now, mode: Mode) {
        let before = self.mode.replace(mode);
        let mut news = Vec::new();
        for (&channel, nodes) in &mut self.channels {
            for (subject, wire) in nodes.wires(channel) {
                let asked = matches!(wire.phase, Phase::Asked);
                if mode == Mode::Basic && asked && wire.live_at_once() {
                    news.push(subject);
                } else if mode == Mode::V1 && before == Some(Mode::Basic) && !asked {
                    // The answers to what was asked meanwhile are still to come.
                    wire.phase = Phase::Asked;
                }
            }
        }
        for subject in news {
            self.tell_reset(&subject, Continuity::Snapshot);
        }
    }

    /// The socket is gone. States and cursors stay.
    pub fn disconnected(&mut self, _now: Now) {
        self.on_wire = false;
        self.mode = None;
        self.subscribe.clear();
        self.unsubscribe.clear();
        for (&channel, nodes) in &mut self.channels {
            for (subject, wire) in nodes.wires(channel) {
                if let Phase::Later(at) = wire.phase {
                    self.timers.remove(&(at, subject));
                }
                wire.phase = Phase::Idle;
            }
        }
    }

    /// An event arrived.
    pub fn event(&mut self, now: Now, mut event: Event) {
        event.timestamp.get_or_insert(now.wall);
        let Some(nodes) = self.channels.get_mut(&event.channel) else { return };
        if event.channel == Channel::System {
            if nodes.whole.wants > 0 {
                let subject = Subject::channel(Channel::System);
                self.out.push_back(SubOutput::Event { subject, event: Rc::new(event) });
            }
            return;
        }
        let has = |topic: &str| nodes.topics.get(topic).is_some_and(|node| node.wire.is_some());
        let topic = match event.topic.as_deref() {
            Some(topic) if has(topic) => Some(topic.to_owned()),
            _ if nodes.whole.wire.is_some() => None,
            _ => match topic_of(&event.payload) {
                Some(topic) if has(topic) => Some(topic.to_owned()),
                _ => return,
            },
        };
        let channel = event.channel;
        let Some(wire) = nodes.node_mut(topic.as_deref()).and_then(|node| node.wire.as_mut()) else {
            return;
        };
        let step = wire.event(event);
        self.carry_out(now, &Subject { channel, topic }, step);
    }

    /// The server's answer to one entry.
    pub fn subscribed(&mut self, now: Now, answer: Subscribed) {
        let subject = Subject { channel: answer.channel, topic: answer.topic.clone() };
        let Some(wire) = self.wire_mut(&subject) else { return };
        let step = wire.subscribed(&answer);
        self.carry_out(now, &subject, step);
    }

    /// A part of a state.
    pub fn snapshot(&mut self, now: Now, snapshot: Snapshot) {
        let subject = Subject { channel: snapshot.channel, topic: snapshot.topic.clone() };
        let Some(wire) = self.wire_mut(&subject) else { return };
        let mut problems = Vec::new();
        let step = wire.snapshot(snapshot, &mut problems);
        self.out.extend(problems.into_iter().map(SubOutput::Problem));
        self.carry_out(now, &subject, step);
    }

    /// The server refuses a subscription: until the next connection.
    pub fn denied(&mut self, _now: Now, subject: &Subject, code: &Code, message: String) {
        let message = if message.is_empty() { code.to_string() } else { message };
        let Some(nodes) = self.channels.get_mut(&subject.channel) else { return };
        let Some(node) = nodes.node_mut(subject.topic.as_deref()) else { return };
        let Some(wire) = node.wire.as_mut() else { return };
        wire.phase = Phase::Denied;
        wire.held = None;
        node.denied = Some(message.clone());
        if node.wants > 0 {
            self.out.push_back(SubOutput::Denied { subject: subject.clone(), message });
        }
        if subject.topic.is_none() {
            // Perhaps single topics are allowed.
            nodes.whole.wire = None;
            let topics: Vec<String> = nodes
                .topics
                .iter()
                .filter(|(_, node)| node.active())
                .map(|(topic, _)| topic.clone())
                .collect();
            for topic in topics {
                self.add_wire(&Subject::topic(subject.channel, topic));
            }
        }
    }

    // Time.

    /// Ends of lingering, and asks put off.
    pub fn timeout(&mut self, now: Now) {
        while self.timers.first().is_some_and(|(at, _)| *at <= now.mono) {
            let Some((at, subject)) = self.timers.pop_first() else { return };
            let Some(node) = self.node_mut(&subject) else { continue };
            if node.lingers == Some(at) {
                node.lingers = None;
                self.ended(&subject);
            } else if let Some(wire) = &mut node.wire
                && matches!(wire.phase, Phase::Later(due) if due == at)
            {
                let since = wire.ask();
                let Subject { channel, topic } = subject;
                self.subscribe.push(SubscribeEntry { channel, topic, since });
            }
        }
    }

    /// Monotonic ms.
    pub fn next_timeout(&self) -> Option<u64> {
        self.timers.first().map(|(at, _)| *at)
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

    /// Repeats and holes so far.
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
        let held = |topic| nodes.node(topic).and_then(|node| node.wire.as_ref()?.held.as_ref());
        if let Some(held) = held(topic) {
            return Some((held.epoch.clone(), held.cursor, held.fold.items(None)));
        }
        let whole = held(None)?;
        Some((whole.epoch.clone(), whole.cursor, whole.fold.items(topic)))
    }

    /// Keys the folds dropped because there were too many.
    pub fn dropped_keys(&self) -> u64 {
        let nodes = self.channels.values().flat_map(|nodes| nodes.topics.values().chain([&nodes.whole]));
        nodes.filter_map(|node| Some(node.wire.as_ref()?.held.as_ref()?.fold.dropped())).sum()
    }

    // Inside.

    fn node_mut(&mut self, subject: &Subject) -> Option<&mut nodes::Node> {
        self.channels.get_mut(&subject.channel)?.node_mut(subject.topic.as_deref())
    }

    fn wire_mut(&mut self, subject: &Subject) -> Option<&mut Wire> {
        self.node_mut(subject)?.wire.as_mut()
    }

    fn add_wire(&mut self, subject: &Subject) {
        let (on_wire, basic) = (self.on_wire, self.mode == Some(Mode::Basic));
        let Some(node) = self.node_mut(subject) else { return };
        let wire = node.wire.insert(Wire::new(subject.channel));
        if !on_wire {
            return;
        }
        let since = wire.ask();
        let at_once = basic && wire.live_at_once();
        let Subject { channel, topic } = subject.clone();
        self.subscribe.push(SubscribeEntry { channel, topic, since });
        if at_once {
            self.tell_reset(subject, Continuity::Snapshot);
        }
    }

    fn drop_wire(&mut self, subject: &Subject) {
        let Some(wire) = self.node_mut(subject).and_then(|node| node.wire.take()) else { return };
        if let Phase::Later(at) = wire.phase {
            self.timers.remove(&(at, subject.clone()));
        }
        self.subscribe.retain(|entry| entry.channel != subject.channel || entry.topic != subject.topic);
        if self.on_wire && !matches!(wire.phase, Phase::Idle | Phase::Denied) {
            self.unsubscribe.push(subject.clone());
        }
    }

    /// Nobody wants it, and nobody came back.
    fn ended(&mut self, subject: &Subject) {
        self.drop_wire(subject);
        let Some(nodes) = self.channels.get_mut(&subject.channel) else { return };
        match &subject.topic {
            Some(topic) => {
                nodes.topics.remove(topic);
            }
            None => {
                nodes.whole.denied = None;
                let topics: Vec<String> = nodes
                    .topics
                    .iter()
                    .filter(|(_, node)| node.active() && node.wire.is_none())
                    .map(|(topic, _)| topic.clone())
                    .collect();
                for topic in topics {
                    self.add_wire(&Subject::topic(subject.channel, topic));
                }
            }
        }
    }

    fn carry_out(&mut self, now: Now, subject: &Subject, step: Step) {
        match step {
            Step::Nothing => {}
            Step::Repeat => self.counts.repeats += 1,
            Step::Deliver(event) => self.tell_event(subject, &event),
            Step::Ask(hole) => {
                self.counts.holes += u64::from(hole);
                self.ask_again(now, subject);
            }
            Step::Reset(continuity, held) => {
                self.tell_reset(subject, continuity);
                for event in held {
                    let Some(wire) = self.wire_mut(subject) else { return };
                    let step = wire.event(event);
                    self.carry_out(now, subject, step);
                }
            }
        }
    }

    fn ask_again(&mut self, now: Now, subject: &Subject) {
        let Some(wire) = self.wire_mut(subject) else { return };
        let asks = wire.asks;
        if asks > ASKS_AT_ONCE {
            let delay = 1_000u64 << (asks - ASKS_AT_ONCE - 1).min(5);
            let at = now.mono.saturating_add(delay.min(MAX_ASK_DELAY_MS));
            wire.phase = Phase::Later(at);
            self.timers.insert((at, subject.clone()));
            let note = format!("{subject}: still incomplete after {asks} tries, asked again in {delay} ms");
            return self.out.push_back(SubOutput::Note(note));
        }
        let since = wire.ask();
        let Subject { channel, topic } = subject.clone();
        self.subscribe.push(SubscribeEntry { channel, topic, since });
    }

    fn tell_event(&mut self, subject: &Subject, event: &Rc<Event>) {
        let Some(nodes) = self.channels.get(&subject.channel) else { return };
        if nodes.node(subject.topic.as_deref()).is_some_and(|node| node.wants > 0) {
            self.out.push_back(SubOutput::Event { subject: subject.clone(), event: event.clone() });
        }
        if subject.topic.is_none()
            && let Some(topic) = topic_of(&event.payload).or(event.topic.as_deref())
            && nodes.topics.get(topic).is_some_and(|node| node.wants > 0)
        {
            let subject = Subject::topic(subject.channel, topic);
            self.out.push_back(SubOutput::Event { subject, event: event.clone() });
        }
    }

    fn tell_reset(&mut self, subject: &Subject, continuity: Continuity) {
        let Some(nodes) = self.channels.get(&subject.channel) else { return };
        let mut tell = |subject| self.out.push_back(SubOutput::Reset { subject, continuity });
        if nodes.node(subject.topic.as_deref()).is_some_and(|node| node.wants > 0) {
            tell(subject.clone());
        }
        if subject.topic.is_none() {
            let mut topics: Vec<&String> =
                nodes.topics.iter().filter(|(_, node)| node.wants > 0).map(|(topic, _)| topic).collect();
            topics.sort();
            for topic in topics {
                tell(Subject::topic(subject.channel, topic.as_str()));
            }
        }
    }
}

impl crate::consumers::Folds for Subscriptions {
    fn state(&self, subject: &Subject) -> Option<(u64, Vec<Rc<Event>>)> {
        self.fold_items(subject).map(|(_, seq, items)| (seq, items))
    }
}

#[cfg(test)]
mod tests;
