//! How often changes from outside are shown, and receipts sent.

use super::*;
use crate::SignOut;
use sentinelops_protocol::{Payload, Watermark};

fn paced() -> (FakeConnection, Client) {
    let connection = FakeConnection::new();
    connection.set_pace(PACE_MS);
    let client = open(&connection);
    connection.connect();
    connection.advance(1_000);
    connection.paint();
    (connection, client)
}

#[test]
fn first_change_is_shown_at_once_and_the_next_ones_after_a_tenth_of_a_second() {
    let (connection, client) = paced();
    let (_watch, events, calls) = follow(&client);
    connection.advance(1_000);
    for n in 0..50 {
        connection.deliver(incident(&n.to_string()));
        connection.frame();
        connection.advance(2);
    }
    assert_eq!((calls.get(), events.borrow().len()), (1, 1));
    connection.advance(PACE_MS);
    connection.frame();
    assert_eq!(calls.get(), 2, "{calls:?}");
    connection.advance(PACE_MS);
    connection.frame();
    assert_eq!((calls.get(), events.borrow().len()), (3, 50), "the worker collected them");
    // Quiet again: the next one is shown at once.
    connection.advance(1_000);
    connection.deliver(incident("later"));
    connection.frame();
    assert_eq!(events.borrow().len(), 51);
}

#[test]
fn answers_to_what_was_sent_here_and_the_connections_state_do_not_wait() {
    let (connection, client) = paced();
    let (_watch, _, calls) = follow(&client);
    connection.advance(1_000);
    connection.deliver(incident("a"));
    connection.frame();
    let id = client.send(Message::chat("c", "hi")).id();
    connection.frame();
    connection.ack(&id);
    connection.frame();
    assert!(client.send_state(&id).is_some_and(|state| state.is_final()));
    connection.deliver(incident("b"));
    connection.frame();
    assert_eq!(calls.get(), 2, "for a second after a person sent something nothing waits");
    connection.advance(2_000);
    connection.deliver(incident("c"));
    connection.frame();
    assert_eq!(calls.get(), 3);
    connection.drop_connection();
    connection.frame();
    assert_eq!(client.status().state, ConnectionState::Reconnecting);
}

/// Up to where the receipts of this kind that were sent say.
fn receipts(connection: &FakeConnection, kind: &str) -> Vec<u64> {
    let sent = connection.sent().into_iter().filter(|request| request.kind == kind);
    let mark = |request: sentinelops_engine::SendRequest| {
        Watermark::of(request.channel, &request.kind, &request.payload)
    };
    sent.filter_map(mark).map(|mark| mark.up_to).collect()
}

#[test]
fn receipts_are_sent_once_a_second_and_the_last_one_always() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let subject = Subject::topic(Channel::Chat, "c");
    let reads = {
        let client = client.clone();
        move |_: &Changes| drop(client.mark_read("c"))
    };
    let _watch = client.watch(vec![Dependency::Subject(subject.clone())], Rc::new(reads));
    connection.connect();
    connection.snapshot(subject, []);
    for n in 0..30_u64 {
        let mut message = chat_message("c", &n.to_string(), "ann", "hi");
        if let Payload::Chat(chat) = &mut message.payload {
            chat.timestamp = n + 1;
        }
        connection.deliver(message);
        connection.frame();
        for request in connection.sent() {
            connection.ack(&MessageId::from(request.id));
        }
        connection.frame();
        connection.advance(100);
    }
    connection.advance(3_000);
    connection.paint();
    for kind in ["chat.delivered", "chat.read"] {
        let sent = receipts(&connection, kind);
        assert!((3..=4).contains(&sent.len()), "{kind}: {sent:?}");
        assert_eq!(sent.last(), Some(&30), "{kind}: {sent:?}");
    }
}

/// Its timers are slow as it is: one after another would be slower still.
#[test]
fn hidden_page_shows_changes_within_a_second() {
    let (connection, client) = paced();
    let (_watch, events, _) = follow(&client);
    connection.advance(1_000);
    connection.set_visible(false);
    connection.deliver(incident("a"));
    connection.advance(1_000);
    connection.deliver(incident("b"));
    connection.advance(1_000);
    assert_eq!(events.borrow().len(), 2);
}

/// A client that has read a first message of a conversation, and a second one within the same second.
fn reader() -> (FakeConnection, Client, Watch) {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let subject = Subject::topic(Channel::Chat, "c");
    let watch = client.watch(vec![Dependency::Subject(subject.clone())], Rc::new(|_: &Changes| ()));
    connection.connect();
    connection.snapshot(subject, []);
    connection.paint();
    for at in [1, 2] {
        receive(&connection, at);
        client.mark_read("c");
    }
    assert_eq!(receipts(&connection, "chat.read"), [1]);
    (connection, client, watch)
}

fn receive(connection: &FakeConnection, at: u64) {
    let mut message = chat_message("c", &at.to_string(), "ann", "hi");
    if let Payload::Chat(chat) = &mut message.payload {
        chat.timestamp = at;
    }
    connection.deliver(message);
    connection.frame();
}

#[test]
fn what_came_after_one_had_read_is_not_marked_read_with_it() {
    let (connection, _client, _watch) = reader();
    receive(&connection, 3);
    connection.advance(1_000);
    connection.paint();
    assert_eq!(receipts(&connection, "chat.read"), [1, 2]);
}

#[test]
fn what_was_read_is_sent_when_the_page_goes_away_or_signs_out() {
    let leave: [fn(&Client); 2] = [Client::page_hide, |client| client.sign_out(SignOut::SendFirst)];
    for leave in leave {
        let (connection, client, _watch) = reader();
        leave(&client);
        assert_eq!(receipts(&connection, "chat.read"), [1, 2]);
    }
}
