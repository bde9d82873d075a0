//! What a leader and its tabs need of the outbox, because they share one store.

use super::Outbox;
use super::queue::Entry;
use crate::mutant::{self, Mutant};
use crate::{ConsumerId, DeliveryState, Durability, FailedRow, Now, Row, SendRequest, StoreGroup};

/// A leader that lost the lock receives that within so long, ms, and may send until then.
const LOSS_TOLD_MS: u64 = 1_000;

impl Outbox {
    /// Rows taken from now on come after this one.
    pub fn number_from(&mut self, order: u64) {
        self.disk.number_from(order);
    }

    /// There is a store.
    pub fn store_is_open(&self) -> bool {
        self.disk.is_open()
    }

    /// There is no store, for now.
    pub fn store_is_away(&self) -> bool {
        self.disk.is_away()
    }

    /// The store is there and does not answer.
    pub fn store_is_silent(&self) -> bool {
        self.disk.is_silent()
    }

    /// See [`crate::Engine::store_was_open`].
    pub fn store_was_open(&mut self, now: Now) {
        self.disk.was_open(now.mono);
    }

    /// See [`crate::Engine::store_was_silent`].
    pub fn store_was_silent(&mut self) {
        self.unmarked = true;
    }

    /// See [`crate::Engine::vouch`].
    pub fn vouch(&mut self, to: ConsumerId, requests: Vec<SendRequest>) {
        if !self.disk.answered {
            self.vouched.extend(requests.into_iter().map(|request| (to, request)));
        }
    }

    /// The term that the store had when it was first read, 0 before.
    pub fn stored_term(&self) -> u64 {
        self.stored_term
    }

    /// See [`crate::Engine::lead_after`].
    pub fn lead_after(&mut self, term: u64) {
        self.disk.lead_after(term);
    }

    /// See [`crate::Engine::last_group`].
    pub fn last_group(&mut self) -> Option<StoreGroup> {
        self.disk.last_group()
    }

    /// See [`crate::Engine::group_under_way`].
    pub fn group_under_way(&self) -> Option<&StoreGroup> {
        self.disk.group_under_way()
    }

    /// Another tab appended rows: look for them.
    pub fn rescan(&mut self) {
        self.disk.rescan();
    }

    /// Who is told of rows that this tab took and others stored; `None` when the tab is gone.
    pub fn name_owner(&mut self, tab: String, consumer: Option<ConsumerId>) {
        match consumer {
            Some(consumer) => self.owners.insert(tab, consumer),
            None => self.owners.remove(&tab),
        };
    }

    /// The tab that a consumer is, or else the own one: later leaders tell its page, not ours.
    pub(super) fn tab_of(&self, consumer: ConsumerId) -> &str {
        let named = self.owners.iter().find(|(_, known)| **known == consumer);
        named.map_or(&self.tab, |(tab, _)| tab)
    }

    /// Whether the leader before may have sent a row that was found: it stored it itself, under an even order, while
    /// this one read the store; or it may have found it, too, before it received that it leads no more.
    fn may_be_sent_by_another(&self, row: &Row) -> bool {
        row.possibly_sent || row.order.is_multiple_of(2) || self.follows_another
    }

    /// Rows that other tabs appended. Others than these are known or already ended.
    pub(super) fn found(&mut self, now: Now, mut rows: Vec<Row>) {
        // They lie there by priority; within a key the order counts.
        if !mutant::active(Mutant::RescanLosesOrder) {
            rows.sort_by_key(|row| row.order);
        }
        for mut row in rows {
            self.disk.saw_order(row.order);
            if let Some(seq) = self.queue.find(&row.id) {
                let known = self.queue.get(seq).map(|entry| (entry.row.order, entry.durability));
                match known {
                    // Handed to us directly as well: one copy is enough.
                    Some((order, Durability::Durable)) if order != row.order => self.disk.delete(&row),
                    // We could not save it, and the tab to which its page handed it in again could.
                    Some((_, Durability::MemoryOnly)) => {
                        self.memory_only.remove(&seq);
                        let sent = row.possibly_sent;
                        self.is_stored_already(false, seq, row, sent, sent);
                    }
                    _ => {}
                }
                continue;
            }
            if self.leaving.holds(&row.id) {
                continue;
            }
            if self.ended.get(&row.id).is_some() || self.failed.get(&row.id).is_some() {
                let owner: Vec<_> = self.owners.get(&row.owner).copied().into_iter().collect();
                let id = row.id.clone();
                self.forget_found(now, row);
                // Its tab stored it again for want of an answer.
                self.known(&owner, &id);
                continue;
            }
            let seq = self.new_seq();
            let flagged = row.possibly_sent;
            row.possibly_sent = self.may_be_sent_by_another(&row);
            let room = self.make_room(now, &row);
            let mut entry = Entry::new(row, Vec::new(), Durability::Durable);
            entry.unflagged = entry.row.possibly_sent && !flagged;
            self.queue.insert(seq, entry);
            match room {
                Ok(()) => self.tell(seq),
                Err(reason) => self.end(now, seq, DeliveryState::Failed(reason)),
            }
        }
        // This look may have been asked for earlier; the next one finds only what was appended since.
        self.follows_another &= now.mono < self.started.saturating_add(LOSS_TOLD_MS);
    }

    /// The stored copy of a row that ended, stored by another tab. One that was refused before was in no store, and its
    /// end in none: now that it was saved it is listed, or it would count as delivered for who asks later.
    fn forget_found(&mut self, now: Now, row: Row) {
        let listed = self.failed.get(&row.id).is_some();
        match self.ended.get(&row.id).map(|update| update.delivery.clone()) {
            Some(state) if !listed && state.was_refused() => {
                self.list_failed(FailedRow { row, state, ended_at: self.server_now(now) });
            }
            _ => self.forget_stored(&row),
        }
    }
}
