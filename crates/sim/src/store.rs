//! The store as IndexedDB behaves: asynchronous, transactional, in order, and able to fail.

use sentinelops_engine::{
    DeliveryState, FailedRow, Meta, Row, StoreError, StoreEvent, StoreGroup, StoreOp, StoreSnapshot,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A request under way.
#[derive(Clone, Debug)]
pub enum Request {
    /// Open and read all.
    Open,
    /// A transaction.
    Write(StoreGroup),
}

/// The database of one scope. It survives workers.
#[derive(Debug, Default)]
pub struct Store {
    rows: BTreeMap<(u8, u64), Row>,
    /// Where the rows of an id lie: two leaders may have stored it twice.
    ids: BTreeMap<String, BTreeSet<(u8, u64)>>,
    failed: BTreeMap<String, FailedRow>,
    meta: Meta,
    pending: VecDeque<Request>,
    /// Puts abort with a quota error until then.
    pub quota_until: u64,
    /// Opening fails until then.
    pub closed_until: u64,
    /// Every transaction takes this much longer until `slow_until`.
    pub slow_by: u64,
    /// See `slow_by`.
    pub slow_until: u64,
    /// The handle is dead: transactions fail until it is opened again.
    pub dead: bool,
    /// It refused a change because it is gone, or reported so, and was not opened since.
    gone: bool,
    last_done: u64,
    /// Rows whose eviction was not taken in: they live on, above the capacity.
    refused: BTreeSet<String>,
    /// Rows that were stored once.
    ever: BTreeSet<String>,
    /// Bad ends that were stored once.
    ever_failed: BTreeMap<String, DeliveryState>,
}

impl Store {
    /// Takes a request in; answers when it will be done.
    pub fn request(&mut self, now: u64, request: Request, pace: u64) -> u64 {
        let slow = if now < self.slow_until { self.slow_by } else { 0 };
        let done = (now + 1 + pace + slow).max(self.last_done);
        self.last_done = done;
        self.pending.push_back(request);
        done
    }

    /// The oldest request is done.
    pub fn finish(&mut self, now: u64) -> Option<StoreEvent> {
        let request = self.pending.pop_front()?;
        Some(self.carry_out(now, request))
    }

    /// Does what is asked, now.
    pub fn carry_out(&mut self, now: u64, request: Request) -> StoreEvent {
        match request {
            Request::Open if now < self.closed_until => {
                StoreEvent::OpenFailed(StoreError::Unavailable("the backing store is broken".to_owned()))
            }
            Request::Open => {
                self.dead = false;
                self.gone = false;
                StoreEvent::Opened(Box::new(self.snapshot()))
            }
            Request::Write(group) => {
                let puts = group.ops.iter().any(|op| matches!(op, StoreOp::Put(_) | StoreOp::PutFailed(_)));
                let error = if self.dead {
                    Some(StoreError::Dead("the connection was closed".to_owned()))
                } else if puts && now < self.quota_until {
                    Some(StoreError::Quota)
                } else {
                    None
                };
                match error {
                    Some(error) => {
                        self.refuse(&group.ops);
                        StoreEvent::Aborted { number: group.number, error }
                    }
                    None => {
                        let number = group.number;
                        self.apply(group.ops);
                        StoreEvent::Committed { number }
                    }
                }
            }
        }
    }

    /// The worker died: of what was under way the first `committed` transactions had reached the
    /// disk without a report, and the rest never happened.
    pub fn crash(&mut self, now: u64, committed: usize) {
        let pending = std::mem::take(&mut self.pending);
        for request in pending.into_iter().take(committed) {
            if let Request::Write(group) = request
                && !self.dead
                && now >= self.quota_until
            {
                self.apply(group.ops);
            }
        }
        self.dead = false;
        self.last_done = now;
    }

    /// The handle dies: what is under way is answered so.
    pub fn die(&mut self) {
        self.dead = true;
        self.gone = true;
        for request in std::mem::take(&mut self.pending) {
            if let Request::Write(group) = &request {
                self.refuse(&group.ops);
            }
            self.pending.push_back(request);
        }
    }

    fn refuse(&mut self, ops: &[StoreOp]) {
        let evicted = ops.iter().filter_map(|op| match op {
            StoreOp::PutFailed(failed) if failed.state == DeliveryState::Evicted => Some(&failed.row.id),
            _ => None,
        });
        self.refused.extend(evicted.cloned());
    }

    /// Whether this row could not be let go: its eviction was asked for and not taken in, or it lies
    /// in a store that is gone.
    pub fn clings(&self, id: &str) -> bool {
        self.refused.contains(id) || self.gone && self.has(id)
    }

    /// It died, and was not opened since.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether a row with this id is on the disk for which row or mark says that it was possibly sent, or
    /// none at all: what is handed in again says so itself.
    pub fn has_sent_flag(&self, id: &str) -> bool {
        let Some(keys) = self.ids.get(id) else { return true };
        let marked = |row: &Row| self.meta.socket_open && row.order <= self.meta.last_order;
        let mut rows = keys.iter().filter_map(|key| self.rows.get(key));
        rows.any(|row| row.possibly_sent || marked(row))
    }

    /// How many requests are under way.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Whether a row with this id is on the disk.
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// Whether a row with this id was ever on the disk.
    pub fn was_there(&self, id: &str) -> bool {
        self.ever.contains(id)
    }

    /// How a row with this id ended badly.
    pub fn failed(&self, id: &str) -> Option<&FailedRow> {
        self.failed.get(id)
    }

    /// How a row with this id was once stored to have ended, though the list may have dropped it since.
    pub fn failed_once(&self, id: &str) -> Option<&DeliveryState> {
        self.ever_failed.get(id)
    }

    /// The metadata record on the disk.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The ids of the rows on the disk.
    pub fn row_ids(&self) -> impl Iterator<Item = &str> {
        self.ids.keys().map(String::as_str)
    }

    /// Everything is deleted.
    pub fn wipe(&mut self) {
        self.rows.clear();
        self.ids.clear();
        self.failed.clear();
        self.meta = Meta::default();
    }

    /// No fault any more.
    pub fn heal(&mut self) {
        self.quota_until = 0;
        self.closed_until = 0;
        self.slow_until = 0;
    }

    fn snapshot(&self) -> StoreSnapshot {
        StoreSnapshot {
            rows: self.rows.values().cloned().collect(),
            failed: self.failed.values().cloned().collect(),
            meta: self.meta.clone(),
            unreadable: Vec::new(),
        }
    }

    fn apply(&mut self, ops: Vec<StoreOp>) {
        for op in ops {
            match op {
                StoreOp::Put(row) => {
                    self.ever.insert(row.id.clone());
                    let key = (row.priority.rank(), row.order);
                    self.remove(key);
                    self.ids.entry(row.id.clone()).or_default().insert(key);
                    self.rows.insert(key, row);
                }
                StoreOp::Delete { priority, order, .. } => self.remove((priority.rank(), order)),
                StoreOp::PutFailed(failed) => {
                    self.ever_failed.insert(failed.row.id.clone(), failed.state.clone());
                    self.failed.insert(failed.row.id.clone(), failed);
                }
                StoreOp::DeleteFailed { id } => {
                    self.failed.remove(&id);
                }
                StoreOp::PutMeta(meta) => self.meta = meta,
            }
        }
    }

    fn remove(&mut self, key: (u8, u64)) {
        let Some(row) = self.rows.remove(&key) else { return };
        if let Some(keys) = self.ids.get_mut(&row.id) {
            keys.remove(&key);
            if keys.is_empty() {
                self.ids.remove(&row.id);
            }
        }
    }
}
