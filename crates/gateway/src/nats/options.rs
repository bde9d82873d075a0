//! Where the log is, and how to be let in.

use async_nats::ServerAddr;
use std::path::PathBuf;

/// The settings of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsOptions {
    /// The servers of one NATS; any of them will do.
    pub urls: Vec<ServerAddr>,
    /// Gateways of one namespace are one service.
    pub namespace: String,
    /// Copies of each stream that is made: 1, 3 or 5.
    pub replicas: usize,
    /// The authority that signed the servers' certificates.
    pub ca: Option<PathBuf>,
    /// The certificate shown to the servers, and its key.
    pub certificate: Option<PathBuf>,
    /// See `certificate`.
    pub key: Option<PathBuf>,
    /// A file of a JWT and a seed.
    pub credentials: Option<PathBuf>,
    /// With `password`.
    pub user: Option<String>,
    /// With `user`.
    pub password: Option<String>,
    /// A token.
    pub token: Option<String>,
    /// Layout of the records that are written.
    pub layout: u8,
    /// The newest layout that is read.
    pub newest_layout: u8,
}

/// Layout of the records that are written unless another one is named: the newest that the version before reads, so that
/// both may work on one log while one replaces the other.
pub const RECORD_LAYOUT: u8 = 1;

impl NatsOptions {
    /// The servers without what lets in.
    pub fn shown(&self) -> String {
        let one = |url: &ServerAddr| format!("{}:{}", url.host(), url.port());
        self.urls.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn wants_tls(&self) -> bool {
        self.ca.is_some() || self.certificate.is_some() || self.urls.iter().any(ServerAddr::tls_required)
    }
}
