//! The gateway's tests in one program, because linking takes longer than most of them run. One folder or file per subject:
//! `cargo test -p sentinelops-gateway --test gateway store::` runs those of `store`.
//!
//! `core` runs the core in simulated time and is all there is without the feature `server`. The other modules run the
//! program itself, each test its own on a free port with a folder of its own; nothing is shared between tests.

#[cfg(feature = "server")]
mod access;
#[cfg(feature = "server")]
mod conformance;
mod core;
#[cfg(feature = "server")]
mod hostile;
#[cfg(feature = "server")]
mod ingest;
#[cfg(feature = "server")]
mod kill;
#[cfg(feature = "server")]
mod lab;
#[cfg(feature = "server")]
mod load;
#[cfg(feature = "server")]
mod logs;
#[cfg(feature = "server")]
mod nats;
#[cfg(feature = "server")]
mod ops;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "server")]
mod serve;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod store;
#[cfg(feature = "server")]
mod support;
