//! The writer thread: one transaction at a time, and the next one is collected meanwhile.

use super::Failure;
use super::folder::Folder;
use super::sqlite::Database;
use crate::Record;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Most records of one transaction.
const BATCH: usize = 256;
/// How often records that found no room are tried again.
const TRY_EVERY: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
struct Queue {
    /// Appended and not taken by the writer yet.
    records: Vec<(u64, Record)>,
    /// Nothing more will be appended.
    is_closed: bool,
    failure: Option<Failure>,
}

/// What the core's end, the server and the writer thread share.
#[derive(Debug)]
pub(super) struct Shared {
    queue: Mutex<Queue>,
    appended: Condvar,
    newest: AtomicU64,
    committed: AtomicU64,
    pub changed: Notify,
}

impl Shared {
    pub(super) fn new(seq: u64) -> Self {
        Self {
            queue: Mutex::default(),
            appended: Condvar::new(),
            newest: AtomicU64::new(seq),
            committed: AtomicU64::new(seq),
            changed: Notify::new(),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(&self, seq: u64, record: Record) {
        self.newest.store(seq, Ordering::SeqCst);
        self.queue().records.push((seq, record));
        self.appended.notify_one();
    }

    pub(super) fn close(&self) {
        self.queue().is_closed = true;
        self.appended.notify_one();
    }

    pub(super) fn committed(&self) -> u64 {
        self.committed.load(Ordering::SeqCst)
    }

    pub(super) fn is_busy(&self) -> bool {
        self.committed() < self.newest.load(Ordering::SeqCst)
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue().records.len()
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.queue().failure.clone()
    }

    fn set_failure(&self, failure: Option<Failure>) {
        self.queue().failure = failure;
        self.changed.notify_one();
    }

    /// What waits, oldest first; `None` when nothing will come any more.
    fn take(&self) -> Option<Vec<(u64, Record)>> {
        let mut queue = self.queue();
        while queue.records.is_empty() {
            if queue.is_closed {
                return None;
            }
            queue = self.appended.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let rest = queue.records.len().min(BATCH);
        let rest = queue.records.split_off(rest);
        Some(std::mem::replace(&mut queue.records, rest))
    }

    /// `false` when nobody waits for the records any more.
    fn pause(&self) -> bool {
        let queue = self.queue();
        let until_closed = |queue: &mut Queue| !queue.is_closed;
        let waited = self.appended.wait_timeout_while(queue, TRY_EVERY, until_closed);
        let (queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !queue.is_closed
    }
}

pub(super) fn run(shared: &Shared, mut database: Database, mut folder: Folder) {
    while let Some(records) = shared.take() {
        let mut has_room = true;
        loop {
            match database.commit(&records) {
                Ok(()) => break,
                Err(failure @ Failure::NoRoom(_)) => {
                    if has_room {
                        has_room = false;
                        folder.set_unstored(true);
                        shared.set_failure(Some(failure));
                    }
                    if !shared.pause() {
                        return;
                    }
                }
                Err(failure) => return shared.set_failure(Some(failure)),
            }
        }
        if let Some((seq, _)) = records.last() {
            shared.committed.store(*seq, Ordering::SeqCst);
        }
        if has_room {
            shared.changed.notify_one();
        } else {
            folder.set_unstored(false);
            shared.set_failure(None);
        }
    }
}
