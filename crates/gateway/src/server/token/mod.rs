//! JSON Web Tokens: who asks, and what they may do.
//!
//! The algorithm belongs to the key. A token's header only chooses among the keys; what it says of the algorithm has
//! to agree with the key, or the token is refused.

mod claims;
mod command;
mod jwks;
mod keys;
mod refusal;
mod revoked;

pub use command::{TokenArgs, token};
pub(super) use refusal::Refusal;
pub(super) use revoked::Revoked;

use super::config::{KeyOptions, KeySource};
use claims::{Claims, Rules};
use jwks::Jwks;
use keys::Keys;
use std::sync::Arc;

/// Checks tokens. Made again, as a whole, when its files are read again.
#[derive(Debug)]
pub(super) struct Verifier {
    rules: Rules,
    source: Source,
    revoked: Revoked,
}

#[derive(Debug)]
enum Source {
    File(Keys),
    Url(Arc<Jwks>),
}

impl Verifier {
    /// Reads keys and revocations. `before` is the one to replace: keys it has fetched are kept.
    ///
    /// # Errors
    /// A sentence that names the file, what was found and what is allowed.
    pub(super) fn open(options: &KeyOptions, before: Option<&Self>) -> Result<Self, String> {
        let source = match &options.source {
            KeySource::File(path) => Source::File(Keys::read(path, options.algorithm)?),
            KeySource::Url(url) => {
                let same = before.and_then(|before| match &before.source {
                    Source::Url(jwks) if jwks.is(url, options.algorithm) => Some(jwks.clone()),
                    _ => None,
                });
                Source::Url(same.unwrap_or_else(|| Arc::new(Jwks::new(url, options.algorithm))))
            }
        };
        let revoked = options.revoked.as_deref().map(Revoked::read).transpose()?.unwrap_or_default();
        Ok(Self { rules: Rules::new(&options.audience, &options.issuer), source, revoked })
    }

    /// What a token allows, if it is valid now.
    pub(super) async fn check(&self, token: &str) -> Result<Claims, Refusal> {
        match &self.source {
            Source::File(_) => self.check_now(token),
            Source::Url(jwks) => self.unless_revoked(jwks.check(&self.rules, token).await?),
        }
    }

    /// The same without waiting for keys from a URL.
    fn check_now(&self, token: &str) -> Result<Claims, Refusal> {
        match &self.source {
            Source::File(keys) => self.unless_revoked(keys.check(&self.rules, token)?),
            Source::Url(_) => Err(Refusal::NoKeys),
        }
    }

    fn unless_revoked(&self, claims: Claims) -> Result<Claims, Refusal> {
        match self.revoked.names(&claims.user, claims.jti.as_deref()) {
            true => Err(Refusal::Revoked),
            false => Ok(claims),
        }
    }

    /// Fetches keys before the first token asks for them; says what went wrong.
    pub(super) async fn warm_up(&self) -> Result<(), String> {
        match &self.source {
            Source::File(_) => Ok(()),
            Source::Url(jwks) => jwks.warm_up().await,
        }
    }

    /// Revoked tokens and users.
    pub(super) fn revoked(&self) -> &Revoked {
        &self.revoked
    }
}
