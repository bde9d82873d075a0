//! Settings: where they come from, what they mean together, and what is wrong with them.

mod check;
mod file;
mod ingest;
mod keys;
mod limits;
mod nats;
mod net;
mod options;
mod origin;
mod scenario;
mod settings;
mod storage;
mod values;

pub use super::log::LogFormat;
pub use check::check_config;
pub use ingest::{IngestKind, IngestOptions, IngestSettings, Reconcile};
pub(in crate::server) use keys::ALGORITHMS;
pub use keys::{KeyOptions, KeySettings, KeySource};
pub use limits::{LimitOptions, LimitSettings};
pub use nats::NatsSettings;
pub use net::Network;
pub use options::{Entry, Options};
pub(in crate::server) use origin::is_loopback_host;
pub use origin::{Origin, Origins, PageSettings};
pub use scenario::{ScenarioOptions, ScenarioSettings};
pub use settings::Settings;
pub use storage::{StorageOptions, StorageSettings};

use std::fmt;

/// What is wrong with the settings: a sentence each. The program ends with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

impl From<String> for ConfigErrors {
    fn from(error: String) -> Self {
        Self(vec![error])
    }
}

impl Settings {
    /// These settings over those of the file they name.
    ///
    /// # Errors
    /// The file cannot be read, or holds what is not a setting.
    pub fn with_file(self) -> Result<Self, ConfigErrors> {
        let (settings, errors) = self.over_file();
        if errors.is_empty() { Ok(settings) } else { Err(ConfigErrors(errors)) }
    }

    /// The same with what can be used of the file, and what is wrong with the rest.
    fn over_file(self) -> (Self, Vec<String>) {
        match &self.config {
            Some(path) => {
                let (below, errors) = file::read(path);
                (self.over(below), errors)
            }
            None => (self, Vec::new()),
        }
    }
}
