//! Which unsent row replaces which. Of one `coalesce` name the last row counts. Receipts are merged by maximum, so the one
//! that covers more counts, whenever it was sent: a tab with an older list must not take back what another has read.

use super::Outbox;
use super::queue::Entry;
use super::row::payload_of;
use crate::mutant::{self, Mutant};
use crate::{Durability, Row};
use sentinelops_protocol::Watermark;

/// The watermark of a receipt; `None` for other rows.
fn watermark(row: &Row) -> Option<Watermark> {
    if mutant::active(Mutant::LastReceiptCounts) {
        return None;
    }
    Watermark::of(row.channel, &row.kind, &payload_of(row))
}

/// Whether a row replaces an earlier one.
fn replaces(row: &Row, earlier: &Row) -> bool {
    match (watermark(row), watermark(earlier)) {
        (Some(later), Some(earlier)) => later.covers(&earlier),
        _ => true,
    }
}

/// Whether an earlier receipt already covers a later one.
fn already_covers(row: &Row, later: &Row) -> bool {
    match (watermark(row), watermark(later)) {
        (Some(earlier), Some(later)) => earlier.covers(&later),
        _ => false,
    }
}

impl Outbox {
    /// The unsent rows that a new row replaces.
    pub(super) fn superseded(&self, row: &Row) -> Vec<u64> {
        let coalesce_group = self.queue.coalesce_group(row.coalesce.as_deref());
        let superseded =
            coalesce_group.filter(|(_, entry)| self.may_drop(entry) && replaces(row, &entry.row));
        superseded.map(|(seq, _)| seq).collect()
    }

    /// Whether an unsent row already covers a new one. Only rows count that are not lost before the new one: durable
    /// ones, and those of the same page.
    pub(super) fn is_redundant(&self, row: &Row) -> bool {
        let lasts = |entry: &Entry| {
            !entry.volatile && (entry.durability == Durability::Durable || entry.row.owner == row.owner)
        };
        let mut coalesce_group = self.queue.coalesce_group(row.coalesce.as_deref());
        !row.possibly_sent && coalesce_group.any(|(_, entry)| lasts(entry) && already_covers(&entry.row, row))
    }

    /// For a row loaded from the store: which unsent rows it replaces, and whether one of them replaces it. Rows taken by
    /// this engine are later than loaded ones.
    pub(super) fn redundancy_of_loaded(&self, seq: u64, row: &Row) -> (Vec<u64>, bool) {
        if row.possibly_sent {
            return (Vec::new(), false);
        }
        let (mut superseded, mut redundant) = (Vec::new(), false);
        for (rival, entry) in self.queue.coalesce_group(row.coalesce.as_deref()) {
            let (earlier, later) = if rival < seq { (&entry.row, row) } else { (row, &entry.row) };
            if replaces(later, earlier) {
                if rival < seq { superseded.push(rival) } else { redundant = true }
            } else if already_covers(earlier, later) {
                if rival < seq { redundant = true } else { superseded.push(rival) }
            }
        }
        (superseded, redundant)
    }
}
