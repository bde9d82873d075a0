//! Which unsent row replaces which.

use super::*;

fn receipt(id: &str, kind: &str, up_to: u64) -> SendRequest {
    let payload = Json::parse(&format!(r#"{{"conversationId":"c","upTo":{up_to}}}"#)).unwrap();
    let coalesce = Some("receipt/c".to_owned());
    SendRequest { coalesce, ..SendRequest::new(id, kind, Channel::Chat, payload) }
}

fn read(id: &str, up_to: u64) -> SendRequest {
    receipt(id, "chat.read", up_to)
}

fn stored(world: &World) -> Vec<&str> {
    world.rows.keys().map(String::as_str).collect()
}

#[test]
fn what_was_not_sent_is_replaced() {
    let mut world = World::new();
    let presence = |id: &str| {
        let coalesce = Some("presence".to_owned());
        SendRequest { coalesce, ..request(id, Priority::Low, None) }
    };
    world.send(presence("a"));
    world.send(presence("b"));
    assert_eq!(*world.state("a"), DeliveryState::Superseded);
    assert_eq!(stored(&world), ["b"]);
    world.connect(v1());
    assert_eq!(world.frame(), ["b"]);
    world.send(presence("c"));
    assert_eq!(*world.state("b"), DeliveryState::Sent);
    world.disconnect();
    world.send(presence("d"));
    assert_eq!(*world.state("c"), DeliveryState::Superseded);
    assert_eq!(*world.state("b"), DeliveryState::Unconfirmed);
}

#[test]
fn receipts_sent_offline_are_one_row() {
    let mut world = World::new();
    world.send(receipt("delivered", "chat.delivered", 30));
    for (id, up_to) in [("a", 10), ("b", 20), ("c", 30)] {
        world.send(read(id, up_to));
    }
    for id in ["delivered", "a", "b"] {
        assert_eq!(*world.state(id), DeliveryState::Superseded, "{id}");
    }
    assert_eq!(stored(&world), ["c"], "what was read has been delivered");
    world.connect(v1());
    assert_eq!(world.frame(), ["c"]);
}

#[test]
fn of_receipts_the_one_that_says_more_stays_whichever_came_last() {
    let mut world = World::new();
    world.send(read("far", 30));
    world.send(read("near", 10));
    world.send(receipt("delivered", "chat.delivered", 20));
    assert_eq!(*world.state("near"), DeliveryState::Superseded);
    assert_eq!(*world.state("delivered"), DeliveryState::Superseded);
    assert_eq!(stored(&world), ["far"]);
    // Neither says what the other does.
    world.send(receipt("farther", "chat.delivered", 40));
    assert_eq!(stored(&world), ["far", "farther"]);
    world.send(read("farthest", 40));
    assert_eq!(stored(&world), ["farthest"]);
}

/// The page that holds it in memory alone may be gone before this one.
#[test]
fn unsaved_receipt_of_another_page_makes_none_redundant() {
    let mut world = World::new();
    world.commits = false;
    world.send(read("unsaved", 30));
    let of_another = |id: &str| SendRequest { again: false, ..read(id, 10) };
    let row = row_of(&of_another("later"), 0, "other tab").unwrap();
    assert!(!world.outbox.is_redundant(&row));
    assert!(
        world.outbox.is_redundant(&Row { owner: "tab".to_owned(), ..row.clone() }),
        "it would go with it"
    );
    for group in std::mem::take(&mut world.groups) {
        world.commit(&group);
    }
    assert!(world.outbox.is_redundant(&row));
    assert!(!world.outbox.is_redundant(&Row { possibly_sent: true, ..row }), "the server may have it");
}

/// Of other tabs and an earlier life.
#[test]
fn stored_receipts_are_one_row_too() {
    let mut world = World::closed(OutboxOptions::default());
    for (order, request) in [read("far", 30), read("near", 10)].into_iter().enumerate() {
        let row = row_of(&request, WALL, "other").unwrap();
        world.rows.insert(row.id.clone(), Row { order: order as u64 + 1, ..row });
    }
    world.open();
    assert_eq!(stored(&world), ["far"]);
    let row = row_of(&read("appended", 20), WALL, "other").unwrap();
    world.rows.insert(row.id.clone(), Row { order: 9, ..row });
    world.open();
    assert_eq!(stored(&world), ["far"]);
    assert_eq!(*world.state("appended"), DeliveryState::Superseded);
}

/// After a change of the leader an older message is handed in behind a newer one that was saved meanwhile.
#[test]
fn message_that_is_handed_in_again_replaces_nothing() {
    let mut world = World::closed(OutboxOptions::default());
    let coalesced = |id: &str| SendRequest {
        coalesce: Some("presence".to_owned()),
        ..request(id, Priority::Normal, None)
    };
    let row = row_of(&coalesced("newer"), WALL, "other").unwrap();
    world.rows.insert("newer".to_owned(), Row { order: 1, ..row });
    world.open();
    world.connect(v1());
    for queue in [false, true] {
        let id = format!("older, queue {queue}");
        world.send(SendRequest { queue, again: true, ..coalesced(&id) });
        assert_eq!(*world.state("newer"), DeliveryState::Queued);
    }
    let frame = world.frame();
    assert_eq!(frame.first().map(String::as_str), Some("newer"));
    assert_eq!(frame.len(), 3, "whether the server has the older ones nobody knows");
}
