//! Conversations: messages, receipts, typing.

use crate::Json;
use serde::{Deserialize, Serialize};

/// `chat.message`.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"id": "m1", "conversationId": "c1", "senderId": "ann", "content": "hi", "timestamp": 5}"#)?;
/// let (payload, problem) = decode_payload("chat.message", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Chat(message) if message.content == "hi"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Its id.
    pub id: String,
    /// Which conversation.
    pub conversation_id: String,
    /// Who wrote it; the server sets it.
    pub sender_id: String,
    /// What was written. Text, never HTML.
    pub content: String,
    /// When the server took it, ms since the epoch.
    pub timestamp: u64,
    /// Other fields: a JSON object.
    pub extra: Option<Json>,
}

/// The kind of a receipt.
///
/// ```
/// use sentinelops_protocol::domain::ReceiptKind;
///
/// let tick = |kind| match kind {
///     ReceiptKind::Delivered => "✓",
///     ReceiptKind::Read => "✓✓",
/// };
/// assert_eq!(tick(ReceiptKind::Read), "✓✓");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReceiptKind {
    /// `chat.delivered`: it arrived on the user's device.
    Delivered,
    /// `chat.read`: the user saw it.
    Read,
}

/// `chat.delivered` and `chat.read`: a watermark, merged by maximum.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"conversationId": "c1", "userId": "ann", "upTo": 5}"#)?;
/// let (payload, problem) = decode_payload("chat.read", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Receipt(receipt) if receipt.up_to == 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Delivered or read.
    pub kind: ReceiptKind,
    /// Which conversation.
    pub conversation_id: String,
    /// Whose receipt; the server sets it.
    pub user_id: String,
    /// Server timestamp (ms) of the newest message it covers.
    pub up_to: u64,
}

/// `chat.typing`: never queued, never kept.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"conversationId": "c1", "userId": "ann"}"#)?;
/// let (payload, problem) = decode_payload("chat.typing", &json);
/// assert_eq!(problem, None);
/// assert!(matches!(payload, Payload::Typing(typing) if typing.user_id == "ann"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typing {
    /// Which conversation.
    pub conversation_id: String,
    /// Who types.
    pub user_id: String,
}
