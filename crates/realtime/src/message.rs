//! What to send.

mod incident_edit;
mod new_incident;

pub use incident_edit::IncidentEdit;
pub use new_incident::NewIncident;

use crate::PayloadError;
use sentinelops_engine::SendRequest;
use sentinelops_protocol::{
    Channel, Json, Priority,
    domain::{Alert, Presence, Severity},
};
use serde::{Serialize, Serializer};
use std::{fmt, rc::Rc};

/// Names a message this page sent: a ULID, minted when `send` was called. The server knows the
/// message by it, however often it travels.
///
/// ```
/// use sentinelops_realtime::{Client, Message, MessageId};
///
/// fn greet(client: &Client) -> bool {
///     let id: MessageId = client.send(Message::chat("ops", "hello")).id();
///     client.send_state(&id).is_some()
/// }
/// # let _ = greet;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Rc<str>);

impl MessageId {
    /// As text.
    ///
    /// ```
    /// use sentinelops_realtime::MessageId;
    ///
    /// let id = MessageId::from("01JD9Q5X5WQ4M3R6K9V1B7T2C8");
    /// assert_eq!(id.as_str(), id.to_string());
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for MessageId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<&str> for MessageId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

/// What receipts of a conversation have in common while they wait.
fn receipts(conversation: &str) -> String {
    format!("receipt/{conversation}")
}

/// A message to send: the documented envelope without the id, which `send` mints, and how it is
/// to be treated on the way.
///
/// ```
/// use sentinelops_realtime::{IncidentEdit, Message};
/// use sentinelops_realtime::protocol::{Channel, Priority, domain::IncidentStatus};
///
/// // Typed:
/// let typed = Message::from(IncidentEdit::new("inc-123").status(IncidentStatus::Resolved));
/// // Any payload that serialises:
/// let own = Message::new(Channel::Activity, "deploy.started", &("api", 42))?
///     .priority(Priority::High)
///     .coalesce("deploy/api");
/// # let _ = (typed, own);
/// # Ok::<(), sentinelops_realtime::PayloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    channel: Channel,
    kind: String,
    payload: Json,
    priority: Priority,
    ordering_key: Option<String>,
    coalesce: Option<String>,
    queue: bool,
    ephemeral: bool,
}

impl Message {
    /// A message of any type with any payload.
    ///
    /// # Errors
    /// [`PayloadError`] when it cannot be written as JSON.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::Message;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Deploy {
    ///     service: String,
    /// }
    ///
    /// let deploy = Deploy { service: "api".to_owned() };
    /// let message = Message::new(Channel::Activity, "deploy.started", &deploy)?;
    /// assert_eq!(message.payload().as_str(), r#"{"service":"api"}"#);
    /// # Ok::<(), sentinelops_realtime::PayloadError>(())
    /// ```
    pub fn new<T: Serialize + ?Sized>(
        channel: Channel,
        kind: impl Into<String>,
        payload: &T,
    ) -> Result<Self, PayloadError> {
        let kind = kind.into();
        match Json::from_value(payload) {
            Ok(json) => Ok(Self::raw(channel, kind, json)),
            Err(reason) => Err(PayloadError { kind, reason }),
        }
    }

    /// A message whose payload is JSON already.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Json};
    /// use sentinelops_realtime::Message;
    ///
    /// let json = Json::parse(r#"{"service": "api"}"#)?;
    /// let message = Message::raw(Channel::Activity, "deploy.started", json);
    /// # let _ = message;
    /// # Ok::<(), sentinelops_realtime::protocol::JsonError>(())
    /// ```
    pub fn raw(channel: Channel, kind: impl Into<String>, payload: Json) -> Self {
        Self {
            channel,
            kind: kind.into(),
            payload,
            priority: Priority::default(),
            ordering_key: None,
            coalesce: None,
            queue: true,
            ephemeral: false,
        }
    }

    /// `chat.message` to a conversation. The server sets who sent it and when.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, Message};
    ///
    /// fn say(client: &Client, words: &str) {
    ///     client.send(Message::chat("conv-1", words));
    /// }
    /// ```
    pub fn chat(conversation: &str, content: &str) -> Self {
        Self::object(Channel::Chat, "chat.message", &[("content", content), ("conversationId", conversation)])
    }

    /// `chat.typing`: dropped silently when it cannot leave at once.
    ///
    /// ```
    /// use sentinelops_realtime::Message;
    ///
    /// assert!(Message::typing("conv-1").is_ephemeral());
    /// ```
    pub fn typing(conversation: &str) -> Self {
        Self::object(Channel::Chat, "chat.typing", &[("conversationId", conversation)]).ephemeral()
    }

    /// `incident.viewing`: who else has this incident open. Only matters now.
    ///
    /// ```
    /// use sentinelops_realtime::Message;
    ///
    /// assert!(Message::viewing("inc-1").is_ephemeral());
    /// ```
    pub fn viewing(incident: &str) -> Self {
        Self::object(Channel::Incidents, "incident.viewing", &[("id", incident)]).ephemeral()
    }

    /// `chat.delivered`: everything up to this server time (ms) came in. The client sends it by itself
    /// for the conversations on the page. Of the receipts of a conversation that have not left yet, in any
    /// tab, those are dropped that another replaces: one of the same kind that goes as far, or a
    /// `chat.read` that does, since what was read has been delivered.
    ///
    /// ```
    /// use sentinelops_realtime::Message;
    ///
    /// let message = Message::chat_delivered("conv-1", 1_700_000_000_000);
    /// assert_eq!(message.kind(), "chat.delivered");
    /// ```
    pub fn chat_delivered(conversation: &str, up_to: u64) -> Self {
        Self::value(Channel::Chat, "chat.delivered", &UpTo { conversation, up_to })
            .coalesce(receipts(conversation))
            .priority(Priority::Low)
    }

    /// `chat.read`: everything up to this server time (ms) was seen. It replaces others as
    /// [`Message::chat_delivered`] says.
    ///
    /// ```
    /// use sentinelops_realtime::Message;
    ///
    /// let message = Message::chat_read("conv-1", 1_700_000_000_000);
    /// assert_eq!(message.payload().as_str(), r#"{"conversationId":"conv-1","upTo":1700000000000}"#);
    /// ```
    pub fn chat_read(conversation: &str, up_to: u64) -> Self {
        Self::value(Channel::Chat, "chat.read", &UpTo { conversation, up_to })
            .coalesce(receipts(conversation))
    }

    /// `alert.acknowledge`: somebody looks after it. Critical alerts go first.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::Alert;
    /// use sentinelops_realtime::{Client, Message, SentMessage};
    ///
    /// fn take(client: &Client, alert: &Alert) -> SentMessage {
    ///     client.send(Message::acknowledge(alert))
    /// }
    /// ```
    pub fn acknowledge(alert: &Alert) -> Self {
        let priority = match alert.severity {
            Severity::Critical => Priority::Critical,
            Severity::High => Priority::High,
            _ => Priority::Normal,
        };
        Self::object(Channel::Alerts, "alert.acknowledge", &[("id", &alert.id)]).priority(priority)
    }

    /// `agent.status` of oneself: available, away and so on. A later one replaces an earlier one
    /// that has not left yet.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::domain::Presence;
    /// use sentinelops_realtime::{Client, Message};
    ///
    /// fn lunch(client: &Client) {
    ///     client.send(Message::presence(&Presence::Away));
    /// }
    /// ```
    pub fn presence(status: &Presence) -> Self {
        Self::object(Channel::Agents, "agent.status", &[("status", status.as_str())]).coalesce("presence")
    }

    fn object(channel: Channel, kind: &str, fields: &[(&str, &str)]) -> Self {
        Self::value(channel, kind, &Texts(fields))
    }

    fn value<T: Serialize>(channel: Channel, kind: &str, payload: &T) -> Self {
        // Objects with text keys: serde_json cannot refuse them.
        Self::raw(channel, kind, Json::from_value(payload).unwrap_or_else(|_| Json::null()))
    }

    /// How urgent. Default normal.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Priority;
    /// use sentinelops_realtime::Message;
    ///
    /// let message = Message::chat("ops", "failing over now").priority(Priority::Critical);
    /// # let _ = message;
    /// ```
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// What it stays in order with. Default: its incident or conversation.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Json};
    /// use sentinelops_realtime::Message;
    ///
    /// // Steps of one deployment arrive in the order they were sent, also over a lost connection.
    /// let step = Message::raw(Channel::Activity, "deploy.step", Json::null()).ordering_key("deploy/api");
    /// # let _ = step;
    /// ```
    pub fn ordering_key(mut self, key: impl Into<String>) -> Self {
        self.ordering_key = Some(key.into());
        self
    }

    /// It replaces an earlier message with the same value that has not left yet.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Json};
    /// use sentinelops_realtime::Message;
    ///
    /// // Of a slider moved while offline only the last position is sent.
    /// let level = Message::raw(Channel::Activity, "volume.set", Json::parse("7")?).coalesce("volume");
    /// # let _ = level;
    /// # Ok::<(), sentinelops_realtime::protocol::JsonError>(())
    /// ```
    pub fn coalesce(mut self, key: impl Into<String>) -> Self {
        self.coalesce = Some(key.into());
        self
    }

    /// It is refused at once while there is no connection, and never stored.
    ///
    /// ```
    /// use sentinelops_realtime::Message;
    ///
    /// // Pointless an hour later: without a connection it fails at once, and the user sees that.
    /// let message = Message::chat("ops", "can anybody look right now?").unqueued();
    /// # let _ = message;
    /// ```
    pub fn unqueued(mut self) -> Self {
        self.queue = false;
        self
    }

    /// It is dropped silently when it cannot leave at once.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Json};
    /// use sentinelops_realtime::Message;
    ///
    /// let cursor = Message::raw(Channel::Activity, "cursor.moved", Json::parse("[3, 4]")?).ephemeral();
    /// assert!(cursor.is_ephemeral());
    /// # Ok::<(), sentinelops_realtime::protocol::JsonError>(())
    /// ```
    pub fn ephemeral(mut self) -> Self {
        self.ephemeral = true;
        self
    }

    /// The channel.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::Message;
    ///
    /// assert_eq!(Message::chat("conv-1", "hello").channel(), Channel::Chat);
    /// ```
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The dotted type.
    ///
    /// ```
    /// use sentinelops_realtime::Message;
    ///
    /// assert_eq!(Message::chat("conv-1", "hello").kind(), "chat.message");
    /// ```
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The payload.
    ///
    /// ```
    /// use sentinelops_realtime::{IncidentEdit, Message};
    ///
    /// let message = Message::from(IncidentEdit::new("123").title("Disk full"));
    /// assert_eq!(message.payload().as_str(), r#"{"id":"123","title":"Disk full"}"#);
    /// ```
    pub fn payload(&self) -> &Json {
        &self.payload
    }

    /// Whether it is dropped silently when it cannot leave at once.
    ///
    /// ```
    /// use sentinelops_realtime::Message;
    ///
    /// assert!(!Message::chat("conv-1", "hello").is_ephemeral());
    /// ```
    pub fn is_ephemeral(&self) -> bool {
        self.ephemeral
    }

    pub(crate) fn into_request(self, id: &MessageId) -> SendRequest {
        SendRequest {
            id: id.to_string(),
            kind: self.kind,
            channel: self.channel,
            payload: self.payload,
            priority: self.priority,
            ordering_key: self.ordering_key,
            coalesce: self.coalesce,
            queue: self.queue,
            ephemeral: self.ephemeral,
            again: false,
        }
    }
}

/// The payload of a receipt.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpTo<'a> {
    #[serde(rename = "conversationId")]
    conversation: &'a str,
    up_to: u64,
}

/// A payload of texts.
struct Texts<'a>(&'a [(&'a str, &'a str)]);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::domain::IncidentStatus;

    #[test]
    fn typed_messages_are_the_documented_ones() {
        let message = Message::from(IncidentEdit::new("123").status(IncidentStatus::Resolved));
        assert_eq!((message.channel(), message.kind()), (Channel::Incidents, "incident.update"));
        assert_eq!(message.payload().as_str(), r#"{"id":"123","status":"resolved"}"#);
        let chat = Message::chat("conv-1", "hello");
        assert_eq!(chat.payload().as_str(), r#"{"content":"hello","conversationId":"conv-1"}"#);
        assert!(Message::typing("conv-1").is_ephemeral());
    }

    #[test]
    fn the_receipts_of_a_conversation_replace_each_other_while_unsent() {
        let slot = |message: Message| message.into_request(&"m".into()).coalesce;
        assert_eq!(slot(Message::chat_read("a", 1)), slot(Message::chat_delivered("a", 2)));
        assert_ne!(slot(Message::chat_read("a", 1)), slot(Message::chat_read("b", 1)));
    }
}
