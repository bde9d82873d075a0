//! Guided tours: each breaks something for half a minute, points at what to see, and ends with a verdict.

mod card;
mod list;
mod look;
mod panel;
mod run;

pub use panel::Tours;
