//! Send, retry, discard; and which row is evicted when the outbox is full.

use super::queue::Entry;
use super::row::{row_of, under_new_id};
use super::{Outbox, OutboxOutput, update_of};
use crate::mutant::{self, Mutant};
use crate::{ConsumerId, DeliveryState, Durability, FailReason, MessageUpdate, Now, Row, SendRequest};

/// Most ephemeral messages that wait for the next frame.
const MAX_EPHEMERAL: usize = 16;

impl Outbox {
    /// Takes a message to send. An id that is known is only answered with its state.
    pub fn enqueue(&mut self, now: Now, to: ConsumerId, request: SendRequest) {
        if self.known(&[to], &request.id) {
            return;
        }
        let refuse = |outbox: &mut Self, id: String, reason: FailReason| {
            outbox.end_unqueued(to, id, DeliveryState::Failed(reason));
        };
        let mut row = match row_of(&request, self.clock.latest(now), self.tab_of(to)) {
            Ok(row) => row,
            Err(reason) => return refuse(self, request.id, reason),
        };
        let (size, again) = (row.bytes.len() as u64, request.again);
        let allowed =
            self.connection().map(|link| link.max_message_bytes).filter(|_| request.ephemeral || !again);
        if let Some(allowed) = allowed.filter(|allowed| size > *allowed) {
            return refuse(self, row.id, FailReason::TooBig { found: size, allowed });
        }
        if request.ephemeral {
            if self.may_send()
                && let Some(link) = self.link.as_mut().filter(|link| link.ephemeral.len() < MAX_EPHEMERAL)
            {
                link.ephemeral.push_back((now.mono, row.bytes));
            }
            return;
        }
        let volatile = !request.queue || !self.options.enabled;
        if volatile && self.connection().is_none() && !again {
            return refuse(self, row.id, FailReason::NotConnected);
        }
        if self.is_redundant(&row) {
            return self.end_unqueued(to, row.id, DeliveryState::Superseded);
        }
        if let Err(reason) = self.make_room(now, &row) {
            return refuse(self, row.id, reason);
        }
        if !volatile && self.store.is_open() {
            row.order = self.store.next_order();
        }
        let durability = match volatile || !self.store.may_store() {
            true => Durability::MemoryOnly,
            false => Durability::Pending,
        };
        let mut entry = Entry::new(row, vec![to], durability);
        entry.volatile = volatile;
        entry.elsewhere = again && !volatile && self.options.persist;
        entry.unconfirmed = false;
        self.take(entry);
    }

    /// A message that is not in the queue ends. The end is remembered: a resubmission gets the same answer.
    fn end_unqueued(&mut self, to: ConsumerId, id: String, delivery: DeliveryState) {
        let update = MessageUpdate { id, durability: Durability::MemoryOnly, delivery };
        self.ended.add(update.clone());
        self.update(vec![to], update);
    }

    /// Inserts a row at the end and writes it.
    fn take(&mut self, entry: Entry) -> u64 {
        let seq = self.new_seq();
        let stored = !entry.volatile;
        self.queue.insert(seq, entry);
        if stored {
            self.put(seq);
        }
        self.report(seq);
        seq
    }

    /// If this id is known: reports its state to these consumers, which also get its later updates.
    pub(super) fn known(&mut self, observers: &[ConsumerId], id: &str) -> bool {
        if let Some(seq) = self.queue.find(id) {
            if let Some(entry) = self.queue.get_mut(seq) {
                entry.observed_by(observers);
            }
            self.report(seq);
            return true;
        }
        if let Some(entry) = self.removals.get_mut(id) {
            entry.observed_by(observers);
            let (to, update) = (observers.to_vec(), update_of(entry));
            self.update(to, update);
            return true;
        }
        let listed = self.failed.get(id).map(|failed| {
            let durability = self.failed_durability(id);
            MessageUpdate { id: id.to_owned(), durability, delivery: failed.state.clone() }
        });
        let update = listed.or_else(|| self.ended.get(id).cloned());
        let known = update.is_some();
        if let Some(update) = update {
            let to = observers.to_vec();
            self.out.push_back(OutboxOutput::Update { to, update });
        }
        known
    }

    /// Retries a failed message. It keeps its id, so that a server that knows it applies it once. If the server may have
    /// forgotten the id, or the message may have arrived, the user has to confirm, and it becomes a new message.
    pub fn retry(&mut self, now: Now, to: ConsumerId, id: &str, confirm: bool, new_id: String) {
        let Some(failed) = self.failed.get(id) else {
            // It was refused at once, so it is not listed: its page may submit it again and then gets a new answer.
            if !self.ended.forget_refusal(id) {
                self.known(&[to], id);
            }
            return;
        };
        let over_age =
            self.clock.earliest(now).saturating_sub(failed.row.created_at) > self.options.max_age_ms;
        let needs_new = over_age || matches!(failed.state, DeliveryState::Expired { may_have_arrived: true });
        if needs_new && !confirm {
            self.known(&[to], id);
            return;
        }
        let mut row = match needs_new {
            true => under_new_id(&failed.row, new_id, self.clock.latest(now)),
            false => Row { attempts: 0, ..failed.row.clone() },
        };
        if let Err(reason) = self.make_room(now, &row) {
            let (durability, delivery) = (Durability::MemoryOnly, DeliveryState::Failed(reason));
            return self.update(vec![to], MessageUpdate { id: id.to_owned(), durability, delivery });
        }
        self.forget_failed(id, needs_new);
        // Behind earlier rows of its key, also where a change of it waits already.
        self.store.stored.put_last(&row.id);
        self.ended.forget(&row.id);
        row.order = match self.store.is_open() {
            false => 0,
            // Its row is still there, if the store had no room for the entry.
            true => self.store.stored.order_of(&row).unwrap_or_else(|| self.store.next_order()),
        };
        let durability = if self.store.may_store() { Durability::Pending } else { Durability::MemoryOnly };
        let mut entry = Entry::new(row, vec![to], durability);
        // The server answered it, so it is not unconfirmed; it stays possibly sent all the same.
        entry.unconfirmed = false;
        entry.retry_of = needs_new.then(|| id.to_owned());
        let seq = self.take(entry);
        self.await_stored(now, seq);
    }

    /// The user discards a message: it is removed from the failed list, or from the queue if it was never sent. A possibly
    /// sent row cannot be taken back.
    pub fn discard(&mut self, now: Now, to: ConsumerId, id: &str) {
        let discarded = DeliveryState::Failed(FailReason::Discarded);
        if let Some(seq) = self.queue.find(id) {
            if let Some(entry) = self.queue.get_mut(seq) {
                entry.observed_by(&[to]);
            }
            if self.queue.get(seq).is_some_and(|entry| !entry.row.possibly_sent && self.may_drop(entry)) {
                return self.end(now, seq, discarded);
            }
        } else if let Some(failed) = self.failed.get(id) {
            // Its end stays true; only the entry is removed.
            let (id, delivery) = (id.to_owned(), failed.state.clone());
            self.forget_failed(&id, false);
            return self.end_unqueued(to, id, delivery);
        }
        self.known(&[to], id);
    }

    /// Removes an entry from the failed list; the stored one as well, unless it `stays` until another row is stored.
    fn forget_failed(&mut self, id: &str, stays: bool) {
        self.failed.remove(id);
        self.version += 1;
        if !(stays && self.store.is_open()) {
            self.store.unlisted(id);
        }
    }

    /// Makes room for a new row, or fails. Unsent rows that it replaces (see [`super::coalesce`]) end; otherwise, when full,
    /// the oldest unsent row of the lowest priority below the new row's is evicted, and one more for each row whose eviction
    /// the store refused. Critical rows may exceed the capacity, but not the bytes.
    pub(super) fn make_room(&mut self, now: Now, row: &Row) -> Result<(), FailReason> {
        if row.possibly_sent {
            // A possibly sent row is not refused, and evicts nothing.
            return Ok(());
        }
        let rank = usize::from(row.priority.rank());
        let capacity = self.options.capacity;
        let full = FailReason::QueueFull { capacity };
        let replaced = self.superseded(row);
        let (mut rows, mut bytes) = match self.store.is_healthy() {
            true => self.queue.unsent_below(rank),
            false => self.queue.droppable_below(rank, |entry| self.may_drop(entry)),
        };
        for entry in replaced.iter().filter_map(|seq| self.queue.get(*seq)) {
            if entry.rank() > rank {
                // Its bytes are counted already.
                rows -= 1;
            } else {
                bytes += entry.size();
            }
        }
        let needed = (self.queue.bytes() + row.bytes.len() as u64).saturating_sub(self.options.max_bytes);
        let above = (self.queue.len() + 1).saturating_sub(capacity as usize);
        // Replacing a row does not make it fuller.
        let mut over = if replaced.is_empty() { above.min(1 + self.kept_by_the_store()) } else { 0 };
        if mutant::active(Mutant::RefuseEarly) && rank > 1 && self.queue.len() > 3 {
            return Err(full);
        }
        if needed > bytes || (over > rows && rank > 0) {
            return Err(full);
        }
        for seq in replaced {
            self.end(now, seq, DeliveryState::Superseded);
        }
        while over > 0 || self.queue.bytes() + row.bytes.len() as u64 > self.options.max_bytes {
            let Some(victim) = self.victim(rank) else { break };
            over = over.saturating_sub(1);
            self.end(now, victim, DeliveryState::Evicted);
        }
        Ok(())
    }

    /// The oldest unsent row of the lowest priority below `rank`.
    fn victim(&self, rank: usize) -> Option<u64> {
        self.queue.victim(rank, |entry| self.may_drop(entry))
    }

    /// Whether a row may be dropped. A row in a store that cannot be written now would come back with the next engine and be
    /// sent although it was reported as not sent.
    pub(super) fn may_drop(&self, entry: &Entry) -> bool {
        entry.durability != Durability::Durable || self.store.is_healthy()
    }

    /// Takes every row out of the queue.
    pub(super) fn take_unloaded(&mut self) -> Vec<Entry> {
        let seqs: Vec<u64> = self.queue.iter().map(|(seq, _)| seq).collect();
        seqs.into_iter().filter_map(|seq| self.queue.remove(seq)).collect()
    }

    /// Takes the rows that arrived before the store answered, as if they arrived now. If the store holds one as well, the
    /// stored copy counts.
    pub(super) fn admit_unloaded(&mut self, now: Now, early: Vec<Entry>) {
        for entry in early {
            if self.known(&entry.observers, &entry.row.id) {
                continue;
            }
            let room = self.make_room(now, &entry.row);
            let seq = self.new_seq();
            self.queue.insert(seq, entry);
            if let Err(reason) = room {
                self.end(now, seq, DeliveryState::Failed(reason));
            }
        }
    }

    /// Evicts the lowest unsent rows that memory took without a store, beside the `stored` ones, above the bounds. Critical
    /// rows stay.
    pub(super) fn trim(&mut self, now: Now, stored: usize) {
        let most = stored.max(self.options.capacity as usize);
        while self.queue.len() > most || self.queue.bytes() > self.options.max_bytes {
            let Some(victim) = self.victim(0) else { return };
            self.end(now, victim, DeliveryState::Evicted);
        }
    }

    /// Ends rows over the maximum age, because the server may have forgotten their ids. Both the server's clock and ours
    /// must say so: one wrong clock ends nothing.
    pub(super) fn expire(&mut self, now: Now) {
        if !self.clock.is_known() {
            return;
        }
        self.clock.check(now);
        let earliest = self.clock.earliest(now);
        while let Some((created_at, seq)) = self.queue.oldest() {
            if created_at.saturating_add(self.options.max_age_ms) >= earliest {
                return;
            }
            let may_have_arrived = self.queue.get(seq).is_some_and(|entry| entry.row.possibly_sent);
            self.end(now, seq, DeliveryState::Expired { may_have_arrived });
        }
    }
}
