//! What the page sent: kept until it is safe or over, over every change of role; and what is safe is
//! followed until it is over.

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

/// Who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum With {
    Nobody,
    /// The transaction of this number, which appends it.
    Store(u64),
    /// The transaction of this number, in which an engine that is gone wrote its end.
    Ending(u64),
    /// Handed to the leader.
    Leader,
    /// Our engine.
    Engine,
}

pub(super) struct Kept {
    pub request: SendRequest,
    /// Its ordering key; ephemeral ones keep no order.
    pub key: Option<String>,
    pub with: With,
    /// The store refused it.
    pub unstorable: bool,
    /// Its page knows that it is in memory only.
    pub told: bool,
    /// Its page wanted it dropped.
    pub discarded: bool,
    /// Not appended: an earlier message of its ordering key or coalesce name goes another way first.
    pub behind_another: bool,
    /// In the order in which they were sent.
    pub number: u64,
}

impl Kept {
    pub(super) fn is_queued(&self) -> bool {
        self.request.queue && !self.request.ephemeral
    }
}

/// Durable and not final.
struct Open {
    inquiry: Inquiry,
    /// Should the store not give it out, it is handed in once more. Unknown of what an earlier worker sent.
    request: Option<(u64, SendRequest)>,
}

/// What is true once the store has taken it in.
struct Ending {
    updates: Vec<MessageUpdate>,
    certain: bool,
}

#[derive(Default)]
pub(super) struct Sends {
    /// Neither durable nor final, in order.
    pub(super) kept: Vec<Kept>,
    open: BTreeMap<String, Open>,
    /// Sent so far.
    count: u64,
    pub(super) appends: Appends,
    /// What the store is taking in, by transaction.
    endings: BTreeMap<u64, Ending>,
    /// The page was told that there is a connection.
    pub(super) linked: bool,
    /// The leader says that the store does not answer; since then it was handed everything there is.
    pub(super) silent: bool,
    pub(super) handed_in: bool,
    /// This tab slept, and has heard nothing of a leader since.
    pub(super) slept: bool,
    /// Waits for the role to settle, until when.
    pub(super) settle_at: Option<u64>,
    pub(super) settled: bool,
}

impl Sends {
    /// Whether anything waits for a leader: to be taken over, or for its end.
    pub(super) fn wait(&self) -> bool {
        !self.kept.is_empty() || !self.open.is_empty()
    }

    /// The page sent these. Ephemeral ones are handed on at once or not at all.
    pub(super) fn keep(&mut self, requests: &[SendRequest]) {
        for request in requests {
            if !self.keeps(&request.id) {
                let request = request.clone();
                let key = if request.ephemeral { None } else { key_of(&request) };
                self.count += 1;
                let (with, number) = (With::Nobody, self.count);
                let (unstorable, told, discarded, behind_another) = (false, false, false, false);
                self.kept.push(Kept {
                    request,
                    key,
                    with,
                    unstorable,
                    told,
                    discarded,
                    behind_another,
                    number,
                });
            }
        }
    }

    pub(super) fn follow(&mut self, about: &[Inquiry]) {
        for inquiry in about {
            let request = self.open.remove(&inquiry.id).and_then(|open| open.request);
            self.open.insert(inquiry.id.clone(), Open { inquiry: inquiry.clone(), request });
        }
    }

    /// What was safe when last heard of.
    pub(super) fn followed(&self) -> Vec<Inquiry> {
        self.open.values().map(|open| open.inquiry.clone()).collect()
    }

    /// The page wants it dropped.
    pub(super) fn discard(&mut self, id: &str) {
        if let Some(open) = self.open.get_mut(id) {
            open.inquiry.discarded = true;
        }
        if let Some(kept) = self.kept.iter_mut().find(|kept| kept.request.id == id) {
            kept.discarded = true;
        }
    }

    pub(super) fn opened(&mut self, id: &str, coalesced: bool, kept: Option<Kept>) {
        let inquiry = || Inquiry { id: id.to_owned(), coalesced, discarded: false };
        let open =
            self.open.entry(id.to_owned()).or_insert_with(|| Open { inquiry: inquiry(), request: None });
        if let Some(Kept { request, number, discarded, .. }) = kept {
            open.request = Some((number, request));
            open.inquiry.discarded |= discarded;
        }
    }

    /// Whether the store may have been silent for the last leader: as that said, or because this tab slept.
    pub(super) fn perhaps_silent(&self) -> bool {
        self.silent || self.slept
    }

    /// What was saved and has no end yet, as it was sent.
    pub(super) fn vouched(&self) -> Vec<SendRequest> {
        let mut all: Vec<_> = self.saved().collect();
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, request)| request).collect()
    }

    pub(super) fn saved(&self) -> impl Iterator<Item = (u64, SendRequest)> {
        let wanted = self.open.values().filter(|open| !open.inquiry.discarded);
        let requests = wanted.filter_map(|open| open.request.clone());
        requests.map(|(number, request)| (number, SendRequest { again: true, ..request }))
    }

    /// Another leader: what an earlier one was handed it may not know.
    pub(super) fn new_leader(&mut self) {
        self.settle_at = None;
        self.settled = true;
        self.nobody_leads();
    }

    /// What was handed on is ours again.
    pub(super) fn nobody_leads(&mut self) {
        (self.linked, self.silent, self.handed_in) = (false, false, false);
        for kept in self.kept.iter_mut().filter(|kept| kept.with == With::Leader) {
            kept.with = With::Nobody;
            kept.request.again = true;
        }
    }

    /// This tab leads now: its engine gets all there is.
    pub(super) fn new_engine(&mut self) {
        self.settle_at = None;
        self.settled = true;
        (self.linked, self.silent, self.handed_in, self.slept) = (false, false, false, false);
        for kept in self.kept.iter_mut().filter(|kept| !matches!(kept.with, With::Ending(_))) {
            // What was handed on before, another leader may have sent.
            kept.request.again |= kept.with != With::Nobody;
            kept.with = With::Nobody;
        }
    }

    /// It leads no more; its engine may have sent any of these.
    pub(super) fn engine_gone(&mut self, forget: bool) {
        if forget {
            return self.kept.retain(|kept| kept.with != With::Engine);
        }
        for kept in self.kept.iter_mut().filter(|kept| kept.with == With::Engine) {
            kept.with = With::Nobody;
            kept.request.again = true;
        }
    }

    /// The engine that is gone wrote these ends in a transaction that is under way. Until it is over
    /// nobody else gets the messages: what it had decided would be undone. `certain`: nobody else can
    /// have read the rows before that. Messages of other tabs are those tabs' to ask for.
    pub(super) fn ends_with(&mut self, number: u64, mut updates: Vec<MessageUpdate>, certain: bool) {
        updates.retain(|update| self.keeps(&update.id) || self.open.contains_key(&update.id));
        for kept in &mut self.kept {
            if updates.iter().any(|update| update.id == kept.request.id) {
                kept.with = With::Ending(number);
            }
        }
        if !updates.is_empty() {
            self.endings.insert(number, Ending { updates, certain });
        }
    }

    /// That transaction is over, if it is one of these.
    fn ended(&mut self, event: &StoreEvent) -> Option<Ending> {
        let (number, committed) = match event {
            StoreEvent::Committed { number } => (*number, true),
            StoreEvent::Aborted { number, .. } => (*number, false),
            _ => return None,
        };
        let mut ending = self.endings.remove(&number)?;
        for kept in self.kept.iter_mut().filter(|kept| kept.with == With::Ending(number)) {
            kept.with = With::Nobody;
            kept.request.again = true;
        }
        if !committed {
            ending.updates.clear();
        }
        Some(ending)
    }

    /// The store knows the end of this message, or another leader has it still: to be asked.
    fn ask_for(&mut self, update: MessageUpdate) -> Inquiry {
        let coalesced = self.drop(&update.id).is_some_and(|kept| kept.request.coalesce.is_some());
        self.opened(&update.id, coalesced || update.delivery == DeliveryState::Superseded, None);
        if update.delivery == DeliveryState::Failed(FailReason::Discarded) {
            self.discard(&update.id);
        }
        let unknown = || Inquiry { id: update.id.clone(), coalesced, discarded: false };
        self.open.get(&update.id).map_or_else(unknown, |open| open.inquiry.clone())
    }

    /// Forgets what is safe or over.
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
                self.open.remove(&update.id);
            } else if update.durability == Durability::Durable || !self.keeps(&update.id) {
                // What is not kept was tried again from the failed list, where it stays until stored.
                let kept = self.drop(&update.id);
                let coalesced = kept.as_ref().is_some_and(|kept| kept.request.coalesce.is_some());
                self.opened(&update.id, coalesced, kept);
            }
        }
        let lists = items.iter().filter_map(|item| match item {
            Delivery::Outbox(list, _) => Some(list),
            _ => None,
        });
        // Of what another tab sent and this one tries again, only a list says it.
        for info in lists.flatten().filter(|info| info.coalesced) {
            if let Some(open) = self.open.get_mut(&info.update.id) {
                open.inquiry.coalesced = true;
            }
        }
    }

    fn keeps(&self, id: &str) -> bool {
        self.kept.iter().any(|kept| kept.request.id == id)
    }

    pub(super) fn drop(&mut self, id: &str) -> Option<Kept> {
        let at = self.kept.iter().position(|kept| kept.request.id == id)?;
        Some(self.kept.remove(at))
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

    /// Nothing waits to be handed to the store or to the leader.
    pub(super) fn all_handed_on(&self) -> bool {
        self.kept.iter().all(|kept| kept.with == With::Leader)
    }
}

impl Node {
    /// Hands on what nobody has yet.
    pub(super) fn hand_over(&mut self, now: Now) {
        self.hand_in();
        if !self.sends.kept.iter().any(|kept| kept.with == With::Nobody) {
            return;
        }
        if let Some(leader) = &mut self.leader {
            for kept in self.sends.kept.iter_mut().filter(|kept| kept.with == With::Nobody) {
                kept.with = With::Engine;
                leader.engine.send(now, super::LOCAL, kept.request.clone());
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
                self.tell_unsaved();
            }
        }
        self.sends.kept.retain(|kept| !kept.request.ephemeral);
    }

    /// Kept for the next connection if queueing is on, refused at once if not.
    pub(super) fn refuse_unqueued(&mut self) {
        let enabled = self.options.outbox.enabled;
        self.refuse(|request| !request.queue || !enabled);
    }

    /// The answer to a transaction in which an engine that is gone ended messages, if it is one.
    pub(super) fn ended(&mut self, now: Now, event: &StoreEvent) -> bool {
        let Some(Ending { updates, certain }) = self.sends.ended(event) else { return false };
        if updates.is_empty() {
            return true;
        }
        if certain {
            let items: Vec<Delivery> = updates.into_iter().map(Delivery::Message).collect();
            self.hear(&items);
            self.tell(items);
            return true;
        }
        let about: Vec<Inquiry> = updates.into_iter().map(|update| self.sends.ask_for(update)).collect();
        if let Some(leader) = &mut self.leader {
            leader.inquire(now, super::LOCAL, about);
        } else if self.role() == Role::Follower {
            self.say(LinkMessage::Inquire { tab: self.tab.clone(), about });
        }
        true
    }

    fn refuse(&mut self, refused: impl Fn(&SendRequest) -> bool) {
        let goes = |kept: &Kept| kept.with == With::Nobody && !kept.request.again && refused(&kept.request);
        let gone: Vec<Kept> = self.sends.kept.extract_if(.., |kept| goes(kept)).collect();
        for Kept { request, .. } in gone.into_iter().filter(|kept| !kept.request.ephemeral) {
            let failed = DeliveryState::Failed(FailReason::NotConnected);
            self.tell_update(&request.id, Durability::MemoryOnly, failed);
        }
    }
}
