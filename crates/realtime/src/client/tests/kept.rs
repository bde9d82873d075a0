//! What no worker saved, over a reload of the page.

use super::super::*;
use super::{open, settings_with};
use crate::bridge::{PortFailure, SignOut};
use crate::testing::FakeConnection;
use crate::{Message, MessageId};
use sentinelops_engine::{DeliveryState, FailReason, Hint, OutboxOptions, SendRequest};
use sentinelops_protocol::{Channel, Subject};

fn chat(client: &Client, text: &str) -> MessageId {
    client.send(Message::chat("c", text)).id()
}

/// What was handed to workers since the last look.
fn handed_in(connection: &FakeConnection) -> Vec<SendRequest> {
    let posted = connection.take_commands().into_iter();
    posted
        .flat_map(|message| if let ToWorker::Send(requests) = message { requests } else { Vec::new() })
        .collect()
}

fn scope(client: &Client) -> String {
    client.0.settings.scope(&client.platform().base_path())
}

fn kept(client: &Client) -> Option<String> {
    client.platform().kept(&scope(client))
}

/// The page goes, with everything in its memory.
fn unload(client: Client) {
    client.page_hide();
    client.close();
}

/// A page whose worker is of another build, with two messages that nobody takes.
fn stuck(connection: &FakeConnection) -> (Client, [MessageId; 2]) {
    let client = open(connection);
    connection.fail_worker(PortFailure::OtherBuild("other".to_owned()));
    let ids = [chat(&client, "1"), chat(&client, "2")];
    connection.take_commands();
    (client, ids)
}

#[test]
fn a_reload_hands_in_what_nobody_took_under_the_same_ids_and_shows_it() {
    let connection = FakeConnection::new();
    let (client, ids) = stuck(&connection);
    unload(client);
    let client = open(&connection);
    let again = handed_in(&connection);
    assert_eq!(
        again.iter().map(|request| &*request.id).collect::<Vec<_>>(),
        ids.each_ref().map(MessageId::as_str)
    );
    assert!(again.iter().all(|request| request.again));
    assert_eq!(kept(&client), None, "it is in memory again");
    let subject = Subject::topic(Channel::Chat, "c");
    let _watch = client.watch(vec![Dependency::Subject(subject.clone())], Rc::new(|_| {}));
    assert_eq!(client.chat(&subject).messages.len(), 2);
    connection.ack(&ids[0]);
    connection.paint();
    assert_eq!(client.send_state(&ids[0]).map(|state| state.delivery), Some(DeliveryState::Delivered));
}

#[test]
fn what_is_saved_or_over_is_not_kept() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let ids = ["1", "2", "3"].map(|text| chat(&client, text));
    connection.save(&ids[0]);
    connection.ack(&ids[2]);
    connection.paint();
    unload(client);
    connection.take_commands();
    let _client = open(&connection);
    assert_eq!(
        handed_in(&connection).iter().map(|request| &*request.id).collect::<Vec<_>>(),
        [ids[1].as_str()]
    );
}

#[test]
fn a_page_that_comes_back_keeps_it_in_memory_only() {
    let connection = FakeConnection::new();
    for hint in [Hint::PageShow, Hint::Resume] {
        let (client, _) = stuck(&connection);
        client.page_hide();
        assert!(kept(&client).is_some());
        client.hint(hint);
        assert_eq!(kept(&client), None);
        assert!(client.has_unsaved());
    }
}

#[test]
fn nothing_is_kept_where_messages_are_not_persisted() {
    let connection = FakeConnection::new();
    let outbox = OutboxOptions { persist: false, ..OutboxOptions::default() };
    let client = Client::open(
        settings_with(|options| options.outbox = outbox),
        connection.port(),
        TokenSource::None,
        None,
    );
    chat(&client, "1");
    client.page_hide();
    assert!(client.has_unsaved() && kept(&client).is_none());
}

#[test]
fn a_sign_out_leaves_nothing_here_or_in_another_tab() {
    let connection = FakeConnection::new();
    for how in [SignOut::Wipe, SignOut::Keep] {
        let (client, ids) = stuck(&connection);
        client.page_hide();
        client.sign_out(how);
        connection.emit(crate::bridge::FromWorker::SignedOut { left: false });
        connection.paint();
        assert_eq!(kept(&client), None);
        client.page_hide();
        assert_eq!(kept(&client), None, "it was refused");
        let state = client.send_state(&ids[0]).map(|state| state.delivery);
        assert_eq!(state, Some(DeliveryState::Failed(FailReason::SignedOut)));
    }
    // The page is gone while another tab ends the session.
    let (client, _) = stuck(&connection);
    let session = client.platform().session(&scope(&client));
    let scope = scope(&client);
    unload(client);
    let platform = connection.port().platform();
    platform.forget_session(&scope, &session);
    connection.take_commands();
    let next = open(&connection);
    assert_eq!((handed_in(&connection), kept(&next)), (Vec::new(), None));
}
