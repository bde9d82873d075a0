//! What was wrong with something that came in, in words a person can act on.

use crate::Channel;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// A frame that could not be read at all. Nothing of it was delivered.
///
/// ```
/// use sentinelops_protocol::FrameError;
///
/// let error = FrameError::TooMany { found: 600, allowed: 512 };
/// assert_eq!(error.to_string(), "array of 600 envelopes; at most 512 are allowed: split it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Larger than the limit; it was not parsed.
    #[error("frame of {found} bytes; at most {allowed} are allowed: send less at a time")]
    TooBig {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        allowed: usize,
    },
    /// Nested deeper than the limit; it was not parsed.
    #[error("frame nested deeper than the {allowed} levels allowed: flatten the payload")]
    TooDeep {
        /// Levels allowed.
        allowed: usize,
    },
    /// Not UTF-8 JSON, or neither an object nor an array.
    #[error("frame is not JSON ({detail}); an envelope or an array of envelopes is expected")]
    NotJson {
        /// Text of the parser, with line and column.
        detail: String,
    },
    /// An array with more envelopes than the limit.
    #[error("array of {found} envelopes; at most {allowed} are allowed: split it")]
    TooMany {
        /// Envelopes found.
        found: usize,
        /// Envelopes allowed.
        allowed: usize,
    },
}

/// The kind of a [`Problem`].
///
/// ```
/// use sentinelops_protocol::{Problem, ProblemKind};
///
/// /// Whether the message reached its handlers all the same.
/// fn delivered(problem: &Problem) -> bool {
///     matches!(problem.kind, ProblemKind::PayloadMismatch | ProblemKind::BadField)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The envelope broke its rules; it was not delivered.
    BadEnvelope,
    /// A channel name this version does not know; not delivered, not fatal.
    UnknownChannel,
    /// The payload did not fit the type; delivered raw.
    PayloadMismatch,
    /// A minor field was wrong (priority, timestamp); its default was taken.
    BadField,
}

/// One thing wrong inside a frame that was otherwise read.
///
/// ```
/// use sentinelops_protocol::{Json, decode_payload};
///
/// let json = Json::parse(r#"{"incidentId": "inc-1", "data": {"status": 7}}"#)?;
/// let (_, problem) = decode_payload("incident.updated", &json);
/// let problem = problem.expect("a status is text");
/// assert_eq!(problem.path, "payload.data.status");
/// assert_eq!((problem.expected.as_str(), problem.found.as_str()), ("a string", "integer `7`"));
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of problem.
    pub kind: ProblemKind,
    /// The id of the message to blame, where it could be read.
    pub id: Option<String>,
    /// The channel of the message, where it could be read.
    pub channel: Option<Channel>,
    /// The type of the message, as far as it was known.
    pub message_type: String,
    /// Where: dotted path from the envelope, e.g. `payload.data.status`.
    pub path: String,
    /// What is allowed there.
    pub expected: String,
    /// What stood there.
    pub found: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { message_type, path, expected, found, .. } = self;
        if message_type.is_empty() {
            write!(f, "{path}: expected {expected}, found {found}")
        } else {
            write!(f, "{message_type}: {path}: expected {expected}, found {found}")
        }
    }
}

impl Problem {
    /// The same without anything of the message's contents: of what was found only the kind of JSON.
    /// Path, type and the name of an unknown channel stay.
    ///
    /// ```
    /// use sentinelops_protocol::{Json, decode_payload};
    ///
    /// let raw = Json::parse(r#"{"agentId": "ann", "status": "online", "lastSeen": "a secret"}"#)?;
    /// let (_, problem) = decode_payload("agent.status", &raw);
    /// let line = problem.map(|problem| problem.redacted().to_string()).unwrap_or_default();
    /// assert_eq!(line, "agent.status: payload.lastSeen: expected a whole number, found a string");
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    #[must_use]
    pub fn redacted(&self) -> Self {
        let found = match self.kind {
            ProblemKind::UnknownChannel => self.found.clone(),
            _ => json_kind(&self.found).to_owned(),
        };
        Self { found, ..self.clone() }
    }
}

/// The kind of JSON that the words for something found speak of.
fn json_kind(found: &str) -> &'static str {
    const OURS: [&str; 5] = ["an object", "an array", "null", "nothing", "more than one"];
    if let Some(kind) = OURS.into_iter().find(|kind| *kind == found) {
        return kind;
    }
    match found.split(' ').next() {
        Some("integer" | "number") => "a number",
        Some("string") => "a string",
        Some("boolean") => "a boolean",
        _ => "something else",
    }
}

/// Foreign text in a diagnostic is cut to 120 characters, and holds no JSON Web Token: one may stand in a wrong place.
pub(crate) fn clip(text: &str) -> String {
    // The first part of each is an object in base64url, and begins so.
    const BEGINS: &str = "eyJ";
    if let Some(at) = text.find(BEGINS) {
        let end = text[at..].find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
        let end = end.map_or(text.len(), |end| at + end);
        if end - at >= 20 {
            return clip(&format!("{}…{}", &text[..at], &text[end..]));
        }
    }
    match text.char_indices().nth(120) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}
