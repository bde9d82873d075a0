//! A source of alerts: its rules, and what is known of it.

use super::super::types::Now;
use super::counts::IngestCounts;
use sentinelops_protocol::domain::Severity;
use std::collections::HashMap;
use std::sync::Arc;

/// Which alerts of a source open an incident together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncidentRule {
    /// One incident per group of the source (Alertmanager's `group_by`); an alert without a group has its own.
    #[default]
    Group,
    /// One incident per alert.
    Alert,
    /// Alerts open no incidents.
    None,
}

/// The rules of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name, unique: 1 to 40 characters.
    pub name: Arc<str>,
    /// Which alerts open an incident together.
    pub incident: IncidentRule,
    /// Least severity of an alert that opens an incident.
    pub min_severity: Severity,
    /// An incident nobody touched is resolved when its last alert is cleared.
    pub auto_resolve: bool,
    /// A source that sends nothing for this long (ms) raises an alert of its own.
    pub expect_every_ms: Option<u64>,
    /// An alert that is not repeated for this long (ms) is marked `stale`.
    pub stale_after_ms: Option<u64>,
}

impl Source {
    /// A source with the default rules: incidents by group for alerts of high severity and above, resolved by
    /// themselves; neither silence nor stale alerts are looked for.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            incident: IncidentRule::Group,
            min_severity: Severity::High,
            auto_resolve: true,
            expect_every_ms: None,
            stale_after_ms: None,
        }
    }

    /// Who does what the source brings about.
    pub(super) fn actor(&self) -> String {
        format!("source:{}", self.name)
    }
}

/// A source and what was seen of it. Times without `_at_ms` are monotonic.
#[derive(Debug)]
pub(in crate::core) struct Watched {
    pub source: Source,
    pub requests: u64,
    pub counts: IngestCounts,
    /// When it was set up.
    pub since: u64,
    /// When it sent last; at first when it was set up.
    pub received_at: u64,
    /// The same on the wall clock, once it has sent.
    pub heard_at_ms: Option<u64>,
    /// Its silence was noticed.
    pub is_silent: bool,
    /// When each of its open alerts was reported as firing last; since the start of the gateway.
    pub repeated: HashMap<String, u64>,
    /// When to look for stale alerts next.
    pub look_at: u64,
}

impl Watched {
    pub(super) fn new(source: Source, now_mono: u64) -> Self {
        Self {
            source,
            requests: 0,
            counts: IngestCounts::default(),
            since: now_mono,
            received_at: now_mono,
            heard_at_ms: None,
            is_silent: false,
            repeated: HashMap::new(),
            look_at: now_mono,
        }
    }

    pub(in crate::core) fn mark_received(&mut self, now: Now) {
        self.received_at = now.mono;
        self.heard_at_ms = Some(now.wall);
        self.is_silent = false;
    }
}
