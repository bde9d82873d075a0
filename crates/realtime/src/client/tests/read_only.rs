//! A client that only shows.

use super::super::*;
use super::{incidents, settings_with};
use crate::testing::{FakeConnection, chat_message, incident};
use crate::{IncidentEdit, Message, RawError, SubscribeOptions};
use sentinelops_engine::{DeliveryState, FailReason, Mode, RawFrame};
use sentinelops_protocol::domain::IncidentStatus;
use sentinelops_protocol::{Channel, Subject};

fn open(connection: &FakeConnection, read_only: bool) -> Client {
    let settings = settings_with(|options| options.read_only = read_only);
    Client::open(settings, connection.port(), TokenSource::None, None)
}

/// Everything that leaves by itself or by a call.
fn send_everything(connection: &FakeConnection, client: &Client) {
    let subject = Subject::topic(Channel::Chat, "inc-1");
    let _chat = client.subscribe(SubscribeOptions::topic(Channel::Chat, "inc-1"));
    connection.snapshot(subject, [chat_message("inc-1", "m1", "bob", "hello")]);
    connection.paint();
    client.send(IncidentEdit::new("inc-1").status(IncidentStatus::Resolved));
    client.send(Message::chat("inc-1", "mine"));
    client.send(Message::typing("inc-1"));
    client.viewing("inc-1");
    client.mark_read("inc-1");
    connection.advance(60_000);
    connection.paint();
}

#[test]
fn a_read_only_client_hands_no_message_over_and_says_why() {
    for read_only in [false, true] {
        let connection = FakeConnection::new();
        let client = open(&connection, read_only);
        connection.connect();
        connection.snapshot(incidents(), [incident("inc-1").into()]);
        connection.paint();
        send_everything(&connection, &client);
        assert_eq!(connection.sent().is_empty(), read_only, "{:?}", connection.sent());
        let sent = client.send(IncidentEdit::new("inc-1").status(IncidentStatus::Resolved));
        let state = client.send_state(&sent.id()).expect("it is known").delivery;
        let is_refused = matches!(&state, DeliveryState::Failed(FailReason::Invalid { detail }) if detail.contains("read_only"));
        assert_eq!(is_refused, read_only, "{state:?}");
    }
}

#[test]
fn a_read_only_client_sends_no_frame_of_its_own() {
    let connection = FakeConnection::new();
    let client = open(&connection, true);
    connection.connect();
    connection.change_status(|status| status.mode = Some(Mode::Basic));
    connection.paint();
    let frame = RawFrame::Text("hello".to_owned());
    assert_eq!(client.send_raw(frame), Err(RawError::ReadOnly));
    assert!(!connection.commands().iter().any(|command| matches!(command, ToWorker::SendRaw(_))));
}
