//! Socket events: opened, frames, buffer, closed.

use super::Engine;
use super::dial::Delay;
use super::phase::{Phase, Socket, Stage, Up};
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
        let ours = self.phase.socket().is_some_and(|socket| socket.generation == generation);
        if !ours && !mutant::active(Mutant::LateEventOfOldSocket) {
            return;
        }
        match event {
            SocketEvent::Closed { .. } | SocketEvent::Refused { .. } => self.detect_pause_at_close(now),
            _ => self.detect_pause(now),
        }
        match event {
            SocketEvent::Protocol(protocol) => {
                if let Some(socket) = self.phase.socket_mut() {
                    socket.protocol = Some(protocol);
                }
            }
            SocketEvent::Opened if matches!(self.phase.stage(), Some(Stage::Dialing)) => self.opened(now),
            SocketEvent::Frame { bytes, binary } if self.phase.is_open() => self.frame(now, bytes, binary),
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
        if let Some(socket) = self.phase.socket_mut() {
            socket.stage = Stage::Open;
        }
        self.liveness.opened(now.mono);
        if mutant::active(Mutant::ResetAttemptsAtOpen) {
            self.forget_attempts();
        }
        // Before the first send of this socket can be: what lies in the store from now on may have left.
        self.outbox.socket_opened(now);
        self.first_flight(now);
        self.observe(now, ModeEvidence::Opened);
        let welcomed = self.outbox.meta().welcomed;
        if self.phase.is_undecided() && !crate::mode::pinned(self.options.connection.mode, welcomed) {
            // Silence makes a basic server only when it lasted: a slow handshake must not eat into it.
            self.phase.set(Timer::Connect, now.mono + self.options.connection.timeout_ms);
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
        let entries = self.subs.first_flight();
        self.transmit_list(now, &entries, ClientSystem::Subscribe);
        self.ping(now);
    }

    fn buffered(&mut self, now: Now, bytes: usize) {
        let before = self.liveness.buffered();
        self.liveness.buffer_read(now.mono, bytes as u64);
        let Some(socket) = self.phase.socket_mut() else { return };
        if (bytes as u64) < before {
            socket.buffer_wait = super::phase::BUFFER_LOOK_MS;
        }
        if bytes == 0 {
            socket.timers.stop(Timer::Buffer);
            if socket.is_up() {
                self.outbox.written_out(now);
            }
        }
    }

    fn closed(&mut self, now: Now, code: u16, reason: &str) {
        let reason = self.auth.redact(reason);
        // Called before `disconnected`: it must still know what was in flight.
        let poison = self.outbox.closed_on_us(now, code, &reason);
        let Some(socket) = self.end_socket(now) else { return };
        let Socket { stage, goodbye, .. } = *socket;
        let (up, window) = if let Stage::Up(up) = stage { (true, up.window) } else { (false, 0) };
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
            self.report.is_dirty = true;
            self.ask_token(now, TokenReason::Rejected);
        } else {
            self.needs_auth();
        }
    }

    /// The mode is known. Again for an upgrade to v1.
    pub(super) fn up(&mut self, now: Now, mode: Mode) {
        self.report.is_dirty = true;
        let Some(socket) = self.phase.socket_mut() else { return };
        if let Stage::Up(up) = &mut socket.stage {
            up.mode = mode;
            return;
        }
        socket.stage = Stage::Up(Up { mode, since: now, window: 0, stable_due: false });
        socket.timers.stop(Timer::Connect);
        socket.timers.set(Timer::Stable, now.mono + self.options.connection.stable_after_ms);
        // An answer arrived, so there is a network, whatever the browser reports.
        self.hints.offline = false;
        self.cause = Cause::None;
        self.report.metrics.reconnects += u64::from(self.report.connected_before);
        self.report.connected_before = true;
        // Whatever was asked before: a verdict can fall from here on.
        self.liveness.received(now.mono);
    }

    /// Closes and forgets the socket, if there is one.
    pub(super) fn abandon(&mut self, now: Now, code: u16, reason: &str) {
        if let Some(socket) = self.end_socket(now) {
            let (generation, reason) = (socket.generation, reason.to_owned());
            self.out.push_back(Output::Abandon { generation, code, reason });
        }
    }

    /// What the present socket meant is over. The caller enters the next phase.
    fn end_socket(&mut self, now: Now) -> Option<Box<Socket>> {
        let socket = self.phase.take_socket()?;
        if let Stage::Up(up) = &socket.stage {
            self.report.metrics.uptime_ms += now.mono.saturating_sub(up.since.mono);
        }
        self.liveness.forget();
        self.outbox.disconnected(now);
        self.subs.disconnected();
        self.report.is_dirty = true;
        Some(socket)
    }
}
