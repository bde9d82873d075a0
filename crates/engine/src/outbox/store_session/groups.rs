//! Groups: the changes of one transaction, and how it ended.

use super::stored::Wanted;
use super::{
    EVERY_ORDER, MetaWrite, OpenStore, RETRY_MS, SocketMark, StoreHandle, StoreSession, UNRESPONSIVE_MS,
};
use crate::mutant::{self, Mutant};
use crate::{StorageState, StoreError, StoreGroup, StoreOp};

/// Most messages in one transaction. After an abort it is half as many as were in it, and twice as many after each commit: so
/// the one that cannot be written is alone in the end.
pub(super) const MOST_MESSAGES: usize = 256;

/// The outstanding transaction.
#[derive(Debug)]
pub(super) struct Outstanding {
    group: StoreGroup,
    /// The messages it is about.
    ids: Vec<String>,
    /// When (monotonic ms) the store counts as unresponsive. `None`: it does.
    pub answer_by: Option<u64>,
}

impl OpenStore {
    pub fn next_timeout(&self) -> Option<u64> {
        let answer_by = self.outstanding.as_ref().and_then(|outstanding| outstanding.answer_by);
        answer_by.into_iter().chain(self.retry_at).min()
    }

    fn take_outstanding(&mut self, number: u64) -> Option<Outstanding> {
        self.outstanding.take_if(|outstanding| outstanding.group.number == number)
    }

    /// Something could not be written: it is tried again later.
    fn retry_later(&mut self, now: u64) {
        self.retry_at.get_or_insert(now.saturating_add(RETRY_MS));
    }
}

impl StoreSession {
    /// The next transaction, unless one is outstanding.
    pub fn group(&mut self, now: u64, wanted: &dyn Fn(&str) -> Wanted) -> Option<StoreGroup> {
        let StoreHandle::Open(open) = &mut self.handle else { return None };
        if open.outstanding.is_some() {
            return None;
        }
        let (ids, mut ops) = self.stored.take(open.most, wanted);
        // After the rows it is about.
        if self.meta_write == MetaWrite::Due && self.stored.is_all_written() && ids.len() < open.most {
            self.meta_write = MetaWrite::Done;
            let mut meta = self.meta.clone();
            if mutant::active(Mutant::ForgetServerTime) {
                meta.not_before = 0;
            }
            ops.push(StoreOp::PutMeta(meta));
        }
        if ops.is_empty() {
            return None;
        }
        self.groups += 1;
        let group = StoreGroup { number: self.groups, strict: is_strict(&ops), ops };
        let answer_by = Some(now.saturating_add(UNRESPONSIVE_MS));
        open.outstanding = Some(Outstanding { group: group.clone(), ids, answer_by });
        Some(group)
    }

    /// Whether the outstanding group writes this row.
    pub fn is_storing(&self, id: &str) -> bool {
        let mut ops = self.group_under_way().into_iter().flat_map(|group| &group.ops);
        ops.any(|op| matches!(op, StoreOp::Put(row) if row.id == id))
    }

    /// Number of the last group.
    pub fn last_number(&self) -> u64 {
        self.groups
    }

    /// The outstanding group.
    pub fn group_under_way(&self) -> Option<&StoreGroup> {
        let StoreHandle::Open(open) = &self.handle else { return None };
        open.outstanding.as_ref().map(|outstanding| &outstanding.group)
    }

    pub(super) fn outstanding_mut(&mut self) -> Option<&mut Outstanding> {
        let StoreHandle::Open(open) = &mut self.handle else { return None };
        open.outstanding.as_mut()
    }

    /// The messages that this commit was about.
    pub fn committed(&mut self, number: u64) -> Vec<String> {
        let StoreHandle::Open(open) = &mut self.handle else { return Vec::new() };
        let Some(Outstanding { group, ids, .. }) = open.take_outstanding(number) else { return Vec::new() };
        open.most = open.most.saturating_mul(2).min(MOST_MESSAGES);
        self.reopened = false;
        // The mark of an earlier engine covers only its rows, so it is not the mark of this socket.
        let marked = |op: &StoreOp| matches!(op, StoreOp::PutMeta(meta) if meta.socket_open && meta.last_order == EVERY_ORDER);
        if matches!(self.mark, SocketMark::Wanted { .. }) && group.ops.iter().any(marked) {
            self.mark = SocketMark::Set;
        }
        self.stored.committed(&ids, &group.ops);
        ids
    }

    /// Everything that is still to be stored, for an outbox that ends. Repeats the outstanding group, because if that aborts
    /// no later change may be stored without it.
    pub fn last_group(&mut self, wanted: &dyn Fn(&str) -> Wanted) -> Option<StoreGroup> {
        let mut ops = Vec::new();
        if let Some(StoreGroup { number, ops: under_way, .. }) = self.group_under_way().cloned() {
            ops = under_way;
            self.committed(number);
        }
        if let StoreHandle::Open(open) = &mut self.handle {
            open.most = usize::MAX;
        }
        let StoreGroup { number, ops: rest, .. } = self.group(0, wanted)?;
        ops.extend(rest);
        Some(StoreGroup { number, strict: is_strict(&ops), ops })
    }

    /// Nothing of a group is stored. `Some`: the message that cannot be written, alone. `Err`: the store is closed.
    pub fn aborted(
        &mut self,
        now: u64,
        number: u64,
        error: StoreError,
    ) -> Result<Option<String>, StoreError> {
        let StoreHandle::Open(open) = &mut self.handle else { return Ok(None) };
        let Some(Outstanding { group, ids, .. }) = open.take_outstanding(number) else { return Ok(None) };
        if !matches!(error, StoreError::Quota | StoreError::Other(_)) {
            return Err(error);
        }
        let has_meta = matches!(group.ops.last(), Some(StoreOp::PutMeta(_)));
        let size = ids.len() + usize::from(has_meta);
        if size > 1 {
            open.most = size / 2;
            ids.iter().for_each(|id| self.stored.mark(id));
            if has_meta {
                self.touch_meta();
            }
            return Ok(None);
        }
        open.retry_later(now);
        self.state = StorageState::MemoryOnly(error);
        if has_meta {
            self.meta_write = MetaWrite::Refused;
        }
        // Unless it was changed since: then that is tried at once.
        if let Some(id) = ids.first().filter(|id| !self.stored.is_marked(id)) {
            self.stored.refuse(id);
        }
        Ok(ids.into_iter().next())
    }
}

/// Whether the group needs strict durability. A lost delete only sends a row again.
fn is_strict(ops: &[StoreOp]) -> bool {
    ops.iter().any(|op| !matches!(op, StoreOp::Delete { .. } | StoreOp::DeleteFailed { .. }))
}
