//! A tab without an engine appends what its page sent to the shared store, in one strict transaction and behind every
//! row that is there.

use super::election::Role;
use super::link::{Inquiry, LinkMessage};
use super::node::Node;
use super::sends::{Custody, PendingSend};
use super::types::NodeOutput;
use crate::mutant::{self, Mutant};
use crate::{
    Delivery, DeliveryState, Durability, FailReason, MessageUpdate, Now, Output, StoreError, StoreEvent,
    outbox, store::unique_order,
};
use sentinelops_protocol::Priority;

/// First number of a node's own transactions. An engine counts from 0 and never reaches it.
const FIRST_APPEND: u64 = 1 << 52;
/// An append unanswered for this long (ms) makes the follower ask the leader to rescan, which probes the store.
const DOUBT_MS: u64 = 2_500;
/// Interval (ms) at which a store that failed is tried again.
const RETRY_MS: u64 = 30_000;

/// State of this tab's appends.
#[derive(Default)]
pub(super) struct Appends {
    count: u64,
    /// Number of rows appended so far.
    rows: u64,
    /// Number of the outstanding transaction, and the attachment in which it began, if the leader had acknowledged it.
    under_way: Option<(u64, Option<u64>)>,
    /// When (monotonic ms) the outstanding append is considered unanswered.
    doubt_at: Option<u64>,
    /// Why nothing can be saved now. Reported by this tab itself while no leader reports it.
    pub(super) refused: Option<StoreError>,
    /// When (monotonic ms) a failed store is tried again.
    pub(super) retry_at: Option<u64>,
    /// The database handle died since the last successful append.
    died: bool,
}

impl Appends {
    pub(super) fn next_timeout(&self) -> Option<u64> {
        [self.doubt_at, self.retry_at].into_iter().flatten().min()
    }
}

impl Node {
    pub(super) fn can_store(&self) -> bool {
        self.options.outbox.enabled && self.options.outbox.persist
    }

    /// Appends everything that waits in one transaction; what arrives meanwhile is in the next. A page that goes away
    /// begins no transaction: frozen in the middle of it, its worker would block the store for every other tab.
    pub(super) fn append(&mut self, now: Now) {
        let appends = &self.sends.appends;
        if self.away {
            return;
        }
        let rests = appends.retry_at.is_some() && self.role() != Role::Follower;
        if self.store_works.is_none() && self.can_store() {
            // The store is being opened, which may also stay unanswered.
            self.sends.appends.doubt_at.get_or_insert(now.mono.saturating_add(DOUBT_MS));
            return;
        }
        if appends.under_way.is_some() || rests || !self.can_store() || self.store_works != Some(true) {
            return;
        }
        let number = FIRST_APPEND + appends.count;
        let salt = self.turn ^ self.seed;
        let mut rows = Vec::new();
        let mut refused = Vec::new();
        let mut room = self.room();
        for pending in self.sends.pending.iter_mut().filter(|pending| pending.custody == Custody::Nobody) {
            if !pending.request.queue || pending.request.ephemeral || pending.behind_another {
                continue;
            }
            let stays = pending.request.priority == Priority::Critical || pending.request.again;
            if room == 0 && !stays {
                let capacity = self.options.outbox.capacity;
                refused.push((pending.request.id.clone(), FailReason::QueueFull { capacity }));
                continue;
            }
            match outbox::row_of(&pending.request, now.wall, &self.tab) {
                Ok(mut row) => {
                    row.order = unique_order(now.wall, salt.wrapping_add(self.sends.appends.rows));
                    self.sends.appends.rows += 1;
                    pending.custody = Custody::Store(number);
                    room = room.saturating_sub(1);
                    rows.push(row);
                }
                Err(reason) => refused.push((pending.request.id.clone(), reason)),
            }
        }
        for (id, reason) in refused {
            self.sends.drop(&id);
            self.deliver_update(&id, Durability::MemoryOnly, DeliveryState::Failed(reason));
        }
        if !rows.is_empty() {
            self.sends.appends.count += 1;
            self.sends.appends.under_way = Some((number, self.known_turn));
            self.sends.appends.doubt_at = Some(now.mono.saturating_add(DOUBT_MS));
            // An estimate until the store is read again.
            rows.iter().for_each(|row| self.stored[usize::from(row.priority.rank())] += 1);
            self.out.push_back(NodeOutput::Append { number, rows });
            if mutant::active(Mutant::AppendedBeforeCommit) {
                self.saved(now, number, true);
            }
        }
    }

    /// How many more rows may be appended. A leader evicts for a message of higher priority; without one, only critical
    /// messages are accepted beyond the capacity.
    fn room(&self) -> u32 {
        if self.role() != Role::Idle {
            return u32::MAX;
        }
        self.options.outbox.capacity.saturating_sub(self.stored.iter().sum())
    }

    /// Handles the store's answer to an append of this tab. `false`: the event is about something else.
    pub(super) fn appended(&mut self, now: Now, event: &StoreEvent) -> bool {
        let (number, error) = match event {
            StoreEvent::Committed { number } => (*number, None),
            StoreEvent::Aborted { number, error } => (*number, Some(error)),
            _ => return false,
        };
        if number < FIRST_APPEND {
            return false;
        }
        let begun = self.sends.appends.under_way.take_if(|(under_way, _)| *under_way == number);
        if begun.is_some() {
            self.sends.appends.doubt_at = None;
        }
        match error {
            None => self.saved(now, number, begun.is_some_and(|(_, turn)| turn == Some(self.turn))),
            Some(error) => self.not_saved(now, number, error),
        }
        true
    }

    /// Marks the messages of transaction `number` as durable. `attached`: the leader knew this attachment before the
    /// append began, so it reports their updates to it. That does not hold for a resubmitted message: its row may
    /// already be in the store, owned by the page before a reload.
    fn saved(&mut self, now: Now, number: u64, attached: bool) {
        self.sends.appends.died = false;
        let saved: Vec<PendingSend> =
            self.sends.pending.extract_if(.., |pending| pending.custody == Custody::Store(number)).collect();
        let mut items = Vec::with_capacity(saved.len());
        let mut about = Vec::new();
        for pending in saved {
            let request = pending.request.clone();
            let delivery = if request.again { DeliveryState::Unconfirmed } else { DeliveryState::Queued };
            let coalesced = request.coalesce.is_some();
            if !attached || request.again && !mutant::active(Mutant::TrustRowOfOldPage) {
                about.push(Inquiry { id: request.id.clone(), coalesced, discarded: pending.discarded });
            }
            self.sends.track(&request.id, coalesced, Some(pending));
            let durability = Durability::Durable;
            items.push(Delivery::Message(MessageUpdate { id: request.id, durability, delivery }));
        }
        if !items.is_empty() {
            self.deliver_items(items);
        }
        self.store_takes_again();
        self.look_at_stored();
        match &mut self.leader {
            Some(leader) => leader.engine.rescan(now),
            None => self.broadcast(LinkMessage::Poke),
        }
        // The leader may have found, sent and reported them to an earlier attachment, or to no tab.
        if !about.is_empty() && self.role() == Role::Follower {
            self.broadcast(LinkMessage::Inquire { tab: self.tab.clone(), about });
        }
    }

    fn not_saved(&mut self, now: Now, number: u64, error: &StoreError) {
        let dead = matches!(error, StoreError::Dead(_));
        for pending in
            self.sends.pending.iter_mut().filter(|pending| pending.custody == Custody::Store(number))
        {
            pending.custody = Custody::Nobody;
            pending.unstorable |= !dead;
            // A handle may die between the commit and its event.
            pending.request.again |= dead;
        }
        if self.leader.is_some() || self.outdated {
            return;
        }
        if dead {
            self.reopen(now, error.clone());
        } else {
            self.store_refuses(now, error.clone());
        }
    }

    /// The database handle died: appends wait until it is reopened. After a second death in a row the store counts as failed.
    pub(super) fn reopen(&mut self, now: Now, error: StoreError) {
        if self.store_works != Some(true) {
            return;
        }
        if std::mem::replace(&mut self.sends.appends.died, true) {
            self.store_works = Some(false);
            self.store_refuses(now, error);
        } else {
            self.store_works = None;
            self.out.push_back(NodeOutput::Engine(Output::OpenStore));
        }
    }

    /// The store refuses writes. A leader reports that itself and takes a follower's messages.
    pub(super) fn store_refuses(&mut self, now: Now, error: StoreError) {
        self.sends.appends.retry_at = Some(now.mono.saturating_add(RETRY_MS));
        if self.sends.appends.refused.replace(error).is_none() {
            self.show_waiting();
        }
    }

    /// The store does not answer, and no leader can report it.
    pub(super) fn store_waits(&mut self, now: Now) {
        if self.role() == Role::Idle {
            self.store_refuses(now, StoreError::Silent);
        }
    }

    pub(super) fn store_takes_again(&mut self) {
        self.sends.appends.retry_at = None;
        self.sends.pending.iter_mut().for_each(|pending| pending.reported = false);
        if self.sends.appends.refused.take().is_some() {
            self.show_waiting();
        }
    }

    /// An append is unanswered: asks the leader, which may have nothing to write, to probe the store.
    pub(super) fn doubt_store(&mut self, now: Now) {
        let due = self.sends.appends.doubt_at.take_if(|at| now.mono >= *at).is_some();
        if due && self.role() == Role::Follower && !self.sends.all_handed_on() {
            self.broadcast(LinkMessage::Poke);
        }
    }

    /// Tries a failed store again: by appending what waits, or by opening it.
    pub(super) fn retry_store(&mut self, now: Now) {
        if self.sends.appends.retry_at.is_none_or(|at| now.mono < at) {
            return;
        }
        self.sends.appends.retry_at = None;
        if self.store_works == Some(false) && self.role() == Role::Idle {
            self.out.push_back(NodeOutput::Engine(Output::OpenStore));
            self.sends.appends.retry_at = Some(now.mono.saturating_add(RETRY_MS));
        }
    }

    /// Reports as memory only what waits here because the store refuses it.
    pub(super) fn report_unsaved(&mut self) {
        if self.can_store() && self.sends.appends.refused.is_none() {
            return;
        }
        let mut items = Vec::new();
        for pending in self
            .sends
            .pending
            .iter_mut()
            .filter(|pending| pending.custody == Custody::Nobody && !pending.reported)
        {
            pending.reported = true;
            let delivery =
                if pending.request.again { DeliveryState::Unconfirmed } else { DeliveryState::Queued };
            let (id, durability) = (pending.request.id.clone(), Durability::MemoryOnly);
            items.push(Delivery::Message(MessageUpdate { id, durability, delivery }));
        }
        if !items.is_empty() {
            self.deliver_items(items);
        }
    }
}
