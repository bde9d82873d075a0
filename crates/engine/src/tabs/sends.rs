//! What the page sent: kept until it is safe or over, over every change of role; and what is safe is
//! followed until it is over.

use super::election::Role;
use super::link::{Inquiry, LinkMessage};
use super::node::Node;
use super::types::NodeOutput;
use crate::{
    Delivery, DeliveryState, Durability, FailReason, MessageUpdate, Now, Output, SendRequest, StoreError,
    StoreEvent, outbox, store::unique_order,
};
use std::collections::BTreeMap;

/// Numbers of a node's own transactions; an engine counts from 0 and never gets here.
const FIRST_APPEND: u64 = 1 << 52;
/// With nobody known to lead, sends wait so long for the lock to be granted to this very tab.
const SETTLE_MS: u64 = 500;

/// Who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Nobody,
    /// The transaction of this number.
    Store(u64),
    /// Handed to whoever leads.
    Leader,
    /// Our engine.
    Engine,
}

struct Kept {
    request: SendRequest,
    with: With,
    /// The store refused it.
    unstorable: bool,
}

#[derive(Default)]
pub(super) struct Sends {
    /// Neither durable nor final, in order.
    kept: Vec<Kept>,
    /// Durable and not final.
    open: BTreeMap<String, Inquiry>,
    appends: u64,
    /// Rows appended so far.
    rows: u64,
    /// The transaction under way, and the turn in which it began.
    appending: Option<(u64, u64)>,
    /// Waits for the role to settle, until when.
    settle_at: Option<u64>,
    settled: bool,
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
                self.kept.push(Kept { request, with: With::Nobody, unstorable: false });
            }
        }
    }

    pub(super) fn follow(&mut self, about: &[Inquiry]) {
        self.open.extend(about.iter().map(|inquiry| (inquiry.id.clone(), inquiry.clone())));
    }

    /// What was safe when last heard of.
    pub(super) fn followed(&self) -> Vec<Inquiry> {
        self.open.values().cloned().collect()
    }

    /// The page wants it dropped.
    pub(super) fn discard(&mut self, id: &str) {
        if let Some(inquiry) = self.open.get_mut(id) {
            inquiry.discarded = true;
        }
    }

    fn opened(&mut self, id: &str, coalesced: bool) {
        let inquiry = || Inquiry { id: id.to_owned(), coalesced, discarded: false };
        self.open.entry(id.to_owned()).or_insert_with(inquiry);
    }

    /// Another leader: what an earlier one was handed it may not know.
    pub(super) fn new_leader(&mut self) {
        self.settle_at = None;
        self.settled = true;
        for kept in self.kept.iter_mut().filter(|kept| kept.with == With::Leader) {
            kept.with = With::Nobody;
            kept.request.again = true;
        }
    }

    /// This tab leads now: its engine gets all there is.
    pub(super) fn new_engine(&mut self) {
        self.settle_at = None;
        self.settled = true;
        for kept in &mut self.kept {
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

    /// Forgets what is safe or over.
    pub(super) fn note(&mut self, items: &[Delivery]) {
        for item in items {
            let Delivery::Message(update) = item else { continue };
            if update.delivery.is_final() {
                self.drop(&update.id);
                self.open.remove(&update.id);
            } else if update.durability == Durability::Durable || !self.keeps(&update.id) {
                // What is not kept was tried again from the failed list, where it stays until stored.
                let coalesced = self.drop(&update.id).is_some_and(|request| request.coalesce.is_some());
                self.opened(&update.id, coalesced);
            }
        }
    }

    fn keeps(&self, id: &str) -> bool {
        self.kept.iter().any(|kept| kept.request.id == id)
    }

    fn drop(&mut self, id: &str) -> Option<SendRequest> {
        let at = self.kept.iter().position(|kept| kept.request.id == id)?;
        Some(self.kept.remove(at).request)
    }

    pub(super) fn timeout(&mut self, now: Now) {
        if self.settle_at.is_some_and(|at| now.mono >= at) {
            self.settle_at = None;
            self.settled = true;
        }
    }

    pub(super) fn next_timeout(&self) -> Option<u64> {
        self.settle_at
    }
}

impl Node {
    /// Hands on what nobody has yet.
    pub(super) fn hand_over(&mut self, now: Now) {
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
                // Kept for the next connection if queueing is on, refused at once if not.
                let enabled = self.options.outbox.enabled;
                self.refuse(|request| !request.queue || !enabled);
                self.append(now);
            }
        }
        self.sends.kept.retain(|kept| !kept.request.ephemeral || kept.with == With::Nobody);
    }

    fn refuse(&mut self, refused: impl Fn(&SendRequest) -> bool) {
        let goes = |kept: &Kept| kept.with == With::Nobody && !kept.request.again && refused(&kept.request);
        let gone: Vec<Kept> = self.sends.kept.extract_if(.., |kept| goes(kept)).collect();
        for Kept { request, .. } in gone.into_iter().filter(|kept| !kept.request.ephemeral) {
            let failed = DeliveryState::Failed(FailReason::NotConnected);
            self.tell_update(&request.id, Durability::MemoryOnly, failed);
        }
    }

    /// To the store what can be stored, to the leader the rest.
    fn hand_to_others(&mut self, now: Now) {
        if self.term == 0 && !self.sends.settled {
            // Probably the lock is about to be ours, or a leader about to answer.
            self.sends.settle_at.get_or_insert(now.mono + SETTLE_MS);
            return;
        }
        let storable = self.can_store();
        // Behind what the store refused nothing goes another way: it keeps its order.
        let queued = |kept: &Kept| kept.request.queue && !kept.request.ephemeral;
        let mut direct = self.sends.kept.iter().any(|kept| queued(kept) && kept.with == With::Leader);
        let mut requests = Vec::new();
        for kept in self.sends.kept.iter_mut().filter(|kept| kept.with == With::Nobody) {
            direct |= queued(kept) && kept.unstorable;
            if !queued(kept) || !storable || direct {
                kept.with = With::Leader;
                requests.push(kept.request.clone());
            }
        }
        if !requests.is_empty() {
            self.say(LinkMessage::Send { tab: self.tab.clone(), requests });
        }
        self.append(now);
    }

    fn can_store(&self) -> bool {
        self.options.outbox.enabled && self.options.outbox.persist
    }

    /// Everything that waits, in one transaction; what comes meanwhile makes the next.
    fn append(&mut self, now: Now) {
        if self.sends.appending.is_some() || !self.can_store() || self.store_works != Some(true) {
            return;
        }
        let number = FIRST_APPEND + self.sends.appends;
        let salt = self.turn ^ self.seed;
        let mut rows = Vec::new();
        let mut invalid = Vec::new();
        for kept in self.sends.kept.iter_mut().filter(|kept| kept.with == With::Nobody) {
            if !kept.request.queue || kept.request.ephemeral {
                continue;
            }
            match outbox::row_of(&kept.request, now.wall, &self.tab) {
                Ok(mut row) => {
                    row.order = unique_order(now.wall, salt.wrapping_add(self.sends.rows));
                    self.sends.rows += 1;
                    kept.with = With::Store(number);
                    rows.push(row);
                }
                Err(reason) => invalid.push((kept.request.id.clone(), reason)),
            }
        }
        for (id, reason) in invalid {
            self.sends.drop(&id);
            self.tell_update(&id, Durability::MemoryOnly, DeliveryState::Failed(reason));
        }
        if !rows.is_empty() {
            self.sends.appends += 1;
            self.sends.appending = Some((number, self.turn));
            self.out.push_back(NodeOutput::Append { number, rows });
        }
    }

    /// The answer to an append of ours, if it is one.
    pub(super) fn appended(&mut self, now: Now, event: &StoreEvent) -> bool {
        let (number, error) = match event {
            StoreEvent::Committed { number } => (*number, None),
            StoreEvent::Aborted { number, error } => (*number, Some(error)),
            _ => return false,
        };
        if number < FIRST_APPEND {
            return false;
        }
        let begun = self.sends.appending.take_if(|(appending, _)| *appending == number);
        match error {
            None => self.saved(now, number, begun.is_some_and(|(_, turn)| turn == self.turn)),
            Some(error) => {
                let dead = matches!(error, StoreError::Dead(_));
                for kept in self.sends.kept.iter_mut().filter(|kept| kept.with == With::Store(number)) {
                    kept.with = With::Nobody;
                    kept.unstorable |= !dead;
                }
                if dead && self.leader.is_none() && !self.outdated {
                    self.reopen();
                }
            }
        }
        true
    }

    /// `same_turn`: nobody was asked, since they were handed to the store, how saved messages ended.
    fn saved(&mut self, now: Now, number: u64, same_turn: bool) {
        let saved: Vec<Kept> =
            self.sends.kept.extract_if(.., |kept| kept.with == With::Store(number)).collect();
        let mut items = Vec::with_capacity(saved.len());
        let mut about = Vec::new();
        for Kept { request, .. } in saved {
            let delivery = if request.again { DeliveryState::Unconfirmed } else { DeliveryState::Queued };
            let coalesced = request.coalesce.is_some();
            self.sends.opened(&request.id, coalesced);
            about.push(Inquiry { id: request.id.clone(), coalesced, discarded: false });
            let durability = Durability::Durable;
            items.push(Delivery::Message(MessageUpdate { id: request.id, durability, delivery }));
        }
        if !items.is_empty() {
            self.tell(items);
        }
        match &mut self.leader {
            Some(leader) => leader.engine.rescan(now),
            None => self.say(LinkMessage::Poke),
        }
        // Who led before may have found and sent them, and told it to an earlier turn of ours.
        if !same_turn && !about.is_empty() && self.role() == Role::Follower {
            self.say(LinkMessage::Inquire { tab: self.tab.clone(), about });
        }
    }

    /// The handle died: appends wait until it is there again.
    pub(super) fn reopen(&mut self) {
        if self.store_works == Some(true) {
            self.store_works = None;
            self.out.push_back(NodeOutput::Engine(Output::OpenStore));
        }
    }
}
