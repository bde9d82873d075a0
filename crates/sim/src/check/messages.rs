//! What is known of every message, and what must hold of it.

use super::{Checker, message_id};
use crate::script::What;
use crate::store::Store;
use sentinelops_engine::{DeliveryState, Durability, FailReason, MessageUpdate, SendRequest};
use sentinelops_protocol::{Priority, Watermark};
use std::collections::HashMap;

/// Where a socket was when it carried a message.
pub type SocketName = (u32, u64);

/// What happened to a message between workers and server.
#[derive(Debug, Default)]
pub struct OnWire {
    /// Sockets that were given it.
    pub sent: u32,
    /// So many of them by workers that died without their store, which could not say so.
    pub sent_unmarked: u32,
    /// The last of them, and whether it may be sent there again (a retryable nack came).
    pub on: Option<SocketName>,
    /// A retryable nack came for it on `on`.
    pub nacked: bool,
    /// The engine has received the server's answer.
    pub answered: bool,
    /// How often it took effect.
    pub effects: u32,
    /// It left when no pong had been seen yet: a basic server promised nothing then.
    pub unfenced: bool,
    /// An engine that no server had welcomed called it handed over.
    pub handed_over_early: bool,
    /// A basic server got it so often.
    pub received: u32,
}

/// One message.
#[derive(Debug, Default)]
pub struct Message {
    /// The page that sent it.
    pub page: usize,
    /// Its ordering key, interned.
    pub key: Option<u32>,
    /// What replaces it while unsent.
    pub coalesce: Option<String>,
    /// What it says, if it is a receipt: the one that says more counts then.
    pub mark: Option<Watermark>,
    /// How urgent.
    pub priority: Priority,
    /// Kept while disconnected and promised to arrive.
    pub promised: bool,
    /// Its content is refused, or kills the socket.
    pub hopeless: bool,
    /// Order of acceptance by an engine.
    pub submitted: u64,
    /// The first such order: bytes that an earlier worker gave to its socket still keep to it.
    pub original: u64,
    /// The engine that has it.
    pub instance: u32,
    /// The worker it was handed to first: to a later one it may have been sent already.
    pub first_worker: u32,
    /// What happened to it between workers and server.
    pub wire: OnWire,
    /// It was reported to the page as durable.
    pub durable: bool,
    /// The last state reported to the page.
    pub reported: Option<DeliveryState>,
    /// It was reported to have ended without effect.
    pub ended_badly: bool,
    /// A person retried it: its place in the order is new.
    pub retried: bool,
    /// It lay in a store that a later worker could not read: nobody could keep its place.
    pub unordered: bool,
    /// A person took it off the list, and no outbox has it any more.
    pub let_go: bool,
    /// Who held it died before it was saved.
    pub forgotten: bool,
    /// When it was handed over, ms.
    pub at: u64,
}

impl Message {
    /// As a page sends it. Who has it, and its place, are still to be said.
    pub fn of(request: &SendRequest, what: What) -> Self {
        Self {
            coalesce: request.coalesce.clone(),
            mark: Watermark::of(request.channel, &request.kind, &request.payload),
            priority: request.priority,
            hopeless: matches!(what, What::Unknown | What::Poison(_)),
            // The server keeps the highest receipt, in whatever order they come.
            unordered: matches!(what, What::Receipt(..)),
            ..Self::default()
        }
    }

    /// Sockets that were given it, as far as a worker can know.
    pub fn known_sent(&self) -> u32 {
        self.wire.sent - self.wire.sent_unmarked
    }
}

/// All messages.
#[derive(Debug, Default)]
pub struct Messages {
    /// By number.
    pub all: Vec<Message>,
    keys: HashMap<String, u32>,
    /// Per key: the latest in order that took effect, and its place then (one that is handed in again
    /// gets another).
    applied: HashMap<u32, (usize, u64)>,
    submitted: u64,
    /// Whether a v1 server has ever sent a welcome: until then it may be taken for a basic one.
    pub welcomed: bool,
    /// The server is a basic one.
    pub basic: bool,
    /// This worker has seen it answer a ping.
    pub pongs: bool,
}

impl Messages {
    /// A number for a key.
    pub fn key(&mut self, name: String) -> u32 {
        let next = self.keys.len() as u32;
        *self.keys.entry(name).or_insert(next)
    }

    /// The next place in the order.
    pub fn next_number(&mut self) -> u64 {
        self.submitted += 1;
        self.submitted
    }

    /// Whether a critical message of the same key came after this one, which is not.
    pub fn in_the_way(&self, n: usize) -> bool {
        let of = &self.all[n];
        let behind =
            |m: &Message| m.priority == Priority::Critical && m.key == of.key && m.submitted > of.submitted;
        of.priority != Priority::Critical && of.key.is_some() && self.all.iter().any(behind)
    }

    /// Whether another message may replace this one: a later one (or one retried later) of the same name; for receipts,
    /// one that covers it.
    pub fn is_replaceable(&self, n: usize) -> bool {
        let of = &self.all[n];
        let rival = |(k, m): (usize, &Message)| match (&m.mark, &of.mark) {
            (Some(other), Some(mark)) => k != n && other.covers(mark),
            _ => k > n || m.submitted > of.submitted,
        };
        of.coalesce.is_some()
            && self.all.iter().enumerate().any(|(k, m)| m.coalesce == of.coalesce && rival((k, m)))
    }

    /// Whether it may have been replaced. Replaced messages are kept nowhere: a worker that dies before its
    /// page received that leaves no record of it.
    pub fn replaced(&self, n: usize) -> bool {
        self.all[n].known_sent() == 0 && self.is_replaceable(n)
    }

    /// Messages that a person may try again: they failed, and could have an effect.
    pub fn retriable(&self) -> impl Iterator<Item = usize> {
        let failed =
            |state: &DeliveryState| matches!(state, DeliveryState::Failed(_) | DeliveryState::Evicted);
        let all = self.all.iter().enumerate().filter(move |(_, message)| {
            let wanted = message.promised && !message.hopeless && message.wire.effects == 0;
            wanted && message.reported.as_ref().is_some_and(failed)
        });
        all.map(|(n, _)| n)
    }

    /// A person tries it again: it takes a new place in the order.
    pub fn retry(&mut self, n: usize) {
        let submitted = self.next_number();
        let message = &mut self.all[n];
        (message.retried, message.ended_badly, message.submitted) = (true, false, submitted);
        (message.wire.answered, message.wire.nacked) = (false, true);
    }

    /// A worker died without its store: where neither row nor mark says that what it sent was sent, nobody can know.
    pub fn forget_sends(&mut self, store: &Store, by_it: impl Fn(&Message) -> bool) {
        for (n, message) in self.all.iter_mut().enumerate() {
            if by_it(message) && !store.has_sent_flag(&message_id(n)) {
                message.wire.sent_unmarked = message.wire.sent;
            }
        }
    }

    /// Unfinished messages, by what the page knows.
    pub fn open(&self) -> impl Iterator<Item = (usize, &Message)> {
        self.all.iter().enumerate().filter(|(_, m)| !m.reported.as_ref().is_some_and(DeliveryState::is_final))
    }
}

impl Checker {
    /// A v1 server did what a message asks for.
    pub fn effect(&mut self, id: &str) {
        let Some(n) = super::message_number(id).filter(|n| *n < self.messages.all.len()) else {
            return self.fail("effect-known", || format!("{id:?} took effect, and nobody sent it"));
        };
        let message = &mut self.messages.all[n];
        message.wire.effects += 1;
        let (effects, hopeless) = (message.wire.effects, message.hopeless);
        let bad = message.ended_badly && message.wire.sent_unmarked == 0;
        let reported = message.reported.clone();
        if effects > 1 {
            self.fail("at-most-once", || format!("{id} took effect {effects} times"));
        }
        if bad {
            self.fail("report-truth", || format!("{id} took effect after it was reported as {reported:?}"));
        }
        if hopeless {
            self.fail("report-truth", || format!("{id} took effect and cannot"));
        }
        let message = &self.messages.all[n];
        // Given up as "may have arrived", and later ones went on: the network held it for longer.
        let given_up = matches!(reported, Some(DeliveryState::Expired { may_have_arrived: true }));
        let (Some(key), false) = (message.key, message.retried || message.unordered || given_up) else {
            return;
        };
        let (submitted, original) = (message.submitted, message.original);
        let (latest, place) = *self.messages.applied.entry(key).or_insert((n, submitted));
        let other = &self.messages.all[latest];
        if submitted > place {
            self.messages.applied.insert(key, (n, submitted));
        } else if original < other.original && latest != n {
            let by = message_id(latest);
            self.fail("order-per-key", || format!("{id} took effect after {by}, which was sent later"));
        }
    }

    /// An engine says that a message is on the disk. Looked at here and not when the page receives it:
    /// by then it may have been replaced.
    pub fn saved(&mut self, id: &str, on_disk: bool) {
        let number = super::message_number(id).filter(|n| *n < self.messages.all.len());
        let Some(message) = number.map(|n| &self.messages.all[n]) else { return };
        if !message.durable && !on_disk && message.wire.effects == 0 && message.wire.received == 0 {
            self.fail("durable-truth", || format!("{id} is reported saved and is not on the disk"));
        }
    }

    /// An engine calls a message handed over, which is for basic servers.
    pub fn handed_over(&mut self, id: &str) {
        let number = super::message_number(id).filter(|n| *n < self.messages.all.len());
        if let Some(n) = number.filter(|_| !self.messages.welcomed) {
            self.messages.all[n].wire.handed_over_early = !self.messages.basic;
        }
    }

    /// An update was reported to a page.
    pub fn reported(&mut self, update: &MessageUpdate) {
        let id = &update.id;
        let Some(n) = super::message_number(id).filter(|n| *n < self.messages.all.len()) else {
            return self
                .fail("report-truth", || format!("an update of {id:?}, which no page sent, was reported"));
        };
        let (basic, welcomed) = (self.messages.basic, self.messages.welcomed);
        let message = &mut self.messages.all[n];
        // The news may come after the welcome.
        message.wire.handed_over_early |= update.delivery == DeliveryState::HandedOver && !welcomed && !basic;
        let early = message.wire.handed_over_early;
        let before = message.reported.replace(update.delivery.clone());
        let (sent, effects, received) = (message.wire.sent, message.wire.effects, message.wire.received);
        let known = message.known_sent();
        let fenced = !message.wire.unfenced;
        if update.durability == Durability::Durable && !message.durable && !update.delivery.is_final() {
            message.durable = true;
        }
        let state = &update.delivery;
        let wrong = match state {
            DeliveryState::Queued => None,
            DeliveryState::Sent => (sent == 0).then_some("was never sent"),
            // What was handed in again, or lay in the store, may have left for all the worker knows.
            DeliveryState::Unconfirmed => None,
            DeliveryState::Delivered if basic => Some("a basic server delivers nothing"),
            DeliveryState::Delivered => (effects == 0).then_some("has had no effect"),
            DeliveryState::HandedOver if basic => (fenced && received == 0).then_some("never arrived"),
            DeliveryState::HandedOver => (!early).then_some("is for basic servers"),
            DeliveryState::Expired { may_have_arrived: true } => None,
            DeliveryState::Expired { may_have_arrived: false }
            | DeliveryState::Evicted
            | DeliveryState::Superseded => (known > 0).then_some("was possibly sent"),
            DeliveryState::Failed(reason) => match reason {
                FailReason::QueueFull { .. }
                | FailReason::NotConnected
                | FailReason::TooBig { .. }
                | FailReason::Invalid { .. }
                | FailReason::Discarded
                | FailReason::SignedOut => (known > 0).then_some("was possibly sent"),
                // Every record can be read here.
                FailReason::Unreadable => Some("was readable"),
                FailReason::Refused { .. }
                | FailReason::TooManyAttempts { .. }
                | FailReason::Poison { .. } => (effects > 0).then_some("has had its effect"),
                _ => Some("failed in a way this checker does not know"),
            },
            _ => Some("is in a state this checker does not know"),
        };
        if let Some(wrong) = wrong {
            let sockets = format!("{sent} sockets, {effects} effects, before: {before:?}");
            return self
                .fail("report-truth", || format!("{id} is reported as {state:?} and {wrong} ({sockets})"));
        }
        let message = &mut self.messages.all[n];
        message.ended_badly = match state {
            DeliveryState::Failed(_)
            | DeliveryState::Evicted
            | DeliveryState::Superseded
            | DeliveryState::Expired { may_have_arrived: false } => true,
            DeliveryState::Expired { .. } | DeliveryState::Delivered | DeliveryState::HandedOver => false,
            _ => message.ended_badly && !message.retried,
        };
        if let Some(before) = before
            && before.is_final()
            && before != *state
            && !message.retried
        {
            self.fail("final-is-final", || format!("{id} was {before:?} and became {state:?}"));
        }
    }

    /// Nothing is under way any more: every message must have come to an end that is true.
    /// `kept` answers how the store remembers a bad end.
    pub fn account(&mut self, instance: u32, kept: impl Fn(&str) -> Option<DeliveryState>) {
        let basic = self.messages.basic;
        let mut found: Option<(&'static str, String)> = None;
        for (n, message) in self.messages.all.iter().enumerate() {
            if !message.promised || message.forgotten {
                continue;
            }
            // Its page was closed before it was saved or refused: nobody is left who could know.
            let orphan = message.instance == u32::MAX && !message.durable && message.wire.sent == 0;
            let id = message_id(n);
            let bad_end = match &message.reported {
                Some(state) if state.is_final() && !arrived(state) => Some(state.clone()),
                _ => kept(&id),
            };
            let there = if basic { message.wire.received > 0 } else { message.wire.effects > 0 };
            // Before its first pong a basic server promises nothing.
            let weak = basic && message.wire.unfenced;
            // A worker that could not know that this URL was welcomed took a silent server for a basic one.
            let weak = weak || message.wire.handed_over_early;
            let let_go = message.let_go;
            if !there && bad_end.is_none() && !let_go && !weak && !orphan && !self.messages.replaced(n) {
                let reported = &message.reported;
                found = Some((
                    "nothing-lost",
                    format!(
                        "{id} is nowhere: reported {reported:?}, durable {}, {} sockets",
                        message.durable, message.wire.sent
                    ),
                ));
                break;
            }
            let silent = !message.reported.as_ref().is_some_and(DeliveryState::is_final);
            if silent && message.instance == instance && bad_end.is_none() {
                found = Some((
                    "sender-informed",
                    format!("{id} is done and its sender knows {:?}", message.reported),
                ));
                break;
            }
        }
        if let Some((invariant, detail)) = found {
            self.fail(invariant, || detail);
        }
    }
}

/// Whether a final state says that it arrived.
fn arrived(state: &DeliveryState) -> bool {
    matches!(state, DeliveryState::Delivered | DeliveryState::HandedOver)
}
