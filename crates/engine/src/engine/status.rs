//! What shows: status and metrics.

use super::{Engine, Phase};
use crate::timers::Timer;
use crate::{Cause, ConnectionState, Metrics, Now, Status};

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
        self.shown.clone()
    }

    /// Waits for a token that its page's provider did not give.
    pub(crate) fn lacks_token(&self) -> bool {
        self.cause == Cause::NeedsAuth && self.auth.has_failed()
    }

    /// The server closed because of a newer connection of this browser.
    pub(crate) fn is_superseded(&self) -> bool {
        self.phase == Phase::Stopped && self.cause == Cause::Superseded
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
        let mut metrics = self.metrics.clone();
        metrics.uptime_ms += self.socket_state.up_at.map_or(0, |at| now.mono.saturating_sub(at));
        let subs = self.subs.counts();
        metrics.repeats = subs.repeats;
        metrics.holes = subs.holes;
        metrics.resyncs = self.consumers.resyncs();
        metrics.dropped_keys = subs.dropped;
        let counts = self.outbox.counts();
        metrics.queued = counts.queued.iter().sum();
        metrics.in_flight = counts.in_flight;
        metrics.failed = counts.failed;
        metrics.rtt_us = self.latency.srtt().map(|ms| (ms * 1_000.0) as u64);
        metrics
    }

    fn state(&self) -> ConnectionState {
        match self.phase {
            Phase::Idle => ConnectionState::Disconnected,
            Phase::Stopped => ConnectionState::Error,
            Phase::Up(_) => ConnectionState::Connected,
            Phase::Waiting { .. } => ConnectionState::Reconnecting,
            _ if self.again => ConnectionState::Reconnecting,
            _ => ConnectionState::Connecting,
        }
    }

    pub(super) fn build_status(&self, now: Now) -> Status {
        let waits = matches!(self.phase, Phase::Waiting { .. });
        let mode = if let Phase::Up(mode) = self.phase { Some(mode) } else { None };
        Status {
            state: self.state(),
            cause: self.cause.clone(),
            mode,
            latency_ms: self.latency.srtt(),
            jitter_ms: self.latency.rttvar(),
            p95_ms: self.latency.p95(),
            quality: self.latency.quality(),
            attempts: self.outbox.meta().attempts,
            next_dial_at: self
                .timers
                .get(Timer::Dial)
                .filter(|_| waits)
                .map(|at| now.wall + at.saturating_sub(now.mono)),
            connected_since: self.connected_since,
            queued: self.outbox.counts().queued,
            storage: self.outbox.storage().clone(),
            unreadable: self.outbox.unreadable(),
            last_error: self.last_error.clone(),
            protocol: self.socket_state.protocol.clone().filter(|_| mode.is_some()),
        }
    }
}
