//! What the page sent. A message is *pending* until it is durable or final, through every change of role; a durable one is
//! *in doubt* until it is final.

use super::Node;
use crate::outbox::key_of;
use crate::tabs::election::Role;
use crate::tabs::link::Inquiry;
use crate::{
    ConnectionState, Delivery, DeliveryState, Durability, FailReason, MessageUpdate, Now, SendRequest,
    StorageState, StoreError, StoreEvent,
};
use sentinelops_protocol::sort::sort_by_key;
use std::collections::BTreeMap;

/// Where a pending message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Custody {
    Nobody,
    /// In the transaction of this number, in which a dropped engine wrote its end.
    Ending(u64),
    /// With the leader, in another tab.
    Leader,
    /// With this tab's engine.
    Engine,
}

pub(super) struct PendingSend {
    pub request: SendRequest,
    /// Its ordering key; `None` for ephemeral messages.
    pub key: Option<String>,
    pub custody: Custody,
    /// Its page requested that it is discarded.
    pub discarded: bool,
    /// Position in the order of sending.
    pub number: u64,
}

/// A durable message without a known end.
struct InDoubt {
    inquiry: Inquiry,
    /// Its position and content, to resubmit it if the store cannot be read. `None` for messages of an earlier worker.
    request: Option<(u64, SendRequest)>,
}

#[derive(Default)]
pub(super) struct Sends {
    /// Messages neither durable nor final, in the order of sending.
    pub(super) pending: Vec<PendingSend>,
    in_doubt: BTreeMap<String, InDoubt>,
    /// Number of messages sent so far.
    count: u64,
    /// Ends that are true once their transaction has committed, by its number.
    endings: BTreeMap<u64, Vec<MessageUpdate>>,
    /// The page was shown Connected.
    pub(super) linked: bool,
    /// The leader reports that the store does not answer.
    silent: bool,
    /// This tab slept, and no batch of a leader arrived since.
    pub(super) slept: bool,
}

impl Sends {
    /// Whether any message waits for a leader.
    pub(super) fn wait(&self) -> bool {
        !self.pending.is_empty() || !self.in_doubt.is_empty()
    }

    /// Adds messages of the page. Ephemeral ones are passed on at once or dropped.
    pub(super) fn add(&mut self, requests: &[SendRequest]) {
        for request in requests {
            if !self.has_pending(&request.id) {
                let request = request.clone();
                let key = if request.ephemeral { None } else { key_of(&request) };
                self.count += 1;
                let (custody, number) = (Custody::Nobody, self.count);
                self.pending.push(PendingSend { request, key, custody, discarded: false, number });
            }
        }
    }

    pub(super) fn track_inquiries(&mut self, about: &[Inquiry]) {
        for inquiry in about {
            let request = self.in_doubt.remove(&inquiry.id).and_then(|open| open.request);
            self.in_doubt.insert(inquiry.id.clone(), InDoubt { inquiry: inquiry.clone(), request });
        }
    }

    /// Inquiries about every durable message without a known end.
    pub(super) fn in_doubt(&self) -> Vec<Inquiry> {
        self.in_doubt.values().map(|open| open.inquiry.clone()).collect()
    }

    /// Marks a message as discarded by its page.
    pub(super) fn discard(&mut self, id: &str) {
        if let Some(open) = self.in_doubt.get_mut(id) {
            open.inquiry.discarded = true;
        }
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.request.id == id) {
            pending.discarded = true;
        }
    }

    fn track(&mut self, id: &str, coalesced: bool, pending: Option<PendingSend>) {
        let inquiry = || Inquiry { id: id.to_owned(), coalesced, discarded: false };
        let open = self
            .in_doubt
            .entry(id.to_owned())
            .or_insert_with(|| InDoubt { inquiry: inquiry(), request: None });
        if let Some(PendingSend { request, number, discarded, .. }) = pending {
            open.request = Some((number, request));
            open.inquiry.discarded |= discarded;
        }
    }

    /// Whether the store may have been silent for the last leader: it reported so, or this tab slept.
    pub(super) fn store_may_be_silent(&self) -> bool {
        self.silent || self.slept
    }

    /// The durable messages without an end, in the order of sending.
    pub(super) fn saved_in_order(&self) -> Vec<SendRequest> {
        let wanted = self.in_doubt.values().filter(|open| !open.inquiry.discarded);
        let mut all: Vec<_> = wanted.filter_map(|open| open.request.as_ref()).collect();
        sort_by_key(&mut all, |(number, _)| *number);
        all.into_iter().map(|(_, request)| SendRequest { again: true, ..request.clone() }).collect()
    }

    /// Another tab leads, or none: it may not know what an earlier leader was handed.
    pub(super) fn new_leader(&mut self) {
        (self.linked, self.silent) = (false, false);
        for pending in self.pending.iter_mut().filter(|pending| pending.custody == Custody::Leader) {
            pending.custody = Custody::Nobody;
            pending.request.again = true;
        }
    }

    /// This tab leads now: its engine gets every pending message.
    pub(super) fn new_engine(&mut self) {
        (self.linked, self.silent, self.slept) = (false, false, false);
        for pending in
            self.pending.iter_mut().filter(|pending| !matches!(pending.custody, Custody::Ending(_)))
        {
            // Another leader may have sent what was handed to it.
            pending.request.again |= pending.custody != Custody::Nobody;
            pending.custody = Custody::Nobody;
        }
    }

    /// This tab no longer leads; its engine may have sent any of its messages.
    pub(super) fn engine_gone(&mut self, forget: bool) {
        if forget {
            return self.pending.retain(|pending| pending.custody != Custody::Engine);
        }
        for pending in self.pending.iter_mut().filter(|pending| pending.custody == Custody::Engine) {
            pending.custody = Custody::Nobody;
            pending.request.again = true;
        }
    }

    /// A dropped engine wrote these ends in an outstanding transaction. Until it is over the messages go to no other
    /// engine, which would undo them. Messages of other tabs are skipped: those tabs inquire themselves.
    pub(super) fn ends_with(&mut self, number: u64, mut updates: Vec<MessageUpdate>) {
        updates.retain(|update| self.has_pending(&update.id) || self.in_doubt.contains_key(&update.id));
        for pending in &mut self.pending {
            if updates.iter().any(|update| update.id == pending.request.id) {
                pending.custody = Custody::Ending(number);
            }
        }
        if !updates.is_empty() {
            self.endings.insert(number, updates);
        }
    }

    /// Handles the end of such a transaction: the ends that are true now. If it committed, no other tab has opened the
    /// store as its writer before, so none has read the rows. `None`: the event is about another one.
    fn ended(&mut self, event: &StoreEvent) -> Option<Vec<MessageUpdate>> {
        let (number, committed) = match event {
            StoreEvent::Committed { number } => (*number, true),
            StoreEvent::Aborted { number, .. } => (*number, false),
            _ => return None,
        };
        let updates = self.endings.remove(&number)?;
        for pending in self.pending.iter_mut().filter(|pending| pending.custody == Custody::Ending(number)) {
            pending.custody = Custody::Nobody;
            pending.request.again = true;
        }
        Some(if committed { updates } else { Vec::new() })
    }

    /// Updates the records from what is delivered to the page: final messages are dropped, durable ones become in doubt.
    pub(super) fn note(&mut self, items: &[Delivery]) {
        for item in items {
            if let Delivery::Status(status) = item {
                self.linked = status.state == ConnectionState::Connected;
                self.silent = status.storage == StorageState::MemoryOnly(StoreError::Silent);
            }
            let Delivery::Message(update) = item else { continue };
            if update.delivery.is_final() {
                self.drop(&update.id);
                self.in_doubt.remove(&update.id);
            } else if update.durability == Durability::Durable || !self.has_pending(&update.id) {
                // A message that is not pending was retried from the failed list, where it stays until stored.
                let pending = self.drop(&update.id);
                let coalesced = pending.as_ref().is_some_and(|pending| pending.request.coalesce.is_some());
                self.track(&update.id, coalesced, pending);
            }
        }
        let lists = items.iter().filter_map(|item| match item {
            Delivery::Outbox(list, _) => Some(list),
            _ => None,
        });
        // For a message of another tab that is retried here, only the list has this flag.
        for info in lists.flatten().filter(|info| info.coalesced) {
            if let Some(open) = self.in_doubt.get_mut(&info.update.id) {
                open.inquiry.coalesced = true;
            }
        }
    }

    fn has_pending(&self, id: &str) -> bool {
        self.pending.iter().any(|pending| pending.request.id == id)
    }

    fn drop(&mut self, id: &str) -> Option<PendingSend> {
        let at = self.pending.iter().position(|pending| pending.request.id == id)?;
        Some(self.pending.remove(at))
    }

    /// Whether every pending message is with the leader.
    pub(super) fn all_handed_on(&self) -> bool {
        self.pending.iter().all(|pending| pending.custody == Custody::Leader)
    }
}

impl Node {
    /// Passes on every message that is in this tab only.
    pub(super) fn hand_over(&mut self, now: Now) {
        if let Some(leader) = &mut self.leader {
            let waiting = self.sends.pending.iter_mut().filter(|pending| pending.custody == Custody::Nobody);
            for pending in waiting {
                pending.custody = Custody::Engine;
                leader.engine.send(now, crate::tabs::LOCAL, pending.request.clone());
            }
        } else if self.outdated {
            self.refuse(|_| true);
        } else if self.role() == Role::Follower {
            self.hand_to_leader();
        } else {
            self.refuse_unqueued();
        }
        self.sends.pending.retain(|pending| !pending.request.ephemeral);
    }

    /// Refuses unqueued messages (all of them if queueing is off), because there is no connection.
    pub(super) fn refuse_unqueued(&mut self) {
        let enabled = self.options.outbox.enabled;
        self.refuse(|request| !request.queue || !enabled);
    }

    /// Handles the answer to a transaction in which a dropped engine ended messages. `false`: it is about another one.
    pub(super) fn ended(&mut self, event: &StoreEvent) -> bool {
        let Some(updates) = self.sends.ended(event) else { return false };
        if !updates.is_empty() {
            let items: Vec<Delivery> = updates.into_iter().map(Delivery::Message).collect();
            self.on_deliveries(&items);
            self.deliver_items(items);
        }
        true
    }

    fn refuse(&mut self, refused: impl Fn(&SendRequest) -> bool) {
        let goes = |pending: &PendingSend| {
            pending.custody == Custody::Nobody && !pending.request.again && refused(&pending.request)
        };
        let gone: Vec<PendingSend> = self.sends.pending.extract_if(.., |pending| goes(pending)).collect();
        for PendingSend { request, .. } in gone.into_iter().filter(|pending| !pending.request.ephemeral) {
            let failed = DeliveryState::Failed(FailReason::NotConnected);
            self.deliver_update(&request.id, Durability::MemoryOnly, failed);
        }
    }
}
