//! From the bytes of a frame to messages and problems. Nothing here panics on any input.

mod envelope;
mod system;

use crate::system::{ClientSystem, ServerSystem};
use crate::{
    Channel, ClientMessage, Command, Event, FrameError, Json, Limits, Payload, Problem, ProblemKind,
    ServerMessage, scan, wire,
};
use envelope::Envelope;
use serde_json::value::RawValue;

/// What was in a frame: messages in order, and what was wrong beside them.
///
/// ```
/// use sentinelops_protocol::{Limits, decode_server_frame};
///
/// let frame = br#"[{"type":"a.b","channel":"activity"}, {"type":"a.b","channel":"weather"}]"#;
/// let decoded = decode_server_frame(frame, &Limits::to_client())?;
/// // One bad part does not spoil the rest.
/// assert_eq!((decoded.messages.len(), decoded.problems.len()), (1, 1));
/// # Ok::<(), sentinelops_protocol::FrameError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded<M> {
    /// What can be delivered.
    pub messages: Vec<M>,
    /// What was refused or repaired, with where and why.
    pub problems: Vec<Problem>,
}

/// Reads a frame that a server sent.
///
/// # Errors
/// [`FrameError`] when nothing of it could be read. The socket stays either way.
///
/// ```
/// use sentinelops_protocol::{FrameError, Limits, decode_server_frame};
///
/// let frame = br#"{"type":"incident.created","channel":"incidents","payload":{"incidentId":"inc-1"}}"#;
/// assert_eq!(decode_server_frame(frame, &Limits::to_client())?.messages.len(), 1);
/// let error = decode_server_frame(b"hello", &Limits::to_client());
/// assert!(matches!(error, Err(FrameError::NotJson { .. })));
/// # Ok::<(), FrameError>(())
/// ```
pub fn decode_server_frame(bytes: &[u8], limits: &Limits) -> Result<Decoded<ServerMessage>, FrameError> {
    decode(bytes, limits, |envelope, problems| {
        if envelope.channel == Channel::System {
            match system::server(&envelope) {
                Ok(Some(system)) => return Some(ServerMessage::System(system)),
                Ok(None) => {}
                Err(problem) => problems.push(envelope.blame(*problem)),
            }
        }
        let payload = match wire::read(&envelope.kind, envelope.payload) {
            Ok(Some(payload)) => payload,
            Ok(None) => Payload::Raw(Json::of(envelope.payload)),
            Err(problem) => {
                problems.push(envelope.blame(*problem));
                Payload::Raw(Json::of(envelope.payload))
            }
        };
        Some(ServerMessage::Event(Event {
            id: envelope.id,
            kind: envelope.kind,
            channel: envelope.channel,
            topic: envelope.topic,
            payload,
            timestamp: envelope.timestamp,
            priority: envelope.priority,
            seq: envelope.seq,
            prev: envelope.prev,
            cause: envelope.cause,
        }))
    })
}

/// Reads a frame that a client sent. A command without an id is refused: the id is its idempotency key.
///
/// # Errors
/// [`FrameError`] when nothing of it could be read.
///
/// ```
/// use sentinelops_protocol::{ClientMessage, Limits, decode_client_frame};
///
/// let frame = br#"{"id":"m1","type":"chat.message","channel":"chat","payload":{"content":"hi"}}"#;
/// let decoded = decode_client_frame(frame, &Limits::to_server())?;
/// assert!(matches!(&decoded.messages[..], [ClientMessage::Command(command)] if command.id == "m1"));
/// # Ok::<(), sentinelops_protocol::FrameError>(())
/// ```
pub fn decode_client_frame(bytes: &[u8], limits: &Limits) -> Result<Decoded<ClientMessage>, FrameError> {
    decode(bytes, limits, |envelope, problems| {
        if envelope.channel == Channel::System {
            return match system::client(&envelope) {
                Ok(Some(system)) => Some(ClientMessage::System(envelope.id, system)),
                Ok(None) => {
                    problems.push(envelope.problem("type", "a known system message", &envelope.kind));
                    None
                }
                Err(problem) => {
                    problems.push(envelope.blame(*problem));
                    None
                }
            };
        }
        let Some(id) = envelope.id.clone() else {
            problems.push(envelope.problem("id", "1 to 64 characters", "nothing"));
            return None;
        };
        Some(ClientMessage::Command(Command {
            id,
            kind: envelope.kind,
            channel: envelope.channel,
            payload: Json::of(envelope.payload),
            timestamp: envelope.timestamp,
            priority: envelope.priority,
        }))
    })
}

fn decode<M>(
    bytes: &[u8],
    limits: &Limits,
    mut read: impl FnMut(Envelope<'_>, &mut Vec<Problem>) -> Option<M>,
) -> Result<Decoded<M>, FrameError> {
    if bytes.len() > limits.max_bytes {
        return Err(FrameError::TooBig { found: bytes.len(), allowed: limits.max_bytes });
    }
    if scan::depth_exceeds(bytes, limits.max_depth) {
        return Err(FrameError::TooDeep { allowed: limits.max_depth });
    }
    let mut decoded = Decoded { messages: Vec::new(), problems: Vec::new() };
    let mut one = |json: &str, at: Option<usize>| {
        let before = decoded.problems.len();
        match envelope::parse(json, &mut decoded.problems) {
            Ok(Some(envelope)) => {
                let channel = Some(envelope.channel);
                decoded.messages.extend(read(envelope, &mut decoded.problems));
                decoded.problems[before..].iter_mut().for_each(|problem| problem.channel = channel);
            }
            Ok(None) => {}
            Err(problem) => {
                let mut problem = *problem;
                if let Some(at) = at {
                    problem.path = format!("[{at}].{}", problem.path);
                }
                decoded.problems.push(problem);
            }
        };
    };
    // Tells "not JSON" (nothing is known of it) from "JSON, but not an envelope".
    let whole = serde_json::from_slice::<&RawValue>(bytes).map_err(not_json)?.get();
    if let Some(items) = scan::items(whole) {
        if items.len() > limits.max_batch {
            return Err(FrameError::TooMany { found: items.len(), allowed: limits.max_batch });
        }
        for (at, item) in items.into_iter().enumerate() {
            one(item, Some(at));
        }
    } else if whole.starts_with('{') {
        one(whole, None);
    } else {
        return Err(FrameError::NotJson { detail: "a bare value".to_owned() });
    }
    Ok(decoded)
}

fn not_json(error: serde_json::Error) -> FrameError {
    FrameError::NotJson { detail: error.to_string() }
}

/// A problem of an envelope that was refused.
fn bad(kind: &str, path: &str, expected: &str, found: &str) -> Box<Problem> {
    Box::new(Problem {
        kind: ProblemKind::BadEnvelope,
        id: None,
        channel: None,
        message_type: crate::problem::clip(kind),
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: crate::problem::clip(found),
    })
}

type SystemResult<T> = Result<Option<T>, Box<Problem>>;
type ServerResult = SystemResult<ServerSystem>;
type ClientResult = SystemResult<ClientSystem>;
