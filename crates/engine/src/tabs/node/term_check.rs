//! A leader that was paused reads the stored term before it does anything: at thaw, broadcasts, sockets and timers run
//! before the loss of the lock is reported.

use super::Node;
use crate::mutant::{self, Mutant};
use crate::tabs::link::LinkMessage;
use crate::tabs::types::{NodeOutput, PageCommand};
use crate::{Generation, Hint, Meta, Now, SocketEvent, StoreEvent};

/// How long (ms) the leader waits for the term. Without an answer it queues for the lock again.
const TERM_READ_MS: u64 = 3_000;

/// A term check in progress.
pub(super) struct TermCheck {
    waiting: Vec<DeferredInput>,
    pub(super) until: u64,
    /// Answers still outstanding. Only the last counts: the leader was paused again before the others.
    asked: u32,
}

/// An input that waits for the term check.
pub(super) enum DeferredInput {
    Page(PageCommand),
    Link(LinkMessage),
    Store(StoreEvent),
    Frame(Generation, Vec<u8>, bool),
    Socket(Generation, SocketEvent<'static>),
}

impl DeferredInput {
    pub(super) fn socket(generation: Generation, event: SocketEvent<'_>) -> Self {
        let event = match event {
            SocketEvent::Frame { bytes, binary } => return Self::Frame(generation, bytes.to_vec(), binary),
            SocketEvent::Protocol(protocol) => SocketEvent::Protocol(protocol),
            SocketEvent::Opened => SocketEvent::Opened,
            SocketEvent::Buffered(bytes) => SocketEvent::Buffered(bytes),
            SocketEvent::Closed { code, reason } => SocketEvent::Closed { code, reason },
            SocketEvent::Refused { reason } => SocketEvent::Refused { reason },
        };
        Self::Socket(generation, event)
    }
}

impl Node {
    /// Whether an input has to wait for the term. Starts a check if this leader was paused.
    pub(super) fn must_check_term(&mut self, now: Now) -> bool {
        // Without a store there is no term to read, and there are no rows two leaders could both write.
        if mutant::active(Mutant::ActBeforeTerm) || !self.options.outbox.persist {
            return false;
        }
        if self.shared_leader().is_some() && self.election.was_paused(now) {
            let until = now.mono + TERM_READ_MS;
            let new = || TermCheck { waiting: Vec::new(), until, asked: 0 };
            let term_check = self.term_check.get_or_insert_with(new);
            (term_check.until, term_check.asked) = (until, term_check.asked + 1);
            self.out.push_back(NodeOutput::ReadMeta);
        } else if self.term_check.is_some() {
            self.election.awake(now);
        }
        self.term_check.is_some()
    }

    pub(super) fn defer_input(&mut self, input: DeferredInput) {
        if let Some(term_check) = &mut self.term_check {
            term_check.waiting.push(input);
        }
    }

    /// Handles the answer to [`NodeOutput::ReadMeta`]; `None`: the metadata could not be read.
    pub fn handle_meta(&mut self, now: Now, meta: Option<&Meta>) {
        self.must_check_term(now);
        let Some(term_check) = &mut self.term_check else { return };
        term_check.asked = term_check.asked.saturating_sub(1);
        if term_check.asked > 0 {
            return;
        }
        self.term_read(now, meta.map(|meta| meta.term));
    }

    pub(super) fn term_read(&mut self, now: Now, term: Option<u64>) {
        match term {
            // A tab that stole the lock a moment ago has not raised the term yet; the store knows its writer.
            Some(term) if term <= self.term => {}
            // Another tab has led since, or that cannot be known.
            term => {
                self.term = term.unwrap_or(self.term);
                self.election.deposed(now);
                self.finish_input(now);
            }
        }
        self.resume(now);
        self.finish_input(now);
    }

    pub(super) fn term_check_timed_out(&mut self, now: Now) {
        if self.term_check.as_ref().is_some_and(|term_check| now.mono >= term_check.until) {
            self.term_read(now, None);
        }
    }

    /// Handles the deferred inputs. The caller finishes the input.
    pub(super) fn resume(&mut self, now: Now) {
        let Some(term_check) = self.term_check.take() else { return };
        self.resuming = true;
        // Socket events first: nothing must be sent on a socket that has closed meanwhile.
        let of_socket =
            |input: &DeferredInput| matches!(input, DeferredInput::Socket(..) | DeferredInput::Frame(..));
        let (sockets, others): (Vec<_>, Vec<_>) = term_check.waiting.into_iter().partition(of_socket);
        let on_wake = DeferredInput::Page(PageCommand::Hint(Hint::LateTick));
        for input in sockets.into_iter().chain([on_wake]).chain(others) {
            match input {
                DeferredInput::Page(command) => self.handle_page(now, command),
                DeferredInput::Link(message) => self.handle_link(now, message),
                DeferredInput::Store(event) => self.handle_store(now, event),
                DeferredInput::Socket(generation, event) => self.handle_socket(now, generation, event),
                DeferredInput::Frame(generation, bytes, binary) => {
                    self.handle_socket(now, generation, SocketEvent::Frame { bytes: &bytes, binary });
                }
            }
        }
        self.resuming = false;
    }
}
