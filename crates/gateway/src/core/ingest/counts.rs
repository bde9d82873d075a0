//! What became of reports, and how often.

use std::ops::AddAssign;

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::core) enum Effect {
    Raised,
    Acknowledged,
    Cleared,
    Event,
    Repeated,
    Late,
    Unknown,
    Overloaded,
}

/// What became of the reports of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IngestCounts {
    /// Alerts raised, also again after a clear.
    pub raised: u64,
    /// Alerts acknowledged by the source.
    pub acknowledged: u64,
    /// Alerts cleared.
    pub cleared: u64,
    /// Alerts cleared or raised again because the source, asked, answered so ([`crate::Gateway::reconcile`]).
    pub reconciled: u64,
    /// Other events published.
    pub events: u64,
    /// Reports of what was known already.
    pub repeated: u64,
    /// Reports older than what is known: a firing not newer than the last clear, a clear from before the last raise.
    pub late: u64,
    /// Clears and acknowledgements of alerts that are not known or are cleared.
    pub unknown: u64,
    /// Reports that could not be read.
    pub unusable: u64,
    /// Reports for which there was no room.
    pub overloaded: u64,
}

impl IngestCounts {
    pub(in crate::core) fn add(&mut self, effect: Effect) {
        let count = match effect {
            Effect::Raised => &mut self.raised,
            Effect::Acknowledged => &mut self.acknowledged,
            Effect::Cleared => &mut self.cleared,
            Effect::Event => &mut self.events,
            Effect::Repeated => &mut self.repeated,
            Effect::Late => &mut self.late,
            Effect::Unknown => &mut self.unknown,
            Effect::Overloaded => &mut self.overloaded,
        };
        *count += 1;
    }

    /// The counters with their names, for logs and metrics.
    pub fn named(&self) -> [(&'static str, u64); 10] {
        [
            ("raised", self.raised),
            ("acknowledged", self.acknowledged),
            ("cleared", self.cleared),
            ("reconciled", self.reconciled),
            ("events", self.events),
            ("repeated", self.repeated),
            ("late", self.late),
            ("unknown", self.unknown),
            ("unusable", self.unusable),
            ("overloaded", self.overloaded),
        ]
    }
}

impl AddAssign for IngestCounts {
    fn add_assign(&mut self, more: Self) {
        self.raised += more.raised;
        self.acknowledged += more.acknowledged;
        self.cleared += more.cleared;
        self.reconciled += more.reconciled;
        self.events += more.events;
        self.repeated += more.repeated;
        self.late += more.late;
        self.unknown += more.unknown;
        self.unusable += more.unusable;
        self.overloaded += more.overloaded;
    }
}
