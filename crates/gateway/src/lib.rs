//! The gateway of SentinelOps: the native server at the other end of the wire.
//!
//! - [`core`] decides everything: sessions, subscriptions, history, dedupe, the applied state. It
//!   does no IO and has neither clock nor randomness of its own, so the simulator runs the same
//!   code as the server.
//! - [`ingest`] reads what other systems send (Alertmanager, Grafana, PagerDuty's format, CloudEvents). Pure as well.
//! - [`scenario`] makes up an endless, seeded operations day. Pure as well.
//! - `server` (feature `server`) is the shell: axum, sockets, flags, files, signals.
//! - `nats` and `store` (feature `server`) keep what was accepted: for many gateways, and for one.
//! - `load` (feature `server`) measures a gateway from outside.
//!
//! `docs/protocol.md` describes the wire, `docs/operations.md` the program.
#![deny(missing_docs)]

pub mod core;
pub mod ingest;
#[cfg(feature = "server")]
pub mod load;
#[cfg(feature = "server")]
pub mod nats;
pub mod scenario;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod store;

pub use self::core::{
    Accepted, Answer, Auth, AuthEnds, Begun, Bug, ConnId, Denied, Drops, Durable, Effect, Firing, Gateway,
    GatewayConfig, Group, Histogram, Identity, IncidentRule, IngestCounts, Loaded, Memory, Mode, NewEvent,
    Notice, Now, Output, Part, Place, Position, Proposal, Proposed, Record, Report, Rights, Signal, Source,
    State, Stats, Store, StoredEvent, TestConfig, Token, TrafficLimits, Verdict, What,
};
pub use self::scenario::Scenario;
