//! What is kept, and for how long.

use super::values::within;
use serde::Deserialize;
use std::path::PathBuf;

/// What is kept, and for how long.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
pub struct StorageSettings {
    /// Keep everything that was acknowledged in this folder: history, state and accepted ids survive restarts, crashes
    /// and power loss; created if it is not there
    #[arg(long, env = "SENTINELOPS_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// With --data: hours for which clients that come back resume without a gap, at most the newest 10,000 events of a
    /// channel [default: 24]
    #[arg(long, env = "SENTINELOPS_KEEP_HISTORY", value_name = "HOURS")]
    pub keep_history: Option<u64>,
    /// With --data: resolved incidents and cleared alerts kept, of each; open ones are always kept [default: 200]
    #[arg(long, env = "SENTINELOPS_KEEP_FINISHED", value_name = "N")]
    pub keep_finished: Option<u64>,
    /// With a new --data folder: take over the file in which an earlier version kept ids and state
    #[arg(long, env = "SENTINELOPS_IMPORT_JOURNAL", value_name = "FILE")]
    pub import_journal: Option<PathBuf>,
}

impl StorageSettings {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            data: self.data.or(below.data),
            keep_history: self.keep_history.or(below.keep_history),
            keep_finished: self.keep_finished.or(below.keep_finished),
            import_journal: self.import_journal.or(below.import_journal),
        }
    }
}

/// What is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageOptions {
    /// Keep everything that was acknowledged in this folder.
    pub data: Option<PathBuf>,
    /// Of what is kept: hours of history.
    pub keep_history: u64,
    /// Of what is kept: resolved incidents and cleared alerts, of each.
    pub keep_finished: u64,
    /// With a new `data`: the journal to take over.
    pub import_journal: Option<PathBuf>,
}

impl StorageOptions {
    /// Age up to which history is kept, ms.
    pub(in crate::server) fn history_ms(&self) -> u64 {
        self.keep_history.saturating_mul(3_600_000)
    }

    /// Resolved incidents and cleared alerts kept, of each.
    pub(in crate::server) fn finished(&self) -> usize {
        usize::try_from(self.keep_finished).unwrap_or(usize::MAX)
    }
}

pub(super) fn storage_options(settings: StorageSettings, errors: &mut Vec<String>) -> StorageOptions {
    if settings.import_journal.is_some() && settings.data.is_none() {
        errors.push(
            "--import-journal goes with --data DIR: the journal is taken over into that folder".to_owned(),
        );
    }
    StorageOptions {
        data: settings.data,
        keep_history: within("keep_history", settings.keep_history.unwrap_or(24), &(1..=8_760), errors),
        keep_finished: within("keep_finished", settings.keep_finished.unwrap_or(200), &(1..=100_000), errors),
        import_journal: settings.import_journal,
    }
}
