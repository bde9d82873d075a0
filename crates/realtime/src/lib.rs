//! Live data for Yew apps: a provider, typed hooks, and a web worker with the connection and the outbox.
//!
//! Put a [`WebSocketProvider`] above your components and call hooks below it; the worker's program calls
//! [`worker::worker_main`]. The context holds a stable handle, never data: each hook subscribes for itself, selects what
//! it shows, and has its component rendered when that changed, once a frame at most. Events come to callbacks, each once
//! and in order; state is there from the first render on, also for a component that is mounted late.
//!
//! [`testing`] is for tests of your own components. The guide and the table from the documented TypeScript names to these
//! are in the repository: `docs/getting-started.md`, `docs/api.md`. With the feature `in_page` the worker's code can run in
//! the page, for a first try.
#![deny(missing_docs, clippy::unwrap_used)]

// Public for the two programs and the tests, and no API: so are the hidden parts of `worker`.
#[doc(hidden)]
pub mod bridge;
mod client;
pub mod connection_status;
mod console_log;
mod default_port;
mod edits;
mod error;
mod export;
mod fold;
pub mod hooks;
mod id;
mod lifecycle;
mod list;
mod message;
mod panic;
pub(crate) mod platform;
mod port_factory;
pub mod prelude;
mod provider;
mod recorder;
mod registry;
mod send_log;
mod send_state;
mod service_worker;
mod supervisor;
pub mod testing;
pub mod time_text;
mod token;
mod token_url;
mod unload_guard;
pub mod url;
pub mod worker;

pub use bridge::{BUILD_ID, PortFailure, SignOut};
pub use client::{Client, ClientOptions, OwnMessage, ScopeTab, SentMessage, Subscription};
pub use connection_status::ConnectionStatus;
pub use error::{
    ClientError, OwnSendError, PayloadError, RawError, RawEvent, SendError, SetupError, TokenError,
    WorkerError, WorkerErrorKind,
};
pub use fold::{ChatEntry, IncidentRow, Watermarks};
pub use hooks::*;
pub use list::List;
pub use message::{IncidentEdit, Message, MessageId, NewIncident};
pub use panic::install_reload_screen;
pub use port_factory::PortFactory;
pub use provider::{WebSocketProvider, WebSocketProviderProps};
pub use recorder::{MessageTrace, Record, RecordKind};
pub use send_state::SendState;
pub use sentinelops_engine as engine;
pub use sentinelops_engine::RawFrame;
pub use sentinelops_protocol as protocol;
pub use service_worker::register_service_worker;
pub use supervisor::WorkerHealth;
pub use token::{TokenCallback, TokenSource};
pub use token_url::{TokenResponse, TokenUrl};
pub use unload_guard::UnloadGuard;
