//! What a log has lost and a gateway still holds.

use super::key::key_of_record;
use crate::core::{Durable, Gateway, Record, StoredEvent};
use sentinelops_protocol::{Payload, decode_payload};
use std::collections::{BTreeMap, BTreeSet};

/// What the state holds one of, and how new it is.
fn place(event: &StoredEvent) -> (String, u64) {
    let (payload, _) = decode_payload(&event.kind, &event.payload);
    let key = match &payload {
        Payload::Incident(incident) => format!("incidents/{}", incident.incident_id),
        Payload::Chat(message) => format!("chat/{}/{}", message.conversation_id, message.id),
        Payload::Receipt(receipt) => {
            let key = format!("receipts/{}/{}/{}", event.kind, receipt.conversation_id, receipt.user_id);
            return (key, receipt.up_to);
        }
        Payload::Activity(activity) => format!("activity/{}", activity.id),
        Payload::Timeline(entry) => format!("timeline/{}", entry.id),
        _ => key_of_record(&Record::new(0, None, vec![event.clone()])),
    };
    (key, event.timestamp)
}

impl Gateway {
    /// The records that bring back what this gateway holds and `loaded` lacks or holds older, oldest first, each with its
    /// key.
    pub fn missing_from(&self, loaded: &Durable) -> Vec<(String, Record)> {
        let ids: BTreeSet<_> = loaded.accepted().iter().map(|known| (&*known.user, &*known.id)).collect();
        let theirs: BTreeMap<String, u64> =
            loaded.records().iter().flat_map(|record| &record.events).map(place).collect();
        let is_missing = |record: &Record| {
            let id = record.accepted.as_ref().is_some_and(|id| !ids.contains(&(&*id.user, &*id.id)));
            id || record
                .events
                .iter()
                .map(place)
                .any(|(key, at)| theirs.get(&key).is_none_or(|known| *known < at))
        };
        let missing = self.durable().records().into_iter().filter(is_missing);
        missing.map(|record| (key_of_record(&record), record)).collect()
    }
}
