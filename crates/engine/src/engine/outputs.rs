//! What every input ends with: everything it brought about becomes outputs and timers.

use super::Engine;
use super::phase::{Phase, Stage};
use crate::outbox::OutboxOutput;
use crate::subscriptions::SubOutput;
use crate::timers::Timer;
use crate::{Cause, Mode, Now, Output, Trace, ids};
use sentinelops_protocol::system::ClientSystem;
use sentinelops_protocol::{OutboundMeta, encode_client_system};

impl Engine {
    pub(super) fn finish_input(&mut self, now: Now) {
        self.drain_subscriptions(now);
        self.drain_outbox(now);
        self.flush(now);
        self.report_changes(now);
        self.deliver();
        self.arm(now);
    }

    fn drain_subscriptions(&mut self, now: Now) {
        while let Some(output) = self.subs.poll() {
            match output {
                SubOutput::Subscribe(entries) => self.transmit_list(now, &entries, ClientSystem::Subscribe),
                SubOutput::Unsubscribe(subjects) => {
                    self.transmit_list(now, &subjects, ClientSystem::Unsubscribe);
                }
                SubOutput::Event { subject, event } => self.consumers.offer_event(&subject, &event),
                SubOutput::Reset { subject, continuity } => self.consumers.resync(&subject, continuity),
                SubOutput::Denied { subject, message } => {
                    let message = self.auth.redact(&message);
                    self.consumers.offer_denied(&subject, &message);
                }
                SubOutput::Problem(problem) => self.problem(problem),
                SubOutput::Note(text) => self.note(text),
                SubOutput::Probe => self.probe(now, false),
                // Without reconnects it would be the end of the connection: the server is only asked again.
                SubOutput::Stuck(subject) if !self.options.connection.reconnect => {
                    self.subs.ask_again(now, &subject);
                }
                SubOutput::Stuck(subject) => {
                    self.note(format!("{subject}: not answered twice: a new connection may help"));
                    self.connection_lost(now, Cause::Stuck, super::dial::Delay::Backoff);
                }
            }
        }
    }

    fn drain_outbox(&mut self, now: Now) {
        while let Some(output) = self.outbox.poll(now) {
            match output {
                OutboxOutput::Store(group) => self.out.push_back(Output::Store(group)),
                OutboxOutput::OpenStore => self.out.push_back(Output::OpenStore),
                OutboxOutput::SetAside => self.out.push_back(Output::SetAsideUnreadable),
                OutboxOutput::Update { to, update } => {
                    self.report.is_dirty = true;
                    #[cfg(feature = "traces")]
                    self.out.push_back(Output::Trace(Trace::Message(update.clone())));
                    for consumer in to {
                        self.consumers.offer_update(consumer, update.clone());
                    }
                }
                OutboxOutput::Note(text) => self.note(text),
            }
        }
    }

    /// Messages leave while the socket's buffer has room.
    fn flush(&mut self, now: Now) {
        if !self.phase.is_up() {
            return;
        }
        while let Some(frame) = self.outbox.next_frame(now, self.liveness.buffered()) {
            // The store's mark goes ahead of the send it is about.
            self.drain_outbox(now);
            self.report.metrics.messages_out += u64::from(frame.count);
            self.transmit(now, frame.text);
        }
        if self.outbox.wants_flush_ping(now) {
            self.ping(now);
        }
        self.drain_outbox(now);
    }

    pub(super) fn transmit_system(&mut self, now: Now, message: &ClientSystem) {
        if !self.is_raw() && self.phase.is_open() {
            let text = self.system_text(now, message);
            self.transmit_system_text(now, text);
        }
    }

    /// A list as one message, or as several where one would be more than the server takes.
    pub(super) fn transmit_list<T: Clone>(&mut self, now: Now, list: &[T], say: fn(Vec<T>) -> ClientSystem) {
        if list.is_empty() || self.is_raw() || !self.phase.is_open() {
            return;
        }
        let text = self.system_text(now, &say(list.to_vec()));
        if text.len() as u64 > self.max_message_bytes && list.len() > 1 {
            let (first, second) = list.split_at(list.len() / 2);
            self.transmit_list(now, first, say);
            return self.transmit_list(now, second, say);
        }
        self.transmit_system_text(now, text);
    }

    fn system_text(&mut self, now: Now, message: &ClientSystem) -> String {
        // A basic server may want the documented envelope whole; a v1 server needs neither field.
        let id = (self.phase.mode() != Some(Mode::V1)).then(|| ids::ulid(now.wall, &mut self.rng));
        let meta = OutboundMeta { id: id.as_deref(), timestamp: id.is_some().then_some(now.wall) };
        encode_client_system(message, meta)
    }

    fn transmit_system_text(&mut self, now: Now, text: String) {
        self.report.metrics.messages_out += 1;
        self.transmit(now, text);
    }

    fn transmit(&mut self, now: Now, text: String) {
        let Some(generation) = self.phase.socket().map(|socket| socket.generation) else { return };
        self.report.metrics.frames_out += 1;
        self.report.metrics.bytes_out += text.len() as u64;
        self.liveness.wrote(now.mono, text.len());
        let binary = self.phase.mode() == Some(Mode::V1);
        self.out.push_back(Output::Transmit { generation, text, binary });
    }

    /// Tells consumers a changed status, and what they watch.
    fn report_changes(&mut self, now: Now) {
        if self.report.is_dirty {
            self.report.is_dirty = false;
            let status = self.build_status(now);
            if status != self.report.shown {
                if status.state != self.report.shown.state {
                    self.out.push_back(Output::Trace(Trace::State {
                        from: self.report.shown.state,
                        to: status.state,
                        cause: status.cause.to_string(),
                    }));
                }
                self.consumers.offer_status(&status);
                self.report.shown = status;
            }
        }
        if self.consumers.wants_metrics(now) {
            let metrics = self.metrics(now);
            self.consumers.offer_metrics(now, &metrics);
        }
        self.consumers.outbox_version(self.outbox.version(), self.outbox.ready());
        if self.consumers.wants_outbox(now) {
            self.consumers.offer_outbox(now, self.outbox.list(), self.outbox.counts());
        }
    }

    fn deliver(&mut self) {
        while let Some((consumer, batch)) = self.consumers.poll(&self.subs) {
            self.out.push_back(Output::Deliver { consumer, batch });
        }
    }

    /// Brings the timers in line with what they depend on.
    fn arm(&mut self, now: Now) {
        if let Phase::Online(socket) = &mut self.phase
            && let Stage::Up(up) = &socket.stage
        {
            let (timers, liveness) = (&mut socket.timers, &self.liveness);
            timers.set_or_stop(Timer::Verdict, liveness.deadline());
            match self.outbox.oldest_unacked() {
                Some(since) => {
                    // Where pings are not answered no verdict could follow: the regular ones will do.
                    if liveness.answers() {
                        timers.ensure(Timer::Unacked, since + liveness.patience());
                    }
                    if up.mode == Mode::V1 && !self.stuck_spent {
                        timers.ensure(Timer::Stuck, since + super::pings::STUCK_MS);
                    }
                }
                None => {
                    timers.stop(Timer::Unacked);
                    timers.stop(Timer::Stuck);
                }
            }
            if liveness.buffered() > 0 {
                timers.ensure(Timer::Buffer, now.mono + socket.buffer_wait);
            }
        }
        self.timers.set_or_stop(Timer::Outbox, self.outbox.next_timeout());
        self.timers.set_or_stop(Timer::Subscriptions, self.subs.next_timeout());
        self.timers.set_or_stop(Timer::Consumers, self.consumers.next_timeout());
    }
}
