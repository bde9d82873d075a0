//! The rows of one ordering key: first in, first out.

use std::collections::BTreeSet;
use std::rc::Rc;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::outbox) enum LaneKey {
    Key(Rc<str>),
    /// No ordering key: the row's own seq.
    Alone(u64),
}

#[derive(Debug, Default)]
pub(super) struct Lane {
    pub waiting: BTreeSet<u64>,
    pub in_flight: BTreeSet<u64>,
    /// Waiting rows by priority.
    pub ranks: [u32; 4],
    /// Not before this time (monotonic ms): `retryAfterMs` of the row at its head.
    pub blocked: Option<u64>,
    /// After a retryable nack the other rows in flight are refused as well: no row may leave before all of them are back.
    pub draining: bool,
    /// No row of it can leave on this connection.
    pub held_for_connection: bool,
    /// Rows that await a commit. They and everything behind them in this lane are not sent until then.
    pub holds: BTreeSet<u64>,
    pub ready: Option<(usize, u64)>,
}

impl Lane {
    /// The row to send next, and the highest priority that waits behind it: the one place that says whether this key may go
    /// on.
    pub fn next(&self) -> Option<(usize, u64)> {
        let head = *self.waiting.first()?;
        let awaits_commit = self.holds.first().is_some_and(|held| *held <= head);
        let paused = self.blocked.is_some() || self.draining || self.held_for_connection || awaits_commit;
        let rank = self.ranks.iter().position(|count| *count > 0)?;
        (!paused).then_some((rank, head))
    }
}
