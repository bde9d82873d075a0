//! A tab without an engine puts what its page sent into the shared store: appended in one strict
//! transaction, behind all that is there.

use super::election::Role;
use super::link::{Inquiry, LinkMessage};
use super::node::Node;
use super::sends::{Kept, With};
use super::types::NodeOutput;
use crate::mutant::{self, Mutant};
use crate::{
    Delivery, DeliveryState, Durability, FailReason, MessageUpdate, Now, Output, StoreError, StoreEvent,
    outbox, store::unique_order,
};
use sentinelops_protocol::Priority;

/// Numbers of a node's own transactions; an engine counts from 0 and never gets here.
const FIRST_APPEND: u64 = 1 << 52;
/// Not answered for so long, ms, the leader is to look whether the store answers at all.
const DOUBT_MS: u64 = 2_500;
/// A store that does not work is tried again after so long, ms.
const RETRY_MS: u64 = 30_000;

/// How far appending is.
#[derive(Default)]
pub(super) struct Appends {
    count: u64,
    /// Rows appended so far.
    rows: u64,
    /// The transaction under way, and the turn in which it began, if the leader had heard of that turn.
    under_way: Option<(u64, Option<u64>)>,
    /// When it is doubted.
    doubt_at: Option<u64>,
    /// Why nothing can be saved now, while nobody leads who could say it.
    pub(super) refused: Option<StoreError>,
    /// The store is left alone until then.
    pub(super) retry_at: Option<u64>,
    /// The handle died since something was saved last.
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

    /// Everything that waits, in one transaction; what comes meanwhile makes the next. A page that goes away
    /// begins none: frozen in the middle of it, it would keep every other tab from the store. Its memory freezes
    /// with it, and what a leader had to store it has written without looking.
    pub(super) fn append(&mut self, now: Now) {
        let appends = &self.sends.appends;
        if self.away {
            return;
        }
        let rests = appends.retry_at.is_some() && self.role() != Role::Follower;
        if self.store_works.is_none() && self.can_store() {
            // It is being opened, which may take long, too.
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
        for kept in self.sends.kept.iter_mut().filter(|kept| kept.with == With::Nobody) {
            if !kept.request.queue || kept.request.ephemeral || kept.behind_another {
                continue;
            }
            let stays = kept.request.priority == Priority::Critical || kept.request.again;
            if room == 0 && !stays {
                let capacity = self.options.outbox.capacity;
                refused.push((kept.request.id.clone(), FailReason::QueueFull { capacity }));
                continue;
            }
            match outbox::row_of(&kept.request, now.wall, &self.tab) {
                Ok(mut row) => {
                    row.order = unique_order(now.wall, salt.wrapping_add(self.sends.appends.rows));
                    self.sends.appends.rows += 1;
                    kept.with = With::Store(number);
                    room = room.saturating_sub(1);
                    rows.push(row);
                }
                Err(reason) => refused.push((kept.request.id.clone(), reason)),
            }
        }
        for (id, reason) in refused {
            self.sends.drop(&id);
            self.tell_update(&id, Durability::MemoryOnly, DeliveryState::Failed(reason));
        }
        if !rows.is_empty() {
            self.sends.appends.count += 1;
            self.sends.appends.under_way = Some((number, self.known_turn));
            self.sends.appends.doubt_at = Some(now.mono.saturating_add(DOUBT_MS));
            // Until it is looked at again.
            rows.iter().for_each(|row| self.stored[usize::from(row.priority.rank())] += 1);
            self.out.push_back(NodeOutput::Append { number, rows });
            if mutant::active(Mutant::AppendedBeforeCommit) {
                self.saved(now, number, true);
            }
        }
    }

    /// How many more the store may hold. The leader makes room for a message of more importance; where
    /// nobody does, only critical ones are taken beyond the capacity.
    fn room(&self) -> u32 {
        if self.role() != Role::Idle {
            return u32::MAX;
        }
        self.options.outbox.capacity.saturating_sub(self.stored.iter().sum())
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

    /// `attached`: since before they were handed to the store, so their updates come to our present turn. That does
    /// not hold for a resubmitted message: its row may be in the store already, owned by the page before a reload.
    fn saved(&mut self, now: Now, number: u64, attached: bool) {
        self.sends.appends.died = false;
        let saved: Vec<Kept> =
            self.sends.kept.extract_if(.., |kept| kept.with == With::Store(number)).collect();
        let mut items = Vec::with_capacity(saved.len());
        let mut about = Vec::new();
        for kept in saved {
            let request = kept.request.clone();
            let delivery = if request.again { DeliveryState::Unconfirmed } else { DeliveryState::Queued };
            let coalesced = request.coalesce.is_some();
            if !attached || request.again && !mutant::active(Mutant::TrustRowOfOldPage) {
                about.push(Inquiry { id: request.id.clone(), coalesced, discarded: kept.discarded });
            }
            self.sends.opened(&request.id, coalesced, Some(kept));
            let durability = Durability::Durable;
            items.push(Delivery::Message(MessageUpdate { id: request.id, durability, delivery }));
        }
        if !items.is_empty() {
            self.tell(items);
        }
        self.store_takes_again();
        self.look_at_stored();
        match &mut self.leader {
            Some(leader) => leader.engine.rescan(now),
            None => self.say(LinkMessage::Poke),
        }
        // They may have been found, sent and reported to an earlier turn of ours, or to nobody.
        if !about.is_empty() && self.role() == Role::Follower {
            self.say(LinkMessage::Inquire { tab: self.tab.clone(), about });
        }
    }

    fn not_saved(&mut self, now: Now, number: u64, error: &StoreError) {
        let dead = matches!(error, StoreError::Dead(_));
        for kept in self.sends.kept.iter_mut().filter(|kept| kept.with == With::Store(number)) {
            kept.with = With::Nobody;
            kept.unstorable |= !dead;
            // A handle may die between the commit and its news.
            kept.request.again |= dead;
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

    /// The handle died: appends wait until it is there again. A second time in a row it counts as gone.
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

    /// Nothing can be saved for now. The leader says so itself, and takes what a follower has.
    pub(super) fn store_refuses(&mut self, now: Now, error: StoreError) {
        self.sends.appends.retry_at = Some(now.mono.saturating_add(RETRY_MS));
        if self.sends.appends.refused.replace(error).is_none() {
            self.show_waiting();
        }
    }

    /// The store does not answer, and nobody leads who could say it.
    pub(super) fn store_waits(&mut self, now: Now) {
        if self.role() == Role::Idle {
            self.store_refuses(now, StoreError::Silent);
        }
    }

    pub(super) fn store_takes_again(&mut self) {
        self.sends.appends.retry_at = None;
        self.sends.kept.iter_mut().for_each(|kept| kept.told = false);
        if self.sends.appends.refused.take().is_some() {
            self.show_waiting();
        }
    }

    /// An append takes long: the leader, which may have nothing to write, is to notice.
    pub(super) fn doubt_store(&mut self, now: Now) {
        let due = self.sends.appends.doubt_at.take_if(|at| now.mono >= *at).is_some();
        if due && self.role() == Role::Follower && !self.sends.all_handed_on() {
            self.say(LinkMessage::Poke);
        }
    }

    /// Time to try the store again: with what waits, or by opening it.
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

    /// What waits in this tab's memory because the store does not take it.
    pub(super) fn tell_unsaved(&mut self) {
        if self.can_store() && self.sends.appends.refused.is_none() {
            return;
        }
        let mut items = Vec::new();
        for kept in self.sends.kept.iter_mut().filter(|kept| kept.with == With::Nobody && !kept.told) {
            kept.told = true;
            let delivery =
                if kept.request.again { DeliveryState::Unconfirmed } else { DeliveryState::Queued };
            let (id, durability) = (kept.request.id.clone(), Durability::MemoryOnly);
            items.push(Delivery::Message(MessageUpdate { id, durability, delivery }));
        }
        if !items.is_empty() {
            self.tell(items);
        }
    }
}
