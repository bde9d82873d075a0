//! From the wish to connect to a socket: store, token, dial, failure, wait.

use super::Engine;
use super::phase::{Phase, Socket};
use crate::mutant::{self, Mutant};
use crate::timers::Timer;
use crate::{Cause, Generation, Now, Output, TokenReason, Trace};

/// Attempt at which delays stop growing while a poison message is isolated: each such close comes from a running server,
/// and all other messages wait.
const POISON_ATTEMPT: u32 = 4;
/// A hint younger than this (ms) counts when the connection drops.
const HINT_COUNTS_MS: u64 = 10_000;
/// Why a dial waits for a time that was given before.
const EARLIER_WORD: &str = "a time the server gave before";

/// When to dial again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delay {
    /// Our own backoff.
    Backoff,
    /// The close named a window (ms) to spread over.
    Window(u64),
    /// A goodbye named the window (ms) before the close.
    Goodbye(u64),
    /// `welcome` named the window (ms) for the first dial after a drop.
    WelcomeWindow(u64),
    /// The server asked for a slow retry, optionally with a delay (ms).
    Slow(Option<u64>),
    /// The server closed because of a message; the poison message is being isolated.
    Poison,
}

/// A wait before a dial. `by_server`: a server gave the time.
struct Wait {
    ms: u64,
    by_server: bool,
    why: &'static str,
}

impl Engine {
    /// A new wish to connect.
    pub(super) fn start_connecting(&mut self, now: Now) {
        if matches!(self.cause, Cause::GaveUp { .. }) {
            self.forget_attempts();
        }
        self.again = false;
        self.arm_tick(now);
        self.cause = Cause::None;
        self.report.is_dirty = true;
        self.first_attempt(now);
    }

    /// The wait before a dial is over, unless a store that opened late has a time that a server gave.
    pub(super) fn dial_due(&mut self, now: Now) {
        match self.server_delay_left(now) {
            0 => self.start_attempt(now),
            by_server => self.wait(now, by_server, true, EARLIER_WORD),
        }
    }

    /// Starts an attempt: requests a token first where one is required.
    pub(super) fn start_attempt(&mut self, now: Now) {
        self.arm_tick(now);
        self.report.is_dirty = true;
        if self.auth.must_ask() {
            self.phase = Phase::Asking;
            self.ask_token(now, TokenReason::Dial);
        } else {
            self.dial(now);
        }
    }

    pub(super) fn dial(&mut self, now: Now) {
        if self.server_delay_left(now) == 0 {
            self.forget_server_time();
        }
        self.sockets += 1;
        let generation = Generation(self.sockets);
        self.phase = Phase::Online(Box::new(Socket::dialing(generation)));
        self.report.is_dirty = true;
        self.report.metrics.dials += 1;
        self.phase.set(Timer::Connect, now.mono + self.options.connection.timeout_ms);
        let url = self.auth.url(&self.options.connection.url);
        self.out.push_back(Output::Dial { generation, url });
    }

    /// An attempt failed or a connection dropped: plan the next dial, or give up.
    pub(super) fn connection_lost(&mut self, now: Now, cause: Cause, delay: Delay) {
        let delay = match (self.phase.socket_mut().and_then(|socket| socket.goodbye.take()), delay) {
            // It failed in another way before it closed.
            (Some(goodbye), Delay::Backoff) => Delay::Goodbye(goodbye.window),
            (_, delay) => delay,
        };
        self.abandon(now, 1000, "lost");
        self.blame(&cause.to_string());
        let attempts = self.outbox.meta().attempts;
        let poison = delay == Delay::Poison;
        let attempt = match poison {
            true => attempts.saturating_add(1).min(POISON_ATTEMPT.max(attempts)),
            false => attempts.saturating_add(1),
        };
        // Chosen also without automatic reconnects: the server's time holds for any later dial.
        let wait = self.choose_delay(now, attempt, delay);
        let options = &self.options.connection;
        if !options.reconnect {
            self.stop_dialing(Phase::Idle, cause);
        } else if !poison && options.max_reconnect_attempts.is_some_and(|most| attempts >= most) {
            self.stop_dialing(Phase::Stopped, Cause::GaveUp { attempts });
        } else {
            self.schedule_dial(now, attempt, cause, wait);
        }
    }

    /// How long to wait before this attempt. A time that the server gave is kept from here on.
    fn choose_delay(&mut self, now: Now, attempt: u32, delay: Delay) -> Wait {
        let hinted = recent(self.hints.at, now);
        if hinted {
            self.hints.at = None;
        }
        let earlier = self.server_delay_left(now);
        let delay = if mutant::active(Mutant::IgnoreServerTime) { Delay::Backoff } else { delay };
        let (rng, backoff) = (&mut self.rng, &self.backoff);
        let (ms, by_server, why) = match delay {
            // The moment drawn when the goodbye arrived.
            Delay::Goodbye(_) if earlier > 0 => (earlier, true, "the server's window"),
            Delay::Goodbye(window) | Delay::Window(window) => {
                (backoff.within(window, rng), true, "the server's window")
            }
            Delay::WelcomeWindow(window) if attempt == 1 => {
                (backoff.within(window, rng), false, "the server's window")
            }
            Delay::Slow(hint) => (backoff.slow(hint, attempt, rng), true, "the server asked for patience"),
            // The user just came back to the page, and the socket may only have died during a sleep.
            Delay::Backoff if hinted && attempt == 1 => (backoff.hinted(rng), false, "a hint"),
            Delay::Poison => (backoff.delay(attempt.min(POISON_ATTEMPT), rng), false, "backoff"),
            _ => (backoff.delay(attempt, rng), false, "backoff"),
        };
        if by_server {
            self.delay_by_server(now, ms);
        }
        if earlier > ms {
            Wait { ms: earlier, by_server: true, why: EARLIER_WORD }
        } else {
            Wait { ms, by_server, why }
        }
    }

    fn schedule_dial(&mut self, now: Now, attempt: u32, cause: Cause, wait: Wait) {
        let Wait { mut ms, by_server, mut why } = wait;
        if self.hints.offline && !by_server {
            (ms, why) = (ms.max(self.backoff.offline(&mut self.rng)), "no network");
        }
        self.outbox.update_meta(|meta| meta.attempts = attempt);
        self.again = true;
        self.cause = if self.hints.offline { Cause::Offline } else { cause };
        self.wait(now, ms, by_server, why);
    }

    pub(super) fn just_woke(&self, now: Now) -> bool {
        recent(self.hints.woke_at, now)
    }

    pub(super) fn wait(&mut self, now: Now, ms: u64, by_server: bool, why: &str) {
        self.phase = Phase::Waiting { until: now.mono.saturating_add(ms), by_server };
        self.report.is_dirty = true;
        let attempt = self.outbox.meta().attempts;
        self.out.push_back(Output::Trace(Trace::Backoff { attempt, delay_ms: ms, why: why.to_owned() }));
    }

    /// No dial is planned: Disconnected or Error.
    pub(super) fn stop_dialing(&mut self, phase: Phase, cause: Cause) {
        self.phase = phase;
        self.cause = cause;
        self.report.is_dirty = true;
        self.timers.stop(Timer::Token);
        self.timers.stop(Timer::Tick);
        self.auth.answered();
    }

    /// Error: no dial helps.
    pub(super) fn enter_error(&mut self, now: Now, cause: Cause) {
        self.abandon(now, 1000, "stopped");
        self.blame(&cause.to_string());
        self.stop_dialing(Phase::Stopped, cause);
    }

    pub(super) fn needs_auth(&mut self) {
        self.stop_dialing(Phase::Stopped, Cause::NeedsAuth);
        self.note("waiting for a new token");
    }

    /// The provider answered after a 4401.
    pub(super) fn after_rejection(&mut self, now: Now) {
        if !matches!(self.phase, Phase::Asking) {
            return;
        }
        let by_server = self.server_delay_left(now);
        if !self.auth.differs_from_rejected() {
            self.needs_auth();
        } else if by_server > 0 {
            // "Try now" beat the server's time, and did not get through.
            self.wait(now, by_server, true, EARLIER_WORD);
        } else if self.auth.redial_at_once(now.mono) {
            self.dial(now);
        } else {
            self.connection_lost(now, Cause::NeedsAuth, Delay::Backoff);
        }
    }

    /// A token arrived unasked that the server has not refused: ends the wait for one.
    pub(super) fn redial(&mut self, now: Now) {
        let at_once = self.server_delay_left(now) == 0 && self.auth.redial_at_once(now.mono);
        match self.phase {
            Phase::Stopped if at_once => self.start_connecting(now),
            Phase::Waiting { .. } if at_once => self.start_attempt(now),
            // The dial that is planned takes it along.
            Phase::Waiting { .. } => {}
            // A token was given, so it is tried, with or without `reconnect`.
            _ => {
                self.arm_tick(now);
                let attempt = self.outbox.meta().attempts.saturating_add(1);
                let wait = self.choose_delay(now, attempt, Delay::Backoff);
                self.schedule_dial(now, attempt, Cause::NeedsAuth, wait);
            }
        }
    }

    /// The attempts no longer count.
    pub(super) fn forget_attempts(&mut self) {
        self.gate.attempts_over = true;
        if self.outbox.meta().attempts != 0 {
            self.outbox.update_meta(|meta| meta.attempts = 0);
            self.report.is_dirty = true;
        }
    }

    /// Keeps the text of the last error, without tokens.
    pub(super) fn blame(&mut self, text: &str) {
        if !text.is_empty() {
            self.report.last_error = Some(self.auth.redact(text));
            self.report.is_dirty = true;
        }
    }
}

fn recent(hint: Option<u64>, now: Now) -> bool {
    hint.is_some_and(|at| now.mono.saturating_sub(at) < HINT_COUNTS_MS)
}
