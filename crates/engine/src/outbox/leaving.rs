//! How a row goes.
//!
//! A row that lies in the store and ends by our own decision (evicted, replaced, discarded, no room,
//! nacked too often) is still sent by the next life until the store has taken its end in. So it
//! *leaves* first: it is out of the queue, nobody is told, and what is behind it in its key waits,
//! because a later message must not overtake one that may come back. When the store says yes it is
//! gone; when the store says no it is back in its old place.
//!
//! The other way round, a failed row that is tried again *comes*: it is not sent before the store
//! holds it as a row. The next life would still find it in the failed list, and say that it was never
//! sent.

use super::Outbox;
use super::disk::HANGS_MS;
use super::queue::{Entry, Place};
use crate::{DeliveryState, Durability, FailReason, FailedRow, MessageUpdate, Now, StoreGroup, StoreOp};
use std::collections::{BTreeSet, HashMap};

/// What was nacked too often and has to stay is not tried again before, ms.
pub(super) const AGAIN_MS: u64 = 30_000;

/// Rows on their way out, by id.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    rows: HashMap<String, Leaver>,
    /// Rows that were tried again and that the store is yet to hold: their keys stand still.
    coming: BTreeSet<u64>,
    until: Option<u64>,
}

#[derive(Debug)]
struct Leaver {
    seq: u64,
    entry: Entry,
    state: DeliveryState,
    ended_at: u64,
    /// Monotonic ms.
    left_at: u64,
    /// Its key stands still.
    bars: bool,
}

impl Leaver {
    /// It leaves for want of room.
    fn is_evicted(&self) -> bool {
        matches!(self.state, DeliveryState::Evicted | DeliveryState::Failed(FailReason::QueueFull { .. }))
    }
}

impl Leaving {
    pub fn holds(&self, id: &str) -> bool {
        self.rows.contains_key(id)
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut Entry> {
        self.rows.get_mut(id).map(|leaver| &mut leaver.entry)
    }

    /// The store holds its row by now.
    pub fn stored(&mut self, id: &str) {
        if let Some(leaver) = self.rows.get_mut(id) {
            leaver.entry.durability = Durability::Durable;
        }
    }

    /// The store answered something: it does not hang.
    pub fn heard(&mut self, now: u64) {
        self.until = self.wait().then(|| now.saturating_add(HANGS_MS));
    }

    pub fn next_timeout(&self) -> Option<u64> {
        self.until
    }

    fn wait(&self) -> bool {
        !self.rows.is_empty() || !self.coming.is_empty()
    }

    /// The row that ends when the store takes this in.
    fn ended_by(&self, op: &StoreOp) -> Option<&Leaver> {
        let (id, order, listing) = match op {
            StoreOp::PutFailed(failed) => (&failed.row.id, failed.row.order, true),
            StoreOp::Delete { id, order, .. } => (id, *order, false),
            _ => return None,
        };
        let fits = |leaver: &&Leaver| is_listed(&leaver.state) == listing && leaver.entry.row.order == order;
        self.rows.get(id).filter(fits)
    }

    fn take(&mut self, id: &str) -> Option<Leaver> {
        let leaver = self.rows.remove(id)?;
        self.until = self.until.filter(|_| self.wait());
        Some(leaver)
    }
}

impl Outbox {
    /// The one way a row goes. Bad ends go to the failed list; what is remembered answers for the
    /// id when it is handed in again.
    pub(super) fn end(&mut self, now: Now, seq: u64, state: DeliveryState) {
        if self.queue.get(seq).is_some_and(|entry| self.must_leave(entry, &state)) {
            return self.leave(now, seq, state);
        }
        self.has_come(seq);
        let Some(entry) = self.queue.remove(seq) else { return };
        self.window.clear(seq);
        self.memory_only.remove(&seq);
        let update =
            MessageUpdate { id: entry.row.id.clone(), durability: entry.durability, delivery: state.clone() };
        let to = self.audience_of(&entry);
        if !entry.volatile && is_listed(&state) {
            self.list_failed(FailedRow { row: entry.row, state, ended_at: self.server_now(now) });
        } else if !entry.volatile {
            self.disk.delete(&entry.row);
        }
        self.retry_settled(&update.id);
        self.ended.add(update.clone());
        self.update(to, update);
    }

    /// Whether the next life might send it although it ends here.
    fn must_leave(&self, entry: &Entry, state: &DeliveryState) -> bool {
        let ours = matches!(
            state,
            DeliveryState::Evicted
                | DeliveryState::Superseded
                | DeliveryState::Failed(
                    FailReason::Discarded | FailReason::TooManyAttempts { .. } | FailReason::QueueFull { .. }
                )
        );
        // What did not fit before may fit by now.
        let stored = || entry.durability != Durability::MemoryOnly || self.disk.is_writing(&entry.row.id);
        ours && !entry.volatile && self.disk.is_open() && entry.place == Place::Waiting && stored()
    }

    /// Whether our own decision may end a row that was nacked too often: a copy of it in a store that
    /// cannot be written now would be sent by the next life, after people were told that it failed.
    pub(super) fn can_be_ended(&self, seq: u64) -> bool {
        let copied = |entry: &Entry| entry.durability == Durability::Durable || entry.elsewhere;
        self.disk.is_open() || !self.queue.get(seq).is_some_and(copied)
    }

    fn leave(&mut self, now: Now, seq: u64, state: DeliveryState) {
        self.has_come(seq);
        let Some(mut entry) = self.queue.leave(seq) else { return };
        if entry.durability == Durability::MemoryOnly {
            entry.durability = Durability::Pending;
        }
        self.window.clear(seq);
        self.memory_only.remove(&seq);
        let (id, ended_at) = (entry.row.id.clone(), self.server_now(now));
        if is_listed(&state) {
            let (row, state) = (entry.row.clone(), state.clone());
            self.disk.move_to_failed(&FailedRow { row, state, ended_at });
        } else {
            self.disk.delete(&entry.row);
        }
        self.leaving.until.get_or_insert(now.mono.saturating_add(HANGS_MS));
        self.leaving.rows.insert(id, Leaver { seq, entry, state, ended_at, left_at: now.mono, bars: true });
        self.version += 1;
    }

    /// The store took something in: perhaps the end of a row that leaves.
    pub(super) fn has_left(&mut self, op: &StoreOp) {
        if let Some(leaver) = self.leaving.ended_by(op) {
            let id = leaver.entry.row.id.clone();
            self.gone(&id);
        }
    }

    /// Whether the end of a row is not certain yet.
    pub fn leaves(&self) -> bool {
        !self.leaving.rows.is_empty()
    }

    /// See [`crate::Engine::endings_in`].
    pub fn endings_in(&self, group: &StoreGroup) -> Vec<MessageUpdate> {
        let ended = group.ops.iter().filter_map(|op| self.leaving.ended_by(op));
        let update = |leaver: &Leaver| MessageUpdate {
            id: leaver.entry.row.id.clone(),
            durability: leaver.entry.durability,
            delivery: leaver.state.clone(),
        };
        ended.map(update).collect()
    }

    /// The store never held it, and will not: no next life sends it, and its end needs no store.
    /// Whether it was one that leaves.
    pub(super) fn was_never_stored(&mut self, id: &str) -> bool {
        let Some(leaver) = self.leaving.rows.get(id) else { return false };
        if leaver.entry.durability == Durability::Pending {
            let listed = is_listed(&leaver.state);
            self.gone(id);
            if listed {
                self.failed.unsaved.insert(id.to_owned());
            }
        }
        true
    }

    fn gone(&mut self, id: &str) {
        let Some(Leaver { seq, entry, state, ended_at, bars, .. }) = self.leaving.take(id) else { return };
        if bars {
            self.queue.left(seq, &entry);
        }
        let to = self.audience_of(&entry);
        let update =
            MessageUpdate { id: id.to_owned(), durability: entry.durability, delivery: state.clone() };
        if is_listed(&state)
            && let Some(dropped) = self.failed.add(FailedRow { row: entry.row, state, ended_at })
        {
            self.disk.push(StoreOp::DeleteFailed { id: dropped.row.id });
        }
        self.retry_settled(id);
        self.ended.add(update.clone());
        self.update(to, update);
    }

    /// The store will not take its end in: it lives on. Whether it was one that leaves.
    pub(super) fn stays(&mut self, id: &str) -> bool {
        let Some(Leaver { seq, entry, state, left_at, bars, .. }) = self.leaving.take(id) else {
            return false;
        };
        if bars {
            self.queue.left(seq, &entry);
        }
        let pending = entry.durability == Durability::Pending;
        self.queue.insert(seq, entry);
        if matches!(state, DeliveryState::Failed(FailReason::TooManyAttempts { .. })) {
            self.queue.block(seq, left_at.saturating_add(AGAIN_MS));
        }
        if pending {
            self.put(seq);
        }
        self.version += 1;
        true
    }

    /// The store is gone: what it never held, and what is not under way to it, can end.
    pub(super) fn never_stored_go(&mut self) {
        let never =
            |leaver: &Leaver| leaver.entry.durability == Durability::Pending && !leaver.entry.elsewhere;
        let rows = self.leaving.rows.iter().filter(|(id, leaver)| never(leaver) && !self.disk.is_storing(id));
        let ids: Vec<String> = rows.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.was_never_stored(&id);
        }
    }

    /// A row that was tried again is to be stored before it is sent, if it can be.
    pub(super) fn comes(&mut self, now: Now, seq: u64) {
        if self.disk.is_open() && !self.memory_only.contains(&seq) {
            self.queue.bar(seq);
            self.leaving.coming.insert(seq);
            self.leaving.until.get_or_insert(now.mono.saturating_add(HANGS_MS));
        }
    }

    /// The store holds it, or will not.
    pub(super) fn has_come(&mut self, seq: u64) {
        if self.leaving.coming.remove(&seq) {
            self.queue.unbar(seq);
            self.leaving.until = self.leaving.until.filter(|_| self.leaving.wait());
        }
    }

    fn all_have_come(&mut self) {
        for seq in std::mem::take(&mut self.leaving.coming) {
            self.queue.unbar(seq);
        }
    }

    /// The store is gone, and its answers with it.
    pub(super) fn all_stay(&mut self) {
        self.all_have_come();
        let ids: Vec<String> = self.leaving.rows.keys().cloned().collect();
        for id in ids {
            self.stays(&id);
        }
    }

    /// A store that hangs holds no key up for long, but for those of evicted messages: nothing replaces one of these,
    /// and it is sent after all if the store refuses its end.
    pub(super) fn stop_barring(&mut self, now: u64) {
        if self.leaving.until.is_none_or(|at| at > now) {
            return;
        }
        self.leaving.until = None;
        self.all_have_come();
        for leaver in self.leaving.rows.values_mut().filter(|leaver| !leaver.is_evicted()) {
            if std::mem::take(&mut leaver.bars) {
                self.queue.left(leaver.seq, &leaver.entry);
            }
        }
    }

    pub(super) fn list_failed(&mut self, row: FailedRow) {
        let id = row.row.id.clone();
        self.disk.move_to_failed(&row);
        if let Some(dropped) = self.failed.add(row) {
            self.disk.push(StoreOp::DeleteFailed { id: dropped.row.id });
        }
        // Until its commit comes.
        self.failed.unsaved.insert(id);
    }

    /// Whether it ended here in a way that is not listed: what an earlier leader listed it as is out of date.
    pub(super) fn is_over(&self, id: &str) -> bool {
        self.ended.get(id).is_some_and(|ended| !is_listed(&ended.delivery))
    }

    pub(super) fn failed_durability(&self, id: &str) -> Durability {
        match (self.failed.unsaved.contains(id), self.disk.is_healthy()) {
            (false, _) => Durability::Durable,
            (true, true) => Durability::Pending,
            (true, false) => Durability::MemoryOnly,
        }
    }
}

/// Whether people find it in the failed list.
fn is_listed(state: &DeliveryState) -> bool {
    match state {
        DeliveryState::Failed(reason) => *reason != FailReason::Discarded,
        DeliveryState::Expired { .. } | DeliveryState::Evicted => true,
        _ => false,
    }
}
