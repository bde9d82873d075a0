//! What a leader needs of the outbox because tabs share one store.

use super::Outbox;
use super::queue::Entry;
use crate::mutant::{self, Mutant};
use crate::{ConsumerId, DeliveryState, Durability, FailedRow, Now, Row, SendRequest, StoreGroup};

/// A leader that lost the lock is notified within this time (ms), and may send until then.
const LOCK_LOSS_REPORT_MS: u64 = 1_000;

impl Outbox {
    /// Rows taken from now on get higher orders than this.
    pub fn number_from(&mut self, order: u64) {
        self.disk.number_from(order);
    }

    /// Whether the store is open.
    pub fn store_is_open(&self) -> bool {
        self.disk.is_open()
    }

    /// Whether the store cannot be opened now.
    pub fn store_is_away(&self) -> bool {
        self.disk.is_away()
    }

    /// Whether the store exists and does not answer.
    pub fn store_is_silent(&self) -> bool {
        self.disk.is_silent()
    }

    /// See [`crate::Engine::store_was_open`].
    pub fn store_was_open(&mut self, now: Now) {
        self.disk.was_open(now.mono);
    }

    /// See [`crate::Engine::store_was_silent`].
    pub fn store_was_silent(&mut self) {
        self.mark_missing = true;
    }

    /// See [`crate::Engine::assume_stored`].
    pub fn assume_stored(&mut self, to: ConsumerId, requests: Vec<SendRequest>) {
        if !self.disk.answered {
            self.assumed_stored.extend(requests.into_iter().map(|request| (to, request)));
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

    /// Another tab appended rows: reads the store again.
    pub fn rescan(&mut self) {
        self.disk.rescan();
    }

    /// Names the consumer that gets the updates of a tab's rows; `None` when the tab is gone.
    pub fn name_owner(&mut self, tab: String, consumer: Option<ConsumerId>) {
        match consumer {
            Some(consumer) => self.owners.insert(tab, consumer),
            None => self.owners.remove(&tab),
        };
    }

    /// The tab of a consumer, by default our own. It owns the row, so later leaders report to its page.
    pub(super) fn tab_of(&self, consumer: ConsumerId) -> &str {
        let named = self.owners.iter().find(|(_, known)| **known == consumer);
        named.map_or(&self.tab, |(tab, _)| tab)
    }

    /// Whether the previous leader may have sent a row found now: it stored it itself (even order) while this engine read
    /// the store, or it found it as well before it was notified that the lock is lost.
    fn may_be_sent_by_another(&self, row: &Row) -> bool {
        row.possibly_sent || row.order.is_multiple_of(2) || self.follows_another
    }

    /// Takes rows that other tabs appended. The other rows found are known or have ended.
    pub(super) fn found(&mut self, now: Now, mut rows: Vec<Row>) {
        // The store returns them by priority; within a key the order counts.
        if !mutant::active(Mutant::RescanLosesOrder) {
            rows.sort_by_key(|row| row.order);
        }
        for mut row in rows {
            self.disk.saw_order(row.order);
            if let Some(seq) = self.queue.find(&row.id) {
                let known = self.queue.get(seq).map(|entry| (entry.row.order, entry.durability));
                match known {
                    // It was also sent to us directly: one copy is enough.
                    Some((order, Durability::Durable)) if order != row.order => self.disk.delete(&row),
                    // We could not save it, but the tab to which its page resubmitted it could.
                    Some((_, Durability::MemoryOnly)) => {
                        self.memory_only.remove(&seq);
                        let sent = row.possibly_sent;
                        self.is_stored_already(false, seq, row, sent, sent);
                    }
                    _ => {}
                }
                continue;
            }
            if self.removals.holds(&row.id) {
                continue;
            }
            if self.ended.get(&row.id).is_some() || self.failed.get(&row.id).is_some() {
                let owner: Vec<_> = self.owners.get(&row.owner).copied().into_iter().collect();
                let id = row.id.clone();
                self.forget_found(now, row);
                // Its tab stored it again because it got no answer.
                self.known(&owner, &id);
                continue;
            }
            let seq = self.new_seq();
            let flagged = row.possibly_sent;
            row.possibly_sent = self.may_be_sent_by_another(&row);
            let room = self.make_room(now, &row);
            let mut entry = Entry::new(row, Vec::new(), Durability::Durable);
            entry.sent_flag_unsaved = entry.row.possibly_sent && !flagged;
            self.queue.insert(seq, entry);
            match room {
                Ok(()) => self.report(seq),
                Err(reason) => self.end(now, seq, DeliveryState::Failed(reason)),
            }
        }
        // This rescan may have been requested earlier; the next one finds only newer rows.
        self.follows_another &= now.mono < self.started.saturating_add(LOCK_LOSS_REPORT_MS);
    }

    /// Deletes the copy that another tab stored of a row that ended. If the row was refused at once, its end is in no store:
    /// it is listed now, or a later inquiry would count it as delivered.
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
