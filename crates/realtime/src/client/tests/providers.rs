//! Providers that come and go, and the client they share.

use super::super::*;
use super::down::{chat, connects, crash, delivery, handed_in};
use super::settings;
use crate::WorkerHealth;
use crate::bridge::{FromWorker, SignOut};
use crate::registry::Lease;
use crate::testing::FakeConnection;
use sentinelops_engine::{DeliveryState, OutboxOptions};
use sentinelops_protocol::{Channel, Subject};

fn lease(connection: &FakeConnection, settings: Settings) -> Result<Lease, SetupError> {
    let key =
        Key { url: settings.url.full.clone(), user: settings.user.clone(), port: Some(connection.port()) };
    let lease = Lease::acquire(key, settings, connection.port(), TokenSource::None);
    match lease.client().setup_error().cloned() {
        Some(error @ SetupError::Contradiction { .. }) => Err(error),
        _ => Ok(lease),
    }
}

#[test]
fn a_provider_mounted_after_a_sign_out_begins_again() {
    // Signed out while it is mounted, while it lingers, and only after the next one came.
    for when in 0..3 {
        let connection = FakeConnection::new();
        let first = lease(&connection, settings()).unwrap();
        first.client().sign_out(SignOut::Keep);
        if when == 0 {
            connection.say(FromWorker::SignedOut { left: false });
        }
        drop(first);
        if when == 1 {
            connection.say(FromWorker::SignedOut { left: false });
        }
        connection.advance(100);
        let next = lease(&connection, settings()).unwrap();
        if when == 2 {
            connection.say(FromWorker::SignedOut { left: false });
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
    let first = lease(&connection, settings()).unwrap();
    connection.advance(0);
    connection.refuse_start(true);
    crash(&connection);
    first.client().sign_out(SignOut::Wipe);
    drop(first);
    connection.advance(5_000);
    assert!(!connection.said().contains(&ToWorker::PageHide), "it is waited for");
    connection.say(FromWorker::SignedOut { left: false });
    connection.advance(1_000);
    let fresh = lease(&connection, settings()).unwrap();
    assert_eq!(connection.workers(), 3);
    drop(fresh);
}

#[test]
fn new_options_take_over_what_was_sent_and_what_a_person_wanted() {
    let connection = FakeConnection::new();
    let old = lease(&connection, settings()).unwrap();
    let ids: Vec<_> = ["1", "2", "3"].iter().map(|text| chat(old.client(), text)).collect();
    connection.save(&ids[1]);
    connection.paint();
    old.client().disconnect();
    drop(old);
    connection.take_said();
    let outbox = OutboxOptions { capacity: 7, ..OutboxOptions::default() };
    let new = lease(&connection, Settings { outbox, ..settings() }).unwrap();
    let said = connection.take_said();
    assert_eq!(handed_in(&said), [ids[0].as_str(), ids[2].as_str()]);
    let asked = said.iter().any(|m| matches!(m, ToWorker::Inquire(about) if about[0].id == ids[1].as_str()));
    assert!(asked && !connects(&said), "{said:?}");
    let subject = Subject::topic(Channel::Chat, "c");
    let _watch = new.client().watch(vec![Interest::Subject(subject.clone())], Rc::new(|_| {}));
    assert_eq!(new.client().chat(&subject).messages.len(), 3, "they are still shown");
    connection.ack(&ids[0]);
    connection.paint();
    assert_eq!(delivery(new.client(), &ids[0]), DeliveryState::Delivered);
}

#[test]
fn a_provider_that_is_switched_off_saves_what_it_has_first() {
    let connection = FakeConnection::new();
    let old = lease(&connection, settings()).unwrap();
    let id = chat(old.client(), "1");
    drop(old);
    let off = lease(&connection, Settings { enabled: false, ..settings() }).unwrap();
    connection.advance(1_000);
    assert!(!connection.said().contains(&ToWorker::PageHide), "not saved yet");
    connection.save(&id);
    connection.paint();
    connection.advance(1_000);
    assert!(connection.said().contains(&ToWorker::PageHide));
    assert_eq!(off.client().setup_error(), Some(&SetupError::Disabled));
}

#[test]
fn a_contradiction_lasts_as_long_as_there_is_one() {
    let connection = FakeConnection::new();
    let other = || Settings { auto_connect: false, ..settings() };
    let key = || Key { url: settings().url.full, user: None, port: Some(connection.port()) };
    let take = |settings| Lease::acquire(key(), settings, connection.port(), TokenSource::None);
    let told = Rc::new(RefCell::new(0));
    let _waiting = {
        let told = told.clone();
        crate::registry::on_change(Rc::new(move || *told.borrow_mut() += 1))
    };
    let running = take(settings());
    let refused = take(other());
    assert!(refused.client().setup_error().is_some() && !refused.is_stale());
    *told.borrow_mut() = 0;
    drop(running);
    assert!(refused.is_stale() && *told.borrow() > 0, "the other one went");
    let running = take(other());
    assert!(refused.is_stale(), "the other one has the same options now");
    assert_eq!(take(other()).client(), running.client());
}

#[test]
fn a_second_token_is_a_line_in_the_diagnostics_and_counts() {
    let connection = FakeConnection::new();
    let key = || Key { url: settings().url.full, user: None, port: Some(connection.port()) };
    let take = |token: &str| Lease::acquire(key(), settings(), connection.port(), token.into());
    let first = take("one");
    let lines = || {
        let (records, _) = first.client().diagnostics();
        records.iter().filter(|record| record.text.contains("different tokens")).count()
    };
    let _same = take("one");
    assert_eq!(lines(), 0);
    let _second = take("two");
    assert_eq!(lines(), 1);
    connection.advance(0);
    assert!(connection.said().contains(&ToWorker::Token(Ok(Some("two".to_owned())))));
}

#[test]
fn two_callbacks_are_not_taken_for_different_tokens() {
    let connection = FakeConnection::new();
    let key = || Key { url: settings().url.full, user: None, port: Some(connection.port()) };
    let inline = || TokenSource::sync(|_reason| Ok(Some("one".to_owned())));
    let take = || Lease::acquire(key(), settings(), connection.port(), inline());
    let first = take();
    let _second = take();
    let (records, _) = first.client().diagnostics();
    assert!(!records.iter().any(|record| record.text.contains("different tokens")));
}
