//! What the page sent. A message is *pending* until it is durable or final, through every change of role; a durable one is
//! *in doubt* until it is final.

use super::appends::Appends;
use super::election::Role;
use super::link::{Inquiry, LinkMessage};
use super::node::Node;
use crate::outbox::key_of;
use crate::{
    ConnectionState, Delivery, DeliveryState, Durability, FailReason, MessageUpdate, Now, SendRequest,
    StorageState, StoreError, StoreEvent,
};
use std::collections::BTreeMap;

/// Where a pending message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Custody {
    Nobody,
    /// In the transaction of this number, which appends it.
    Store(u64),
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
    /// The store refused to append it.
    pub unstorable: bool,
    /// Reported to its page as memory only.
    pub reported: bool,
    /// Its page requested that it is discarded.
    pub discarded: bool,
    /// Not appended: an earlier message of its ordering key or coalesce name goes another way first.
    pub behind_another: bool,
    /// Position in the order of sending.
    pub number: u64,
}

impl PendingSend {
    pub(super) fn is_queued(&self) -> bool {
        self.request.queue && !self.request.ephemeral
    }
}

/// A durable message without a known end.
struct InDoubt {
    inquiry: Inquiry,
    /// Its position and content, to resubmit it if the store cannot be read. `None` for messages of an earlier worker.
    request: Option<(u64, SendRequest)>,
}

/// Ends that are true once their transaction has committed.
struct Ending {
    updates: Vec<MessageUpdate>,
    certain: bool,
}

#[derive(Default)]
pub(super) struct Sends {
    /// Messages neither durable nor final, in the order of sending.
    pub(super) pending: Vec<PendingSend>,
    in_doubt: BTreeMap<String, InDoubt>,
    /// Number of messages sent so far.
    count: u64,
    pub(super) appends: Appends,
    /// Ends being stored, by transaction number.
    endings: BTreeMap<u64, Ending>,
    /// The page was shown Connected.
    pub(super) linked: bool,
    /// The leader reports that the store does not answer. `handed_in`: since then it was sent everything.
    pub(super) silent: bool,
    pub(super) handed_in: bool,
    /// This tab slept, and no batch of a leader arrived since.
    pub(super) slept: bool,
    /// Until then (monotonic ms) messages wait for the role to be decided.
    pub(super) settle_at: Option<u64>,
    pub(super) settled: bool,
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
                let (unstorable, reported, discarded, behind_another) = (false, false, false, false);
                self.pending.push(PendingSend {
                    request,
                    key,
                    custody,
                    unstorable,
                    reported,
                    discarded,
                    behind_another,
                    number,
                });
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

    pub(super) fn track(&mut self, id: &str, coalesced: bool, pending: Option<PendingSend>) {
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
        let mut all: Vec<_> = self.saved().collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, request)| request).collect()
    }

    pub(super) fn saved(&self) -> impl Iterator<Item = (u64, SendRequest)> {
        let wanted = self.in_doubt.values().filter(|open| !open.inquiry.discarded);
        let requests = wanted.filter_map(|open| open.request.clone());
        requests.map(|(number, request)| (number, SendRequest { again: true, ..request }))
    }

    /// Another tab leads: it may not know what an earlier leader was sent.
    pub(super) fn new_leader(&mut self) {
        self.settle_at = None;
        self.settled = true;
        self.nobody_leads();
    }

    /// Takes back what was handed to a leader.
    pub(super) fn nobody_leads(&mut self) {
        (self.linked, self.silent, self.handed_in) = (false, false, false);
        for pending in self.pending.iter_mut().filter(|pending| pending.custody == Custody::Leader) {
            pending.custody = Custody::Nobody;
            pending.request.again = true;
        }
    }

    /// This tab leads now: its engine gets every pending message.
    pub(super) fn new_engine(&mut self) {
        self.settle_at = None;
        self.settled = true;
        (self.linked, self.silent, self.handed_in, self.slept) = (false, false, false, false);
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
    /// engine, which would undo them. `certain`: no other tab can have read the rows before. Messages of other tabs are
    /// skipped: those tabs inquire themselves.
    pub(super) fn ends_with(&mut self, number: u64, mut updates: Vec<MessageUpdate>, certain: bool) {
        updates.retain(|update| self.has_pending(&update.id) || self.in_doubt.contains_key(&update.id));
        for pending in &mut self.pending {
            if updates.iter().any(|update| update.id == pending.request.id) {
                pending.custody = Custody::Ending(number);
            }
        }
        if !updates.is_empty() {
            self.endings.insert(number, Ending { updates, certain });
        }
    }

    /// Handles the end of such a transaction. `None`: the event is about another one.
    fn ended(&mut self, event: &StoreEvent) -> Option<Ending> {
        let (number, committed) = match event {
            StoreEvent::Committed { number } => (*number, true),
            StoreEvent::Aborted { number, .. } => (*number, false),
            _ => return None,
        };
        let mut ending = self.endings.remove(&number)?;
        for pending in self.pending.iter_mut().filter(|pending| pending.custody == Custody::Ending(number)) {
            pending.custody = Custody::Nobody;
            pending.request.again = true;
        }
        if !committed {
            ending.updates.clear();
        }
        Some(ending)
    }

    /// The inquiry for a message whose end is stored, or which another leader still has.
    fn inquiry_for(&mut self, update: MessageUpdate) -> Inquiry {
        let coalesced = self.drop(&update.id).is_some_and(|pending| pending.request.coalesce.is_some());
        self.track(&update.id, coalesced || update.delivery == DeliveryState::Superseded, None);
        if update.delivery == DeliveryState::Failed(FailReason::Discarded) {
            self.discard(&update.id);
        }
        let unknown = || Inquiry { id: update.id.clone(), coalesced, discarded: false };
        self.in_doubt.get(&update.id).map_or_else(unknown, |open| open.inquiry.clone())
    }

    /// Updates the records from what is delivered to the page: final messages are dropped, durable ones become in doubt.
    pub(super) fn note(&mut self, items: &[Delivery]) {
        for item in items {
            if let Delivery::Status(status) = item {
                self.linked = status.state == ConnectionState::Connected;
                self.silent = status.storage == StorageState::MemoryOnly(StoreError::Silent);
                self.handed_in &= self.silent;
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

    pub(super) fn drop(&mut self, id: &str) -> Option<PendingSend> {
        let at = self.pending.iter().position(|pending| pending.request.id == id)?;
        Some(self.pending.remove(at))
    }

    pub(super) fn timeout(&mut self, now: Now) {
        if self.settle_at.is_some_and(|at| now.mono >= at) {
            self.settle_at = None;
            self.settled = true;
        }
    }

    pub(super) fn next_timeout(&self) -> Option<u64> {
        self.settle_at.into_iter().chain(self.appends.next_timeout()).min()
    }

    /// Whether every pending message is with the leader.
    pub(super) fn all_handed_on(&self) -> bool {
        self.pending.iter().all(|pending| pending.custody == Custody::Leader)
    }
}

impl Node {
    /// Passes on every message that is in this tab only.
    pub(super) fn hand_over(&mut self, now: Now) {
        self.hand_in();
        if !self.sends.pending.iter().any(|pending| pending.custody == Custody::Nobody) {
            return;
        }
        if let Some(leader) = &mut self.leader {
            for pending in self.sends.pending.iter_mut().filter(|pending| pending.custody == Custody::Nobody)
            {
                pending.custody = Custody::Engine;
                leader.engine.send(now, super::LOCAL, pending.request.clone());
            }
        }
        match self.leader {
            Some(_) => {}
            None if self.outdated => self.refuse(|_| true),
            None if self.role() == Role::Follower => self.hand_to_others(now),
            None => {
                self.refuse_unqueued();
                self.sends.wait_for_endings();
                self.append(now);
                self.report_unsaved();
            }
        }
        self.sends.pending.retain(|pending| !pending.request.ephemeral);
    }

    /// Refuses unqueued messages (all of them if queueing is off), because there is no connection.
    pub(super) fn refuse_unqueued(&mut self) {
        let enabled = self.options.outbox.enabled;
        self.refuse(|request| !request.queue || !enabled);
    }

    /// Handles the answer to a transaction in which a dropped engine ended messages. `false`: it is about another one.
    pub(super) fn ended(&mut self, now: Now, event: &StoreEvent) -> bool {
        let Some(Ending { updates, certain }) = self.sends.ended(event) else { return false };
        if updates.is_empty() {
            return true;
        }
        if certain {
            let items: Vec<Delivery> = updates.into_iter().map(Delivery::Message).collect();
            self.on_deliveries(&items);
            self.deliver_items(items);
            return true;
        }
        let about: Vec<Inquiry> = updates.into_iter().map(|update| self.sends.inquiry_for(update)).collect();
        if let Some(leader) = &mut self.leader {
            leader.inquire(now, super::LOCAL, about);
        } else if self.role() == Role::Follower {
            self.broadcast(LinkMessage::Inquire { tab: self.tab.clone(), about });
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
