//! Figures over all incidents, as the server counts them.

use crate::{Json, Problem, read_value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `stats.now`: what the server counted, at one moment. A server sends it as the snapshot of channel `stats` and every
/// 15 s after that.
///
/// ```
/// use sentinelops_protocol::Json;
/// use sentinelops_protocol::domain::Stats;
///
/// let json = Json::parse(r#"{"at": 900000, "acknowledge": {"day": {"count": 3, "medianMs": 60000, "p90Ms": 90000}}}"#)?;
/// let stats = Stats::read(&json).expect("figures");
/// assert_eq!(stats.acknowledge.day.median_ms, Some(60_000));
/// assert_eq!(stats.oldest_unacknowledged, None);
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Stats {
    /// When they were true, ms since the epoch, on the server's clock.
    pub at: u64,
    /// The last 24 hours.
    pub quarter_hours: QuarterHours,
    /// From the creation of an incident to the first who took it: any status but `new` and `resolved`.
    pub acknowledge: Durations,
    /// From the creation of an incident to its end.
    pub resolve: Durations,
    /// Of the incidents with status `new` the one that has waited for longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_unacknowledged: Option<OldestUnacknowledged>,
    /// Where alerts come from, in the order of their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceAge>,
}

impl Stats {
    /// Reads the payload of a `stats.now`. What it does not say is 0 or nothing.
    ///
    /// # Errors
    /// What does not fit.
    ///
    /// ```
    /// use sentinelops_protocol::Json;
    /// use sentinelops_protocol::domain::Stats;
    ///
    /// assert!(Stats::read(&Json::parse(r#"{"at": "now"}"#)?).is_err());
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn read(json: &Json) -> Result<Self, Box<Problem>> {
        read_value("stats.now", json)
    }
}

/// Counts per 15 minutes: 96 of them, oldest first; the last one is still going on.
///
/// ```
/// use sentinelops_protocol::domain::{Counts, QuarterHours};
///
/// fn opened_last_hour(quarters: &QuarterHours, severity: &str) -> u32 {
///     let counts: &Counts = &quarters.by_severity[severity];
///     counts.opened.iter().rev().take(4).sum()
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct QuarterHours {
    /// When the first of them begins, ms since the epoch: a whole quarter of an hour.
    pub from: u64,
    /// By the severity the incidents have now. A severity without any count is left out.
    pub by_severity: BTreeMap<String, Counts>,
}

/// How many incidents of one severity, per quarter of an hour.
///
/// ```
/// use sentinelops_protocol::domain::Counts;
///
/// fn total(counts: &Counts) -> u32 {
///     counts.resolved.iter().sum()
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Counts {
    /// Created.
    pub opened: Vec<u32>,
    /// Taken by somebody for the first time.
    pub acknowledged: Vec<u32>,
    /// Resolved.
    pub resolved: Vec<u32>,
}

/// How long something took, of what ended in a span of time.
///
/// ```
/// use sentinelops_protocol::domain::Durations;
///
/// fn got_slower(durations: &Durations) -> bool {
///     durations.day.median_ms > durations.week.median_ms
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Durations {
    /// The last 24 hours.
    pub day: Spread,
    /// The last seven days.
    pub week: Spread,
}

/// Median and 90th percentile, by nearest rank; `None` when there were none.
///
/// ```
/// use sentinelops_protocol::domain::Spread;
///
/// assert_eq!(Spread::of(vec![30, 10, 20]), Spread { count: 3, median_ms: Some(20), p90_ms: Some(30) });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Spread {
    /// How many.
    pub count: u32,
    /// Half of them took this long or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub median_ms: Option<u64>,
    /// Nine of ten took this long or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90_ms: Option<u64>,
}

impl Spread {
    /// Of these, in ms, in any order.
    ///
    /// ```
    /// use sentinelops_protocol::domain::Spread;
    ///
    /// assert_eq!(Spread::of(Vec::new()), Spread::default());
    /// ```
    pub fn of(mut durations_ms: Vec<u64>) -> Self {
        durations_ms.sort_unstable();
        let rank = |percent: usize| {
            let at = (durations_ms.len() * percent).div_ceil(100).saturating_sub(1);
            durations_ms.get(at).copied()
        };
        let count = u32::try_from(durations_ms.len()).unwrap_or(u32::MAX);
        Self { count, median_ms: rank(50), p90_ms: rank(90) }
    }
}

/// The incident that has waited for longest to be taken.
///
/// ```
/// use sentinelops_protocol::domain::OldestUnacknowledged;
///
/// fn waited_ms(oldest: &OldestUnacknowledged, now: u64) -> u64 {
///     now.saturating_sub(oldest.opened_at)
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OldestUnacknowledged {
    /// Which incident.
    pub incident_id: String,
    /// When it was created, ms since the epoch.
    pub opened_at: u64,
}

/// When a source last sent something.
///
/// ```
/// use sentinelops_protocol::domain::SourceAge;
///
/// fn age_ms(source: &SourceAge, now: u64) -> Option<u64> {
///     source.heard_at.map(|at| now.saturating_sub(at))
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourceAge {
    /// Its name in the server's configuration.
    pub name: String,
    /// Ms since the epoch; `None`: not since the server started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<u64>,
}
