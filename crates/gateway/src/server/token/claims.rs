//! What a token has to say, and what is read from it.

use super::Refusal;
use crate::{Identity, Rights};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Map, Value};

/// Seconds by which clocks may differ.
pub(super) const LEEWAY_S: u64 = 30;
/// Longest `sub`, in characters: what the protocol takes for a user.
const MOST_USER: usize = 64;
/// Most names in one list of `so`.
const MOST_NAMES: usize = 1_024;

/// What is asked of every token.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    audience: Vec<String>,
    issuer: String,
}

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::server) struct Claims {
    /// `sub`: the user.
    pub user: String,
    /// `jti`, by which it can be revoked.
    pub jti: Option<String>,
    /// Until when it is taken: `exp` and the leeway, seconds since the epoch.
    pub until_s: u64,
    /// `so.read`.
    pub read: Vec<String>,
    /// `so.write`.
    pub write: Vec<String>,
}

impl Rules {
    pub(super) fn new(audience: &[String], issuer: &str) -> Self {
        Self { audience: audience.to_vec(), issuer: issuer.to_owned() }
    }

    /// Checks signature and claims. The algorithm is the key's.
    pub(super) fn check(
        &self,
        token: &str,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<Claims, Refusal> {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_audience(&self.audience);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "sub", "aud", "iss"]);
        match decode::<Map<String, Value>>(token, key, &validation) {
            Ok(data) => read(&data.claims),
            Err(error) => Err(refusal(error.kind())),
        }
    }
}

impl Claims {
    /// The same as the core takes it.
    pub(in crate::server) fn identity(self) -> Identity {
        Identity {
            user: self.user.into(),
            rights: Rights::of(self.read, self.write),
            expires_at_ms: Some(self.until_s.saturating_mul(1_000)),
            jti: self.jti,
        }
    }
}

fn refusal(kind: &ErrorKind) -> Refusal {
    let claim = |name: &str| ["exp", "sub", "aud", "iss", "nbf"].into_iter().find(|known| *known == name);
    match kind {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::UnsupportedAlgorithm => {
            Refusal::Algorithm
        }
        ErrorKind::ExpiredSignature => Refusal::Claim("exp", "is in the past"),
        ErrorKind::ImmatureSignature => Refusal::Claim("nbf", "is in the future"),
        ErrorKind::InvalidIssuer => Refusal::Claim("iss", "is not the gateway's --issuer"),
        ErrorKind::InvalidAudience => Refusal::Claim("aud", "does not name the gateway's --audience"),
        ErrorKind::MissingRequiredClaim(name) | ErrorKind::InvalidClaimFormat(name) => match claim(name) {
            Some(name @ ("exp" | "nbf")) => Refusal::Claim(name, "is missing or not a number"),
            Some(name) => Refusal::Claim(name, "is missing or not a text"),
            None => Refusal::Malformed,
        },
        _ => Refusal::Malformed,
    }
}

fn read(claims: &Map<String, Value>) -> Result<Claims, Refusal> {
    let user = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    if !(1..=MOST_USER).contains(&user.chars().count()) || user.chars().any(char::is_control) {
        return Err(Refusal::Claim("sub", "is not a text of 1 to 64 characters"));
    }
    let jti = match claims.get("jti") {
        None => None,
        Some(Value::String(id)) => Some(id.clone()),
        // One that cannot be revoked is not taken.
        Some(_) => return Err(Refusal::Claim("jti", "is not a text")),
    };
    // Checked by the decoder; a fraction of a second does not count.
    let exp = claims.get("exp").and_then(|exp| exp.as_u64().or_else(|| exp.as_f64().map(|exp| exp as u64)));
    let until_s = exp.unwrap_or(0).saturating_add(LEEWAY_S);
    let (read, write) = match claims.get("so") {
        None => (Vec::new(), Vec::new()),
        Some(Value::Object(so)) => (names(so.get("read"))?, names(so.get("write"))?),
        Some(_) => return Err(Refusal::Claim("so", "is not {read: [..], write: [..]}")),
    };
    Ok(Claims { user: user.to_owned(), jti, until_s, read, write })
}

fn names(list: Option<&Value>) -> Result<Vec<String>, Refusal> {
    let wrong = || Refusal::Claim("so", "is not {read: [..], write: [..]} with lists of texts");
    match list {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= MOST_NAMES => {
            list.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}
