//! What a record competes for with records of other gateways.

use super::super::links::{ALERT_KEY, text};
use crate::core::Record;
use crate::ingest::hash;
use sentinelops_protocol::domain::{IncidentChange, ReceiptKind};
use sentinelops_protocol::{Payload, decode_payload};

/// Activity events have no state to compete for; so many keys keep them from waiting for each other.
const ACTIVITY_KEYS: u64 = 64;

/// The key of a record: channel, `/`, and what the record was judged on. The log takes a record only when no other one of
/// this key came since.
pub(crate) fn key_of_record(record: &Record) -> String {
    let Some(event) = record.events.first() else {
        let user = record.accepted.as_ref().map_or("", |accepted| &accepted.user);
        return format!("none/{user}");
    };
    let (payload, _) = decode_payload(&event.kind, &event.payload);
    match payload {
        // Two gateways that are sent the same alert choose two ids: what they compete for is the alert's key.
        Payload::Incident(incident) if incident.change == IncidentChange::Created => {
            match text(incident.data.extra.as_ref(), ALERT_KEY) {
                Some(key) => format!("ingest/{key}"),
                None => format!("incidents/{}", incident.incident_id),
            }
        }
        Payload::Incident(incident) => format!("incidents/{}", incident.incident_id),
        Payload::Alert(alert) => format!("alerts/{}", alert.id),
        Payload::Agent(agent) => format!("agents/{}", agent.agent_id),
        Payload::Chat(message) => format!("chat/{}", message.conversation_id),
        Payload::Receipt(receipt) => {
            let kind = match receipt.kind {
                ReceiptKind::Delivered => "delivered",
                ReceiptKind::Read => "read",
            };
            format!("receipts/{}", hash(&[&receipt.conversation_id, &receipt.user_id, kind]))
        }
        Payload::Activity(activity) => {
            let number = activity.id.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
            format!("activity/{}", number % ACTIVITY_KEYS)
        }
        Payload::Timeline(entry) => format!("timeline/{}", entry.incident_id),
        Payload::Typing(_) | Payload::Viewing(_) | Payload::Raw(_) => format!("{}/other", event.channel),
    }
}
