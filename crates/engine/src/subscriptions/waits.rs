//! Waiting: for an answer that may have been lost on the way, for the next ask, for the end of lingering.
//!
//! An answer can be lost although the socket lives: the frame it came in was refused. What is asked for
//! and not answered in time is asked for again; unanswered twice, one reconnect is tried.

use super::wire::Phase;
use super::{Answers, SubOutput, Subscriptions};
use crate::Now;
use sentinelops_protocol::Subject;
use sentinelops_protocol::system::SubscribeEntry;

/// Shortest wait for an answer, or for the next part of it, ms.
pub(crate) const ANSWER_MS: u64 = 10_000;
/// A pong that would prove the answer lost is looked for so often, ms.
const LOOK_MS: u64 = 2_000;
/// Doublings of the wait for an answer that a reconnect did not bring either.
const MOST_DOUBLINGS: u32 = 3;
/// Asked again so often without progress, a subscription slows down.
const ASKS_AT_ONCE: u32 = 3;
/// Most ms between two asks.
const MAX_ASK_DELAY_MS: u64 = 30_000;

/// What a deadline of a subject is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// Nobody wants it any more: unsubscribe.
    Linger,
    /// The wire: an answer is late, or the next ask was put off until now.
    Wire,
}

/// What is known of the connection when a deadline passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// When the youngest answered ping had left: what the server was asked before, it has answered.
    pub answered_to: Option<u64>,
    /// How long an answer may take, ms.
    pub patience: u64,
}

impl Subscriptions {
    /// Ends of lingering, answers that are late, and asks put off.
    pub fn timeout(&mut self, now: Now, line: Line) {
        while self.timers.first().is_some_and(|(at, ..)| *at <= now.mono) {
            let Some((_, subject, due)) = self.timers.pop_first() else { return };
            let Some(node) = self.node_mut(&subject) else { continue };
            match (due, &mut node.wire) {
                (Due::Linger, _) => {
                    node.lingers = None;
                    self.ended(now, &subject);
                }
                (Due::Wire, Some(wire)) => {
                    wire.due = None;
                    match wire.phase {
                        Phase::Later => self.ask(now, &subject),
                        _ => self.overdue(now, &subject, line),
                    }
                }
                (Due::Wire, None) => {}
            }
        }
    }

    /// Monotonic ms.
    pub fn next_timeout(&self) -> Option<u64> {
        self.timers.first().map(|(at, ..)| *at)
    }

    /// A frame, or a message that may have been an answer, could not be read: who waits for one asks
    /// again. Where that happens often the answers may be what cannot be read, and the deadline must do.
    pub fn refused(&mut self, now: Now) {
        if self.answers != Answers::Each {
            return;
        }
        let mut lost = Vec::new();
        for (&channel, nodes) in &mut self.channels {
            for (subject, wire) in nodes.wires(channel) {
                // What this very frame made us ask is still to be sent.
                let about_to_ask = self.subscribe.iter().any(|entry| entry.subject() == subject);
                if wire.is_pending() && !about_to_ask {
                    wire.asks += 1;
                    if wire.asks <= ASKS_AT_ONCE {
                        lost.push(subject);
                    }
                }
            }
        }
        for subject in lost {
            self.ask(now, &subject);
        }
    }

    /// Asks for what its wire lacks.
    pub(super) fn ask(&mut self, now: Now, subject: &Subject) {
        let Some(wire) = self.wire_mut(subject) else { return };
        let since = wire.ask();
        let Subject { channel, topic } = subject.clone();
        self.subscribe.retain(|entry| entry.channel != channel || entry.topic != topic);
        self.subscribe.push(SubscribeEntry { channel, topic, since });
        self.progress(now, subject);
    }

    /// Asks again, ever more slowly where that brings nothing.
    pub(crate) fn ask_again(&mut self, now: Now, subject: &Subject) {
        let Some(wire) = self.wire_mut(subject) else { return };
        let asks = wire.asks;
        if asks <= ASKS_AT_ONCE {
            return self.ask(now, subject);
        }
        let delay = (1_000u64 << (asks - ASKS_AT_ONCE - 1).min(5)).min(MAX_ASK_DELAY_MS);
        wire.phase = Phase::Later;
        self.set_due(subject, Some(now.mono.saturating_add(delay)));
        let note = format!("{subject}: still incomplete after {asks} tries, asked again in {delay} ms");
        self.out.push_back(SubOutput::Note(note));
    }

    /// Something came of it, or it was just asked for: the wait for the rest begins.
    pub(super) fn progress(&mut self, now: Now, subject: &Subject) {
        let answered = self.answers == Answers::Each;
        let Some(wire) = self.wire_mut(subject).filter(|wire| !matches!(wire.phase, Phase::Later)) else {
            return;
        };
        wire.progress_at = now.mono;
        let wait = ANSWER_MS << wire.unanswered.saturating_sub(1).min(MOST_DOUBLINGS);
        let due = (answered && wire.is_pending()).then(|| now.mono.saturating_add(wait));
        self.set_due(subject, due);
    }

    /// An answer, or the rest of it, did not come. It is lost for sure when a ping that left later was
    /// answered: on a slow line everything is late.
    fn overdue(&mut self, now: Now, subject: &Subject, line: Line) {
        let Some(wire) = self.wire_mut(subject).filter(|wire| wire.is_pending()) else { return };
        let patient = now.mono < wire.progress_at.saturating_add(line.patience);
        if patient || line.answered_to.is_none_or(|at| at < wire.progress_at) {
            self.set_due(subject, Some(now.mono.saturating_add(LOOK_MS)));
            return self.out.push_back(SubOutput::Probe);
        }
        wire.unanswered += 1;
        if wire.unanswered >= 2 && !wire.reconnected {
            // For all who wait: else each would have a reconnect of its own.
            for (&channel, nodes) in &mut self.channels {
                let wires = nodes.wires(channel).into_iter();
                wires.filter(|(_, wire)| wire.is_pending()).for_each(|(_, wire)| wire.reconnected = true);
            }
            return self.out.push_back(SubOutput::Stuck(subject.clone()));
        }
        let note = format!("{subject}: no answer, asked again");
        self.ask(now, subject);
        self.out.push_back(SubOutput::Note(note));
    }

    pub(super) fn set_due(&mut self, subject: &Subject, due: Option<u64>) {
        let Some(wire) = self.wire_mut(subject) else { return };
        let old = std::mem::replace(&mut wire.due, due);
        if let Some(at) = old {
            self.timers.remove(&(at, subject.clone(), Due::Wire));
        }
        if let Some(at) = due {
            self.timers.insert((at, subject.clone(), Due::Wire));
        }
    }
}
