//! The way to a socket: wish, store, token, dial, failure, wait.

use super::{Engine, Link, Phase};
use crate::liveness::READ_MS;
use crate::mutant::{self, Mutant};
use crate::timers::Timer;
use crate::{Cause, Generation, Now, Output, TokenReason, Trace};

/// Longest wait for the store before dialling without it.
pub(crate) const STORE_WAIT_MS: u64 = 5_000;
/// The same where this tab had it open until now: somebody holds it who perhaps does not run.
pub(crate) const LOOK_WAIT_MS: u64 = 2_500;
/// Where the delays stop growing while a message that kills the socket is looked for: each such close
/// comes from a server that is there, brings the end nearer, and everything else waits behind it.
const POISON_ATTEMPT: u32 = 4;
/// A hint this young still counts when the connection drops.
const HINT_COUNTS_MS: u64 = 10_000;
/// Why a dial waits for a time that was given before.
const EARLIER_WORD: &str = "a time the server gave before";

/// When to dial again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delay {
    /// Ours.
    Backoff,
    /// The close said: spread over this window.
    Window(u64),
    /// Goodbye said so before the close.
    Goodbye(u64),
    /// `welcome` said: the first dial after a drop is spread over this window.
    WelcomeWindow(u64),
    /// The server asked for patience, perhaps naming how much.
    Slow(Option<u64>),
    /// The server closed over something it was sent, and the message is being looked for.
    Poison,
}

/// A wait before a dial. `held`: a server gave the time.
struct Wait {
    ms: u64,
    held: bool,
    why: &'static str,
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
            self.timers.ensure(Timer::StoreWait, now.mono + self.store_wait - READ_MS);
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
        self.know_pongs(now);
        if self.outbox.store_is_open() && !self.store_heard {
            self.store_heard = true;
            self.heard_of_held_time(now);
        }
        // Before any hello: the server takes the connection of the higher term for the newer. A store that comes
        // late may know of more leaders than this tab had heard of.
        if self.outbox.stored_term() >= self.led_as {
            self.outbox.update_meta(|meta| meta.term = meta.term.saturating_add(1));
            self.led_as = self.outbox.meta().term;
        }
        if self.phase == Phase::Loading {
            self.first(now);
        }
    }

    /// The wait before a dial is over, unless a store that came late knows of a server's word.
    pub(super) fn dial_due(&mut self, now: Now) {
        match self.held_for(now) {
            0 => self.begin(now),
            held => self.wait(now, held, true, EARLIER_WORD),
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
        if self.held_for(now) == 0 {
            self.forget_held_time();
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
        let delay = match (self.link.goodbye.take(), delay) {
            // It fell silent, or the like, before it closed.
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
        // Drawn whether or not we dial again by ourselves: it is the server's word for anybody who does.
        let wait = self.draw(now, attempt, delay);
        let options = &self.options.connection;
        if !options.reconnect {
            self.rest(Phase::Idle, cause);
        } else if !poison && options.max_reconnect_attempts.is_some_and(|most| attempts >= most) {
            self.rest(Phase::Stopped, Cause::GaveUp { attempts });
        } else {
            self.plan(now, attempt, cause, wait);
        }
    }

    /// How long to wait before this attempt. A time that the server gave is kept from here on.
    fn draw(&mut self, now: Now, attempt: u32, delay: Delay) -> Wait {
        let hinted = recent(self.hinted_at, now);
        if hinted {
            self.hinted_at = None;
        }
        let earlier = self.held_for(now);
        let delay = if mutant::active(Mutant::IgnoreServerTime) { Delay::Backoff } else { delay };
        let (rng, backoff) = (&mut self.rng, &self.backoff);
        let (ms, held, why) = match delay {
            // The moment drawn when it was said, in a crowd that drew as we did.
            Delay::Goodbye(_) if earlier > 0 => (earlier, true, "the server's window"),
            Delay::Goodbye(window) | Delay::Window(window) => {
                (backoff.within(window, rng), true, "the server's window")
            }
            Delay::WelcomeWindow(window) if attempt == 1 => {
                (backoff.within(window, rng), false, "the server's window")
            }
            Delay::Slow(hint) => (backoff.slow(hint, attempt, rng), true, "the server asked for patience"),
            // Somebody just came back to the page, and the first failure may only be what sleep left.
            Delay::Backoff if hinted && attempt == 1 => (backoff.hinted(rng), false, "a hint"),
            Delay::Poison => (backoff.delay(attempt.min(POISON_ATTEMPT), rng), false, "backoff"),
            _ => (backoff.delay(attempt, rng), false, "backoff"),
        };
        if held {
            self.hold(now, ms);
        }
        if earlier > ms {
            Wait { ms: earlier, held: true, why: EARLIER_WORD }
        } else {
            Wait { ms, held, why }
        }
    }

    fn plan(&mut self, now: Now, attempt: u32, cause: Cause, wait: Wait) {
        let Wait { mut ms, held, mut why } = wait;
        if self.offline && !held {
            (ms, why) = (ms.max(self.backoff.offline(&mut self.rng)), "no network");
        }
        self.outbox.update_meta(|meta| meta.attempts = attempt);
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
        let held = self.held_for(now);
        if !self.auth.differs_from_rejected() {
            self.needs_auth();
        } else if held > 0 {
            // "Try now" beat the server's time, and did not get through.
            self.wait(now, held, true, EARLIER_WORD);
        } else if self.auth.redial_at_once(now.mono) {
            self.dial(now);
        } else {
            self.lose(now, Cause::NeedsAuth, Delay::Backoff);
        }
    }

    /// Nobody asked, and a token came that the server has not refused: that ends the wait for one.
    pub(super) fn redial(&mut self, now: Now) {
        let at_once = self.held_for(now) == 0 && self.auth.redial_at_once(now.mono);
        match self.phase {
            Phase::Stopped if at_once => self.start(now),
            Phase::Waiting { .. } if at_once => self.begin(now),
            // The dial that is planned takes it along.
            Phase::Waiting { .. } => {}
            // Somebody gave it, so it is tried, with or without `reconnect`.
            _ => {
                self.arm_tick(now);
                let attempt = self.outbox.meta().attempts.saturating_add(1);
                let wait = self.draw(now, attempt, Delay::Backoff);
                self.plan(now, attempt, Cause::NeedsAuth, wait);
            }
        }
    }

    /// The attempts no longer count.
    pub(super) fn forget_attempts(&mut self) {
        self.attempts_over = true;
        if self.outbox.meta().attempts != 0 {
            self.outbox.update_meta(|meta| meta.attempts = 0);
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
