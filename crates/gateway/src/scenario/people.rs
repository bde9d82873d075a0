//! Agents and what they say.

use super::{GENERAL, Scenario, event, words};
use crate::{NewEvent, Now, State};
use sentinelops_protocol::domain::{
    AgentStatus, ChatMessage, IncidentStatus, Presence, Receipt, ReceiptKind, Typing,
};
use sentinelops_protocol::{Payload, Priority};

impl Scenario {
    pub(super) fn agent_changes(&mut self, now: Now, state: &State) -> Vec<NewEvent> {
        let (id, name) = self.somebody();
        let before = state.agent(id).map(|agent| agent.status.clone());
        let options: &[Presence] = match before {
            Some(Presence::Online) => &[Presence::Busy, Presence::Away, Presence::Busy, Presence::Offline],
            Some(Presence::Offline) => &[Presence::Online],
            _ => &[Presence::Online, Presence::Online, Presence::Offline],
        };
        let to = self.pick(options).cloned().unwrap_or(Presence::Online);
        let mut events = self.presence(now, id, name, to.clone());
        let action = match (before, &to) {
            (Some(Presence::Offline) | None, Presence::Online) => Some("came online"),
            (_, Presence::Offline) => Some("went offline"),
            _ => None,
        };
        if let Some(action) = action {
            events.extend(self.activity(now, id, action, id));
        }
        events
    }

    pub(super) fn presence(&mut self, now: Now, id: &str, name: &str, status: Presence) -> Vec<NewEvent> {
        let agent = AgentStatus {
            agent_id: id.to_owned(),
            status,
            last_seen: now.wall,
            name: Some(name.to_owned()),
            extra: None,
        };
        event(Payload::Agent(agent), Priority::Low, now)
    }

    pub(super) fn somebody_talks(&mut self, now: Now, state: &State) -> Vec<NewEvent> {
        let open: Vec<_> = state.incidents().filter(|i| i.status != Some(IncidentStatus::Resolved)).collect();
        let incident = if self.rng.f64() < 0.25 { None } else { self.pick(&open).copied() };
        let (conversation, text) = match incident {
            Some(incident) => (incident.id.clone(), self.word(words::about(incident.status.as_ref()))),
            None => (GENERAL.to_owned(), self.word(&words::GENERAL)),
        };
        let assigned = incident.and_then(|incident| incident.assigned_to.clone());
        let speaker = match assigned {
            Some(agent) if self.rng.f64() < 0.6 => agent,
            _ => self.somebody().0.to_owned(),
        };
        if self.rng.f64() < 0.3 {
            let typing = Typing { conversation_id: conversation, user_id: speaker };
            return event(Payload::Typing(typing), Priority::Low, now);
        }
        self.chat_message(now, &conversation, &speaker, text)
    }

    pub(super) fn chat_message(
        &mut self,
        now: Now,
        conversation: &str,
        speaker: &str,
        text: &str,
    ) -> Vec<NewEvent> {
        let message = ChatMessage {
            id: self.fresh_id("msg", now),
            conversation_id: conversation.to_owned(),
            sender_id: speaker.to_owned(),
            content: text.to_owned(),
            timestamp: now.wall,
            extra: None,
        };
        event(Payload::Chat(message), Priority::Normal, now)
    }

    /// Somebody else has got, or read, the newest message of a conversation.
    pub(super) fn somebody_reads(&mut self, state: &State) -> Vec<NewEvent> {
        let Some(newest) = state.chat().next_back() else { return Vec::new() };
        let (reader, _) = self.somebody();
        let done = state.receipt(&newest.conversation_id, reader, ReceiptKind::Read);
        if reader == newest.sender_id || done.is_some_and(|up_to| up_to >= newest.timestamp) {
            return Vec::new();
        }
        let receipt = |kind| Receipt {
            kind,
            conversation_id: newest.conversation_id.clone(),
            user_id: reader.to_owned(),
            up_to: newest.timestamp,
        };
        let kinds = if self.rng.bool() {
            vec![ReceiptKind::Delivered]
        } else {
            vec![ReceiptKind::Delivered, ReceiptKind::Read]
        };
        kinds
            .into_iter()
            .filter_map(|kind| NewEvent::of(Payload::Receipt(receipt(kind))))
            .map(|event| NewEvent { priority: Priority::Low, ..event })
            .collect()
    }
}
