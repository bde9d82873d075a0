//! Messages that must not overtake each other on their way to the leader: those of one ordering key and of one
//! coalesce name.

use super::*;

#[test]
fn unqueued_message_of_a_follower_waits_for_queued_ones_of_its_key() {
    let (mut node, turn) = following(3);
    node.handle_link(at(6), first_batch(3, turn));
    drain(&mut node);
    let unqueued = SendRequest { queue: false, ..keyed("second") };
    let other_key = SendRequest { queue: false, ordering_key: Some("other".to_owned()), ..request("other") };
    node.handle_page(at(10), send_all(vec![keyed("first"), unqueued, other_key, keyed("third")]));
    let outputs = drain(&mut node);
    assert_eq!((appended(&outputs), handed_on(&outputs)), (vec!["first"], vec!["other".to_owned()]));
    let number = append_number(&outputs).unwrap();
    node.handle_store(at(12), StoreEvent::Committed { number });
    let outputs = drain(&mut node);
    assert_eq!(handed_on(&outputs), ["poke", "second", "third"], "the leader looks for the first before it");
    assert_eq!(appended(&outputs), [""; 0], "the third goes the way of the second");
}

#[test]
fn message_goes_the_way_of_the_earlier_one_of_its_key() {
    let (mut node, turn) = following(3);
    node.handle_link(at(6), first_batch(3, turn));
    drain(&mut node);
    let of = |key: &str, id: &str| SendRequest { ordering_key: Some(key.to_owned()), ..request(id) };
    let unqueued = SendRequest { queue: false, ..of("k", "k1") };
    node.handle_page(at(10), send_all(vec![unqueued, of("l", "l1"), of("k", "k2"), of("l", "l2")]));
    let outputs = drain(&mut node);
    assert_eq!(handed_on(&outputs), ["k1", "k2"]);
    assert_eq!(appended(&outputs), ["l1", "l2"], "l2 must not reach the leader before l1 is stored");
}

/// The leader would find the queued one first, and the older one behind it would replace it.
#[test]
fn queued_message_goes_behind_the_unqueued_one_it_replaces() {
    let (mut node, turn) = following(3);
    node.handle_link(at(6), first_batch(3, turn));
    drain(&mut node);
    let coalesced = |key: &str, id: &str| {
        let (ordering_key, coalesce) = (Some(key.to_owned()), Some("c".to_owned()));
        SendRequest { ordering_key, coalesce, ..request(id) }
    };
    let unqueued = SendRequest { queue: false, ..coalesced("k", "older") };
    node.handle_page(at(10), send_all(vec![unqueued.clone(), coalesced("l", "newer")]));
    let outputs = drain(&mut node);
    assert_eq!(handed_on(&outputs), ["older", "newer"]);
    assert_eq!(appended(&outputs), [""; 0]);

    let (mut node, turn) = following(3);
    node.handle_link(at(6), first_batch(3, turn));
    drain(&mut node);
    node.handle_page(
        at(10),
        send_all(vec![keyed("first"), unqueued, coalesced("l", "newer"), request("other")]),
    );
    let outputs = drain(&mut node);
    assert_eq!((appended(&outputs), handed_on(&outputs)), (vec!["first", "other"], Vec::new()));
    let number = append_number(&outputs).unwrap();
    node.handle_store(at(12), StoreEvent::Committed { number });
    let outputs = drain(&mut node);
    assert_eq!(handed_on(&outputs), ["poke", "older", "newer"]);
    assert_eq!(appended(&outputs), [""; 0]);
}

/// One before it is with the store and one with the leader: it waits until the store has the former.
#[test]
fn message_waits_while_its_key_is_at_the_store_and_its_name_at_the_leader() {
    let (mut node, turn) = following(3);
    node.handle_link(at(6), first_batch(3, turn));
    drain(&mut node);
    let unqueued = SendRequest { queue: false, coalesce: Some("c".to_owned()), ..request("handed") };
    let both = SendRequest { coalesce: Some("c".to_owned()), ..keyed("both") };
    node.handle_page(at(10), send_all(vec![unqueued, keyed("stored"), both]));
    let outputs = drain(&mut node);
    assert_eq!((appended(&outputs), handed_on(&outputs)), (vec!["stored"], vec!["handed".to_owned()]));
    let number = append_number(&outputs).unwrap();
    node.handle_store(at(12), StoreEvent::Committed { number });
    let outputs = drain(&mut node);
    assert_eq!(
        (appended(&outputs), handed_on(&outputs)),
        (vec![], vec!["poke".to_owned(), "both".to_owned()])
    );
}

/// The store refused the first one before, and tries again: the second waits for the answer.
#[test]
fn message_waits_while_what_the_store_refused_before_is_tried_again() {
    for is_refused_again in [true, false] {
        let mut node = node();
        node.handle_page(at(3), PageCommand::Disconnect);
        node.handle_page(at(10), send_all(vec![keyed("first")]));
        let number = append_number(&drain(&mut node)).unwrap();
        node.handle_store(at(12), StoreEvent::Aborted { number, error: StoreError::Quota });
        drain(&mut node);
        let due = node.poll_timeout().unwrap();
        node.handle_timeout(at(due));
        let number = append_number(&drain(&mut node)).unwrap();
        node.handle_page(at(due + 1), PageCommand::Connect);
        node.handle_link(at(due + 2), LinkMessage::Beat { term: 3 });
        let turn = turn_of(&drain(&mut node));
        node.handle_link(at(due + 3), first_batch(3, turn));
        node.handle_page(at(due + 4), send_all(vec![keyed("second")]));
        assert_eq!(handed_on(&drain(&mut node)), [""; 0]);
        let answer = match is_refused_again {
            true => StoreEvent::Aborted { number, error: StoreError::Quota },
            false => StoreEvent::Committed { number },
        };
        node.handle_store(at(due + 5), answer);
        let outputs = drain(&mut node);
        match is_refused_again {
            true => assert_eq!(handed_on(&outputs), ["first", "second"]),
            false => assert_eq!(appended(&outputs), ["second"], "behind the first"),
        }
    }
}

/// A leader ends while the store takes in that a newer message replaced one. Refused, the older one lives on.
#[test]
fn message_waits_while_the_end_of_an_earlier_one_of_its_key_is_stored() {
    let written = |outputs: &[NodeOutput]| -> Vec<u64> {
        let groups = outputs.iter().filter_map(|output| match output {
            NodeOutput::Engine(Output::Store(group)) => Some(group.number),
            _ => None,
        });
        groups.collect()
    };
    let replaced = SendRequest { coalesce: Some("c".to_owned()), ..keyed("replaced") };
    let newer = SendRequest { coalesce: Some("c".to_owned()), ..request("newer") };
    let mut node = leader(5);
    node.handle_page(at(20), send_all(vec![request("under way")]));
    node.handle_page(at(21), send_all(vec![replaced]));
    node.handle_page(at(22), send_all(vec![newer]));
    node.handle_page(at(23), PageCommand::Disconnect);
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Idle);
    node.handle_page(at(24), send_all(vec![keyed("behind")]));
    let mut appended_in_order = Vec::new();
    let mut answers = written(&outputs);
    let mut outputs = [outputs, drain(&mut node)].concat();
    while let Some(number) = append_number(&outputs).or_else(|| answers.pop()) {
        appended_in_order.extend(appended(&outputs).into_iter().map(str::to_owned));
        let aborted = number < 1 << 52;
        let event = match aborted {
            true => StoreEvent::Aborted { number, error: StoreError::Quota },
            false => StoreEvent::Committed { number },
        };
        node.handle_store(at(30), event);
        outputs = drain(&mut node);
    }
    let place = |id: &str| appended_in_order.iter().position(|appended| appended == id);
    assert!(place("replaced").is_some() && place("replaced") < place("behind"), "{appended_in_order:?}");
    assert!(place("newer").is_some() && place("replaced") < place("newer"), "{appended_in_order:?}");
}

#[test]
fn leader_looks_for_stored_messages_before_an_unqueued_one_of_another_tab() {
    let mut node = leader(5);
    node.handle_link(at(20), attach(1));
    drain(&mut node);
    let requests = vec![SendRequest { queue: false, again: true, ..keyed("second") }];
    node.handle_link(at(21), LinkMessage::Poke);
    node.handle_link(at(21), LinkMessage::Send { tab: "other".to_owned(), requests, whole: false });
    assert_eq!(held(&node), [""; 0]);
    assert!(drain(&mut node).contains(&NodeOutput::Engine(Output::RescanStore)));
    let row = crate::Row { order: 3, ..crate::outbox::row_of(&keyed("first"), 1, "other").unwrap() };
    node.handle_store(at(22), StoreEvent::Found(vec![row]));
    drain(&mut node);
    node.handle_store(at(23), StoreEvent::Found(Vec::new()));
    assert_eq!(held(&node), ["first", "second"]);
}

/// No tab is left to report it to, and its row would count as the leader's own.
#[test]
fn unqueued_message_of_a_tab_that_is_gone_is_not_sent() {
    let mut node = leader(5);
    node.handle_link(at(20), attach(1));
    node.handle_link(at(21), hand_in(&["now"]));
    node.handle_link(at(22), LinkMessage::Detach { tab: "other".to_owned() });
    drain(&mut node);
    node.handle_store(at(23), StoreEvent::Found(Vec::new()));
    assert_eq!(held(&node), [""; 0]);
}

#[test]
fn unqueued_message_is_handed_in_with_everything_else_when_the_store_is_silent() {
    let (mut node, turn) = following(3);
    node.handle_link(at(6), first_batch(3, turn));
    let unqueued = SendRequest { queue: false, ..keyed("second") };
    node.handle_page(at(10), send_all(vec![keyed("first"), unqueued, keyed("third")]));
    drain(&mut node);
    let status = crate::Status {
        state: crate::ConnectionState::Connected,
        storage: StorageState::MemoryOnly(StoreError::Silent),
        ..crate::Status::default()
    };
    let batch = crate::Batch { number: 2, items: vec![Delivery::Status(Box::new(status))] };
    node.handle_link(at(20), LinkMessage::Batch { term: 3, turn, from: "leader".to_owned(), batch });
    assert_eq!(handed_on(&drain(&mut node)), ["first", "second", "third"]);
}
