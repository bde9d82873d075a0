//! The incidents that alerts open and close.

use super::super::links::ALERT_KEY;
use super::super::types::{NewEvent, Now};
use super::signals::{quoted, with_fields};
use super::{Gateway, IncidentRule, Signal, Source};
use crate::ingest::hash;
use sentinelops_protocol::Payload;
use sentinelops_protocol::domain::{
    IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, Patch, Severity,
};

/// There is no room for another incident.
pub(super) struct Full;

/// Orders severities; one that this version does not know counts as medium.
pub(super) fn rank(severity: &Severity) -> u8 {
    match severity {
        Severity::Low => 0,
        Severity::Medium | Severity::Other(_) => 1,
        Severity::High => 2,
        Severity::Critical => 3,
    }
}

impl Gateway {
    /// The incident that a raised alert belongs to. It is created, or its severity raised, before the alert is.
    pub(super) fn incident_of(
        &mut self,
        now: Now,
        source: &Source,
        signal: &Signal,
    ) -> Result<Option<String>, Full> {
        let (key, title) = match (source.incident, &signal.group) {
            (IncidentRule::None, _) => return Ok(None),
            (IncidentRule::Group, Some(group)) => {
                (hash(&[&source.name, "group", &group.key]), group.title.clone())
            }
            _ => (hash(&[&source.name, "alert", &signal.alert_id]), signal.title.clone()),
        };
        if let Some(id) = self.state.links().incident(&key) {
            let id = id.to_owned();
            self.raise_severity(now, source, &id, &signal.severity);
            return Ok(Some(id));
        }
        if rank(&signal.severity) < rank(&source.min_severity) {
            return Ok(None);
        }
        let number = self.event_number();
        let id = format!("inc-{}", hash(&[&key, &self.history.epoch, &number]));
        let fields = [(ALERT_KEY, Some(quoted(&key))), ("source", Some(quoted(&source.name)))];
        let data = IncidentPatch {
            title: Patch::Set(title),
            severity: Patch::Set(signal.severity.clone()),
            status: Patch::Set(IncidentStatus::New),
            created_at: Patch::Set(now.wall),
            updated_at: Patch::Set(now.wall),
            extra: with_fields(None, &fields),
            ..IncidentPatch::default()
        };
        let event = IncidentEvent { incident_id: id.clone(), change: IncidentChange::Created, data };
        if !self.state.has_room(&Payload::Incident(event.clone()), self.config.max_open) {
            return Err(Full);
        }
        self.change_incident(now, source, event, "created");
        Ok(Some(id))
    }

    fn raise_severity(&mut self, now: Now, source: &Source, id: &str, severity: &Severity) {
        let known = self.state.incident(id).and_then(|incident| incident.severity.as_ref()).map(rank);
        if known.is_none_or(|known| known < rank(severity)) {
            let data = IncidentPatch {
                severity: Patch::Set(severity.clone()),
                updated_at: Patch::Set(now.wall),
                ..IncidentPatch::default()
            };
            let event = IncidentEvent { incident_id: id.to_owned(), change: IncidentChange::Updated, data };
            self.change_incident(now, source, event, "updated");
        }
    }

    /// The last alert of an incident was cleared: nobody has touched it, so it is over.
    pub(super) fn resolve_untouched(&mut self, now: Now, source: &Source, id: &str) {
        let is_last = self.state.links().of_incident(id).next().is_none();
        if !is_last || !source.auto_resolve || !self.is_untouched(id) {
            return;
        }
        let data = IncidentPatch {
            status: Patch::Set(IncidentStatus::Resolved),
            updated_at: Patch::Set(now.wall),
            ..IncidentPatch::default()
        };
        let event = IncidentEvent { incident_id: id.to_owned(), change: IncidentChange::Resolved, data };
        self.change_incident(now, source, event, "resolved");
    }

    /// The activity published when `alert` is cleared, the last one of an incident that stays open because somebody works on it.
    pub(super) fn all_cleared(
        &self,
        now: Now,
        source: &Source,
        incident: &str,
        alert: &str,
    ) -> Option<NewEvent> {
        let is_last = self.state.links().of_incident(incident).all(|id| id == alert);
        let is_open = self.state.incident(incident)?.status != Some(IncidentStatus::Resolved);
        let resolves = source.auto_resolve && self.is_untouched(incident);
        if !is_last || !is_open || resolves {
            return None;
        }
        self.activity(now, &source.actor(), "all alerts cleared", incident).map(|(event, _)| event)
    }

    fn is_untouched(&self, id: &str) -> bool {
        self.state.incident(id).is_some_and(|incident| {
            incident.status == Some(IncidentStatus::New) && incident.assigned_to.is_none()
        })
    }

    fn change_incident(&mut self, now: Now, source: &Source, event: IncidentEvent, action: &str) {
        let actor = source.actor();
        let activity = self.activity(now, &actor, action, &event.incident_id).map(|(event, _)| event);
        let payload = Payload::Incident(event);
        let entry = self.timeline(now, &actor, &payload);
        self.record(now, None, [NewEvent::of(payload), activity, entry]);
    }
}
