//! Pings, probes, verdicts, and the proof of health.

use super::{Engine, Phase};
use crate::liveness::{Liveness, Verdict, WATCH_MS};
use crate::timers::Timer;
use crate::{Cause, Mode, Now};
use sentinelops_protocol::system::{ClientSystem, Ping};

/// A second probe within this time would tell nothing new.
const PROBE_GAP_MS: u64 = 500;
/// A message may stay unanswered for so long on a socket that answers pings.
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
        self.outbox.fence_sent(now, n);
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
                self.lose(now, Cause::Silent, super::dial::Delay::Backoff);
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
        } else if self.link.answered_to.is_some_and(|at| at >= since) {
            self.stuck_spent = true;
            if !self.options.connection.reconnect {
                return self.note("a message is unanswered on a connection that answers pings");
            }
            self.lose(now, Cause::Stuck, super::dial::Delay::Backoff);
        } else {
            self.timers.set(Timer::Stuck, now.mono + Liveness::patience(&self.latency));
        }
    }

    /// The connection lasted: ask for proof. A server that answers no pings proves it by lasting.
    pub(super) fn lasted(&mut self, now: Now) {
        if self.liveness.answers() {
            self.link.stable_due = true;
            self.ping(now);
        } else {
            self.proven();
        }
    }

    pub(super) fn proven(&mut self) {
        self.link.stable_due = false;
        self.last_error = None;
        self.status_dirty = true;
        self.forget_attempts();
        // What it asked of us before this connection is spent; what it said on it is not.
        if self.link.goodbye.is_none() {
            self.forget_held_time();
        }
    }
}
