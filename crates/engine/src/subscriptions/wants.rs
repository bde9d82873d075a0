//! What consumers want, and what follows for the wire.

use super::waits::Due;
use super::wire::{Phase, WireSubscription};
use super::{Answers, SubOutput, Subscriptions};
use crate::Now;
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Channel, Subject};

/// How long (ms) `unsubscribe` waits after the last want.
pub(crate) const LINGER_MS: u64 = 5_000;

impl Subscriptions {
    /// Counted: as many `unwant` take it back.
    pub fn want(&mut self, now: Now, subject: Subject) {
        let nodes = self.channels.entry(subject.channel).or_default();
        let node = nodes.entry(subject.topic.as_ref());
        let was_active = node.active();
        node.wants = node.wants.saturating_add(1);
        if let Some(until) = node.lingers.take() {
            self.timers.remove(&(until, subject.clone(), Due::Linger));
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
                self.add_wire(now, &subject);
            }
            Some(_) if nodes.whole_serves() => {}
            Some(_) => self.add_wire(now, &subject),
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
            self.timers.insert((until, subject.clone(), Due::Linger));
        }
    }

    pub(super) fn add_wire(&mut self, now: Now, subject: &Subject) {
        let answers = self.answers;
        let Some(node) = self.node_mut(subject) else { return };
        node.wire = Some(WireSubscription::new(subject.channel));
        if answers == Answers::NoSocket {
            return;
        }
        self.ask(now, subject);
        if answers == Answers::None && self.wire_mut(subject).is_some_and(WireSubscription::live_at_once) {
            self.offer_reset(subject, Continuity::Snapshot);
        }
    }

    pub(super) fn drop_wire(&mut self, subject: &Subject) {
        self.set_due(subject, None);
        let Some(wire) = self.node_mut(subject).and_then(|node| node.wire.take()) else { return };
        self.subscribe.retain(|entry| entry.channel != subject.channel || entry.topic != subject.topic);
        if self.answers != Answers::NoSocket && !matches!(wire.phase, Phase::Idle | Phase::Denied) {
            self.unsubscribe.push(subject.clone());
        }
    }

    /// Nobody wants it, and nobody came back.
    pub(super) fn ended(&mut self, now: Now, subject: &Subject) {
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
                    self.add_wire(now, &Subject::topic(subject.channel, topic));
                }
            }
        }
    }
}
