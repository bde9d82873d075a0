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
    /// The row that may leave next by order.
    pub fn head(&self) -> Option<u64> {
        let head = *self.waiting.first()?;
        let waits = self.holds.first().is_some_and(|holds| *holds <= head);
        (!waits).then_some(head)
    }
}
