//! Alerts from outside: what a source reports, and what becomes of it.
//!
//! The shell parses a body ([`crate::ingest`]) and hands the reports to [`Gateway::ingest`]. What is known already is
//! derived from the applied state, so it is known after a restart as well.
//!
//! One report is one or two records, in an order in which a crash in between leaves nothing wrong: a source that got
//! no answer sends the report again, and the second time what is missing is completed.

mod counts;
mod incidents;
mod reports;
mod signals;
mod source;
mod watch;

pub use counts::IngestCounts;
pub use signals::{Firing, Group, Report, Signal, What};
pub use source::{IncidentRule, Source};

use super::Gateway;
use super::ids::Known;
use super::record::Accepted;
use super::types::{Answer, Now, Output};
pub(super) use counts::Effect;
pub(super) use reports::Reports;
pub(super) use signals::Trust;
use source::Watched;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `Retry-After` of a source whose report found no room.
pub(crate) const FULL_RETRY_MS: u64 = 60_000;

/// A part of what a source sent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first one, or all of it; and how many reports could not be read.
    First {
        /// Reports that could not be read.
        unusable: u64,
    },
    /// What comes after it.
    Further,
}

impl Part {
    /// Everything, and all of it could be read.
    pub const WHOLE: Self = Self::First { unusable: 0 };
}

/// The sources, by name.
pub(super) type Sources = BTreeMap<Arc<str>, Watched>;

impl Gateway {
    /// The sources from here on. Counters of those that stay go on.
    pub fn set_sources(&mut self, now: Now, sources: Vec<Source>) {
        let mut before = std::mem::take(&mut self.sources);
        for source in sources {
            let name = source.name.clone();
            let watched = match before.remove(&name) {
                Some(known) => Watched { source, ..known },
                None => Watched::new(source, now.mono),
            };
            self.sources.insert(name, watched);
        }
        self.end_silences(now);
        self.settle(now);
    }

    /// A source sent `reports`. It is answered with [`Output::Answer`] and
    /// the same `request` when everything is committed. A large body comes in parts.
    pub fn ingest(&mut self, now: Now, request: u64, name: &str, reports: Vec<Report>, part: Part) {
        let unusable = match part {
            Part::First { unusable } => unusable,
            Part::Further => 0,
        };
        let mut counts = IngestCounts { unusable, ..IngestCounts::default() };
        let source = self.sources.get_mut(name).map(|watched| {
            watched.mark_received(now);
            watched.source.clone()
        });
        let retry_after_ms = match (self.unavailable, source) {
            (Some(wait), _) => Some(wait),
            (None, None) => Some(FULL_RETRY_MS),
            (None, Some(source)) if self.is_shared() => {
                if let Some(watched) = self.sources.get_mut(name) {
                    watched.requests += u64::from(part != Part::Further);
                }
                self.tell_heard(&source, &reports);
                self.end_silence(now, &source.name);
                let left = reports.into();
                let reports = Reports {
                    request: Some(request),
                    source,
                    left,
                    counts,
                    became: None,
                    trust: Trust::InOrder,
                };
                self.enqueue_reports(now, reports);
                return self.settle(now);
            }
            (None, Some(source)) => {
                self.end_silence(now, &source.name);
                for report in reports {
                    counts.add(self.report(now, &source, report, Trust::InOrder));
                }
                (counts.overloaded > 0).then_some(FULL_RETRY_MS)
            }
        };
        if let Some(watched) = self.sources.get_mut(name) {
            watched.counts += counts;
            watched.requests += u64::from(part != Part::Further);
        }
        self.output(Output::Answer { request, answer: Answer::Ingested { counts, retry_after_ms } });
        self.settle(now);
    }

    /// What each source has sent since the start: name, requests, what became of the reports, and when it sent last (ms
    /// since the epoch).
    pub fn ingest_stats(&self) -> impl Iterator<Item = (&str, u64, IngestCounts, Option<u64>)> {
        let stats = |watched: &Watched| (watched.requests, watched.counts, watched.heard_at_ms);
        self.sources.iter().map(move |(name, watched)| {
            let (requests, counts, heard_at_ms) = stats(watched);
            (&**name, requests, counts, heard_at_ms)
        })
    }

    pub(super) fn report(&mut self, now: Now, source: &Source, report: Report, trust: Trust) -> Effect {
        let user = source.actor();
        let accepted = report.once.map(|id| Accepted { user: user.clone(), id, hash: 0, at: now.wall });
        if let Some(Accepted { id, hash, .. }) = &accepted {
            if self.ids.known(&user, id, *hash) != Known::New {
                return Effect::Repeated;
            }
            if self.ids.count(&user) >= self.config.max_ids_per_user {
                return Effect::Overloaded;
            }
        }
        match report.what {
            What::Alert(signal) => self.signal(now, source, *signal, accepted, trust),
            What::Event(event) => {
                if !self.state.has_room(&event.payload, self.config.max_open) {
                    return Effect::Overloaded;
                }
                let entry = self.timeline(now, &user, &event.payload);
                self.record(now, accepted, [Some(*event), entry]);
                Effect::Event
            }
        }
    }

    /// Appends what one step of a report brings about.
    fn record(
        &mut self,
        now: Now,
        accepted: Option<Accepted>,
        events: impl IntoIterator<Item = Option<super::NewEvent>>,
    ) {
        let events = events.into_iter().flatten().map(|event| (event, false)).collect();
        if self.append(now, accepted.clone(), events).is_some()
            && let Some(accepted) = accepted
        {
            self.ids.insert(now.mono, accepted);
        }
    }
}
