//! The realtime engine of SentinelOps: everything that decides, nothing that does.
//!
//! No socket, no store, no clock, no randomness of its own: time is the [`Now`] argument of every
//! input, randomness comes from the seed given to [`Engine::new`]. The worker shell and the
//! simulator drive it the same way:
//!
//! 1. give it one input (a method that takes `now`);
//! 2. **after every input, drain [`Engine::poll_output`] until it answers `None`, then wait for the
//!    next input, at the latest until [`Engine::poll_timeout`], and then call
//!    [`Engine::handle_timeout`]**.
//!
//! Inputs are grouped as *commands* (what people and pages want), *socket*, *store*, *hints* and
//! *time*. Nothing here panics on what comes from outside.
#![deny(missing_docs, clippy::unwrap_used)]

mod auth;
mod backoff;
mod bounds;
mod close_codes;
mod consumers;
mod delivery;
mod engine;
mod fold;
mod ids;
mod latency;
mod liveness;
mod message;
mod mode;
// Public for worker and simulator, and no API.
#[doc(hidden)]
pub mod mutant;
mod now;
mod options;
mod outbox;
mod output;
mod raw;
mod socket;
mod status;
mod status_text;
mod store;
mod subscriptions;
#[doc(hidden)]
pub mod tabs;
mod timers;

pub use bounds::Bounds;
pub use close_codes::close_meaning;
pub use delivery::{Batch, ConsumerId, Delivery, SnapshotDelivery};
pub use engine::Engine;
// For the fold of the page, and no API.
#[doc(hidden)]
pub use fold::MAX_KEYS;
pub use message::{
    DeliveryState, Durability, FailReason, MessageCounts, MessageInfo, MessageUpdate, SendRequest,
};
pub use now::Now;
pub use options::{EngineOptions, ModeOption, Options, OutboxOptions, TokenIn};
pub use output::{Output, TokenReason, Trace};
pub use raw::RawFrame;
pub use socket::{Generation, Hint, SocketEvent};
pub use status::{Cause, ConnectionState, Metrics, Mode, Quality, Status};
pub use store::{
    FailedRow, Meta, Row, StorageState, StoreError, StoreEvent, StoreGroup, StoreName, StoreOp,
    StoreSnapshot, UnreadableRecord,
};

#[cfg(test)]
mod tests;
