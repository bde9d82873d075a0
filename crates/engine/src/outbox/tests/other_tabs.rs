//! Messages of other tabs, and what an earlier leader left in the store.

use super::*;
use crate::StoreError;

#[test]
fn what_another_tab_hands_in_is_stored_as_its_own() {
    let mut world = World::new();
    world.outbox.name_owner("other".to_owned(), Some(ConsumerId(9)));
    world.outbox.enqueue(at(0), ConsumerId(9), request("theirs", Priority::Normal, None));
    world.send_id("mine");
    world.drain();
    assert_eq!((&*world.rows["theirs"].owner, &*world.rows["mine"].owner), ("other", "tab"));
}

const SENDER: ConsumerId = ConsumerId(9);
const OTHER: ConsumerId = ConsumerId(3);

/// An outbox that holds `theirs`, a stored message of the tab `other`, whose consumer is [`SENDER`].
fn with_a_message_of_another_tab() -> World {
    let mut world = World::closed(OutboxOptions::default());
    world.outbox.name_owner("other".to_owned(), Some(SENDER));
    world.outbox.name_owner("third".to_owned(), Some(OTHER));
    let row =
        Row { order: 1_001, ..row_of(&request("theirs", Priority::Normal, None), WALL, "other").unwrap() };
    world.rows.insert("theirs".to_owned(), row);
    world.open();
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
        assert_eq!(ends(&mut world, "gone"), [(tab, discarded.clone())]);
    }
}

/// Another tab may be the writer of the store by now, and have stored what is missing here.
#[test]
fn saved_message_that_is_nowhere_counts_as_delivered_once_a_later_transaction_has_committed() {
    let mut world = World::new();
    world.commits = false;
    world.send_id("under way");
    world.drain();
    let about = crate::tabs::Inquiry { id: "gone".to_owned(), coalesced: false, discarded: false };
    world.outbox.inquire(OTHER, vec![about]);
    world.drain();
    let group = world.groups.remove(0);
    world.commit(&group);
    world.drain();
    assert!(!world.news.contains_key("gone"), "it began before the question");
    let group = world.groups.remove(0);
    world.store(StoreEvent::Aborted { number: group.number, error: StoreError::TakenOver });
    assert!(!world.news.contains_key("gone"));

    let mut world = World::closed(OutboxOptions::default());
    let about = crate::tabs::Inquiry { id: "gone".to_owned(), coalesced: false, discarded: false };
    world.outbox.inquire(OTHER, vec![about]);
    assert_eq!(ends(&mut world, "gone"), []);
    world.outbox.store_event(world.now(), StoreEvent::Opened(Box::default()));
    assert_eq!(ends(&mut world, "gone"), [(OTHER, DeliveryState::Delivered)]);
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

/// An earlier leader evicted it. Its tab, which had not received that, handed it in while the store was silent.
#[test]
fn message_that_arrived_is_not_listed_as_evicted_when_the_store_opens() {
    let mut world = World::closed(OutboxOptions::default());
    let request = SendRequest { again: true, ..request("m", Priority::Normal, None) };
    let row = row_of(&request, WALL, "tab").unwrap();
    let listed = FailedRow { row, state: DeliveryState::Evicted, ended_at: WALL };
    world.failed.insert("m".to_owned(), listed);
    world.outbox.assume_stored(world.now(), ME, vec![request]);
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
