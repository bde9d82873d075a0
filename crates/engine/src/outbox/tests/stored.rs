//! What transactions are made of, and what the store holds of each message afterwards.

use super::*;
use crate::StoreError;

#[test]
fn a_group_that_does_not_fit_is_halved_down_to_the_one_row() {
    let mut world = World::new();
    world.connect(v1());
    world.commits = false;
    for id in ["a", "b", "big", "d"] {
        world.send_id(id);
    }
    let mut tries = 0;
    while let Some(group) = world.groups.pop() {
        tries += 1;
        assert!(tries < 20);
        let big = group.ops.iter().any(|op| matches!(op, StoreOp::Put(row) if row.id == "big"));
        if big {
            world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
        } else {
            world.commit(&group);
            world.drain();
        }
    }
    assert_eq!(world.durability("big"), Durability::MemoryOnly);
    for id in ["a", "b", "d"] {
        assert_eq!(world.durability(id), Durability::Durable);
    }
    assert_eq!(*world.outbox.storage(), StorageState::MemoryOnly(StoreError::Quota));
    // Room again: it heals by itself.
    world.commits = true;
    world.pass(30_000);
    assert_eq!(world.durability("big"), Durability::Durable);
    assert_eq!(*world.outbox.storage(), StorageState::Durable);
    assert_eq!(world.rows.len(), 4);
}

#[test]
fn a_row_that_cannot_be_flagged_keeps_the_mark() {
    let mut world = World::new();
    world.connect(v1());
    world.send_id("a");
    world.frame();
    world.commits = false;
    world.disconnect();
    while let Some(group) = world.groups.pop() {
        if group.ops.iter().any(|op| matches!(op, StoreOp::Put(_))) {
            world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
        } else {
            world.commit(&group);
            world.drain();
        }
    }
    assert!(!world.rows["a"].possibly_sent && world.meta.socket_open);
    world.commits = true;
    world.restart();
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed);
}

/// After a crash the earlier one, handed in again, would come behind the later one that was stored.
#[test]
fn of_one_key_nothing_is_stored_behind_what_the_disk_had_no_room_for() {
    let mut world = World::new();
    world.commits = false;
    world.send(request("first", Priority::Normal, Some("key")));
    world.send(request("second", Priority::Normal, Some("key")));
    world.send(request("other", Priority::Normal, Some("another")));
    let mut refused = Vec::new();
    while let Some(group) = world.groups.pop() {
        let big = group.ops.iter().any(|op| matches!(op, StoreOp::Put(row) if row.id == "first"));
        if big {
            refused.push(group.ops.len());
            world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
        } else {
            world.commit(&group);
            world.drain();
        }
    }
    assert_eq!(refused.last(), Some(&1), "halved until it was alone");
    assert_eq!(world.rows.keys().collect::<Vec<_>>(), ["other"]);
    assert_eq!(world.durability("first"), Durability::MemoryOnly);
    assert_eq!(world.durability("second"), Durability::MemoryOnly);
    world.send(request("third", Priority::Normal, Some("key")));
    assert_eq!(world.durability("third"), Durability::MemoryOnly);
    world.commits = true;
    world.pass(30_000);
    assert_eq!(world.rows.len(), 4);
    let order = |id: &str| world.rows[id].order;
    assert!(order("first") < order("second") && order("second") < order("third"));
    assert_eq!(world.durability("third"), Durability::Durable);
}

#[test]
fn message_that_ends_before_its_transaction_begins_is_not_written() {
    let mut world = World::new();
    world.connect(v1());
    world.commits = false;
    world.send_id("a");
    world.send_id("b");
    assert_eq!(world.frame(), ["a", "b"]);
    world.ack("b");
    let group = world.groups.remove(0);
    world.commit(&group);
    world.drain();
    assert_eq!(world.groups, [], "nothing is left to be stored");
    assert_eq!(world.rows.keys().collect::<Vec<_>>(), ["a"]);
}

/// Its entry could not be stored, so a change of it waits for longer than the row before it.
#[test]
fn retried_row_is_not_stored_ahead_of_earlier_rows_of_its_key() {
    let mut world = World::new();
    world.connect(v1());
    world.send(request("retried", Priority::Normal, Some("key")));
    world.frame();
    world.commits = false;
    world.nack("retried", None);
    world.send(request("earlier", Priority::Normal, Some("key")));
    let refuse = |world: &mut World| {
        let group = world.groups.remove(0);
        world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
    };
    while !world.groups.is_empty() {
        refuse(&mut world);
    }
    world.outbox.retry(world.now(), ME, "retried", false, "unused".to_owned());
    world.pass(30_000);
    let put = |group: &StoreGroup| match &group.ops[0] {
        StoreOp::Put(row) => row.id.clone(),
        other => panic!("not a row: {other:?}"),
    };
    assert_eq!(put(&world.groups[0]), "earlier");
    assert_eq!(world.groups[0].ops.len(), 2, "{:?}", world.groups[0]);
}

/// An earlier build could leave both, and the next leader would send the other one as well.
#[test]
fn rows_of_one_message_in_two_places_are_both_deleted_when_it_ends() {
    let mut stored = super::store_session::Stored::default();
    let mut old = World::new();
    old.send_id("a");
    let row = old.rows["a"].clone();
    stored.found_row(&row);
    stored.found_row(&Row { order: row.order + 1, ..row.clone() });
    stored.mark("a");
    let (ids, ops) = stored.take(1, &|_| Wanted::Nothing(None));
    assert_eq!((ids.len(), ops.len()), (1, 2), "{ops:?}");
    stored.committed(&ids, &ops);
    assert!(!stored.has_row("a"));
}

#[test]
fn row_that_is_sent_while_it_is_stored_gets_its_flag_when_the_socket_closes() {
    let mut world = World::new();
    world.connect(v1());
    world.commits = false;
    world.send_id("a");
    assert_eq!(world.frame(), ["a"]);
    world.disconnect();
    world.commits = true;
    let group = world.groups.remove(0);
    world.commit(&group);
    world.drain();
    assert!(world.rows["a"].possibly_sent && !world.meta.socket_open);
}
