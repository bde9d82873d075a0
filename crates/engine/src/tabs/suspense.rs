//! A leader that slept reads the stored term before it does anything: at thaw broadcasts, sockets and
//! timers run before the lock's loss is told.

use super::link::LinkMessage;
use super::node::Node;
use super::types::{NodeOutput, PageCommand};
use crate::mutant::{self, Mutant};
use crate::{Generation, Hint, Meta, Now, SocketEvent, StoreEvent};

/// A store that does not tell the term for so long leaves a leader in doubt: it stands in line again.
const TERM_MS: u64 = 3_000;

/// The loss of the lock is told within this time.
const UNSURE_MS: u64 = 1_000;

/// While the stored term is being read.
pub(super) struct Suspense {
    waiting: Vec<Waiting>,
    pub(super) until: u64,
    /// Answers that are still to come. Only the last counts: it slept again before the others.
    asked: u32,
}

/// An input that waits until then.
pub(super) enum Waiting {
    Page(PageCommand),
    Link(LinkMessage),
    Store(StoreEvent),
    Frame(Generation, Vec<u8>, bool),
    Socket(Generation, SocketEvent<'static>),
}

impl Waiting {
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
    /// Whether an input has to wait: the term is being read, or must be first.
    pub(super) fn suspends(&mut self, now: Now) -> bool {
        // Without a store there is no term to read, and nothing that two leaders could do to its rows.
        if mutant::active(Mutant::ActBeforeTerm) || !self.options.outbox.persist {
            return false;
        }
        if self.leader.is_some() && !self.alone && self.election.overslept(now) {
            let until = now.mono + TERM_MS;
            let new = || Suspense { waiting: Vec::new(), until, asked: 0 };
            let suspense = self.suspense.get_or_insert_with(new);
            (suspense.until, suspense.asked) = (until, suspense.asked + 1);
            self.out.push_back(NodeOutput::ReadMeta);
        } else if self.suspense.is_some() {
            self.election.awake(now);
        }
        self.suspense.is_some()
    }

    pub(super) fn wait_with(&mut self, input: Waiting) {
        if let Some(suspense) = &mut self.suspense {
            suspense.waiting.push(input);
        }
    }

    /// The answer to [`NodeOutput::ReadMeta`]; `None` when it could not be read.
    pub fn handle_meta(&mut self, now: Now, meta: Option<&Meta>) {
        self.suspends(now);
        let Some(suspense) = &mut self.suspense else { return };
        suspense.asked = suspense.asked.saturating_sub(1);
        if suspense.asked > 0 {
            return;
        }
        self.answered(now, meta.map(|meta| meta.term));
    }

    pub(super) fn answered(&mut self, now: Now, term: Option<u64>) {
        match term {
            // It may have been robbed a moment ago, by one that has not raised the term yet.
            Some(term) if term <= self.term => self.unsure_until = now.mono + UNSURE_MS,
            // Another led since, or nobody can say.
            term => {
                self.term = term.unwrap_or(self.term);
                self.election.deposed(now);
                self.settle(now);
            }
        }
        self.resume(now);
        self.settle(now);
    }

    pub(super) fn suspended_too_long(&mut self, now: Now) {
        if self.suspense.as_ref().is_some_and(|suspense| now.mono >= suspense.until) {
            self.answered(now, None);
        }
    }

    /// What waited happens now. The caller settles.
    pub(super) fn resume(&mut self, now: Now) {
        let Some(suspense) = self.suspense.take() else { return };
        self.resuming = true;
        // Sockets first: nothing must be sent on one that has closed meanwhile.
        let of_socket = |input: &Waiting| matches!(input, Waiting::Socket(..) | Waiting::Frame(..));
        let (sockets, others): (Vec<_>, Vec<_>) = suspense.waiting.into_iter().partition(of_socket);
        let woke = Waiting::Page(PageCommand::Hint(Hint::LateTick));
        for input in sockets.into_iter().chain([woke]).chain(others) {
            match input {
                Waiting::Page(command) => self.handle_page(now, command),
                Waiting::Link(message) => self.handle_link(now, message),
                Waiting::Store(event) => self.handle_store(now, event),
                Waiting::Socket(generation, event) => self.handle_socket(now, generation, event),
                Waiting::Frame(generation, bytes, binary) => {
                    self.handle_socket(now, generation, SocketEvent::Frame { bytes: &bytes, binary });
                }
            }
        }
        self.resuming = false;
    }
}
