//! What shows: status and metrics.

use super::Engine;
use super::phase::Phase;
use crate::{Cause, ConnectionState, Metrics, Now, Status};
use std::collections::HashSet;

/// What was shown and counted.
#[derive(Default)]
pub(super) struct Report {
    /// The status as shown last.
    pub shown: Status,
    /// It may have changed since.
    pub is_dirty: bool,
    pub last_error: Option<String>,
    pub metrics: Metrics,
    pub connected_before: bool,
    pub unknown_channels: HashSet<String>,
}

impl Engine {
    /// The connection as shown.
    ///
    /// ```
    /// use sentinelops_engine::{Cause, Engine, EngineOptions, Now};
    ///
    /// let engine = Engine::new(EngineOptions::default(), 7, Now::default());
    /// assert_eq!(engine.status().cause, Cause::NotAsked);
    /// ```
    pub fn status(&self) -> Status {
        self.report.shown.clone()
    }

    /// Waits for a token that its page's provider did not give.
    pub(crate) fn lacks_token(&self) -> bool {
        self.cause == Cause::NeedsAuth && self.auth.has_failed()
    }

    /// The server closed because of a newer connection of this browser.
    pub(crate) fn is_superseded(&self) -> bool {
        matches!(self.phase, Phase::Stopped) && self.cause == Cause::Superseded
    }

    /// Counters since the engine started.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, EngineOptions, Now};
    ///
    /// let now = Now::default();
    /// assert_eq!(Engine::new(EngineOptions::default(), 7, now).metrics(now).dials, 0);
    /// ```
    pub fn metrics(&self, now: Now) -> Metrics {
        let mut metrics = self.report.metrics.clone();
        metrics.uptime_ms += self.phase.up().map_or(0, |up| now.mono.saturating_sub(up.since.mono));
        let subs = self.subs.counts();
        metrics.repeats = subs.repeats;
        metrics.holes = subs.holes;
        metrics.resyncs = self.consumers.resyncs();
        metrics.dropped_keys = subs.dropped;
        let counts = self.outbox.counts();
        metrics.queued = counts.queued.iter().sum();
        metrics.in_flight = counts.in_flight;
        metrics.failed = counts.failed;
        metrics.rtt_us = self.liveness.latency.srtt().map(|ms| (ms * 1_000.0) as u64);
        metrics
    }

    fn state(&self) -> ConnectionState {
        match &self.phase {
            Phase::Idle => ConnectionState::Disconnected,
            Phase::Stopped => ConnectionState::Error,
            Phase::Online(socket) if socket.is_up() => ConnectionState::Connected,
            Phase::Waiting { .. } => ConnectionState::Reconnecting,
            _ if self.again => ConnectionState::Reconnecting,
            _ => ConnectionState::Connecting,
        }
    }

    pub(super) fn build_status(&self, now: Now) -> Status {
        let next_dial = if let Phase::Waiting { until, .. } = self.phase { Some(until) } else { None };
        let up = self.phase.up();
        Status {
            state: self.state(),
            cause: self.cause.clone(),
            mode: self.phase.mode(),
            latency_ms: self.liveness.latency.srtt(),
            jitter_ms: self.liveness.latency.rttvar(),
            p95_ms: self.liveness.latency.p95(),
            quality: self.liveness.latency.quality(),
            attempts: self.outbox.meta().attempts,
            next_dial_at: next_dial.map(|at| now.wall + at.saturating_sub(now.mono)),
            connected_since: up.map(|up| up.since.wall),
            queued: self.outbox.counts().queued,
            storage: self.outbox.storage().clone(),
            unreadable: self.outbox.unreadable(),
            last_error: self.report.last_error.clone(),
            protocol: up.and(self.phase.socket()).and_then(|socket| socket.protocol.clone()),
        }
    }
}
