//! Which unsent row makes which other needless. Of one `coalesce` what was sent last counts; but receipts
//! are merged by maximum, so of those the one that says more counts, whenever it was sent: a tab with an
//! older list must not take back what another has read.

use super::Outbox;
use super::queue::Entry;
use super::row::payload_of;
use crate::mutant::{self, Mutant};
use crate::{Durability, Row};
use sentinelops_protocol::Watermark;

/// `None`: it is no receipt.
fn watermark(row: &Row) -> Option<Watermark> {
    if mutant::active(Mutant::LastReceiptCounts) {
        return None;
    }
    Watermark::of(row.channel, &row.kind, &payload_of(row))
}

/// Whether a row says all that an earlier one does.
fn replaces(row: &Row, earlier: &Row) -> bool {
    match (watermark(row), watermark(earlier)) {
        (Some(later), Some(earlier)) => later.covers(&earlier),
        _ => true,
    }
}

/// Whether a row said beforehand all that a later one does.
fn anticipates(row: &Row, later: &Row) -> bool {
    match (watermark(row), watermark(later)) {
        (Some(earlier), Some(later)) => earlier.covers(&later),
        _ => false,
    }
}

impl Outbox {
    /// The unsent rows that a newcomer makes needless.
    pub(super) fn needless(&self, row: &Row) -> Vec<u64> {
        let rivals = self.queue.rivals(row.coalesce.as_deref());
        let needless = rivals.filter(|(_, entry)| self.may_drop(entry) && replaces(row, &entry.row));
        needless.map(|(seq, _)| seq).collect()
    }

    /// Whether an unsent row says as much as a newcomer. It must be one that is not lost before the newcomer
    /// would be: saved, or held by the same page.
    pub(super) fn is_said(&self, row: &Row) -> bool {
        let lasts = |entry: &Entry| {
            !entry.volatile && (entry.durability == Durability::Durable || entry.row.owner == row.owner)
        };
        let mut rivals = self.queue.rivals(row.coalesce.as_deref());
        !row.possibly_sent && rivals.any(|(_, entry)| lasts(entry) && anticipates(&entry.row, row))
    }

    /// Of a row that the store held: which unsent rows it makes needless, and whether one of those makes it
    /// needless. Rows that were taken in this life are later.
    pub(super) fn rivals_of_loaded(&self, seq: u64, row: &Row) -> (Vec<u64>, bool) {
        if row.possibly_sent {
            return (Vec::new(), false);
        }
        let (mut needless, mut said) = (Vec::new(), false);
        for (rival, entry) in self.queue.rivals(row.coalesce.as_deref()) {
            let (earlier, later) = if rival < seq { (&entry.row, row) } else { (row, &entry.row) };
            if replaces(later, earlier) {
                if rival < seq { needless.push(rival) } else { said = true }
            } else if anticipates(earlier, later) {
                if rival < seq { said = true } else { needless.push(rival) }
            }
        }
        (needless, said)
    }
}
