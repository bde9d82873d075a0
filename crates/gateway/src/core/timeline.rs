//! The timeline of an incident: what an event adds to it.

use super::Gateway;
use super::types::{NewEvent, Now};
use sentinelops_protocol::Payload;
use sentinelops_protocol::domain::{
    Alert, AlertChange, Incident, IncidentChange, IncidentEvent, Patch, TimelineAction, TimelineEntry,
};

impl Gateway {
    /// What an event that is about to be applied adds to the timeline of its incident, done by `actor`. `None`: it
    /// changes neither status, severity nor assignee, and no alert of an incident is raised or cleared.
    pub(super) fn timeline(&self, now: Now, actor: &str, payload: &Payload) -> Option<NewEvent> {
        let entry = match payload {
            Payload::Incident(event) => self.of_incident(event)?,
            Payload::Alert(alert) => self.of_alert(alert)?,
            _ => return None,
        };
        let number = self.event_number();
        let id = format!("tl-{}-{number}", self.history.epoch);
        let entry = TimelineEntry { id, actor: actor.to_owned(), timestamp: now.wall, ..entry };
        NewEvent::of(Payload::Timeline(Box::new(entry)))
    }

    fn of_incident(&self, event: &IncidentEvent) -> Option<TimelineEntry> {
        let before = self.state.incident(&event.incident_id);
        let mut after = before.cloned().unwrap_or_else(|| Incident::new(&event.incident_id));
        after.apply(&event.data);
        let is_new = before.is_none() || event.change == IncidentChange::Created;
        let old = before.cloned().unwrap_or_else(|| Incident::new(&event.incident_id));
        let entry = TimelineEntry {
            status: after.status.clone().filter(|_| after.status != old.status),
            severity: after.severity.clone().filter(|_| after.severity != old.severity),
            assigned_to: match (after.assigned_to == old.assigned_to, &after.assigned_to) {
                (true, _) => Patch::Keep,
                (false, None) => Patch::Clear,
                (false, Some(who)) => Patch::Set(who.clone()),
            },
            ..empty(
                &event.incident_id,
                if is_new { TimelineAction::Created } else { TimelineAction::Changed },
            )
        };
        let has_changed =
            entry.status.is_some() || entry.severity.is_some() || entry.assigned_to != Patch::Keep;
        (is_new || has_changed).then_some(entry)
    }

    fn of_alert(&self, alert: &Alert) -> Option<TimelineEntry> {
        let incident = alert.incident_id.as_deref().filter(|id| self.state.incident(id).is_some())?;
        let before = self.state.alert(&alert.id).map(|alert| alert.change);
        let action = match (before, alert.change) {
            (Some(AlertChange::Raised | AlertChange::Acknowledged), AlertChange::Raised) => return None,
            (_, AlertChange::Raised) => TimelineAction::AlertRaised,
            (Some(AlertChange::Cleared), AlertChange::Cleared) | (_, AlertChange::Acknowledged) => {
                return None;
            }
            (_, AlertChange::Cleared) => TimelineAction::AlertCleared,
        };
        let (alert_id, title) = (Some(alert.id.clone()), Some(alert.title.clone()));
        Some(TimelineEntry { alert_id, title, ..empty(incident, action) })
    }
}

/// Who an event that no command brought about is ascribed to.
pub(super) fn actor_of(payload: &Payload) -> &str {
    match payload {
        Payload::Alert(Alert { source: Some(source), .. }) => source,
        _ => "server",
    }
}

fn empty(incident: &str, action: TimelineAction) -> TimelineEntry {
    TimelineEntry {
        id: String::new(),
        incident_id: incident.to_owned(),
        actor: String::new(),
        action,
        timestamp: 0,
        status: None,
        severity: None,
        assigned_to: Patch::Keep,
        alert_id: None,
        title: None,
        extra: None,
    }
}
