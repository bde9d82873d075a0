//! SentinelOps: a live operations console in the browser, and the realtime layer under it.
//!
//! For your own Yew app you need [`realtime`] (provider, hooks), [`config`] (where the server is)
//! and, in tests, [`testing`]. `docs/getting-started.md` walks through it; `docs/api.md` maps the
//! documented TypeScript names to these.
#![deny(missing_docs)]

// Public for the two programs and the tests, and no API: so are the hidden parts of `components` and `worker`.
#[doc(hidden)]
pub mod bridge;
pub mod components;
pub mod config;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod pages;
pub mod realtime;
pub mod testing;
pub mod worker;

pub use sentinelops_engine as engine;
pub use sentinelops_protocol as protocol;

// The code of the guide compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/getting-started.md")]
struct GettingStarted;
