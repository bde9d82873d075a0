//! Rows that other tabs append to the same store.

use super::*;
use crate::appended_order;

#[test]
fn rows_of_other_tabs_are_found_sent_and_deleted() {
    let mut world = World::new();
    world.send_id("mine");
    world.connect(v1());
    assert!(world.rescans > 0);
    let mut row = row_of(&request("theirs", Priority::High, None), WALL, "other").unwrap();
    row.order = appended_order(world.rows["mine"].order, 0);
    world.rows.insert("theirs".to_owned(), row.clone());
    world.outbox.name_owner("other".to_owned(), Some(ConsumerId(9)));
    let all: Vec<Row> = world.rows.values().cloned().collect();
    world.store(StoreEvent::Found(all.clone()));
    world.store(StoreEvent::Found(all.clone()));
    assert_eq!(world.frame(), ["theirs", "mine"]);
    world.outbox.ack(world.now(), &["theirs".to_owned()]);
    let told = std::iter::from_fn(|| world.outbox.poll(at(world.now))).any(|output| {
        matches!(output, OutboxOutput::Update { to: Some(ConsumerId(9)), update }
            if update.delivery == DeliveryState::Delivered)
    });
    assert!(told);
    // A look taken before the delete was stored brings it back in vain.
    world.store(StoreEvent::Found(all));
    assert!(world.frame().is_empty());
    world.send_id("next");
    assert!(world.rows["next"].order > row.order && world.rows["next"].order.is_multiple_of(2));
}

#[test]
fn what_another_tab_hands_in_is_stored_as_its_own() {
    let mut world = World::new();
    world.outbox.name_owner("other".to_owned(), Some(ConsumerId(9)));
    world.outbox.enqueue(at(0), ConsumerId(9), request("theirs", Priority::Normal, None));
    world.send_id("mine");
    world.drain();
    assert_eq!((&*world.rows["theirs"].owner, &*world.rows["mine"].owner), ("other", "tab"));
}

/// Of its key an earlier one is in memory only, so that it would not be written in its own place.
#[test]
fn what_flies_from_memory_keeps_the_copy_that_another_tab_saved() {
    let mut world = World::new();
    world.connect(v1());
    world.commits = false;
    let both = ["a", "b"].map(|id| request(id, Priority::Normal, Some("k")));
    both.into_iter().for_each(|request| world.send(request));
    while let Some(group) = world.groups.pop() {
        world.store(StoreEvent::Aborted { number: group.number, error: crate::StoreError::Quota });
    }
    assert_eq!(world.frame(), ["a", "b"]);
    assert_eq!(world.news["b"].durability, Durability::MemoryOnly);
    let row = row_of(&request("b", Priority::Normal, Some("k")), WALL, "other").unwrap();
    let row = Row { order: 1_001, ..row };
    world.rows.insert("b".to_owned(), row.clone());
    world.store(StoreEvent::Found(vec![row]));
    assert_eq!(world.news["b"].durability, Durability::Durable);
    assert_eq!(world.groups, [], "it stays where it is");
    world.commits = true;
    world.outbox.ack(world.now(), &["b".to_owned()]);
    world.drain();
    assert!(!world.rows.contains_key("b"));
}

#[test]
fn what_an_earlier_leader_appended_too_much_of_is_trimmed() {
    let options = OutboxOptions { capacity: 2, ..OutboxOptions::default() };
    let mut world = World::with(options);
    let mut rows = Vec::new();
    for (n, priority) in
        [Priority::Low, Priority::Critical, Priority::Normal, Priority::Low].iter().enumerate()
    {
        let mut row = row_of(&request(&n.to_string(), *priority, None), WALL, "other").unwrap();
        row.order = n as u64 * 2 + 1;
        rows.push(row);
    }
    world.store(StoreEvent::Found(rows));
    assert_eq!(*world.state("0"), DeliveryState::Evicted);
    assert!(matches!(failed(world.state("3")), FailReason::QueueFull { .. }));
    assert_eq!(world.outbox.counts().queued, [1, 0, 1, 0]);
}

#[test]
fn orders_of_two_writers_never_meet() {
    assert_eq!([0, 1, 2, 3].map(|last| appended_order(last, 0)), [1, 3, 3, 5]);
    assert_eq!([0, 6, 7, 8].map(|last| appended_order(last, 7)), [7, 7, 9, 9]);
}
