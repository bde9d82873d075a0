//! The store of one node: SQLite in one folder. What is committed here survives the process and the machine.
//!
//! - [`Disk::open`] locks the folder, checks the database and reads it.
//! - [`Disk::appender`] is what the core appends to ([`crate::Store`]): it never waits.
//! - The writer thread takes what was appended and writes it in one transaction, with what is appended while it writes
//!   (at most 4 ms and 256 records), and commits; what is appended during the flush is the next transaction.
//!   [`Disk::changed`] returns when something was committed or went wrong.
//!
//! Tables: `log` (one row per record), `state` (one row per key), `ids` (accepted ids), `meta` (epoch, newest seq).
//! WAL with `synchronous=FULL`: every commit is followed by an fsync.

mod folder;
mod keys;
mod records;
mod sqlite;
mod writer;

pub use records::{StoredRecord, records};
pub use writer::Commits;

use crate::{Loaded, Record};
use folder::Folder;
use sqlite::Database;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use writer::Shared;

/// The database's file in the data folder.
const DATABASE: &str = "gateway.db";

/// Records that may wait for the disk; with more, nothing new should be accepted.
const MOST_WAITING: usize = 4_096;

/// How long what is stored is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Age up to which records stay in the log, ms.
    pub history_ms: u64,
    /// Newest records of the log that may stay.
    pub history_records: u64,
    /// Age up to which accepted ids are remembered, ms.
    pub ids_ms: u64,
    /// Resolved incidents and cleared alerts that stay, of each. Open ones stay until they are closed.
    pub finished: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            history_ms: 24 * 3_600_000,
            history_records: 50_000,
            ids_ms: 48 * 3_600_000,
            finished: crate::core::NEWEST,
        }
    }
}

/// Why the store cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Another process has the folder.
    InUse(String),
    /// There is no room on the disk: the writer tries again by itself.
    NoRoom(String),
    /// Anything else: nothing can be promised any more.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(text) | Self::NoRoom(text) | Self::Broken(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Failure {}

/// The store. Dropping it commits what waits, closes the database and frees the folder.
#[derive(Debug)]
pub struct Disk {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
    seq: u64,
}

impl Disk {
    /// Locks the folder (created if it is not there) and reads what is stored. `epoch` is taken for a new store, and
    /// for one that was ended while records waited for room: clients may have seen these.
    ///
    /// # Errors
    /// A sentence that says what was found and what to do.
    pub fn open(dir: &Path, retention: Retention, epoch: &str, wall: u64) -> Result<(Self, Loaded), Failure> {
        let mut folder = Folder::lock(dir)?;
        let (database, loaded) =
            Database::open(&folder.database(), retention, epoch, folder.was_unstored(), wall)?;
        folder.set_unstored(false);
        let shared = Arc::new(Shared::new(loaded.seq));
        let run = {
            let shared = shared.clone();
            move || writer::run(&shared, database, folder)
        };
        let writer = std::thread::Builder::new().name("store".to_owned()).spawn(run);
        let writer =
            writer.map_err(|error| Failure::Broken(format!("cannot start the store's thread: {error}")))?;
        Ok((Self { shared, writer: Some(writer), seq: loaded.seq }, loaded))
    }

    /// What the core appends to. To be asked for once: each one counts from the newest record at the opening.
    pub fn appender(&self) -> Appender {
        Appender { shared: self.shared.clone(), seq: self.seq }
    }

    /// What others may ask of it while the core has it.
    pub fn watch(&self) -> Watch {
        Watch(self.shared.clone())
    }

    /// Returns when records were committed, or when [`Disk::failure`] has changed.
    pub async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// Why nothing can be committed at the moment.
    pub fn failure(&self) -> Option<Failure> {
        self.shared.failure()
    }

    /// Whether so many records wait for the disk that nothing new should be accepted.
    pub fn is_behind(&self) -> bool {
        self.shared.waiting() >= MOST_WAITING
    }

    /// Returns when everything appended is committed.
    ///
    /// # Errors
    /// What keeps it from being committed.
    pub async fn committed(&self) -> Result<(), Failure> {
        while self.shared.is_busy() {
            if let Some(failure) = self.failure() {
                return Err(failure);
            }
            self.changed().await;
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.shared.close();
        if let Some(writer) = self.writer.take() {
            // A panic in it was reported by its own message.
            let _ = writer.join();
        }
    }
}

/// A look at a [`Disk`] from outside.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Shared>);

impl Watch {
    /// A round trip: returns when something was written and committed.
    ///
    /// # Errors
    /// Why nothing can be stored now.
    pub async fn probe(&self) -> Result<(), Failure> {
        let ended = || Failure::Broken("the store has ended".to_owned());
        self.0.probe().await.map_err(|_| ended())?
    }

    /// The transactions so far.
    pub fn commits(&self) -> Commits {
        self.0.commits()
    }

    /// Records that wait for the next transaction.
    pub fn waiting(&self) -> usize {
        self.0.waiting()
    }
}

/// The end of a [`Disk`] that the core holds.
#[derive(Debug)]
pub struct Appender {
    shared: Arc<Shared>,
    seq: u64,
}

impl crate::Store for Appender {
    fn append(&mut self, record: Record) -> u64 {
        self.seq += 1;
        self.shared.append(self.seq, record);
        self.seq
    }

    fn committed(&self) -> u64 {
        self.shared.committed()
    }
}
