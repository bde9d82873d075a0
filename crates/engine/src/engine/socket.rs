//! Socket events: opened, frames, buffer, closed.

use super::dial::Delay;
use super::{Engine, Phase, SocketState};
use crate::close_codes::{self, Action, ReasonHint};
use crate::mode::ModeEvidence;
use crate::mutant::{self, Mutant};
use crate::timers::Timer;
use crate::{Cause, Generation, Mode, Now, Output, SocketEvent, TokenReason};
use sentinelops_protocol::system::{ClientSystem, Hello};
use sentinelops_protocol::{PROTOCOL_VERSION, close};

impl Engine {
    /// What happened to a socket. Events of an abandoned one are ignored.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, Generation, Now, SocketEvent};
    ///
    /// /// The browser's `message` event.
    /// fn on_message(engine: &mut Engine, now: Now, generation: Generation, bytes: &[u8]) {
    ///     engine.handle_socket(now, generation, SocketEvent::Frame { bytes, binary: true });
    /// }
    /// ```
    pub fn handle_socket(&mut self, now: Now, generation: Generation, event: SocketEvent<'_>) {
        if self.socket != Some(generation) && !mutant::active(Mutant::LateEventOfOldSocket) {
            return;
        }
        match event {
            SocketEvent::Closed { .. } | SocketEvent::Refused { .. } => self.detect_pause_at_close(now),
            _ => self.detect_pause(now),
        }
        match event {
            SocketEvent::Protocol(protocol) => self.socket_state.protocol = Some(protocol),
            SocketEvent::Opened if self.phase == Phase::Dialing => self.opened(now),
            SocketEvent::Frame { bytes, binary } if matches!(self.phase, Phase::Open | Phase::Up(_)) => {
                self.frame(now, bytes, binary);
            }
            SocketEvent::Buffered(bytes) => self.buffered(now, bytes),
            SocketEvent::Closed { code, reason } => self.closed(now, code, &reason),
            SocketEvent::Refused { reason } => {
                let reason = self.auth.redact(&reason);
                self.enter_error(now, Cause::BadUrl(reason));
            }
            SocketEvent::Opened | SocketEvent::Frame { .. } => {}
        }
        self.finish_input(now);
    }

    fn opened(&mut self, now: Now) {
        self.phase = Phase::Open;
        self.socket_state.opened_at = now.mono;
        self.liveness.opened(now.mono);
        if mutant::active(Mutant::ResetAttemptsAtOpen) {
            self.forget_attempts();
        }
        // Before the first send of this socket can be: what lies in the store from now on may have left.
        self.outbox.socket_opened(now);
        self.first_flight(now);
        self.observe(now, ModeEvidence::Opened);
        let welcomed = self.outbox.meta().welcomed;
        if self.phase == Phase::Open && !crate::mode::pinned(self.options.connection.mode, welcomed) {
            // Silence makes a basic server only when it lasted: a slow handshake must not eat into it.
            self.timers.set(Timer::Connect, now.mono + self.options.connection.timeout_ms);
        }
    }

    /// hello, auth, subscribe, ping in one go. Separate frames: a basic server parses each as one object.
    fn first_flight(&mut self, now: Now) {
        let hello = Hello {
            protocol: PROTOCOL_VERSION,
            client: self.options.client.clone(),
            session: self.options.session.clone(),
            term: self.outbox.meta().term,
        };
        self.transmit_system(now, &ClientSystem::Hello(hello));
        if let Some(token) = self.auth.for_first_flight() {
            self.transmit_system(now, &ClientSystem::Auth { token });
        }
        let entries = self.subs.first_flight(now);
        self.transmit_list(now, &entries, ClientSystem::Subscribe);
        self.ping(now);
    }

    fn buffered(&mut self, now: Now, bytes: usize) {
        let before = self.liveness.buffered();
        self.liveness.buffer_read(now.mono, bytes as u64, &self.latency);
        if (bytes as u64) < before {
            self.buffer_wait = super::outputs::BUFFER_LOOK_MS;
        }
        if bytes == 0 {
            self.timers.stop(Timer::Buffer);
            if matches!(self.phase, Phase::Up(_)) {
                self.outbox.written_out(now);
            }
        }
    }

    fn closed(&mut self, now: Now, code: u16, reason: &str) {
        self.socket = None;
        let up = matches!(self.phase, Phase::Up(_));
        let window = self.socket_state.window;
        let goodbye = self.socket_state.goodbye.take();
        let reason = self.auth.redact(reason);
        // Called before `disconnected`: it must still know what was in flight.
        let poison = self.outbox.closed_on_us(now, code, &reason);
        self.end_socket(now);
        let cause = Cause::Closed { code, reason: reason.clone() };
        let words = cause.to_string();
        let delay = match (&goodbye, up && window > 0) {
            (Some(goodbye), _) => Delay::Goodbye(goodbye.window),
            (None, true) => Delay::WelcomeWindow(window),
            (None, false) => Delay::Backoff,
        };
        let lost = match &goodbye {
            Some(goodbye) => Cause::Draining(goodbye.reason.clone()),
            None if up && self.just_woke(now) => Cause::Woke,
            None if up => Cause::Lost,
            None if code == close::ABNORMAL => Cause::Unreachable,
            None => cause.clone(),
        };
        match close_codes::lookup(code).action {
            Action::PoisonOrRetry | Action::PoisonOrStop if poison => {
                self.connection_lost(now, cause, Delay::Poison)
            }
            Action::Retry => self.connection_lost(now, lost, delay),
            Action::PoisonOrRetry => self.connection_lost(now, cause, delay),
            Action::Restart => {
                let delay = match ReasonHint::Window.ms_in(&reason) {
                    Some(window) if goodbye.is_none() => Delay::Window(window),
                    _ => delay,
                };
                let text = goodbye.map_or(reason, |goodbye| goodbye.reason);
                self.connection_lost(now, Cause::Draining(text), delay);
            }
            Action::SlowLane => {
                let hint = ReasonHint::RetryAfter.ms_in(&reason);
                self.connection_lost(now, Cause::Overloaded { code, reason }, Delay::Slow(hint));
            }
            Action::TooSlow => self.connection_lost(now, Cause::TooSlow { reason }, delay),
            Action::Auth => self.rejected(now),
            Action::Superseded => self.enter_error(now, Cause::Superseded),
            Action::PoisonOrStop | Action::Stop => self.enter_error(now, cause),
        }
        self.blame(&words);
    }

    fn rejected(&mut self, now: Now) {
        self.auth.rejected();
        if self.auth.has_provider() {
            self.again = true;
            self.cause = Cause::NeedsAuth;
            self.phase = Phase::Asking;
            self.status_dirty = true;
            self.ask_token(now, TokenReason::Rejected);
        } else {
            self.needs_auth();
        }
    }

    /// The mode is known. Again for an upgrade to v1.
    pub(super) fn up(&mut self, now: Now, mode: Mode) {
        let upgrade = matches!(self.phase, Phase::Up(_));
        self.phase = Phase::Up(mode);
        self.status_dirty = true;
        if upgrade {
            return;
        }
        self.timers.stop(Timer::Connect);
        self.socket_state.up_at = Some(now.mono);
        self.timers.set(Timer::Stable, now.mono + self.options.connection.stable_after_ms);
        // An answer arrived, so there is a network, whatever the browser reports.
        self.offline = false;
        self.cause = Cause::None;
        self.connected_since = Some(now.wall);
        self.metrics.reconnects += u64::from(self.connected_before);
        self.connected_before = true;
        // Whatever was asked before: a verdict can fall from here on.
        self.liveness.received(now.mono, &self.latency);
    }

    /// Closes and forgets the socket, if there is one.
    pub(super) fn abandon(&mut self, now: Now, code: u16, reason: &str) {
        if let Some(generation) = self.socket.take() {
            self.out.push_back(Output::Abandon { generation, code, reason: reason.to_owned() });
        }
        self.end_socket(now);
    }

    /// What the present socket meant is over.
    fn end_socket(&mut self, now: Now) {
        if let Some(up_at) = self.socket_state.up_at.take() {
            self.metrics.uptime_ms += now.mono.saturating_sub(up_at);
        }
        self.connected_since = None;
        self.socket_state = SocketState::default();
        self.liveness.forget();
        self.outbox.disconnected(now);
        self.subs.disconnected(now);
        for timer in [
            Timer::Connect,
            Timer::Refresh,
            Timer::Ping,
            Timer::Unacked,
            Timer::Verdict,
            Timer::Watch,
            Timer::Stable,
            Timer::Stuck,
            Timer::Buffer,
        ] {
            self.timers.stop(timer);
        }
        self.status_dirty = true;
    }
}
