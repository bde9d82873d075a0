//! What a source says of one alert, and what follows from the alert as it is known.

use super::super::links::{INGEST, text};
use super::super::record::Accepted;
use super::super::types::{NewEvent, Now};
use super::counts::Effect;
use super::{Gateway, Source};
use sentinelops_protocol::domain::{Alert, AlertChange, Severity};
use sentinelops_protocol::{Json, Payload};
use std::collections::BTreeSet;

/// A firing that is not newer than the last clear is taken for a late one for this long. After that the source means it:
/// an Alertmanager that lost sight of a firing alert for a while reports it with its old beginning.
const LATE_MS: u64 = 5 * 60_000;

/// Fields that the gateway itself writes into `extra`, ahead of those of the source.
const STARTS_AT: &str = "startsAt";
const ENDS_AT: &str = "endsAt";
const STALE: &str = "stale";
const GROUP: &str = "group";

/// What a source reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// It takes effect once under this id (1 to 64 characters), also after a restart. `None`: what is known already is
    /// derived from the alert.
    pub once: Option<String>,
    /// What it is about.
    pub what: What,
}

/// What a report is about.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An alert.
    Alert(Box<Signal>),
    /// Anything else.
    Event(Box<NewEvent>),
}

impl From<Signal> for Report {
    fn from(signal: Signal) -> Self {
        Self { once: None, what: What::Alert(Box::new(signal)) }
    }
}

/// What a source says of one alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// Which alert ([`crate::ingest::alert_id`]).
    pub alert_id: String,
    /// Firing, resolved or acknowledged.
    pub change: AlertChange,
    /// When it began, ms since the epoch. `None`: a firing of an open alert is always a repeat.
    pub starts_at: Option<u64>,
    /// When it ended, ms since the epoch.
    pub ends_at: Option<u64>,
    /// How bad it is. Of a raised alert; a clear changes only where the alert stands.
    pub severity: Severity,
    /// One line a person reads; of a raised alert.
    pub title: String,
    /// What raised it, for people.
    pub source: Option<String>,
    /// Labels, annotations, links: a JSON object of at most 15 KiB.
    pub extra: Option<Json>,
    /// What it has in common with other alerts.
    pub group: Option<Group>,
}

impl Signal {
    /// One that says nothing but what happened to which alert: a clear or an acknowledgement.
    pub fn of(alert_id: String, change: AlertChange) -> Self {
        Self {
            alert_id,
            change,
            starts_at: None,
            ends_at: None,
            severity: Severity::Medium,
            title: String::new(),
            source: None,
            extra: None,
            group: None,
        }
    }
}

/// A group of alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Identifies it within the source, 1 to 64 characters.
    pub key: String,
    /// Title of its incident.
    pub title: String,
}

/// Everything that fires at a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Firing {
    /// Ids of all alerts.
    pub ids: BTreeSet<String>,
    /// Those that are to be sent: neither silenced nor inhibited. Their group is not known.
    pub active: Vec<Signal>,
}

/// How far a firing is believed that does not look newer than what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::core) enum Trust {
    /// It may have been overtaken by a later report.
    InOrder,
    /// The source was asked, and this was its answer.
    Now,
}

impl Gateway {
    pub(super) fn signal(
        &mut self,
        now: Now,
        source: &Source,
        signal: Signal,
        accepted: Option<Accepted>,
        trust: Trust,
    ) -> Effect {
        match signal.change {
            AlertChange::Raised => self.raise(now, source, &signal, accepted, trust),
            AlertChange::Acknowledged => self.acknowledge(now, source, &signal, accepted),
            AlertChange::Cleared => self.clear(now, source, &signal, accepted),
        }
    }

    pub(super) fn raise(
        &mut self,
        now: Now,
        source: &Source,
        signal: &Signal,
        accepted: Option<Accepted>,
        trust: Trust,
    ) -> Effect {
        if let Some((alert, at)) = self.state.alert_at(&signal.alert_id) {
            let is_newer = |than: Option<u64>| {
                signal.starts_at.zip(than).is_some_and(|(starts_at, than)| starts_at > than)
            };
            let (began, ended) = (number(alert, STARTS_AT), number(alert, ENDS_AT));
            match alert.change {
                AlertChange::Cleared if trust == Trust::Now => {}
                AlertChange::Cleared => {
                    let has_times = signal.starts_at.is_some() && (began.is_some() || ended.is_some());
                    let is_recent = now.wall.saturating_sub(at) < LATE_MS;
                    if has_times && is_recent && !is_newer(began.max(ended)) {
                        return Effect::Late;
                    }
                }
                AlertChange::Raised | AlertChange::Acknowledged if !is_newer(began) => {
                    self.repeat(now, source, &signal.alert_id);
                    return Effect::Repeated;
                }
                // The clear in between was lost.
                AlertChange::Raised | AlertChange::Acknowledged => {}
            }
        }
        let mut alert = Alert {
            id: signal.alert_id.clone(),
            change: AlertChange::Raised,
            severity: signal.severity.clone(),
            title: signal.title.clone(),
            source: signal.source.clone(),
            incident_id: None,
            extra: with_fields(
                signal.extra.as_ref(),
                &[
                    (INGEST, Some(quoted(&source.name))),
                    (STARTS_AT, Some(signal.starts_at.unwrap_or(now.wall).to_string())),
                    (ENDS_AT, None),
                    (STALE, None),
                    (GROUP, signal.group.as_ref().map(|group| quoted(&group.key))),
                ],
            ),
        };
        if !self.state.has_room(&Payload::Alert(alert.clone()), self.config.max_open) {
            return Effect::Overloaded;
        }
        let Ok(incident) = self.incident_of(now, source, signal) else { return Effect::Overloaded };
        alert.incident_id = incident;
        self.mark_repeated(now, source, &alert.id);
        self.change_alert(now, source, alert, accepted, None);
        Effect::Raised
    }

    fn acknowledge(
        &mut self,
        now: Now,
        source: &Source,
        signal: &Signal,
        accepted: Option<Accepted>,
    ) -> Effect {
        let Some(alert) = self.state.alert(&signal.alert_id) else { return Effect::Unknown };
        match alert.change {
            AlertChange::Cleared => Effect::Unknown,
            AlertChange::Acknowledged => Effect::Repeated,
            AlertChange::Raised => {
                let alert = Alert { change: AlertChange::Acknowledged, ..alert.clone() };
                let activity = self.activity(now, &source.actor(), "acknowledged", &alert.id);
                self.change_alert(now, source, alert, accepted, activity.map(|(event, _)| event));
                Effect::Acknowledged
            }
        }
    }

    pub(super) fn clear(
        &mut self,
        now: Now,
        source: &Source,
        signal: &Signal,
        accepted: Option<Accepted>,
    ) -> Effect {
        let Some(alert) = self.state.alert(&signal.alert_id) else { return Effect::Unknown };
        if alert.change == AlertChange::Cleared {
            // A crash may have come between the clear and what follows from it.
            if let Some(incident) = alert.incident_id.clone() {
                self.resolve_untouched(now, source, &incident);
            }
            return Effect::Repeated;
        }
        let began = number(alert, STARTS_AT);
        if signal.ends_at.zip(began).is_some_and(|(ended, began)| ended < began) {
            return Effect::Late;
        }
        let alert = Alert {
            change: AlertChange::Cleared,
            extra: with_fields(
                alert.extra.as_ref(),
                &[(ENDS_AT, signal.ends_at.map(|at| at.to_string())), (STALE, None)],
            ),
            ..alert.clone()
        };
        if let Some(watched) = self.sources.get_mut(&source.name) {
            watched.repeated.remove(&alert.id);
        }
        let incident = alert.incident_id.clone();
        let last_words = incident.as_deref().and_then(|id| self.all_cleared(now, source, id, &alert.id));
        self.change_alert(now, source, alert, accepted, last_words);
        if let Some(incident) = incident {
            self.resolve_untouched(now, source, &incident);
        }
        Effect::Cleared
    }

    /// Appends the alert as it is from here on, with its entry in the timeline and `beside`.
    pub(super) fn change_alert(
        &mut self,
        now: Now,
        source: &Source,
        alert: Alert,
        accepted: Option<Accepted>,
        beside: Option<NewEvent>,
    ) {
        let payload = Payload::Alert(alert);
        let entry = self.timeline(now, &source.actor(), &payload);
        self.record(now, accepted, [NewEvent::of(payload), beside, entry]);
    }

    /// A firing of an alert that is open already.
    fn repeat(&mut self, now: Now, source: &Source, id: &str) {
        self.mark_repeated(now, source, id);
        if let Some(alert) = self.state.alert(id)
            && is_stale(alert)
        {
            let extra = with_fields(alert.extra.as_ref(), &[(STALE, None)]);
            let alert = Alert { extra, ..alert.clone() };
            self.change_alert(now, source, alert, None, None);
        }
    }

    fn mark_repeated(&mut self, now: Now, source: &Source, id: &str) {
        if let Some(watched) = self.sources.get_mut(&source.name) {
            watched.repeated.insert(id.to_owned(), now.mono);
        }
    }
}

/// Whether an alert is marked as one that its source did not repeat.
pub(super) fn is_stale(alert: &Alert) -> bool {
    field(alert, STALE).is_some()
}

/// The alert, marked.
pub(super) fn stale(alert: &Alert) -> Alert {
    let extra = with_fields(alert.extra.as_ref(), &[(STALE, Some("true".to_owned()))]);
    Alert { extra, ..alert.clone() }
}

fn field<'a>(alert: &'a Alert, name: &str) -> Option<&'a str> {
    alert.extra.as_ref()?.fields().filter(|(field, _)| field == name).last().map(|(_, json)| json)
}

fn number(alert: &Alert, name: &str) -> Option<u64> {
    field(alert, name)?.parse().ok()
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The fields of an object with these in place of those of the same name, first; `None` takes one away.
pub(super) fn with_fields(extra: Option<&Json>, fields: &[(&str, Option<String>)]) -> Option<Json> {
    let ours = fields.iter().filter_map(|(name, json)| Some((quoted(name), json.clone()?)));
    let kept = extra.into_iter().flat_map(Json::fields);
    let kept = kept.filter(|(name, _)| fields.iter().all(|(ours, _)| name != ours));
    let all = ours.chain(kept.map(|(name, json)| (quoted(&name), json.to_owned())));
    let members: Vec<String> = all.map(|(name, json)| format!("{name}:{json}")).collect();
    // Names are quoted and values are JSON: it parses.
    if members.is_empty() { None } else { Json::parse(&format!("{{{}}}", members.join(","))).ok() }
}

/// The source an alert came from.
pub(super) fn ingest_of(alert: &Alert) -> Option<String> {
    text(alert.extra.as_ref(), INGEST)
}

/// The key of the group it was raised with.
pub(super) fn group_of(alert: &Alert) -> Option<String> {
    text(alert.extra.as_ref(), GROUP)
}
