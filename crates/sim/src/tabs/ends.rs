//! How messages end: what the store lets go, what nobody remembers, and what is known at rest.

use super::disk::Answer;
use super::tab::Tab;
use super::world::TabWorld;
use crate::check::{message_id, message_number};
use sentinelops_engine::{DeliveryState, FailReason, MessageUpdate, StoreEvent};

impl TabWorld {
    /// An engine ended a message because a person wanted it dropped: it knows that for as long as it leads.
    pub(super) fn note_dropped(&mut self, place: usize, update: &MessageUpdate) {
        if update.delivery == DeliveryState::Failed(FailReason::Discarded)
            && let Some(n) = message_number(&update.id)
            && let Some(worker) = &self.tabs[place].worker
        {
            self.check.dropped_by.insert(n, (worker.number, worker.since.leads));
        }
    }

    /// A person dropped it, and the engine that did so is gone: a page that does not know that gets `Delivered`.
    pub(super) fn is_dropped_and_forgotten(&self, n: usize) -> bool {
        let knows = |(number, since): &(u32, Option<u64>)| {
            let worker = self.place_of(*number).and_then(|place| self.tabs[place].worker.as_ref());
            worker.is_some_and(|worker| worker.node.engine().is_some() && worker.since.leads == *since)
        };
        self.check.discarded.contains(&n) && !self.check.dropped_by.get(&n).is_some_and(knows)
    }

    /// It was deleted with everything else of the user, and this page has not received that yet.
    pub(super) fn is_wiped_for(&self, place: usize, n: usize) -> bool {
        let wipe = self.check.wipes.iter().find(|(below, _)| n < *below);
        wipe.is_some_and(|(_, session)| self.tabs[place].of_session <= *session)
    }

    /// The store has done something.
    pub(super) fn note_store(&mut self, number: u32, answer: &Answer) {
        if !matches!(answer, Answer::Event(StoreEvent::Committed { .. })) {
            return;
        }
        self.note_replaced();
        let messages = &self.check.inner.messages;
        let lost = messages.all.iter().enumerate().find(|(n, message)| {
            let over = message.reported.as_ref().is_some_and(DeliveryState::is_final);
            message.durable
                && !message.forgotten
                && message.wire.effects == 0
                && !over
                && !message.retried
                && !self.check.discarded.contains(n)
                && !messages.replaced(*n)
                && !self.disk.store.has(&message_id(*n))
                && self.disk.store.failed(&message_id(*n)).is_none()
        });
        if let Some((n, _)) = lost {
            let id = message_id(n);
            self.check
                .inner
                .fail("nothing-lost", || format!("{id} was saved, and {number} made it disappear"));
        }
    }

    /// The store holds no row of these, because a newer message replaced them, and their pages have not received that:
    /// when nobody else remembers they are handed in again, behind the newer one.
    fn note_replaced(&mut self) {
        for n in 0..self.check.inner.messages.all.len() {
            let (id, message) = (message_id(n), &self.check.inner.messages.all[n]);
            let over = message.reported.as_ref().is_some_and(DeliveryState::is_final);
            let store = &self.disk.store;
            let deleted = store.was_there(&id) && !store.has(&id) && store.failed(&id).is_none();
            if deleted && !over && message.wire.effects == 0 && self.check.inner.messages.replaced(n) {
                self.check.inner.messages.all[n].unordered = true;
            }
        }
    }

    /// Nothing is under way any more: every message must have come to an end that is true, and its
    /// sender know it.
    pub(super) fn account(&mut self) {
        let mut found: Option<(&'static str, String)> = None;
        for (n, message) in self.check.inner.messages.all.iter().enumerate() {
            if !message.promised || message.forgotten {
                continue;
            }
            let id = message_id(n);
            let kept = self.disk.store.failed(&id).map(|failed| failed.state.clone());
            let reported = message.reported.clone().filter(DeliveryState::is_final);
            let arrived = |state: &DeliveryState| matches!(state, DeliveryState::Delivered);
            let bad_end = reported.clone().filter(|state| !arrived(state)).or(kept);
            let messages = &self.check.inner.messages;
            // Discarded by a page that closed before it received that.
            let let_go = self.check.discarded.contains(&n);
            if message.wire.effects == 0 && bad_end.is_none() && !messages.replaced(n) && !let_go {
                let (reported, durable, sent) = (&message.reported, message.durable, message.wire.sent);
                found = Some((
                    "nothing-lost",
                    format!("{id} is nowhere: reported {reported:?}, durable {durable}, {sent} sockets"),
                ));
                break;
            }
            // The page that sent the message, and every other page that shows it.
            let shows = |tab: &&Tab| {
                tab.open && tab.send_log.iter().any(|(k, shown)| k == n && !shown.state.is_final())
            };
            if let Some(tab) = self.tabs.iter().find(shows) {
                let state = tab.send_log.iter().find(|(k, _)| *k == n).map(|(_, shown)| &shown.state);
                found = Some(("sender-informed", format!("{id} is done; {} shows {state:?}", tab.name)));
                break;
            }
        }
        if let Some((invariant, detail)) = found {
            self.check.inner.fail(invariant, || detail);
        }
    }

    /// The number of a message that is on the disk and in no outbox.
    pub(super) fn left_over(&self) -> Option<String> {
        self.disk.store.row_ids().find(|id| message_number(id).is_some()).map(str::to_owned)
    }
}
