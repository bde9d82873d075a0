//! SentinelOps: a live operations console in the browser. Its realtime layer is a crate of its own,
//! [`sentinelops_realtime`].
//!
//! Public for the program and the tests; not published.
#![deny(missing_docs, clippy::unwrap_used)]

pub mod actions;
pub mod attention;
pub mod board;
pub mod commands;
pub mod components;
pub mod config;
pub mod letters;
pub mod looked;
pub mod markup;
pub mod pages;
pub mod program;
pub mod story;
pub mod trend;
pub mod wall;
pub mod words;

// The code of these pages compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/api.md")]
struct Api;
#[cfg(doctest)]
#[doc = include_str!("../docs/coming-from.md")]
struct ComingFrom;
