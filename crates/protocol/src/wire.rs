//! The JSON shapes of the domain messages, and nothing else. One struct a message, `From` both ways.

use crate::domain::{
    Activity, AgentStatus, Alert, AlertChange, ChatMessage, IncidentChange, IncidentEvent, IncidentPatch,
    IncidentStatus, IncidentUpdate, Patch, Presence, Receipt, ReceiptKind, Severity, Typing,
};
use crate::problem::clip;
use crate::{Json, Payload, Problem, ProblemKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

type Rest = BTreeMap<String, serde_json::Value>;

fn extra(rest: Rest) -> Option<Json> {
    if rest.is_empty() { None } else { Json::from_value(&rest).ok() }
}

fn rest(extra: Option<&Json>) -> Rest {
    extra.and_then(|json| json.read().ok()).unwrap_or_default()
}

fn patch<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Patch<T>, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.map_or(Patch::Clear, Patch::Set))
}

fn keep<T>(patch: &Patch<T>) -> bool {
    matches!(patch, Patch::Keep)
}

fn write_patch<T: Serialize, S: Serializer>(patch: &Patch<T>, serializer: S) -> Result<S::Ok, S::Error> {
    match patch {
        Patch::Set(value) => serializer.serialize_some(value),
        _ => serializer.serialize_none(),
    }
}

fn map<A, B>(patch: Patch<A>, f: impl FnOnce(A) -> B) -> Patch<B> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(value) => Patch::Set(f(value)),
    }
}

macro_rules! patch_fields {
    ($(#[$meta:meta])* struct $name:ident { $($field:ident : $ty:ty),+ $(,)? }) => {
        $(#[$meta])*
        struct $name {
            $(#[serde(default, deserialize_with = "patch", serialize_with = "write_patch", skip_serializing_if = "keep")]
            $field: Patch<$ty>,)+
            #[serde(flatten)]
            rest: Rest,
        }
    };
}

patch_fields! {
    #[derive(Serialize, Deserialize, Default)]
    #[serde(rename_all = "camelCase")]
    struct IncidentData { title: String, severity: String, status: String, assigned_to: String, created_at: u64, updated_at: u64 }
}

impl From<IncidentData> for IncidentPatch {
    fn from(wire: IncidentData) -> Self {
        Self {
            title: wire.title,
            severity: map(wire.severity, |s| Severity::parse(&s)),
            status: map(wire.status, |s| IncidentStatus::parse(&s)),
            assigned_to: wire.assigned_to,
            created_at: wire.created_at,
            updated_at: wire.updated_at,
            extra: extra(wire.rest),
        }
    }
}

impl From<IncidentPatch> for IncidentData {
    fn from(patch: IncidentPatch) -> Self {
        Self {
            title: patch.title,
            severity: map(patch.severity, |s| s.as_str().to_owned()),
            status: map(patch.status, |s| s.as_str().to_owned()),
            assigned_to: patch.assigned_to,
            created_at: patch.created_at,
            updated_at: patch.updated_at,
            rest: rest(patch.extra.as_ref()),
        }
    }
}

/// The id of an update; its other fields are an [`IncidentData`] read from the same text, so that a
/// report can still name the path (a flattened struct cannot).
#[derive(Deserialize)]
struct UpdateId {
    #[serde(alias = "incidentId")]
    id: String,
}

#[derive(Serialize)]
struct Update {
    id: String,
    #[serde(flatten)]
    data: IncidentData,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Incident {
    incident_id: String,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(default)]
    data: IncidentData,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Agent {
    agent_id: String,
    status: String,
    last_seen: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chat {
    id: String,
    conversation_id: String,
    sender_id: String,
    content: String,
    timestamp: u64,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReceipt {
    conversation_id: String,
    user_id: String,
    up_to: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireTyping {
    conversation_id: String,
    user_id: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert {
    id: String,
    severity: String,
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    incident_id: Option<String>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize, Deserialize)]
struct WireActivity {
    id: String,
    actor: String,
    action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    timestamp: u64,
    #[serde(flatten)]
    rest: Rest,
}

/// `Ok(None)` for a type without a typed payload.
pub(crate) fn read(kind: &str, json: &str) -> Result<Option<Payload>, Box<Problem>> {
    let incident = |change| {
        parse::<Incident>(kind, json).map(|w| {
            Payload::Incident(IncidentEvent { incident_id: w.incident_id, change, data: w.data.into() })
        })
    };
    let receipt = |kind_of| {
        parse::<WireReceipt>(kind, json).map(|w| {
            Payload::Receipt(Receipt {
                kind: kind_of,
                conversation_id: w.conversation_id,
                user_id: w.user_id,
                up_to: w.up_to,
            })
        })
    };
    let alert = |change| {
        parse::<WireAlert>(kind, json).map(|w| {
            Payload::Alert(Alert {
                id: w.id,
                change,
                severity: Severity::parse(&w.severity),
                title: w.title,
                source: w.source,
                incident_id: w.incident_id,
                extra: extra(w.rest),
            })
        })
    };
    let payload = match kind {
        "incident.created" => incident(IncidentChange::Created),
        "incident.updated" => incident(IncidentChange::Updated),
        "incident.resolved" => incident(IncidentChange::Resolved),
        "incident.escalated" => incident(IncidentChange::Escalated),
        "agent.status" => parse::<Agent>(kind, json).map(|w| {
            Payload::Agent(AgentStatus {
                agent_id: w.agent_id,
                status: Presence::parse(&w.status),
                last_seen: w.last_seen,
                name: w.name,
                extra: extra(w.rest),
            })
        }),
        "chat.message" => parse::<Chat>(kind, json).map(|w| {
            Payload::Chat(ChatMessage {
                id: w.id,
                conversation_id: w.conversation_id,
                sender_id: w.sender_id,
                content: w.content,
                timestamp: w.timestamp,
                extra: extra(w.rest),
            })
        }),
        "chat.delivered" => receipt(ReceiptKind::Delivered),
        "chat.read" => receipt(ReceiptKind::Read),
        "chat.typing" => parse::<WireTyping>(kind, json)
            .map(|w| Payload::Typing(Typing { conversation_id: w.conversation_id, user_id: w.user_id })),
        "alert.raised" => alert(AlertChange::Raised),
        "alert.acknowledged" => alert(AlertChange::Acknowledged),
        "alert.cleared" => alert(AlertChange::Cleared),
        "activity.event" => parse::<WireActivity>(kind, json).map(|w| {
            Payload::Activity(Activity {
                id: w.id,
                actor: w.actor,
                action: w.action,
                target: w.target,
                timestamp: w.timestamp,
                extra: extra(w.rest),
            })
        }),
        _ => return Ok(None),
    };
    payload.map(Some)
}

pub(crate) fn read_update(json: &str) -> Result<IncidentUpdate, Box<Problem>> {
    const KIND: &str = "incident.update";
    let UpdateId { id } = parse(KIND, json)?;
    let mut data: IncidentData = parse(KIND, json)?;
    data.rest.remove("id");
    data.rest.remove("incidentId");
    Ok(IncidentUpdate { id, changes: data.into() })
}

pub(crate) fn write_update(update: &IncidentUpdate) -> Json {
    let update = Update { id: update.id.clone(), data: update.changes.clone().into() };
    Json::from_value(&update).unwrap_or_else(|_| Json::null())
}

/// What a valid JSON text is, if it is no object.
pub(crate) fn not_an_object(json: &[u8]) -> Option<&'static str> {
    match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => None,
        Some(b'[') => Some("an array"),
        Some(b'"') => Some("a string"),
        Some(b't' | b'f') => Some("a boolean"),
        Some(b'n') => Some("null"),
        Some(_) => Some("a number"),
        None => Some("nothing"),
    }
}

/// Fast without a path; on failure once more with one, for the report.
pub(crate) fn parse<'a, T: Deserialize<'a>>(kind: &str, json: &'a str) -> Result<T, Box<Problem>> {
    // Without this serde would take an array for a struct, field by field in their order.
    if let Some(found) = not_an_object(json.as_bytes()) {
        return Err(Box::new(Problem {
            kind: ProblemKind::PayloadMismatch,
            id: None,
            channel: None,
            message_type: clip(kind),
            path: "payload".to_owned(),
            expected: "an object".to_owned(),
            found: found.to_owned(),
        }));
    }
    parse_any(kind, json)
}

/// The same for JSON of any kind.
pub(crate) fn parse_any<'a, T: Deserialize<'a>>(kind: &str, json: &'a str) -> Result<T, Box<Problem>> {
    serde_json::from_str(json).map_err(|_| {
        let mut reader = serde_json::Deserializer::from_str(json);
        let (path, message) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Ok(_) => (String::new(), "trailing characters".to_owned()),
            Err(error) => (error.path().to_string(), error.inner().to_string()),
        };
        let path = match path.as_str() {
            "" | "." => "payload".to_owned(),
            item if item.starts_with('[') => format!("payload{item}"),
            field => format!("payload.{field}"),
        };
        Box::new(Problem::from_serde(ProblemKind::PayloadMismatch, kind, path, &message))
    })
}

pub(crate) fn write(payload: &Payload) -> Json {
    let json = match payload {
        Payload::Incident(event) => {
            let IncidentEvent { incident_id, change, data } = event.clone();
            let change = match change {
                IncidentChange::Created => "created",
                IncidentChange::Updated => "updated",
                IncidentChange::Resolved => "resolved",
                IncidentChange::Escalated => "escalated",
            };
            Json::from_value(&Incident { incident_id, kind: Some(change.to_owned()), data: data.into() })
        }
        Payload::Agent(a) => Json::from_value(&Agent {
            agent_id: a.agent_id.clone(),
            status: a.status.as_str().to_owned(),
            last_seen: a.last_seen,
            name: a.name.clone(),
            rest: rest(a.extra.as_ref()),
        }),
        Payload::Chat(c) => Json::from_value(&Chat {
            id: c.id.clone(),
            conversation_id: c.conversation_id.clone(),
            sender_id: c.sender_id.clone(),
            content: c.content.clone(),
            timestamp: c.timestamp,
            rest: rest(c.extra.as_ref()),
        }),
        Payload::Receipt(r) => Json::from_value(&WireReceipt {
            conversation_id: r.conversation_id.clone(),
            user_id: r.user_id.clone(),
            up_to: r.up_to,
        }),
        Payload::Typing(t) => Json::from_value(&WireTyping {
            conversation_id: t.conversation_id.clone(),
            user_id: t.user_id.clone(),
        }),
        Payload::Alert(a) => Json::from_value(&WireAlert {
            id: a.id.clone(),
            severity: a.severity.as_str().to_owned(),
            title: a.title.clone(),
            source: a.source.clone(),
            incident_id: a.incident_id.clone(),
            rest: rest(a.extra.as_ref()),
        }),
        Payload::Activity(a) => Json::from_value(&WireActivity {
            id: a.id.clone(),
            actor: a.actor.clone(),
            action: a.action.clone(),
            target: a.target.clone(),
            timestamp: a.timestamp,
            rest: rest(a.extra.as_ref()),
        }),
        Payload::Raw(json) => return json.clone(),
    };
    // These shapes hold text, numbers and maps with text keys: serde_json cannot refuse them.
    json.unwrap_or_else(|_| Json::null())
}
