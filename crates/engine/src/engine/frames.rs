//! Inbound frames: decodes them, decides the mode, passes each message to its owner.

use super::{Engine, bounds};
use crate::mode::{self, Decision, ModeEvidence};
use crate::mutant::{self, Mutant};
use crate::outbox::Connection as OutboxConnection;
use crate::timers::Timer;
use crate::{Cause, Mode, ModeOption, Now, Output, RawFrame, Trace};
use sentinelops_protocol::system::{Ping, ServerSystem, Welcome};
use sentinelops_protocol::{Event, Limits, Problem, ProblemKind, ServerMessage, decode_server_frame};
use std::rc::Rc;

/// Unknown channel names remembered, so that each is reported once.
const MOST_UNKNOWN: usize = 256;

impl Engine {
    pub(super) fn frame(&mut self, now: Now, bytes: &[u8], binary: bool) {
        self.report.metrics.frames_in += 1;
        self.report.metrics.bytes_in += bytes.len() as u64;
        self.liveness.received(now.mono);
        if self.phase.up().is_some_and(|up| up.stable_due) {
            self.mark_healthy();
        }
        if self.is_raw() && bytes.len() <= RawFrame::BYTES_MAX && self.takes_raw(now) {
            return self.consumers.offer_raw(&Rc::new(RawFrame::of(bytes, binary)));
        }
        let decoded = match decode_server_frame(bytes, &Limits::to_client()) {
            Ok(decoded) => decoded,
            Err(_) if bytes.len() <= RawFrame::BYTES_MAX && self.takes_raw(now) => {
                return self.consumers.offer_raw(&Rc::new(RawFrame::of(bytes, binary)));
            }
            Err(error) => {
                self.report.metrics.refused_frames += 1;
                let error = self.auth.redact(&error.to_string());
                self.out.push_back(Output::Trace(Trace::RefusedFrame(error)));
                return self.subs.refused(now);
            }
        };
        let mut decoded = decoded;
        if decoded.problems.iter().any(is_of_another_protocol) && self.takes_raw(now) {
            decoded.problems.retain(|problem| !is_of_another_protocol(problem));
            self.consumers.offer_raw(&Rc::new(RawFrame::of(bytes, binary)));
        }
        let refused = decoded.problems.iter().any(may_have_been_an_answer);
        for problem in decoded.problems {
            self.problem(problem);
        }
        for message in decoded.messages {
            self.report.metrics.messages_in += 1;
            match message {
                ServerMessage::System(system) => self.system(now, system),
                ServerMessage::Event(event) => self.event(now, event),
            }
            // A message may have ended the socket (wrong user): the rest of its frame is void.
            if self.phase.socket().is_none() {
                return;
            }
        }
        if refused {
            self.subs.refused(now);
        }
    }

    /// The server has a protocol of its own, and nothing of this one.
    pub(super) fn is_raw(&self) -> bool {
        self.options.connection.mode == ModeOption::Raw
    }

    /// Whether a frame that is no message of the protocol is somebody's own: the server is basic, and a page watches such
    /// frames. A server that begins with one is basic.
    fn takes_raw(&mut self, now: Now) -> bool {
        if !self.consumers.wants_raw() {
            return false;
        }
        self.observe(now, ModeEvidence::Ordinary);
        self.phase.mode() == Some(Mode::Basic)
    }

    /// Counts and reports a problem; an unknown channel once per name.
    pub(super) fn problem(&mut self, mut problem: Problem) {
        self.report.metrics.problems += 1;
        problem.found = self.auth.redact(&problem.found);
        if problem.kind == ProblemKind::UnknownChannel {
            let known = self.report.unknown_channels.contains(&problem.found);
            if known || self.report.unknown_channels.len() >= MOST_UNKNOWN {
                return;
            }
            self.report.unknown_channels.insert(problem.found.clone());
        }
        self.consumers.offer_problem(&problem);
        #[cfg(feature = "traces")]
        self.out.push_back(Output::Trace(Trace::Problem(problem)));
    }

    /// Uses what a new socket showed to decide the mode.
    pub(super) fn observe(&mut self, now: Now, evidence: ModeEvidence) {
        if !self.phase.is_undecided() {
            return;
        }
        match mode::decide(self.options.connection.mode, self.outbox.meta().welcomed, evidence) {
            Decision::Wait => {}
            // `welcome` brings what v1 needs to know; see there.
            Decision::Is(Mode::V1) => {}
            Decision::Is(Mode::Basic) => self.basic(now),
            Decision::NoWelcome => self.connection_lost(now, Cause::NoWelcome, super::dial::Delay::Backoff),
        }
    }

    fn basic(&mut self, now: Now) {
        self.up(now, Mode::Basic);
        self.outbox
            .connected(now, OutboxConnection::basic(&self.options.outbox, bounds::BASIC_MESSAGE_BYTES));
        self.subs.mode_known(now, Mode::Basic);
    }

    fn welcome(&mut self, now: Now, mut welcome: Welcome) {
        let known = self.outbox.meta().welcomed;
        if mode::decide(self.options.connection.mode, known, ModeEvidence::Welcome) != Decision::Is(Mode::V1)
        {
            self.note("a welcome, but the option says basic");
            return;
        }
        for problem in bounds::check(&mut welcome, now) {
            self.problem(problem);
        }
        let expected = self.options.user.clone().or_else(|| self.outbox.meta().user.clone());
        if let Some(expected) = expected.filter(|expected| *expected != welcome.user) {
            self.enter_error(now, Cause::WrongUser { expected, found: welcome.user });
            return;
        }
        let anonymous = self.options.user.is_none();
        if !known || (anonymous && self.outbox.meta().user.is_none()) {
            let user = anonymous.then(|| welcome.user.clone());
            self.outbox.update_meta(|meta| {
                meta.welcomed = true;
                meta.user = user.or(meta.user.take());
            });
        }
        if self.phase.mode() != Some(Mode::V1) {
            // No pong is due for what was asked before the welcome.
            self.liveness.forget();
            self.up(now, Mode::V1);
        }
        if let Some(up) = self.phase.up_mut() {
            up.window = welcome.reconnect_window_ms;
        }
        self.max_message_bytes = welcome.max_message_bytes;
        self.outbox.set_server_time(now, welcome.now);
        self.outbox.connected(now, OutboxConnection::v1(&welcome));
        self.subs.mode_known(now, Mode::V1);
        self.liveness.promise(now.mono);
        self.ping(now);
        self.token_lives(now, welcome.expires_in_ms);
    }

    fn token_lives(&mut self, now: Now, expires_in_ms: Option<u64>) {
        match self.auth.lives(now.mono, expires_in_ms) {
            Some(at) if self.auth.has_provider() && !mutant::active(Mutant::NoRefresh) => {
                self.phase.set(Timer::Refresh, at)
            }
            _ => self.phase.stop(Timer::Refresh),
        }
    }

    fn system(&mut self, now: Now, system: ServerSystem) {
        match system {
            ServerSystem::Welcome(welcome) => return self.welcome(now, welcome),
            ServerSystem::Pong(ping) => {
                self.observe(now, ModeEvidence::Ordinary);
                return self.pong(now, ping);
            }
            _ => self.observe(now, ModeEvidence::SystemTalk),
        }
        let v1 = self.phase.mode() == Some(Mode::V1);
        match system {
            ServerSystem::Authed { expires_in_ms } => {
                if let Some(problem) = bounds::check_token_life("authed", expires_in_ms) {
                    self.problem(problem);
                }
                self.token_lives(now, expires_in_ms);
            }
            ServerSystem::Subscribed(subscribed) if v1 => self.subs.subscribed(now, subscribed),
            ServerSystem::Snapshot(snapshot) if v1 => self.subs.snapshot(now, snapshot),
            ServerSystem::Denied { subject, code, message } if v1 => {
                self.subs.denied(now, &subject, &code, message);
            }
            ServerSystem::Ack { ids } => {
                self.stuck_spent = false;
                self.report.is_dirty = true;
                self.outbox.ack(now, &ids);
            }
            ServerSystem::Nack { id, code, message, retry_after_ms } => {
                self.stuck_spent = false;
                self.report.is_dirty = true;
                // What ends a message is stored with it.
                let (code, message) = (self.auth.redact_code(code), self.auth.redact(&message));
                self.outbox.nack(now, &id, code, message, retry_after_ms);
            }
            ServerSystem::Error { code, message, id } => {
                let (code, message) = (self.auth.redact_code(code), self.auth.redact(&message));
                let ours = id.is_some_and(|id| {
                    self.report.is_dirty = true;
                    self.outbox.server_error(now, &id, code.clone(), message.clone())
                });
                if !ours {
                    let text = format!("the server reports {code}: {message}");
                    self.blame(&text);
                    self.note(text);
                }
            }
            ServerSystem::Goodbye { reason, reconnect_window_ms } => {
                let reason = self.auth.redact(&reason);
                self.note(format!("goodbye: {reason}; window {reconnect_window_ms} ms"));
                self.goodbye(now, reason, reconnect_window_ms);
            }
            ServerSystem::Storage { message, .. } => {
                let message = self.auth.redact(&message);
                self.note(format!("the server reports: {message}"));
            }
            other => self.note(format!("ignored before the welcome: {}", name(&other))),
        }
    }

    fn pong(&mut self, now: Now, ping: Option<Ping>) {
        let n = ping.map(|ping| ping.n);
        let answered = self.liveness.pong(now.mono, n);
        if let Some(answered) = answered {
            if let Some(socket) = self.phase.socket_mut() {
                socket.answered_to = socket.answered_to.max(Some(answered.sent_at));
            }
            if let Some(rtt) = answered.rtt {
                self.liveness.latency.sample(rtt as f64);
                self.report.is_dirty = true;
            }
            if self.liveness.answers() {
                self.liveness.promise(now.mono);
            }
        }
        self.outbox.pong(now, n);
    }

    fn event(&mut self, now: Now, event: Event) {
        self.observe(now, ModeEvidence::Ordinary);
        if !self.phase.is_up() {
            self.note(format!("ignored before the welcome: {}", event.kind));
            return;
        }
        if let Some(cause) = &event.cause {
            self.stuck_spent = false;
            self.report.is_dirty = true;
            self.outbox.cause(now, cause);
        }
        self.subs.event(now, event);
    }
}

/// A part of a frame that is no message this version knows.
fn is_of_another_protocol(problem: &Problem) -> bool {
    matches!(problem.kind, ProblemKind::BadEnvelope | ProblemKind::UnknownChannel)
}

/// A message that could not be read, and that a subscription may be waiting for.
fn may_have_been_an_answer(problem: &Problem) -> bool {
    problem.kind == ProblemKind::BadEnvelope || matches!(&*problem.message_type, "subscribed" | "snapshot")
}

fn name(system: &ServerSystem) -> &'static str {
    match system {
        ServerSystem::Subscribed(_) => "subscribed",
        ServerSystem::Snapshot(_) => "snapshot",
        ServerSystem::Denied { .. } => "denied",
        _ => "a system message",
    }
}
