//! Groups: the changes of one transaction, and how it ended.

use super::{EVERY_ORDER, SocketMark, StoreSession, UNRESPONSIVE_MS};
use crate::mutant::{self, Mutant};
use crate::{FailedRow, Meta, Row, StoreError, StoreGroup, StoreOp};

/// Most changes in one transaction.
const MAX_GROUP: usize = 256;

/// What follows from an abort.
#[derive(Debug, PartialEq)]
pub(in crate::outbox) enum Aborted {
    /// Not our group, or it is tried again in two halves.
    Again,
    /// One change that cannot be stored now.
    Single(Box<StoreOp>),
    /// The store is closed.
    Away,
}

impl StoreSession {
    fn meta_to_store(&self) -> Meta {
        let forgotten = mutant::active(Mutant::ForgetServerTime);
        Meta { not_before: if forgotten { 0 } else { self.meta.not_before }, ..self.meta.clone() }
    }

    /// Moves a row to the failed list. Both changes stay in one transaction however the group is split, because a durable
    /// message that is nowhere counts as delivered.
    pub fn move_to_failed(&mut self, row: &FailedRow) {
        self.push(StoreOp::PutFailed(row.clone()));
        self.delete(&row.row);
    }

    /// Moves a retried row back. If both exist, the entry of the failed list counts.
    pub fn move_from_failed(&mut self, row: Row) {
        let id = row.id.clone();
        self.push(StoreOp::Put(row));
        self.push(StoreOp::DeleteFailed { id });
    }

    /// The next transaction, unless one is outstanding.
    pub fn group(&mut self, now: u64) -> Option<StoreGroup> {
        if self.outstanding.is_some() || !self.is_open() {
            return None;
        }
        let ops = match self.bisected.pop_front() {
            Some(mut ops) => {
                // It may have changed since.
                for op in &mut ops {
                    if let StoreOp::PutMeta(meta) = op {
                        *meta = self.meta_to_store();
                    }
                }
                ops
            }
            None => {
                let mut count = self.pending.len().min(MAX_GROUP);
                if count > 0 && is_pair(self.pending.get(count - 1), self.pending.get(count)) {
                    count += 1;
                }
                let mut ops: Vec<StoreOp> = self.pending.drain(..count).collect();
                // After the rows it is about.
                if self.meta_dirty && self.pending.is_empty() {
                    self.meta_dirty = false;
                    ops.push(StoreOp::PutMeta(self.meta_to_store()));
                }
                ops
            }
        };
        if ops.is_empty() {
            return None;
        }
        self.groups += 1;
        let group = StoreGroup { number: self.groups, strict: is_strict(&ops), ops };
        self.outstanding = Some(group.clone());
        self.answer_by.get_or_insert(now.saturating_add(UNRESPONSIVE_MS));
        Some(group)
    }

    /// Takes back the writes of this row that are not outstanding yet.
    pub fn withdraw(&mut self, id: &str) {
        let stays = |op: &StoreOp| match op {
            StoreOp::Put(row) => row.id != id,
            StoreOp::DeleteFailed { id: listed } => listed != id,
            _ => true,
        };
        self.pending.retain(stays);
        self.bisected.iter_mut().for_each(|part| part.retain(stays));
        self.bisected.retain(|part| !part.is_empty());
    }

    /// Whether a write of this row is queued or outstanding.
    pub fn is_writing(&self, id: &str) -> bool {
        let under_way = self.outstanding.iter().map(|group| &group.ops);
        let mut ops = under_way.chain(&self.bisected).flatten().chain(&self.pending);
        ops.any(|op| matches!(op, StoreOp::Put(row) if row.id == id))
    }

    /// Whether the outstanding group writes this row.
    pub fn is_storing(&self, id: &str) -> bool {
        let mut ops = self.outstanding.iter().flat_map(|group| &group.ops);
        ops.any(|op| matches!(op, StoreOp::Put(row) if row.id == id))
    }

    /// Number of the last group.
    pub fn last_number(&self) -> u64 {
        self.groups
    }

    /// Number of the outstanding group.
    pub fn outstanding(&self) -> Option<u64> {
        self.outstanding.as_ref().map(|group| group.number)
    }

    /// The outstanding group.
    pub fn group_under_way(&self) -> Option<&StoreGroup> {
        self.outstanding.as_ref()
    }

    /// The changes that this commit made durable.
    pub fn committed(&mut self, number: u64) -> Vec<StoreOp> {
        let Some(group) = self.outstanding.take_if(|group| group.number == number) else { return Vec::new() };
        self.reopened = false;
        self.nothing_due();
        // The mark of an earlier engine covers only its rows, so it is not the mark of this socket.
        let marked = |op: &StoreOp| matches!(op, StoreOp::PutMeta(meta) if meta.socket_open && meta.last_order == EVERY_ORDER);
        if matches!(self.mark, SocketMark::Wanted { .. }) && group.ops.iter().any(marked) {
            self.mark = SocketMark::Set;
        }
        group.ops
    }

    /// Everything that is still to be stored, for an outbox that ends. Repeats the outstanding group, because if that aborts
    /// no later change may be stored without it.
    pub fn last_group(&mut self) -> Option<StoreGroup> {
        let mut ops = Vec::new();
        let mut last = None;
        loop {
            if let Some(number) = self.outstanding() {
                ops.extend(self.committed(number));
            }
            let Some(StoreGroup { number, .. }) = self.group(0) else { break };
            last = Some(number);
        }
        last.map(|number| StoreGroup { number, strict: is_strict(&ops), ops })
    }

    pub fn aborted(&mut self, now: u64, number: u64, error: StoreError) -> Aborted {
        let Some(mut group) = self.outstanding.take_if(|group| group.number == number) else {
            return Aborted::Again;
        };
        self.nothing_due();
        match error {
            StoreError::Quota | StoreError::Other(_) => {}
            gone => {
                self.closed(now, gone);
                return Aborted::Away;
            }
        }
        if let [_, _] = &group.ops[..]
            && is_pair(group.ops.first(), group.ops.last())
        {
            // Of a pair only the first is tried again: the row stays where it is until the other place has it.
            group.ops.pop();
        }
        if group.ops.len() > 1 {
            let mut middle = group.ops.len() / 2;
            if is_pair(group.ops.get(middle - 1), group.ops.get(middle)) {
                middle = if middle > 1 { middle - 1 } else { middle + 1 };
            }
            let second = group.ops.split_off(middle);
            self.bisected.push_front(second);
            self.bisected.push_front(group.ops);
            return Aborted::Again;
        }
        self.degrade(now, error);
        match group.ops.pop() {
            Some(StoreOp::PutMeta(_)) => {
                // Tried again with the next group.
                self.retry_later.push(StoreOp::PutMeta(Meta::default()));
                Aborted::Again
            }
            Some(op) => Aborted::Single(Box::new(op)),
            None => Aborted::Again,
        }
    }
}

/// Whether the group needs strict durability. A lost delete only sends a row again.
fn is_strict(ops: &[StoreOp]) -> bool {
    ops.iter().any(|op| !matches!(op, StoreOp::Delete { .. } | StoreOp::DeleteFailed { .. }))
}

/// Two changes that belong together, see [`StoreSession::move_to_failed`] and [`StoreSession::move_from_failed`].
fn is_pair(first: Option<&StoreOp>, second: Option<&StoreOp>) -> bool {
    match (first, second) {
        (Some(StoreOp::PutFailed(failed)), Some(StoreOp::Delete { id, .. })) => failed.row.id == *id,
        (Some(StoreOp::Put(row)), Some(StoreOp::DeleteFailed { id })) => row.id == *id,
        _ => false,
    }
}
