//! Who may connect: the part of the settings that is read again at SIGHUP.

use super::Counters;
use super::config::{IngestOptions, Network, Options, Origin, Origins};
use super::token::{Refusal, Verifier};
use crate::{Denied, Identity, Source, Token};
use axum::http::header::{HOST, HeaderMap};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

/// `retryAfterMs` where the keys cannot be fetched.
const NO_KEYS_RETRY_MS: u64 = 10_000;
/// Shortest token of a source, characters.
const LEAST_TOKEN: usize = 16;

/// Who may connect.
#[derive(Debug)]
pub(super) struct Access {
    /// `None`: nobody is asked for a token.
    verifier: Option<Verifier>,
    pub origins: Origins,
    trusted_proxies: Vec<Network>,
    ingest: Vec<Arc<Ingest>>,
}

/// A source of alerts and the token it has to bring.
#[derive(Debug)]
pub(super) struct Ingest {
    pub options: IngestOptions,
    /// SHA-256 of the token: comparing digests tells nobody how much of a guess was right. `None`: no token is asked
    /// for.
    digest: Option<[u8; 32]>,
}

impl Ingest {
    fn open(options: &IngestOptions) -> Result<Self, String> {
        let digest = options.token_file.as_deref().map(|path| {
            let (name, file) = (&options.source.name, path.display());
            let text = std::fs::read_to_string(path).map_err(|error| {
                format!("ingest {name}: cannot read {file} (token_file): {error}; it must be a readable file")
            })?;
            let token = text.trim();
            let is_usable = token.len() >= LEAST_TOKEN && token.bytes().all(|b| b.is_ascii_graphic());
            if !is_usable {
                return Err(format!(
                    "ingest {name}: {file} (token_file) holds no usable token: one line of {LEAST_TOKEN} or more \
                     letters, digits or signs is allowed; make one with: openssl rand -hex 16"
                ));
            }
            Ok(Sha256::digest(token).into())
        });
        Ok(Self { options: options.clone(), digest: digest.transpose()? })
    }

    /// Whether a source that brings this token is this one.
    pub(super) fn admits(&self, token: Option<&str>) -> bool {
        match (self.digest, token) {
            (None, _) => true,
            (Some(digest), Some(token)) => <[u8; 32]>::from(Sha256::digest(token)) == digest,
            (Some(_), None) => false,
        }
    }
}

impl Access {
    /// Reads keys and revocations. `before` is what is replaced.
    pub(super) fn open(options: &Options, before: Option<&Self>) -> Result<Self, String> {
        let before = before.and_then(|before| before.verifier.as_ref());
        let verifier = options.entry.keys().map(|keys| Verifier::open(keys, before)).transpose()?;
        let (origins, trusted_proxies) = (options.origins.clone(), options.trusted_proxies.clone());
        let ingest = options.ingest.iter().map(|ingest| Ingest::open(ingest).map(Arc::new));
        Ok(Self { verifier, origins, trusted_proxies, ingest: ingest.collect::<Result<_, _>>()? })
    }

    /// Where alerts come from.
    pub(super) fn ingests(&self) -> impl Iterator<Item = &Arc<Ingest>> {
        self.ingest.iter()
    }

    /// The same, as the core takes it.
    pub(super) fn sources(&self) -> Vec<Source> {
        self.ingest.iter().map(|ingest| ingest.options.source.clone()).collect()
    }

    pub(super) fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_ref()
    }

    pub(super) async fn check(&self, token: &Token, counters: &Counters) -> Result<Identity, Denied> {
        let Some(verifier) = &self.verifier else {
            return Err(Denied::unavailable("the gateway checks no tokens", NO_KEYS_RETRY_MS));
        };
        match verifier.check(token.as_str()).await {
            Ok(claims) => Ok(claims.identity()),
            Err(refusal) => {
                counters.refused(&refusal);
                match refusal.is_temporary() {
                    true => Err(Denied::unavailable(refusal.to_string(), NO_KEYS_RETRY_MS)),
                    false => Err(Denied::invalid(refusal.to_string())),
                }
            }
        }
    }

    pub(super) fn unless_revoked(&self, identity: Identity, counters: &Counters) -> Result<Identity, Denied> {
        let names = |verifier: &Verifier| verifier.revoked().names(&identity.user, identity.jti.as_deref());
        match self.verifier.as_ref().is_some_and(names) {
            true => {
                counters.refused(&Refusal::Revoked);
                Err(Denied::invalid(Refusal::Revoked.to_string()))
            }
            false => Ok(identity),
        }
    }

    /// Where a request comes from: the last address of `X-Forwarded-For` that is not a trusted proxy's. What a peer
    /// says that is no trusted proxy does not count.
    pub(super) fn client(&self, peer: IpAddr, forwarded: &[&str]) -> IpAddr {
        let mut client = peer;
        for hop in forwarded.iter().flat_map(|line| line.split(',')).rev() {
            if !self.is_trusted(client) {
                break;
            }
            let Ok(address) = hop.trim().parse() else { break };
            client = address;
        }
        client
    }

    /// The origin of the pages that the gateway itself serves, as this request names it: `Host`, and of a trusted
    /// proxy `X-Forwarded-Host` and `X-Forwarded-Proto`. `None`: it serves none, or the request does not say.
    pub(super) fn own_origin(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Origin> {
        if !self.origins.own {
            return None;
        }
        // Of a list the client's side stands first.
        let first = |name: &str| headers.get(name)?.to_str().ok()?.split(',').next().map(str::trim);
        let forwarded = |name: &str| if self.is_trusted(peer) { first(name) } else { None };
        let scheme = forwarded("x-forwarded-proto").unwrap_or("http");
        let host = forwarded("x-forwarded-host").or_else(|| first(HOST.as_str()))?;
        Origin::parse(&format!("{scheme}://{host}")).ok()
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(address))
    }
}

/// What is in force now; replaced as a whole.
#[derive(Debug)]
pub(super) struct Current<T>(Arc<RwLock<Arc<T>>>);

impl<T> Clone for Current<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Current<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    pub(super) fn get(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn only_what_a_trusted_proxy_says_of_the_client_counts() {
        let access = Access {
            verifier: None,
            origins: Origins::default(),
            trusted_proxies: vec!["10.0.0.0/8".parse().expect("a network")],
            ingest: Vec::new(),
        };
        let client =
            |peer: &str, forwarded: &[&str]| access.client(peer.parse().expect("ip"), forwarded).to_string();
        assert_eq!(client("10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 1.2.3.4", "10.0.0.2"]), "1.2.3.4");
        assert_eq!(client("8.8.8.8", &["1.2.3.4"]), "8.8.8.8");
        assert_eq!(client("10.0.0.1", &["1.2.3.4, nonsense"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn own_origin_is_what_the_browser_sees_as_far_as_a_trusted_proxy_says_so() {
        let access = Access {
            verifier: None,
            origins: Origins { own: true, ..Origins::default() },
            trusted_proxies: vec!["10.0.0.0/8".parse().expect("a network")],
            ingest: Vec::new(),
        };
        let own = |peer: &str, set: &[(&'static str, &str)]| {
            let headers = set.iter().map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"))
            });
            let own = access.own_origin(peer.parse().expect("ip"), &headers.collect());
            own.map(|origin| origin.to_string())
        };
        let host = ("host", "Ops.example:443");
        let (proto, forwarded) =
            (("x-forwarded-proto", "https"), ("x-forwarded-host", "ops.example.com, inner"));
        assert_eq!(own("10.0.0.1", &[host, proto]).as_deref(), Some("https://ops.example"));
        assert_eq!(own("10.0.0.1", &[host, proto, forwarded]).as_deref(), Some("https://ops.example.com"));
        assert_eq!(own("10.0.0.1", &[host]).as_deref(), Some("http://ops.example:443"));
        assert_eq!(own("8.8.8.8", &[host, proto, forwarded]).as_deref(), Some("http://ops.example:443"));
        assert_eq!(own("8.8.8.8", &[proto]), None);
        assert_eq!(own("8.8.8.8", &[("host", "*")]), None);
    }
}
