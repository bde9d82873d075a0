//! What people want: send, try again, discard; and who has to go when it is full.

use super::queue::Entry;
use super::row::{row_of, under_new_id};
use super::{Outbox, OutboxOutput, update_of};
use crate::mutant::{self, Mutant};
use crate::{
    ConsumerId, DeliveryState, Durability, FailReason, MessageUpdate, Now, Row, SendRequest, StoreOp,
};

/// Ephemeral messages that may stand between `enqueue` and the next frame.
const MAX_EPHEMERAL: usize = 16;

impl Outbox {
    /// A message to send. Handing the same id in again only answers with its state.
    pub fn enqueue(&mut self, now: Now, to: ConsumerId, request: SendRequest) {
        let owner = self.tab_of(to).to_owned();
        self.enqueue_of(now, to, &owner, request);
    }

    /// The same of a tab that may be gone by now: its name stays on the row.
    pub fn enqueue_of(&mut self, now: Now, to: ConsumerId, owner: &str, request: SendRequest) {
        if self.known(&[to], &request.id) {
            return;
        }
        let refuse = |outbox: &mut Self, id: String, reason: FailReason| {
            let delivery = DeliveryState::Failed(reason);
            let update = MessageUpdate { id, durability: Durability::MemoryOnly, delivery };
            // Handed in again for want of an answer, it is refused again.
            outbox.ended.add(update.clone());
            outbox.update(vec![to], update);
        };
        let mut row = match row_of(&request, self.latest(now), owner) {
            Ok(row) => row,
            Err(reason) => return refuse(self, request.id, reason),
        };
        let (size, again) = (row.bytes.len() as u64, request.again);
        let allowed = self.link.map(|link| link.max_message_bytes).filter(|_| request.ephemeral || !again);
        if let Some(allowed) = allowed.filter(|allowed| size > *allowed) {
            return refuse(self, row.id, FailReason::TooBig { found: size, allowed });
        }
        if request.ephemeral {
            if self.may_send() && self.ephemeral.len() < MAX_EPHEMERAL {
                self.ephemeral.push_back((now.mono, row.bytes));
            }
            return;
        }
        let volatile = !request.queue || !self.options.enabled;
        if volatile && self.link.is_none() && !again {
            return refuse(self, row.id, FailReason::NotConnected);
        }
        if self.is_said(&row) {
            let (durability, delivery) = (Durability::MemoryOnly, DeliveryState::Superseded);
            let update = MessageUpdate { id: row.id, durability, delivery };
            self.ended.add(update.clone());
            return self.update(vec![to], update);
        }
        if let Err(reason) = self.make_room(now, &row) {
            return refuse(self, row.id, reason);
        }
        if !volatile && self.disk.is_open() {
            row.order = self.disk.next_order();
        }
        let durability = match volatile || !self.disk.may_store() {
            true => Durability::MemoryOnly,
            false => Durability::Pending,
        };
        let mut entry = Entry::new(row, vec![to], durability);
        entry.volatile = volatile;
        entry.elsewhere = again && !volatile && self.options.persist;
        entry.unconfirmed = false;
        self.take(entry);
    }

    /// A row takes its place at the end.
    fn take(&mut self, entry: Entry) -> u64 {
        let seq = self.new_seq();
        let stored = !entry.volatile;
        self.queue.insert(seq, entry);
        if stored {
            self.put(seq);
        }
        self.tell(seq);
        seq
    }

    /// Answers with the state of an id that is here or was; what becomes of it these consumers receive, too.
    pub(super) fn known(&mut self, observers: &[ConsumerId], id: &str) -> bool {
        if let Some(seq) = self.queue.find(id) {
            if let Some(entry) = self.queue.get_mut(seq) {
                entry.observed_by(observers);
            }
            self.tell(seq);
            return true;
        }
        if let Some(entry) = self.leaving.get_mut(id) {
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

    /// From the failed list, again. The id stays, so that a server that knows it does nothing twice;
    /// unless the server may have forgotten it or the message may have arrived: then somebody has to
    /// confirm, and it becomes a new message.
    pub fn retry(&mut self, now: Now, to: ConsumerId, id: &str, confirm: bool, new_id: String) {
        let Some(failed) = self.failed.get(id) else {
            // Never taken, so not listed: who has it still may hand it in again, and is told then.
            if !self.ended.forget_refusal(id) {
                self.known(&[to], id);
            }
            return;
        };
        let over_age = self.earliest(now).saturating_sub(failed.row.created_at) > self.options.max_age_ms;
        let needs_new = over_age || matches!(failed.state, DeliveryState::Expired { may_have_arrived: true });
        if needs_new && !confirm {
            self.known(&[to], id);
            return;
        }
        let mut row = match needs_new {
            true => under_new_id(&failed.row, new_id, self.latest(now)),
            false => Row { attempts: 0, ..failed.row.clone() },
        };
        if let Err(reason) = self.make_room(now, &row) {
            let (durability, delivery) = (Durability::MemoryOnly, DeliveryState::Failed(reason));
            return self.update(vec![to], MessageUpdate { id: id.to_owned(), durability, delivery });
        }
        self.failed.remove(id);
        self.version += 1;
        if self.disk.is_open() {
            // Off the stored list once it is stored as a row: a full disk must not take it away.
            self.retried.insert(row.id.clone(), id.to_owned());
        } else {
            self.failed.gone.insert(id.to_owned());
        }
        self.ended.forget(&row.id);
        row.order = if self.disk.is_open() { self.disk.next_order() } else { 0 };
        let durability = if self.disk.may_store() { Durability::Pending } else { Durability::MemoryOnly };
        let mut entry = Entry::new(row, vec![to], durability);
        // The server answered it, so it is not in doubt; the rule for what was sent holds all the same.
        entry.unconfirmed = false;
        let seq = self.take(entry);
        self.comes(now, seq);
    }

    /// A person does not want it any more: off the failed list, or out of the queue while it was
    /// never sent. What was possibly sent cannot be taken back.
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
            // How it ended stays true; it is only off the list.
            let (id, delivery) = (id.to_owned(), failed.state.clone());
            self.forget_failed(&id);
            let update = MessageUpdate { id, durability: Durability::MemoryOnly, delivery };
            self.ended.add(update.clone());
            return self.update(vec![to], update);
        }
        self.known(&[to], id);
    }

    /// A row that was tried again is stored, or over: then it is not to be listed as it was before.
    pub(super) fn retry_settled(&mut self, id: &str) {
        if let Some(listed) = self.retried.remove(id)
            && self.failed.get(&listed).is_none()
        {
            self.disk.push(StoreOp::DeleteFailed { id: listed });
        }
    }

    fn forget_failed(&mut self, id: &str) {
        if self.failed.remove(id).is_some() {
            self.version += 1;
            if self.disk.is_open() {
                self.disk.push(StoreOp::DeleteFailed { id: id.to_owned() });
            } else {
                self.failed.gone.insert(id.to_owned());
            }
        }
    }

    /// Makes room for a newcomer, or says that there is none. Unsent rows that it makes needless
    /// (see [`super::coalesce`]) are replaced; else, when full, the oldest unsent row of the lowest priority below the
    /// newcomer's goes. Critical ones may stand above the capacity, not above the bytes.
    pub(super) fn make_room(&mut self, now: Now, row: &Row) -> Result<(), FailReason> {
        if row.possibly_sent {
            // What may have been sent before is not refused, nor does anything go for it.
            return Ok(());
        }
        let rank = usize::from(row.priority.rank());
        let capacity = self.options.capacity;
        let full = FailReason::QueueFull { capacity };
        let replaced = self.needless(row);
        let (mut rows, mut bytes) = match self.disk.is_healthy() {
            true => self.queue.unsent_below(rank),
            false => self.queue.droppable_below(rank, |entry| self.may_drop(entry)),
        };
        for entry in replaced.iter().filter_map(|seq| self.queue.get(*seq)) {
            if entry.rank() > rank {
                // It is among them: its bytes are counted.
                rows -= 1;
            } else {
                bytes += entry.size();
            }
        }
        let needed = (self.queue.bytes() + row.bytes.len() as u64).saturating_sub(self.options.max_bytes);
        // One for one does not make it fuller.
        let over = replaced.is_empty() && self.queue.len() >= capacity as usize;
        if mutant::active(Mutant::RefuseEarly) && rank > 1 && self.queue.len() > 3 {
            return Err(full);
        }
        let victim = if over && rows > 0 { self.victim(rank) } else { None };
        if needed > bytes || (over && victim.is_none() && rank > 0) {
            return Err(full);
        }
        for seq in replaced {
            self.end(now, seq, DeliveryState::Superseded);
        }
        if let Some(victim) = victim {
            self.end(now, victim, DeliveryState::Evicted);
        }
        while self.queue.bytes() + row.bytes.len() as u64 > self.options.max_bytes {
            let Some(victim) = self.victim(rank) else { return Err(full) };
            self.end(now, victim, DeliveryState::Evicted);
        }
        Ok(())
    }

    /// The oldest unsent row of the lowest priority below `rank`.
    fn victim(&self, rank: usize) -> Option<u64> {
        self.queue.victim(rank, |entry| self.may_drop(entry))
    }

    /// A row that lies in a store which cannot be written now would come back with the next life, and
    /// be sent after people were told that it was not.
    pub(super) fn may_drop(&self, entry: &Entry) -> bool {
        entry.durability != Durability::Durable || self.disk.is_healthy()
    }

    /// Everything taken so far, out of the queue.
    pub(super) fn take_early(&mut self) -> Vec<Entry> {
        let seqs: Vec<u64> = self.queue.iter().map(|(seq, _)| seq).collect();
        seqs.into_iter().filter_map(|seq| self.queue.remove(seq)).collect()
    }

    /// What was taken before the store answered, as if it came now. Of what the store holds as well,
    /// the stored copy counts.
    pub(super) fn admit_early(&mut self, now: Now, early: Vec<Entry>) {
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

    /// What memory took while there was no store may be too much beside the `stored` rows: the lowest unsent ones go, critical ones stay.
    pub(super) fn trim(&mut self, now: Now, stored: usize) {
        let most = stored.max(self.options.capacity as usize);
        while self.queue.len() > most || self.queue.bytes() > self.options.max_bytes {
            let Some(victim) = self.victim(0) else { return };
            self.end(now, victim, DeliveryState::Evicted);
        }
    }

    /// Rows over the maximum age are never sent (again): the server may have forgotten their ids. The server's clock
    /// and ours have to agree: one that is wrong ends nothing.
    pub(super) fn expire(&mut self, now: Now) {
        if self.offset.is_none() {
            return;
        }
        self.local_offset = i128::from(now.wall) - i128::from(now.mono);
        let earliest = self.earliest(now);
        while let Some((created_at, seq)) = self.queue.oldest() {
            if created_at.saturating_add(self.options.max_age_ms) >= earliest {
                return;
            }
            let may_have_arrived = self.queue.get(seq).is_some_and(|entry| entry.row.possibly_sent);
            self.end(now, seq, DeliveryState::Expired { may_have_arrived });
        }
    }
}
