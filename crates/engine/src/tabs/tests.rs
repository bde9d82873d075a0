//! Races the simulator found, as short as they can be told.

use super::*;
use crate::{
    Delivery, DeliveryState, Durability, EngineOptions, Hint, Meta, Now, Output, SendRequest, StoreError,
    StoreEvent, StoreSnapshot,
};
use sentinelops_protocol::{Channel, Json, Priority};

fn at(mono: u64) -> Now {
    Now { mono, wall: 1_780_000_000_000 + mono }
}

fn node() -> Node {
    let mut node = Node::new(EngineOptions { tab: "t".to_owned(), ..EngineOptions::default() }, 1, at(0));
    node.handle_store(at(1), StoreEvent::Opened(Box::default()));
    node.handle_page(at(2), PageCommand::Connect);
    drain(&mut node);
    node
}

fn leader(term: u64) -> Node {
    let mut node = node();
    node.handle_lock(at(10), &LockEvent::Granted);
    let meta = Meta { term: term - 1, ..Meta::default() };
    let snapshot = StoreSnapshot { meta, ..StoreSnapshot::default() };
    node.handle_store(at(11), StoreEvent::Opened(Box::new(snapshot)));
    drain(&mut node);
    node
}

fn drain(node: &mut Node) -> Vec<NodeOutput> {
    std::iter::from_fn(|| node.poll_output()).collect()
}

fn send(id: &str) -> PageCommand {
    PageCommand::Send(vec![SendRequest {
        id: id.to_owned(),
        kind: "agent.status".to_owned(),
        channel: Channel::Agents,
        payload: Json::parse("{}").unwrap(),
        priority: Priority::Normal,
        ordering_key: None,
        coalesce: None,
        queue: true,
        ephemeral: false,
        again: false,
    }])
}

fn appended(outputs: &[NodeOutput]) -> Vec<&str> {
    let rows = outputs.iter().filter_map(|output| match output {
        NodeOutput::Append { rows, .. } => Some(rows),
        _ => None,
    });
    rows.flatten().map(|row| row.id.as_str()).collect()
}

#[test]
fn what_a_leader_held_is_appended_when_it_is_robbed() {
    let mut node = leader(5);
    node.handle_page(at(20), send("m"));
    drain(&mut node);
    node.handle_lock(at(30), &LockEvent::Lost);
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Follower);
    assert_eq!(appended(&outputs), ["m"]);
    assert!(!outputs.iter().any(|output| matches!(output, NodeOutput::Engine(Output::Store(_)))));
}

#[test]
fn a_leader_that_slept_asks_before_it_acts() {
    let mut node = leader(5);
    node.handle_page(at(60_000), send("m"));
    assert_eq!(drain(&mut node), [NodeOutput::ReadMeta]);
    node.handle_meta(at(60_005), Some(&Meta { term: 6, ..Meta::default() }));
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Follower);
    assert_eq!(appended(&outputs), ["m"]);
}

#[test]
fn a_leader_in_doubt_that_hides_holds_nothing() {
    let mut node = leader(5);
    node.handle_page(at(60_000), PageCommand::Hint(Hint::Resume));
    node.handle_page(at(60_001), PageCommand::PageHide);
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Idle);
    assert!(node.engine().is_none());
    assert!(outputs.contains(&NodeOutput::Lock(LockRequest::Release)));
}

#[test]
fn batches_that_answer_to_an_earlier_turn_are_not_taken() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::Beat { term: 3 });
    let outputs = drain(&mut node);
    let turn = outputs.iter().find_map(|output| match output {
        NodeOutput::Link(LinkTarget::All, LinkMessage::Attach { turn, .. }) => Some(*turn),
        _ => None,
    });
    let turn = turn.expect("it says what it looks at");
    let batch = crate::Batch { number: 1, items: vec![Delivery::Status(Box::default())] };
    for (turn, taken) in [(turn + 1, false), (turn, true)] {
        node.handle_link(at(6), LinkMessage::Batch { term: 3, turn, batch: batch.clone() });
        let delivered = |output: &NodeOutput| matches!(output, NodeOutput::Engine(Output::Deliver { .. }));
        assert_eq!(drain(&mut node).iter().any(delivered), taken);
    }
}

#[test]
fn what_the_store_refuses_goes_to_the_leader_and_what_follows_goes_behind_it() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::Beat { term: 3 });
    node.handle_page(at(10), send("a"));
    let outputs = drain(&mut node);
    let number = outputs.iter().find_map(|output| match output {
        NodeOutput::Append { number, .. } => Some(*number),
        _ => None,
    });
    let aborted = StoreEvent::Aborted { number: number.unwrap(), error: StoreError::Quota };
    node.handle_store(at(12), aborted);
    node.handle_page(at(13), send("b"));
    let outputs = drain(&mut node);
    assert_eq!(appended(&outputs), [""; 0]);
    let sent: Vec<&str> = outputs
        .iter()
        .filter_map(|output| match output {
            NodeOutput::Link(_, LinkMessage::Send { requests, .. }) => Some(requests),
            _ => None,
        })
        .flatten()
        .map(|request| request.id.as_str())
        .collect();
    assert_eq!(sent, ["a", "b"]);
}

#[test]
fn an_answer_to_an_append_that_comes_after_the_end_changes_nothing() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::Beat { term: 3 });
    node.handle_page(at(10), send("a"));
    let number = drain(&mut node).iter().find_map(|output| match output {
        NodeOutput::Append { number, .. } => Some(*number),
        _ => None,
    });
    node.handle_lock(at(11), &LockEvent::Granted);
    drain(&mut node);
    node.handle_store(at(12), StoreEvent::Committed { number: number.unwrap() });
    let told = |output: &NodeOutput| match output {
        NodeOutput::Engine(Output::Deliver { batch, .. }) => batch.items.iter().any(|item| {
            matches!(item, Delivery::Message(update)
                if update.durability == Durability::Durable && update.delivery == DeliveryState::Queued)
        }),
        _ => false,
    };
    assert!(!drain(&mut node).iter().any(told), "the engine has it, and tells");
}

/// The leader before may have found the row by itself, sent it, and told its end to our earlier turn.
#[test]
fn what_was_saved_across_a_change_of_leader_is_asked_after() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::Beat { term: 3 });
    node.handle_page(at(10), send("a"));
    let number = drain(&mut node).iter().find_map(|output| match output {
        NodeOutput::Append { number, .. } => Some(*number),
        _ => None,
    });
    node.handle_link(at(11), LinkMessage::RollCall { term: 4 });
    let asks = |outputs: &[NodeOutput]| -> Vec<String> {
        let about = outputs.iter().filter_map(|output| match output {
            NodeOutput::Link(_, LinkMessage::Inquire { about, .. }) => Some(about),
            _ => None,
        });
        about.flatten().map(|inquiry| inquiry.id.clone()).collect()
    };
    assert_eq!(asks(&drain(&mut node)), [""; 0], "it is not known to be saved yet");
    node.handle_store(at(12), StoreEvent::Committed { number: number.unwrap() });
    assert_eq!(asks(&drain(&mut node)), ["a"]);
}
