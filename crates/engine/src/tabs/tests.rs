//! Races the simulator found, as short as they can be told.

use super::*;
use crate::{
    Delivery, DeliveryState, Durability, EngineOptions, Hint, Meta, Now, Output, SendRequest, StorageState,
    StoreError, StoreEvent, StoreSnapshot,
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

pub(super) fn request(id: &str) -> SendRequest {
    SendRequest {
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
    }
}

fn send(id: &str) -> PageCommand {
    PageCommand::Send(vec![request(id)])
}

fn append_number(outputs: &[NodeOutput]) -> Option<u64> {
    outputs.iter().find_map(|output| match output {
        NodeOutput::Append { number, .. } => Some(*number),
        _ => None,
    })
}

/// What the page is told, in order.
fn told(outputs: &[NodeOutput]) -> Vec<Delivery> {
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
    told(outputs).into_iter().filter_map(update).collect()
}

fn said(outputs: &[NodeOutput]) -> Vec<LinkMessage> {
    let link = |output: &NodeOutput| match output {
        NodeOutput::Link(_, message) => Some(message.clone()),
        _ => None,
    };
    outputs.iter().filter_map(link).collect()
}

/// What this node asks whoever leads about.
fn asks(outputs: &[NodeOutput]) -> Vec<String> {
    let about = said(outputs).into_iter().filter_map(|message| match message {
        LinkMessage::Inquire { about, .. } => Some(about),
        _ => None,
    });
    about.flatten().map(|inquiry| inquiry.id).collect()
}

/// The turn it announced.
fn turn_of(outputs: &[NodeOutput]) -> u64 {
    let turn = said(outputs).into_iter().find_map(|message| match message {
        LinkMessage::Attach { turn, .. } => Some(turn),
        _ => None,
    });
    turn.expect("it says what it looks at")
}

/// How a leader that heard of the turn begins.
fn first_batch(term: u64, turn: u64) -> LinkMessage {
    let status = crate::Status { state: crate::ConnectionState::Connected, ..crate::Status::default() };
    let batch = crate::Batch { number: 1, items: vec![Delivery::Status(Box::new(status))] };
    LinkMessage::Batch { term, turn, batch }
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
    let turn = turn_of(&drain(&mut node));
    node.handle_link(at(6), first_batch(3, turn));
    node.handle_page(at(10), send("a"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_link(at(11), LinkMessage::RollCall { term: 4 });
    assert_eq!(asks(&drain(&mut node)), [""; 0], "it is not known to be saved yet");
    node.handle_store(at(12), StoreEvent::Committed { number });
    assert_eq!(asks(&drain(&mut node)), ["a"]);
}

/// A leader looks into the store by itself, too: it may end a row before it knows whom to tell.
#[test]
fn what_was_saved_before_the_leader_knew_of_us_is_asked_after() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::Beat { term: 3 });
    let turn = turn_of(&drain(&mut node));
    node.handle_page(at(10), send("early"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_link(at(11), first_batch(3, turn));
    node.handle_store(at(12), StoreEvent::Committed { number });
    assert_eq!(asks(&drain(&mut node)), ["early"]);
    node.handle_page(at(20), send("known"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_store(at(21), StoreEvent::Committed { number });
    assert_eq!(asks(&drain(&mut node)), [""; 0], "its news come by themselves");
}

/// Where leases stand in for locks, a tab that sleeps is taken for dead.
#[test]
fn a_follower_that_was_taken_for_dead_while_it_slept_is_known_again() {
    let (mut leader, mut sleeper) = (leader(3), node());
    sleeper.tab = "sleeper".to_owned();
    let pass = |from: &mut Node, to: &mut Node, mono| {
        for message in said(&drain(from)) {
            to.handle_link(at(mono), message);
        }
    };
    sleeper.handle_link(at(12), LinkMessage::RollCall { term: 3 });
    pass(&mut sleeper, &mut leader, 13);
    pass(&mut leader, &mut sleeper, 14);
    let turn = sleeper.turn;
    assert_eq!(sleeper.known_turn, Some(turn));
    for mono in (1_000..=11_000).step_by(1_000) {
        leader.handle_timeout(at(mono));
        if drain(&mut leader).contains(&NodeOutput::QueryTabs) {
            leader.handle_tabs(at(mono), &[]);
        }
    }
    sleeper.handle_timeout(at(12_000));
    pass(&mut sleeper, &mut leader, 12_001);
    pass(&mut leader, &mut sleeper, 12_002);
    assert_ne!(sleeper.turn, turn, "it is called");
    pass(&mut sleeper, &mut leader, 12_003);
    pass(&mut leader, &mut sleeper, 12_004);
    assert_eq!(sleeper.known_turn, Some(sleeper.turn));
}

/// A tab that wants no connection.
fn idle() -> Node {
    let mut node = node();
    node.handle_page(at(3), PageCommand::Disconnect);
    drain(&mut node);
    node
}

#[test]
fn what_an_idle_tab_cannot_save_is_said_and_tried_again_later() {
    let mut node = idle();
    node.handle_page(at(10), send("a"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_store(at(12), StoreEvent::Aborted { number, error: StoreError::Quota });
    let outputs = drain(&mut node);
    assert_eq!(append_number(&outputs), None, "not at once");
    assert_eq!(updates(&outputs), [("a".to_owned(), Durability::MemoryOnly, DeliveryState::Queued)]);
    let shown = told(&outputs).into_iter().find_map(|item| match item {
        Delivery::Status(status) => Some(status.storage),
        _ => None,
    });
    assert_eq!(shown, Some(StorageState::MemoryOnly(StoreError::Quota)));
    let due = node.poll_timeout().unwrap();
    assert_eq!(due, at(30_012).mono);
    node.handle_timeout(at(due));
    let outputs = drain(&mut node);
    assert_eq!(appended(&outputs), ["a"]);
    let number = append_number(&outputs).unwrap();
    node.handle_store(at(due + 1), StoreEvent::Committed { number });
    let outputs = drain(&mut node);
    assert_eq!(updates(&outputs), [("a".to_owned(), Durability::Durable, DeliveryState::Queued)]);
    assert!(
        told(&outputs)
            .iter()
            .any(|item| matches!(item, Delivery::Status(status) if status.storage == StorageState::Durable))
    );
}

#[test]
fn a_handle_that_keeps_dying_is_given_up() {
    let mut node = idle();
    let dead = || StoreError::Dead("closed".to_owned());
    node.handle_page(at(10), send("a"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_store(at(11), StoreEvent::Aborted { number, error: dead() });
    assert_eq!(drain(&mut node), [NodeOutput::Engine(Output::OpenStore)], "once");
    node.handle_store(at(12), StoreEvent::Opened(Box::default()));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_store(at(13), StoreEvent::Aborted { number, error: dead() });
    let outputs = drain(&mut node);
    assert!(!outputs.contains(&NodeOutput::Engine(Output::OpenStore)));
    // Possibly stored: the news of a commit dies with the handle.
    assert_eq!(updates(&outputs), [("a".to_owned(), Durability::MemoryOnly, DeliveryState::Unconfirmed)]);
}

#[test]
fn an_idle_tab_shows_what_is_stored() {
    let mut node = idle();
    node.handle_page(at(10), PageCommand::WatchOutbox(true));
    assert_eq!(drain(&mut node), [NodeOutput::Engine(Output::OpenStore)]);
    let row = crate::outbox::row_of(&request("stored"), 1, "other").unwrap();
    let snapshot = StoreSnapshot { rows: vec![crate::Row { order: 3, ..row }], ..StoreSnapshot::default() };
    node.handle_store(at(11), StoreEvent::Opened(Box::new(snapshot)));
    let lists = told(&drain(&mut node)).into_iter().filter_map(|item| match item {
        Delivery::Outbox(list, counts) => Some((list, counts)),
        _ => None,
    });
    let lists: Vec<_> = lists.collect();
    assert_eq!(lists.len(), 1);
    assert_eq!(lists[0].0[0].update.id, "stored");
    assert_eq!(lists[0].1.queued.iter().sum::<u32>(), 1);
}

#[test]
fn a_leader_that_goes_into_the_bfcache_begins_no_transaction() {
    let mut node = leader(1);
    node.handle_page(at(10), PageCommand::WatchOutbox(true));
    drain(&mut node);
    node.handle_page(at(11), PageCommand::PageHide);
    let outputs = drain(&mut node);
    assert!(outputs.contains(&NodeOutput::Lock(LockRequest::Release)), "{outputs:?}");
    let stores = |output: &&NodeOutput| {
        matches!(
            output,
            NodeOutput::Append { .. }
                | NodeOutput::ReadMeta
                | NodeOutput::Engine(Output::OpenStore | Output::Store(_) | Output::RescanStore)
        )
    };
    assert_eq!(outputs.iter().find(stores), None);
}

#[test]
fn what_must_not_wait_is_refused_while_nobody_is_connected() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::RollCall { term: 3 });
    let turn = turn_of(&drain(&mut node));
    let unqueued = |id: &str| PageCommand::Send(vec![SendRequest { queue: false, ..request(id) }]);
    node.handle_page(at(6), unqueued("early"));
    let refused = DeliveryState::Failed(crate::FailReason::NotConnected);
    assert_eq!(updates(&drain(&mut node)), [("early".to_owned(), Durability::MemoryOnly, refused)]);
    node.handle_link(at(7), first_batch(3, turn));
    drain(&mut node);
    node.handle_page(at(8), unqueued("linked"));
    let outputs = drain(&mut node);
    assert_eq!(updates(&outputs), []);
    assert!(
        matches!(&said(&outputs)[..], [LinkMessage::Send { requests, .. }] if requests[0].id == "linked")
    );
}

/// A leader may be dead or frozen when it is asked.
#[test]
fn what_a_person_decided_is_said_to_each_leader_until_one_answers() {
    let mut node = node();
    node.handle_link(at(5), LinkMessage::RollCall { term: 3 });
    drain(&mut node);
    let discard = LinkMessage::Discard { tab: "t".to_owned(), id: "m".to_owned() };
    node.handle_page(at(6), PageCommand::Discard { id: "m".to_owned() });
    assert_eq!(said(&drain(&mut node)), std::slice::from_ref(&discard));
    node.handle_link(at(7), LinkMessage::RollCall { term: 4 });
    let messages = said(&drain(&mut node));
    assert!(messages.contains(&discard));
    let turn = messages.iter().find_map(|message| match message {
        LinkMessage::Attach { turn, .. } => Some(*turn),
        _ => None,
    });
    let delivery = DeliveryState::Failed(crate::FailReason::Discarded);
    let update = crate::MessageUpdate { id: "m".to_owned(), durability: Durability::Durable, delivery };
    let batch = crate::Batch { number: 1, items: vec![Delivery::Message(update)] };
    node.handle_link(at(8), LinkMessage::Batch { term: 4, turn: turn.unwrap(), batch });
    drain(&mut node);
    node.handle_link(at(9), LinkMessage::RollCall { term: 5 });
    assert!(!said(&drain(&mut node)).contains(&discard));
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
fn a_leader_that_counts_as_older_leads_anew_with_a_higher_term() {
    let mut node = superseded();
    assert_eq!(node.role(), Role::Leader, "perhaps there is such a tab");
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

/// What an engine had decided is in the store, or nobody's decision: it is not undone by handing the
/// message on.
#[test]
fn what_an_ending_engine_ended_waits_for_the_store() {
    let mut options = EngineOptions { tab: "t".to_owned(), ..EngineOptions::default() };
    options.outbox.capacity = 1;
    let mut node = Node::new(options, 1, at(0));
    node.handle_store(at(1), StoreEvent::Opened(Box::default()));
    node.handle_page(at(2), PageCommand::Connect);
    node.handle_lock(at(3), &LockEvent::Granted);
    node.handle_store(at(4), StoreEvent::Opened(Box::default()));
    drain(&mut node);
    node.handle_page(at(5), send("low"));
    // Evicted for it, before anything is stored.
    let high = SendRequest { priority: Priority::High, ..request("high") };
    node.handle_page(at(6), PageCommand::Send(vec![high]));
    drain(&mut node);
    node.handle_page(at(7), PageCommand::Disconnect);
    let outputs = drain(&mut node);
    assert_eq!(appended(&outputs), ["high"], "`low` waits for the store");
    let groups: Vec<u64> = outputs
        .iter()
        .filter_map(|output| match output {
            NodeOutput::Engine(Output::Store(group)) => Some(group.number),
            _ => None,
        })
        .collect();
    let mut news = Vec::new();
    for number in groups {
        node.handle_store(at(8), StoreEvent::Committed { number });
        news.extend(updates(&drain(&mut node)));
    }
    assert_eq!(news, [("low".to_owned(), Durability::Pending, DeliveryState::Evicted)]);
}

fn newer() -> StoreError {
    StoreError::NewerSchema
}

fn statuses(outputs: &[NodeOutput]) -> Vec<&crate::Status> {
    let items = outputs.iter().filter_map(|output| match output {
        NodeOutput::Engine(Output::Deliver { batch, .. }) => Some(&batch.items),
        _ => None,
    });
    let statuses = items.flatten().filter_map(|item| match item {
        Delivery::Status(status) => Some(&**status),
        _ => None,
    });
    statuses.collect()
}

#[test]
fn a_newer_build_that_wrote_here_once_stops_nobody() {
    let mut options =
        EngineOptions { tab: "t".to_owned(), session: "s".to_owned(), ..EngineOptions::default() };
    options.connection.url = "ws://server/".to_owned();
    let mut node = Node::new(options, 1, at(0));
    node.handle_store(at(1), StoreEvent::OpenFailed(newer()));
    node.handle_page(at(2), PageCommand::Connect);
    // The engine of its own asks for the store, too, and gets the same answer.
    drain(&mut node);
    node.handle_store(at(3), StoreEvent::OpenFailed(newer()));
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Solo);
    assert!(outputs.iter().any(|output| matches!(output, NodeOutput::Engine(Output::Dial { .. }))));
    let status = node.engine().unwrap().status();
    assert_eq!(status.storage, crate::StorageState::MemoryOnly(newer()));
    node.handle_page(at(4), send("m"));
    drain(&mut node);
    assert_eq!(node.engine().unwrap().messages()[0].update.durability, Durability::MemoryOnly);
    // The older build is back, and so is the store.
    node.handle_store(at(5), StoreEvent::Opened(Box::default()));
    assert_eq!(node.role(), Role::Follower);
}

#[test]
fn a_newer_build_that_takes_the_store_while_it_is_open_stops_this_one() {
    let mut node = leader(5);
    node.handle_store(at(20), StoreEvent::Closed(newer()));
    let outputs = drain(&mut node);
    assert_eq!((node.role(), node.engine().is_none()), (Role::Idle, true));
    let status = statuses(&outputs).pop().unwrap();
    assert_eq!(status.cause, crate::Cause::Outdated);
    node.handle_page(at(21), PageCommand::Connect);
    node.handle_page(at(21), send("m"));
    let refused = |output: &NodeOutput| match output {
        NodeOutput::Engine(Output::Deliver { batch, .. }) => batch
            .items
            .iter()
            .any(|item| matches!(item, Delivery::Message(update) if update.delivery.is_final())),
        _ => false,
    };
    assert!(drain(&mut node).iter().any(refused));
}

#[test]
fn only_who_leads_sets_aside_what_cannot_be_read() {
    let record = crate::UnreadableRecord {
        store: crate::StoreName::Outbox,
        key: "[2,2]".to_owned(),
        bytes: vec![200],
        set_aside_at: None,
    };
    let snapshot = StoreSnapshot { unreadable: vec![record], ..StoreSnapshot::default() };
    let opened = StoreEvent::Opened(Box::new(snapshot));
    let set_aside =
        |outputs: Vec<NodeOutput>| outputs.contains(&NodeOutput::Engine(Output::SetAsideUnreadable));
    let mut node = node();
    node.handle_store(at(3), opened.clone());
    assert!(!set_aside(drain(&mut node)));
    // Deleted by this tab's page: the leader is told to look.
    node.handle_store(at(4), StoreEvent::Unreadable(0));
    assert!(drain(&mut node).contains(&NodeOutput::Link(LinkTarget::All, LinkMessage::Poke)));
    node.handle_lock(at(10), &LockEvent::Granted);
    node.handle_store(at(11), opened);
    assert!(set_aside(drain(&mut node)));
    assert_eq!(node.engine().unwrap().status().unreadable, 1);
}

#[test]
fn where_nothing_is_to_be_stored_the_store_is_not_opened_and_tabs_share_a_connection_all_the_same() {
    let tab = |name: &str| {
        let mut options = EngineOptions { tab: name.to_owned(), ..EngineOptions::default() };
        options.outbox.persist = false;
        options.connection.url = "ws://server/".to_owned();
        let mut node = Node::new(options, 1, at(0));
        node.handle_page(at(0), PageCommand::Connect);
        node
    };
    let mut said = Vec::new();
    let (mut leader, mut follower) = (tab("a"), tab("b"));
    leader.handle_lock(at(10), &LockEvent::Granted);
    said.extend(drain(&mut leader));
    let call = said.iter().find_map(|output| match output {
        NodeOutput::Link(_, LinkMessage::RollCall { term }) => Some(*term),
        _ => None,
    });
    follower.handle_link(at(11), LinkMessage::RollCall { term: call.expect("it calls without a store") });
    follower.handle_page(at(12), send("m"));
    let outputs = drain(&mut follower);
    let mut batches = Vec::new();
    for output in &outputs {
        if let NodeOutput::Link(_, message) = output {
            leader.handle_link(at(13), message.clone());
            batches.extend(drain(&mut leader));
        }
    }
    let to_it = |output: &NodeOutput| matches!(output, NodeOutput::Link(LinkTarget::Tab(tab), LinkMessage::Batch { .. }) if tab == "b");
    assert!(batches.iter().any(to_it));
    assert_eq!(leader.engine().unwrap().counts().queued, [0, 0, 1, 0]);
    // A leader that slept has no stored term to read.
    leader.handle_page(at(60_000), send("n"));
    said.extend(outputs.into_iter().chain(batches).chain(drain(&mut leader)));
    let stores = |output: &&NodeOutput| {
        matches!(
            output,
            NodeOutput::Append { .. }
                | NodeOutput::ReadMeta
                | NodeOutput::Engine(Output::OpenStore | Output::Store(_) | Output::RescanStore)
        )
    };
    assert_eq!(said.iter().find(stores), None);
    // A later leader is believed.
    let mut next = tab("c");
    next.handle_lock(at(70_000), &LockEvent::Granted);
    let term = next.engine().unwrap().term();
    assert!(Some(term) > call);
}
