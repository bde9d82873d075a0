//! Breaks the connection, the worker, the store and the server, and says what came of it.

mod control;
mod list;
mod panel;
mod send;
mod verdict;

pub use panel::BreakPanel;
