//! Payloads: from a type and raw JSON to a typed value, and back.

use crate::domain::{
    Activity, AgentStatus, Alert, ChatMessage, IncidentEvent, IncidentUpdate, Receipt, TimelineEntry, Typing,
    Viewing,
};
use crate::problem::clip;
use crate::{Json, Problem, ProblemKind, fields, scan, wire};
use serde::{Deserialize, Serialize};
use serde_path_to_error::{Path, Segment};

/// The payload of an event.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// // What does not fit its type is delivered raw, and reported: where, what is expected, what was found.
/// let (payload, problem) = decode_payload("agent.status", &Json::parse(r#"{"agentId": 7}"#)?);
/// assert!(matches!(payload, Payload::Raw(_)));
/// assert!(problem.is_some_and(|problem| problem.to_string().contains("agentId")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// Closed: engine, gateway and page each decide what every payload means to them, so that a new one is a new version.
pub enum Payload {
    /// `incident.created|updated|resolved|escalated`
    Incident(IncidentEvent),
    /// `agent.status`
    Agent(AgentStatus),
    /// `chat.message`
    Chat(ChatMessage),
    /// `chat.delivered|read`
    Receipt(Receipt),
    /// `chat.typing`
    Typing(Typing),
    /// `alert.raised|acknowledged|cleared`
    Alert(Alert),
    /// `activity.event`
    Activity(Activity),
    /// A type this version does not know, or a shape that does not fit its type.
    Raw(Json),
    /// `incident.viewing`
    Viewing(Viewing),
    /// `timeline.entry`. Boxed: it is the largest and the rarest.
    Timeline(Box<TimelineEntry>),
}

impl Payload {
    /// The key under which only the last one counts, for incidents, agents and alerts.
    ///
    /// ```
    /// use sentinelops_protocol::{Json, Payload, decode_payload};
    ///
    /// let json = Json::parse(r#"{"agentId": "ann", "status": "online", "lastSeen": 5}"#)?;
    /// let (payload, _) = decode_payload("agent.status", &json);
    /// assert_eq!(payload.key(), Some("ann"));
    /// assert_eq!(Payload::Raw(json).key(), None);
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Incident(event) => Some(&event.incident_id),
            Self::Agent(agent) => Some(&agent.agent_id),
            Self::Alert(alert) => Some(&alert.id),
            _ => None,
        }
    }

    /// Whether it is passed on to those who listen and kept nowhere: who types, who is viewing.
    ///
    /// ```
    /// use sentinelops_protocol::domain::Typing;
    /// use sentinelops_protocol::Payload;
    ///
    /// let typing = Typing { conversation_id: "c1".to_owned(), user_id: "ann".to_owned() };
    /// assert!(Payload::Typing(typing).is_ephemeral());
    /// ```
    pub fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Typing(_) | Self::Viewing(_))
    }

    /// The topic of its channel that it belongs to: the key of the thing it is about (incident, agent, alert), the
    /// conversation, or the target of an activity.
    ///
    /// ```
    /// use sentinelops_protocol::{Json, decode_payload};
    ///
    /// let json = Json::parse(r#"{"conversationId": "c1", "userId": "ann"}"#)?;
    /// let (payload, _) = decode_payload("chat.typing", &json);
    /// assert_eq!(payload.topic(), Some("c1"));
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn topic(&self) -> Option<&str> {
        match self {
            Self::Chat(message) => Some(&message.conversation_id),
            Self::Receipt(receipt) => Some(&receipt.conversation_id),
            Self::Typing(typing) => Some(&typing.conversation_id),
            Self::Activity(activity) => activity.target.as_deref(),
            Self::Viewing(viewing) => Some(&viewing.incident_id),
            Self::Timeline(entry) => Some(&entry.incident_id),
            other => other.key(),
        }
    }
}

/// Reads a payload as its type says. A type this version does not know, or a payload that does not
/// fit, comes back raw; the latter with the [`Problem`] to report.
///
/// ```
/// use sentinelops_protocol::{Json, Payload, decode_payload};
///
/// let json = Json::parse(r#"{"conversationId": "c1", "userId": "ann"}"#)?;
/// assert!(matches!(decode_payload("chat.typing", &json), (Payload::Typing(_), None)));
/// assert!(matches!(decode_payload("poll.opened", &json), (Payload::Raw(_), None)), "not known: no problem");
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
pub fn decode_payload(kind: &str, raw: &Json) -> (Payload, Option<Problem>) {
    match wire::read(kind, raw.as_str()) {
        Ok(Some(payload)) => (payload, None),
        Ok(None) => (Payload::Raw(raw.clone()), None),
        Err(problem) => (Payload::Raw(raw.clone()), Some(*problem)),
    }
}

/// Reads a payload of any kind of JSON as any shape: for types this crate has no struct for.
///
/// # Errors
/// Where it does not fit, what is expected there and what was found. What is expected is in the words of the type's
/// `Deserialize`.
///
/// ```
/// use sentinelops_protocol::{Json, read_value};
///
/// let json = Json::parse(r#"[1, "two"]"#)?;
/// let problem = read_value::<Vec<u32>>("steps", &json).unwrap_err();
/// assert_eq!(problem.to_string(), "steps: payload[1]: expected a whole number, found string \"two\"");
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
pub fn read_value<'a, T: Deserialize<'a>>(kind: &str, raw: &'a Json) -> Result<T, Box<Problem>> {
    // Fast without a path; on failure once more with one, for the report.
    raw.read().map_err(|_| {
        let mut reader = serde_json::Deserializer::from_str(raw.as_str());
        match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Ok(_) => mismatch(kind, "payload", "one value", "more after it"),
            Err(error) => unfit(kind, raw, error.path(), &error.inner().to_string()),
        }
    })
}

fn mismatch(kind: &str, path: &str, expected: &str, found: &str) -> Box<Problem> {
    Box::new(Problem {
        kind: ProblemKind::PayloadMismatch,
        id: None,
        channel: None,
        message_type: clip(kind),
        path: path.to_owned(),
        expected: clip(expected),
        found: clip(found),
    })
}

/// What does not fit a type of one's own: where and what was found by looking there, what is expected from the
/// message of its `Deserialize`.
fn unfit(kind: &str, raw: &Json, path: &Path, message: &str) -> Box<Problem> {
    let mut found = Some(raw.as_str());
    for step in path {
        found = match step {
            Segment::Seq { index } => {
                found.and_then(scan::items).and_then(|items| items.get(*index).copied())
            }
            Segment::Map { key } => found
                .and_then(scan::members)
                .and_then(|members| members.iter().find(|m| m.name == *key).map(|m| m.value)),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
    }
    let path = match path.to_string().as_str() {
        "" | "." => "payload".to_owned(),
        item if item.starts_with('[') => format!("payload{item}"),
        field => format!("payload.{field}"),
    };
    let message = message.split(" at line ").next().unwrap_or(message);
    if let Some(field) = message.strip_prefix("missing field ") {
        return mismatch(kind, &path, &format!("a field {field}"), "nothing");
    }
    let expected = match message.split_once(", expected ").map_or(message, |(_, expected)| expected) {
        "u64" | "u32" | "u16" | "u8" => "a whole number",
        "f64" => "a number",
        "a borrowed string" => "a string",
        "a sequence" => "an array",
        "a map" => "an object",
        text if text.starts_with("struct ") => "an object",
        text => text,
    };
    mismatch(kind, &path, expected, &found.map_or_else(|| "something else".to_owned(), fields::words))
}

/// Reads the payload of a client's `incident.update`: `{id, …changed fields}`.
///
/// # Errors
/// Where it does not fit, what is expected there and what was found.
///
/// ```
/// use sentinelops_protocol::domain::{IncidentStatus, Patch};
/// use sentinelops_protocol::{Json, decode_incident_update};
///
/// let update = decode_incident_update(&Json::parse(r#"{"id": "123", "status": "resolved"}"#)?);
/// assert_eq!(update.unwrap().changes.status, Patch::Set(IncidentStatus::Resolved));
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
pub fn decode_incident_update(raw: &Json) -> Result<IncidentUpdate, Box<Problem>> {
    wire::read_update("incident.update", raw.as_str())
}

/// Reads the payload of a client's `incident.create`: `{id, title, …fields}`.
///
/// # Errors
/// Where it does not fit, what is expected there and what was found. A title has to be there.
///
/// ```
/// use sentinelops_protocol::{Json, decode_incident_create};
///
/// let problem = decode_incident_create(&Json::parse(r#"{"id": "123"}"#)?).unwrap_err();
/// assert_eq!(problem.to_string(), "incident.create: payload: expected a field `title`, found nothing");
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
pub fn decode_incident_create(raw: &Json) -> Result<IncidentUpdate, Box<Problem>> {
    wire::read_create(raw.as_str())
}

/// Writes the payload of an `incident.update` or an `incident.create`.
///
/// ```
/// use sentinelops_protocol::domain::{IncidentPatch, IncidentUpdate, Patch};
/// use sentinelops_protocol::encode_incident_update;
///
/// let changes = IncidentPatch { assigned_to: Patch::Clear, ..IncidentPatch::default() };
/// let update = IncidentUpdate { id: "123".to_owned(), changes };
/// assert_eq!(encode_incident_update(&update).as_str(), r#"{"id":"123","assignedTo":null}"#);
/// ```
pub fn encode_incident_update(update: &IncidentUpdate) -> Json {
    wire::write_update(update)
}

/// Writes a payload as the JSON of the wire.
///
/// ```
/// use sentinelops_protocol::domain::Typing;
/// use sentinelops_protocol::{Payload, encode_payload};
///
/// let typing = Typing { conversation_id: "c1".to_owned(), user_id: "ann".to_owned() };
/// let json = encode_payload(&Payload::Typing(typing));
/// assert_eq!(json.as_str(), r#"{"conversationId":"c1","userId":"ann"}"#);
/// ```
pub fn encode_payload(payload: &Payload) -> Json {
    match payload {
        Payload::Raw(json) => json.clone(),
        typed => Json::of(&wire::write(typed)),
    }
}
