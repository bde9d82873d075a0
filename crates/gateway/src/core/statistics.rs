//! Figures over all incidents: when each was created, taken and resolved, and what follows from it.

use super::Gateway;
use super::types::{NewEvent, Now};
use sentinelops_protocol::domain::{
    Counts, Durations, Incident, IncidentStatus, OldestUnacknowledged, QuarterHours, SourceAge, Spread, Stats,
};
use sentinelops_protocol::system::SnapshotItem;
use sentinelops_protocol::{Channel, Json, Payload, Priority, Subject};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const QUARTER_MS: u64 = 15 * 60_000;
const QUARTERS: usize = 96;
const DAY_MS: u64 = 24 * 3_600_000;
/// What was resolved longer ago counts no more.
pub const WEEK_MS: u64 = 7 * DAY_MS;
/// How often subscribers get figures.
const TELL_EVERY_MS: u64 = 15_000;
/// The type of the event and of the item of a snapshot.
const KIND: &str = "stats.now";

/// How far an incident has come. Kept for a week after its end, longer than the incident itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Which incident.
    pub incident: String,
    /// Its severity now.
    pub severity: String,
    /// When it was created, ms since the epoch.
    pub opened_at: u64,
    /// When it first had a status other than `new` and `resolved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<u64>,
    /// When it was resolved, unless it was opened again since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<u64>,
}

/// The progress of every incident of the last week, and of the open ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Statistics {
    by_incident: BTreeMap<String, Progress>,
    /// The resolved ones, by the time of it.
    resolved: BTreeSet<(u64, String)>,
}

impl Statistics {
    /// An incident is now this, since `at`. Answers its progress if that changed.
    pub(super) fn note(&mut self, incident: &Incident, at: u64) -> Option<Progress> {
        let before = self.by_incident.get(&incident.id);
        let mut progress = before.cloned().unwrap_or_else(|| Progress {
            incident: incident.id.clone(),
            severity: String::new(),
            opened_at: incident.created_at.unwrap_or(at),
            acknowledged_at: None,
            resolved_at: None,
        });
        progress.severity =
            incident.severity.as_ref().map_or("medium", |severity| severity.as_str()).to_owned();
        match &incident.status {
            Some(IncidentStatus::Resolved) => drop(progress.resolved_at.get_or_insert(at)),
            Some(IncidentStatus::New) | None => progress.resolved_at = None,
            Some(_) => {
                progress.acknowledged_at.get_or_insert(at);
                progress.resolved_at = None;
            }
        }
        if before == Some(&progress) {
            return None;
        }
        self.put(progress.clone());
        self.forget_before(at.saturating_sub(WEEK_MS));
        Some(progress)
    }

    /// What a store kept.
    pub(super) fn put(&mut self, progress: Progress) {
        let incident = progress.incident.clone();
        if let Some(at) = progress.resolved_at {
            self.resolved.insert((at, incident.clone()));
        }
        let before = self.by_incident.insert(incident.clone(), progress);
        let (before, now) = (before.and_then(|before| before.resolved_at), self.resolved_at(&incident));
        if let Some(at) = before.filter(|_| before != now) {
            self.resolved.remove(&(at, incident));
        }
    }

    fn resolved_at(&self, incident: &str) -> Option<u64> {
        self.by_incident.get(incident)?.resolved_at
    }

    fn forget_before(&mut self, wall: u64) {
        while let Some((_, incident)) = self.resolved.first().filter(|(at, _)| *at < wall).cloned() {
            self.resolved.pop_first();
            self.by_incident.remove(&incident);
        }
    }

    /// The figures at a moment; `sources` are not among them.
    pub(super) fn figures(&self, wall: u64) -> Stats {
        let from = (wall / QUARTER_MS + 1).saturating_sub(QUARTERS as u64) * QUARTER_MS;
        let mut by_severity = BTreeMap::<String, Counts>::new();
        let mut oldest: Option<&Progress> = None;
        let (mut acknowledge, mut resolve) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        let took = |lists: &mut [Vec<u64>; 2], from: u64, at: u64| {
            for (list, span) in lists.iter_mut().zip([DAY_MS, WEEK_MS]) {
                if at + span > wall {
                    list.push(at.saturating_sub(from));
                }
            }
        };
        for progress in self.by_incident.values() {
            let Progress { severity, opened_at, acknowledged_at, resolved_at, .. } = progress;
            count(&mut by_severity, severity, from, Some(*opened_at), |counts| &mut counts.opened);
            count(&mut by_severity, severity, from, *acknowledged_at, |counts| &mut counts.acknowledged);
            count(&mut by_severity, severity, from, *resolved_at, |counts| &mut counts.resolved);
            if let Some(at) = acknowledged_at {
                took(&mut acknowledge, *opened_at, *at);
            }
            if let Some(at) = resolved_at {
                took(&mut resolve, *opened_at, *at);
            }
            let waits = acknowledged_at.is_none() && resolved_at.is_none();
            if waits && oldest.is_none_or(|oldest| *opened_at < oldest.opened_at) {
                oldest = Some(progress);
            }
        }
        let spread = |[day, week]: [Vec<u64>; 2]| Durations { day: Spread::of(day), week: Spread::of(week) };
        Stats {
            at: wall,
            quarter_hours: QuarterHours { from, by_severity },
            acknowledge: spread(acknowledge),
            resolve: spread(resolve),
            oldest_unacknowledged: oldest.map(|oldest| OldestUnacknowledged {
                incident_id: oldest.incident.clone(),
                opened_at: oldest.opened_at,
            }),
            sources: Vec::new(),
        }
    }
}

fn count(
    by_severity: &mut BTreeMap<String, Counts>,
    severity: &str,
    from: u64,
    at: Option<u64>,
    list: impl Fn(&mut Counts) -> &mut Vec<u32>,
) {
    let Some(since) = at.and_then(|at| at.checked_sub(from)) else { return };
    let quarter = usize::try_from(since / QUARTER_MS).unwrap_or(QUARTERS);
    let zeros =
        || Counts { opened: vec![0; QUARTERS], acknowledged: vec![0; QUARTERS], resolved: vec![0; QUARTERS] };
    let counts = by_severity.entry(severity.to_owned()).or_insert_with(zeros);
    if let Some(count) = list(counts).get_mut(quarter) {
        *count += 1;
    }
}

impl Gateway {
    /// What the snapshot of channel `stats` holds.
    pub(super) fn stats_item(&self, now: Now) -> SnapshotItem {
        SnapshotItem { kind: KIND.to_owned(), payload: self.figures(now), timestamp: Some(now.wall) }
    }

    /// From now on subscribers get figures every 15 s.
    pub(super) fn publish_stats(&mut self, now: Now) {
        self.stats_due.get_or_insert(now.mono + TELL_EVERY_MS);
    }

    /// Tells them if it is time, until there are none.
    pub(super) fn publish_stats_when_due(&mut self, now: Now) {
        if self.stats_due.is_none_or(|due| due > now.mono) {
            return;
        }
        self.stats_due = None;
        if self.index.subscribers(&Subject::channel(Channel::Stats)).next().is_none() {
            return;
        }
        let payload = Payload::Raw(self.figures(now));
        let (channel, kind) = (Channel::Stats, KIND.to_owned());
        self.pass_on(
            now,
            NewEvent { channel, kind, payload, priority: Priority::Low, timestamp: None },
            None,
        );
        self.publish_stats(now);
    }

    /// The figures of channel `stats`.
    pub fn stats_now(&self, now: Now) -> Stats {
        let age = |(name, _, _, heard_at)| SourceAge { name: String::from(name), heard_at };
        Stats { sources: self.ingest_stats().map(age).collect(), ..self.state.figures(now.wall) }
    }

    fn figures(&self, now: Now) -> Json {
        // Numbers and names: there is nothing in it that could not be written.
        Json::from_value(&self.stats_now(now)).unwrap_or_else(|_| Json::null())
    }
}
