//! Stores that are full, newer, unreadable or off, and tabs without an engine.

use super::*;

/// It begins a transaction, or opens the store for one.
fn uses_store(output: &&NodeOutput) -> bool {
    matches!(
        output,
        NodeOutput::Append { .. }
            | NodeOutput::ReadMeta
            | NodeOutput::Engine(Output::OpenStore | Output::Store(_) | Output::RescanStore)
    )
}

/// A tab that wants no connection.
fn idle() -> Node {
    let mut node = node();
    node.handle_page(at(3), PageCommand::Disconnect);
    drain(&mut node);
    node
}

#[test]
fn idle_tab_reports_what_it_cannot_save_and_tries_later() {
    let mut node = idle();
    node.handle_page(at(10), send("a"));
    let number = append_number(&drain(&mut node)).unwrap();
    node.handle_store(at(12), StoreEvent::Aborted { number, error: StoreError::Quota });
    let outputs = drain(&mut node);
    assert_eq!(append_number(&outputs), None, "not at once");
    assert_eq!(updates(&outputs), [("a".to_owned(), Durability::MemoryOnly, DeliveryState::Queued)]);
    let shown = delivered(&outputs).into_iter().find_map(|item| match item {
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
        delivered(&outputs)
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
    let lists = delivered(&drain(&mut node)).into_iter().filter_map(|item| match item {
        Delivery::Outbox(list, counts) => Some((list, counts)),
        _ => None,
    });
    let lists: Vec<_> = lists.collect();
    assert_eq!(lists.len(), 1);
    assert_eq!(lists[0].0[0].update.id, "stored");
    assert_eq!(lists[0].1.queued.iter().sum::<u32>(), 1);
}

fn stored(count: usize) -> StoreEvent {
    let row = |at: usize| {
        let row = crate::outbox::row_of(&request(&format!("stored {at}")), 1, "other").unwrap();
        crate::Row { order: at as u64 + 1, ..row }
    };
    StoreEvent::Opened(Box::new(StoreSnapshot {
        rows: (0..count).map(row).collect(),
        ..StoreSnapshot::default()
    }))
}

#[test]
fn a_tab_without_an_engine_counts_what_is_stored_whether_or_not_somebody_looks_at_the_list() {
    let mut node = idle();
    node.handle_store(at(11), stored(2));
    let outputs = drain(&mut node);
    assert_eq!(statuses(&outputs).last().unwrap().queued.iter().sum::<u32>(), 2);
    assert!(!delivered(&outputs).iter().any(|item| matches!(item, Delivery::Outbox(..))));
    // The leader says it in its own status.
    node.handle_page(at(12), PageCommand::Connect);
    assert_eq!(statuses(&drain(&mut node)).last().unwrap().queued, [0; 4]);
}

#[test]
fn where_nobody_leads_a_full_store_takes_critical_ones_only() {
    let mut node = idle();
    let capacity = node.options.outbox.capacity;
    node.handle_store(at(11), stored(capacity as usize - 1));
    drain(&mut node);
    let critical = SendRequest { priority: Priority::Critical, ..request("critical") };
    node.handle_page(at(12), PageCommand::Send(vec![request("a"), request("b"), critical]));
    let outputs = drain(&mut node);
    assert_eq!(appended(&outputs), ["a", "critical"]);
    let full = DeliveryState::Failed(crate::FailReason::QueueFull { capacity });
    assert_eq!(updates(&outputs), [("b".to_owned(), Durability::MemoryOnly, full)]);
}

/// The browser has answered before there was an engine: it is not asked to wait for that again.
#[test]
fn a_tab_alone_says_at_once_why_nothing_is_saved_and_connects() {
    for leads in [false, true] {
        let mut node = Node::new(EngineOptions { tab: "t".to_owned(), ..EngineOptions::default() }, 1, at(0));
        node.handle_page(at(1), PageCommand::Connect);
        if leads {
            node.handle_lock(at(1), &LockEvent::Granted);
        }
        drain(&mut node);
        node.handle_store(at(2), StoreEvent::OpenFailed(StoreError::Blocked));
        assert_eq!(node.role(), Role::Solo);
        let storage = &node.engine().unwrap().status().storage;
        assert_eq!(*storage, StorageState::MemoryOnly(StoreError::Blocked));
        let dials = |output: &NodeOutput| matches!(output, NodeOutput::Engine(Output::Dial { .. }));
        assert!(drain(&mut node).iter().any(dials), "leads: {leads}");
    }
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
    node.handle_store(at(1), StoreEvent::OpenFailed(newer()));
    node.handle_page(at(2), PageCommand::Connect);
    // The engine of its own asks for the store, too, and gets the same answer.
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
    // Deleted by this tab's page: the leader is asked to rescan.
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
    sent.extend(outputs.into_iter().chain(batches).chain(drain(&mut leader)));
    assert_eq!(sent.iter().find(uses_store), None);
    // A later leader is believed.
    let mut next = tab("c");
    next.handle_lock(at(70_000), &LockEvent::Granted);
    let term = next.engine().unwrap().term();
    assert!(Some(term) > call);
}

#[test]
fn a_page_that_goes_away_begins_no_append() {
    let mut node = leader(5);
    node.handle_page(at(20), send("m"));
    drain(&mut node);
    node.handle_page(at(21), PageCommand::PageHide);
    let outputs = drain(&mut node);
    assert!(outputs.iter().any(|output| matches!(output, NodeOutput::Lock(LockRequest::Release))));
    assert_eq!(appended(&outputs), [""; 0], "frozen in it, it would hold everybody up");
    node.handle_page(at(60_000), PageCommand::Hint(Hint::PageShow));
    node.handle_link(at(60_001), LinkMessage::Beat { term: 6 });
    assert_eq!(appended(&drain(&mut node)), ["m"]);
}
