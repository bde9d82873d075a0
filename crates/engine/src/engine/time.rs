//! Time, store events, and signs from the browser.

use super::dial::Delay;
use super::{Engine, Phase};
use crate::auth::PROVIDER_MS;
use crate::liveness::{Liveness, READ_MS};
use crate::mode::{self, ModeEvidence};
use crate::subscriptions::{ANSWER_MS, Line};
use crate::timers::Timer;
use crate::{Cause, Hint, Mode, Now, StoreEvent, TokenReason};

/// Housekeeping interval. A tick later than twice of it on either clock means that the machine slept.
pub(crate) const TICK_MS: u64 = 2_000;
/// Hints bring a dial forward at most so often.
const HINT_DIAL_MS: u64 = 2_000;

impl Engine {
    /// Time passed. Call it when [`Engine::poll_timeout`] says so; earlier or later is harmless.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, EngineOptions, Now};
    ///
    /// let mut engine = Engine::new(EngineOptions::default(), 7, Now::default());
    /// engine.connect(Now::default());
    /// if let Some(at) = engine.poll_timeout() {
    ///     engine.handle_timeout(Now { mono: at, wall: at });
    /// }
    /// ```
    pub fn handle_timeout(&mut self, now: Now) {
        self.detect_pause(now);
        // Each timer at most once a call: what is re-armed for now waits for the next.
        for _ in 0..crate::timers::COUNT {
            let Some((timer, _)) = self.timers.expired(now.mono) else { break };
            self.expired(now, timer);
        }
        self.finish_input(now);
    }

    /// What the store answered.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, EngineOptions, Now, StorageState, StoreEvent, StoreSnapshot};
    ///
    /// let now = Now::default();
    /// let mut engine = Engine::new(EngineOptions::default(), 7, now);
    /// engine.handle_store(now, StoreEvent::Opened(Box::new(StoreSnapshot::default())));
    /// assert_eq!(engine.status().storage, StorageState::Durable);
    /// ```
    pub fn handle_store(&mut self, now: Now, event: StoreEvent) {
        self.detect_pause(now);
        let attempts = self.outbox.meta().attempts;
        self.outbox.store_event(now, event);
        if self.attempts_over {
            self.outbox.update_meta(|meta| meta.attempts = attempts);
        }
        self.status_dirty = true;
        if self.outbox.has_newer_schema() {
            self.outdated(now);
        } else if self.outbox.ready() {
            self.store_known(now);
            self.adopt_stored_welcome(now);
        }
        self.finish_input(now);
    }

    /// Something may have changed.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, Hint, Now};
    ///
    /// /// The browser's `online` event.
    /// fn on_online(engine: &mut Engine, now: Now) {
    ///     engine.handle_hint(now, Hint::Online);
    /// }
    /// ```
    pub fn handle_hint(&mut self, now: Now, hint: Hint) {
        self.detect_pause(now);
        self.hint(now, hint);
        self.finish_input(now);
    }

    /// A store that came late may know that this URL welcomed once: then silence made no basic server.
    fn adopt_stored_welcome(&mut self, now: Now) {
        let pinned = mode::pinned(self.options.connection.mode, self.outbox.meta().welcomed);
        if pinned && self.phase == Phase::Up(Mode::Basic) {
            self.connection_lost(now, Cause::NoWelcome, Delay::Backoff);
        }
    }

    /// A newer build took the store over: this one sends nothing more, and leaves the connection to it.
    fn outdated(&mut self, now: Now) {
        if self.phase != Phase::Idle {
            self.abandon(now, 1000, "reload to update");
            self.stop_dialing(Phase::Idle, Cause::NotAsked);
        }
    }

    fn expired(&mut self, now: Now, timer: Timer) {
        match timer {
            // Its answer may lie behind this timer, on a thread that was held up.
            Timer::StoreWait if !std::mem::replace(&mut self.store_read, true) => {
                self.timers.set(Timer::StoreWait, now.mono + READ_MS);
            }
            Timer::StoreWait => {
                self.note("the store does not answer: connecting without it");
                self.store_waived = true;
                self.store_known(now);
            }
            Timer::Dial => self.dial_due(now),
            Timer::Connect => self.connect_timeout(now),
            Timer::Token => self.token_timeout(now),
            Timer::Refresh => self.ask_token(now, TokenReason::Refresh),
            Timer::Ping => self.ping(now),
            Timer::Unacked => self.unacked(now),
            Timer::Verdict => self.verdict(now),
            Timer::Watch => {
                if let Some(at) = self.liveness.watch_at(now.mono) {
                    self.timers.set(Timer::Watch, at);
                }
            }
            Timer::Stable => self.on_stable(now),
            Timer::Stuck => self.stuck(now),
            // The shell read bufferedAmount just before; `finish_input` arms it again while it is needed.
            Timer::Buffer => {
                self.buffer_wait = (self.buffer_wait * 2).min(super::outputs::BUFFER_LOOK_MAX_MS)
            }
            Timer::Tick => self.arm_tick(now),
            Timer::Outbox => {
                let known = self.outbox.ready();
                self.outbox.timeout(now);
                if !known && self.outbox.ready() {
                    self.store_known(now);
                }
                // The store may be found silent, or whole again.
                self.status_dirty = true;
            }
            Timer::Subscriptions => self.subscriptions_due(now),
            // `finish_input` looks who wants what.
            Timer::Consumers => {}
        }
    }

    fn subscriptions_due(&mut self, now: Now) {
        let patience = ANSWER_MS.max(4 * self.latency.too_long());
        self.subs.timeout(now, Line { answered_to: self.socket_state.answered_to, patience });
    }

    fn connect_timeout(&mut self, now: Now) {
        match self.phase {
            Phase::Dialing => self.connection_lost(now, Cause::TimedOut, Delay::Backoff),
            Phase::Open => self.observe(now, ModeEvidence::Silence),
            _ => {}
        }
    }

    fn token_timeout(&mut self, now: Now) {
        match self.auth.answered() {
            Some(TokenReason::Dial) => {
                self.no_token(now, &format!("no answer within {} seconds", PROVIDER_MS / 1_000));
            }
            Some(TokenReason::Rejected) => {
                self.auth.provider_failed();
                self.blame(&format!(
                    "the token provider did not answer within {} seconds",
                    PROVIDER_MS / 1_000
                ));
                self.needs_auth();
            }
            Some(TokenReason::Refresh) => self.refresh_later(now),
            None => {}
        }
    }

    pub(super) fn arm_tick(&mut self, now: Now) {
        self.tick_wall = now.wall;
        self.timers.set(Timer::Tick, now.mono + TICK_MS);
    }

    /// At every input: a tick overdue by far on either clock means that we were held up or asleep.
    pub(super) fn detect_pause(&mut self, now: Now) {
        self.maintain_server_time(now);
        let late = self.timers.next().map_or(0, |due| now.mono.saturating_sub(due));
        if late > Liveness::too_late(&self.latency) {
            self.liveness.invalidate_samples();
        }
        if self.was_paused(now) {
            self.arm_tick(now);
            self.hint(now, Hint::LateTick);
        }
    }

    /// The same when the input is the end of the socket: there is nothing left to probe.
    pub(super) fn detect_pause_at_close(&mut self, now: Now) {
        self.maintain_server_time(now);
        if self.was_paused(now) {
            self.arm_tick(now);
            self.liveness.invalidate_samples();
            self.hinted_at = Some(now.mono);
            self.woke_at = Some(now.mono);
        }
    }

    fn was_paused(&self, now: Now) -> bool {
        let Some(due) = self.timers.get(Timer::Tick) else { return false };
        now.mono > due + 2 * TICK_MS || now.wall > self.tick_wall + 3 * TICK_MS
    }

    fn hint(&mut self, now: Now, hint: Hint) {
        match hint {
            Hint::Hidden => return,
            Hint::Offline => return self.went_offline(now),
            Hint::Online => self.offline = false,
            _ => {}
        }
        let woke = matches!(hint, Hint::LateTick | Hint::Resume | Hint::PageShow | Hint::Online);
        if woke {
            // What was under way meanwhile measured the sleep, not the line.
            self.liveness.invalidate_samples();
        }
        if matches!(hint, Hint::LateTick | Hint::Resume | Hint::PageShow) {
            self.woke_at = Some(now.mono);
        }
        self.hinted_at = Some(now.mono);
        match self.phase {
            Phase::Waiting { .. } => self.dial_by_hint(now),
            Phase::Up(_) => self.probe(now, woke),
            // The answer may lie unread behind a timer that slept.
            Phase::Dialing | Phase::Open if hint == Hint::LateTick => {
                self.timers.set(Timer::Connect, now.mono + self.options.connection.timeout_ms);
            }
            Phase::Asking if hint == Hint::LateTick => self.timers.set(Timer::Token, now.mono + PROVIDER_MS),
            _ => {}
        }
    }

    fn dial_by_hint(&mut self, now: Now) {
        let earliest = self.hint_dialled_at.map_or(0, |at| at + HINT_DIAL_MS);
        // No sign from the browser beats a time the server gave.
        let earliest = earliest.max(now.mono.saturating_add(self.server_delay_left(now)));
        if earliest > now.mono {
            let planned = self.timers.get(Timer::Dial).unwrap_or(u64::MAX);
            self.timers.set(Timer::Dial, planned.min(earliest));
        } else {
            self.hint_dialled_at = Some(now.mono);
            self.start_attempt(now);
        }
    }

    /// Slows dialling and asks whether the connection lives: the ping decides, the browser declares nothing.
    fn went_offline(&mut self, now: Now) {
        self.offline = true;
        self.probe(now, false);
        if self.phase == (Phase::Waiting { by_server: false }) {
            let later = now.mono + self.backoff.offline(&mut self.rng);
            let planned = self.timers.get(Timer::Dial).unwrap_or(0);
            self.timers.set(Timer::Dial, planned.max(later));
            self.cause = Cause::Offline;
            self.status_dirty = true;
        }
    }
}
