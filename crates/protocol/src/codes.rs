//! The error codes of `nack`, `denied` and `error`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why something was refused. Unknown codes of a newer server are kept as text.
///
/// ```
/// use sentinelops_protocol::Code;
///
/// /// What a person can do about a refusal.
/// fn advice(code: &Code) -> &'static str {
///     match code {
///         Code::Unauthenticated => "Sign in again.",
///         Code::Forbidden => "Ask for access.",
///         Code::RateLimited | Code::Unavailable => "Try again later.",
///         _ => "Check what you sent.",
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Code {
    /// The frame is not what the protocol says.
    BadFrame,
    /// Larger than the limit.
    TooBig,
    /// Token missing, wrong or expired.
    Unauthenticated,
    /// The user may not do this.
    Forbidden,
    /// The gateway does not know the type.
    UnknownType,
    /// The payload does not fit the type.
    Invalid,
    /// It contradicts the present state.
    Conflict,
    /// Too many in too short a time.
    RateLimited,
    /// The gateway cannot do it now.
    Unavailable,
    /// The id was used before with other content.
    DuplicateId,
    /// A code this version does not know.
    Other(String),
}

impl Code {
    const NAMES: [(&'static str, Code); 10] = [
        ("bad_frame", Code::BadFrame),
        ("too_big", Code::TooBig),
        ("unauthenticated", Code::Unauthenticated),
        ("forbidden", Code::Forbidden),
        ("unknown_type", Code::UnknownType),
        ("invalid", Code::Invalid),
        ("conflict", Code::Conflict),
        ("rate_limited", Code::RateLimited),
        ("unavailable", Code::Unavailable),
        ("duplicate_id", Code::DuplicateId),
    ];

    /// The name on the wire.
    ///
    /// ```
    /// use sentinelops_protocol::Code;
    ///
    /// assert_eq!(Code::RateLimited.as_str(), "rate_limited");
    /// ```
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => Self::NAMES.iter().find(|(_, c)| c == known).map_or("", |(n, _)| n),
        }
    }

    /// The code of a wire name.
    ///
    /// ```
    /// use sentinelops_protocol::Code;
    ///
    /// assert_eq!(Code::parse("forbidden"), Code::Forbidden);
    /// assert_eq!(Code::parse("of_the_future"), Code::Other("of_the_future".to_owned()));
    /// ```
    pub fn parse(name: &str) -> Self {
        Self::NAMES
            .iter()
            .find(|(n, _)| *n == name)
            .map_or_else(|| Self::Other(name.to_owned()), |(_, c)| c.clone())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
