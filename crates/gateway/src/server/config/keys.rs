//! Where the keys of tokens are, and what a token must name.

use super::{ConfigErrors, Settings};
use jsonwebtoken::Algorithm;
use std::path::PathBuf;

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
    pub fn new(settings: &Settings) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        match key_options(settings, &mut errors) {
            Some(keys) if errors.is_empty() => Ok(keys),
            _ => Err(ConfigErrors(errors)),
        }
    }
}

pub(super) fn key_options(settings: &Settings, errors: &mut Vec<String>) -> Option<KeyOptions> {
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
        let found = crate::server::token::ALGORITHMS.iter().find(|(known, _)| *known == name);
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
