//! Breaks the connection, the worker, the store and the server, and says what came of it.

mod control;
mod faults;
mod list;
mod panel;
mod send;
mod verdict;

pub(in crate::components) use control::Order;
pub(crate) use faults::use_faults;
pub(in crate::components) use faults::{Act, Breaker};
#[cfg(test)]
pub(in crate::components) use list::FAULTS;
pub use panel::BreakPanel;
pub(in crate::components) use send::use_orders;
pub(in crate::components) use verdict::{Seen, Verdict, Watch};
