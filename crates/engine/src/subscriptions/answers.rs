//! Answers of the server to a subscription, and the consumers they are for.

use super::nodes::{Gap, Node};
use super::wire::{Phase, Transition};
use super::{SubOutput, Subscriptions};
use crate::Now;
use sentinelops_protocol::sort::sort_by;
use sentinelops_protocol::system::{Continuity, Snapshot, Subscribed};
use sentinelops_protocol::{Channel, Code, Event, Subject};
use std::rc::Rc;

impl Subscriptions {
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
            _ => match event.payload.topic() {
                Some(topic) if has(topic) => Some(topic.to_owned()),
                _ => return,
            },
        };
        let channel = event.channel;
        let Some(wire) = nodes.node_mut(topic.as_deref()).and_then(|node| node.wire.as_mut()) else {
            return;
        };
        let step = wire.event(event);
        self.counts.dropped += wire.take_dropped();
        self.carry_out(now, &Subject { channel, topic }, step);
    }

    /// The server's answer to one entry.
    pub fn subscribed(&mut self, now: Now, answer: Subscribed) {
        let subject = Subject { channel: answer.channel, topic: answer.topic.clone() };
        let Some(wire) = self.wire_mut(&subject) else {
            let gap = answer.continuity == Continuity::Gap;
            return self.turn_gaps(&subject, Gap::None, if gap { Gap::Coming } else { Gap::None });
        };
        let step = wire.subscribed(&answer);
        self.progress(now, &subject);
        self.carry_out(now, &subject, step);
    }

    /// A part of a state.
    pub fn snapshot(&mut self, now: Now, snapshot: Snapshot) {
        let subject = Subject { channel: snapshot.channel, topic: snapshot.topic.clone() };
        let Some(wire) = self.wire_mut(&subject) else {
            if snapshot.last {
                self.turn_gaps(&subject, Gap::Coming, Gap::Due);
            }
            return;
        };
        let mut problems = Vec::new();
        let step = wire.snapshot(snapshot, &mut problems);
        self.counts.dropped += wire.take_dropped();
        self.out.extend(problems.into_iter().map(SubOutput::Problem));
        self.progress(now, &subject);
        self.carry_out(now, &subject, step);
    }

    /// An answer to a subscription that another replaced meanwhile. Its state is not wanted any more, but consumers that were
    /// shown an earlier one get the gap with the next snapshot.
    fn turn_gaps(&mut self, subject: &Subject, from: Gap, to: Gap) {
        let Some(nodes) = self.channels.get_mut(&subject.channel) else { return };
        let nodes = nodes.covered_by(subject.topic.as_deref());
        nodes.filter(|node| node.wants > 0 && node.gap == from).for_each(|node| node.gap = to);
    }

    /// The server refuses a subscription: until the next connection.
    pub fn denied(&mut self, now: Now, subject: &Subject, code: &Code, message: String) {
        let message = if message.is_empty() { code.to_string() } else { message };
        self.set_due(subject, None);
        let Some(nodes) = self.channels.get_mut(&subject.channel) else { return };
        let Some(node) = nodes.node_mut(subject.topic.as_deref()) else { return };
        let Some(wire) = node.wire.as_mut() else { return };
        wire.phase = Phase::Denied;
        wire.state = None;
        node.denied = Some(message.clone());
        if node.wants > 0 {
            self.out.push_back(SubOutput::Denied { subject: subject.clone(), message });
        }
        if subject.topic.is_none() {
            // Single topics may be allowed.
            nodes.whole.wire = None;
            let topics: Vec<String> = nodes
                .topics
                .iter()
                .filter(|(_, node)| node.active())
                .map(|(topic, _)| topic.clone())
                .collect();
            for topic in topics {
                self.add_wire(now, &Subject::topic(subject.channel, topic));
            }
        }
    }

    fn carry_out(&mut self, now: Now, subject: &Subject, step: Transition) {
        match step {
            Transition::Nothing => {}
            Transition::Repeat => self.counts.repeats += 1,
            Transition::Deliver(event) => self.offer_event(subject, &event),
            Transition::Ask(hole) => {
                self.counts.holes += u64::from(hole);
                self.ask_again(now, subject);
            }
            Transition::Reset(continuity, held) => {
                self.counts.holes += u64::from(continuity == Continuity::Gap);
                self.offer_reset(subject, continuity);
                for event in held {
                    let Some(wire) = self.wire_mut(subject) else { return };
                    let step = wire.event(event);
                    self.counts.dropped += wire.take_dropped();
                    self.carry_out(now, subject, step);
                }
            }
        }
    }

    fn offer_event(&mut self, subject: &Subject, event: &Rc<Event>) {
        let Some(nodes) = self.channels.get(&subject.channel) else { return };
        if nodes.node(subject.topic.as_deref()).is_some_and(|node| node.wants > 0) {
            self.out.push_back(SubOutput::Event { subject: subject.clone(), event: event.clone() });
        }
        if subject.topic.is_none()
            && let Some(topic) = event.payload.topic().or(event.topic.as_deref())
            && nodes.topics.get(topic).is_some_and(|node| node.wants > 0)
        {
            let subject = Subject::topic(subject.channel, topic);
            self.out.push_back(SubOutput::Event { subject, event: event.clone() });
        }
    }

    pub(super) fn offer_reset(&mut self, subject: &Subject, continuity: Continuity) {
        let Some(nodes) = self.channels.get_mut(&subject.channel) else { return };
        let mut tell = |subject, node: &mut Node| {
            let gap = std::mem::take(&mut node.gap) == Gap::Due;
            let continuity = if gap { Continuity::Gap } else { continuity };
            self.out.push_back(SubOutput::Reset { subject, continuity });
        };
        if let Some(node) = nodes.node_mut(subject.topic.as_deref()).filter(|node| node.wants > 0) {
            tell(subject.clone(), node);
        }
        if subject.topic.is_none() {
            let mut topics: Vec<(&String, &mut Node)> =
                nodes.topics.iter_mut().filter(|(_, node)| node.wants > 0).collect();
            sort_by(&mut topics, |a, b| a.0.cmp(b.0));
            for (topic, node) in topics {
                tell(Subject::topic(subject.channel, topic.as_str()), node);
            }
        }
    }
}
