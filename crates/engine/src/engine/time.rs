//! Time, store events, and signs from the browser.

use super::Engine;
use super::dial::Delay;
use super::phase::{Phase, Stage};
use crate::auth::PROVIDER_MS;
use crate::mode::{self, ModeEvidence};
use crate::subscriptions::{ANSWER_MS, Line};
use crate::timers::Timer;
use crate::{Cause, Hint, Mode, Now, StoreEvent, TokenReason};

/// Housekeeping interval. A tick later than twice of it on either clock means that the machine slept.
pub(crate) const TICK_MS: u64 = 2_000;
/// Hints bring a dial forward at most so often.
const HINT_DIAL_MS: u64 = 2_000;

/// Signs that a dial may be worth it: from the browser, from a person, from our own clock.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// The browser reports no network.
    pub offline: bool,
    /// When (monotonic ms) the last hint arrived that no dial has used.
    pub at: Option<u64>,
    /// When (monotonic ms) a pause of the machine was last detected.
    pub woke_at: Option<u64>,
    /// When (monotonic ms) a hint last led to a dial.
    pub dialled_at: Option<u64>,
    /// When (monotonic ms) a person last asked for a dial.
    pub asked_at: Option<u64>,
    /// Wall clock when the tick was last armed.
    tick_wall: u64,
}

impl Hints {
    pub fn new(now: Now) -> Self {
        Self { tick_wall: now.wall, ..Self::default() }
    }
}

impl Engine {
    /// The next deadline and its timer.
    pub(super) fn next_due(&self) -> Option<(u64, Timer)> {
        self.timers.next().into_iter().chain(self.phase.next_due()).min()
    }

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
            let Some((_, timer)) = self.next_due().filter(|(at, _)| *at <= now.mono) else { break };
            self.timers.stop(timer);
            self.phase.stop(timer);
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
        if self.gate.attempts_over {
            self.outbox.update_meta(|meta| meta.attempts = attempts);
        }
        self.report.is_dirty = true;
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
        if pinned && self.phase.mode() == Some(Mode::Basic) {
            self.connection_lost(now, Cause::NoWelcome, Delay::Backoff);
        }
    }

    /// A newer build took the store over: this one sends nothing more, and leaves the connection to it.
    fn outdated(&mut self, now: Now) {
        if !matches!(self.phase, Phase::Idle) {
            self.abandon(now, 1000, "reload to update");
            self.stop_dialing(Phase::Idle, Cause::NotAsked);
        }
    }

    fn expired(&mut self, now: Now, timer: Timer) {
        match timer {
            Timer::StoreWait => self.store_wait_over(now),
            Timer::Dial => self.dial_due(now),
            Timer::Connect => self.connect_timeout(now),
            Timer::Token => self.token_timeout(now),
            Timer::Refresh => self.ask_token(now, TokenReason::Refresh),
            Timer::Ping => self.ping(now),
            Timer::Unacked => self.unacked(now),
            Timer::Verdict => self.verdict(now),
            Timer::Watch => {
                if let Some(at) = self.liveness.watch_at(now.mono) {
                    self.phase.set(Timer::Watch, at);
                }
            }
            Timer::Stable => self.on_stable(now),
            Timer::Stuck => self.stuck(now),
            // The shell read bufferedAmount just before; `finish_input` arms it again while it is needed.
            Timer::Buffer => {
                if let Some(socket) = self.phase.socket_mut() {
                    socket.buffer_wait = (socket.buffer_wait * 2).min(super::phase::BUFFER_LOOK_MAX_MS);
                }
            }
            Timer::Tick => self.arm_tick(now),
            Timer::Outbox => {
                let known = self.outbox.ready();
                self.outbox.timeout(now);
                if !known && self.outbox.ready() {
                    self.store_known(now);
                }
                // The store may be found silent, or whole again.
                self.report.is_dirty = true;
            }
            Timer::Subscriptions => self.subscriptions_due(now),
            // `finish_input` looks who wants what.
            Timer::Consumers => {}
        }
    }

    fn subscriptions_due(&mut self, now: Now) {
        let patience = ANSWER_MS.max(4 * self.liveness.latency.too_long());
        self.subs.timeout(now, Line { answered_to: self.phase.answered_to(), patience });
    }

    fn connect_timeout(&mut self, now: Now) {
        match self.phase.stage() {
            Some(Stage::Dialing) => self.connection_lost(now, Cause::TimedOut, Delay::Backoff),
            Some(Stage::Open) => self.observe(now, ModeEvidence::Silence),
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
        self.hints.tick_wall = now.wall;
        self.timers.set(Timer::Tick, now.mono + TICK_MS);
    }

    /// At every input: a tick overdue by far on either clock means that we were held up or asleep.
    pub(super) fn detect_pause(&mut self, now: Now) {
        self.maintain_server_time(now);
        let late = self.next_due().map_or(0, |(due, _)| now.mono.saturating_sub(due));
        if late > self.liveness.too_late() {
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
            self.hints.at = Some(now.mono);
            self.hints.woke_at = Some(now.mono);
        }
    }

    fn was_paused(&self, now: Now) -> bool {
        let Some(due) = self.timers.get(Timer::Tick) else { return false };
        now.mono > due + 2 * TICK_MS || now.wall > self.hints.tick_wall + 3 * TICK_MS
    }

    fn hint(&mut self, now: Now, hint: Hint) {
        match hint {
            Hint::Hidden => return,
            Hint::Offline => return self.went_offline(now),
            Hint::Online => self.hints.offline = false,
            _ => {}
        }
        let woke = matches!(hint, Hint::LateTick | Hint::Resume | Hint::PageShow | Hint::Online);
        if woke {
            // What was under way meanwhile measured the sleep, not the line.
            self.liveness.invalidate_samples();
        }
        if matches!(hint, Hint::LateTick | Hint::Resume | Hint::PageShow) {
            self.hints.woke_at = Some(now.mono);
        }
        self.hints.at = Some(now.mono);
        match &mut self.phase {
            Phase::Waiting { .. } => self.dial_by_hint(now),
            Phase::Online(socket) if socket.is_up() => self.probe(now, woke),
            // The answer may lie unread behind a timer that slept.
            Phase::Online(socket) if hint == Hint::LateTick => {
                socket.timers.set(Timer::Connect, now.mono + self.options.connection.timeout_ms);
            }
            Phase::Asking if hint == Hint::LateTick => self.timers.set(Timer::Token, now.mono + PROVIDER_MS),
            _ => {}
        }
    }

    fn dial_by_hint(&mut self, now: Now) {
        let earliest = self.hints.dialled_at.map_or(0, |at| at + HINT_DIAL_MS);
        // No sign from the browser beats a time the server gave.
        let earliest = earliest.max(now.mono.saturating_add(self.server_delay_left(now)));
        if earliest > now.mono {
            if let Phase::Waiting { until, .. } = &mut self.phase {
                *until = earliest.min(*until);
            }
        } else {
            self.hints.dialled_at = Some(now.mono);
            self.start_attempt(now);
        }
    }

    /// Slows dialling and asks whether the connection lives: the ping decides, the browser declares nothing.
    fn went_offline(&mut self, now: Now) {
        self.hints.offline = true;
        self.probe(now, false);
        if let Phase::Waiting { until, by_server: false } = &mut self.phase {
            *until = (now.mono + self.backoff.offline(&mut self.rng)).max(*until);
            self.cause = Cause::Offline;
            self.report.is_dirty = true;
        }
    }
}
