//! Events of the store, and what follows for the rows.

use super::Outbox;
use super::queue::{Entry, Place};
use crate::{
    DeliveryState, Durability, Meta, Now, Row, StoreError, StoreEvent, StoreGroup, StoreName, StoreOp,
    StoreSnapshot,
};
use sentinelops_protocol::sort::sort_by_key;

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
                Ok(None) => {}
                Ok(Some(id)) => self.not_storable(&id),
                Err(error) => self.closed(now, error),
            },
            StoreEvent::Unreadable(count) => self.count_unreadable(count),
            StoreEvent::Closed(error) => self.closed(now, error),
        }
    }

    fn closed(&mut self, now: Now, error: StoreError) {
        self.finish_never_stored();
        self.store.closed(now.mono, error);
        self.roll_back_all();
        self.storage_changed();
    }

    pub(super) fn open_failed(&mut self, now: Now, error: StoreError) {
        let first = !self.store.has_answered();
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
        let first = !self.store.is_loaded();
        self.earlier.assumed_stored.clear();
        let early = if self.store.has_answered() { Vec::new() } else { self.take_unloaded() };
        let StoreSnapshot { mut rows, failed, mut meta, unreadable } = snapshot;
        if unreadable.iter().any(|it| it.store == StoreName::Meta && it.set_aside_at.is_none()) {
            meta = Meta::lost(now.wall);
        }
        // Orders are comparable over all priorities.
        sort_by_key(&mut rows, |row| (row.order, row.priority));
        let known_before = self.store.opened(now.mono);
        for row in &rows {
            self.store.saw_order(row.order);
            self.store.stored.found_row(row);
        }
        for failed in &failed {
            self.store.stored.found_listed(&failed.row.id);
        }
        self.found_unreadable(unreadable);
        let stored_meta = meta.clone();
        if first && self.earlier.mark_missing {
            meta.mark_all();
        }
        let marked = |row: &Row| row.possibly_sent || meta.socket_open && row.order <= meta.last_order;
        let found = rows.len();
        for mut row in rows {
            let possibly_sent = if first { marked(&row) } else { row.possibly_sent };
            if let Some(seq) = self.queue.find(&row.id) {
                self.is_stored_already(first, seq, row, possibly_sent);
            } else if self.ended.get(&row.id).is_some()
                || self.failed.get(&row.id).is_some()
                // A retry removes the entry in the transaction that stores the row. So a row beside its entry was stored
                // by its tab, which had not received how it ended.
                || self.store.stored.is_listed(&row.id)
            {
                self.store.changed(&row.id);
            } else {
                row.possibly_sent = possibly_sent;
                let seq = self.seq_of_loaded(first);
                self.insert_loaded(now, seq, Entry::new(row, Vec::new(), Durability::Durable));
            }
        }
        self.merge_meta(first, meta, &stored_meta);
        for row in failed {
            let id = &row.row.id;
            if self.queue.iter().any(|(_, entry)| entry.retry_of.as_ref() == Some(id)) {
                // It goes when that row is stored.
            } else if self.queue.find(id).is_some() || self.is_over(id) {
                self.store.changed(id);
            } else if self.failed.get(id).is_some() {
                // As it is listed here.
            } else if known_before.knows(id) {
                // It was removed from the list while the store was closed.
                self.store.changed(id);
            } else {
                self.add_failed(row);
            }
        }
        for id in self.failed.iter().map(|failed| &failed.row.id) {
            if !self.store.stored.is_listed(id) {
                self.store.stored.mark(id);
            }
        }
        self.admit_unloaded(now, early);
        let unsaved: Vec<u64> = self
            .queue
            .iter()
            .filter(|(_, entry)| !entry.volatile && !self.store.stored.has_row(&entry.row.id))
            .map(|(seq, _)| seq)
            .collect();
        for seq in unsaved {
            self.put(seq);
            self.set_durability(seq, Durability::Pending);
        }
        self.trim(now, found);
        self.version += 1;
        self.answer_inquiries(None);
    }

    /// The sequence number of a loaded row. What the first opening finds is older than everything taken since.
    fn seq_of_loaded(&mut self, first: bool) -> u64 {
        if first { self.old_seq() } else { self.new_seq() }
    }

    /// A row in memory that the store holds as well, because the store was closed for a while.
    fn is_stored_already(&mut self, first: bool, seq: u64, row: Row, possibly_sent: bool) {
        let Some(entry) = self.queue.get(seq) else { return };
        let stored = entry.durability != Durability::MemoryOnly;
        let of_this_rank = entry.row.priority == row.priority;
        if entry.row.order == row.order && of_this_rank {
            self.set_durability(seq, Durability::Durable);
        } else if entry.place == Place::Waiting
            && let Some(before) = self.queue.remove(seq)
        {
            let possibly_sent = before.row.possibly_sent || possibly_sent;
            let Entry { observers, alone, lost_at, retry_of, .. } = before;
            let mut entry = Entry::new(Row { possibly_sent, ..row }, observers, Durability::Durable);
            (entry.alone, entry.lost_at, entry.retry_of) = (alone, lost_at, retry_of);
            let new = if first { self.old_seq() } else { seq };
            self.window.renumbered(seq, new);
            self.queue.insert(new, entry);
            self.report(new);
        } else if !stored && of_this_rank {
            // It is in flight, and this is its only stored copy.
            self.queue.moved_to(seq, row.order);
            self.set_durability(seq, Durability::Durable);
        } else {
            // It is in flight under another order: this stored copy goes.
            self.put(seq);
        }
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
        for id in self.store.committed(number) {
            self.removal_stored(&id);
            if let Some(seq) = self.queue.find(&id) {
                self.saved(seq);
            }
        }
        self.answer_inquiries(Some(number));
    }

    /// A planted bug: does not wait for the commit.
    pub(super) fn saved_at_once(&mut self, group: &StoreGroup) {
        for op in &group.ops {
            if let StoreOp::Put(row) = op
                && let Some(seq) = self.queue.find(&row.id)
            {
                self.set_durability(seq, Durability::Durable);
            }
        }
    }

    /// A write about this row has committed.
    fn saved(&mut self, seq: u64) {
        if let Some(entry) = self.queue.get_mut(seq)
            && self.store.stored.flag_of(&entry.row).is_some()
        {
            let retry_of = entry.retry_of.take();
            self.retry_settled(retry_of);
            self.set_durability(seq, Durability::Durable);
            self.stored_or_given_up(seq);
        }
    }

    /// A message that cannot be written as it should be: it is tried again later.
    fn not_storable(&mut self, id: &str) {
        self.version += 1;
        if self.removal_refused(id) || self.store.stored.is_marked(id) {
            return;
        }
        let Some((seq, entry)) = self.queue.find(id).and_then(|seq| Some((seq, self.queue.get(seq)?))) else {
            return;
        };
        // An older copy may be stored, and stays durable.
        let durable = entry.durability == Durability::Durable;
        if entry.row.possibly_sent {
            self.store.keep_socket_mark(entry.row.order);
        }
        self.stored_or_given_up(seq);
        if !durable {
            self.set_durability(seq, Durability::MemoryOnly);
            self.hold_back_behind(seq);
        }
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
            self.store.stored.refuse(&id);
            self.set_durability(seq, Durability::MemoryOnly);
            self.stored_or_given_up(seq);
        }
    }
}
