//! The store: durability, reloads, falling back to memory and recovering.

use super::*;
use crate::StoreError;

#[test]
fn nothing_leaves_before_the_older_rows_are_known() {
    let mut old = World::new();
    old.send(request("old", Priority::Normal, Some("k")));
    let mut world = World::closed(OutboxOptions::default());
    world.rows = old.rows;
    world.send(request("new", Priority::Critical, Some("k")));
    world.connect(v1());
    assert!(world.frame().is_empty() && !world.outbox.ready());
    world.open();
    assert_eq!(world.frame(), ["old", "new"]);
    assert!(world.rows["new"].order > world.rows["old"].order);
    assert_eq!(world.durability("new"), Durability::Durable);
}

#[test]
fn nothing_leaves_before_the_mark_is_stored() {
    let mut world = World::new();
    world.send_id("a");
    world.commits = false;
    world.connect(v1());
    assert!(world.frame().is_empty());
    let group = world.groups.pop().unwrap();
    assert!(matches!(group.ops.last(), Some(StoreOp::PutMeta(meta)) if meta.socket_open));
    assert!(group.strict);
    world.commit(&group);
    assert_eq!(world.frame(), ["a"]);
    // Nor does a store that hangs stop everything.
    world.disconnect();
    world.drain();
    world.connect(v1());
    assert!(world.frame().is_empty());
    world.pass(5_000);
    assert_eq!(world.frame(), ["a"]);
    // It is known by now: the next connection does not wait for it again.
    world.disconnect();
    world.connect(v1());
    assert_eq!(world.frame(), ["a"]);
}

/// A thread that wakes reads its socket before the answers of the store.
#[test]
fn nothing_leaves_unmarked_because_the_wait_for_the_store_ran_out_in_a_sleep() {
    let mut world = World::new();
    world.send_id("a");
    world.commits = false;
    world.outbox.socket_opened(world.now());
    world.drain();
    world.now += 20_000;
    world.outbox.connected(world.now(), v1());
    world.drain();
    assert!(world.frame().is_empty(), "the next life would take it for one that was never sent");
    let mark = world.groups.remove(0);
    world.commit(&mark);
    assert_eq!(world.frame(), ["a"]);
}

#[test]
fn a_write_without_an_answer_counts_as_not_saved_until_one_comes() {
    let mut world = World::new();
    world.commits = false;
    world.send_id("a");
    world.pass(4_999);
    assert_eq!(*world.outbox.storage(), StorageState::Durable);
    world.pass(1);
    assert_eq!(*world.outbox.storage(), StorageState::MemoryOnly(StoreError::Silent));
    assert_eq!(world.news["a"].durability, Durability::Pending, "it may still be saved");
    world.send_id("b");
    let group = world.groups.remove(0);
    world.commit(&group);
    world.drain();
    assert_eq!(*world.outbox.storage(), StorageState::Durable);
    // The next one is waited for again.
    world.pass(4_999);
    assert_eq!(*world.outbox.storage(), StorageState::Durable);
    world.pass(1);
    assert_eq!(*world.outbox.storage(), StorageState::MemoryOnly(StoreError::Silent));
    let group = world.groups.remove(0);
    world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
    assert_eq!(*world.outbox.storage(), StorageState::MemoryOnly(StoreError::Quota));
}

#[test]
fn a_store_that_is_slow_does_not_hang() {
    let mut world = World::new();
    world.commits = false;
    world.send_id("a");
    world.connect(v1());
    world.pass(4_000);
    let rows = world.groups.remove(0);
    world.commit(&rows);
    world.drain();
    world.pass(4_000);
    assert!(world.frame().is_empty(), "it answered 4 s ago");
    let mark = world.groups.remove(0);
    world.commit(&mark);
    assert_eq!(world.frame(), ["a"]);
}

#[test]
fn the_mark_of_an_earlier_life_is_not_the_one_of_this_socket() {
    let mut world = World::new();
    world.send_id("a");
    world.connect(v1());
    world.commits = false;
    world.restart();
    world.connect(v1());
    let earlier = world.groups.remove(0);
    assert!(matches!(earlier.ops.last(), Some(StoreOp::PutMeta(meta)) if meta.socket_open));
    world.commit(&earlier);
    assert!(world.frame().is_empty(), "after a crash, what was stored since would count as unsent");
    let mark = world.groups.remove(0);
    world.commit(&mark);
    assert_eq!(world.frame(), ["a"]);
}

#[test]
fn sending_does_not_wait_for_durability() {
    let mut world = World::new();
    world.connect(v1());
    world.commits = false;
    world.send_id("a");
    world.send_id("b");
    world.send_id("c");
    assert_eq!(world.groups.len(), 1, "one transaction at a time");
    assert_eq!(world.frame(), ["a", "b", "c"]);
    assert_eq!(world.durability("a"), Durability::Pending);
    let group = world.groups.pop().unwrap();
    world.commit(&group);
    world.drain();
    assert_eq!(world.durability("a"), Durability::Durable);
    assert_eq!(world.durability("b"), Durability::Pending);
    assert_eq!(world.groups[0].ops.len(), 2, "the rest gathers into the next");
}

#[test]
fn a_crash_with_an_open_socket_leaves_every_row_possibly_sent() {
    let mut world = World::with(OutboxOptions { capacity: 2, ..OutboxOptions::default() });
    world.connect(v1());
    world.send(request("a", Priority::Low, None));
    world.send(request("b", Priority::Low, None));
    world.frame();
    world.restart();
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed);
    world.send(request("c", Priority::Critical, None));
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed);
    // Another crash before any socket: what came later is known to be unsent.
    world.restart();
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed);
    assert_eq!(*world.state("c"), DeliveryState::Queued);
}

#[test]
fn rows_queued_offline_stay_evictable_over_a_reload() {
    let mut world = World::with(OutboxOptions { capacity: 2, ..OutboxOptions::default() });
    world.connect(v1());
    world.send(request("sent", Priority::Low, None));
    world.frame();
    world.disconnect();
    assert!(!world.meta.socket_open);
    assert!(world.rows["sent"].possibly_sent);
    world.send(request("offline", Priority::Low, None));
    world.restart();
    assert_eq!(*world.state("sent"), DeliveryState::Unconfirmed);
    assert_eq!(*world.state("offline"), DeliveryState::Queued);
    world.send(request("high", Priority::High, None));
    assert_eq!(*world.state("offline"), DeliveryState::Evicted);
    world.connect(v1());
    assert_eq!(world.frame(), ["high", "sent"]);
}

#[test]
fn a_page_that_hands_in_again_after_a_restart_changes_nothing() {
    let mut world = World::new();
    world.send(request("a", Priority::Normal, Some("k")));
    world.send(request("b", Priority::Normal, Some("k")));
    let rows = world.rows.clone();
    let mut next = World::closed(OutboxOptions::default());
    next.rows = rows.clone();
    next.send(request("b", Priority::Normal, Some("k")));
    next.open();
    assert_eq!(next.rows, rows);
    assert_eq!(next.durability("b"), Durability::Durable);
    next.connect(v1());
    assert_eq!(next.frame(), ["a", "b"]);
}

#[test]
fn a_dead_handle_is_opened_once_more_and_then_it_is_memory_until_it_heals() {
    let dead = || StoreError::Dead("closed".to_owned());
    let mut world = World::new();
    world.send_id("saved");
    world.commits = false;
    world.send_id("a");
    let group = world.groups.pop().unwrap();
    world.store(StoreEvent::Aborted { number: group.number, error: dead() });
    assert_eq!(world.opens, 2);
    assert_eq!(world.durability("a"), Durability::Pending);
    world.open();
    let group = world.groups.pop().unwrap();
    assert!(group.ops.iter().any(|op| matches!(op, StoreOp::Put(row) if row.id == "a")));
    world.store(StoreEvent::Aborted { number: group.number, error: dead() });
    assert_eq!(*world.outbox.storage(), StorageState::MemoryOnly(dead()));
    assert_eq!(world.durability("a"), Durability::MemoryOnly);
    assert_eq!(world.durability("saved"), Durability::Durable);
    world.send_id("b");
    assert_eq!(world.durability("b"), Durability::MemoryOnly);
    // Sending goes on, and what ends meanwhile is gone from the store afterwards.
    world.connect(v1());
    assert_eq!(world.frame(), ["saved", "a", "b"]);
    world.ack("saved");
    world.nack("b", None);
    assert_eq!(world.opens, 2);
    world.pass(30_000);
    assert_eq!(world.opens, 3);
    world.commits = true;
    world.open();
    assert_eq!(*world.outbox.storage(), StorageState::Durable);
    assert_eq!(world.rows.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(world.failed.keys().collect::<Vec<_>>(), ["b"]);
    assert!(world.rows["a"].possibly_sent || world.meta.socket_open);
    assert_eq!(world.durability("a"), Durability::Durable);
}

#[test]
fn without_a_store_everything_works_in_memory() {
    let mut world = World::closed(OutboxOptions::default());
    world.send_id("a");
    world.connect(v1());
    assert!(world.frame().is_empty());
    world.store(StoreEvent::OpenFailed(StoreError::Unavailable("private".to_owned())));
    assert!(world.outbox.ready());
    assert_eq!(world.durability("a"), Durability::MemoryOnly);
    assert_eq!(world.frame(), ["a"]);
    let mut off = World::closed(OutboxOptions { persist: false, ..OutboxOptions::default() });
    assert_eq!((off.opens, off.outbox.ready()), (0, true));
    assert_eq!(*off.outbox.storage(), StorageState::Off);
    off.send_id("a");
    off.connect(v1());
    assert_eq!(off.frame(), ["a"]);
}

#[test]
fn a_store_that_never_answers_counts_as_failed() {
    let mut world = World::closed(OutboxOptions::default());
    world.send_id("a");
    world.connect(v1());
    world.pass(10_000);
    assert!(matches!(world.outbox.storage(), StorageState::MemoryOnly(_)));
    assert_eq!(world.frame(), ["a"]);
    world.open();
    assert_eq!(world.durability("a"), Durability::Durable);
}

#[test]
fn a_newer_build_stops_this_one() {
    let mut world = World::new();
    world.send_id("a");
    world.connect(v1());
    world.store(StoreEvent::Closed(StoreError::NewerSchema));
    assert!(world.outbox.has_newer_schema());
    assert!(world.frame().is_empty());
    assert_eq!(*world.outbox.storage(), StorageState::MemoryOnly(StoreError::NewerSchema));
}

#[test]
fn facts_that_outlive_the_leader_are_merged_and_kept() {
    let mut world = World::closed(OutboxOptions::default());
    world.meta = Meta { term: 5, not_before: 9, welcomed: true, ..Meta::default() };
    world.outbox.update_meta(|meta| meta.attempts = 2);
    world.open();
    assert_eq!(world.outbox.meta().term, 5);
    world.outbox.update_meta(|meta| meta.term += 1);
    world.drain();
    assert_eq!((world.meta.term, world.meta.attempts, world.meta.welcomed), (6, 2, true));
}

#[test]
fn a_bad_end_moves_to_the_failed_list_or_stays_but_is_never_nowhere() {
    let mut world = World::new();
    world.send_id("a");
    world.send_id("b");
    world.connect(v1());
    world.frame();
    world.commits = false;
    world.nack("a", None);
    world.nack("b", None);
    while let Some(group) = world.groups.pop() {
        if group.ops.iter().any(|op| matches!(op, StoreOp::PutFailed(_))) {
            world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
        } else {
            world.commit(&group);
            world.drain();
        }
    }
    assert_eq!((world.rows.len(), world.failed.len()), (2, 0));
    world.commits = true;
    world.pass(30_000);
    assert_eq!((world.rows.len(), world.failed.len()), (0, 2));
    assert_eq!(*world.outbox.storage(), StorageState::Durable);
}

#[test]
fn what_a_broken_store_would_bring_back_is_not_dropped() {
    let mut world = World::with(OutboxOptions { capacity: 2, ..OutboxOptions::default() });
    world.send(request("saved", Priority::Low, None));
    world.store(StoreEvent::Closed(StoreError::Unavailable("gone".to_owned())));
    world.send(request("memory", Priority::Low, None));
    world.send(request("high", Priority::High, None));
    assert_eq!(*world.state("memory"), DeliveryState::Evicted);
    world.send(request("high2", Priority::High, None));
    assert!(matches!(failed(world.state("high2")), FailReason::QueueFull { .. }));
    world.outbox.discard(world.now(), ME, "saved");
    world.drain();
    assert_eq!(*world.state("saved"), DeliveryState::Queued);
}
