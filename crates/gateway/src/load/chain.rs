//! The chain of `seq` and `prev` on each subscription of a connection. Pure.

use sentinelops_protocol::system::Subscribed;
use sentinelops_protocol::{Channel, Event};

/// The cursors of a connection.
#[derive(Debug, Default)]
pub struct Chain {
    cursors: Vec<Cursor>,
    /// Events whose `prev` was not the cursor, and numbered events of no subscription.
    pub holes: u64,
}

#[derive(Debug)]
struct Cursor {
    channel: Channel,
    topic: Option<String>,
    seq: u64,
}

impl Chain {
    /// A subscription begins at its base.
    pub fn subscribed(&mut self, subscribed: &Subscribed) {
        let Subscribed { channel, topic, seq, .. } = subscribed;
        match self.cursor(*channel, topic.as_deref()) {
            Some(cursor) => cursor.seq = *seq,
            None => {
                self.cursors.push(Cursor { channel: *channel, topic: topic.clone(), seq: *seq });
            }
        }
    }

    /// An event without a `seq` (typing) has no place in it. After a hole the chain goes on at the event.
    pub fn event(&mut self, event: &Event) {
        let Some(seq) = event.seq else { return };
        let is_next = match self.cursor(event.channel, event.topic.as_deref()) {
            None => false,
            // A repeat leaves the cursor where it is; as a message of the run it is counted as doubled.
            Some(cursor) if seq <= cursor.seq => true,
            Some(cursor) => event.prev == Some(std::mem::replace(&mut cursor.seq, seq)),
        };
        self.holes += u64::from(!is_next);
    }

    fn cursor(&mut self, channel: Channel, topic: Option<&str>) -> Option<&mut Cursor> {
        self.cursors.iter_mut().find(|cursor| cursor.channel == channel && cursor.topic.as_deref() == topic)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use sentinelops_protocol::domain::ChatMessage;
    use sentinelops_protocol::system::Continuity;
    use sentinelops_protocol::{Payload, Priority};

    pub fn chat(content: &str, seq: Option<u64>, prev: Option<u64>) -> Event {
        Event {
            id: None,
            kind: "chat.message".into(),
            channel: Channel::Chat,
            topic: None,
            payload: Payload::Chat(ChatMessage {
                id: "m".into(),
                conversation_id: "c".into(),
                sender_id: "u".into(),
                content: content.into(),
                timestamp: 0,
                extra: None,
            }),
            timestamp: None,
            priority: Priority::Normal,
            seq,
            prev,
            cause: None,
        }
    }

    fn holes(events: &[(u64, u64)]) -> u64 {
        let mut chain = Chain::default();
        chain.subscribed(&Subscribed {
            channel: Channel::Chat,
            topic: None,
            epoch: "e".into(),
            seq: 5,
            continuity: Continuity::Snapshot,
        });
        for (seq, prev) in events {
            chain.event(&chat("hi", Some(*seq), Some(*prev)));
        }
        chain.holes
    }

    #[test]
    fn numbers_may_skip_but_not_the_chain() {
        assert_eq!(holes(&[(7, 5), (8, 7), (20, 8)]), 0);
        assert_eq!(holes(&[(7, 6), (8, 7)]), 1, "the first event is not behind the base");
        assert_eq!(holes(&[(7, 5), (9, 8), (10, 9)]), 1, "one is left out");
        assert_eq!(holes(&[(7, 5), (7, 5), (8, 7)]), 0, "a repeat is no hole");
    }

    #[test]
    fn an_event_of_no_subscription_is_a_hole_and_typing_is_none() {
        let mut chain = Chain::default();
        chain.event(&chat("hi", None, None));
        assert_eq!(chain.holes, 0);
        chain.event(&chat("hi", Some(1), Some(0)));
        assert_eq!(chain.holes, 1);
    }
}
