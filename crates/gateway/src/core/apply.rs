//! What each command means: from its payload to the events it brings about, or why not.
//!
//! The server says who sent what (`senderId`, `userId`, `actor`) and when; what a client claims
//! about that is ignored.

use super::Gateway;
use super::types::{NewEvent, Now};
use sentinelops_protocol::domain::{
    Activity, AgentStatus, AlertChange, ChatMessage, IncidentChange, IncidentEvent, IncidentPatch,
    IncidentStatus, Patch, Presence, Receipt, ReceiptKind, Severity, Typing, Viewing,
};
use sentinelops_protocol::{
    Channel, Code, Command, Fields, Json, Payload, Problem, ProblemKind, decode_incident_create,
    decode_incident_update, encode_payload, mentions,
};
use std::collections::BTreeMap;

/// Largest payload kept in the state: 200 of them still fit what a connection may be owed.
const MAX_KEPT_BYTES: usize = 16 * 1024;

/// So many people one message names at most.
const MOST_NAMED: usize = 20;

/// A final no.
pub(super) struct Refusal {
    pub code: Code,
    pub message: String,
}

impl From<Box<Problem>> for Refusal {
    fn from(problem: Box<Problem>) -> Self {
        Self { code: Code::Invalid, message: problem.to_string() }
    }
}

/// The events of a command, in order; `true` for the one that carries its id as `cause`.
type Outcome = Result<Vec<(NewEvent, bool)>, Refusal>;

fn invalid(command: &Command, path: &str, expected: &str, found: &str) -> Refusal {
    Refusal::from(Box::new(Problem {
        kind: ProblemKind::PayloadMismatch,
        id: None,
        channel: Some(command.channel),
        message_type: command.kind.clone(),
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: found.chars().take(120).collect(),
    }))
}

fn id_of(command: &Command, path: &str, id: String) -> Result<String, Refusal> {
    let length = id.chars().take(65).count();
    if (1..=64).contains(&length) { Ok(id) } else { Err(invalid(command, path, "1 to 64 characters", &id)) }
}

/// Its fields, and the conversation it names.
fn in_conversation(command: &Command) -> Result<(Fields<'_>, String), Refusal> {
    let mut fields = fields_of(command)?;
    let id = fields.text("conversationId")?;
    Ok((fields, id_of(command, "payload.conversationId", id)?))
}

fn fields_of(command: &Command) -> Result<Fields<'_>, Refusal> {
    Ok(Fields::of(&command.kind, &command.payload)?)
}

fn viewing(user: &str, command: &Command) -> Outcome {
    let mut fields = fields_of(command)?;
    let id = match fields.optional_text("incidentId")? {
        Some(id) => id,
        None => fields.text("id")?,
    };
    let incident_id = id_of(command, "payload.id", id)?;
    one(Payload::Viewing(Viewing { incident_id, user_id: user.to_owned() }))
}

fn one(payload: Payload) -> Outcome {
    Ok(NewEvent::of(payload).map(|event| (event, true)).into_iter().collect())
}

fn fits(payload: &Payload) -> Result<(), Refusal> {
    let bytes = encode_payload(payload).as_str().len();
    if bytes <= MAX_KEPT_BYTES {
        return Ok(());
    }
    let message = format!("{bytes} bytes to keep; at most {MAX_KEPT_BYTES} are allowed: send less");
    Err(Refusal { code: Code::TooBig, message })
}

impl Gateway {
    /// Decides without changing anything.
    pub(super) fn judge(&self, now: Now, user: &str, command: &Command) -> Outcome {
        let channel = match command.kind.as_str() {
            "incident.create" | "incident.update" | "incident.viewing" => Channel::Incidents,
            "agent.status" => Channel::Agents,
            "chat.message" | "chat.delivered" | "chat.read" | "chat.typing" => Channel::Chat,
            "alert.acknowledge" => Channel::Alerts,
            other => {
                let message = format!("no command {other:?} is known on {}", command.channel);
                return Err(Refusal { code: Code::UnknownType, message });
            }
        };
        if command.channel != channel {
            return Err(invalid(command, "channel", channel.as_str(), command.channel.as_str()));
        }
        match command.kind.as_str() {
            "incident.create" => self.incident_create(now, user, command),
            "incident.update" => self.incident_update(now, user, command),
            "incident.viewing" => viewing(user, command),
            "agent.status" => self.agent_status(now, user, command),
            "chat.message" => self.chat_message(now, user, command),
            "chat.delivered" => self.receipt(now, user, command, ReceiptKind::Delivered),
            "chat.read" => self.receipt(now, user, command, ReceiptKind::Read),
            "alert.acknowledge" => self.alert_acknowledge(now, user, command),
            _ => {
                let (_, conversation_id) = in_conversation(command)?;
                one(Payload::Typing(Typing { conversation_id, user_id: user.to_owned() }))
            }
        }
    }

    fn incident_update(&self, now: Now, user: &str, command: &Command) -> Outcome {
        let update = decode_incident_update(&command.payload)?;
        let Some(incident) = self.state.incident(&update.id) else {
            return Err(invalid(command, "payload.id", "an incident this server knows", &update.id));
        };
        let data =
            IncidentPatch { created_at: Patch::Keep, updated_at: Patch::Set(now.wall), ..update.changes };
        let mut after = incident.clone();
        after.apply(&data);
        fits(&Payload::Incident(after.to_event(IncidentChange::Updated)))?;
        let (change, action) = match (&data.status, &data.assigned_to) {
            (Patch::Set(IncidentStatus::Resolved), _) => (IncidentChange::Resolved, "resolved"),
            (Patch::Set(IncidentStatus::Escalated), _) => (IncidentChange::Escalated, "escalated"),
            (Patch::Set(status), _) => (IncidentChange::Updated, status.as_str()),
            (_, Patch::Set(_)) => (IncidentChange::Updated, "assigned"),
            _ => (IncidentChange::Updated, "updated"),
        };
        let activity = self.activity(now, user, action, &update.id);
        self.with_timeline(now, user, IncidentEvent { incident_id: update.id, change, data }, activity)
    }

    fn incident_create(&self, now: Now, user: &str, command: &Command) -> Outcome {
        let create = decode_incident_create(&command.payload)?;
        let incident_id = id_of(command, "payload.id", create.id)?;
        if self.state.incident(&incident_id).is_some() {
            let message = format!("incident.create: payload.id: {incident_id:?} is taken: choose another id");
            return Err(Refusal { code: Code::Conflict, message });
        }
        let mut data = IncidentPatch {
            created_at: Patch::Set(now.wall),
            updated_at: Patch::Set(now.wall),
            ..create.changes
        };
        if !matches!(data.status, Patch::Set(_)) {
            data.status = Patch::Set(IncidentStatus::New);
        }
        if !matches!(data.severity, Patch::Set(_)) {
            data.severity = Patch::Set(Severity::Medium);
        }
        let event = IncidentEvent { incident_id, change: IncidentChange::Created, data };
        fits(&Payload::Incident(event.clone()))?;
        let activity = self.activity(now, user, "created", &event.incident_id);
        self.with_timeline(now, user, event, activity)
    }

    /// The event of an incident, its activity, and what it adds to the timeline.
    fn with_timeline(
        &self,
        now: Now,
        user: &str,
        event: IncidentEvent,
        activity: Option<(NewEvent, bool)>,
    ) -> Outcome {
        let payload = Payload::Incident(event);
        let entry = self.timeline(now, user, &payload);
        let mut events = one(payload)?;
        events.extend(activity);
        events.extend(entry.map(|entry| (entry, false)));
        Ok(events)
    }

    fn agent_status(&self, now: Now, user: &str, command: &Command) -> Outcome {
        let mut fields = fields_of(command)?;
        let (agent_id, status) = (fields.optional_text("agentId")?, fields.text("status")?);
        let name = fields.optional_text("name")?;
        if agent_id.is_some_and(|id| id != user) {
            let message = format!("agent.status: payload.agentId: only one's own ({user}) may be sent");
            return Err(Refusal { code: Code::Forbidden, message });
        }
        let before = self.state.agent(user);
        let payload = Payload::Agent(AgentStatus {
            agent_id: user.to_owned(),
            status: Presence::parse(&status),
            last_seen: now.wall,
            name: name.or_else(|| before.and_then(|agent| agent.name.clone())),
            extra: before.and_then(|agent| agent.extra.clone()),
        });
        fits(&payload)?;
        one(payload)
    }

    fn chat_message(&self, now: Now, user: &str, command: &Command) -> Outcome {
        let (mut fields, conversation_id) = in_conversation(command)?;
        let content = fields.text("content")?;
        let id = fields.optional_text("id")?.unwrap_or_else(|| command.id.clone());
        let id = id_of(command, "payload.id", id)?;
        if let Some(taken) = self.state.conversation(&conversation_id).find(|message| message.id == id) {
            // The same message took effect before and its id was forgotten since: once is what was asked for.
            if taken.sender_id == user && taken.content == content {
                return Ok(Vec::new());
            }
            let message =
                format!("chat.message: payload.id: {id:?} is taken in this conversation: leave it out");
            return Err(Refusal { code: Code::Conflict, message });
        }
        fields.ignore("senderId");
        fields.ignore("timestamp");
        // Watermarks name timestamps, so these never run backwards, even if the clock does.
        let newest = self.state.chat().next_back().map_or(0, |message| message.timestamp);
        let timestamp = now.wall.max(newest);
        let payload = Payload::Chat(ChatMessage {
            id,
            conversation_id,
            sender_id: user.to_owned(),
            content,
            timestamp,
            extra: fields.rest(),
        });
        fits(&payload)?;
        let named = self.named(now, user, &payload);
        let mut events = one(payload)?;
        for (event, _) in &mut events {
            event.timestamp = Some(timestamp);
        }
        events.extend(named);
        Ok(events)
    }

    /// The activity about the people that a message names, other than who wrote it; only those this server knows.
    fn named(&self, now: Now, user: &str, message: &Payload) -> Option<(NewEvent, bool)> {
        let Payload::Chat(message) = message else { return None };
        let mut ids: Vec<&str> = Vec::new();
        for id in mentions(&message.content) {
            if ids.len() < MOST_NAMED && id != user && !ids.contains(&id) && self.state.agent(id).is_some() {
                ids.push(id);
            }
        }
        if ids.is_empty() {
            return None;
        }
        let (mut event, is_answer) = self.activity(now, user, "named people in", &message.conversation_id)?;
        if let Payload::Activity(activity) = &mut event.payload {
            activity.extra = Json::from_value(&BTreeMap::from([("mentions", ids)])).ok();
        }
        Some((event, is_answer))
    }

    fn receipt(&self, now: Now, user: &str, command: &Command, kind: ReceiptKind) -> Outcome {
        let (mut fields, conversation_id) = in_conversation(command)?;
        let up_to = fields.number("upTo")?;
        let Some(newest) = self.state.conversation(&conversation_id).next_back() else {
            // A conversation forgotten in a restart: there is nothing left to have been read.
            return Ok(Vec::new());
        };
        // Nobody has read the future, whatever their clock says.
        let up_to = up_to.min(newest.timestamp.max(now.wall));
        let is_known = |kind| {
            let known = self.state.receipt(&conversation_id, user, kind);
            known.is_some_and(|before| before >= up_to)
        };
        // What was read has been delivered.
        if is_known(kind) || is_known(ReceiptKind::Read) {
            return Ok(Vec::new());
        }
        one(Payload::Receipt(Receipt { kind, conversation_id, user_id: user.to_owned(), up_to }))
    }

    fn alert_acknowledge(&self, now: Now, user: &str, command: &Command) -> Outcome {
        let id = fields_of(command)?.text("id")?;
        let Some(alert) = self.state.alert(&id) else {
            return Err(invalid(command, "payload.id", "an alert this server knows", &id));
        };
        match alert.change {
            AlertChange::Acknowledged => Ok(Vec::new()),
            AlertChange::Cleared => {
                let message = format!("alert.acknowledge: {id:?} is cleared already");
                Err(Refusal { code: Code::Conflict, message })
            }
            AlertChange::Raised => {
                let mut alert = alert.clone();
                alert.change = AlertChange::Acknowledged;
                let payload = Payload::Alert(alert);
                let target = payload.topic().unwrap_or_default().to_owned();
                let mut events = one(payload)?;
                events.extend(self.activity(now, user, "acknowledged", &target));
                Ok(events)
            }
        }
    }

    pub(super) fn activity(
        &self,
        now: Now,
        actor: &str,
        action: &str,
        target: &str,
    ) -> Option<(NewEvent, bool)> {
        let number = self.event_number();
        let payload = Payload::Activity(Activity {
            id: format!("act-{}-{number}", self.history.epoch),
            actor: actor.to_owned(),
            action: action.to_owned(),
            target: Some(target.to_owned()),
            timestamp: now.wall,
            extra: None,
        });
        NewEvent::of(payload).map(|event| (event, false))
    }
}
