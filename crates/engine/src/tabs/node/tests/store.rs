//! Stores that are full, newer, unreadable or off, and tabs without an engine.

use super::*;

/// It begins a transaction, or opens the store for one.
fn uses_store(output: &&NodeOutput) -> bool {
    matches!(
        output,
        NodeOutput::ProbeStore
            | NodeOutput::ReadMeta
            | NodeOutput::Engine(Output::OpenStore | Output::Store(_))
    )
}

fn lists(outputs: &[NodeOutput]) -> Vec<Vec<String>> {
    let ids = |item| match item {
        Delivery::Outbox(list, _) => {
            Some(list.into_iter().map(|info: crate::MessageInfo| info.update.id).collect())
        }
        _ => None,
    };
    delivered(outputs).into_iter().filter_map(ids).collect()
}

/// A tab that leads, and whose page wants no connection.
fn disconnected() -> Node {
    let mut node = node();
    node.handle_lock(at(10), &LockEvent::Granted);
    node.handle_store(at(11), StoreEvent::Opened(Box::default()));
    let written = drain(&mut node).into_iter().filter_map(|output| match output {
        NodeOutput::Engine(Output::Store(group)) => Some(group.number),
        _ => None,
    });
    for number in written.collect::<Vec<_>>() {
        node.handle_store(at(12), StoreEvent::Committed { number });
    }
    node.handle_page(at(12), PageCommand::Disconnect);
    drain(&mut node);
    node
}

#[test]
fn messages_of_a_page_that_wants_no_connection_are_stored_and_listed() {
    let mut node = disconnected();
    node.handle_page(at(13), PageCommand::WatchOutbox(true));
    node.handle_page(at(14), send("m"));
    let outputs = drain(&mut node);
    let puts = |output: &NodeOutput| matches!(output, NodeOutput::Engine(Output::Store(group)) if !group.ops.is_empty());
    assert!(outputs.iter().any(puts), "{outputs:?}");
    assert!(!outputs.iter().any(|output| matches!(output, NodeOutput::Engine(Output::Dial { .. }))));
    assert_eq!(node.engine().map(|engine| engine.counts().queued), Some([0, 0, 1, 0]));
    let mut outputs = outputs;
    for number in 1..6 {
        node.handle_page(at(number * 300), PageCommand::Credit(number));
        node.handle_timeout(at(number * 300 + 200));
        outputs.extend(drain(&mut node));
    }
    assert_eq!(lists(&outputs).last(), Some(&vec!["m".to_owned()]));
    node.handle_page(at(1_800), PageCommand::Connect);
    assert!(drain(&mut node).iter().any(|output| matches!(output, NodeOutput::Engine(Output::Dial { .. }))));
}

#[test]
fn leader_that_wants_no_connection_gives_way_to_a_tab_that_does() {
    let attach = |connect| LinkMessage::Attach {
        tab: "other".to_owned(),
        attachment: 1,
        interest: Interest { connect, ..Interest::default() },
    };
    let mut node = disconnected();
    node.handle_page(at(13), send("m"));
    node.handle_link(at(14), attach(false));
    assert_eq!(node.role(), Role::Leader);
    node.handle_link(at(15), attach(true));
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Follower);
    let at_output = |wanted: &dyn Fn(&NodeOutput) -> bool| outputs.iter().position(wanted);
    let stored = at_output(&|output| matches!(output, NodeOutput::Engine(Output::Store(_))));
    let released = at_output(&|output| *output == NodeOutput::Lock(LockRequest::Release));
    assert!(stored.is_some() && stored < released, "what it decided is stored first: {outputs:?}");
}

/// It knows before the browser reports that the lock is lost.
#[test]
fn leader_whose_write_is_refused_for_a_later_writer_follows_and_is_not_alone() {
    let mut node = leader(5);
    let number = node.engine().and_then(|engine| engine.outbox.group_under_way()).map(|group| group.number);
    let error = StoreError::TakenOver;
    node.handle_store(at(20), StoreEvent::Aborted { number: number.expect("its term"), error });
    let outputs = drain(&mut node);
    assert_eq!(node.role(), Role::Follower);
    assert!(outputs.contains(&NodeOutput::Lock(LockRequest::Request)));
    assert!(!outputs.contains(&NodeOutput::Role(Role::Solo)), "{outputs:?}");
}

#[test]
fn page_that_wants_no_connection_has_none_whatever_the_leader_reports() {
    let mut node = attached(3);
    node.handle_page(at(10), PageCommand::Subscribe(sentinelops_protocol::Subject::channel(Channel::Chat)));
    drain(&mut node);
    node.handle_page(at(11), PageCommand::Disconnect);
    let outputs = drain(&mut node);
    let interest = messages_of(&outputs).into_iter().find_map(|message| match message {
        LinkMessage::Attach { interest, .. } => Some(interest),
        _ => None,
    });
    assert_eq!(interest, Some(Interest::default()), "it receives nothing of a connection");
    node.handle_link(at(12), first_batch(3, attachment_of(&outputs)));
    let outputs = [outputs, drain(&mut node)].concat();
    let states: Vec<_> = statuses(&outputs).into_iter().map(|status| status.state).collect();
    assert_eq!(states, [crate::ConnectionState::Disconnected; 2]);
    node.handle_page(at(13), send("m"));
    assert_eq!(handed_on(&drain(&mut node)), ["m"], "its messages are stored and sent all the same");
}

/// The browser has answered before there was an engine: it is not asked to wait for that again.
#[test]
fn a_tab_alone_says_at_once_why_nothing_is_saved_and_connects() {
    let mut node = Node::new(EngineOptions { tab: "t".to_owned(), ..EngineOptions::default() }, 1, at(0));
    node.handle_page(at(1), PageCommand::Connect);
    node.handle_lock(at(1), &LockEvent::Granted);
    drain(&mut node);
    node.handle_store(at(2), StoreEvent::OpenFailed(StoreError::Blocked));
    assert_eq!(node.role(), Role::Solo);
    let storage = &node.engine().unwrap().status().storage;
    assert_eq!(*storage, StorageState::MemoryOnly(StoreError::Blocked));
    let outputs = drain(&mut node);
    assert!(outputs.iter().any(|output| matches!(output, NodeOutput::Engine(Output::Dial { .. }))));
    let opens = |output: &NodeOutput| *output == NodeOutput::Engine(Output::OpenStore);
    assert!(!outputs.iter().any(opens), "it would become the writer of a store that others may share");
}

/// What it has saved goes before what it sends now.
#[test]
fn a_tab_alone_waits_for_a_store_in_which_its_messages_may_lie() {
    let mut node = leader(5);
    node.handle_store(at(20), StoreEvent::Closed(StoreError::Unavailable("gone".to_owned())));
    assert_eq!(node.role(), Role::Solo);
    assert_eq!(node.engine().unwrap().status().storage, StorageState::Opening);
}

#[test]
fn a_leader_that_goes_into_the_bfcache_begins_no_transaction() {
    let mut node = leader(1);
    node.handle_page(at(10), PageCommand::WatchOutbox(true));
    drain(&mut node);
    node.handle_page(at(11), PageCommand::PageHide);
    let outputs = drain(&mut node);
    assert!(outputs.contains(&NodeOutput::Lock(LockRequest::Release)), "{outputs:?}");
    assert_eq!(outputs.iter().find(uses_store), None);
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
    node.handle_page(at(2), PageCommand::Connect);
    node.handle_lock(at(2), &LockEvent::Granted);
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

/// A follower receives it when it leads next and opens the store.
#[test]
fn a_newer_build_that_takes_the_store_while_it_is_open_stops_this_one() {
    let mut follower = attached(3);
    follower.handle_lock(at(10), &LockEvent::Granted);
    follower.handle_store(at(11), StoreEvent::OpenFailed(newer()));
    assert_eq!((follower.role(), follower.engine().is_none()), (Role::Idle, true));

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
    // Deleted by this tab's page: the leader counts them.
    node.handle_store(at(4), StoreEvent::Unreadable(0));
    assert!(messages_of(&drain(&mut node)).contains(&LinkMessage::Unreadable { count: 0 }));
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
    let mut sent = Vec::new();
    let (mut leader, mut follower) = (tab("a"), tab("b"));
    leader.handle_lock(at(10), &LockEvent::Granted);
    sent.extend(drain(&mut leader));
    let call = sent.iter().find_map(|output| match output {
        NodeOutput::Link(_, LinkMessage::RollCall { term }) => Some(*term),
        _ => None,
    });
    follower.handle_link(at(11), LinkMessage::RollCall { term: call.expect("it calls without a store") });
    follower.handle_page(at(12), send("m"));
    let (mut outputs, mut batches) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let new = drain(&mut follower);
        for message in messages_of(&new) {
            leader.handle_link(at(13), message);
        }
        outputs.extend(new);
        let new = drain(&mut leader);
        for message in messages_of(&new) {
            follower.handle_link(at(14), message);
        }
        batches.extend(new);
    }
    let to_it = |output: &NodeOutput| matches!(output, NodeOutput::Link(LinkTarget::Tab(tab), LinkMessage::Batch { .. }) if tab == "b");
    assert!(batches.iter().any(to_it));
    assert_eq!(leader.engine().unwrap().counts().queued, [0, 0, 1, 0]);
    // A leader that slept has no stored term to read.
    leader.handle_page(at(60_000), send("n"));
    sent.extend(outputs.into_iter().chain(batches).chain(drain(&mut leader)));
    assert_eq!(sent.iter().find(uses_store), None);
    // A later leader is believed.
    let mut next = tab("c");
    next.handle_lock(at(70_000), &LockEvent::Granted);
    let term = next.engine().unwrap().term();
    assert!(Some(term) > call);
}
