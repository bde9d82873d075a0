//! What a server says of itself counts only within bounds. A server may err (seconds for milliseconds, a clock that
//! runs ahead), and neither messages nor the login service may pay for it. What is out of bounds is replaced and
//! reported as a problem.

use crate::Now;
use crate::auth::TOKEN_LIFE_MIN_MS;
use crate::mutant::{self, Mutant};
use sentinelops_protocol::{Problem, ProblemKind, system::Welcome};

/// Message size (bytes) that a server accepts if it has named no other: the limit of the wire.
pub(super) const BASIC_MESSAGE_BYTES: u64 = 64 * 1024;
/// A server's clock counts while it differs from ours by no more, ms.
const SKEW_MAX_MS: u64 = 24 * 60 * 60 * 1_000;
/// A smaller `maxMessageBytes` is a mistake: it would end nearly every message as too big.
const MESSAGE_BYTES_MIN: u64 = 1_024;

/// Replaces what is out of bounds in `welcome`; one problem for each.
pub(super) fn check(welcome: &mut Welcome, now: Now) -> Vec<Problem> {
    let mut problems = Vec::new();
    if mutant::active(Mutant::BelieveAnyWelcome) {
        return problems;
    }
    if welcome.now.abs_diff(now.wall) > SKEW_MAX_MS {
        let expected = format!("ms since the epoch, within 24 h of {}", now.wall);
        problems.push(problem("welcome", "payload.now", expected, welcome.now));
        welcome.now = now.wall;
    }
    if welcome.max_message_bytes < MESSAGE_BYTES_MIN {
        let expected = format!("at least {MESSAGE_BYTES_MIN} (bytes); {BASIC_MESSAGE_BYTES} is taken");
        problems.push(problem("welcome", "payload.maxMessageBytes", expected, welcome.max_message_bytes));
        welcome.max_message_bytes = BASIC_MESSAGE_BYTES;
    }
    problems.extend(check_token_life("welcome", welcome.expires_in_ms));
    problems
}

/// A token life too short to be meant. It is kept, for the server will act on it; how often a token is asked for has
/// a bound of its own.
pub(super) fn check_token_life(message: &str, expires_in_ms: Option<u64>) -> Option<Problem> {
    let found = expires_in_ms.filter(|ms| *ms < TOKEN_LIFE_MIN_MS)?;
    let expected = format!(
        "at least {TOKEN_LIFE_MIN_MS} (ms); a token is asked for every {TOKEN_LIFE_MIN_MS} ms at most"
    );
    Some(problem(message, "payload.expiresInMs", expected, found))
}

fn problem(message: &str, path: &str, expected: String, found: u64) -> Problem {
    Problem {
        kind: ProblemKind::BadField,
        id: None,
        channel: Some(sentinelops_protocol::Channel::System),
        message_type: message.to_owned(),
        path: path.to_owned(),
        expected,
        found: found.to_string(),
    }
}
