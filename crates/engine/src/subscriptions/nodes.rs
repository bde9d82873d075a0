//! Who wants what: counts, lingering, and which subscription serves it.

use super::wire::WireSubscription;
use sentinelops_protocol::sort::sort_by;
use sentinelops_protocol::{Channel, Subject};
use std::collections::HashMap;

/// A channel or a topic of it.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub wants: u32,
    /// Nobody wants it any more, but the subscription stays until then (monotonic ms): people who
    /// change a page and come back cost nothing.
    pub lingers: Option<u64>,
    /// The server's words when it refused, until the next connection.
    pub denied: Option<String>,
    pub wire: Option<WireSubscription>,
    /// The state shown to its consumers has a gap since, reported for a subscription that another replaced.
    pub gap: Gap,
}

/// A gap that no snapshot has reported yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Gap {
    #[default]
    None,
    /// The state that it belongs to is on its way; a new connection asks again.
    Coming,
    /// The next snapshot reports it.
    Due,
}

impl Node {
    pub fn active(&self) -> bool {
        self.wants > 0 || self.lingers.is_some()
    }
}

/// A channel with its topics.
#[derive(Debug, Default)]
pub(super) struct ChannelNodes {
    pub whole: Node,
    pub topics: HashMap<String, Node>,
}

impl ChannelNodes {
    /// One connection never holds a channel and a topic of it: the whole serves its topics, unless
    /// the server refuses it.
    pub fn whole_serves(&self) -> bool {
        self.whole.active() && self.whole.denied.is_none()
    }

    pub fn node(&self, topic: Option<&str>) -> Option<&Node> {
        match topic {
            None => Some(&self.whole),
            Some(topic) => self.topics.get(topic),
        }
    }

    /// A channel with its topics, or one topic.
    pub fn covered_by(&mut self, topic: Option<&str>) -> impl Iterator<Item = &mut Node> {
        let whole = topic.is_none().then_some(&mut self.whole);
        let topics = self.topics.iter_mut().filter(move |(name, _)| topic.is_none_or(|topic| topic == *name));
        whole.into_iter().chain(topics.map(|(_, node)| node))
    }

    pub fn node_mut(&mut self, topic: Option<&str>) -> Option<&mut Node> {
        match topic {
            None => Some(&mut self.whole),
            Some(topic) => self.topics.get_mut(topic),
        }
    }

    pub fn entry(&mut self, topic: Option<&String>) -> &mut Node {
        match topic {
            None => &mut self.whole,
            Some(topic) => {
                if !self.topics.contains_key(topic) {
                    self.topics.insert(topic.clone(), Node::default());
                }
                // Just inserted where it was missing.
                self.topics.entry(topic.clone()).or_default()
            }
        }
    }

    /// Subscriptions of this channel, the whole first, topics in order.
    pub fn wires(&mut self, channel: Channel) -> Vec<(Subject, &mut WireSubscription)> {
        let whole = self.whole.wire.as_mut().map(|wire| (Subject::channel(channel), wire));
        let mut topics: Vec<_> = self
            .topics
            .iter_mut()
            .filter_map(|(topic, node)| Some((Subject::topic(channel, topic.as_str()), node.wire.as_mut()?)))
            .collect();
        sort_by(&mut topics, |a, b| a.0.cmp(&b.0));
        whole.into_iter().chain(topics).collect()
    }
}
