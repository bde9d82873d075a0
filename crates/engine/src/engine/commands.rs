//! Commands of pages and users.

use super::{Engine, Phase};
use crate::timers::Timer;
use crate::{Cause, ConsumerId, Mode, Now, Output, RawFrame, SendRequest, TokenReason, ids};
use sentinelops_protocol::Subject;
use sentinelops_protocol::system::ClientSystem;

/// Shortest interval (ms) between two accepted `reconnect` calls.
const TRY_EVERY_MS: u64 = 5_000;

impl Engine {
    /// Connect, and stay connected. Also leaves Error; harmless otherwise.
    ///
    /// ```
    /// use sentinelops_engine::{ConnectionState, Engine, EngineOptions, Now};
    ///
    /// let now = Now::default();
    /// let mut engine = Engine::new(EngineOptions::default(), 7, now);
    /// engine.connect(now);
    /// assert_eq!(engine.status().state, ConnectionState::Connecting);
    /// ```
    pub fn connect(&mut self, now: Now) {
        if matches!(self.phase, Phase::Idle | Phase::Stopped) && !self.outbox.has_newer_schema() {
            self.start_connecting(now);
        }
        self.finish_input(now);
    }

    /// Disconnect, and stay so.
    ///
    /// ```
    /// use sentinelops_engine::{ConnectionState, Engine, EngineOptions, Now};
    ///
    /// let now = Now::default();
    /// let mut engine = Engine::new(EngineOptions::default(), 7, now);
    /// engine.connect(now);
    /// engine.disconnect(now);
    /// assert_eq!(engine.status().state, ConnectionState::Disconnected);
    /// ```
    pub fn disconnect(&mut self, now: Now) {
        self.abandon(now, 1000, "disconnect");
        self.stop_dialing(Phase::Idle, Cause::NotAsked);
        self.finish_input(now);
    }

    /// Dial at once, whatever backoff or server say; once per 5 s. Also leaves Error.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, Now};
    ///
    /// /// A person pressed the button.
    /// fn pressed(engine: &mut Engine, now: Now) {
    ///     engine.reconnect(now);
    /// }
    /// ```
    pub fn reconnect(&mut self, now: Now) {
        let too_soon = self.hints.asked_at.is_some_and(|at| now.mono.saturating_sub(at) < TRY_EVERY_MS);
        if !too_soon && matches!(self.phase, Phase::Waiting { .. } | Phase::Stopped) {
            self.hints.asked_at = Some(now.mono);
            if matches!(self.phase, Phase::Stopped) {
                self.forget_attempts();
                self.again = false;
                self.cause = Cause::None;
            }
            self.start_attempt(now);
        }
        self.finish_input(now);
    }

    /// The answer to [`Output::RequestToken`], or a new token at any time. `Ok(None)`: there is none.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, Now, Output};
    ///
    /// fn answer(engine: &mut Engine, now: Now, output: &Output) {
    ///     if matches!(output, Output::RequestToken { .. }) {
    ///         engine.handle_token(now, Ok(Some("from the session".to_owned())));
    ///     }
    /// }
    /// ```
    pub fn handle_token(&mut self, now: Now, token: Result<Option<String>, String>) {
        self.detect_pause(now);
        let asked = self.auth.answered();
        if asked.is_some() {
            self.timers.stop(Timer::Token);
        }
        match (asked, token) {
            (Some(TokenReason::Dial), Ok(token)) => {
                self.auth.set(token);
                if matches!(self.phase, Phase::Asking) {
                    self.dial(now);
                }
            }
            (Some(TokenReason::Dial), Err(detail)) => self.no_token(now, &detail),
            (Some(TokenReason::Rejected), Ok(token)) => {
                self.auth.set(token);
                self.after_rejection(now);
            }
            (Some(TokenReason::Rejected), Err(detail)) => {
                self.auth.provider_failed();
                self.blame(&format!("the token provider failed: {detail}"));
                self.needs_auth();
            }
            (Some(TokenReason::Refresh), Ok(Some(token))) => {
                self.auth.set(Some(token));
                self.refresh_in_place(now);
            }
            (Some(TokenReason::Refresh), _) => self.refresh_later(now),
            (None, Ok(token)) => self.new_token(now, token),
            (None, Err(_)) => {}
        }
        self.finish_input(now);
    }

    /// A consumer is there; it gets the status first. Attaching again starts it over.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, EngineOptions, Now, Output};
    ///
    /// let now = Now::default();
    /// let mut engine = Engine::new(EngineOptions::default(), 7, now);
    /// engine.attach(now, ConsumerId(1));
    /// let outputs: Vec<_> = std::iter::from_fn(|| engine.poll_output()).collect();
    /// assert!(outputs.iter().any(|output| matches!(output, Output::Deliver { .. })), "the status");
    /// ```
    pub fn attach(&mut self, now: Now, consumer: ConsumerId) {
        for subject in self.consumers.attach(consumer) {
            self.subs.unwant(now, &subject);
        }
        self.finish_input(now);
    }

    /// Another tab, as a consumer: it also gets the news of the rows it owns.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, Now};
    ///
    /// fn tab_opened(engine: &mut Engine, now: Now) {
    ///     engine.attach_tab(now, ConsumerId(2), "the other tab's id");
    /// }
    /// ```
    pub fn attach_tab(&mut self, now: Now, consumer: ConsumerId, tab: &str) {
        self.outbox.name_owner(tab.to_owned(), Some(consumer));
        self.attach(now, consumer);
    }

    /// A tab is gone. Its rows stay and leave like all others.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, Now};
    ///
    /// fn tab_closed(engine: &mut Engine, now: Now) {
    ///     engine.detach_tab(now, ConsumerId(2), "the other tab's id");
    /// }
    /// ```
    pub fn detach_tab(&mut self, now: Now, consumer: ConsumerId, tab: &str) {
        self.outbox.name_owner(tab.to_owned(), None);
        self.detach(now, consumer);
    }

    /// A tab asks how these saved messages ended. The answers are delivered as message updates, once the store has been
    /// read or a later transaction has committed.
    pub(crate) fn inquire(&mut self, now: Now, consumer: ConsumerId, about: Vec<crate::tabs::Inquiry>) {
        self.outbox.inquire(consumer, about);
        self.finish_input(now);
    }

    /// A consumer is gone, and its subscriptions with it.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, EngineOptions, Now};
    ///
    /// let now = Now::default();
    /// let mut engine = Engine::new(EngineOptions::default(), 7, now);
    /// engine.attach(now, ConsumerId(1));
    /// engine.detach(now, ConsumerId(1));
    /// ```
    pub fn detach(&mut self, now: Now, consumer: ConsumerId) {
        for subject in self.consumers.detach(consumer) {
            self.subs.unwant(now, &subject);
        }
        self.finish_input(now);
    }

    /// A snapshot of a subject's state once it is held, then its events. Again: a fresh snapshot.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, EngineOptions, Now};
    /// use sentinelops_protocol::{Channel, Subject};
    ///
    /// let now = Now::default();
    /// let mut engine = Engine::new(EngineOptions::default(), 7, now);
    /// engine.attach(now, ConsumerId(1));
    /// engine.subscribe(now, ConsumerId(1), Subject::channel(Channel::Incidents));
    /// ```
    pub fn subscribe(&mut self, now: Now, consumer: ConsumerId, subject: Subject) {
        if self.consumers.subscribe(consumer, subject.clone()) {
            self.subs.want(now, subject);
        }
        self.finish_input(now);
    }

    /// No more of it.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, Now};
    /// use sentinelops_protocol::{Channel, Subject};
    ///
    /// fn closed(engine: &mut Engine, now: Now) {
    ///     engine.unsubscribe(now, ConsumerId(1), &Subject::topic(Channel::Chat, "conv-1"));
    /// }
    /// ```
    pub fn unsubscribe(&mut self, now: Now, consumer: ConsumerId, subject: &Subject) {
        if self.consumers.unsubscribe(consumer, subject) {
            self.subs.unwant(now, subject);
        }
        self.finish_input(now);
    }

    /// The consumer's router took the batch of this number.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, Now, Output};
    ///
    /// fn deliver(engine: &mut Engine, now: Now, output: Output) {
    ///     if let Output::Deliver { consumer, batch } = output {
    ///         engine.credit(now, consumer, batch.number);
    ///     }
    /// }
    /// ```
    pub fn credit(&mut self, now: Now, consumer: ConsumerId, batch_number: u64) {
        self.consumers.credit(consumer, batch_number);
        self.finish_input(now);
    }

    /// Sends a message. Its news come as [`crate::Delivery::Message`].
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, EngineOptions, Now, SendRequest};
    /// use sentinelops_protocol::{Channel, Json};
    ///
    /// let now = Now::default();
    /// let mut engine = Engine::new(EngineOptions::default(), 7, now);
    /// let payload = Json::parse(r#"{"conversationId": "c1", "content": "hi"}"#)?;
    /// let request = SendRequest::new("01JD9Q5X5WQ4M3R6K9V1B7T2C8", "chat.message", Channel::Chat, payload);
    /// engine.send(now, ConsumerId(1), request);
    /// assert_eq!(engine.messages().len(), 1, "it waits for a connection");
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn send(&mut self, now: Now, consumer: ConsumerId, request: SendRequest) {
        self.detect_pause(now);
        self.outbox.enqueue(now, consumer, request);
        self.report.is_dirty = true;
        self.finish_input(now);
    }

    /// Tries a failed message again. `confirm`: with a new id where it may have arrived already.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, DeliveryState, Engine, Now};
    ///
    /// fn retry_all(engine: &mut Engine, now: Now) {
    ///     for message in engine.messages() {
    ///         if matches!(message.update.delivery, DeliveryState::Failed(_)) {
    ///             engine.retry(now, ConsumerId(1), &message.update.id, false);
    ///         }
    ///     }
    /// }
    /// ```
    pub fn retry(&mut self, now: Now, consumer: ConsumerId, id: &str, confirm: bool) {
        let new_id = ids::ulid(now.wall, &mut self.rng);
        self.outbox.retry(now, consumer, id, confirm, new_id);
        self.report.is_dirty = true;
        self.finish_input(now);
    }

    /// Drops a message that was never sent, or an entry of the failed list.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, Now};
    ///
    /// fn never_mind(engine: &mut Engine, now: Now, id: &str) {
    ///     engine.discard(now, ConsumerId(1), id);
    /// }
    /// ```
    pub fn discard(&mut self, now: Now, consumer: ConsumerId, id: &str) {
        self.outbox.discard(now, consumer, id);
        self.report.is_dirty = true;
        self.finish_input(now);
    }

    /// Counters once a second, or no more.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, Now};
    ///
    /// fn panel_shown(engine: &mut Engine, now: Now, shown: bool) {
    ///     engine.watch_metrics(now, ConsumerId(1), shown);
    /// }
    /// ```
    pub fn watch_metrics(&mut self, now: Now, consumer: ConsumerId, on: bool) {
        self.consumers.watch_metrics(now, consumer, on);
        self.finish_input(now);
    }

    /// The list of messages whenever it changes, or no more.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, Now};
    ///
    /// fn panel_shown(engine: &mut Engine, now: Now, shown: bool) {
    ///     engine.watch_outbox(now, ConsumerId(1), shown);
    /// }
    /// ```
    pub fn watch_outbox(&mut self, now: Now, consumer: ConsumerId, on: bool) {
        self.consumers.watch_outbox(now, consumer, on);
        self.finish_input(now);
    }

    /// Frames of a basic server that are none of the protocol's messages, or no more. While a consumer watches them they
    /// count as no problem.
    ///
    /// ```
    /// use sentinelops_engine::{ConsumerId, Engine, Now};
    ///
    /// fn own_protocol(engine: &mut Engine, now: Now) {
    ///     engine.watch_raw(now, ConsumerId(1), true);
    /// }
    /// ```
    pub fn watch_raw(&mut self, now: Now, consumer: ConsumerId, on: bool) {
        self.consumers.watch_raw(consumer, on);
        self.finish_input(now);
    }

    /// Sends a frame of the page's own, at once or not at all: there is no queue, no answer and no second attempt. Only to
    /// a basic server, of at most [`RawFrame::BYTES_MAX`] bytes, and while at most as many wait in the socket.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, Now, RawFrame};
    ///
    /// fn subscribe(engine: &mut Engine, now: Now) {
    ///     engine.send_raw(now, RawFrame::Text("SUBSCRIBE weather".to_owned()));
    /// }
    /// ```
    pub fn send_raw(&mut self, now: Now, frame: RawFrame) {
        self.detect_pause(now);
        let most = RawFrame::BYTES_MAX;
        match self.phase.socket().map(|socket| socket.generation) {
            Some(generation)
                if self.phase.mode() == Some(Mode::Basic)
                    && frame.len() <= most
                    && self.liveness.buffered() <= most as u64 =>
            {
                self.report.metrics.frames_out += 1;
                self.report.metrics.bytes_out += frame.len() as u64;
                self.liveness.wrote(now.mono, frame.len());
                self.out.push_back(Output::TransmitRaw { generation, frame });
            }
            _ => self.note(format!(
                "an own frame of {} bytes was not sent: a connected basic server with at most {most} bytes on their way is \
                 needed, and a frame of at most as many",
                frame.len()
            )),
        }
        self.finish_input(now);
    }

    /// Nobody asked for this token.
    fn new_token(&mut self, now: Now, token: Option<String>) {
        if !self.auth.set(token) {
            return;
        }
        match (&self.phase, &self.cause) {
            (Phase::Online(socket), _) if socket.is_up() => self.refresh_in_place(now),
            (Phase::Stopped | Phase::Waiting { .. }, Cause::NeedsAuth)
                if self.auth.differs_from_rejected() =>
            {
                self.redial(now);
            }
            _ => {}
        }
    }

    /// A v1 server takes a new token in place; for others it waits for the next dial.
    fn refresh_in_place(&mut self, now: Now) {
        if let (Some(Mode::V1), Some(token)) = (self.phase.mode(), self.auth.for_refresh()) {
            self.transmit_system(now, &ClientSystem::Auth { token });
        }
    }

    pub(super) fn ask_token(&mut self, now: Now, reason: TokenReason) {
        self.auth.ask(reason);
        self.timers.set(Timer::Token, now.mono + crate::auth::PROVIDER_MS);
        self.out.push_back(Output::RequestToken { reason });
    }

    /// The provider failed before a dial. It may need the network too: that is one failed attempt.
    pub(super) fn no_token(&mut self, now: Now, detail: &str) {
        if matches!(self.phase, Phase::Asking) {
            self.auth.provider_failed();
            self.blame(&format!("the token provider failed: {detail}"));
            self.connection_lost(now, Cause::NeedsAuth, super::dial::Delay::Backoff);
        }
    }

    pub(super) fn refresh_later(&mut self, now: Now) {
        if let (true, Some(at)) = (self.phase.is_up(), self.auth.refresh_again(now.mono)) {
            self.phase.set(Timer::Refresh, at);
        }
    }
}
