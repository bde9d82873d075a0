//! What other systems send, read into [`Report`]s. Pure: bytes in, values out.
//!
//! A body that is none is one [`Unusable`]. A body that can be read is taken apart alert by alert: those that cannot be
//! used are listed, the others count.

mod alertmanager;
mod cloudevents;
mod fields;
mod pagerduty;
mod severity;

pub use alertmanager::{alertmanager, firing, started_at};
pub use cloudevents::{Envelope, cloudevents};
pub use pagerduty::PagerDuty;

use crate::core::Report;
use sentinelops_protocol::Problem;
use sha2::{Digest, Sha256};
use std::fmt;

/// What a body holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// What can be used, in the order of the body.
    pub reports: Vec<Report>,
    /// What cannot.
    pub unusable: Vec<Unusable>,
}

/// A body, or a part of one, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unusable {
    /// Where, such as `alerts[3].labels`.
    pub path: String,
    /// What is allowed there.
    pub expected: String,
    /// What stands there; foreign text is cut to 120 characters.
    pub found: String,
}

impl Unusable {
    fn new(path: impl Into<String>, expected: impl Into<String>, found: &str) -> Self {
        let found = found.chars().take(120).collect();
        Self { path: path.into(), expected: expected.into(), found }
    }

    /// A problem of the protocol's reader, which calls the place it reads `payload`.
    fn at(place: &str, problem: &Problem) -> Self {
        let rest = problem.path.strip_prefix("payload").unwrap_or(&problem.path);
        let path = match place {
            "" => rest.trim_start_matches('.').to_owned(),
            place => format!("{place}{rest}"),
        };
        let path = if path.is_empty() { "body".to_owned() } else { path };
        Self { path, expected: problem.expected.clone(), found: problem.found.clone() }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.path, self.expected, self.found)
    }
}

/// The text of a body.
fn text_of(body: &[u8]) -> Result<&str, Unusable> {
    std::str::from_utf8(body).map_err(|error| {
        Unusable::new("body", "JSON in UTF-8", &format!("no UTF-8 at byte {}", error.valid_up_to()))
    })
}

/// 24 characters that stand for these texts: 96 bits of SHA-256. Equal labels from two sources get two of them.
pub(crate) fn hash(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// The id of the alert that the source `ingest` knows by `fingerprint`.
pub fn alert_id(ingest: &str, fingerprint: &str) -> String {
    format!("al-{}", hash(&[ingest, fingerprint]))
}
