//! What ends by our own decision ends when the store has taken it in.

use super::*;
use crate::StoreError;

/// Room for one, taken by `low` of key `k`; an urgent one has just pushed it out, and the store has
/// not answered.
fn evicting() -> World {
    let mut world = World::with(OutboxOptions { capacity: 1, ..OutboxOptions::default() });
    world.send(request("low", Priority::Low, Some("k")));
    assert_eq!(world.durability("low"), Durability::Durable);
    world.commits = false;
    world.send(request("high", Priority::High, None));
    assert_eq!(*world.state("low"), DeliveryState::Queued, "not reported yet");
    world
}

fn answer(world: &mut World, error: Option<StoreError>) {
    for group in std::mem::take(&mut world.groups) {
        match &error {
            None => world.commit(&group),
            Some(error) => {
                world.store(StoreEvent::Aborted { number: group.number, error: error.clone() });
            }
        }
    }
    world.drain();
}

#[test]
fn eviction_is_reported_once_it_is_stored() {
    let mut world = evicting();
    answer(&mut world, None);
    assert_eq!(*world.state("low"), DeliveryState::Evicted);
    assert!(world.failed.contains_key("low") && !world.rows.contains_key("low"));
    assert!(world.outbox.list().iter().any(|info| info.update.delivery == DeliveryState::Evicted));
}

#[test]
fn what_the_store_keeps_is_sent_in_its_old_place() {
    let mut world = evicting();
    while !world.groups.is_empty() {
        answer(&mut world, Some(StoreError::Quota));
    }
    assert_eq!(*world.state("low"), DeliveryState::Queued);
    assert!(world.rows.contains_key("low"));
    world.commits = true;
    world.outbox.options.capacity = 10;
    world.send(request("later", Priority::Normal, Some("k")));
    world.connect(v1());
    assert_eq!(world.frame(), ["high", "low", "later"]);
}

/// It stands above the capacity until the next message that needs room: then it goes, and one for the message.
#[test]
fn what_a_full_disk_kept_is_evicted_with_the_next() {
    let mut world = World::with(OutboxOptions { capacity: 2, ..OutboxOptions::default() });
    for id in ["low1", "low2"] {
        world.send(request(id, Priority::Low, None));
    }
    world.commits = false;
    world.send(request("high1", Priority::High, None));
    while !world.groups.is_empty() {
        answer(&mut world, Some(StoreError::Quota));
    }
    assert_eq!(world.outbox.counts().queued, [0, 1, 0, 2], "low1 is above the capacity");
    world.commits = true;
    world.pass(30_000);
    world.send(request("normal", Priority::Normal, None));
    assert_eq!(world.outbox.counts().queued, [0, 1, 1, 0]);
    assert_eq!(*world.state("low1"), DeliveryState::Evicted);
    assert_eq!(*world.state("low2"), DeliveryState::Evicted);
}

/// Where only it can go, the message that needs room is refused.
#[test]
fn what_a_full_disk_kept_gives_its_room_to_nobody() {
    let mut world = evicting();
    while !world.groups.is_empty() {
        answer(&mut world, Some(StoreError::Quota));
    }
    world.commits = true;
    world.pass(30_000);
    world.send(request("normal", Priority::Normal, None));
    assert_eq!(*failed(world.state("normal")), FailReason::QueueFull { capacity: 1 });
    assert_eq!(world.outbox.counts().queued, [0, 1, 0, 1]);
}

#[test]
fn nothing_of_its_key_overtakes_it_meanwhile() {
    let mut world = World::with(OutboxOptions { capacity: 1, ..OutboxOptions::default() });
    world.send(request("low", Priority::Low, Some("k")));
    world.commits = false;
    // The store is known to hang: no mark is waited for.
    world.connect(v1());
    world.pass(5_000);
    world.disconnect();
    world.send(request("high", Priority::High, None));
    world.outbox.options.capacity = 10;
    world.send(request("later", Priority::Normal, Some("k")));
    world.connect(v1());
    world.pass(4_999);
    // Were this life to end now, the next would send it: before what came later.
    assert_eq!(world.frame(), ["high"]);
    world.pass(60_000);
    assert_eq!(world.frame(), [""; 0], "also while the store hangs: it may still refuse the eviction");
    while !world.groups.is_empty() {
        answer(&mut world, None);
    }
    assert_eq!(*world.state("low"), DeliveryState::Evicted);
    assert_eq!(world.frame(), ["later"]);
}

#[test]
fn what_is_before_it_does_not_wait() {
    let mut world = World::with(OutboxOptions { capacity: 2, ..OutboxOptions::default() });
    world.send(request("normal", Priority::Normal, Some("k")));
    world.send(request("low", Priority::Low, Some("k")));
    world.connect(v1());
    world.commits = false;
    world.send(request("high", Priority::High, None));
    assert_eq!(world.frame(), ["high", "normal"]);
}

#[test]
fn a_store_that_goes_away_gives_it_back() {
    let mut world = evicting();
    world.store(StoreEvent::Closed(StoreError::Dead("gone".to_owned())));
    assert_eq!(world.opens, 2);
    assert_eq!(world.outbox.counts().queued, [0, 1, 0, 1]);
    world.groups.clear();
    world.commits = true;
    world.outbox.options.capacity = 10;
    world.open();
    world.connect(v1());
    assert_eq!(world.frame(), ["high", "low"]);
}

#[test]
fn what_a_store_that_goes_away_never_held_is_gone() {
    let mut world = World::with(OutboxOptions { capacity: 1, ..OutboxOptions::default() });
    world.commits = false;
    world.send(request("low", Priority::Low, Some("k")));
    world.send(request("high", Priority::High, None));
    assert_eq!(*world.state("low"), DeliveryState::Queued, "its row may be stored by now");
    answer(&mut world, Some(StoreError::Dead("gone".to_owned())));
    assert_eq!(*world.state("low"), DeliveryState::Evicted);
    assert_eq!(world.outbox.counts().queued, [0, 1, 0, 0]);
    // The next store is to list it.
    world.commits = true;
    world.open();
    assert!(world.failed.contains_key("low") && !world.rows.contains_key("low"));
}

/// It would stand above the capacity, beside the message it made room for.
#[test]
fn what_was_not_on_its_way_to_a_store_that_dies_is_gone() {
    let mut world = World::with(OutboxOptions { capacity: 2, ..OutboxOptions::default() });
    world.commits = false;
    world.send(request("under way", Priority::Low, None));
    world.send(request("waiting", Priority::Low, None));
    world.send(request("high", Priority::High, None));
    world.send(request("higher", Priority::High, None));
    assert_eq!(*world.state("waiting"), DeliveryState::Queued);
    world.store(StoreEvent::Closed(StoreError::Dead("gone".to_owned())));
    assert_eq!(*world.state("waiting"), DeliveryState::Evicted);
    assert_eq!(*world.state("under way"), DeliveryState::Queued, "the store may hold it");
    assert_eq!(world.outbox.counts().queued, [0, 2, 0, 1]);
    // The next store is to list it.
    world.groups.clear();
    world.commits = true;
    world.open();
    assert!(world.failed.contains_key("waiting") && !world.rows.contains_key("waiting"));
}

#[test]
fn replacement_is_reported_once_its_row_is_deleted() {
    let mut world = World::new();
    let one =
        |id: &str| SendRequest { coalesce: Some("c".to_owned()), ..request(id, Priority::Normal, None) };
    world.send(one("a"));
    world.commits = false;
    world.send(one("b"));
    assert_eq!(*world.state("a"), DeliveryState::Queued);
    answer(&mut world, None);
    assert_eq!(*world.state("a"), DeliveryState::Superseded);
    assert_eq!(*world.state("b"), DeliveryState::Queued);
}

#[test]
fn what_a_lost_socket_may_still_carry_does_not_fail_by_nacks() {
    let nacked = |world: &mut World| {
        for _ in 0..3 {
            assert_eq!(world.frame(), ["a"]);
            world.nack("a", Some(100));
            world.pass(100);
        }
    };
    let mut world = World::new();
    world.send_id("a");
    world.connect(v1());
    world.frame();
    let mut next = World::closed(OutboxOptions::default());
    (next.rows, next.meta) = (world.rows.clone(), world.meta.clone());
    next.open();
    next.connect(v1());
    world.disconnect();
    world.connect(v1());
    // The socket of this life, or of an earlier one.
    for world in [&mut world, &mut next] {
        nacked(world);
        assert_eq!(*world.state("a"), DeliveryState::Queued);
        world.pass(80_000);
        assert_eq!(world.frame(), ["a"]);
        world.nack("a", Some(100));
        assert!(matches!(failed(world.state("a")), FailReason::TooManyAttempts { .. }));
    }
}

#[test]
fn what_was_nacked_too_often_and_cannot_be_listed_is_tried_again() {
    let mut world = World::new();
    world.send_id("a");
    world.connect(v1());
    for _ in 0..2 {
        assert_eq!(world.frame(), ["a"]);
        world.nack("a", Some(100));
        world.pass(100);
    }
    assert_eq!(world.frame(), ["a"]);
    world.commits = false;
    world.nack("a", Some(100));
    assert_eq!(*world.state("a"), DeliveryState::Sent, "not reported yet");
    while !world.groups.is_empty() {
        answer(&mut world, Some(StoreError::Quota));
    }
    world.commits = true;
    world.pass(29_000);
    assert_eq!(world.frame(), [""; 0]);
    world.pass(1_100);
    assert_eq!(world.frame(), ["a"]);
    world.nack("a", Some(100));
    assert!(matches!(failed(world.state("a")), FailReason::TooManyAttempts { .. }));
}

/// There was no room for it, and there may be some by the time it is written again.
#[test]
fn what_is_being_written_again_ends_when_that_is_over() {
    for fits in [true, false] {
        let mut world = World::new();
        world.commits = false;
        world.send_id("a");
        answer(&mut world, Some(StoreError::Quota));
        assert_eq!(world.durability("a"), Durability::MemoryOnly);
        world.connect(v1());
        while !world.groups.is_empty() {
            answer(&mut world, None);
        }
        for _ in 0..2 {
            assert_eq!(world.frame(), ["a"]);
            world.nack("a", Some(100));
            answer(&mut world, Some(StoreError::Quota));
            world.pass(100);
        }
        world.pass(30_000);
        assert!(!world.groups.is_empty(), "it is written again");
        assert_eq!(world.frame(), ["a"]);
        world.nack("a", Some(100));
        assert_eq!(*world.state("a"), DeliveryState::Sent, "not reported yet");
        if fits {
            while !world.groups.is_empty() {
                answer(&mut world, None);
            }
            assert!(world.failed.contains_key("a") && !world.rows.contains_key("a"));
        } else {
            answer(&mut world, Some(StoreError::Quota));
        }
        assert!(matches!(failed(world.state("a")), FailReason::TooManyAttempts { .. }));
    }
}

/// `low` was evicted and is tried again; the store has not answered.
fn trying_again() -> World {
    let mut world = evicting();
    answer(&mut world, None);
    world.connect(v1());
    while !world.groups.is_empty() {
        answer(&mut world, None);
    }
    assert_eq!(world.frame(), ["high"]);
    world.outbox.options.capacity = 10;
    world.outbox.retry(world.now(), ME, "low", false, "unused".to_owned());
    world.drain();
    world
}

/// The next life would still find it in the failed list, and say that it was never sent.
#[test]
fn what_is_tried_again_is_stored_before_it_is_sent() {
    let mut world = trying_again();
    world.send(request("behind", Priority::Normal, Some("k")));
    world.send(request("beside", Priority::Normal, None));
    assert_eq!(world.frame(), ["beside"]);
    answer(&mut world, None);
    assert_eq!(world.frame(), ["low", "behind"]);
}

#[test]
fn unresponsive_or_full_store_delays_no_retry() {
    let mut world = trying_again();
    world.pass(5_000);
    assert_eq!(world.frame(), ["low"]);
    let mut world = trying_again();
    answer(&mut world, Some(StoreError::Quota));
    assert_eq!(world.frame(), ["low"]);
    let mut world = trying_again();
    world.store(StoreEvent::Closed(StoreError::Unavailable("gone".to_owned())));
    assert_eq!(world.frame(), ["low"]);
}

/// A leader that found it in both would take the entry of the list for the later one.
#[test]
fn what_is_tried_again_leaves_the_list_in_the_transaction_that_stores_it() {
    let mut world = trying_again();
    let group = world.groups.remove(0);
    world.commit(&group);
    assert!(world.rows.contains_key("low") && !world.failed.contains_key("low"));
    world.commits = true;
    world.restart();
    world.connect(v1());
    assert_eq!(world.frame(), ["high", "low"]);
}

/// Changes that store nothing still get through on a full disk.
#[test]
fn full_disk_takes_nothing_off_the_list_that_it_does_not_store() {
    let mut world = World::with(OutboxOptions { capacity: 1, ..OutboxOptions::default() });
    world.send(request("low", Priority::Low, Some("k")));
    world.send(request("high", Priority::High, None));
    world.outbox.options.capacity = 10;
    world.commits = false;
    world.send(request("before", Priority::Normal, Some("k")));
    world.outbox.retry(world.now(), ME, "low", false, "unused".to_owned());
    world.send(request("beside", Priority::Normal, None));
    while !world.groups.is_empty() {
        let group = world.groups.remove(0);
        if group.ops.iter().any(|op| matches!(op, StoreOp::Put(_) | StoreOp::PutFailed(_))) {
            world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
        } else {
            world.commit(&group);
            world.drain();
        }
    }
    assert!(!world.rows.contains_key("low") && world.failed.contains_key("low"));
    world.commits = true;
    world.pass(31_000);
    assert!(world.rows.contains_key("low") && !world.failed.contains_key("low"));
}

/// A message that failed while the disk was full: its row lies there still, and nothing about its end.
fn failed_on_a_full_disk() -> World {
    let mut world = World::new();
    world.connect(v1());
    world.send_id("m");
    assert_eq!(world.frame(), ["m"]);
    world.commits = false;
    world.outbox.nack(world.now(), "m", sentinelops_protocol::Code::Forbidden, String::new(), None);
    world.drain();
    while let Some(group) = world.groups.pop() {
        world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
    }
    assert!(world.rows.contains_key("m") && !world.failed.contains_key("m"));
    world.commits = true;
    world
}

/// The next leader would send it.
#[test]
fn discarding_what_failed_on_a_full_disk_deletes_its_row() {
    let mut world = failed_on_a_full_disk();
    world.outbox.discard(world.now(), ME, "m");
    world.drain();
    assert!(world.rows.is_empty(), "{:?}", world.rows);
}

#[test]
fn what_failed_on_a_full_disk_and_is_tried_again_lies_there_once() {
    let mut world = failed_on_a_full_disk();
    let order = world.rows["m"].order;
    world.outbox.retry(world.now(), ME, "m", false, "unused".to_owned());
    world.drain();
    assert_eq!(world.rows["m"].order, order);
    assert_eq!(world.frame(), ["m"]);
    world.ack("m");
    assert!(world.rows.is_empty(), "{:?}", world.rows);
}

#[test]
fn entry_discarded_under_a_dying_store_does_not_return() {
    let mut world = evicting();
    answer(&mut world, None);
    assert!(world.failed.contains_key("low"));
    world.outbox.discard(world.now(), ME, "low");
    world.drain();
    world.groups.clear();
    world.store(StoreEvent::Closed(StoreError::Dead("gone".to_owned())));
    world.commits = true;
    world.open();
    assert!(world.failed.is_empty() && world.outbox.counts().failed == 0);
}
