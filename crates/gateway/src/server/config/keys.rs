//! Where the keys of tokens are, and what a token must name.

use super::ConfigErrors;
use super::values::list;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use std::path::PathBuf;

/// What tokens are checked with.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
pub struct KeySettings {
    /// Key that tokens are checked with: a file with a secret, a PEM key or a JWKS
    #[arg(long, env = "SENTINELOPS_JWT_KEY", value_name = "FILE", global = true)]
    pub jwt_key: Option<PathBuf>,
    /// Use only keys of this algorithm: HS256, RS256, ES256 or EdDSA [default: as each key says]
    #[arg(long, env = "SENTINELOPS_JWT_ALG", value_name = "ALG", global = true)]
    pub jwt_alg: Option<String>,
    /// Fetch the keys (a JWKS) from this http or https URL
    #[arg(long, env = "SENTINELOPS_JWKS_URL", value_name = "URL", global = true)]
    pub jwks_url: Option<String>,
    /// Take tokens whose `aud` names this audience; may be repeated
    #[arg(long, env = "SENTINELOPS_AUDIENCE", value_name = "AUD", value_delimiter = ',', global = true)]
    #[serde(default)]
    pub audience: Vec<String>,
    /// Take tokens whose `iss` is this issuer
    #[arg(long, env = "SENTINELOPS_ISSUER", value_name = "ISS", global = true)]
    pub issuer: Option<String>,
    /// File of revoked tokens and users, one a line: `jti ID` or `sub USER`; read again at SIGHUP
    #[arg(long, env = "SENTINELOPS_REVOKED", value_name = "FILE", global = true)]
    pub revoked: Option<PathBuf>,
}

impl KeySettings {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            jwt_key: self.jwt_key.or(below.jwt_key),
            jwt_alg: self.jwt_alg.or(below.jwt_alg),
            jwks_url: self.jwks_url.or(below.jwks_url),
            audience: list(self.audience, below.audience),
            issuer: self.issuer.or(below.issuer),
            revoked: self.revoked.or(below.revoked),
        }
    }
}

/// Algorithms that are taken, by the names of RFC 7518.
pub(in crate::server) const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("HS256", Algorithm::HS256),
    ("RS256", Algorithm::RS256),
    ("ES256", Algorithm::ES256),
    ("EdDSA", Algorithm::EdDSA),
];

/// How tokens are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOptions {
    /// Where the keys are.
    pub source: KeySource,
    /// Only keys of this algorithm.
    pub algorithm: Option<Algorithm>,
    /// `aud` must name one of these.
    pub audience: Vec<String>,
    /// `iss` must be this.
    pub issuer: String,
    /// Revoked tokens and users.
    pub revoked: Option<PathBuf>,
}

/// Where the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A secret, a PEM key or a JWKS.
    File(PathBuf),
    /// A JWKS, fetched.
    Url(String),
}

impl KeyOptions {
    /// The settings of the keys alone, as `gateway token` needs them.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn new(settings: &KeySettings) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        match key_options(settings, &mut errors) {
            Some(keys) if errors.is_empty() => Ok(keys),
            _ => Err(ConfigErrors(errors)),
        }
    }
}

pub(super) fn key_options(settings: &KeySettings, errors: &mut Vec<String>) -> Option<KeyOptions> {
    let source = match (&settings.jwt_key, &settings.jwks_url) {
        (Some(_), Some(_)) => {
            errors.push("--jwt-key and --jwks-url are both given: one of them is allowed".to_owned());
            None
        }
        (Some(path), None) => Some(KeySource::File(path.clone())),
        (None, Some(url)) if url.starts_with("https://") || url.starts_with("http://") => {
            Some(KeySource::Url(url.clone()))
        }
        (None, Some(url)) => {
            errors
                .push(format!("jwks_url is {url:?}: a URL that begins with https:// or http:// is allowed"));
            None
        }
        (None, None) => {
            errors.push("there is no key: give --jwt-key FILE or --jwks-url URL".to_owned());
            None
        }
    };
    let algorithm = settings.jwt_alg.as_deref().and_then(|name| {
        let found = ALGORITHMS.iter().find(|(known, _)| *known == name);
        if found.is_none() {
            errors.push(format!("jwt_alg is {name:?}: HS256, RS256, ES256 or EdDSA is allowed"));
        }
        found.map(|(_, algorithm)| *algorithm)
    });
    let audience: Vec<_> = settings.audience.iter().filter(|text| !text.is_empty()).cloned().collect();
    if audience.is_empty() {
        errors.push("--audience is missing: tokens are taken only if their aud names it".to_owned());
    }
    let issuer = settings.issuer.clone().filter(|text| !text.is_empty());
    if issuer.is_none() {
        errors.push("--issuer is missing: tokens are taken only if their iss is it".to_owned());
    }
    Some(KeyOptions {
        source: source?,
        algorithm,
        audience,
        issuer: issuer?,
        revoked: settings.revoked.clone(),
    })
}
