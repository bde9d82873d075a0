//! What a source does not say: its own silence, alerts it no longer repeats, clears that got lost.

use super::super::types::Now;
use super::counts::Effect;
use super::signals::{Trust, group_of, ingest_of, is_stale, quoted, stale, with_fields};
use super::{Firing, Gateway, Group, IngestCounts, Report, Reports, Signal, Source};
use crate::ingest::hash;
use sentinelops_protocol::Payload;
use sentinelops_protocol::domain::{Alert, AlertChange, Severity};
use std::collections::VecDeque;

/// Field of the alert that says of a source that it is silent.
const SILENT: &str = "silentSource";
/// Between two looks for stale alerts, at most.
const LOOK_EVERY_MS: u64 = 60_000;

impl Gateway {
    /// When a source has to be looked at next, on the monotonic clock.
    pub(in crate::core) fn watch_due(&self) -> Option<u64> {
        if self.unavailable.is_some() {
            return None;
        }
        let of_source = self.sources.values().flat_map(|watched| {
            let expect = watched.source.expect_every_ms.filter(|_| !watched.is_silent);
            let silence = expect.map(|every| watched.received_at.saturating_add(every));
            let look = watched.source.stale_after_ms.map(|_| watched.look_at);
            [silence, look]
        });
        of_source.flatten().min()
    }

    /// Looks at the sources: part of every [`Gateway::timeout`].
    pub(in crate::core) fn watch_sources(&mut self, now: Now) {
        if self.watch_due().is_none_or(|due| due > now.mono) {
            return;
        }
        let names: Vec<_> = self.sources.keys().cloned().collect();
        for name in names {
            let Some(watched) = self.sources.get_mut(&name) else { continue };
            let source = watched.source.clone();
            let is_due = |every: u64| now.mono.saturating_sub(watched.received_at) >= every;
            if let Some(every) = source.expect_every_ms.filter(|every| !watched.is_silent && is_due(*every)) {
                watched.is_silent = true;
                self.begin_silence(now, &source, every);
            }
            if let Some(after) = source.stale_after_ms {
                self.mark_stale(now, &source, after);
            }
        }
    }

    fn begin_silence(&mut self, now: Now, source: &Source, every_ms: u64) {
        let id = silence_id(&source.name);
        if self.state.alert(&id).is_some_and(|alert| alert.change != AlertChange::Cleared) {
            return;
        }
        let minutes = every_ms.div_ceil(60_000);
        let alert = Alert {
            id,
            change: AlertChange::Raised,
            severity: Severity::High,
            title: format!("{} sent nothing for {minutes} min: its alerts may be missing", source.name),
            source: Some(source.name.to_string()),
            incident_id: None,
            extra: with_fields(None, &[(SILENT, Some(quoted(&source.name)))]),
        };
        if self.state.has_room(&Payload::Alert(alert.clone()), self.config.max_open) {
            self.change_alert(now, source, alert, None, None);
        }
    }

    /// The source has sent something.
    pub(super) fn end_silence(&mut self, now: Now, name: &str) {
        let Some(alert) = self.state.alert(&silence_id(name)) else { return };
        if alert.change != AlertChange::Cleared {
            let alert = Alert { change: AlertChange::Cleared, ..alert.clone() };
            self.change_alert(now, &Source::new(name), alert, None, None);
        }
    }

    /// Clears the silence of sources that are no longer expected to send anything.
    pub(super) fn end_silences(&mut self, now: Now) {
        if self.unavailable.is_some() {
            return;
        }
        let open = self.state.alerts().filter(|alert| alert.change != AlertChange::Cleared);
        let silent: Vec<_> =
            open.filter_map(|alert| super::super::links::text(alert.extra.as_ref(), SILENT)).collect();
        for name in silent {
            let known = self.sources.get(&*name);
            if known.is_none_or(|watched| watched.source.expect_every_ms.is_none()) {
                self.end_silence(now, &name);
            }
        }
    }

    fn mark_stale(&mut self, now: Now, source: &Source, after_ms: u64) {
        let Some(watched) = self.sources.get_mut(&source.name).filter(|watched| watched.look_at <= now.mono)
        else {
            return;
        };
        watched.look_at = now.mono + (after_ms / 4).clamp(1, LOOK_EVERY_MS);
        // Before the start nothing is known of repeats.
        let unheard = |id: &str| {
            let last = self.sources.get(&source.name)?;
            let last = last.repeated.get(id).copied().unwrap_or(last.since);
            (now.mono.saturating_sub(last) >= after_ms).then(|| self.state.alert(id))?
        };
        let overdue: Vec<_> = self
            .state
            .links()
            .of_source(&source.name)
            .filter_map(unheard)
            .filter(|alert| !is_stale(alert))
            .map(stale)
            .collect();
        for alert in overdue {
            self.change_alert(now, source, alert, None, None);
        }
    }

    /// Everything that fires at a source that was asked at `asked`. Those of its alerts that are open here and do not
    /// fire there are cleared: their clear got lost. Those that are cleared here and fire there are raised again: an
    /// Alertmanager whose clear did not come through sends no firing either before its `repeat_interval`. What was
    /// reported after the question stays.
    pub fn reconcile(&mut self, now: Now, name: &str, firing: &Firing, asked: Now) {
        if self.unavailable.is_some() {
            return;
        }
        let Some(watched) = self.sources.get(name) else { return };
        let source = watched.source.clone();
        let is_lost = |id: &&str| {
            let last = watched.repeated.get(*id).copied().unwrap_or(watched.since);
            !firing.ids.contains(*id) && last < asked.mono
        };
        let lost: Vec<_> = self.state.links().of_source(name).filter(is_lost).map(str::to_owned).collect();
        if self.is_shared() {
            return self.reconcile_shared(now, source, lost, firing, asked);
        }
        let mut counts = IngestCounts::default();
        for alert_id in lost {
            debug_assert_eq!(self.state.alert(&alert_id).and_then(ingest_of).as_deref(), Some(name));
            // Not the clock of this machine for `ends_at`: the source's next firing is compared with it.
            let signal = Signal::of(alert_id, AlertChange::Cleared);
            if self.clear(now, &source, &signal, None) == Effect::Cleared {
                counts.reconciled += 1;
            }
        }
        for signal in &firing.active {
            let Some(signal) = self.raised_again(signal, asked) else { continue };
            if self.raise(now, &source, &signal, None, Trust::Now) == Effect::Raised {
                counts.reconciled += 1;
            }
        }
        if let Some(watched) = self.sources.get_mut(name) {
            watched.counts += counts;
        }
        self.settle(now);
    }

    /// Of an alert that is cleared here and fires at its source.
    fn raised_again(&self, signal: &Signal, asked: Now) -> Option<Signal> {
        let (alert, at) = self.state.alert_at(&signal.alert_id)?;
        if alert.change != AlertChange::Cleared || at >= asked.wall {
            return None;
        }
        let title = alert.incident_id.as_deref().and_then(|id| self.state.incident(id)?.title.clone());
        let title = title.unwrap_or_else(|| signal.title.clone());
        Some(Signal { group: group_of(alert).map(|key| Group { key, title }), ..signal.clone() })
    }

    fn reconcile_shared(&mut self, now: Now, source: Source, lost: Vec<String>, firing: &Firing, asked: Now) {
        let clears = lost.into_iter().map(|id| Signal::of(id, AlertChange::Cleared));
        let raises = firing.active.iter().filter_map(|signal| self.raised_again(signal, asked));
        let left: VecDeque<_> = clears.chain(raises).map(Report::from).collect();
        if !left.is_empty() {
            let counts = IngestCounts::default();
            let reports = Reports { request: None, source, left, counts, became: None, trust: Trust::Now };
            self.enqueue_reports(now, reports);
        }
        self.settle(now);
    }
}

fn silence_id(source: &str) -> String {
    format!("silent-{}", hash(&[source]))
}
