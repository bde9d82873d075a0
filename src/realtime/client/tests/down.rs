//! What is asked of a client whose worker is down, or whose session is over.

use super::super::*;
use super::{open, settings};
use crate::bridge::{FromWorker, PortFailure, SignOut};
use crate::realtime::registry::Lease;
use crate::realtime::{Message, MessageId, SendState, WorkerHealth};
use crate::testing::{FakeConnection, incident};
use sentinelops_engine::{
    Cause, ConnectionState, DeliveryState, Durability, FailReason, Hint, MessageCounts, MessageInfo,
    MessageUpdate, OutboxOptions,
};
use sentinelops_protocol::{Channel, Subject};

fn crash(connection: &FakeConnection) {
    connection.fail_worker(PortFailure::Crashed("trap".to_owned()));
}

fn chat(client: &Client, text: &str) -> MessageId {
    client.send(Message::chat("c", text))
}

fn delivery(client: &Client, id: &MessageId) -> DeliveryState {
    client.send_state(id).unwrap().delivery
}

fn failed(reason: FailReason) -> DeliveryState {
    DeliveryState::Failed(reason)
}

/// The ids handed in, in order.
fn handed_in(said: &[ToWorker]) -> Vec<String> {
    let sends = said.iter().filter_map(|message| match message {
        ToWorker::Send(requests) => Some(requests),
        _ => None,
    });
    sends.flatten().map(|request| request.id.clone()).collect()
}

fn connects(said: &[ToWorker]) -> bool {
    said.iter().any(|message| match message {
        ToWorker::Init(init) => init.auto_connect,
        ToWorker::Connect | ToWorker::TryNow => true,
        _ => false,
    })
}

fn position(said: &[ToWorker], what: &ToWorker) -> Option<usize> {
    said.iter().position(|message| message == what)
}

fn row(connection: &FakeConnection, id: &MessageId, delivery: DeliveryState) -> MessageInfo {
    MessageInfo {
        update: MessageUpdate { id: id.to_string(), durability: Durability::Durable, delivery },
        kind: "chat.message".to_owned(),
        channel: Channel::Chat,
        priority: Default::default(),
        created_at: connection.now(),
        attempts: 0,
        payload: Message::chat("c", "x").payload().clone(),
    }
}

#[test]
fn a_wipe_asked_for_while_the_worker_is_down_is_all_the_next_one_gets() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let _watch = client.watch(vec![Interest::Subject(Subject::channel(Channel::Chat))], Rc::new(|_| {}));
    let (saved, unsaved) = (chat(&client, "1"), chat(&client, "2"));
    connection.save(&saved);
    connection.paint();
    crash(&connection);
    connection.take_said();
    client.sign_out(SignOut::Wipe);
    // Nobody waits for the backoff.
    assert_eq!(connection.workers(), 2);
    client.connect();
    client.try_now();
    let late = chat(&client, "3");
    connection.advance(1_000);
    let said = connection.take_said();
    assert!(matches!(said[0], ToWorker::Init(_)));
    assert_eq!(said[1..], [ToWorker::SignOut(SignOut::Wipe)]);
    assert!(!connects(&said), "{said:?}");
    for id in [&saved, &unsaved, &late] {
        assert_eq!(delivery(&client, id), failed(FailReason::SignedOut));
    }
    // It dies over it: the next one has it to do.
    crash(&connection);
    connection.advance(60_000);
    let said = connection.take_said();
    assert_eq!(said.iter().filter(|m| **m == ToWorker::SignOut(SignOut::Wipe)).count(), 1);
    assert!(handed_in(&said).is_empty() && !connects(&said), "{said:?}");
}

#[test]
fn what_is_to_be_kept_is_saved_before_the_session_ends() {
    for is_saved in [true, false] {
        let connection = FakeConnection::new();
        let client = open(&connection);
        let id = chat(&client, "1");
        crash(&connection);
        connection.take_said();
        client.sign_out(SignOut::Keep);
        let said = connection.take_said();
        assert_eq!(handed_in(&said), [id.as_str()]);
        assert!(!connects(&said) && position(&said, &ToWorker::SignOut(SignOut::Keep)).is_none(), "{said:?}");
        if is_saved {
            connection.save(&id);
            connection.paint();
        } else {
            // A store that does not answer is not waited for for ever.
            connection.advance(5_000);
        }
        assert!(position(&connection.take_said(), &ToWorker::SignOut(SignOut::Keep)).is_some());
        connection.say(FromWorker::SignedOut { left: false });
        connection.paint();
        let end = if is_saved { DeliveryState::Queued } else { failed(FailReason::SignedOut) };
        assert_eq!(delivery(&client, &id), end);
    }
}

#[test]
fn what_is_to_be_sent_first_is_handed_in_before_the_sign_out() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let id = chat(&client, "1");
    crash(&connection);
    connection.take_said();
    client.sign_out(SignOut::SendFirst);
    let said = connection.take_said();
    assert_eq!(handed_in(&said), [id.as_str()]);
    let sent = said.iter().position(|message| matches!(message, ToWorker::Send(_)));
    assert!(sent < position(&said, &ToWorker::SignOut(SignOut::SendFirst)), "{said:?}");
    // Its last ack and its end come in one go.
    connection.ack(&id);
    connection.say(FromWorker::SignedOut { left: false });
    connection.paint();
    assert_eq!(delivery(&client, &id), DeliveryState::Delivered);
}

#[test]
fn a_page_that_was_away_while_another_tab_signed_out_is_signed_out_when_it_comes_back() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection.connect();
    connection.paint();
    client.hint(Hint::PageShow);
    connection.paint();
    assert_eq!(client.status().state, ConnectionState::Connected, "nobody signed out");
    let init = client.0.settings.init(&client.0.page, &**client.platform(), false);
    client.platform().forget_session(&init.scope, "another name");
    client.hint(Hint::Resume);
    connection.paint();
    assert_eq!(client.status().state, ConnectionState::Connected, "it was another session");
    client.platform().forget_session(&init.scope, &init.engine.session);
    client.hint(Hint::PageShow);
    connection.paint();
    assert_eq!(client.status().cause, Cause::SignedOut);
}

#[test]
fn a_sign_out_in_another_tab_reaches_a_page_whose_worker_is_down() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection.connect();
    connection.paint();
    let init = client.0.settings.init(&client.0.page, &**client.platform(), false);
    client.other_tab_wrote();
    connection.advance(5_000);
    assert_eq!(client.status().state, ConnectionState::Connected, "it wrote something else");
    client.platform().forget_session(&init.scope, &init.engine.session);
    client.other_tab_wrote();
    connection.paint();
    assert_eq!(client.status().state, ConnectionState::Connected, "the worker has the last news");
    connection.advance(1_000);
    connection.paint();
    assert_eq!(client.status().cause, Cause::SignedOut);
}

#[test]
fn a_worker_is_not_started_again_for_a_session_that_ended_meanwhile() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection.connect();
    connection.paint();
    let init = client.0.settings.init(&client.0.page, &**client.platform(), false);
    client.platform().forget_session(&init.scope, &init.engine.session);
    connection.fail_worker(PortFailure::Crashed("gone".to_owned()));
    connection.advance(60_000);
    connection.paint();
    assert_eq!((client.status().cause.clone(), connection.workers()), (Cause::SignedOut, 1));
}

#[test]
fn what_could_not_be_deleted_is_said() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection.connect();
    client.sign_out(SignOut::Wipe);
    connection.say(FromWorker::SignedOut { left: true });
    connection.paint();
    let status = client.status();
    assert_eq!(status.cause, Cause::SignedOut);
    assert!(
        status.last_error.as_deref().is_some_and(|error| error.contains("could not be deleted")),
        "{status:?}"
    );
}

#[test]
fn a_session_that_is_over_says_so_refuses_and_begins_again() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let subject = Subject::channel(Channel::Incidents);
    let _watch = client.watch(vec![Interest::Subject(subject.clone())], Rc::new(|_| {}));
    connection.connect();
    connection.snapshot(subject.clone(), [incident("i1").into()]);
    connection.paint();
    client.sign_out(SignOut::Keep);
    connection.say(FromWorker::SignedOut { left: false });
    connection.paint();
    let status = client.status();
    assert_eq!((status.state, &status.cause), (ConnectionState::Disconnected, &Cause::SignedOut));
    assert_eq!((client.worker_health(), client.error(None)), (WorkerHealth::Off, None));
    assert_eq!((client.incidents().len(), client.continuity(&subject)), (0, None));
    let id = chat(&client, "late");
    assert_eq!(delivery(&client, &id), failed(FailReason::SignedOut));
    assert!(!client.has_unsaved());
    connection.take_said();
    client.try_now();
    connection.advance(120_000);
    assert_eq!((connection.take_said(), connection.workers()), (vec![], 1), "it stays so");

    client.connect();
    let said = connection.take_said();
    assert!(connects(&said) && said.contains(&ToWorker::Subscribe(subject)), "{said:?}");
    connection.connect();
    connection.paint();
    assert_eq!(
        (client.status().state, client.worker_health()),
        (ConnectionState::Connected, WorkerHealth::Running)
    );
    let id = chat(&client, "again");
    assert_eq!(delivery(&client, &id), DeliveryState::Queued);
    assert_eq!(connection.last_id(), Some(id));
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
        crate::realtime::registry::on_change(Rc::new(move || *told.borrow_mut() += 1))
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
fn what_was_dropped_while_the_worker_was_down_is_not_sent_by_the_next_one() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (given, kept) = (chat(&client, "given"), chat(&client, "kept"));
    crash(&connection);
    let down = chat(&client, "while it was down");
    client.discard(&given);
    client.discard(&down);
    // No worker ever had it.
    assert_eq!(delivery(&client, &down), failed(FailReason::Discarded));
    connection.take_said();
    connection.advance(500);
    let said = connection.take_said();
    assert_eq!(handed_in(&said), [kept.as_str()]);
    let about =
        said.iter().any(|m| matches!(m, ToWorker::Inquire(about) if about.len() == 1 && about[0].discarded));
    assert!(about, "the last worker may have saved it: {said:?}");
    // It had, and the next one finds it.
    connection.update(&given, Durability::Durable, DeliveryState::Queued);
    connection.outbox(vec![row(&connection, &given, DeliveryState::Queued)], MessageCounts::default());
    connection.paint();
    let drop = ToWorker::Discard { id: given.to_string() };
    assert_eq!(connection.take_said().iter().filter(|m| **m == drop).count(), 1);
    connection.outbox(vec![row(&connection, &given, DeliveryState::Queued)], MessageCounts::default());
    connection.paint();
    assert!(!connection.take_said().contains(&drop), "once");
}

#[test]
fn what_was_tried_again_while_the_worker_was_down_is_tried_by_the_next_one() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection.outbox(vec![], MessageCounts::default());
    connection.paint();
    let id = chat(&client, "1");
    connection.update(&id, Durability::Durable, DeliveryState::Evicted);
    connection.paint();
    crash(&connection);
    client.retry(&id, true);
    connection.advance(500);
    let again = ToWorker::Retry { id: id.to_string(), confirm: true };
    assert!(!connection.take_said().contains(&again), "it has not read its store yet");
    connection.outbox(vec![row(&connection, &id, DeliveryState::Evicted)], MessageCounts::default());
    connection.paint();
    assert!(connection.take_said().contains(&again));
    connection.update(&id, Durability::Durable, DeliveryState::Queued);
    connection.paint();
    assert!(client.send_state(&id).is_some_and(|state| state.is_saved()));
}

#[test]
fn what_is_not_to_be_queued_is_refused_at_once_where_nobody_can_send_it() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let now_or_never = || client.send(Message::chat("c", "now").unqueued());
    crash(&connection);
    let id = now_or_never();
    assert_eq!(delivery(&client, &id), failed(FailReason::NotConnected));
    assert_eq!(client.send_state(&chat(&client, "may wait")), Some(SendState::default()));

    for failure in [PortFailure::Blocked("csp".to_owned()), PortFailure::OtherBuild("x".to_owned())] {
        connection.advance(60_000);
        client.try_now();
        let id = now_or_never();
        assert_eq!(delivery(&client, &id), DeliveryState::Queued, "it may start yet");
        connection.fail_worker(failure);
        assert_eq!(delivery(&client, &id), failed(FailReason::NotConnected));
    }
}

#[test]
fn a_worker_that_hangs_while_it_starts_is_said_within_twelve_seconds_and_not_ended() {
    let connection = FakeConnection::new();
    connection.refuse_start(true);
    let client = open(&connection);
    connection.advance(12_000);
    connection.paint();
    let error = client.error(None).map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("has not started after 10 seconds"), "{error}");
    assert_eq!(connection.workers(), 1);
    // It was only slow.
    connection.say(FromWorker::Ready);
    connection.paint();
    assert_eq!((client.worker_health(), client.error(None)), (WorkerHealth::Running, None));
}
