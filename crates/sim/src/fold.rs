//! The page's own fold of a subject: written independently of the engine's and the gateway's, so
//! that the three can be compared.

use sentinelops_protocol::domain::{
    Activity, AgentStatus, Alert, AlertChange, ChatMessage, Incident, IncidentStatus, ReceiptKind,
};
use sentinelops_protocol::system::SnapshotItem;
use sentinelops_protocol::{Payload, decode_payload};
use std::collections::{BTreeMap, VecDeque};

const NEWEST: usize = 200;

/// The state of one subject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    incidents: BTreeMap<String, Incident>,
    agents: BTreeMap<String, AgentStatus>,
    alerts: BTreeMap<String, Alert>,
    chat: VecDeque<ChatMessage>,
    receipts: BTreeMap<(String, String, ReceiptKind), u64>,
    activity: VecDeque<Activity>,
}

impl Fold {
    /// The fold of a snapshot.
    pub fn of<'a>(payloads: impl IntoIterator<Item = &'a Payload>) -> Self {
        let mut fold = Self::default();
        for payload in payloads {
            fold.apply(payload);
        }
        fold
    }

    /// The fold of what a server would put into a snapshot.
    pub fn of_items(items: &[SnapshotItem]) -> Self {
        let mut fold = Self::default();
        for item in items {
            fold.apply(&decode_payload(&item.kind, &item.payload).0);
        }
        fold
    }

    /// One event more.
    pub fn apply(&mut self, payload: &Payload) {
        match payload {
            Payload::Incident(event) => {
                let fresh = || Incident::new(&event.incident_id);
                self.incidents.entry(event.incident_id.clone()).or_insert_with(fresh).apply(&event.data);
            }
            Payload::Agent(agent) => {
                self.agents.insert(agent.agent_id.clone(), agent.clone());
            }
            Payload::Alert(alert) => {
                self.alerts.insert(alert.id.clone(), alert.clone());
            }
            Payload::Chat(message) => push(&mut self.chat, message.clone()),
            Payload::Receipt(receipt) => {
                let key = (receipt.conversation_id.clone(), receipt.user_id.clone(), receipt.kind);
                let mark = self.receipts.entry(key).or_default();
                *mark = (*mark).max(receipt.up_to);
            }
            Payload::Activity(activity) => push(&mut self.activity, activity.clone()),
            // Timelines are not subscribed here.
            Payload::Typing(_) | Payload::Viewing(_) | Payload::Timeline(_) | Payload::Raw(_) => {}
        }
    }

    /// The same, except that of the conversation only the newest messages may be there: a topic
    /// shown out of the fold of its whole channel shares the channel's bound.
    pub fn ends_like(&self, other: &Self) -> bool {
        let missing = other.chat.len().saturating_sub(self.chat.len());
        self.receipts == other.receipts && self.chat.iter().eq(other.chat.iter().skip(missing))
    }

    /// Without what is finished and not at the server.
    #[must_use]
    pub fn as_kept_by(&self, server: &Self) -> Self {
        let mut fold = self.clone();
        fold.incidents.retain(|id, incident| {
            incident.status != Some(IncidentStatus::Resolved) || server.incidents.contains_key(id)
        });
        fold.alerts
            .retain(|id, alert| alert.change != AlertChange::Cleared || server.alerts.contains_key(id));
        fold
    }

    /// What differs, in a line.
    pub fn difference(&self, other: &Self) -> String {
        let counts = |f: &Self| {
            format!(
                "{} incidents, {} agents, {} alerts, {} chat, {} receipts, {} activity",
                f.incidents.len(),
                f.agents.len(),
                f.alerts.len(),
                f.chat.len(),
                f.receipts.len(),
                f.activity.len()
            )
        };
        let incident = self.incidents.iter().find(|(id, i)| other.incidents.get(*id) != Some(i));
        let mut text = format!("[{}] against [{}]", counts(self), counts(other));
        if let Some((id, incident)) = incident {
            text.push_str(&format!("; {id}: {incident:?} against {:?}", other.incidents.get(id)));
        }
        text
    }
}

fn push<T>(newest: &mut VecDeque<T>, item: T) {
    newest.push_back(item);
    if newest.len() > NEWEST {
        newest.pop_front();
    }
}
