//! What a published message carries, and how a subscriber finds it again. Pure.

use sentinelops_protocol::{Channel, Json, Outbound, Priority};
use serde_json::json;
use std::fmt;

/// Names one message of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Random, so that messages of an earlier run are distinguished.
    pub run: u32,
    /// Which publisher, from 0.
    pub publisher: u64,
    /// Which message of it, from 0.
    pub number: u64,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "load-{:08x}-{}-{}", self.run, self.publisher, self.number)
    }
}

impl Mark {
    /// Reads the mark at the start of an id or of a message's content; `None` for what no run wrote.
    pub fn read(text: &str) -> Option<Self> {
        let mark = text.split(' ').next()?.strip_prefix("load-")?;
        let mut parts = mark.split('-');
        let run = u32::from_str_radix(parts.next()?, 16).ok()?;
        let (publisher, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { run, publisher, number })
    }

    /// The command: a chat message of `bytes` characters, or of as many as the mark needs.
    pub fn command(&self, conversation: &str, bytes: usize, now_ms: u64) -> String {
        let id = self.to_string();
        let filled = bytes.saturating_sub(id.len() + 1);
        let content = if filled == 0 { id.clone() } else { format!("{id} {}", "x".repeat(filled)) };
        let payload = Json::from_value(&json!({ "conversationId": conversation, "content": content }));
        Outbound {
            id: &id,
            kind: "chat.message",
            channel: Channel::Chat,
            payload: &payload.unwrap_or_else(|_| Json::null()),
            timestamp: now_ms,
            priority: Priority::Normal,
        }
        .encode()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::{ClientMessage, Limits, decode_client_frame};

    #[test]
    fn a_mark_is_read_back_from_the_command() {
        let mark = Mark { run: 0xab, publisher: 3, number: 12_345 };
        let text = mark.command("c", 200, 5);
        let decoded = decode_client_frame(text.as_bytes(), &Limits::to_server()).expect("readable");
        let ClientMessage::Command(command) = &decoded.messages[0] else { panic!("no command") };
        assert_eq!(Mark::read(&command.id), Some(mark));
        let payload: serde_json::Value = command.payload.read().expect("JSON");
        let content = payload["content"].as_str().expect("text");
        assert_eq!((Mark::read(content), content.len()), (Some(mark), 200));
    }

    #[test]
    fn what_people_write_is_no_mark() {
        for text in ["", "load", "load-1-2", "load-1-2-3-4", "load-x-2-3", "hello load-1-2-3"] {
            assert_eq!(Mark::read(text), None, "{text}");
        }
    }
}
