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
    pub flying: BTreeSet<u64>,
    /// Waiting rows by priority.
    pub ranks: [u32; 4],
    /// Not before (monotonic ms): `retryAfterMs` of the row at its head.
    pub blocked: Option<u64>,
    /// After a retryable nack the rest of what flies is turned away too: nothing may pass before
    /// all of it is back.
    pub draining: bool,
    /// Nothing of it can leave on this connection.
    pub held: bool,
    /// Rows of it of which the store is to say something first: till then neither they nor what is behind
    /// them is sent.
    pub barred: BTreeSet<u64>,
    pub ready: Option<(usize, u64)>,
}

impl Lane {
    /// The row that may leave next, as far as order goes.
    pub fn head(&self) -> Option<u64> {
        let head = *self.waiting.first()?;
        let waits = self.barred.first().is_some_and(|barred| *barred <= head);
        (!waits).then_some(head)
    }
}
