//! What an event weighs in a queue.
//!
//! Every text is counted, and every pattern names all fields: one that is added does not compile before
//! somebody decided what it weighs.

use sentinelops_protocol::domain::{
    Activity, AgentStatus, Alert, ChatMessage, IncidentEvent, IncidentPatch, Patch, Receipt, TimelineEntry,
    Typing, Viewing,
};
use sentinelops_protocol::{Event, Json, Payload};

/// Bytes of an event beside its texts: the struct itself, or the names and numbers of its JSON. Neither is more.
const FRAME: usize = 384;

/// Bytes of one event, for the bounds of a queue and of a batch: no less than it takes on the bridge, and no less
/// than its JSON where no character of it is escaped.
pub(super) fn weight(event: &Event) -> usize {
    let Event { id, kind, channel: _, topic, payload, timestamp: _, priority: _, seq: _, prev: _, cause } =
        event;
    FRAME + kind.len() + text(id) + text(topic) + text(cause) + payload_weight(payload)
}

fn payload_weight(payload: &Payload) -> usize {
    match payload {
        Payload::Incident(IncidentEvent { incident_id, change: _, data }) => {
            incident_id.len() + patch_weight(data)
        }
        Payload::Agent(AgentStatus { agent_id, status, last_seen: _, name, extra }) => {
            agent_id.len() + status.as_str().len() + text(name) + json(extra)
        }
        Payload::Chat(ChatMessage { id, conversation_id, sender_id, content, timestamp: _, extra }) => {
            id.len() + conversation_id.len() + sender_id.len() + content.len() + json(extra)
        }
        Payload::Receipt(Receipt { kind: _, conversation_id, user_id, up_to: _ })
        | Payload::Typing(Typing { conversation_id, user_id }) => conversation_id.len() + user_id.len(),
        Payload::Alert(Alert { id, change: _, severity, title, source, incident_id, extra }) => {
            let texts = id.len() + severity.as_str().len() + title.len();
            texts + text(source) + text(incident_id) + json(extra)
        }
        Payload::Activity(Activity { id, actor, action, target, timestamp: _, extra }) => {
            id.len() + actor.len() + action.len() + text(target) + json(extra)
        }
        Payload::Raw(raw) => raw.as_str().len(),
        Payload::Viewing(Viewing { incident_id, user_id }) => incident_id.len() + user_id.len(),
        Payload::Timeline(entry) => timeline_weight(entry),
    }
}

fn timeline_weight(entry: &TimelineEntry) -> usize {
    let TimelineEntry {
        id,
        incident_id,
        actor,
        action,
        timestamp: _,
        status,
        severity,
        assigned_to,
        alert_id,
        title,
        extra,
    } = entry;
    let changed = status.as_ref().map_or(0, |status| status.as_str().len())
        + severity.as_ref().map_or(0, |severity| severity.as_str().len())
        + set(assigned_to, String::len);
    let texts = id.len() + incident_id.len() + actor.len() + action.as_str().len();
    texts + changed + text(alert_id) + text(title) + json(extra)
}

fn patch_weight(data: &IncidentPatch) -> usize {
    let IncidentPatch { title, severity, status, assigned_to, created_at: _, updated_at: _, extra } = data;
    set(title, String::len)
        + set(severity, |severity| severity.as_str().len())
        + set(status, |status| status.as_str().len())
        + set(assigned_to, String::len)
        + json(extra)
}

fn text(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

fn json(json: &Option<Json>) -> usize {
    json.as_ref().map_or(0, |json| json.as_str().len())
}

fn set<T>(patch: &Patch<T>, weigh: impl FnOnce(&T) -> usize) -> usize {
    match patch {
        Patch::Set(value) => weigh(value),
        Patch::Keep | Patch::Clear => 0,
    }
}

#[cfg(test)]
mod tests;
