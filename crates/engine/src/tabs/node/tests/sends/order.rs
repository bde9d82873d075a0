//! Messages that must not overtake each other on their way to the leader: those of one ordering key and of one
//! coalesce name.

use super::*;

#[test]
fn messages_go_to_the_leader_in_the_order_of_sending() {
    let mut node = attached(3);
    let unqueued = SendRequest { queue: false, ..keyed("second") };
    node.handle_page(at(10), send_all(vec![keyed("first"), unqueued, keyed("third")]));
    assert_eq!(handed_on(&drain(&mut node)), ["first", "second", "third"]);
}

/// A leader ends while the store takes in that a newer message replaced one. Refused, the older one lives on.
#[test]
fn message_waits_while_the_end_of_an_earlier_one_of_its_key_is_stored() {
    let replaced = SendRequest { coalesce: Some("c".to_owned()), ..keyed("replaced") };
    let newer = SendRequest { coalesce: Some("c".to_owned()), ..request("newer") };
    let mut node = leader(5);
    node.handle_page(at(20), send_all(vec![request("under way")]));
    node.handle_page(at(21), send_all(vec![replaced]));
    node.handle_page(at(22), send_all(vec![newer]));
    node.handle_lock(at(23), &LockEvent::Lost);
    let written = groups(&drain(&mut node));
    node.handle_link(at(24), LinkMessage::RollCall { term: 6 });
    let attachment = attachment_of(&drain(&mut node));
    node.handle_link(at(25), first_batch(6, attachment));
    node.handle_page(at(26), send_all(vec![keyed("behind")]));
    let mut handed = handed_on(&drain(&mut node));
    assert!(!handed.contains(&"behind".to_owned()), "{handed:?}");
    for group in written {
        let event = StoreEvent::Aborted { number: group.number, error: StoreError::Quota };
        node.handle_store(at(30), event);
        handed.extend(handed_on(&drain(&mut node)));
    }
    let place = |id: &str| handed.iter().position(|handed| handed == id);
    assert!(place("replaced").is_some() && place("replaced") < place("behind"), "{handed:?}");
    assert!(place("newer").is_some() && place("replaced") < place("newer"), "{handed:?}");
}

/// The user does not want it any more.
#[test]
fn what_was_discarded_is_not_handed_to_a_leader_that_cannot_read_it() {
    let mut node = attached(3);
    node.handle_page(at(10), send_all(vec![request("a"), request("b")]));
    drain(&mut node);
    saved(&mut node, 3, &["a", "b"]);
    node.handle_page(at(12), PageCommand::Discard { id: "a".to_owned() });
    node.handle_link(at(13), LinkMessage::RollCall { term: 4 });
    let attachment = attachment_of(&drain(&mut node));
    node.handle_link(at(14), first_batch(4, attachment));
    let saved = messages_of(&drain(&mut node)).into_iter().find_map(|message| match message {
        LinkMessage::Send { saved, .. } => Some(saved),
        _ => None,
    });
    let ids: Vec<String> = saved.into_iter().flatten().map(|request| request.id).collect();
    assert_eq!(ids, ["b"]);
}
