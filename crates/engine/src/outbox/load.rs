//! Events of the store, and what follows for the rows.

use super::queue::{Entry, Place};
use super::{Outbox, store_session::Aborted};
use crate::{
    DeliveryState, Durability, FailedRow, Meta, Now, Row, StoreError, StoreEvent, StoreGroup, StoreName,
    StoreOp, StoreSnapshot,
};
use sentinelops_protocol::sort::sort_by_key;
use std::collections::HashSet;

impl Outbox {
    /// Handles an event of the store.
    pub fn store_event(&mut self, now: Now, event: StoreEvent) {
        self.removals.on_answer(now.mono);
        self.store.on_answer(now.mono);
        match event {
            StoreEvent::Opened(snapshot) => self.opened(now, *snapshot),
            StoreEvent::OpenFailed(error) => self.open_failed(now, error),
            StoreEvent::Committed { number } => self.committed(number),
            StoreEvent::Aborted { number, error } => match self.store.aborted(now.mono, number, error) {
                Aborted::Again => {}
                Aborted::Single(op) => self.not_storable(&op),
                Aborted::Away => {
                    self.finish_never_stored();
                    self.roll_back_all();
                    self.storage_changed();
                }
            },
            StoreEvent::Unreadable(count) => self.count_unreadable(count),
            StoreEvent::Closed(error) => {
                self.finish_never_stored();
                self.store.closed(now.mono, error);
                self.roll_back_all();
                self.storage_changed();
            }
        }
    }

    pub(super) fn open_failed(&mut self, now: Now, error: StoreError) {
        let first = !self.store.answered;
        let silent = error == StoreError::Silent;
        self.earlier.mark_missing |= silent;
        self.store.failed(now.mono, error);
        self.roll_back_all();
        let assumed_stored = std::mem::take(&mut self.earlier.assumed_stored);
        if first {
            let early = self.take_unloaded();
            for (to, request) in assumed_stored.into_iter().filter(|_| silent) {
                self.enqueue(now, to, request);
            }
            self.admit_unloaded(now, early);
        }
        self.storage_changed();
    }

    /// Without a store, pending rows become memory only.
    fn storage_changed(&mut self) {
        self.version += 1;
        if self.store.may_store() {
            return;
        }
        let pending: Vec<u64> = self
            .queue
            .iter()
            .filter(|(_, entry)| entry.durability == Durability::Pending)
            .map(|(seq, _)| seq)
            .collect();
        for seq in pending {
            self.set_durability(seq, Durability::MemoryOnly);
        }
    }

    /// The store opened, for the first time or again: merges its rows with those in memory.
    fn opened(&mut self, now: Now, snapshot: StoreSnapshot) {
        if !self.options.persist {
            return;
        }
        self.roll_back_all();
        let first = !self.store.loaded;
        self.earlier.assumed_stored.clear();
        let early = if self.store.answered { Vec::new() } else { self.take_unloaded() };
        let StoreSnapshot { mut rows, failed, mut meta, unreadable } = snapshot;
        if unreadable.iter().any(|it| it.store == StoreName::Meta && it.set_aside_at.is_none()) {
            meta = Meta::lost(now.wall);
        }
        // Orders are comparable over all priorities.
        sort_by_key(&mut rows, |row| (row.order, row.priority));
        self.store.opened(now.mono);
        self.memory_only.clear();
        for row in &rows {
            self.store.saw_order(row.order);
        }
        self.found_unreadable(unreadable);
        let stored_meta = meta.clone();
        if first && self.earlier.mark_missing {
            meta.mark_all();
        }
        let marked = |row: &Row| row.possibly_sent || meta.socket_open && row.order <= meta.last_order;
        // A retry removes the entry in the transaction that stores the row. So a row beside its entry was stored by its
        // tab, which had not received how it ended.
        let listed: HashSet<String> = failed.iter().map(|failed| failed.row.id.clone()).collect();
        let mut stored = HashSet::new();
        let mut over = Vec::new();
        for mut row in rows {
            stored.insert(row.id.clone());
            let flagged = row.possibly_sent;
            let possibly_sent = if first { marked(&row) } else { flagged };
            if let Some(seq) = self.queue.find(&row.id) {
                self.is_stored_already(first, seq, row, possibly_sent, flagged);
            } else if self.ended.get(&row.id).is_some()
                || self.failed.get(&row.id).is_some()
                || listed.contains(&row.id)
            {
                over.push(row);
            } else {
                row.possibly_sent = possibly_sent;
                let mut entry = Entry::new(row, Vec::new(), Durability::Durable);
                entry.sent_flag_unsaved = possibly_sent && !flagged;
                let seq = self.seq_of_loaded(first);
                self.insert_loaded(now, seq, entry);
            }
        }
        self.merge_meta(first, meta, &stored_meta);
        self.failed.all_unsaved();
        for row in failed {
            let id = &row.row.id;
            if self.queue.find(id).is_some() && !stored.contains(id) {
                self.retried.insert(id.clone(), id.clone());
            } else if self.failed.gone.contains(id) || self.queue.find(id).is_some() || self.is_over(id) {
                self.store.push(StoreOp::DeleteFailed { id: id.clone() });
            } else if self.failed.get(id).is_some() {
                self.failed.unsaved.remove(id);
            } else if let Some(dropped) = self.failed.add(row) {
                self.forget_stored_end(&dropped.row, dropped.was_unsaved);
            }
        }
        self.failed.gone.clear();
        for row in over {
            self.forget_stored(&row);
        }
        self.save_failed();
        self.admit_unloaded(now, early);
        let unsaved: Vec<u64> = self
            .queue
            .iter()
            .filter(|(_, entry)| !entry.volatile && !stored.contains(&entry.row.id))
            .map(|(seq, _)| seq)
            .collect();
        for seq in unsaved {
            self.put(seq);
            self.set_durability(seq, Durability::Pending);
        }
        self.trim(now, stored.len());
        self.version += 1;
        self.answer_inquiries(None);
    }

    /// The sequence number of a loaded row. What the first opening finds is older than everything taken since.
    fn seq_of_loaded(&mut self, first: bool) -> u64 {
        if first { self.old_seq() } else { self.new_seq() }
    }

    /// A row in memory that the store holds as well, because the store was closed for a while.
    fn is_stored_already(&mut self, first: bool, seq: u64, row: Row, possibly_sent: bool, flagged: bool) {
        let Some(entry) = self.queue.get(seq) else { return };
        let stored = entry.durability != Durability::MemoryOnly || self.store.is_writing(&row.id);
        let sent = entry.row.possibly_sent || possibly_sent;
        let of_this_rank = entry.row.priority == row.priority;
        if entry.row.order == row.order && of_this_rank {
            if entry.row.possibly_sent && !flagged {
                self.queue.set_sent_flag_unsaved(seq);
            }
        } else if entry.place == Place::Waiting
            && let Some(mut entry) = self.queue.remove(seq)
        {
            let (alone, lost_at) = (entry.alone, entry.lost_at);
            entry = Entry::new(Row { possibly_sent: sent, ..row }, entry.observers, Durability::Durable);
            (entry.alone, entry.lost_at) = (alone, lost_at);
            entry.sent_flag_unsaved = sent && !flagged;
            let new = if first { self.old_seq() } else { seq };
            self.window.renumbered(seq, new);
            self.queue.insert(new, entry);
            self.report(new);
            return;
        } else if !stored && of_this_rank {
            // It is in flight, and this is its only stored copy.
            self.queue.moved_to(seq, row.order);
            if sent && !flagged {
                self.queue.set_sent_flag_unsaved(seq);
            }
        } else {
            // It is in flight under another order: deletes this stored copy.
            self.store.delete(&row);
            self.put(seq);
            return;
        }
        self.set_durability(seq, Durability::Durable);
    }

    /// Inserts a loaded row before everything taken since, and applies coalescing as if it had been known when it was
    /// stored.
    fn insert_loaded(&mut self, now: Now, seq: u64, entry: Entry) {
        let (superseded, redundant) = self.redundancy_of_loaded(seq, &entry.row);
        self.queue.insert(seq, entry);
        for rival in superseded {
            self.end(now, rival, DeliveryState::Superseded);
        }
        if redundant {
            return self.end(now, seq, DeliveryState::Superseded);
        }
        self.report(seq);
    }

    /// Deletes the stored copy of a row that ended. If its entry in the failed list is not stored yet, both change
    /// together.
    pub(super) fn forget_stored(&mut self, row: &Row) {
        if !self.failed.unsaved.contains(&row.id) || self.failed.get(&row.id).is_none() {
            return self.store.delete(row);
        }
        // A different order means another copy than the one to be deleted.
        if let Some(moved) = self.failed.stored_as(row) {
            self.store.move_to_failed(&moved);
        }
    }

    /// Merges the stored metadata. `before`: as it is in the store.
    fn merge_meta(&mut self, first: bool, stored: Meta, before: &Meta) {
        if !first {
            return self.store.touch_meta();
        }
        self.earlier.term = stored.term;
        let highest = self.store.highest_order();
        let ours = &mut self.store.meta;
        if stored.not_before > ours.not_before {
            ours.not_before = stored.not_before;
            ours.not_before_since = stored.not_before_since;
        }
        ours.attempts = ours.attempts.max(stored.attempts);
        ours.term = ours.term.max(stored.term);
        ours.welcomed |= stored.welcomed;
        ours.pongs |= stored.pongs;
        ours.user = stored.user.or(ours.user.take());
        if stored.socket_open {
            // The mark of an earlier engine counts until its rows have their own flags, at the next close. Rows taken
            // from now on have higher orders.
            let last_order = stored.last_order.min(highest);
            ours.last_order = if ours.socket_open { ours.last_order.max(last_order) } else { last_order };
            ours.socket_open = true;
        }
        if self.store.meta != *before {
            self.store.touch_meta();
        }
    }

    fn committed(&mut self, number: u64) {
        let ops = self.store.committed(number);
        for op in &ops {
            if let StoreOp::DeleteFailed { id } = op {
                self.retried.retain(|_, listed| listed != id);
            }
        }
        for op in ops {
            self.removal_stored(&op);
            match op {
                StoreOp::Put(row) => {
                    self.removals.stored(&row.id);
                    self.retry_settled(&row.id);
                    self.saved(&row);
                }
                StoreOp::PutFailed(row) => {
                    self.failed.unsaved.remove(&row.row.id);
                }
                _ => {}
            }
        }
        if self.memory_only.is_empty() && self.failed.unsaved.is_empty() {
            self.store.healed();
        }
        self.answer_inquiries(Some(number));
    }

    /// A planted bug: does not wait for the commit.
    pub(super) fn saved_at_once(&mut self, group: &StoreGroup) {
        for op in &group.ops {
            if let StoreOp::Put(row) = op {
                self.saved(row);
            }
        }
    }

    /// A write of this row has committed.
    fn saved(&mut self, row: &Row) {
        if let Some(seq) = self.queue.find(&row.id)
            && self.queue.get(seq).is_some_and(|entry| entry.row.order == row.order)
        {
            self.memory_only.remove(&seq);
            self.set_durability(seq, Durability::Durable);
            self.stored_or_given_up(seq);
        }
    }

    /// One change that cannot be stored: its row stays in memory, and it is tried again later.
    fn not_storable(&mut self, op: &StoreOp) {
        match op {
            StoreOp::Put(row) if self.was_never_stored(&row.id) => {}
            StoreOp::Put(row) => {
                if let Some(seq) = self.queue.find(&row.id) {
                    // An older copy may be stored, and stays durable.
                    let durable = self.queue.get(seq).is_some_and(|e| e.durability == Durability::Durable);
                    self.memory_only.insert(seq);
                    self.stored_or_given_up(seq);
                    if row.possibly_sent {
                        self.queue.set_sent_flag_unsaved(seq);
                        self.store.keep_socket_mark(row.order);
                    }
                    if !durable {
                        self.set_durability(seq, Durability::MemoryOnly);
                        self.hold_back_behind(seq);
                    }
                }
            }
            StoreOp::PutFailed(row) if self.roll_back_removal(&row.row.id) => {}
            StoreOp::PutFailed(row) => {
                self.failed.unsaved.insert(row.row.id.clone());
            }
            StoreOp::Delete { id, .. } if self.roll_back_removal(id) => {}
            op => self.store.retry_op_later(op.clone()),
        }
        self.version += 1;
    }

    /// See [`Outbox::waits_for_the_refused`].
    fn hold_back_behind(&mut self, refused: u64) {
        let later = self.queue.iter().filter(|(seq, entry)| {
            *seq > refused
                && !entry.volatile
                && entry.durability != Durability::Durable
                && self.queue.in_one_lane(refused, *seq)
        });
        let later: Vec<(u64, String)> = later.map(|(seq, entry)| (seq, entry.row.id.clone())).collect();
        for (seq, id) in later {
            self.store.withdraw(&id);
            self.memory_only.insert(seq);
            self.set_durability(seq, Durability::MemoryOnly);
            self.stored_or_given_up(seq);
        }
    }

    /// Writes rows again that are in memory only.
    pub(super) fn save_again(&mut self) {
        for seq in std::mem::take(&mut self.memory_only) {
            if self.queue.get(seq).is_some() {
                self.put(seq);
            }
        }
        self.save_failed();
    }

    fn save_failed(&mut self) {
        let rows: Vec<FailedRow> =
            self.failed.iter().filter(|row| self.failed.unsaved.contains(&row.row.id)).cloned().collect();
        for row in rows {
            self.store.move_to_failed(&row);
        }
    }
}
