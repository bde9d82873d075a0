//! A store that answers nobody, because a tab that does not run holds it.

use super::*;
use crate::Status;

const SILENT: StorageState = StorageState::MemoryOnly(StoreError::Silent);

fn status(term: u64, turn: u64, number: u64, storage: StorageState) -> LinkMessage {
    let status = Status { state: crate::ConnectionState::Connected, storage, ..Status::default() };
    let items = vec![Delivery::Status(Box::new(status))];
    LinkMessage::Batch { term, turn, from: "leader".to_owned(), batch: crate::Batch { number, items } }
}

/// What goes to the leader: ids, whether all of them may be known already, and whether that is all there is.
fn handed(outputs: &[NodeOutput]) -> Vec<(Vec<String>, bool, bool)> {
    let sends = messages_of(outputs).into_iter().filter_map(|message| match message {
        LinkMessage::Send { requests, whole, .. } => Some((requests, whole)),
        _ => None,
    });
    let ids = |requests: &[SendRequest]| requests.iter().map(|request| request.id.clone()).collect();
    sends.map(|(requests, whole)| (ids(&requests), requests.iter().all(|r| r.again), whole)).collect()
}

fn ids(all: &[&str]) -> Vec<String> {
    all.iter().map(|id| (*id).to_owned()).collect()
}

fn held_by(node: &Node) -> Vec<String> {
    let rows = node.engine().unwrap().messages();
    rows.into_iter().map(|row| row.update.id).collect()
}

/// Its timers, until then.
fn run(node: &mut Node, until: u64) -> Vec<(u64, NodeOutput)> {
    let mut all = Vec::new();
    while let Some(due) = node.poll_timeout().filter(|due| *due <= until) {
        node.handle_timeout(at(due));
        all.extend(drain(node).into_iter().map(|output| (due, output)));
    }
    all
}

#[test]
fn a_leader_without_an_answer_dials_soon_with_a_higher_term_and_is_not_alone() {
    let (mut node, _) = following(7);
    node.handle_lock(at(10), &LockEvent::Granted);
    drain(&mut node);
    let outputs = run(&mut node, 9_000);
    let first =
        |wanted: fn(&NodeOutput) -> bool| outputs.iter().find(|(_, o)| wanted(o)).map(|(when, _)| *when);
    let dials = first(|output| matches!(output, NodeOutput::Engine(Output::Dial { .. })));
    assert_eq!(dials, Some(10 + crate::engine::dial::LOOK_WAIT_MS));
    let calls = first(|output| matches!(output, NodeOutput::Link(_, LinkMessage::RollCall { term: 8 })));
    assert_eq!(calls, Some(5_010));
    assert_eq!((node.role(), &node.engine().unwrap().status().storage), (Role::Leader, &SILENT));
    // It knew of more leaders than this tab.
    let meta = Meta { term: 9, ..Meta::default() };
    node.handle_store(
        at(9_001),
        StoreEvent::Opened(Box::new(StoreSnapshot { meta, ..StoreSnapshot::default() })),
    );
    assert!(messages_of(&drain(&mut node)).contains(&LinkMessage::RollCall { term: 10 }));
    assert_eq!(node.engine().unwrap().status().storage, StorageState::Durable);
}

#[test]
fn what_was_saved_or_was_to_be_is_handed_to_a_leader_that_cannot_read_it() {
    let (mut node, turn) = following(3);
    node.handle_page(at(10), send("saved"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_store(at(11), StoreEvent::Committed { number });
    node.handle_page(at(12), send("hangs"));
    assert_eq!(appended(&drain(&mut node)), ["hangs"]);
    node.handle_page(at(13), send("waits"));
    assert_eq!(handed(&drain(&mut node)), []);

    node.handle_link(at(20), status(3, turn, 1, SILENT));
    assert_eq!(handed(&drain(&mut node)), [(ids(&["saved", "hangs", "waits"]), false, true)]);
    node.handle_link(at(21), status(3, turn, 2, SILENT));
    node.handle_page(at(22), send("later"));
    let outputs = drain(&mut node);
    assert_eq!(handed(&outputs), [(ids(&["later"]), false, false)], "everything once, then what is new");
    assert_eq!(appended(&outputs), [""; 0]);

    // Another leader knows nothing of it.
    node.handle_link(at(30), LinkMessage::RollCall { term: 4 });
    let turn = turn_of(&drain(&mut node));
    node.handle_link(at(31), status(4, turn, 1, SILENT));
    let outputs = drain(&mut node);
    assert_eq!(handed(&outputs), [(ids(&["saved", "hangs", "waits", "later"]), true, true)]);
    // Nor is it asked for what is not wanted any more.
    node.handle_page(at(32), PageCommand::Discard { id: "saved".to_owned() });
    node.handle_link(at(33), LinkMessage::RollCall { term: 5 });
    let turn = turn_of(&drain(&mut node));
    node.handle_link(at(34), status(5, turn, 1, SILENT));
    assert_eq!(handed(&drain(&mut node)), [(ids(&["hangs", "waits", "later"]), true, true)]);
}

#[test]
fn what_this_tab_saved_before_it_led_goes_first() {
    let (mut node, _) = following(3);
    node.handle_page(at(10), send("saved"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_store(at(11), StoreEvent::Committed { number });
    node.handle_page(at(12), send("hangs"));
    node.handle_lock(at(20), &LockEvent::Granted);
    node.handle_page(at(21), send("new"));
    drain(&mut node);
    assert_eq!(held_by(&node), ["hangs", "new"], "the store may still tell of the first");
    run(&mut node, 6_000);
    assert_eq!(held_by(&node), ["saved", "hangs", "new"]);
}

/// A later message of a tab must not pass one that lies in the store.
#[test]
fn a_leader_that_cannot_read_waits_until_a_tab_has_handed_in_all() {
    let mut node = leader(5);
    node.handle_link(
        at(20),
        LinkMessage::Attach { tab: "other".to_owned(), turn: 1, interest: Interest::default() },
    );
    drain(&mut node);
    let hand_in = |all: &[&str], whole| {
        let requests = all.iter().map(|id| request(id)).collect();
        LinkMessage::Send { tab: "other".to_owned(), requests, whole }
    };
    node.handle_link(at(30), LinkMessage::Poke);
    assert!(drain(&mut node).contains(&NodeOutput::Engine(Output::RescanStore)));
    run(&mut node, 5_100);
    assert_eq!(node.engine().unwrap().status().storage, SILENT);
    node.handle_link(at(5_200), hand_in(&["second"], false));
    assert_eq!(held_by(&node), [""; 0]);
    node.handle_link(at(5_300), hand_in(&["first", "second"], true));
    assert_eq!(held_by(&node), ["first", "second"]);
    node.handle_link(at(5_400), hand_in(&["third"], false));
    assert_eq!(held_by(&node), ["first", "second", "third"]);
    node.handle_store(at(5_500), StoreEvent::Found(Vec::new()));
    assert_eq!(node.engine().unwrap().status().storage, StorageState::Durable);
}

#[test]
fn a_term_that_nobody_could_store_is_forgotten() {
    let (mut node, _) = following(4);
    for second in 1..=4 {
        node.handle_link(at(second * 1_000), LinkMessage::Beat { term: 3 });
    }
    assert_eq!(drain(&mut node), [], "it may be one that was robbed, and does not know");
    node.handle_link(at(4_500), LinkMessage::Beat { term: 4 });
    for second in 5..=8 {
        node.handle_link(at(second * 1_000), LinkMessage::Beat { term: 3 });
    }
    assert_eq!(drain(&mut node), [], "the other one is there");
    node.handle_link(at(9_000), LinkMessage::Beat { term: 3 });
    let outputs = drain(&mut node);
    assert!(matches!(messages_of(&outputs)[..], [LinkMessage::Attach { .. }]));
    node.handle_link(at(9_001), status(3, turn_of(&outputs), 1, StorageState::Durable));
    assert_eq!(delivered(&drain(&mut node)).len(), 1, "it is believed");
}

#[test]
fn what_was_discarded_while_it_was_being_saved_is_asked_after_as_such() {
    let (mut node, _) = following(3);
    node.handle_page(at(10), send("a"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_page(at(11), PageCommand::Discard { id: "a".to_owned() });
    node.handle_store(at(12), StoreEvent::Committed { number });
    let about = messages_of(&drain(&mut node)).into_iter().find_map(|message| match message {
        LinkMessage::Inquire { about, .. } => Some(about),
        _ => None,
    });
    assert!(about.unwrap()[0].discarded);
}

/// The leader may have nothing to write, and would not notice.
#[test]
fn an_append_that_takes_long_has_the_leader_look_once() {
    let (mut node, _) = following(3);
    node.handle_page(at(10), send("a"));
    drain(&mut node);
    node.handle_link(at(2_000), LinkMessage::Beat { term: 3 });
    let pokes = |outputs: Vec<(u64, NodeOutput)>| {
        let poke = |(when, output)| match output {
            NodeOutput::Link(_, LinkMessage::Poke) => Some(when),
            _ => None,
        };
        outputs.into_iter().filter_map(poke).collect::<Vec<u64>>()
    };
    assert_eq!(pokes(run(&mut node, 5_000)), [2_510]);
}

/// A leader that could not leave its mark may have sent what lies there.
#[test]
fn what_a_store_held_while_it_was_silent_may_have_been_sent() {
    let row = crate::Row { order: 3, ..crate::outbox::row_of(&request("a"), 1, "other").unwrap() };
    let opens = || {
        let snapshot = StoreSnapshot { rows: vec![row.clone()], ..StoreSnapshot::default() };
        StoreEvent::Opened(Box::new(snapshot))
    };
    for (silent, expected) in [(false, DeliveryState::Queued), (true, DeliveryState::Unconfirmed)] {
        let (mut node, turn) = following(3);
        let storage = if silent { SILENT } else { StorageState::Durable };
        node.handle_link(at(6), status(3, turn, 1, storage));
        node.handle_lock(at(10), &LockEvent::Granted);
        node.handle_store(at(11), opens());
        let rows = node.engine().unwrap().messages();
        assert_eq!(rows.into_iter().map(|row| row.update.delivery).collect::<Vec<_>>(), [expected]);
    }
}

/// Two took the lock in one instant, and read the same term.
#[test]
fn credits_go_to_the_leader_alone_unless_two_seem_to_lead() {
    let (mut node, turn) = following(3);
    let from = |from: &str| {
        let batch = crate::Batch { number: 1, items: Vec::new() };
        LinkMessage::Batch { term: 3, turn, from: from.to_owned(), batch }
    };
    let credited = |node: &mut Node| {
        node.handle_page(at(9), PageCommand::Credit(1));
        let target = drain(node).into_iter().find_map(|output| match output {
            NodeOutput::Link(target, LinkMessage::Credit { .. }) => Some(target),
            _ => None,
        });
        target.unwrap()
    };
    node.handle_link(at(6), from("one"));
    assert_eq!(credited(&mut node), LinkTarget::Tab("one".to_owned()));
    node.handle_link(at(7), from("other"));
    node.handle_link(at(8), from("other"));
    assert_eq!(credited(&mut node), LinkTarget::All);
}

/// The user is shown that everything was sent: a message that waits for the store is not.
#[test]
fn sign_out_that_sends_first_waits_for_what_a_follower_handed_over() {
    let mut node = node();
    node.handle_lock(at(10), &LockEvent::Granted);
    drain(&mut node);
    run(&mut node, 9_000);
    assert_eq!(node.engine().unwrap().status().storage, SILENT);
    let other = || "other".to_owned();
    node.handle_link(at(9_100), LinkMessage::Attach { tab: other(), turn: 1, interest: Interest::default() });
    node.handle_link(
        at(9_101),
        LinkMessage::Send { tab: other(), requests: vec![request("m")], whole: false },
    );
    node.handle_link(at(9_102), LinkMessage::SignOut);
    let outputs = drain(&mut node);
    assert!(!messages_of(&outputs).contains(&LinkMessage::SignedOut), "{outputs:?}");
    node.handle_store(at(9_200), StoreEvent::Opened(Box::default()));
    assert_eq!(held_by(&node), ["m"]);
    assert!(!messages_of(&drain(&mut node)).contains(&LinkMessage::SignedOut), "it is still to be sent");
}

/// The leader meanwhile may have found the store silent, and have sent without a mark; it has died since.
#[test]
fn tab_that_slept_and_leads_takes_what_is_stored_for_possibly_sent() {
    for (batch_since, state) in [(false, DeliveryState::Unconfirmed), (true, DeliveryState::Queued)] {
        let (mut node, turn) = following(3);
        node.handle_link(at(6), first_batch(3, turn));
        node.handle_timeout(at(40_000));
        if batch_since {
            node.handle_link(at(40_001), first_batch(3, turn));
        }
        node.handle_lock(at(40_002), &LockEvent::Granted);
        let row = crate::Row { order: 3, ..crate::outbox::row_of(&request("m"), 1, "other").unwrap() };
        let stored = StoreSnapshot { rows: vec![row], ..StoreSnapshot::default() };
        node.handle_store(at(40_003), StoreEvent::Opened(Box::new(stored)));
        let messages = node.engine().map(crate::Engine::messages).unwrap_or_default();
        let states: Vec<_> = messages.into_iter().map(|message| message.update.delivery).collect();
        assert_eq!(states, [state], "a batch arrived since: {batch_since}");
    }
}
