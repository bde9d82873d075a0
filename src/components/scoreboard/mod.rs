//! The scoreboard of promises: each message takes effect once, in order, and a gap is told.

#[cfg(feature = "lab")]
mod count;
mod follow;
#[cfg_attr(not(any(feature = "lab", test)), allow(dead_code, reason = "only the laboratory compares"))]
mod ledger;
mod panel;
#[cfg(test)]
mod tests;

pub use ledger::Score;
pub use panel::ScoreboardPanel;

use ledger::Ledger;
use std::cell::RefCell;
use std::rc::Rc;

/// Shared by the parts of a scoreboard.
type Shared = Rc<RefCell<Ledger>>;

/// What the figures are checked against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(not(feature = "lab"), allow(dead_code, reason = "only the laboratory compares"))]
enum Check {
    /// Nothing: this build cannot ask.
    #[default]
    None,
    /// The gateway was asked and has not answered.
    Awaited,
    /// The gateway's count, as of its last answer.
    Counted,
    /// The gateway does not tell its count.
    Refused,
}
