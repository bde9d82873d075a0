//! A store that answers nobody, because a tab that does not run holds it.

use super::*;
use crate::Status;

const SILENT: StorageState = StorageState::MemoryOnly(StoreError::Silent);

fn status(term: u64, attachment: u64, number: u64, storage: StorageState) -> LinkMessage {
    let status = Status { state: crate::ConnectionState::Connected, storage, ..Status::default() };
    let items = vec![Delivery::Status(Box::new(status))];
    LinkMessage::Batch { term, attachment, from: "leader".to_owned(), batch: crate::Batch { number, items } }
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
    assert_eq!(dials, Some(10 + crate::engine::store_gate::LOOK_WAIT_MS));
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
fn what_this_tab_saved_before_it_led_goes_first() {
    let mut node = attached(3);
    node.handle_page(at(10), send("saved"));
    node.handle_page(at(12), send("handed on"));
    drain(&mut node);
    saved(&mut node, 3, &["saved"]);
    node.handle_lock(at(20), &LockEvent::Granted);
    node.handle_page(at(21), send("new"));
    drain(&mut node);
    assert_eq!(held_by(&node), ["handed on", "new"], "the store may still hold the first");
    run(&mut node, 6_000);
    assert_eq!(held_by(&node), ["saved", "handed on", "new"]);
}

/// A later message of a tab must not pass one that lies in the store.
#[test]
fn what_a_tab_knows_to_be_saved_goes_first_where_the_leader_cannot_read_it() {
    let send = |saved: &[&str], requests: &[&str]| LinkMessage::Send {
        tab: "other".to_owned(),
        saved: saved.iter().map(|id| SendRequest { again: true, ..request(id) }).collect(),
        requests: requests.iter().map(|id| request(id)).collect(),
    };
    let attach =
        || LinkMessage::Attach { tab: "other".to_owned(), attachment: 1, interest: Interest::default() };
    let silent = || {
        let mut node = node();
        node.handle_lock(at(10), &LockEvent::Granted);
        run(&mut node, 9_000);
        assert_eq!(node.engine().unwrap().status().storage, SILENT);
        node.handle_link(at(9_001), attach());
        node
    };
    let mut node = silent();
    node.handle_link(at(9_002), send(&["first"], &["second"]));
    assert_eq!(held_by(&node), ["first", "second"]);
    node.handle_store(at(9_500), StoreEvent::Opened(Box::default()));
    assert_eq!(held_by(&node), ["first", "second"]);
    // One that has read the store knows better.
    let mut node = leader(5);
    node.handle_link(at(20), attach());
    node.handle_link(at(21), send(&["arrived"], &["new"]));
    assert_eq!(held_by(&node), ["new"]);
}

#[test]
fn a_term_that_nobody_could_store_is_forgotten() {
    let (mut node, _) = following(4);
    for second in 1..=4 {
        node.handle_link(at(second * 1_000), LinkMessage::Heartbeat { term: 3 });
    }
    assert_eq!(drain(&mut node), [], "it may be one that was robbed, and does not know");
    node.handle_link(at(4_500), LinkMessage::Heartbeat { term: 4 });
    for second in 5..=8 {
        node.handle_link(at(second * 1_000), LinkMessage::Heartbeat { term: 3 });
    }
    assert_eq!(drain(&mut node), [], "the other one is there");
    node.handle_link(at(9_000), LinkMessage::Heartbeat { term: 3 });
    let outputs = drain(&mut node);
    assert!(matches!(messages_of(&outputs)[..], [LinkMessage::Attach { .. }]));
    node.handle_link(at(9_001), status(3, attachment_of(&outputs), 1, StorageState::Durable));
    assert_eq!(delivered(&drain(&mut node)).len(), 1, "it is believed");
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
        let (mut node, attachment) = following(3);
        let storage = if silent { SILENT } else { StorageState::Durable };
        node.handle_link(at(6), status(3, attachment, 1, storage));
        node.handle_lock(at(10), &LockEvent::Granted);
        node.handle_store(at(11), opens());
        let rows = node.engine().unwrap().messages();
        assert_eq!(rows.into_iter().map(|row| row.update.delivery).collect::<Vec<_>>(), [expected]);
    }
}

/// Two took the lock in one instant, and read the same term.
#[test]
fn credits_go_to_the_leader_alone_unless_two_seem_to_lead() {
    let (mut node, attachment) = following(3);
    let from = |from: &str| {
        let batch = crate::Batch { number: 1, items: Vec::new() };
        LinkMessage::Batch { term: 3, attachment, from: from.to_owned(), batch }
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

/// To a leader a credit says that the tab has handed over everything it had.
#[test]
fn a_credit_for_a_batch_of_an_earlier_attachment_reaches_no_leader() {
    let (mut node, _) = following(3);
    node.handle_link(at(6), LinkMessage::RollCall { term: 4 });
    assert!(matches!(messages_of(&drain(&mut node))[..], [LinkMessage::Attach { .. }]));
    node.handle_page(at(7), PageCommand::Credit(1));
    assert_eq!(messages_of(&drain(&mut node)), []);
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
    node.handle_link(
        at(9_100),
        LinkMessage::Attach { tab: other(), attachment: 1, interest: Interest::default() },
    );
    let requests = vec![request("m")];
    node.handle_link(at(9_101), LinkMessage::Send { tab: other(), saved: Vec::new(), requests });
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
        let (mut node, attachment) = following(3);
        node.handle_link(at(6), first_batch(3, attachment));
        node.handle_timeout(at(40_000));
        if batch_since {
            node.handle_link(at(40_001), first_batch(3, attachment));
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
