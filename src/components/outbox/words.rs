//! What a message does, in words.

use crate::components::people::Names;
use sentinelops_engine::MessageInfo;
use sentinelops_protocol::domain::{IncidentStatus, IncidentUpdate, Patch};
use sentinelops_protocol::{Fields, decode_incident_update};

/// The change of an incident that a message asks for; `None`: it is another kind of message.
pub fn change_of(message: &MessageInfo) -> Option<IncidentUpdate> {
    (message.kind == "incident.update").then(|| decode_incident_update(&message.payload).ok())?
}

/// "Resolve inc-7"; the message's type where there are no words for it.
pub fn message_words(message: &MessageInfo, names: &Names) -> String {
    if let Some(change) = change_of(message) {
        return change_words(&change, names);
    }
    let field = |name: &str| Fields::of(&message.kind, &message.payload).ok()?.text(name).ok();
    match &*message.kind {
        "incident.create" => field("title").map(|title| format!("Create incident: {title}")),
        "chat.message" => field("content").map(|text| format!("Message: {text}")),
        "alert.acknowledge" => field("id").map(|id| format!("Acknowledge alert {id}")),
        _ => None,
    }
    .unwrap_or_else(|| message.kind.clone())
}

fn change_words(update: &IncidentUpdate, names: &Names) -> String {
    let IncidentUpdate { id, changes } = update;
    match (&changes.status, &changes.assigned_to) {
        (Patch::Set(IncidentStatus::Acknowledged), Patch::Set(who)) => {
            format!("Acknowledge {id} and assign it to {}", names.of(who))
        }
        (Patch::Set(status), _) => match status {
            IncidentStatus::New => format!("Set {id} to new"),
            IncidentStatus::Acknowledged => format!("Acknowledge {id}"),
            IncidentStatus::Investigating => format!("Investigate {id}"),
            IncidentStatus::Escalated => format!("Escalate {id}"),
            IncidentStatus::Resolved => format!("Resolve {id}"),
            IncidentStatus::Other(word) => format!("Set {id} to {word}"),
        },
        (_, Patch::Set(who)) => format!("Assign {id} to {}", names.of(who)),
        (_, Patch::Clear) => format!("Unassign {id}"),
        _ => match (&changes.title, &changes.severity) {
            (Patch::Set(title), Patch::Keep) => format!("Rename {id}: {title}"),
            (Patch::Keep, Patch::Set(severity)) => format!("Set {id} to {severity}"),
            _ => format!("Change {id}"),
        },
    }
}
