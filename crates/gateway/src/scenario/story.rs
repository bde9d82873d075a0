//! Incidents and alerts.

use super::{Scenario, event, number, words};
use crate::{NewEvent, Now, State};
use sentinelops_protocol::domain::{
    Alert, AlertChange, Incident, IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, Patch,
    Presence, Severity,
};
use sentinelops_protocol::{Json, Payload, Priority};

/// Unresolved incidents: below the first one more is likely, above the second none begins.
const OPEN: (usize, usize) = (9, 16);
/// Alerts that are not cleared.
const ACTIVE_ALERTS: (usize, usize) = (4, 10);

impl Scenario {
    pub(super) fn incident_goes_on(&mut self, now: Now, state: &State) -> Vec<NewEvent> {
        let open: Vec<&Incident> =
            state.incidents().filter(|i| i.status != Some(IncidentStatus::Resolved)).collect();
        let chance = match open.len() {
            n if n < OPEN.0 => 0.45,
            n if n < OPEN.1 => 0.15,
            _ => 0.0,
        };
        if self.rng.f64() < chance {
            return self.incident_begins(now, state);
        }
        match self.pick(&open) {
            Some(incident) => self.incident_moves(now, state, incident),
            None => self.incident_begins(now, state),
        }
    }

    fn incident_begins(&mut self, now: Now, state: &State) -> Vec<NewEvent> {
        let cause = self.pick(&loose_alerts(state)).map(|alert| (*alert).clone());
        let id =
            format!("inc-{}", 1 + state.incidents().map(|i| number(&i.id)).max().unwrap_or(1_000).max(1_000));
        let (title, severity) = match &cause {
            Some(alert) => (alert.title.clone(), alert.severity.clone()),
            None => (self.title(), self.severity()),
        };
        let mut events = self.created(now, &id, title, severity);
        if let Some(alert) = cause {
            // The alert now points to its incident.
            events.extend(event(
                Payload::Alert(Alert { incident_id: Some(id.clone()), ..alert }),
                Priority::Normal,
                now,
            ));
        }
        events.extend(self.activity(now, "system", "created", &id));
        events
    }

    pub(super) fn created(&mut self, now: Now, id: &str, title: String, severity: Severity) -> Vec<NewEvent> {
        let priority = if severity == Severity::Critical { Priority::Critical } else { Priority::High };
        let service = title.split(':').next().unwrap_or_default();
        let data = IncidentPatch {
            extra: Json::from_value(&serde_json::json!({ "service": service })).ok(),
            title: Patch::Set(title),
            severity: Patch::Set(severity),
            status: Patch::Set(IncidentStatus::New),
            created_at: Patch::Set(now.wall),
            updated_at: Patch::Set(now.wall),
            ..IncidentPatch::default()
        };
        let created = IncidentEvent { incident_id: id.to_owned(), change: IncidentChange::Created, data };
        event(Payload::Incident(created), priority, now)
    }

    fn incident_moves(&mut self, now: Now, state: &State, incident: &Incident) -> Vec<NewEvent> {
        let mut data = IncidentPatch { updated_at: Patch::Set(now.wall), ..IncidentPatch::default() };
        let dice = self.rng.u32(..100);
        let worker = incident.assigned_to.clone();
        let (to, actor) = match incident.status {
            Some(IncidentStatus::New) => {
                let taker = self.free_agent(state);
                data.assigned_to = Patch::Set(taker.clone());
                (Some(IncidentStatus::Acknowledged), Some(taker))
            }
            Some(IncidentStatus::Investigating) if dice < 15 => (Some(IncidentStatus::Escalated), worker),
            Some(IncidentStatus::Investigating) if dice < 60 => (Some(IncidentStatus::Resolved), worker),
            Some(IncidentStatus::Escalated) if dice < 55 => (Some(IncidentStatus::Resolved), worker),
            Some(IncidentStatus::Escalated) if dice < 75 => (Some(IncidentStatus::Investigating), worker),
            Some(IncidentStatus::Investigating | IncidentStatus::Escalated) if dice < 88 => {
                // It turns out worse or better than it looked.
                data.severity = Patch::Set(self.severity());
                (None, worker)
            }
            Some(IncidentStatus::Investigating | IncidentStatus::Escalated) => {
                let taker = self.free_agent(state);
                data.assigned_to = Patch::Set(taker.clone());
                (None, Some(taker))
            }
            _ => (Some(IncidentStatus::Investigating), worker),
        };
        let (change, action) = match &to {
            Some(IncidentStatus::Resolved) => (IncidentChange::Resolved, "resolved"),
            Some(IncidentStatus::Escalated) => (IncidentChange::Escalated, "escalated"),
            Some(IncidentStatus::Acknowledged) => (IncidentChange::Updated, "acknowledged"),
            Some(_) => (IncidentChange::Updated, "investigates"),
            None if data.severity != Patch::Keep => (IncidentChange::Updated, "changed the severity of"),
            None => (IncidentChange::Updated, "took over"),
        };
        data.status = to.into();
        let actor = actor.unwrap_or_else(|| self.somebody().0.to_owned());
        let moved = IncidentEvent { incident_id: incident.id.clone(), change, data };
        let mut events = event(Payload::Incident(moved), Priority::Normal, now);
        if change == IncidentChange::Resolved {
            let cleared = state.alerts().filter(|alert| alert.incident_id.as_ref() == Some(&incident.id));
            for alert in cleared.filter(|alert| alert.change != AlertChange::Cleared) {
                let alert = Alert { change: AlertChange::Cleared, ..alert.clone() };
                events.extend(event(Payload::Alert(alert), Priority::Normal, now));
            }
        }
        events.extend(self.activity(now, &actor, action, &incident.id));
        events
    }

    pub(super) fn alert_changes(&mut self, now: Now, state: &State) -> Vec<NewEvent> {
        let active: Vec<&Alert> = state.alerts().filter(|a| a.change != AlertChange::Cleared).collect();
        let raise = match active.len() {
            n if n < ACTIVE_ALERTS.0 => 0.9,
            n if n < ACTIVE_ALERTS.1 => 0.35,
            _ => 0.0,
        };
        if self.rng.f64() < raise {
            let id =
                format!("alr-{}", 1 + state.alerts().map(|a| number(&a.id)).max().unwrap_or(500).max(500));
            return self.raised(now, &id);
        }
        let Some(alert) = self.pick(&active) else { return self.chore(now) };
        let (change, action) = match alert.change {
            AlertChange::Raised if self.rng.f64() < 0.7 => (AlertChange::Acknowledged, "acknowledged"),
            _ => (AlertChange::Cleared, "cleared"),
        };
        let actor = if change == AlertChange::Cleared { "system" } else { self.somebody().0 };
        let changed = Alert { change, ..(*alert).clone() };
        let mut events = event(Payload::Alert(changed), Priority::Normal, now);
        events.extend(self.activity(now, actor, action, &alert.id));
        events
    }

    pub(super) fn raised(&mut self, now: Now, id: &str) -> Vec<NewEvent> {
        let severity = self.severity();
        let priority = if severity == Severity::Critical { Priority::Critical } else { Priority::High };
        let alert = Alert {
            id: id.to_owned(),
            change: AlertChange::Raised,
            severity,
            title: self.title(),
            source: Some(self.word(&words::SOURCES).to_owned()),
            incident_id: None,
            extra: None,
        };
        event(Payload::Alert(alert), priority, now)
    }

    pub(super) fn title(&mut self) -> String {
        format!("{}: {}", self.word(&words::SERVICES), self.word(&words::SYMPTOMS))
    }

    pub(super) fn severity(&mut self) -> Severity {
        match self.rng.u32(..100) {
            0..25 => Severity::Low,
            25..60 => Severity::Medium,
            60..88 => Severity::High,
            _ => Severity::Critical,
        }
    }

    /// Somebody who is there; anybody when nobody is.
    fn free_agent(&mut self, state: &State) -> String {
        let there: Vec<_> = state.agents().filter(|a| a.status == Presence::Online).collect();
        match self.pick(&there) {
            Some(agent) => agent.agent_id.clone(),
            None => self.somebody().0.to_owned(),
        }
    }
}

/// Alerts that no incident has come of yet.
fn loose_alerts(state: &State) -> Vec<&Alert> {
    state.alerts().filter(|a| a.incident_id.is_none() && a.change != AlertChange::Cleared).collect()
}
