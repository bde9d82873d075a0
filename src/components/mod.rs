//! What people see, one component a file.
//!
//! [`ConnectionStatus`] can be used by itself, in any page with a provider above it. Everything else belongs to the
//! console and is compiled with the feature `console`. Components know the connection only through the hooks of
//! [`crate::realtime`]. `docs/components.md` lists the `data-testid` attributes.

mod clock;
pub mod connection_status;

pub use connection_status::ConnectionStatus;

#[cfg(feature = "console")]
pub mod activity;
#[cfg(feature = "console")]
pub mod agents;
#[cfg(feature = "console")]
pub mod alerts;
#[cfg(feature = "console")]
pub mod chat;
#[cfg(feature = "console")]
pub mod diagnostics;
#[cfg(feature = "console")]
pub mod dialog;
#[cfg(feature = "console")]
mod download;
#[cfg(feature = "console")]
pub mod hooks;
#[cfg(feature = "console")]
pub mod icon;
#[cfg(feature = "console")]
pub mod incidents;
#[cfg(feature = "console")]
pub mod marks;
#[cfg(feature = "console")]
pub mod outbox;
#[cfg(feature = "console")]
pub mod panel;
#[cfg(feature = "console")]
pub mod people;
#[cfg(feature = "console")]
pub mod relative_time;
#[cfg(feature = "console")]
pub mod send_line;
#[cfg(feature = "console")]
pub mod shell;
#[cfg(feature = "console")]
pub mod sign_out;
