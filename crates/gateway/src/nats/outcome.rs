//! How a connection ends, and what the server makes of a message.

use super::Trouble;
use serde::Deserialize;

/// Nobody takes events any more.
pub(super) struct Ended;

pub(super) enum Stop {
    Ended,
    Trouble(Trouble),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Ended> for Stop {
    fn from(_: Ended) -> Self {
        Self::Ended
    }
}

/// What the server made of a message.
pub(super) enum Outcome {
    /// It is in the log.
    Stored(u64),
    /// It is not: this one came first, or is the one of its id.
    Stale(u64),
    /// It takes no record of this kind.
    Refused(String),
    /// It takes none.
    Failed(String),
}

/// Of the error for a message that is longer than the stream allows.
const TOO_LONG: u64 = 10_054;

/// Reads the answer to a publish.
pub(super) fn outcome(payload: &[u8]) -> Outcome {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        seq: u64,
        #[serde(default)]
        duplicate: bool,
        error: Option<Problem>,
    }
    #[derive(Deserialize)]
    struct Problem {
        #[serde(default)]
        err_code: u64,
        #[serde(default)]
        description: String,
    }
    match serde_json::from_slice::<Answer>(payload) {
        Ok(Answer { error: Some(Problem { err_code, description }), .. }) => {
            let newest = description.strip_prefix("wrong last sequence: ").map(str::parse);
            match newest {
                Some(Ok(newest)) => Outcome::Stale(newest),
                _ if err_code == TOO_LONG => Outcome::Refused(description),
                _ => Outcome::Failed(description),
            }
        }
        Ok(Answer { seq, duplicate: true, .. }) => Outcome::Stale(seq),
        Ok(Answer { seq, .. }) => Outcome::Stored(seq),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

pub(super) fn unreadable(seq: u64, error: &str) -> Trouble {
    Trouble::Unreadable(format!("record {seq} of the log cannot be read: {error}"))
}
