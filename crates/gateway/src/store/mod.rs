//! The store of one node: SQLite in one folder. What is committed here survives the process and the machine.
//!
//! - [`Store::open`] locks the folder, checks the database and reads it.
//! - [`Store::commit`] writes records in one transaction on the writer thread and returns once they are on disk.
//!
//! Tables: `log` (one row per record), `state` (one row per key), `ids` (accepted ids), `channels` (newest seq of
//! each channel), `meta` (the epoch). WAL with `synchronous=FULL`: every commit is followed by an fsync.

mod folder;
mod keys;
mod sqlite;

use crate::{Loaded, Record};
use folder::Folder;
use sqlite::Database;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

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
    /// There is no room on the disk: the same records can be committed later.
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

enum Job {
    Commit { records: Arc<Vec<Record>>, wall: u64, reply: oneshot::Sender<Result<(), Failure>> },
    Unstored(bool),
}

/// The store. Dropping it closes the database and frees the folder.
#[derive(Debug)]
pub struct Store {
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
}

impl Store {
    /// Locks the folder (created if it is not there) and reads what is stored. `epoch` is taken for a new store, and
    /// for one that was ended while records waited for room: clients may have seen these.
    ///
    /// # Errors
    /// A sentence that says what was found and what to do.
    pub fn open(dir: &Path, retention: Retention, epoch: &str, wall: u64) -> Result<(Self, Loaded), Failure> {
        let mut folder = Folder::lock(dir)?;
        let (mut database, loaded) =
            Database::open(&folder.database(), retention, epoch, folder.was_unstored(), wall)?;
        folder.set_unstored(false);
        let (jobs, queue) = mpsc::channel();
        let run = move || {
            while let Ok(job) = queue.recv() {
                match job {
                    Job::Commit { records, wall, reply } => {
                        // A caller that is gone does not want the answer.
                        let _ = reply.send(database.commit(&records, wall));
                    }
                    Job::Unstored(unstored) => folder.set_unstored(unstored),
                }
            }
        };
        let writer = std::thread::Builder::new().name("store".to_owned()).spawn(run);
        let writer =
            writer.map_err(|error| Failure::Broken(format!("cannot start the store's thread: {error}")))?;
        Ok((Self { jobs: Some(jobs), writer: Some(writer) }, loaded))
    }

    /// Writes the records, in order, in one transaction. They are on disk when this returns `Ok`, and none of them
    /// is when it returns an error.
    ///
    /// # Errors
    /// [`Failure::NoRoom`]: commit the same records later. [`Failure::Broken`]: end the process.
    pub async fn commit(&self, records: Arc<Vec<Record>>, wall: u64) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        let ended = || Failure::Broken("the store's thread has ended".to_owned());
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(Job::Commit { records, wall, reply }).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Notes beside the database whether records wait for room. The next start takes a new epoch if they still do.
    pub fn set_unstored(&self, unstored: bool) {
        if let Some(jobs) = &self.jobs {
            // Without its thread the store answers every commit with an error.
            let _ = jobs.send(Job::Unstored(unstored));
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            // A panic in it was reported by its own message.
            let _ = writer.join();
        }
    }
}
