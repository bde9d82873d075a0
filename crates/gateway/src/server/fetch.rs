//! A GET of something small, over http or https.

use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Fetches a text; blocks. `patience` is the most time, `most` the longest answer in bytes.
///
/// # Errors
/// What went wrong, for a log.
pub(super) fn fetch(url: &str, patience: Duration, most: u64) -> Result<String, String> {
    let mut answer =
        agent(patience, url.starts_with("https://")).get(url).call().map_err(|error| error.to_string())?;
    answer.body_mut().with_config().limit(most).read_to_string().map_err(|error| error.to_string())
}

/// A client that blocks. `https_only` holds for redirects, too.
pub(super) fn agent(patience: Duration, https_only: bool) -> ureq::Agent {
    // The machine's own certificates: companies have authorities of their own.
    let certificates = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = certificates.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    ureq::Agent::config_builder()
        .timeout_global(Some(patience))
        .https_only(https_only)
        .max_redirects(3)
        .tls_config(tls)
        .build()
        .new_agent()
}
