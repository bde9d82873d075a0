//! Stored records that cannot be read.

use super::*;
use crate::StoreName;
use crate::tabs::Inquiry;

fn record(store: StoreName, bytes: &[u8]) -> UnreadableRecord {
    UnreadableRecord { store, key: "[2,8]".to_owned(), bytes: bytes.to_vec(), set_aside_at: None }
}

impl World {
    /// How did this end? With an answer of the store.
    fn inquire(&mut self, id: &str) -> Option<DeliveryState> {
        let inquiry = Inquiry { id: id.to_owned(), coalesced: false, discarded: false };
        self.news.remove(id);
        self.outbox.inquire(ME, vec![inquiry]);
        self.drain();
        self.news.get(id).map(|update| update.delivery.clone())
    }
}

#[test]
fn they_are_set_aside_once_and_counted_until_they_are_deleted() {
    let mut world = World::closed(OutboxOptions::default());
    world.unreadable = vec![record(StoreName::Outbox, &[200]), record(StoreName::Failed, &[201])];
    world.open();
    assert!(world.unreadable.iter().all(|record| record.set_aside_at.is_some()));
    assert_eq!(world.outbox.unreadable(), 2);
    world.now = 9;
    world.restart();
    assert!(world.unreadable.iter().all(|record| record.set_aside_at == Some(0)), "not again");
    assert_eq!(world.outbox.unreadable(), 2);
    world.store(StoreEvent::Unreadable(0));
    assert_eq!(world.outbox.unreadable(), 0);
}

#[test]
fn what_is_nowhere_may_be_among_what_was_just_found_unreadable() {
    let mut world = World::closed(OutboxOptions::default());
    world.unreadable = vec![record(StoreName::Outbox, &[200, 1, 2])];
    world.open();
    let unreadable = Some(DeliveryState::Failed(FailReason::Unreadable));
    assert_eq!(world.inquire("m1"), unreadable);
    // The next leader finds them set aside: they are no riddle any more, unless they name the message.
    world.restart();
    assert_eq!(world.inquire("m1"), Some(DeliveryState::Delivered));
    world
        .unreadable
        .push(UnreadableRecord { set_aside_at: Some(3), ..record(StoreName::Outbox, b"\xc8\x02m2{}") });
    world.restart();
    assert_eq!(world.inquire("m1"), Some(DeliveryState::Delivered));
    assert_eq!(world.inquire("m2"), unreadable);
    // Deleted or not: it has not arrived for that.
    world.store(StoreEvent::Unreadable(0));
    assert_eq!(world.inquire("m2"), unreadable);
}

#[test]
fn a_failed_message_is_known_by_its_key() {
    let mut world = World::closed(OutboxOptions::default());
    let failed = UnreadableRecord { key: "\"m3\"".to_owned(), ..record(StoreName::Failed, &[]) };
    world.unreadable = vec![UnreadableRecord { set_aside_at: Some(1), ..failed }];
    world.open();
    assert_eq!(world.inquire("m3"), Some(DeliveryState::Failed(FailReason::Unreadable)));
    assert_eq!(world.inquire(""), Some(DeliveryState::Delivered));
}

#[test]
fn without_the_small_facts_every_row_may_have_been_sent_and_this_leader_comes_last() {
    let mut world = World::with(OutboxOptions { capacity: 1, ..OutboxOptions::default() });
    world.send(request("a", Priority::Low, None));
    world.meta = Meta::default();
    world.unreadable = vec![record(StoreName::Meta, &[200])];
    world.restart();
    assert_eq!(*world.state("a"), DeliveryState::Unconfirmed);
    assert!(world.outbox.meta().term >= WALL);
    // It holds no message.
    assert_eq!(world.inquire("m1"), Some(DeliveryState::Delivered));
    world.restart();
    assert!(world.outbox.meta().term >= WALL, "and that is stored");
}
