//! Providers that come and go, and the client they share.

use super::super::*;
use super::down::{chat, crash, delivery};
use crate::WorkerHealth;
use crate::bridge::{FromWorker, SignOut};
use crate::registry::Lease;
use crate::testing::FakeConnection;
use sentinelops_engine::{DeliveryState, FailReason};

fn options(connection: &FakeConnection) -> ClientOptions {
    ClientOptions { port: Some(connection.port()), ..ClientOptions::new("ws://fake.invalid/?secret") }
}

fn lease(connection: &FakeConnection) -> Lease {
    Lease::acquire(&options(connection))
}

/// Error lines in the diagnostics that contain this.
fn warnings(client: &Client, text: &str) -> usize {
    client.diagnostics().0.iter().filter(|record| record.text.contains(text)).count()
}

#[test]
fn a_provider_mounted_after_a_sign_out_begins_again() {
    // Signed out while it is mounted, while it lingers, and only after the next one came.
    for when in 0..3 {
        let connection = FakeConnection::new();
        let first = lease(&connection);
        first.client().sign_out(SignOut::Keep);
        if when == 0 {
            connection.emit(FromWorker::SignedOut { left: false });
        }
        drop(first);
        if when == 1 {
            connection.emit(FromWorker::SignedOut { left: false });
        }
        connection.advance(100);
        let next = lease(&connection);
        if when == 2 {
            connection.emit(FromWorker::SignedOut { left: false });
        }
        connection.advance(100);
        assert_eq!(connection.workers(), 2);
        assert_eq!(next.client().worker_health(), WorkerHealth::Running);
        let id = chat(next.client(), "mine");
        assert_eq!(delivery(next.client(), &id), DeliveryState::Queued);
    }
}

#[test]
fn a_client_whose_provider_went_ends_its_session_first() {
    let connection = FakeConnection::new();
    let first = lease(&connection);
    connection.advance(0);
    connection.refuse_start(true);
    crash(&connection);
    first.client().sign_out(SignOut::Wipe);
    drop(first);
    connection.advance(5_000);
    assert!(!connection.commands().contains(&ToWorker::PageHide), "it is waited for");
    connection.emit(FromWorker::SignedOut { left: false });
    connection.advance(1_000);
    let fresh = lease(&connection);
    assert_eq!(connection.workers(), 3);
    drop(fresh);
}

#[test]
fn a_provider_that_is_switched_off_saves_what_it_has_first() {
    let connection = FakeConnection::new();
    let old = lease(&connection);
    let id = chat(old.client(), "1");
    drop(old);
    let off = Lease::acquire(&ClientOptions { enabled: false, ..options(&connection) });
    connection.advance(1_000);
    assert!(!connection.commands().contains(&ToWorker::PageHide), "not saved yet");
    connection.save(&id);
    connection.paint();
    connection.advance(1_000);
    assert!(connection.commands().contains(&ToWorker::PageHide));
    assert_eq!(off.client().setup_error(), Some(&SetupError::Disabled));
}

#[test]
fn options_are_read_once_and_others_are_ignored_with_a_warning() {
    let connection = FakeConnection::new();
    let first = lease(&connection);
    let same = lease(&connection);
    assert_eq!(first.client(), same.client());
    assert_eq!(warnings(first.client(), "read once"), 0);
    let other = Lease::acquire(&ClientOptions { auto_connect: false, ..options(&connection) });
    assert_eq!(first.client(), other.client());
    assert_eq!(warnings(first.client(), "other values of auto_connect are ignored"), 1);
    let other_user = Lease::acquire(&ClientOptions { user: Some("ann".to_owned()), ..options(&connection) });
    assert_ne!(first.client(), other_user.client());
    assert_eq!(connection.workers(), 2);
}

#[test]
fn client_lingers_after_its_last_provider() {
    let connection = FakeConnection::new();
    let first = lease(&connection);
    let client = first.client().clone();
    drop(first);
    let again = lease(&connection);
    assert_eq!(*again.client(), client, "taken over while it lingers");
    drop(again);
    connection.advance(1_000);
    assert_ne!(*lease(&connection).client(), client);
}

#[test]
fn client_made_outside_lives_without_providers_until_it_is_closed() {
    let connection = FakeConnection::new();
    let client = Client::new(options(&connection));
    let provider = lease(&connection);
    assert_eq!(*provider.client(), client);
    drop(provider);
    connection.advance(10_000);
    assert!(!connection.commands().contains(&ToWorker::PageHide));
    let id = chat(&client, "1");
    client.close();
    connection.advance(1_000);
    assert!(!connection.commands().contains(&ToWorker::PageHide), "not saved yet");
    connection.save(&id);
    connection.paint();
    connection.advance(1_000);
    assert!(connection.commands().contains(&ToWorker::PageHide));
    assert_ne!(Client::new(options(&connection)), client);
}

#[test]
fn close_of_a_client_that_a_provider_uses_waits_for_the_provider() {
    let connection = FakeConnection::new();
    let client = Client::new(options(&connection));
    let provider = lease(&connection);
    client.close();
    connection.advance(10_000);
    assert!(!connection.commands().contains(&ToWorker::PageHide));
    drop(provider);
    connection.advance(1_000);
    assert!(connection.commands().contains(&ToWorker::PageHide));
}

#[test]
fn url_that_does_not_work_is_the_clients_setup_error() {
    let connection = FakeConnection::new();
    let client =
        Client::new(ClientOptions { url: Some("ftp://ops.example".to_owned()), ..options(&connection) });
    assert!(matches!(client.setup_error(), Some(SetupError::BadUrl { .. })));
    let sent = client.send(crate::Message::chat("c", "x"));
    assert_eq!(delivery(&client, &sent.id()), DeliveryState::Failed(FailReason::NotConnected));
}

#[test]
fn a_second_token_is_a_line_in_the_diagnostics_and_counts() {
    let connection = FakeConnection::new();
    let take = |token: &str| Lease::acquire(&ClientOptions { token: token.into(), ..options(&connection) });
    let first = take("one");
    let _same = take("one");
    assert_eq!(warnings(first.client(), "different tokens"), 0);
    let _second = take("two");
    assert_eq!(warnings(first.client(), "different tokens"), 1);
    connection.advance(0);
    assert!(connection.commands().contains(&ToWorker::Token(Ok(Some("two".to_owned())))));
}

#[test]
fn two_callbacks_are_not_taken_for_different_tokens() {
    let connection = FakeConnection::new();
    let inline = || TokenSource::sync(|_reason| Ok(Some("one".to_owned())));
    let take = || Lease::acquire(&ClientOptions { token: inline(), ..options(&connection) });
    let first = take();
    let _second = take();
    assert_eq!(warnings(first.client(), "different tokens"), 0);
}
