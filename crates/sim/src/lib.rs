//! A seeded world round the engine and the gateway's core: network, server, store, pages, clocks.
//!
//! A [`script::Script`] is made from a seed and then run by a [`world::World`] (one worker) or a
//! [`tabs::world::TabWorld`], which check after every step what must hold ([`check`]). The same seed always runs the
//! same way. A failing script is shrunk by leaving lines out ([`shrink`]). `docs/simulation.md` lists the invariants.
#![deny(missing_docs)]

pub mod check;
pub mod clock;
pub mod disk;
pub mod fold;
pub mod internet;
pub mod lies;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod net;
pub mod page;
pub mod queue;
pub mod run;
pub mod script;
pub mod server;
pub mod shrink;
pub mod store;
pub mod storm;
pub mod story;
pub mod tabs;
mod thread;
pub mod world;
