//! The writer thread: one transaction at a time, and the next one is collected meanwhile.

use super::Failure;
use super::folder::Folder;
use super::sqlite::Database;
use crate::{Histogram, Record};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// Most records of one transaction.
const BATCH: usize = 256;
/// How long a transaction takes in what arrives while it is written.
const COLLECT: Duration = Duration::from_millis(4);
/// How often records that found no room are tried again.
const TRY_EVERY: Duration = Duration::from_millis(500);
/// Bounds of [`Commits::took_us`], µs.
const TIMES_US: [u64; 12] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000];
/// Bounds of [`Commits::records`].
const SIZES: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// What asks for a round trip through the disk waits for this.
type Probe = oneshot::Sender<Result<(), Failure>>;

/// The transactions of this process so far.
#[derive(Clone, Copy, Debug)]
pub struct Commits {
    /// How long each took, fsync included, µs.
    pub took_us: Histogram,
    /// Records of each.
    pub records: Histogram,
}

/// What one transaction is for.
struct Work {
    /// Oldest first.
    records: Vec<(u64, Record)>,
    probes: Vec<Probe>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Appended and not taken by the writer yet.
    records: Vec<(u64, Record)>,
    /// Each is answered by the next transaction.
    probes: Vec<Probe>,
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
    commits: Mutex<Commits>,
    pub changed: Notify,
}

impl Shared {
    pub(super) fn new(seq: u64) -> Self {
        Self {
            queue: Mutex::default(),
            appended: Condvar::new(),
            newest: AtomicU64::new(seq),
            committed: AtomicU64::new(seq),
            commits: Mutex::new(Commits {
                took_us: Histogram::new(&TIMES_US),
                records: Histogram::new(&SIZES),
            }),
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

    /// Asks for a round trip through the disk.
    pub(super) fn probe(&self) -> oneshot::Receiver<Result<(), Failure>> {
        let (probe, answer) = oneshot::channel();
        let mut queue = self.queue();
        match &queue.failure {
            Some(failure) => answer_all(vec![probe], &Err(failure.clone())),
            None => {
                queue.probes.push(probe);
                self.appended.notify_one();
            }
        }
        answer
    }

    pub(super) fn commits(&self) -> Commits {
        *self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, took: Duration, records: usize) {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        commits.took_us.observe(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        commits.records.observe(records as u64);
    }

    fn set_failure(&self, failure: Option<Failure>) {
        let mut queue = self.queue();
        if let Some(failure) = &failure {
            answer_all(std::mem::take(&mut queue.probes), &Err(failure.clone()));
        }
        queue.failure = failure;
        drop(queue);
        self.changed.notify_one();
    }

    /// What the next transaction is for; `None` when nothing will come any more.
    fn take(&self) -> Option<Work> {
        let mut queue = self.queue();
        while queue.records.is_empty() && queue.probes.is_empty() {
            if queue.is_closed {
                return None;
            }
            queue = self.appended.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let rest = queue.records.len().min(BATCH);
        let rest = queue.records.split_off(rest);
        let records = std::mem::replace(&mut queue.records, rest);
        Some(Work { records, probes: std::mem::take(&mut queue.probes) })
    }

    /// Adds to the records of a transaction what was appended meanwhile, up to its bound.
    fn take_more(&self, records: &mut Vec<(u64, Record)>) {
        let mut queue = self.queue();
        let taken = queue.records.len().min(BATCH.saturating_sub(records.len()));
        records.extend(queue.records.drain(..taken));
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
    while let Some(Work { mut records, mut probes }) = shared.take() {
        if records.is_empty() {
            // What fails here fails for the next record, too, and is made known then.
            answer_all(probes, &database.probe());
            continue;
        }
        let mut has_room = true;
        loop {
            let span = tracing::info_span!("commit", records = tracing::field::Empty).entered();
            let began = Instant::now();
            let collect = |records: &mut Vec<_>| {
                if began.elapsed() < COLLECT {
                    shared.take_more(records);
                }
            };
            let committed = database.commit(&mut records, collect);
            span.record("records", records.len());
            match committed {
                Ok(()) => break shared.note(began.elapsed(), records.len()),
                Err(failure @ Failure::NoRoom(_)) => {
                    if has_room {
                        has_room = false;
                        folder.set_unstored(true);
                        answer_all(std::mem::take(&mut probes), &Err(failure.clone()));
                        shared.set_failure(Some(failure));
                    }
                    if !shared.pause() {
                        return;
                    }
                }
                Err(failure) => {
                    answer_all(probes, &Err(failure.clone()));
                    return shared.set_failure(Some(failure));
                }
            }
        }
        answer_all(probes, &Ok(()));
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

fn answer_all(probes: Vec<Probe>, answer: &Result<(), Failure>) {
    for probe in probes {
        // It fails when nobody waits any more.
        let _ = probe.send(answer.clone());
    }
}
