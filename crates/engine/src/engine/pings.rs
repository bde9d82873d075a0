//! Pings, probes, verdicts, and the proof of health.

use super::{Engine, Phase};
use crate::liveness::{Liveness, Verdict, WATCH_MS};
use crate::timers::Timer;
use crate::{Cause, Mode, Now};
use sentinelops_protocol::system::{ClientSystem, Ping};

/// A second probe within this time would tell nothing new.
const PROBE_GAP_MS: u64 = 500;
/// How long (ms) a message may stay unanswered on a socket that answers pings.
pub(crate) const STUCK_MS: u64 = 30_000;

impl Engine {
    pub(super) fn ping(&mut self, now: Now) {
        if self.is_raw() {
            return;
        }
        let n = self.liveness.ping(now.mono);
        self.transmit_system(now, &ClientSystem::Ping(Ping { n, sent_at: now.mono }));
        self.timers.set(Timer::Ping, now.mono + self.options.connection.ping_interval_ms.max(1));
        self.timers.ensure(Timer::Watch, now.mono + WATCH_MS);
        self.outbox.flush_ping_sent(now, n);
    }

    /// Asks whether the socket still lives. `fresh`: what was asked before counts from now on.
    pub(super) fn probe(&mut self, now: Now, fresh: bool) {
        if !matches!(self.phase, Phase::Up(_)) {
            return;
        }
        if fresh {
            self.liveness.woke(now.mono, &self.latency);
        }
        if self.liveness.asked_at().is_none_or(|at| now.mono.saturating_sub(at) >= PROBE_GAP_MS) {
            self.ping(now);
        }
    }

    pub(super) fn verdict(&mut self, now: Now) {
        if !matches!(self.phase, Phase::Up(_)) {
            return;
        }
        match self.liveness.judge(now.mono, &self.latency) {
            Verdict::Fine => {}
            Verdict::At(at) => self.timers.set(Timer::Verdict, at),
            Verdict::AskAgain(_) => self.probe(now, false),
            Verdict::Dead => {
                self.metrics.verdicts += 1;
                self.connection_lost(now, Cause::Silent, super::dial::Delay::Backoff);
            }
        }
    }

    /// A send is unanswered for longer than a round trip explains.
    pub(super) fn unacked(&mut self, now: Now) {
        let Some(since) = self.outbox.oldest_unacked() else { return };
        if !self.liveness.answers() {
            // No verdict could follow: the regular pings will do.
            return;
        }
        let patience = Liveness::patience(&self.latency);
        let due = since + patience;
        if due <= now.mono {
            self.probe(now, false);
            self.timers.set(Timer::Unacked, now.mono + patience);
        } else {
            self.timers.set(Timer::Unacked, due);
        }
    }

    /// A send is unanswered for 30 s: pings sent after it were answered, so the server has it.
    pub(super) fn stuck(&mut self, now: Now) {
        let Some(since) = self.outbox.oldest_unacked() else { return };
        if self.stuck_spent || self.phase != Phase::Up(Mode::V1) {
            return;
        }
        if now.mono < since + STUCK_MS {
            self.timers.set(Timer::Stuck, since + STUCK_MS);
        } else if self.socket_state.answered_to.is_some_and(|at| at >= since) {
            self.stuck_spent = true;
            if !self.options.connection.reconnect {
                return self.note("a message is unanswered on a connection that answers pings");
            }
            self.connection_lost(now, Cause::Stuck, super::dial::Delay::Backoff);
        } else {
            self.timers.set(Timer::Stuck, now.mono + Liveness::patience(&self.latency));
        }
    }

    /// The connection lasted: ask for proof. A server that answers no pings proves it by lasting.
    pub(super) fn on_stable(&mut self, now: Now) {
        if self.liveness.answers() {
            self.socket_state.stable_due = true;
            self.ping(now);
        } else {
            self.mark_healthy();
        }
    }

    pub(super) fn mark_healthy(&mut self) {
        self.socket_state.stable_due = false;
        self.last_error = None;
        self.status_dirty = true;
        self.forget_attempts();
        // A time it gave before this connection is spent; one given on this connection is not.
        if self.socket_state.goodbye.is_none() {
            self.forget_server_time();
        }
    }
}
