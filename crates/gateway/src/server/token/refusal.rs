//! Why a token is refused. Names the claim, never its value.

use std::fmt;

/// Why a token is refused. Shown in close reasons: at most 100 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) enum Refusal {
    /// Not three parts of base64url JSON.
    Malformed,
    /// The header names an algorithm that is not the key's.
    Algorithm,
    /// No key has its `kid`.
    UnknownKey,
    /// Not signed by the key.
    Signature,
    /// A claim is missing or wrong.
    Claim(&'static str, &'static str),
    /// Its `jti` or `sub` is revoked.
    Revoked,
    /// The keys could not be fetched: says nothing about the token.
    NoKeys,
}

impl Refusal {
    /// Whether the same token may be taken later.
    pub(in crate::server) fn is_temporary(&self) -> bool {
        *self == Self::NoKeys
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the token is not a JSON Web Token"),
            Self::Algorithm => f.write_str("the token's alg is not that of the gateway's key"),
            Self::UnknownKey => f.write_str("the token's kid is not among the gateway's keys"),
            Self::Signature => f.write_str("the token's signature is not of the gateway's key"),
            Self::Claim(name, why) => write!(f, "the token's claim {name} {why}"),
            Self::Revoked => f.write_str("the token or its user is revoked"),
            Self::NoKeys => f.write_str("the gateway cannot fetch the keys for tokens at the moment"),
        }
    }
}
