//! The JSON shapes of the domain messages, and nothing else: of each one function that reads and one that writes.

use crate::domain::{
    Activity, AgentStatus, Alert, AlertChange, ChatMessage, IncidentChange, IncidentEvent, IncidentPatch,
    IncidentStatus, IncidentUpdate, Patch, Presence, Receipt, ReceiptKind, Severity, TimelineAction,
    TimelineEntry, Typing, Viewing,
};
use crate::fields::{Fields, Place, Reading};
use crate::write::Object;
use crate::{Json, Payload};
use std::borrow::Cow;

/// `Ok(None)` for a type without a typed payload.
pub(crate) fn read(kind: &str, json: &str) -> Reading<Option<Payload>> {
    let read: fn(&str, Fields<'_>) -> Reading<Payload> = match kind {
        "incident.created" | "incident.updated" | "incident.resolved" | "incident.escalated" => incident,
        "agent.status" => agent,
        "chat.message" => chat,
        "chat.delivered" | "chat.read" => receipt,
        "chat.typing" => typing,
        "alert.raised" | "alert.acknowledged" | "alert.cleared" => alert,
        "activity.event" => activity,
        "incident.viewing" => viewing,
        "timeline.entry" => timeline,
        _ => return Ok(None),
    };
    read(kind, Fields::at(kind, Place::Payload, json)?).map(Some)
}

fn incident(kind: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    let incident_id = fields.text("incidentId")?;
    // It repeats the tail of the message's type, which counts.
    fields.optional_word("type")?;
    let change = match kind {
        "incident.created" => IncidentChange::Created,
        "incident.resolved" => IncidentChange::Resolved,
        "incident.escalated" => IncidentChange::Escalated,
        _ => IncidentChange::Updated,
    };
    let data = match fields.take("data")? {
        None => IncidentPatch::default(),
        Some(json) => patch(Fields::at(kind, Place::Field(&fields.place, "data"), json)?)?,
    };
    Ok(Payload::Incident(IncidentEvent { incident_id, change, data }))
}

fn patch(mut fields: Fields<'_>) -> Reading<IncidentPatch> {
    Ok(IncidentPatch {
        title: map(fields.patch_word("title")?, Cow::into_owned),
        severity: map(fields.patch_word("severity")?, |text| Severity::parse(&text)),
        status: map(fields.patch_word("status")?, |text| IncidentStatus::parse(&text)),
        assigned_to: map(fields.patch_word("assignedTo")?, Cow::into_owned),
        created_at: fields.patch_number("createdAt")?,
        updated_at: fields.patch_number("updatedAt")?,
        extra: fields.rest(),
    })
}

fn map<A, B>(patch: Patch<A>, f: impl FnOnce(A) -> B) -> Patch<B> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(value) => Patch::Set(f(value)),
    }
}

fn agent(_: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    Ok(Payload::Agent(AgentStatus {
        agent_id: fields.text("agentId")?,
        status: Presence::parse(&fields.word("status")?),
        last_seen: fields.number("lastSeen")?,
        name: fields.optional_text("name")?,
        extra: fields.rest(),
    }))
}

fn chat(_: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    Ok(Payload::Chat(ChatMessage {
        id: fields.text("id")?,
        conversation_id: fields.text("conversationId")?,
        sender_id: fields.text("senderId")?,
        content: fields.text("content")?,
        timestamp: fields.number("timestamp")?,
        extra: fields.rest(),
    }))
}

fn receipt(kind: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    Ok(Payload::Receipt(Receipt {
        kind: if kind == "chat.read" { ReceiptKind::Read } else { ReceiptKind::Delivered },
        conversation_id: fields.text("conversationId")?,
        user_id: fields.text("userId")?,
        up_to: fields.number("upTo")?,
    }))
}

fn typing(_: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    Ok(Payload::Typing(Typing {
        conversation_id: fields.text("conversationId")?,
        user_id: fields.text("userId")?,
    }))
}

fn alert(kind: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    Ok(Payload::Alert(Alert {
        id: fields.text("id")?,
        change: match kind {
            "alert.raised" => AlertChange::Raised,
            "alert.acknowledged" => AlertChange::Acknowledged,
            _ => AlertChange::Cleared,
        },
        severity: Severity::parse(&fields.word("severity")?),
        title: fields.text("title")?,
        source: fields.optional_text("source")?,
        incident_id: fields.optional_text("incidentId")?,
        extra: fields.rest(),
    }))
}

fn activity(_: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    Ok(Payload::Activity(Activity {
        id: fields.text("id")?,
        actor: fields.text("actor")?,
        action: fields.text("action")?,
        target: fields.optional_text("target")?,
        timestamp: fields.number("timestamp")?,
        extra: fields.rest(),
    }))
}

fn viewing(_: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    Ok(Payload::Viewing(Viewing { incident_id: fields.text("incidentId")?, user_id: fields.text("userId")? }))
}

fn timeline(_: &str, mut fields: Fields<'_>) -> Reading<Payload> {
    Ok(Payload::Timeline(Box::new(TimelineEntry {
        id: fields.text("id")?,
        incident_id: fields.text("incidentId")?,
        actor: fields.text("actor")?,
        action: TimelineAction::parse(&fields.word("action")?),
        timestamp: fields.number("timestamp")?,
        status: fields.optional_word("status")?.map(|text| IncidentStatus::parse(&text)),
        severity: fields.optional_word("severity")?.map(|text| Severity::parse(&text)),
        assigned_to: map(fields.patch_word("assignedTo")?, Cow::into_owned),
        alert_id: fields.optional_text("alertId")?,
        title: fields.optional_text("title")?,
        extra: fields.rest(),
    })))
}

/// The payload of an `incident.update`; its incident is named by `id` or by `incidentId`.
pub(crate) fn read_update(kind: &str, json: &str) -> Reading<IncidentUpdate> {
    let mut fields = Fields::at(kind, Place::Payload, json)?;
    let id = match fields.take("incidentId")? {
        None => fields.text("id")?,
        Some(json) if fields.take("id")?.is_some() => {
            return Err(fields.wrong("incidentId", "nothing, as there is an `id`", json));
        }
        Some(json) => Place::Field(&fields.place, "incidentId").text(kind, json)?,
    };
    Ok(IncidentUpdate { id, changes: patch(fields)? })
}

/// The payload of an `incident.create`: the same, with a title.
pub(crate) fn read_create(json: &str) -> Reading<IncidentUpdate> {
    const KIND: &str = "incident.create";
    let create = read_update(KIND, json)?;
    match &create.changes.title {
        Patch::Set(title) if !title.trim().is_empty() => Ok(create),
        Patch::Set(_) => Err(Fields::at(KIND, Place::Payload, json)?.wrong("title", "a title", "\"\"")),
        Patch::Keep | Patch::Clear => Err(Fields::at(KIND, Place::Payload, json)?.missing("title")),
    }
}

pub(crate) fn write_update(update: &IncidentUpdate) -> Json {
    Json::of(&write_patch(Object::new().text("id", &update.id), &update.changes))
}

fn write_patch(object: Object, patch: &IncidentPatch) -> String {
    object
        .patch_text("title", text(&patch.title, |title| title))
        .patch_text("severity", text(&patch.severity, |severity| severity.as_str()))
        .patch_text("status", text(&patch.status, |status| status.as_str()))
        .patch_text("assignedTo", text(&patch.assigned_to, |who| who))
        .patch_number("createdAt", &patch.created_at)
        .patch_number("updatedAt", &patch.updated_at)
        .extra(patch.extra.as_ref())
        .end()
}

fn text<T>(patch: &Patch<T>, f: impl FnOnce(&T) -> &str) -> Patch<&str> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(value) => Patch::Set(f(value)),
    }
}

/// The payload as JSON text.
pub(crate) fn write(payload: &Payload) -> String {
    let object = Object::new();
    match payload {
        Payload::Incident(event) => {
            let change = match event.change {
                IncidentChange::Created => "created",
                IncidentChange::Updated => "updated",
                IncidentChange::Resolved => "resolved",
                IncidentChange::Escalated => "escalated",
            };
            let data = write_patch(Object::new(), &event.data);
            object.text("incidentId", &event.incident_id).text("type", change).json("data", &data)
        }
        Payload::Agent(agent) => object
            .text("agentId", &agent.agent_id)
            .text("status", agent.status.as_str())
            .number("lastSeen", agent.last_seen)
            .optional_text("name", agent.name.as_deref())
            .extra(agent.extra.as_ref()),
        Payload::Chat(message) => object
            .text("id", &message.id)
            .text("conversationId", &message.conversation_id)
            .text("senderId", &message.sender_id)
            .text("content", &message.content)
            .number("timestamp", message.timestamp)
            .extra(message.extra.as_ref()),
        Payload::Receipt(receipt) => object
            .text("conversationId", &receipt.conversation_id)
            .text("userId", &receipt.user_id)
            .number("upTo", receipt.up_to),
        Payload::Typing(typing) => {
            object.text("conversationId", &typing.conversation_id).text("userId", &typing.user_id)
        }
        Payload::Alert(alert) => object
            .text("id", &alert.id)
            .text("severity", alert.severity.as_str())
            .text("title", &alert.title)
            .optional_text("source", alert.source.as_deref())
            .optional_text("incidentId", alert.incident_id.as_deref())
            .extra(alert.extra.as_ref()),
        Payload::Activity(activity) => object
            .text("id", &activity.id)
            .text("actor", &activity.actor)
            .text("action", &activity.action)
            .optional_text("target", activity.target.as_deref())
            .number("timestamp", activity.timestamp)
            .extra(activity.extra.as_ref()),
        Payload::Viewing(viewing) => {
            object.text("incidentId", &viewing.incident_id).text("userId", &viewing.user_id)
        }
        Payload::Timeline(entry) => object
            .text("id", &entry.id)
            .text("incidentId", &entry.incident_id)
            .text("actor", &entry.actor)
            .text("action", entry.action.as_str())
            .number("timestamp", entry.timestamp)
            .optional_text("status", entry.status.as_ref().map(IncidentStatus::as_str))
            .optional_text("severity", entry.severity.as_ref().map(Severity::as_str))
            .patch_text("assignedTo", text(&entry.assigned_to, |who| who))
            .optional_text("alertId", entry.alert_id.as_deref())
            .optional_text("title", entry.title.as_deref())
            .extra(entry.extra.as_ref()),
        Payload::Raw(json) => return json.as_str().to_owned(),
    }
    .end()
}
