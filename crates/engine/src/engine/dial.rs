//! The way to a socket: wish, store, token, dial, failure, wait.

use super::{Engine, Link, Phase};
use crate::backoff::LONGEST_SERVER_DELAY_MS;
use crate::mutant::{self, Mutant};
use crate::timers::Timer;
use crate::{Cause, Generation, Now, Output, TokenReason, Trace};

/// Longest wait for the store before dialling without it.
const STORE_WAIT_MS: u64 = 5_000;
/// Two clocks that drift apart by less were not set.
const CLOCK_SET_MS: u64 = 1_000;
/// Where the delays stop growing while a message that kills the socket is looked for: each such close
/// comes from a server that is there, brings the end nearer, and everything else waits behind it.
const POISON_ATTEMPT: u32 = 4;
/// A hint this young still counts when the connection drops.
const HINT_COUNTS_MS: u64 = 10_000;

/// When to dial again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delay {
    /// Ours.
    Backoff,
    /// The server said: spread over this window.
    Window(u64),
    /// `welcome` said: the first dial after a drop is spread over this window.
    WelcomeWindow(u64),
    /// The server asked for patience, perhaps naming how much.
    Slow(Option<u64>),
    /// The server closed over something it was sent, and whoever it was is being found.
    Poison,
}

impl Engine {
    /// A fresh wish to connect.
    pub(super) fn start(&mut self, now: Now) {
        if matches!(self.cause, Cause::GaveUp { .. }) {
            self.forget_attempts();
        }
        self.again = false;
        self.arm_tick(now);
        self.cause = Cause::None;
        self.status_dirty = true;
        self.first(now);
    }

    /// The first dial of a wish: not before the store told what a server said to an earlier leader.
    fn first(&mut self, now: Now) {
        if !self.outbox.ready() && !self.store_waived {
            self.phase = Phase::Loading;
            self.timers.ensure(Timer::StoreWait, now.mono + STORE_WAIT_MS);
            return;
        }
        let held = self.held_for(now);
        if held > 0 {
            self.held_until = Some(now.mono.saturating_add(held));
            self.again = true;
            self.wait(now, held, true, "a server asked an earlier connection to wait");
        } else {
            self.begin(now);
        }
    }

    /// The store opened (or will not): go on if that was waited for.
    pub(super) fn store_known(&mut self, now: Now) {
        self.timers.stop(Timer::StoreWait);
        if self.outbox.ready() && !self.term_raised {
            self.term_raised = true;
            self.outbox.update_meta(|meta| meta.term += 1);
        }
        if self.phase == Phase::Loading {
            self.first(now);
        }
    }

    /// Ms for which a server's word forbids dialling.
    pub(super) fn held_for(&self, now: Now) -> u64 {
        if mutant::active(Mutant::IgnoreServerTime) {
            return 0;
        }
        // Two clocks: the stored time survives reloads but the wall clock may be set back by hours;
        // the monotonic one may stand still during sleep. The shorter wait is the true one.
        let by_wall = self.outbox.meta().not_before.saturating_sub(now.wall).min(LONGEST_SERVER_DELAY_MS);
        match self.held_until {
            Some(until) => by_wall.min(until.saturating_sub(now.mono)),
            None => by_wall,
        }
    }

    /// The time a server gave, as stored, is put by the wall clock. A wall clock set back meanwhile would
    /// make it last for as much longer, for whoever leads next.
    pub(super) fn keep_held_time(&mut self, now: Now) {
        let Some(until) = self.held_until else { return };
        let at = now.wall.saturating_add(until.saturating_sub(now.mono));
        if self.outbox.meta().not_before > at.saturating_add(CLOCK_SET_MS) {
            self.outbox.update_meta(|meta| meta.not_before = at);
        }
    }

    /// Dial now; ask for a token first where that is the rule.
    pub(super) fn begin(&mut self, now: Now) {
        self.timers.stop(Timer::Dial);
        self.arm_tick(now);
        self.status_dirty = true;
        if self.auth.must_ask() {
            self.phase = Phase::Asking;
            self.ask_token(now, TokenReason::Dial);
        } else {
            self.dial(now);
        }
    }

    pub(super) fn dial(&mut self, now: Now) {
        if self.held_for(now) == 0 && self.outbox.meta().not_before != 0 {
            // It is spent, whatever becomes of the wall clock.
            self.outbox.update_meta(|meta| meta.not_before = 0);
        }
        self.generation += 1;
        let generation = Generation(self.generation);
        self.socket = Some(generation);
        self.link = Link::default();
        self.phase = Phase::Dialing;
        self.status_dirty = true;
        self.metrics.dials += 1;
        self.timers.set(Timer::Connect, now.mono + self.options.connection.timeout_ms);
        let url = self.auth.url(&self.options.connection.url);
        self.out.push_back(Output::Dial { generation, url });
    }

    /// An attempt failed or a connection dropped: plan the next dial, or give up.
    pub(super) fn lose(&mut self, now: Now, cause: Cause, delay: Delay) {
        let hinted = recent(self.hinted_at, now);
        self.abandon(now, 1000, "lost");
        self.blame(&cause.to_string());
        let options = &self.options.connection;
        if !options.reconnect {
            self.rest(Phase::Idle, cause);
            return;
        }
        let attempts = self.outbox.meta().attempts;
        let poison = delay == Delay::Poison;
        if !poison && options.max_reconnect_attempts.is_some_and(|most| attempts >= most) {
            self.rest(Phase::Stopped, Cause::GaveUp { attempts });
            return;
        }
        let attempt = match poison {
            true => attempts.saturating_add(1).min(POISON_ATTEMPT.max(attempts)),
            false => attempts.saturating_add(1),
        };
        let delay = if mutant::active(Mutant::IgnoreServerTime) { Delay::Backoff } else { delay };
        let (mut ms, mut held, mut why) = match delay {
            Delay::Window(window) => {
                (self.backoff.within(window, &mut self.rng), true, "the server's window")
            }
            Delay::WelcomeWindow(window) if attempts == 0 => {
                (self.backoff.within(window, &mut self.rng), false, "the server's window")
            }
            Delay::Slow(hint) => {
                (self.backoff.slow(hint, attempt, &mut self.rng), true, "the server asked for patience")
            }
            // Somebody just came back to the page, and the first failure may only be what sleep left.
            Delay::Backoff if hinted && attempts == 0 => {
                (self.backoff.hinted(&mut self.rng), false, "a hint")
            }
            Delay::Poison => {
                (self.backoff.delay(attempt.min(POISON_ATTEMPT), &mut self.rng), false, "backoff")
            }
            _ => (self.backoff.delay(attempt, &mut self.rng), false, "backoff"),
        };
        if hinted {
            self.hinted_at = None;
        }
        let not_before = if held { now.wall.saturating_add(ms) } else { 0 };
        let earlier = self.held_for(now);
        if held {
            let until = now.mono.saturating_add(ms.max(earlier));
            self.held_until = Some(until);
        }
        if earlier > ms {
            (ms, held, why) = (earlier, true, "a time the server gave before");
        }
        if self.offline && !held {
            (ms, why) = (ms.max(self.backoff.offline(&mut self.rng)), "no network");
        }
        self.outbox.update_meta(|meta| {
            meta.attempts = attempt;
            meta.not_before = meta.not_before.max(not_before);
        });
        self.again = true;
        self.cause = if self.offline { Cause::Offline } else { cause };
        self.wait(now, ms, held, why);
    }

    pub(super) fn just_woke(&self, now: Now) -> bool {
        recent(self.woke_at, now)
    }

    pub(super) fn wait(&mut self, now: Now, ms: u64, held: bool, why: &str) {
        self.phase = Phase::Waiting { held };
        self.status_dirty = true;
        self.timers.set(Timer::Dial, now.mono.saturating_add(ms));
        let attempt = self.outbox.meta().attempts;
        self.out.push_back(Output::Trace(Trace::Backoff { attempt, delay_ms: ms, why: why.to_owned() }));
    }

    /// No dial is planned: Disconnected or Error.
    pub(super) fn rest(&mut self, phase: Phase, cause: Cause) {
        self.phase = phase;
        self.cause = cause;
        self.status_dirty = true;
        for timer in [Timer::Dial, Timer::StoreWait, Timer::Token, Timer::Tick] {
            self.timers.stop(timer);
        }
        self.auth.answered();
    }

    /// Error: no dial helps.
    pub(super) fn stop(&mut self, now: Now, cause: Cause) {
        self.abandon(now, 1000, "stopped");
        self.blame(&cause.to_string());
        self.rest(Phase::Stopped, cause);
    }

    pub(super) fn needs_auth(&mut self) {
        self.rest(Phase::Stopped, Cause::NeedsAuth);
        self.note("waiting for a new token");
    }

    /// The provider answered after a 4401.
    pub(super) fn after_rejection(&mut self, now: Now) {
        if self.phase != Phase::Asking {
            return;
        }
        if !self.auth.differs_from_rejected() {
            self.needs_auth();
        } else if self.auth.redial_at_once(now.mono) {
            self.dial(now);
        } else {
            self.lose(now, Cause::NeedsAuth, Delay::Backoff);
        }
    }

    /// The attempts and the server's time no longer count.
    pub(super) fn forget_attempts(&mut self) {
        self.held_until = None;
        let meta = self.outbox.meta();
        if meta.attempts != 0 || meta.not_before != 0 {
            self.outbox.update_meta(|meta| {
                meta.attempts = 0;
                meta.not_before = 0;
            });
            self.status_dirty = true;
        }
    }

    /// Keeps the words of the last error, without tokens.
    pub(super) fn blame(&mut self, text: &str) {
        if !text.is_empty() {
            self.last_error = Some(self.auth.redact(text));
            self.status_dirty = true;
        }
    }
}

fn recent(hint: Option<u64>, now: Now) -> bool {
    hint.is_some_and(|at| now.mono.saturating_sub(at) < HINT_COUNTS_MS)
}
