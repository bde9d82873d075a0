//! What the next engine of a tab knows of its server, where no store tells it.

use super::*;
use crate::{Generation, OutboxOptions, SocketEvent};

const WELCOME: &str = r#"{"type":"welcome","channel":"system","payload":{"protocol":1,"session":"s",
    "user":"anna","now":1780000000000,"maxMessageBytes":65536,"maxInFlight":64,"reconnectWindowMs":0}}"#;
const PONG: &str = r#"{"type":"pong","channel":"system","payload":{"n":1,"sentAt":0}}"#;

/// Alone with its connection: nothing is stored.
fn unstored() -> Node {
    let outbox = OutboxOptions { persist: false, ..OutboxOptions::default() };
    let mut node = Node::new(EngineOptions { outbox, ..EngineOptions::default() }, 1, at(0));
    node.handle_page(at(0), PageCommand::Connect);
    node.handle_lock(at(0), &LockEvent::Granted);
    node
}

fn dial(node: &mut Node) -> Option<Generation> {
    drain(node).into_iter().find_map(|output| match output {
        NodeOutput::Engine(Output::Dial { generation, .. }) => Some(generation),
        _ => None,
    })
}

fn frame(node: &mut Node, now: Now, generation: Generation, text: &str) {
    node.handle_socket(now, generation, SocketEvent::Frame { bytes: text.as_bytes(), binary: false });
}

/// The page goes into the bfcache and comes out again.
fn away_and_back(node: &mut Node, now: Now) -> Option<Generation> {
    node.handle_page(now, PageCommand::PageHide);
    assert!(node.engine().is_none());
    node.handle_page(now, PageCommand::Hint(crate::Hint::PageShow));
    if node.engine().is_none() {
        node.handle_lock(now, &LockEvent::Granted);
    }
    assert!(node.engine().is_some());
    dial(node)
}

/// When it dials by itself, up to `until`.
fn next_dial(node: &mut Node, until: u64) -> Option<(u64, Generation)> {
    while let Some(due) = node.poll_timeout().filter(|due| *due <= until) {
        node.handle_timeout(at(due));
        if let Some(generation) = dial(node) {
            return Some((due, generation));
        }
    }
    None
}

#[test]
fn a_time_the_server_gave_holds_for_the_next_engine_where_nothing_is_stored() {
    let mut node = unstored();
    let generation = dial(&mut node).expect("it dials");
    node.handle_socket(at(100), generation, SocketEvent::Opened);
    let reason = "retryAfterMs=20000".to_owned();
    node.handle_socket(at(200), generation, SocketEvent::Closed { code: 1013, reason });
    drain(&mut node);
    assert_eq!(away_and_back(&mut node, at(1_000)), None, "at once");
    // And for the one after that.
    assert_eq!(away_and_back(&mut node, at(2_000)), None, "at once");
    let (when, _) = next_dial(&mut node, 120_000).expect("it dials in the end");
    assert!(when >= 20_200, "at {when}");
    assert!(node.engine().is_some_and(|engine| engine.status().attempts >= 1), "and the attempts count on");
}

#[test]
fn a_url_that_welcomed_is_not_basic_for_the_next_engine_either() {
    let mut node = unstored();
    let generation = dial(&mut node).expect("it dials");
    node.handle_socket(at(100), generation, SocketEvent::Opened);
    frame(&mut node, at(200), generation, WELCOME);
    let generation = away_and_back(&mut node, at(1_000)).expect("it dials at once");
    node.handle_socket(at(1_100), generation, SocketEvent::Opened);
    next_dial(&mut node, 12_000);
    let status = node.engine().map(crate::Engine::status).unwrap_or_default();
    assert_eq!((status.state, status.mode), (crate::ConnectionState::Reconnecting, None));
}

#[test]
fn a_url_that_ponged_is_held_to_it_by_the_next_engine() {
    let mut node = unstored();
    let generation = dial(&mut node).expect("it dials");
    node.handle_socket(at(100), generation, SocketEvent::Opened);
    frame(&mut node, at(200), generation, PONG);
    let generation = away_and_back(&mut node, at(1_000)).expect("it dials at once");
    node.handle_socket(at(1_100), generation, SocketEvent::Opened);
    let event = r#"{"id":"e","type":"agent.status","channel":"agents","payload":{}}"#;
    frame(&mut node, at(1_200), generation, event);
    node.handle_page(at(1_300), send("m"));
    node.handle_socket(at(1_300), generation, SocketEvent::Buffered(0));
    let messages = node.engine().map(crate::Engine::messages).unwrap_or_default();
    let states: Vec<_> = messages.into_iter().map(|message| message.update.delivery).collect();
    assert_eq!(states, [DeliveryState::Sent], "its page has not taken the batch");
    next_dial(&mut node, 8_000);
    let cause = node.engine().map(|engine| engine.status().cause);
    assert_eq!(cause, Some(crate::Cause::Silent), "and silence means something");
}

#[test]
fn attempts_that_another_leader_may_have_forgotten_do_not_count() {
    for (term, expected) in [(None, 1), (Some(9), 0)] {
        let mut node = leader(5);
        let generation = node.engine().map(crate::Engine::sockets).map(Generation).expect("it leads");
        node.handle_socket(at(20), generation, SocketEvent::Closed { code: 1006, reason: String::new() });
        node.handle_lock(at(30), &LockEvent::Lost);
        if let Some(term) = term {
            node.handle_link(at(31), LinkMessage::Heartbeat { term });
        }
        node.handle_lock(at(40), &LockEvent::Granted);
        node.handle_store(at(41), StoreEvent::Opened(Box::default()));
        assert_eq!(node.engine().map(|engine| engine.status().attempts), Some(expected), "{term:?}");
    }
}

#[test]
fn sockets_go_on_counting_in_the_next_engine() {
    let mut node = unstored();
    let first = dial(&mut node).expect("it dials");
    let second = away_and_back(&mut node, at(1_000)).expect("it dials at once");
    node.handle_socket(at(1_100), second, SocketEvent::Closed { code: 1006, reason: String::new() });
    let (_, third) = next_dial(&mut node, 60_000).expect("it dials again");
    assert!(first < second && second < third, "{first:?}, {second:?}, {third:?}");
}

#[test]
fn where_nothing_is_stored_a_later_leader_has_the_higher_term_also_when_the_clock_was_set_back() {
    let mut node = unstored();
    let known_term = 1_790_000_000_000;
    node.handle_lock(at(20), &LockEvent::Lost);
    node.handle_link(at(30), LinkMessage::Heartbeat { term: known_term });
    node.handle_lock(at(40), &LockEvent::Granted);
    assert_eq!(node.engine().map(crate::Engine::term), Some(known_term + 1));
}
