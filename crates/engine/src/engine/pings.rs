//! Pings, probes, verdicts, and the proof of health.

use super::Engine;
use crate::liveness::{Verdict, WATCH_MS};
use crate::timers::Timer;
use crate::{Cause, Now};
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
        self.phase.set(Timer::Ping, now.mono + self.options.connection.ping_interval_ms.max(1));
        self.phase.ensure(Timer::Watch, now.mono + WATCH_MS);
        self.outbox.flush_ping_sent(now, n);
    }

    /// Asks whether the socket still lives. `fresh`: what was asked before counts from now on.
    pub(super) fn probe(&mut self, now: Now, fresh: bool) {
        if !self.phase.is_up() {
            return;
        }
        if fresh {
            self.liveness.woke(now.mono);
        }
        if self.liveness.asked_at().is_none_or(|at| now.mono.saturating_sub(at) >= PROBE_GAP_MS) {
            self.ping(now);
        }
    }

    pub(super) fn verdict(&mut self, now: Now) {
        match self.liveness.judge(now.mono) {
            Verdict::Fine => {}
            Verdict::At(at) => self.phase.set(Timer::Verdict, at),
            Verdict::AskAgain(_) => self.probe(now, false),
            Verdict::Dead => {
                self.report.metrics.verdicts += 1;
                self.connection_lost(now, Cause::Silent, super::dial::Delay::Backoff);
            }
        }
    }

    /// A send is unanswered for longer than a round trip explains.
    pub(super) fn unacked(&mut self, now: Now) {
        let Some(since) = self.outbox.oldest_unacked() else { return };
        let patience = self.liveness.patience();
        let due = since + patience;
        if due <= now.mono {
            self.probe(now, false);
            self.phase.set(Timer::Unacked, now.mono + patience);
        } else {
            self.phase.set(Timer::Unacked, due);
        }
    }

    /// A send is unanswered for 30 s: pings sent after it were answered, so the server has it.
    pub(super) fn stuck(&mut self, now: Now) {
        let Some(since) = self.outbox.oldest_unacked() else { return };
        if now.mono < since + STUCK_MS {
            self.phase.set(Timer::Stuck, since + STUCK_MS);
        } else if self.phase.answered_to().is_some_and(|at| at >= since) {
            self.stuck_spent = true;
            if !self.options.connection.reconnect {
                return self.note("a message is unanswered on a connection that answers pings");
            }
            self.connection_lost(now, Cause::Stuck, super::dial::Delay::Backoff);
        } else {
            self.phase.set(Timer::Stuck, now.mono + self.liveness.patience());
        }
    }

    /// The connection lasted: ask for proof. A server that answers no pings proves it by lasting.
    pub(super) fn on_stable(&mut self, now: Now) {
        if self.liveness.answers() {
            if let Some(up) = self.phase.up_mut() {
                up.stable_due = true;
            }
            self.ping(now);
        } else {
            self.mark_healthy();
        }
    }

    pub(super) fn mark_healthy(&mut self) {
        if let Some(up) = self.phase.up_mut() {
            up.stable_due = false;
        }
        self.report.last_error = None;
        self.report.is_dirty = true;
        self.forget_attempts();
        // A time it gave before this connection is spent; one given on this connection is not.
        if self.phase.socket().is_none_or(|socket| socket.goodbye.is_none()) {
            self.forget_server_time();
        }
    }
}
