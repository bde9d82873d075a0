//! Keys: a secret, a PEM key, or a JWKS.

use super::Refusal;
use super::claims::{Claims, Rules};
use crate::server::config::ALGORITHMS;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// Shortest secret for HS256, in bytes (RFC 7518, 3.2).
const LEAST_SECRET: usize = 32;
/// Shortest modulus of an RSA key, in bits.
const LEAST_MODULUS: usize = 2_048;
/// Longest token that is looked at, in bytes.
const MOST_TOKEN: usize = 16 * 1024;

/// One key and the one algorithm it is for.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub kid: Option<String>,
    pub algorithm: Algorithm,
    decoding: DecodingKey,
    /// What tokens can be made with, where the file holds it.
    pub encoding: Option<EncodingKey>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Keys(pub Vec<Key>);

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
}

impl Keys {
    pub(super) fn read(path: &Path, only: Option<Algorithm>) -> Result<Self, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {name} (--jwt-key): {error}"))?;
        Self::parse(&text, only).map_err(|error| format!("{name}: {error}"))
    }

    pub(super) fn parse(text: &str, only: Option<Algorithm>) -> Result<Self, String> {
        let text = text.trim();
        let keys = if text.starts_with("-----BEGIN") {
            vec![pem(text)?]
        } else if text.starts_with('{') {
            jwks(text)?
        } else {
            vec![secret(text)?]
        };
        let keys: Vec<_> =
            keys.into_iter().filter(|key| only.is_none_or(|only| key.algorithm == only)).collect();
        match (keys.is_empty(), only) {
            (true, Some(only)) => {
                Err(format!("no key for {only:?} in it: leave out --jwt-alg, or give such a key"))
            }
            (true, None) => {
                Err("no key in it that can be used: HS256, RS256, ES256 and EdDSA are".to_owned())
            }
            _ => Ok(Self(keys)),
        }
    }

    /// What a token allows.
    pub(super) fn check(&self, rules: &Rules, token: &str) -> Result<Claims, Refusal> {
        if token.len() > MOST_TOKEN {
            return Err(Refusal::Malformed);
        }
        let head = token.split('.').next().and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let head: Head =
            head.and_then(|json| serde_json::from_slice(&json).ok()).ok_or(Refusal::Malformed)?;
        let kids = self.0.iter().any(|key| key.kid.is_some());
        let named = |key: &&Key| !kids || head.kid.is_none() || key.kid == head.kid;
        let mut candidates = self.0.iter().filter(named).peekable();
        if candidates.peek().is_none() {
            return Err(Refusal::UnknownKey);
        }
        let algorithm =
            ALGORITHMS.iter().find(|(name, _)| *name == head.alg).map(|(_, algorithm)| *algorithm);
        let mut refusal = Refusal::Algorithm;
        for key in candidates.filter(|key| Some(key.algorithm) == algorithm) {
            match rules.check(token, &key.decoding, key.algorithm) {
                Ok(token) => return Ok(token),
                // Another key may have signed it; what is wrong with a signed one counts.
                Err(Refusal::Signature) => refusal = Refusal::Signature,
                Err(other) => return Err(other),
            }
        }
        Err(refusal)
    }
}

fn secret(text: &str) -> Result<Key, String> {
    if text.len() < LEAST_SECRET {
        return Err(format!(
            "the secret has {} bytes, at least {LEAST_SECRET} are needed: make one with `openssl rand -base64 48`",
            text.len()
        ));
    }
    let unusable = |error| format!("the secret cannot be used: {error}");
    Ok(Key {
        kid: None,
        algorithm: Algorithm::HS256,
        decoding: DecodingKey::from_secret(text.as_bytes()).map_err(unusable)?,
        encoding: Some(EncodingKey::from_secret(text.as_bytes()).map_err(unusable)?),
    })
}

fn pem(text: &str) -> Result<Key, String> {
    const ALLOWED: &str = "a PEM key is allowed that is RSA, P-256 or Ed25519, public or private (PKCS #8, not \
        encrypted: `openssl pkcs8 -topk8 -nocrypt` makes it)";
    let bytes = text.as_bytes();
    if text.contains("PRIVATE KEY-----") {
        let tries = [
            (Algorithm::RS256, EncodingKey::from_rsa_pem(bytes)),
            (Algorithm::ES256, EncodingKey::from_ec_pem(bytes)),
            (Algorithm::EdDSA, EncodingKey::from_ed_pem(bytes)),
        ];
        for (algorithm, encoding) in tries {
            let Ok(encoding) = encoding else { continue };
            let public = Jwk::from_encoding_key(&encoding, algorithm).map_err(|_| ALLOWED.to_owned())?;
            return Ok(Key { encoding: Some(encoding), ..from_jwk(&public)? });
        }
        return Err(ALLOWED.to_owned());
    }
    let tries =
        [DecodingKey::from_rsa_pem(bytes), DecodingKey::from_ec_pem(bytes), DecodingKey::from_ed_pem(bytes)];
    let key = tries.into_iter().find_map(Result::ok).ok_or(ALLOWED)?;
    from_jwk(&Jwk::from_decoding_key(&key, None).map_err(|_| ALLOWED.to_owned())?)
}

/// A set, or a single key. Those that are for something else are left out.
fn jwks(text: &str) -> Result<Vec<Key>, String> {
    let json: Value = serde_json::from_str(text)
        .map_err(|error| format!("begins like a JWKS, but is not JSON: {error}"))?;
    let list = match json.get("keys") {
        Some(Value::Array(list)) => list.as_slice(),
        Some(_) => return Err("keys is not a list: a JWKS is {\"keys\": [..]}".to_owned()),
        None => std::slice::from_ref(&json),
    };
    let mut why = String::new();
    let mut keys = Vec::new();
    for value in list {
        let key = Jwk::deserialize(value).map_err(|error| error.to_string()).and_then(|jwk| from_jwk(&jwk));
        match key {
            Ok(key) => keys.push(key),
            Err(error) => why = error,
        }
    }
    match keys.is_empty() && !why.is_empty() {
        true => Err(format!("no key in it that can be used; the last one: {why}")),
        false => Ok(keys),
    }
}

fn from_jwk(jwk: &Jwk) -> Result<Key, String> {
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return Err("its use is encryption".to_owned());
    }
    let by_type = match &jwk.algorithm {
        AlgorithmParameters::OctetKey(_) => Algorithm::HS256,
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return Err("its curve or kty is not supported: RSA, P-256, Ed25519 and oct are".to_owned()),
    };
    let named = jwk.common.key_algorithm.map(|name| name.to_string());
    let own = ALGORITHMS.iter().find(|(_, algorithm)| *algorithm == by_type).map_or("", |(name, _)| name);
    if named.is_some_and(|named| named != own) {
        return Err(format!("its alg is not supported: {own} is for a key of this kind"));
    }
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map(|bytes| bytes.len()).unwrap_or(0);
    match &jwk.algorithm {
        AlgorithmParameters::OctetKey(key) if bytes(&key.value) < LEAST_SECRET => {
            return Err(format!("the secret is too short: at least {LEAST_SECRET} bytes are needed"));
        }
        AlgorithmParameters::RSA(key) if bytes(&key.n) * 8 < LEAST_MODULUS => {
            return Err(format!("the RSA key is too short: at least {LEAST_MODULUS} bits are needed"));
        }
        _ => {}
    }
    let decoding = DecodingKey::from_jwk(jwk).map_err(|error| format!("the key cannot be used: {error}"))?;
    Ok(Key { kid: jwk.common.key_id.clone(), algorithm: by_type, decoding, encoding: None })
}
