//! What a receipt says, and which others say no more than that.

use crate::domain::ReceiptKind;
use crate::{Channel, Json};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "upTo")]
    up_to: u64,
}

/// What `chat.delivered` or `chat.read` says of a conversation: delivered or read, up to a server
/// timestamp. Receipts are merged by maximum, so one that another covers need not be sent at all.
///
/// ```
/// use sentinelops_protocol::{Channel, Json, Watermark};
///
/// let mark = |kind, up_to| {
///     let payload = Json::parse(&format!(r#"{{"conversationId": "c1", "upTo": {up_to}}}"#)).ok()?;
///     Watermark::of(Channel::Chat, kind, &payload)
/// };
/// let covers = |one: Option<Watermark>, other| Some(one?.covers(&other?));
/// assert_eq!(covers(mark("chat.read", 9), mark("chat.read", 5)), Some(true));
/// // What was read has been delivered, but not the other way round.
/// assert_eq!(covers(mark("chat.read", 9), mark("chat.delivered", 9)), Some(true));
/// assert_eq!(covers(mark("chat.delivered", 9), mark("chat.read", 5)), Some(false));
/// assert_eq!(mark("chat.message", 9), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// Delivered or read.
    pub kind: ReceiptKind,
    /// Server timestamp, ms.
    pub up_to: u64,
}

impl Watermark {
    /// `None`: it is no receipt, or says nothing that can be compared.
    ///
    /// ```
    /// use sentinelops_protocol::domain::ReceiptKind;
    /// use sentinelops_protocol::{Channel, Json, Watermark};
    ///
    /// let payload = Json::parse(r#"{"conversationId": "c1", "upTo": 5}"#)?;
    /// let read = Watermark { kind: ReceiptKind::Read, up_to: 5 };
    /// assert_eq!(Watermark::of(Channel::Chat, "chat.read", &payload), Some(read));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(channel: Channel, kind: &str, payload: &Json) -> Option<Self> {
        let kind = match (channel, kind) {
            (Channel::Chat, "chat.delivered") => ReceiptKind::Delivered,
            (Channel::Chat, "chat.read") => ReceiptKind::Read,
            _ => return None,
        };
        let Fields { up_to } = payload.read().ok()?;
        Some(Self { kind, up_to })
    }

    /// Whether the other one, of the same conversation and user, says nothing beyond this one.
    ///
    /// ```
    /// use sentinelops_protocol::Watermark;
    /// use sentinelops_protocol::domain::ReceiptKind::{Delivered, Read};
    ///
    /// let delivered = Watermark { kind: Delivered, up_to: 5 };
    /// assert!(Watermark { kind: Read, up_to: 5 }.covers(&delivered));
    /// assert!(!Watermark { kind: Read, up_to: 4 }.covers(&delivered));
    /// ```
    pub fn covers(&self, other: &Self) -> bool {
        self.kind >= other.kind && self.up_to >= other.up_to
    }
}
