//! What is counted only ever grows.

use super::*;
use crate::fold::MAX_RECENT;

#[test]
fn repeats_are_dropped_and_counted() {
    let mut subs = live(&chat(), 5);
    subs.event(at(1), message("c1", 6, 5));
    subs.event(at(1), message("c1", 6, 5));
    subs.event(at(1), message("c1", 4, 3));
    assert_eq!(drain(&mut subs).len(), 1);
    assert_eq!(subs.counts(), SubCounts { repeats: 2, ..SubCounts::default() });
}

#[test]
fn what_fell_out_of_a_full_fold_stays_counted() {
    let most = MAX_RECENT as u64;
    let mut subs = live(&chat(), 0);
    for seq in 1..=most + 3 {
        subs.event(at(1), message("c1", seq, seq - 1));
    }
    assert_eq!(subs.counts().dropped, 3);
    // Another state in its place, itself too long, with the one event that came while it did.
    subs.subscribed(at(2), answer(&chat(), "new", 0, Continuity::Snapshot));
    assert_eq!(subs.counts().dropped, 3);
    subs.snapshot(at(2), part(&chat(), "new", most + 1, 0, false, (0..most).map(item).collect()));
    subs.event(at(2), message("c1", most + 2, most + 1));
    subs.snapshot(at(2), part(&chat(), "new", most + 1, 1, true, vec![item(most)]));
    assert_eq!(subs.counts().dropped, 5);
    subs.unwant(at(3), &chat());
    subs.timeout(at(3 + LINGER_MS), SILENT);
    assert!(subs.fold_items(&chat()).is_none());
    assert_eq!(subs.counts().dropped, 5);
}
