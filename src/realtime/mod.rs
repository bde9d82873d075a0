//! The Yew API: provider, hooks, and the client handle between them.
//!
//! Put a [`WebSocketProvider`] above your components and call hooks below it. The context holds a
//! stable handle, never data: each hook subscribes for itself, selects what it shows, and has its
//! component rendered when that changed, once a frame at most. Events come to callbacks, each once
//! and in order; state is there from the first render on, also for who comes late.

#[cfg(test)]
mod api_table;
mod client;
mod console_log;
mod default_port;
mod edits;
mod error;
mod export;
mod fold;
pub mod hooks;
mod id;
mod ledger;
mod lifecycle;
mod list;
mod message;
mod panic;
pub(crate) mod platform;
mod port_factory;
mod provider;
mod recorder;
mod registry;
mod send_state;
mod supervisor;
mod token;
mod token_url;
mod url;
#[cfg(test)]
mod where_it_shows;

pub use crate::bridge::{BUILD_ID, PortFailure, SignOut};
pub use client::Client;
pub use error::{ClientError, SetupError, WorkerTrouble, WorkerTroubleKind};
pub use fold::{ChatEntry, IncidentRow, Watermarks};
pub use hooks::*;
pub use list::List;
pub use message::{IncidentEdit, Message, MessageId, NewIncident};
pub use panic::install_reload_screen;
pub use port_factory::PortFactory;
pub use provider::{WebSocketProvider, WebSocketProviderProps};
pub use recorder::{MessageTrace, Record, RecordKind};
pub use send_state::SendState;
pub use supervisor::WorkerHealth;
pub use token::{AskToken, TokenSource};
pub(crate) use token_url::own_path;
pub use token_url::{TokenAnswer, TokenUrl};
pub(crate) use url::{problem as url_problem, without_query};
