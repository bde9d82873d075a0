//! The wire of SentinelOps: envelope, system messages, domain messages, close codes, limits.
//!
//! Pure (no clock, no IO, no randomness) and shared by both ends: the engine decodes with
//! [`decode_server_frame`], the gateway with [`decode_client_frame`]. Nothing here panics on what
//! comes from outside: a bad frame is a [`FrameError`], a bad part of a good frame is a
//! [`Problem`] beside the messages that were fine. `docs/protocol.md` is the text behind it.
//!
//! ```
//! use sentinelops_protocol::{Limits, Payload, ServerMessage, decode_server_frame};
//!
//! let frame = br#"{"type":"agent.status","channel":"agents","payload":{"agentId":"a1","status":"online","lastSeen":5}}"#;
//! let decoded = decode_server_frame(frame, &Limits::to_client()).unwrap();
//! let ServerMessage::Event(event) = &decoded.messages[0] else { panic!("not an event") };
//! assert!(matches!(&event.payload, Payload::Agent(a) if a.agent_id == "a1"));
//! ```
#![deny(missing_docs, clippy::unwrap_used)]

mod channel;
pub mod close;
mod codes;
mod decode;
pub mod domain;
mod encode;
mod fields;
mod json;
mod limits;
mod mention;
mod ordering;
mod payload;
mod problem;
mod scan;
#[doc(hidden)]
pub mod sort;
pub mod system;
mod watermark;
mod wire;
mod write;

pub use channel::{Channel, Priority, Subject};
pub use codes::Code;
pub use decode::{Decoded, decode_client_frame, decode_server_frame};
pub use encode::{Outbound, OutboundMeta, encode_batch, encode_client_system, encode_server_system};
pub use fields::Fields;
pub use json::{Json, JsonError};
pub use limits::Limits;
pub use mention::{mention, mentions};
pub use ordering::ordering_key;
pub use payload::{
    Payload, decode_incident_create, decode_incident_update, decode_payload, encode_incident_update,
    encode_payload, read_value,
};
pub use problem::{FrameError, Problem, ProblemKind};
pub use watermark::Watermark;

/// The protocol number a client says in `hello` and a v1 server repeats in `welcome`.
pub const PROTOCOL_VERSION: u32 = 1;

/// An event of a channel, as a client receives it.
///
/// Its serde derive is for the bridge between page and worker; the wire's JSON is [`Event::encode`].
///
/// ```
/// use sentinelops_protocol::{Event, Payload};
///
/// fn line(event: &Event) -> String {
///     match &event.payload {
///         Payload::Incident(incident) => format!("{} {}", event.kind, incident.incident_id),
///         _ => event.kind.clone(),
///     }
/// }
/// # let _ = line;
/// ```
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    /// The sender's id. Basic servers may leave it out or repeat it; nothing is deduplicated by it.
    pub id: Option<String>,
    /// The dotted type, e.g. `incident.created`.
    pub kind: String,
    /// The channel it belongs to.
    pub channel: Channel,
    /// Present when the subscription that brought it is narrowed by a topic.
    pub topic: Option<String>,
    /// Typed when type and shape fit, else the raw JSON.
    pub payload: Payload,
    /// Milliseconds since the epoch, as the server says; `None` means "use the receipt time".
    pub timestamp: Option<u64>,
    /// Absent on the wire is [`Priority::Normal`].
    pub priority: Priority,
    /// Position in the channel's history within an epoch (v1).
    pub seq: Option<u64>,
    /// `seq` of the last event or base this connection was sent on this subscription (v1).
    pub prev: Option<u64>,
    /// Id of the client message that brought this event about; counts as its ack.
    pub cause: Option<String>,
}

impl Event {
    /// Why the payload is raw although this version knows its type; `None` where it fits, or where
    /// the type is not known.
    ///
    /// ```
    /// use sentinelops_protocol::{Limits, ServerMessage, decode_server_frame};
    ///
    /// let frame = br#"{"type":"chat.typing","channel":"chat","payload":{"conversationId":"c1"}}"#;
    /// let decoded = decode_server_frame(frame, &Limits::to_client())?;
    /// let ServerMessage::Event(event) = &decoded.messages[0] else { panic!("not an event") };
    /// let problem = event.mismatch().expect("it does not say who types");
    /// assert_eq!(problem.to_string(), "chat.typing: payload: expected a field `userId`, found nothing");
    /// # Ok::<(), sentinelops_protocol::FrameError>(())
    /// ```
    pub fn mismatch(&self) -> Option<Problem> {
        match &self.payload {
            Payload::Raw(json) => {
                let problem = decode_payload(&self.kind, json).1?;
                Some(Problem { id: self.id.clone(), channel: Some(self.channel), ..problem })
            }
            _ => None,
        }
    }
}

/// A message a client sent on a channel other than `system`.
///
/// ```
/// use sentinelops_protocol::{Command, ordering_key};
///
/// /// Commands of one key are carried out in the order they came.
/// fn queue_of(command: &Command) -> Option<String> {
///     ordering_key(command.channel, &command.payload)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The idempotency key minted by the sender (1 to 64 chars).
    pub id: String,
    /// The dotted type, e.g. `incident.update`.
    pub kind: String,
    /// The channel it is meant for.
    pub channel: Channel,
    /// The payload as it was sent.
    pub payload: Json,
    /// Milliseconds since the epoch on the sender's clock, if given.
    pub timestamp: Option<u64>,
    /// Absent on the wire is [`Priority::Normal`].
    pub priority: Priority,
}

/// What a server may send.
///
/// ```
/// use sentinelops_protocol::{ServerMessage, system::ServerSystem};
///
/// fn is_sign_of_life(message: &ServerMessage) -> bool {
///     matches!(message, ServerMessage::System(ServerSystem::Pong(_)))
/// }
/// ```
// Events are nearly all of it: boxing them would cost an allocation each.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    /// A system message this crate knows.
    System(system::ServerSystem),
    /// Everything else, system messages of unknown type included (raw).
    Event(Event),
}

/// What a client may send.
///
/// ```
/// use sentinelops_protocol::ClientMessage;
///
/// fn to_be_acked(message: &ClientMessage) -> Option<&str> {
///     match message {
///         ClientMessage::Command(command) => Some(&command.id),
///         ClientMessage::System(..) => None,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    /// A system message this crate knows. The id is the envelope's, for `error` replies.
    System(Option<String>, system::ClientSystem),
    /// A message to a channel.
    Command(Command),
}
