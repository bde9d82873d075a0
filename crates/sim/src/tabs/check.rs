//! What must hold of several tabs. What holds of messages, pages and sockets in general is checked by
//! [`crate::check`]; here is what concerns who may do what.

use crate::check::messages::{Message, SocketName};
use crate::check::{Checker, Violation, message_id, message_number};
use sentinelops_engine::tabs::TabId;
use sentinelops_engine::{DeliveryState, Durability, FailReason, MessageUpdate};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What the clocks of an engine may err about the age of a message, ms.
const CLOCK_ERROR_MS: u64 = 2_000;

/// The invariants of one schedule.
#[derive(Debug, Default)]
pub struct TabChecker {
    /// Those that are not about tabs.
    pub inner: Checker,
    /// Place and life of the page that sent the n-th message.
    pub senders: Vec<(usize, u32)>,
    /// The worker that the n-th message was first handed to.
    pub workers: Vec<Option<u32>>,
    /// The store was too full for these: when their tab's role changes they take a new place.
    pub memory_only: BTreeSet<usize>,
    /// Tried again, and sent from memory because the store does not take them: there they are listed still
    /// as they ended before.
    pub listed_still: BTreeSet<usize>,
    /// A person does not want these any more.
    pub discarded: HashSet<usize>,
    /// What a worker with an engine was handed, and by which tab; by worker.
    pub handed: HashMap<u32, BTreeSet<(usize, TabId)>>,
    /// Which engine dropped a message because a person wanted it: its worker, and since when that led.
    pub dropped_by: HashMap<usize, (u32, Option<u64>)>,
    /// Everything of the user was deleted: messages with lower numbers, at the end of this session.
    pub wipes: Vec<(usize, u32)>,
    /// What some engine ended.
    pub ended: HashSet<usize>,
    /// At which age a message may expire, ms.
    pub max_age_ms: u64,
}

impl TabChecker {
    /// Time runs on.
    pub fn at(&mut self, now: u64) {
        self.inner.now = now;
    }

    /// Simulated time.
    pub fn now(&self) -> u64 {
        self.inner.now
    }

    /// The first violation.
    pub fn violation(&self) -> Option<&Violation> {
        self.inner.violation.as_ref()
    }

    /// A worker's engine decided something. What it drops from memory, or for a newer one, and whose news dies with it
    /// or with the page, is handed in again, behind what has left meanwhile.
    pub fn engine_tells(&mut self, update: &MessageUpdate) {
        if !update.delivery.is_final() {
            return;
        }
        let number = message_number(&update.id);
        self.ended.extend(number);
        let forgotten =
            update.durability == Durability::MemoryOnly || update.delivery == DeliveryState::Superseded;
        if let Some(message) = number.filter(|_| forgotten).and_then(|n| self.inner.messages.all.get_mut(n)) {
            message.unordered = true;
        }
    }

    /// Who leads changes, or a worker dies: what was not to be kept keeps no place over that.
    pub fn unqueued_lose_their_places(&mut self) {
        let open = |message: &&mut Message| !message.reported.as_ref().is_some_and(DeliveryState::is_final);
        for message in self.inner.messages.all.iter_mut().filter(open) {
            message.unordered |= !message.promised;
        }
    }

    /// An update was reported to a page. `wiped`: it was deleted with everything else of the user, and the page has not received that.
    pub fn reported(&mut self, update: &MessageUpdate, on_disk: bool, wiped: bool) {
        if update.durability == Durability::Durable && !update.delivery.is_final() {
            self.inner.saved(&update.id, on_disk);
        }
        let number = message_number(&update.id);
        let now = self.inner.now;
        if let Some(message) = number.and_then(|n| self.inner.messages.all.get(n)) {
            let young = matches!(update.delivery, DeliveryState::Expired { .. })
                && now.saturating_sub(message.at) + CLOCK_ERROR_MS < self.max_age_ms;
            // No page sends what is too big here.
            let small = matches!(update.delivery, DeliveryState::Failed(FailReason::TooBig { .. }));
            if young || small {
                let (id, state, age) = (&update.id, &update.delivery, now.saturating_sub(message.at));
                self.inner.fail("just-end", || format!("{id} ends as {state:?} at the age of {age} ms"));
            }
        }
        if let Some(n) = number
            && update.durability == Durability::MemoryOnly
        {
            self.memory_only.insert(n);
        }
        if let Some(message) = number.and_then(|n| self.inner.messages.all.get_mut(n))
            && message.reported == Some(DeliveryState::Superseded)
            && update.delivery == DeliveryState::Delivered
            && message.wire.effects > 0
        {
            // Arrived, or gone for a newer one: nobody remembered, and it was handed in once more.
            message.reported = Some(DeliveryState::Delivered);
            return;
        }
        let discarded = number.is_some_and(|n| self.discarded.contains(&n));
        let listed_still = number.is_some_and(|n| self.listed_still.contains(&n));
        let message = number.and_then(|n| self.inner.messages.all.get_mut(n));
        if let Some(message) = message
            && match update.delivery {
                DeliveryState::Superseded => message.wire.effects > 0 && message.coalesce.is_some(),
                // Saved, and nowhere: its tab has not received the wipe yet.
                DeliveryState::Delivered => wiped && message.wire.effects == 0,
                // Or it was refused, and is off the list of what failed.
                DeliveryState::Failed(FailReason::Discarded) => {
                    discarded && (message.wire.effects > 0 || message.wire.sent > 0)
                }
                // A leader that found it in the list.
                DeliveryState::Failed(FailReason::QueueFull { .. }) | DeliveryState::Evicted => {
                    listed_still && message.wire.sent > 0
                }
                _ => false,
            }
        {
            // Nobody remembers: it went as it should, or arrived before it could.
            message.reported = Some(update.delivery.clone());
            return;
        }
        self.inner.reported(update);
    }

    /// An update was reported to another page than the one that sent the message. `nobody_knows`: no tab knows how it
    /// ended.
    pub fn reported_to_another(&mut self, page: &str, n: usize, update: &MessageUpdate, nobody_knows: bool) {
        let effects = self.inner.messages.all[n].wire.effects;
        if !nobody_knows && update.delivery == DeliveryState::Delivered && effects == 0 {
            let id = message_id(n);
            self.inner.fail("report-truth", || {
                format!("{id} is reported to {page} as delivered, and it had no effect")
            });
        }
    }

    /// A page knows how it ended: a new leader may have to find that out again.
    pub fn is_stale(&self, update: &MessageUpdate) -> bool {
        let message = message_number(&update.id).and_then(|n| self.inner.messages.all.get(n));
        let delivered = |state: &DeliveryState| *state == DeliveryState::Delivered;
        message.filter(|message| !message.retried).and_then(|message| message.reported.as_ref()).is_some_and(
            |reported| {
                reported.is_final()
                    && (delivered(reported) || !delivered(&update.delivery))
                    && *reported != update.delivery
            },
        )
    }

    /// A worker reads a frame.
    pub fn read(&mut self, socket: SocketName, bytes: &[u8]) {
        self.inner.read(socket, bytes);
    }
}
