//! The applied state: what a snapshot shows, folded from every event.
//!
//! Bounded, because no message of the wire takes anything away: of resolved incidents and cleared alerts
//! the ones changed last stay, of chat and activity the newest 200. Open ones are never dropped:
//! [`State::has_room`] refuses new ones instead.

use super::kept::Kept;
use super::links::Links;
use super::statistics::{Progress, Statistics};
use sentinelops_protocol::domain::{
    Activity, AgentStatus, Alert, AlertChange, ChatMessage, Incident, IncidentChange, IncidentStatus, Patch,
    Receipt, ReceiptKind, Stats, TimelineEntry,
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
    incidents: Kept<Incident>,
    /// By incident, kept as long as it is.
    timelines: BTreeMap<String, VecDeque<TimelineEntry>>,
    agents: BTreeMap<String, AgentStatus>,
    alerts: Kept<(Alert, u64)>,
    chat: VecDeque<ChatMessage>,
    conversations: BTreeMap<String, Conversation>,
    activity: VecDeque<Activity>,
    statistics: Statistics,
    touches: u64,
    links: Links,
}

impl State {
    /// Every incident kept.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.iter()
    }

    /// One incident.
    pub fn incident(&self, id: &str) -> Option<&Incident> {
        self.incidents.get(id)
    }

    /// The newest entries of an incident's timeline, oldest first.
    pub fn timeline(&self, incident: &str) -> impl DoubleEndedIterator<Item = &TimelineEntry> {
        self.timelines.get(incident).into_iter().flatten()
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
        self.alerts.iter().map(|(alert, _)| alert)
    }

    /// One alert.
    pub fn alert(&self, id: &str) -> Option<&Alert> {
        self.alerts.get(id).map(|(alert, _)| alert)
    }

    /// One alert, and when it changed last (ms since the epoch).
    pub(super) fn alert_at(&self, id: &str) -> Option<(&Alert, u64)> {
        self.alerts.get(id).map(|(alert, at)| (alert, *at))
    }

    /// What belongs together.
    pub(super) fn links(&self) -> &Links {
        &self.links
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

    /// Whether an event may be applied: a new open incident or alert needs room among `max_open` of its kind.
    pub(super) fn has_room(&self, payload: &Payload, max_open: usize) -> bool {
        match payload {
            Payload::Incident(event) => {
                let opens = match event.data.status {
                    Patch::Keep | Patch::Clear => !self.incidents.contains(&event.incident_id),
                    Patch::Set(IncidentStatus::Resolved) => false,
                    Patch::Set(_) => true,
                };
                !opens || self.incidents.is_open(&event.incident_id) || self.incidents.open() < max_open
            }
            Payload::Alert(alert) => {
                alert.change == AlertChange::Cleared
                    || self.alerts.is_open(&alert.id)
                    || self.alerts.open() < max_open
            }
            _ => true,
        }
    }

    /// The figures over all incidents at a moment.
    pub(super) fn figures(&self, wall: u64) -> Stats {
        self.statistics.figures(wall)
    }

    /// What a store kept of an incident's progress.
    pub(super) fn restore_progress(&mut self, progress: Progress) {
        self.statistics.put(progress);
    }

    /// Whether an event is the first of its incident. Then the timeline of an earlier one of the same id, which a store
    /// may have kept, is forgotten.
    pub(super) fn begin(&mut self, payload: &Payload) -> bool {
        match payload {
            Payload::Incident(event) if !self.incidents.contains(&event.incident_id) => {
                self.timelines.remove(&event.incident_id);
                true
            }
            _ => false,
        }
    }

    /// Folds one event in. Keeps `max_finished` resolved incidents, and as many cleared alerts. Answers how far its
    /// incident has come, if that changed.
    pub(super) fn apply(
        &mut self,
        payload: &Payload,
        timestamp: u64,
        max_finished: usize,
    ) -> Option<Progress> {
        match payload {
            Payload::Incident(event) => {
                let before = self.incidents.get(&event.incident_id);
                let mut incident = before.cloned().unwrap_or_else(|| Incident::new(&event.incident_id));
                incident.apply(&event.data);
                self.links.incident_changed(before, &incident);
                let is_open = incident.status != Some(IncidentStatus::Resolved);
                let progress = self.statistics.note(&incident, timestamp);
                for gone in self.incidents.put(&event.incident_id, incident, is_open, max_finished) {
                    self.timelines.remove(&gone);
                }
                return progress;
            }
            Payload::Agent(agent) => {
                self.agents.insert(agent.agent_id.clone(), agent.clone());
            }
            Payload::Alert(alert) => {
                let is_open = alert.change != AlertChange::Cleared;
                self.links.alert_changed(self.alerts.get(&alert.id).map(|(alert, _)| alert), alert);
                self.alerts.put(&alert.id, (alert.clone(), timestamp), is_open, max_finished);
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
            Payload::Timeline(entry) => {
                keep(self.timelines.entry(entry.incident_id.clone()).or_default(), (**entry).clone());
            }
            Payload::Typing(_) | Payload::Viewing(_) | Payload::Raw(_) => {}
        }
        None
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

    /// Whether an event is the first of its incident.
    pub(super) fn begins(&self, payload: &Payload) -> bool {
        matches!(payload, Payload::Incident(event) if !self.incidents.contains(&event.incident_id))
    }

    /// What [`State::merged`] will be once an event is applied.
    pub(super) fn merged_after(&self, payload: &Payload) -> Option<Json> {
        let Payload::Incident(event) = payload else { return None };
        let before = self.incidents.get(&event.incident_id).cloned();
        let mut incident = before.unwrap_or_else(|| Incident::new(&event.incident_id));
        incident.apply(&event.data);
        Some(incident_item(&incident).payload)
    }

    /// What is held of an event's key, if an event may say only part of it.
    pub(super) fn merged(&self, payload: &Payload) -> Option<Json> {
        let Payload::Incident(event) = payload else { return None };
        self.incidents.get(&event.incident_id).map(|incident| incident_item(incident).payload)
    }

    /// The whole state, each channel oldest first. A snapshot of a channel holds less: of chat the newest messages of
    /// all conversations.
    pub(super) fn everything(&self) -> Vec<(Channel, SnapshotItem)> {
        let mut all = Vec::new();
        for channel in Channel::ALL {
            let of_channel = |item| (channel, item);
            if channel == Channel::Chat {
                let mut items: Vec<_> =
                    self.conversations.keys().flat_map(|id| self.chat_items(Some(id))).collect();
                // Receipts have no timestamp of their own; they come after the messages.
                items.sort_by_key(|item| item.timestamp.unwrap_or(u64::MAX));
                all.extend(items.into_iter().map(of_channel));
            } else {
                all.extend(self.items(&Subject::channel(channel)).into_iter().map(of_channel));
            }
        }
        all
    }

    /// What a snapshot of `subject` holds.
    pub fn items(&self, subject: &Subject) -> Vec<SnapshotItem> {
        let wanted = |key: &str| subject.topic.as_deref().is_none_or(|topic| topic == key);
        match subject.channel {
            Channel::Incidents => {
                self.incidents.iter().filter(|i| wanted(&i.id)).map(incident_item).collect()
            }
            Channel::Agents => self
                .agents
                .values()
                .filter(|a| wanted(&a.agent_id))
                .map(|a| item("agent.status", &Payload::Agent(a.clone()), Some(a.last_seen)))
                .collect(),
            Channel::Alerts => self.alerts.iter().filter(|(a, _)| wanted(&a.id)).map(alert_item).collect(),
            Channel::Chat => self.chat_items(subject.topic.as_deref()),
            Channel::Activity => self
                .activity
                .iter()
                .filter(|a| subject.topic.is_none() || subject.topic == a.target)
                .map(|a| item("activity.event", &Payload::Activity(a.clone()), Some(a.timestamp)))
                .collect(),
            Channel::Timeline => self
                .timelines
                .iter()
                .filter(|(id, _)| wanted(id))
                .flat_map(|(_, entries)| entries)
                .map(|e| item("timeline.entry", &Payload::Timeline(Box::new(e.clone())), Some(e.timestamp)))
                .collect(),
            // Figures are made for the moment somebody asks.
            Channel::System | Channel::Stats => Vec::new(),
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
