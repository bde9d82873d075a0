//! Races the simulator found, in as few steps as possible: here those of the election.

mod sends;
mod silence;
mod store;

use super::*;
use crate::tabs::*;
use crate::{
    Delivery, DeliveryState, Durability, EngineOptions, Hint, Meta, Now, Output, SendRequest, StorageState,
    StoreError, StoreEvent, StoreSnapshot,
};
use sentinelops_protocol::{Channel, Json, Priority};

mod handover;
mod listed;
mod raw;

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

/// A follower of a leader of this term, and the id of its attachment.
fn following(term: u64) -> (Node, u64) {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::Heartbeat { term });
    let attachment = attachment_of(&drain(&mut node));
    (node, attachment)
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

pub(super) fn request(id: &str) -> SendRequest {
    SendRequest::new(id, "agent.status", Channel::Agents, Json::parse("{}").unwrap())
}

fn send(id: &str) -> PageCommand {
    PageCommand::Send(vec![request(id)])
}

/// What is delivered to the page, in order.
fn delivered(outputs: &[NodeOutput]) -> Vec<Delivery> {
    let batches = outputs.iter().filter_map(|output| match output {
        NodeOutput::Engine(Output::Deliver { batch, .. }) => Some(batch.items.clone()),
        _ => None,
    });
    batches.flatten().collect()
}

fn updates(outputs: &[NodeOutput]) -> Vec<(String, Durability, DeliveryState)> {
    let update = |item| match item {
        Delivery::Message(update) => Some((update.id, update.durability, update.delivery)),
        _ => None,
    };
    delivered(outputs).into_iter().filter_map(update).collect()
}

fn messages_of(outputs: &[NodeOutput]) -> Vec<LinkMessage> {
    let link = |output: &NodeOutput| match output {
        NodeOutput::Link(_, message) => Some(message.clone()),
        _ => None,
    };
    outputs.iter().filter_map(link).collect()
}

/// What this node asks the leader about.
fn asks(outputs: &[NodeOutput]) -> Vec<String> {
    let about = messages_of(outputs).into_iter().filter_map(|message| match message {
        LinkMessage::Inquire { about, .. } => Some(about),
        _ => None,
    });
    about.flatten().map(|inquiry| inquiry.id).collect()
}

/// The attachment it announced.
fn attachment_of(outputs: &[NodeOutput]) -> u64 {
    let attachment = messages_of(outputs).into_iter().find_map(|message| match message {
        LinkMessage::Attach { attachment, .. } => Some(attachment),
        _ => None,
    });
    attachment.expect("it announces what it watches")
}

/// The first batch of a leader that received `Attach` with this id.
fn first_batch(term: u64, attachment: u64) -> LinkMessage {
    let status = crate::Status { state: crate::ConnectionState::Connected, ..crate::Status::default() };
    let batch = crate::Batch { number: 1, items: vec![Delivery::Status(Box::new(status))] };
    LinkMessage::Batch { term, attachment, from: "leader".to_owned(), batch }
}

/// What goes to the leader.
fn handed_on(outputs: &[NodeOutput]) -> Vec<String> {
    let ids = |message| match message {
        LinkMessage::Send { requests, .. } => requests.into_iter().map(|request| request.id).collect(),
        _ => Vec::new(),
    };
    messages_of(outputs).into_iter().flat_map(ids).collect()
}

/// A follower of a leader of this term that has answered it.
fn attached(term: u64) -> Node {
    let (mut node, attachment) = following(term);
    node.handle_link(at(6), first_batch(term, attachment));
    drain(&mut node);
    node
}

/// A leader says this of messages, to the present attachment.
fn report(node: &mut Node, term: u64, ids: &[&str], durability: Durability, delivery: &DeliveryState) {
    let item = |id: &&str| {
        let (id, delivery) = ((*id).to_owned(), delivery.clone());
        Delivery::Message(crate::MessageUpdate { id, durability, delivery })
    };
    let batch = crate::Batch { number: 2, items: ids.iter().map(item).collect() };
    let attachment = node.attachment.id;
    node.handle_link(at(7), LinkMessage::Batch { term, attachment, from: "leader".to_owned(), batch });
}

fn saved(node: &mut Node, term: u64, ids: &[&str]) {
    report(node, term, ids, Durability::Durable, &DeliveryState::Queued);
}

#[test]
fn a_leader_that_slept_asks_before_it_acts() {
    let mut node = leader(5);
    node.handle_page(at(60_000), send("m"));
    assert_eq!(drain(&mut node), [NodeOutput::ReadMeta]);
    node.handle_meta(at(60_005), Some(&Meta { term: 6, ..Meta::default() }));
    let attachment = attachment_of(&drain(&mut node));
    assert_eq!(node.role(), Role::Follower);
    node.handle_link(at(60_006), first_batch(6, attachment));
    assert_eq!(handed_on(&drain(&mut node)), ["m"]);
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
    node.handle_link(at(5), LinkMessage::Heartbeat { term: 3 });
    let outputs = drain(&mut node);
    let attachment = outputs.iter().find_map(|output| match output {
        NodeOutput::Link(LinkTarget::All, LinkMessage::Attach { attachment, .. }) => Some(*attachment),
        _ => None,
    });
    let attachment = attachment.expect("it announces what it watches");
    let batch = crate::Batch { number: 1, items: vec![Delivery::Status(Box::default())] };
    for (attachment, taken) in [(attachment + 1, false), (attachment, true)] {
        node.handle_link(
            at(6),
            LinkMessage::Batch { term: 3, attachment, from: "leader".to_owned(), batch: batch.clone() },
        );
        let is_delivery = |output: &NodeOutput| matches!(output, NodeOutput::Engine(Output::Deliver { .. }));
        assert_eq!(drain(&mut node).iter().any(is_delivery), taken);
    }
}

/// Where leases stand in for locks, a tab that sleeps is taken for dead.
#[test]
fn a_follower_that_was_taken_for_dead_while_it_slept_is_known_again() {
    let (mut leader, mut sleeper) = (leader(3), node());
    sleeper.options.tab = "sleeper".to_owned();
    let pass = |from: &mut Node, to: &mut Node, mono| {
        for message in messages_of(&drain(from)) {
            to.handle_link(at(mono), message);
        }
    };
    sleeper.handle_link(at(12), LinkMessage::RollCall { term: 3 });
    pass(&mut sleeper, &mut leader, 13);
    pass(&mut leader, &mut sleeper, 14);
    let attachment = sleeper.attachment.id;
    assert!(sleeper.attachment.is_answered);
    for mono in (1_000..=11_000).step_by(1_000) {
        leader.handle_timeout(at(mono));
        if drain(&mut leader).contains(&NodeOutput::QueryTabs) {
            leader.handle_tabs(at(mono), &[]);
        }
    }
    sleeper.handle_timeout(at(12_000));
    pass(&mut sleeper, &mut leader, 12_001);
    pass(&mut leader, &mut sleeper, 12_002);
    assert_ne!(sleeper.attachment.id, attachment, "it is called");
    pass(&mut sleeper, &mut leader, 12_003);
    pass(&mut leader, &mut sleeper, 12_004);
    assert!(sleeper.attachment.is_answered);
}

/// It leads, and the server has closed its connection for a newer one.
fn superseded() -> Node {
    let mut node = leader(1);
    node.handle_timeout(at(12));
    drain(&mut node);
    let generation = crate::Generation(node.engine().unwrap().sockets());
    let closed = crate::SocketEvent::Closed { code: 4410, reason: "older".to_owned() };
    node.handle_socket(at(20), generation, crate::SocketEvent::Opened);
    node.handle_socket(at(21), generation, closed);
    drain(&mut node);
    for mono in (100..=4_900).step_by(400) {
        node.handle_timeout(at(mono));
    }
    drain(&mut node);
    node
}

/// Terms went back, because the data was deleted: a dead connection of before counts as newer.
#[test]
fn superseded_leader_leads_again_with_a_higher_term() {
    let mut node = superseded();
    assert_eq!(node.role(), Role::Leader, "such a tab may exist");
    node.handle_timeout(at(5_100));
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Follower);
    assert!(outputs.contains(&NodeOutput::Lock(LockRequest::Request)));
}

#[test]
fn a_page_that_hides_just_then_stands_in_no_line() {
    let mut node = superseded();
    node.handle_page(at(5_100), PageCommand::PageHide);
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Idle);
    assert!(!outputs.contains(&NodeOutput::Lock(LockRequest::Request)));
}

/// A leader that waits for a store that does not answer sends heartbeats with the highest term it has received.
#[test]
fn leader_with_a_lower_term_whose_page_leaves_is_succeeded_soon() {
    let (mut node, _) = following(3);
    node.handle_link(at(100), LinkMessage::Heartbeat { term: 0 });
    node.handle_link(at(200), LinkMessage::Leaving { term: 0 });
    for mono in (1_000..=3_000).step_by(100) {
        node.handle_timeout(at(mono));
    }
    assert!(drain(&mut node).contains(&NodeOutput::Lock(LockRequest::Steal)));
}

#[test]
fn former_leader_whose_page_leaves_is_not_taken_for_the_leader() {
    let (mut node, _) = following(3);
    node.handle_link(at(200), LinkMessage::Leaving { term: 2 });
    for mono in (1_000..=3_000).step_by(100) {
        node.handle_timeout(at(mono));
    }
    assert!(!drain(&mut node).contains(&NodeOutput::Lock(LockRequest::Steal)));
}
