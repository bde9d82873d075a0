//! Under which key the state keeps an event, and for how long.

use crate::StoredEvent;
use sentinelops_protocol::domain::{AlertChange, IncidentStatus};
use sentinelops_protocol::{Payload, decode_payload};

/// How rows of the state are pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Kept until it changes class: open incidents, alerts that are not cleared, agents.
    Open = 0,
    /// Resolved incidents and cleared alerts: the newest of each channel.
    Finished = 1,
    /// Messages of a conversation, activity, timelines: the newest of each topic.
    Newest = 2,
    /// Receipts.
    Mark = 3,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub key: String,
    /// Among what the newest are counted.
    pub topic: String,
    pub class: Class,
}

/// `None` for an event that leaves no state.
pub(super) fn place(event: &StoredEvent) -> Option<Place> {
    let (payload, _) = decode_payload(&event.kind, event.merged.as_ref().unwrap_or(&event.payload));
    let all = String::new;
    let class = |open| if open { Class::Open } else { Class::Finished };
    let place = match payload {
        Payload::Incident(incident) => {
            use sentinelops_protocol::domain::Patch;
            let resolved = matches!(incident.data.status, Patch::Set(IncidentStatus::Resolved));
            Place { key: incident.incident_id, topic: all(), class: class(!resolved) }
        }
        Payload::Agent(agent) => Place { key: agent.agent_id, topic: all(), class: Class::Open },
        Payload::Alert(alert) => {
            let open = alert.change != AlertChange::Cleared;
            Place { key: alert.id, topic: all(), class: class(open) }
        }
        // JSON keeps the parts apart, whatever characters they hold.
        Payload::Chat(message) => Place {
            key: serde_json::json!([message.conversation_id, message.id]).to_string(),
            topic: message.conversation_id,
            class: Class::Newest,
        },
        Payload::Receipt(receipt) => Place {
            key: serde_json::json!([receipt.conversation_id, receipt.user_id, event.kind]).to_string(),
            topic: receipt.conversation_id,
            class: Class::Mark,
        },
        Payload::Activity(activity) => Place { key: activity.id, topic: all(), class: Class::Newest },
        Payload::Timeline(entry) => Place { key: entry.id, topic: entry.incident_id, class: Class::Newest },
        Payload::Typing(_) | Payload::Viewing(_) | Payload::Raw(_) => return None,
    };
    Some(place)
}
