//! What people see, one component a file.
//!
//! [`ConnectionStatus`] and [`UnloadGuard`] can be used by themselves, in any page with a provider above it. Everything
//! else belongs to the console, is compiled with the feature `console`, and is no API. Components know the connection only through the hooks of
//! [`crate::realtime`]. `docs/components.md` lists the `data-testid` attributes.

mod clock;
pub mod connection_status;
mod unload_guard;

pub use connection_status::ConnectionStatus;
pub use unload_guard::UnloadGuard;

#[cfg(feature = "console")]
#[doc(hidden)]
pub mod activity;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod agents;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod alerts;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod away;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod chat;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod diagnostics;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod dialog;
#[cfg(feature = "console")]
mod download;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod hooks;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod icon;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod incidents;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod marks;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod outbox;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod panel;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod people;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod relative_time;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod send_line;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod shell;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod sign_in;
#[cfg(feature = "console")]
#[doc(hidden)]
pub mod sign_out;
