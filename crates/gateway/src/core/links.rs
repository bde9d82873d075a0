//! Which open alerts belong to which incident and source, and which open incident to which alert key. Derived from
//! incidents and alerts as they are applied, so it is neither stored nor sent.

use sentinelops_protocol::Json;
use sentinelops_protocol::domain::{Alert, AlertChange, Incident, IncidentStatus};
use std::collections::{BTreeSet, HashMap};

/// Field of an incident: what its alerts have in common.
pub(super) const ALERT_KEY: &str = "alertKey";
/// Field of an alert: the source it came from.
pub(super) const INGEST: &str = "ingest";

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Links {
    /// Open incidents by alert key.
    incidents: HashMap<String, String>,
    /// Alerts that are not cleared, by incident.
    of_incident: HashMap<String, BTreeSet<String>>,
    /// The same, by source.
    of_source: HashMap<String, BTreeSet<String>>,
}

impl Links {
    pub(super) fn incident_changed(&mut self, before: Option<&Incident>, after: &Incident) {
        let key = |incident: &Incident| text(incident.extra.as_ref(), ALERT_KEY);
        if let Some(key) = before.and_then(key)
            && self.incidents.get(&key) == Some(&after.id)
        {
            self.incidents.remove(&key);
        }
        if let Some(key) = key(after)
            && after.status != Some(IncidentStatus::Resolved)
        {
            self.incidents.insert(key, after.id.clone());
        }
    }

    pub(super) fn alert_changed(&mut self, before: Option<&Alert>, after: &Alert) {
        if let Some(before) = before {
            let (incident, source) = keys(before);
            leave(&mut self.of_incident, incident, &after.id);
            leave(&mut self.of_source, source, &after.id);
        }
        if after.change != AlertChange::Cleared {
            let (incident, source) = keys(after);
            join(&mut self.of_incident, incident, &after.id);
            join(&mut self.of_source, source, &after.id);
        }
    }

    /// The open incident of an alert key.
    pub(super) fn incident(&self, key: &str) -> Option<&str> {
        self.incidents.get(key).map(String::as_str)
    }

    /// Ids of the alerts of an incident that are not cleared.
    pub(super) fn of_incident(&self, incident: &str) -> impl Iterator<Item = &str> {
        self.of_incident.get(incident).into_iter().flatten().map(String::as_str)
    }

    /// Ids of the alerts of a source that are not cleared.
    pub(super) fn of_source(&self, source: &str) -> impl Iterator<Item = &str> {
        self.of_source.get(source).into_iter().flatten().map(String::as_str)
    }
}

fn keys(alert: &Alert) -> (Option<String>, Option<String>) {
    (alert.incident_id.clone(), text(alert.extra.as_ref(), INGEST))
}

fn join(sets: &mut HashMap<String, BTreeSet<String>>, key: Option<String>, id: &str) {
    if let Some(key) = key {
        sets.entry(key).or_default().insert(id.to_owned());
    }
}

fn leave(sets: &mut HashMap<String, BTreeSet<String>>, key: Option<String>, id: &str) {
    if let Some(key) = key
        && let Some(set) = sets.get_mut(&key)
    {
        set.remove(id);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}

/// A text among the fields beyond the documented ones.
pub(super) fn text(extra: Option<&Json>, name: &str) -> Option<String> {
    let (_, json) = extra?.fields().filter(|(field, _)| field == name).last()?;
    serde_json::from_str(json).ok()
}
