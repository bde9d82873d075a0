//! The applied state: what a snapshot shows, folded from every event.
//!
//! Bounded, because no message of the wire takes anything away: incidents and alerts keep the
//! newest (finished ones leave first), chat and activity the newest 200.

use sentinelops_protocol::domain::{
    Activity, AgentStatus, Alert, AlertChange, ChatMessage, Incident, IncidentChange, IncidentStatus,
    Receipt, ReceiptKind,
};
use sentinelops_protocol::system::SnapshotItem;
use sentinelops_protocol::{Channel, Json, Payload, Subject, encode_payload};
use std::collections::{BTreeMap, VecDeque};

/// Conversations remembered; the one untouched for longest makes room.
const MAX_CONVERSATIONS: usize = 500;

/// Chat messages and activity events in a snapshot.
pub const NEWEST: usize = 200;

#[derive(Clone, Debug, Default, PartialEq)]
struct Conversation {
    messages: VecDeque<ChatMessage>,
    receipts: BTreeMap<(String, ReceiptKind), u64>,
    touched: u64,
}

/// The state of all channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    incidents: BTreeMap<String, Incident>,
    agents: BTreeMap<String, AgentStatus>,
    alerts: BTreeMap<String, (Alert, u64)>,
    chat: VecDeque<ChatMessage>,
    conversations: BTreeMap<String, Conversation>,
    activity: VecDeque<Activity>,
    touches: u64,
}

impl State {
    /// Every incident kept.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values()
    }

    /// One incident.
    pub fn incident(&self, id: &str) -> Option<&Incident> {
        self.incidents.get(id)
    }

    /// Every agent.
    pub fn agents(&self) -> impl Iterator<Item = &AgentStatus> {
        self.agents.values()
    }

    /// One agent.
    pub fn agent(&self, id: &str) -> Option<&AgentStatus> {
        self.agents.get(id)
    }

    /// Every alert kept.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values().map(|(alert, _)| alert)
    }

    /// One alert.
    pub fn alert(&self, id: &str) -> Option<&Alert> {
        self.alerts.get(id).map(|(alert, _)| alert)
    }

    /// The newest chat messages of all conversations, oldest first.
    pub fn chat(&self) -> impl DoubleEndedIterator<Item = &ChatMessage> {
        self.chat.iter()
    }

    /// The newest messages of one conversation, oldest first.
    pub fn conversation(&self, id: &str) -> impl DoubleEndedIterator<Item = &ChatMessage> {
        self.conversations.get(id).into_iter().flat_map(|c| c.messages.iter())
    }

    /// The watermark of a user in a conversation.
    pub fn receipt(&self, conversation: &str, user: &str, kind: ReceiptKind) -> Option<u64> {
        self.conversations.get(conversation)?.receipts.get(&(user.to_owned(), kind)).copied()
    }

    /// The newest activity, oldest first.
    pub fn activity(&self) -> impl DoubleEndedIterator<Item = &Activity> {
        self.activity.iter()
    }

    /// Folds one event in.
    pub(super) fn apply(&mut self, payload: &Payload, timestamp: u64, max_items: usize) {
        match payload {
            Payload::Incident(event) => {
                let fresh = || Incident::new(&event.incident_id);
                let incident = self.incidents.entry(event.incident_id.clone()).or_insert_with(fresh);
                incident.apply(&event.data);
                if self.incidents.len() > max_items {
                    let oldest = self
                        .incidents
                        .values()
                        .min_by_key(|i| (i.status != Some(IncidentStatus::Resolved), i.updated_at))
                        .map(|i| i.id.clone());
                    oldest.map(|id| self.incidents.remove(&id));
                }
            }
            Payload::Agent(agent) => {
                self.agents.insert(agent.agent_id.clone(), agent.clone());
            }
            Payload::Alert(alert) => {
                self.alerts.insert(alert.id.clone(), (alert.clone(), timestamp));
                if self.alerts.len() > max_items {
                    let oldest = self
                        .alerts
                        .values()
                        .min_by_key(|(alert, at)| (alert.change != AlertChange::Cleared, *at))
                        .map(|(alert, _)| alert.id.clone());
                    oldest.map(|id| self.alerts.remove(&id));
                }
            }
            Payload::Chat(message) => {
                keep(&mut self.chat, message.clone());
                keep(&mut self.talk(&message.conversation_id).messages, message.clone());
            }
            Payload::Receipt(receipt) => {
                let key = (receipt.user_id.clone(), receipt.kind);
                let mark = self.talk(&receipt.conversation_id).receipts.entry(key).or_default();
                *mark = (*mark).max(receipt.up_to);
            }
            Payload::Activity(activity) => keep(&mut self.activity, activity.clone()),
            Payload::Typing(_) | Payload::Raw(_) => {}
        }
    }

    fn talk(&mut self, id: &str) -> &mut Conversation {
        if self.conversations.len() >= MAX_CONVERSATIONS && !self.conversations.contains_key(id) {
            let oldest = self.conversations.iter().min_by_key(|(_, c)| c.touched).map(|(id, _)| id.clone());
            oldest.map(|id| self.conversations.remove(&id));
        }
        self.touches += 1;
        let conversation = self.conversations.entry(id.to_owned()).or_default();
        conversation.touched = self.touches;
        conversation
    }

    /// What is held of an event's key, if an event may say only part of it.
    pub(super) fn merged(&self, payload: &Payload) -> Option<Json> {
        let Payload::Incident(event) = payload else { return None };
        self.incidents.get(&event.incident_id).map(|incident| incident_item(incident).payload)
    }

    /// What a snapshot of `subject` holds.
    pub fn items(&self, subject: &Subject) -> Vec<SnapshotItem> {
        let wanted = |key: &str| subject.topic.as_deref().is_none_or(|topic| topic == key);
        match subject.channel {
            Channel::Incidents => {
                self.incidents.values().filter(|i| wanted(&i.id)).map(incident_item).collect()
            }
            Channel::Agents => self
                .agents
                .values()
                .filter(|a| wanted(&a.agent_id))
                .map(|a| item("agent.status", &Payload::Agent(a.clone()), Some(a.last_seen)))
                .collect(),
            Channel::Alerts => self.alerts.values().filter(|(a, _)| wanted(&a.id)).map(alert_item).collect(),
            Channel::Chat => self.chat_items(subject.topic.as_deref()),
            Channel::Activity => self
                .activity
                .iter()
                .filter(|a| subject.topic.is_none() || subject.topic == a.target)
                .map(|a| item("activity.event", &Payload::Activity(a.clone()), Some(a.timestamp)))
                .collect(),
            Channel::System => Vec::new(),
        }
    }

    fn chat_items(&self, topic: Option<&str>) -> Vec<SnapshotItem> {
        let messages = match topic {
            None => Some(&self.chat),
            Some(topic) => self.conversations.get(topic).map(|c| &c.messages),
        };
        let message = |m: &ChatMessage| item("chat.message", &Payload::Chat(m.clone()), Some(m.timestamp));
        let mut items: Vec<_> = messages.into_iter().flatten().map(message).collect();
        for (id, conversation) in &self.conversations {
            if topic.is_some_and(|topic| topic != id) {
                continue;
            }
            for ((user, kind), up_to) in &conversation.receipts {
                let receipt = Receipt {
                    kind: *kind,
                    conversation_id: id.clone(),
                    user_id: user.clone(),
                    up_to: *up_to,
                };
                let name = match kind {
                    ReceiptKind::Delivered => "chat.delivered",
                    ReceiptKind::Read => "chat.read",
                };
                items.push(item(name, &Payload::Receipt(receipt), None));
            }
        }
        items
    }
}

fn keep<T>(newest: &mut VecDeque<T>, item: T) {
    newest.push_back(item);
    if newest.len() > NEWEST {
        newest.pop_front();
    }
}

fn item(kind: &str, payload: &Payload, timestamp: Option<u64>) -> SnapshotItem {
    SnapshotItem { kind: kind.to_owned(), payload: encode_payload(payload), timestamp }
}

fn incident_item(incident: &Incident) -> SnapshotItem {
    let (kind, change) = match incident.status {
        Some(IncidentStatus::New) => ("incident.created", IncidentChange::Created),
        Some(IncidentStatus::Resolved) => ("incident.resolved", IncidentChange::Resolved),
        Some(IncidentStatus::Escalated) => ("incident.escalated", IncidentChange::Escalated),
        _ => ("incident.updated", IncidentChange::Updated),
    };
    item(kind, &Payload::Incident(incident.to_event(change)), incident.updated_at)
}

fn alert_item((alert, at): &(Alert, u64)) -> SnapshotItem {
    let kind = match alert.change {
        AlertChange::Raised => "alert.raised",
        AlertChange::Acknowledged => "alert.acknowledged",
        AlertChange::Cleared => "alert.cleared",
    };
    item(kind, &Payload::Alert(alert.clone()), Some(*at))
}
