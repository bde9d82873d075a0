//! The core in simulated time, without a socket.

mod auth;
mod bad_input;
mod basic;
mod bounds;
mod commands;
mod common;
mod dedupe;
mod delivery;
mod incidents;
mod ingest;
mod ingest_model;
mod ingest_watch;
mod limits;
mod log_model;
mod log_port;
mod many;
mod ordering;
mod requests;
mod scenario;
mod session;
mod statistics;
mod store;
mod streams;
mod subscriptions;
