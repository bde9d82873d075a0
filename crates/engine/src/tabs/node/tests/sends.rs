//! Messages between tabs: saved, handed on, asked after.

mod gone;
mod order;

use super::*;

fn keyed(id: &str) -> SendRequest {
    SendRequest { ordering_key: Some("k".to_owned()), ..request(id) }
}

fn send_all(requests: Vec<SendRequest>) -> PageCommand {
    PageCommand::Send(requests)
}

#[test]
fn what_a_leader_held_goes_to_its_successor_when_it_is_robbed() {
    let mut node = leader(5);
    node.handle_page(at(20), send("m"));
    drain(&mut node);
    node.handle_lock(at(30), &LockEvent::Lost);
    drain(&mut node);
    assert_eq!(node.role(), Role::Follower);
    node.handle_link(at(31), LinkMessage::RollCall { term: 6 });
    let attachment = attachment_of(&drain(&mut node));
    node.handle_link(at(32), first_batch(6, attachment));
    assert_eq!(handed_on(&drain(&mut node)), ["m"]);
}

#[test]
fn message_is_handed_to_a_leader_that_has_answered_and_kept_until_it_is_saved() {
    let (mut node, attachment) = following(3);
    node.handle_page(at(5), send("early"));
    assert_eq!(handed_on(&drain(&mut node)), [""; 0], "no leader has answered yet");
    node.handle_link(at(6), first_batch(3, attachment));
    assert_eq!(handed_on(&drain(&mut node)), ["early"]);
    node.handle_page(at(7), send("late"));
    assert_eq!(handed_on(&drain(&mut node)), ["late"]);
    saved(&mut node, 3, &["early"]);
    // The leader dies before it has stored the other one.
    node.handle_link(at(11), LinkMessage::RollCall { term: 4 });
    let outputs = drain(&mut node);
    assert_eq!(asks(&outputs), ["early"]);
    let attachment = attachment_of(&outputs);
    node.handle_link(at(12), first_batch(4, attachment));
    let sends = messages_of(&drain(&mut node)).into_iter().find_map(|message| match message {
        LinkMessage::Send { saved, requests, .. } => Some((saved, requests)),
        _ => None,
    });
    let ids = |all: &[SendRequest]| all.iter().map(|one| (one.id.clone(), one.again)).collect::<Vec<_>>();
    let (saved, requests) = sends.expect("it hands over what it has");
    assert_eq!(ids(&saved), [("early".to_owned(), true)], "should the store not answer");
    assert_eq!(ids(&requests), [("late".to_owned(), true)], "the dead leader may have sent it");
}

#[test]
fn what_must_not_wait_is_refused_while_nobody_is_connected() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::RollCall { term: 3 });
    let attachment = attachment_of(&drain(&mut node));
    let unqueued = |id: &str| PageCommand::Send(vec![SendRequest { queue: false, ..request(id) }]);
    node.handle_page(at(6), unqueued("early"));
    let refused = DeliveryState::Failed(crate::FailReason::NotConnected);
    assert_eq!(updates(&drain(&mut node)), [("early".to_owned(), Durability::MemoryOnly, refused)]);
    node.handle_link(at(7), first_batch(3, attachment));
    drain(&mut node);
    node.handle_page(at(8), unqueued("linked"));
    let outputs = drain(&mut node);
    assert_eq!(updates(&outputs), []);
    assert_eq!(handed_on(&outputs), ["linked"]);
}

/// A leader may be dead or frozen when it is asked.
#[test]
fn decision_of_a_person_is_sent_to_each_leader_until_one_answers() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::RollCall { term: 3 });
    drain(&mut node);
    let discard = LinkMessage::Discard { tab: "t".to_owned(), id: "m".to_owned() };
    node.handle_page(at(6), PageCommand::Discard { id: "m".to_owned() });
    assert_eq!(messages_of(&drain(&mut node)), std::slice::from_ref(&discard));
    node.handle_link(at(7), LinkMessage::RollCall { term: 4 });
    let messages = messages_of(&drain(&mut node));
    assert!(messages.contains(&discard));
    let attachment = messages.iter().find_map(|message| match message {
        LinkMessage::Attach { attachment, .. } => Some(*attachment),
        _ => None,
    });
    let delivery = DeliveryState::Failed(crate::FailReason::Discarded);
    let update = crate::MessageUpdate { id: "m".to_owned(), durability: Durability::Durable, delivery };
    let batch = crate::Batch { number: 1, items: vec![Delivery::Message(update)] };
    node.handle_link(
        at(8),
        LinkMessage::Batch { term: 4, attachment: attachment.unwrap(), from: "leader".to_owned(), batch },
    );
    drain(&mut node);
    node.handle_link(at(9), LinkMessage::RollCall { term: 5 });
    assert!(!messages_of(&drain(&mut node)).contains(&discard));
}

/// What an engine had decided is in the store, or nobody's decision: it is not undone by handing the message on.
#[test]
fn what_an_ending_engine_ended_waits_for_the_store() {
    for taken_over in [false, true] {
        let mut options = EngineOptions { tab: "t".to_owned(), ..EngineOptions::default() };
        options.outbox.capacity = 1;
        let mut node = Node::new(options, 1, at(0));
        node.handle_page(at(2), PageCommand::Connect);
        node.handle_lock(at(3), &LockEvent::Granted);
        node.handle_store(at(4), StoreEvent::Opened(Box::default()));
        drain(&mut node);
        node.handle_page(at(5), send("low"));
        // Evicted for it, before anything is stored.
        let high = SendRequest { priority: Priority::High, ..request("high") };
        node.handle_page(at(6), PageCommand::Send(vec![high]));
        drain(&mut node);
        node.handle_lock(at(7), &LockEvent::Lost);
        let groups = groups(&drain(&mut node));
        node.handle_link(at(8), LinkMessage::RollCall { term: 6 });
        let attachment = attachment_of(&drain(&mut node));
        node.handle_link(at(8), first_batch(6, attachment));
        let outputs = drain(&mut node);
        assert_eq!(handed_on(&outputs), ["high"], "`low` waits for the store");
        let (mut news, mut handed) = (Vec::new(), Vec::new());
        for group in groups {
            let number = group.number;
            let answer = match taken_over {
                true => StoreEvent::Aborted { number, error: StoreError::TakenOver },
                false => StoreEvent::Committed { number },
            };
            node.handle_store(at(9), answer);
            let outputs = drain(&mut node);
            news.extend(updates(&outputs));
            handed.extend(handed_on(&outputs));
        }
        let evicted = ("low".to_owned(), Durability::Pending, DeliveryState::Evicted);
        match taken_over {
            true => assert_eq!((news, handed), (Vec::new(), vec!["low".to_owned()])),
            false => assert_eq!((news, handed), (vec![evicted], Vec::new())),
        }
    }
}

/// What a node writes: groups that its engine asks for.
fn groups(outputs: &[NodeOutput]) -> Vec<crate::StoreGroup> {
    let group = |output: &NodeOutput| match output {
        NodeOutput::Engine(Output::Store(group)) => Some(group.clone()),
        _ => None,
    };
    outputs.iter().filter_map(group).collect()
}

fn attach(attachment: u64) -> LinkMessage {
    LinkMessage::Attach { tab: "other".to_owned(), attachment, interest: Interest::default() }
}

/// Another tab hands these in.
fn hand_in(ids: &[&str]) -> LinkMessage {
    let unqueued = |id: &&str| SendRequest { queue: false, again: true, ..request(id) };
    let requests = ids.iter().map(unqueued).collect();
    LinkMessage::Send { tab: "other".to_owned(), saved: Vec::new(), requests }
}

fn held(node: &Node) -> Vec<String> {
    let messages = node.engine().map(crate::Engine::messages).unwrap_or_default();
    messages.into_iter().map(|message| message.update.id).collect()
}

/// Sent while the tab took another for the leader: the first message came before its announcement.
#[test]
fn tab_with_missing_messages_attaches_again_with_all_it_has() {
    let mut node = leader(5);
    for message in [hand_in(&["a"]), attach(1), hand_in(&["b"])] {
        node.handle_link(at(20), message);
    }
    let outputs = drain(&mut node);
    assert_eq!(held(&node), [""; 0], "b would pass a");
    assert!(messages_of(&outputs).contains(&LinkMessage::RollCall { term: 5 }), "it is called");
    for message in [attach(2), hand_in(&["a", "b"])] {
        node.handle_link(at(30), message);
    }
    drain(&mut node);
    assert_eq!(held(&node), ["a", "b"]);
}

/// The same, where the first message came while this tab did not lead yet.
#[test]
fn what_came_just_before_the_lock_is_missing_too() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::Heartbeat { term: 3 });
    node.handle_link(at(9), hand_in(&["a"]));
    node.handle_lock(at(10), &LockEvent::Granted);
    node.handle_store(at(11), StoreEvent::Opened(Box::default()));
    for message in [attach(1), hand_in(&["b"])] {
        node.handle_link(at(12), message);
    }
    drain(&mut node);
    assert_eq!(held(&node), [""; 0], "b would pass a");
    for message in [attach(2), hand_in(&["a", "b"])] {
        node.handle_link(at(13), message);
    }
    drain(&mut node);
    assert_eq!(held(&node), ["a", "b"]);
}

#[test]
fn typing_notice_is_dropped_when_there_is_nobody_to_take_it() {
    let typing = |id: &str| send_all(vec![SendRequest { ephemeral: true, ..request(id) }]);
    let mut node = node();
    node.handle_page(at(6), typing("early"));
    assert!(!node.sends.wait(), "no leader is known yet");
    drain(&mut node);
    node.handle_link(at(7), LinkMessage::RollCall { term: 3 });
    let attachment = attachment_of(&drain(&mut node));
    node.handle_link(at(7), first_batch(3, attachment));
    assert_eq!(handed_on(&drain(&mut node)), [""; 0]);
    node.handle_page(at(8), typing("now"));
    assert_eq!(handed_on(&drain(&mut node)), ["now"]);
}

/// A tab that crashes sends no `Detach`.
#[test]
fn followers_forget_a_crashed_tab_when_the_leader_misses_it() {
    let (mut leader, mut follower) = (leader(3), node());
    follower.options.tab = "follower".to_owned();
    follower.handle_link(at(12), LinkMessage::RollCall { term: 3 });
    for message in messages_of(&drain(&mut follower)) {
        leader.handle_link(at(13), message);
    }
    for message in [attach(1), hand_in(&["a"])] {
        leader.handle_link(at(14), message.clone());
        follower.handle_link(at(14), message);
    }
    drain(&mut leader);
    assert_eq!(follower.unattached_senders.len(), 1);
    for mono in (1_000..=11_000).step_by(1_000) {
        leader.handle_timeout(at(mono));
        let outputs = drain(&mut leader);
        if outputs.contains(&NodeOutput::QueryTabs) {
            leader.handle_tabs(at(mono), &["follower".to_owned()]);
        }
        for message in messages_of(&outputs).into_iter().chain(messages_of(&drain(&mut leader))) {
            follower.handle_link(at(mono), message);
        }
    }
    assert_eq!(follower.unattached_senders.len(), 0);
}

/// It leads, and another tab had handed messages to the leader before it.
fn leader_that_misses_something() -> Node {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::Heartbeat { term: 3 });
    node.handle_link(at(9), hand_in(&["a"]));
    node.handle_lock(at(10), &LockEvent::Granted);
    node.handle_store(at(11), StoreEvent::Opened(Box::default()));
    for message in [attach(1), hand_in(&["b"]), LinkMessage::SignOut] {
        node.handle_link(at(12), message);
    }
    node
}

#[test]
fn sign_out_that_sends_first_waits_for_a_tab_that_has_to_come_again() {
    let mut node = leader_that_misses_something();
    let outputs = drain(&mut node);
    let messages =
        messages_of(&outputs).into_iter().chain(messages_of(&drain(&mut node))).collect::<Vec<_>>();
    assert!(!messages.contains(&LinkMessage::SignedOut), "its message would be lost: {messages:?}");
    let credit = LinkMessage::Credit { tab: "other".to_owned(), attachment: 2, number: 1 };
    for message in [attach(2), hand_in(&["a", "b"]), credit] {
        node.handle_link(at(14), message);
    }
    drain(&mut node);
    assert_eq!(held(&node), ["a", "b"]);
    assert!(!messages_of(&drain(&mut node)).contains(&LinkMessage::SignedOut), "they are still to be sent");
}

#[test]
fn sign_out_does_not_wait_for_a_tab_that_died() {
    let mut node = leader_that_misses_something();
    let mut messages = messages_of(&drain(&mut node));
    for mono in (1_000..=11_000).step_by(1_000) {
        node.handle_timeout(at(mono));
        let outputs = drain(&mut node);
        if outputs.contains(&NodeOutput::QueryTabs) {
            node.handle_tabs(at(mono), &[]);
        }
        messages.extend(messages_of(&outputs).into_iter().chain(messages_of(&drain(&mut node))));
    }
    assert!(messages.contains(&LinkMessage::SignedOut));
}
