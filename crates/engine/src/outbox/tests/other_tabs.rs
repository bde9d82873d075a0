//! Rows that other tabs append to the same store.

use super::*;
use crate::{StoreError, appended_order};

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
    let reported = std::iter::from_fn(|| world.outbox.poll(at(world.now))).any(|output| {
        matches!(output, OutboxOutput::Update { to, update }
            if to == [ConsumerId(9)] && update.delivery == DeliveryState::Delivered)
    });
    assert!(reported);
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

const SENDER: ConsumerId = ConsumerId(9);
const OTHER: ConsumerId = ConsumerId(3);

/// An outbox that holds `theirs`, a stored message of the tab `other`, whose consumer is [`SENDER`].
fn with_a_message_of_another_tab() -> World {
    let mut world = World::new();
    world.outbox.name_owner("other".to_owned(), Some(SENDER));
    world.outbox.name_owner("third".to_owned(), Some(OTHER));
    let row =
        Row { order: 1_001, ..row_of(&request("theirs", Priority::Normal, None), WALL, "other").unwrap() };
    world.rows.insert("theirs".to_owned(), row.clone());
    world.store(StoreEvent::Found(vec![row]));
    world
}

/// Which consumers receive that a message has ended, and how.
fn ends(world: &mut World, id: &str) -> Vec<(ConsumerId, DeliveryState)> {
    let mut found = Vec::new();
    while let Some(output) = world.outbox.poll(at(world.now)) {
        match output {
            OutboxOutput::Update { to, update } if update.id == id && update.delivery.is_final() => {
                found.extend(to.into_iter().map(|to| (to, update.delivery.clone())));
            }
            OutboxOutput::Store(group) => world.commit(&group),
            _ => {}
        }
    }
    found.sort_by_key(|(to, _)| *to);
    found
}

#[test]
fn the_end_of_a_message_reaches_its_sender_and_every_tab_that_asked() {
    let mut world = with_a_message_of_another_tab();
    let about = crate::tabs::Inquiry { id: "theirs".to_owned(), coalesced: false, discarded: false };
    world.outbox.inquire(OTHER, vec![about]);
    world.drain();
    let rows = world.rows.values().cloned().collect();
    world.store(StoreEvent::Found(rows));
    world.connect(v1());
    assert_eq!(world.frame(), ["theirs"]);
    world.outbox.ack(world.now(), &["theirs".to_owned()]);
    let delivered = DeliveryState::Delivered;
    assert_eq!(ends(&mut world, "theirs"), [(OTHER, delivered.clone()), (SENDER, delivered)]);
}

#[test]
fn a_message_discarded_in_another_tab_ends_in_both() {
    let mut world = with_a_message_of_another_tab();
    world.outbox.discard(world.now(), OTHER, "theirs");
    let discarded = DeliveryState::Failed(FailReason::Discarded);
    assert_eq!(ends(&mut world, "theirs"), [(OTHER, discarded.clone()), (SENDER, discarded)]);
}

/// The leader that dropped it is gone.
#[test]
fn tab_that_asks_after_the_sender_receives_that_the_message_was_discarded() {
    let mut world = World::new();
    let discarded = DeliveryState::Failed(FailReason::Discarded);
    for (tab, knows) in [(SENDER, true), (OTHER, false)] {
        let about = crate::tabs::Inquiry { id: "gone".to_owned(), coalesced: false, discarded: knows };
        world.outbox.inquire(tab, vec![about]);
        world.drain();
        world.outbox.store_event(world.now(), StoreEvent::Found(Vec::new()));
        assert_eq!(ends(&mut world, "gone"), [(tab, discarded.clone())]);
    }
}

#[test]
fn a_tab_that_asks_while_a_message_leaves_receives_the_end_beside_the_sender() {
    let mut world = with_a_message_of_another_tab();
    world.commits = false;
    world.outbox.discard(world.now(), SENDER, "theirs");
    world.drain();
    world.outbox.known(&[OTHER], "theirs");
    world.drain();
    let group = world.groups.pop().expect("its deletion");
    world.commit(&group);
    let discarded = DeliveryState::Failed(FailReason::Discarded);
    assert_eq!(ends(&mut world, "theirs"), [(OTHER, discarded.clone()), (SENDER, discarded)]);
}

#[test]
fn a_message_retried_in_another_tab_is_reported_to_both() {
    let mut world = with_a_message_of_another_tab();
    world.connect(v1());
    world.frame();
    world.outbox.nack(world.now(), "theirs", sentinelops_protocol::Code::Forbidden, String::new(), None);
    world.drain();
    world.outbox.retry(world.now(), OTHER, "theirs", false, "new".to_owned());
    world.drain();
    assert_eq!(world.frame(), ["theirs"]);
    world.outbox.ack(world.now(), &["theirs".to_owned()]);
    let delivered = DeliveryState::Delivered;
    assert_eq!(ends(&mut world, "theirs"), [(OTHER, delivered.clone()), (SENDER, delivered)]);
}

/// Handed in before, and refused; its page was reloaded before it received that, and the next page could store it.
#[test]
fn stored_message_that_was_refused_is_kept_as_failed() {
    let mut world = World::with(OutboxOptions { capacity: 1, ..OutboxOptions::default() });
    world.send_id("first");
    world.send_id("refused");
    let reason = FailReason::QueueFull { capacity: 1 };
    assert_eq!(failed(world.state("refused")), &reason);
    let mut row = row_of(&request("refused", Priority::Normal, None), WALL, "other").unwrap();
    row.order = appended_order(world.rows["first"].order, 0);
    world.rows.insert("refused".to_owned(), row);
    let all: Vec<Row> = world.rows.values().cloned().collect();
    world.store(StoreEvent::Found(all));
    assert!(!world.rows.contains_key("refused"));
    let kept = world.failed.get("refused").map(|row| &row.state);
    assert_eq!(kept, Some(&DeliveryState::Failed(reason)), "saved and nowhere would count as delivered");
}

/// An earlier leader evicted it. Its tab, which had not received that, handed it in while the store was silent.
#[test]
fn message_that_arrived_is_not_listed_as_evicted_when_the_store_opens() {
    let mut world = World::closed(OutboxOptions::default());
    let request = SendRequest { again: true, ..request("m", Priority::Normal, None) };
    let row = row_of(&request, WALL, "tab").unwrap();
    let listed = FailedRow { row, state: DeliveryState::Evicted, ended_at: WALL };
    world.failed.insert("m".to_owned(), listed);
    world.outbox.assume_stored(ME, vec![request]);
    world.store(StoreEvent::OpenFailed(StoreError::Silent));
    world.connect(v1());
    assert_eq!(world.frame(), ["m"]);
    world.ack("m");
    world.open();
    assert_eq!(world.outbox.list(), []);
    assert!(world.failed.is_empty(), "the next leader would find it there");
    world.send_id("m");
    assert_eq!(*world.state("m"), DeliveryState::Delivered);
}

/// Its page was reloaded before it received that, and handed it in to the store once more.
#[test]
fn message_listed_as_evicted_stays_so_when_its_tab_stored_it_again() {
    let mut world = World::closed(OutboxOptions::default());
    let row = |order, again| {
        let request = SendRequest { again, ..request("m", Priority::Normal, None) };
        Row { order, ..row_of(&request, WALL, "other").unwrap() }
    };
    let listed = FailedRow { row: row(2, false), state: DeliveryState::Evicted, ended_at: WALL };
    world.failed.insert("m".to_owned(), listed);
    world.rows.insert("m".to_owned(), row(1_001, true));
    world.open();
    assert!(world.rows.is_empty() && world.failed.contains_key("m"));
    world.connect(v1());
    assert_eq!(world.frame(), [""; 0]);
    world.send_id("m");
    assert_eq!(*world.state("m"), DeliveryState::Evicted);
}

/// The store of a leader that lost the lock while it had a socket open, at the moment its successor reads it.
fn taken_over() -> World {
    let mut world = World::closed(OutboxOptions { capacity: 1, ..OutboxOptions::default() });
    world.meta = Meta { socket_open: true, last_order: (1 << 53) - 1, term: 1, ..Meta::default() };
    world.open();
    world
}

/// Rows with these orders and the ids `a`, `b`, … are found there.
fn find(world: &mut World, orders: &[u64]) {
    let rows = orders.iter().zip(["a", "b", "c"]).map(|(order, id)| Row {
        order: *order,
        ..row_of(&request(id, Priority::Low, None), WALL, "other").unwrap()
    });
    let rows: Vec<Row> = rows.collect();
    world.rows.extend(rows.iter().map(|row| (row.id.clone(), row.clone())));
    world.store(StoreEvent::Found(rows));
}

/// Its write was under way when this leader read the store.
#[test]
fn row_that_another_leader_stored_may_have_been_sent_by_it() {
    let mut world = taken_over();
    world.pass(60_000);
    find(&mut world, &[]);
    find(&mut world, &[1_002]);
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed);
    world.send(request("high", Priority::High, None));
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed, "it must not be evicted");
    world.connect(v1());
    world.disconnect();
    assert!(world.rows["a"].possibly_sent, "the next leader knows it, too");
}

/// A leader that could not leave its mark, because the store was silent, may have sent all that lies there: also the
/// leader after the next has to know it.
#[test]
fn what_a_leader_without_a_mark_may_have_sent_stays_so_for_every_later_one() {
    let mut next = World::closed(OutboxOptions::default());
    let row = row_of(&request("m", Priority::Normal, None), WALL, "other").unwrap();
    next.rows.insert("m".to_owned(), Row { order: 1_001, ..row });
    next.outbox.store_was_silent();
    next.open();
    assert_eq!(*next.state("m"), DeliveryState::Unconfirmed);

    let mut later = World::closed(OutboxOptions::default());
    (later.rows, later.meta) = (next.rows.clone(), next.meta.clone());
    later.open();
    assert_eq!(*later.state("m"), DeliveryState::Unconfirmed);
}

/// The store has no room for what it was asked to take in.
fn refuse_groups(world: &mut World) {
    while let Some(group) = world.groups.pop() {
        world.store(StoreEvent::Aborted { number: group.number, error: StoreError::Quota });
    }
}

/// Listing it failed for want of room. Between losing the row and listing its end it would count as delivered.
#[test]
fn copy_of_a_refused_message_goes_as_the_message_is_listed() {
    let mut world = World::new();
    world.connect(v1());
    world.commits = false;
    world.send_id("m");
    refuse_groups(&mut world);
    assert_eq!(world.frame(), ["m"]);
    world.nack("m", None);
    refuse_groups(&mut world);
    let row = row_of(&request("m", Priority::Normal, None), WALL, "other").unwrap();
    world.store(StoreEvent::Found(vec![Row { order: 1_001, ..row }]));
    let deletes = |op: &StoreOp| matches!(op, StoreOp::Delete { id, .. } if id == "m");
    let lists = |op: &StoreOp| matches!(op, StoreOp::PutFailed(failed) if failed.row.id == "m");
    for group in &world.groups {
        assert_eq!(group.ops.iter().any(deletes), group.ops.iter().any(lists), "{group:?}");
    }
    assert!(world.groups.iter().any(|group| group.ops.iter().any(deletes)), "the copy goes");
}

/// It looks into the store and sends until it receives that the lock is lost.
#[test]
fn row_that_the_leader_before_may_have_found_may_have_been_sent_by_it() {
    let mut world = taken_over();
    world.pass(900);
    find(&mut world, &[1_001]);
    world.pass(3_000);
    find(&mut world, &[1_001, 1_003]);
    find(&mut world, &[1_001, 1_003, 1_005]);
    let states = ["a", "b", "c"].map(|id| world.news.get(id).map(|news| news.delivery.clone()));
    let possibly_sent = Some(DeliveryState::Unconfirmed);
    let refused = Some(DeliveryState::Failed(FailReason::QueueFull { capacity: 1 }));
    assert_eq!(states, [possibly_sent.clone(), possibly_sent, refused]);
}
