//! What is asked of a client whose worker is down, or whose session is over.

use super::super::*;
use super::open;
use crate::bridge::{FromWorker, LeaveNotice, PortFailure, SignOut};
use crate::testing::{FakeConnection, incident};
use crate::{Message, MessageId, SendState, WorkerHealth};
use futures::FutureExt;
use sentinelops_engine::{
    Cause, ConnectionState, DeliveryState, Durability, FailReason, Hint, MessageCounts, MessageInfo,
    MessageUpdate,
};
use sentinelops_protocol::{Channel, Subject};

pub(super) fn crash(connection: &FakeConnection) {
    connection.fail_worker(PortFailure::Crashed("trap".to_owned()));
}

pub(super) fn chat(client: &Client, text: &str) -> MessageId {
    client.send(Message::chat("c", text)).id()
}

pub(super) fn delivery(client: &Client, id: &MessageId) -> DeliveryState {
    client.send_state(id).unwrap().delivery
}

fn failed(reason: FailReason) -> DeliveryState {
    DeliveryState::Failed(reason)
}

/// The ids handed in, in order.
pub(super) fn handed_in(posted: &[ToWorker]) -> Vec<String> {
    let sends = posted.iter().filter_map(|message| match message {
        ToWorker::Send(requests) => Some(requests),
        _ => None,
    });
    sends.flatten().map(|request| request.id.clone()).collect()
}

pub(super) fn connects(posted: &[ToWorker]) -> bool {
    posted.iter().any(|message| match message {
        ToWorker::Init(init) => init.auto_connect,
        ToWorker::Connect | ToWorker::Reconnect => true,
        _ => false,
    })
}

fn position(posted: &[ToWorker], what: &ToWorker) -> Option<usize> {
    posted.iter().position(|message| message == what)
}

fn row(connection: &FakeConnection, id: &MessageId, delivery: DeliveryState) -> MessageInfo {
    MessageInfo {
        update: MessageUpdate { id: id.to_string(), durability: Durability::Durable, delivery },
        kind: "chat.message".to_owned(),
        channel: Channel::Chat,
        priority: Default::default(),
        created_at: connection.now(),
        attempts: 0,
        coalesced: false,
        payload: Message::chat("c", "x").payload().clone(),
    }
}

/// The worker may be frozen before it reads that the page goes away.
#[test]
fn a_page_that_goes_away_says_for_its_worker_what_that_asked_for() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    client.page_hide();
    assert_eq!(connection.broadcasts(), [], "it does not lead");
    let leave_notice = LeaveNotice { channel: "tabs".to_owned(), bytes: vec![1, 2] };
    let posted = ("tabs".to_owned(), vec![1, 2]);
    connection.emit(FromWorker::LeaveNotice(Some(leave_notice)));
    client.page_hide();
    assert_eq!(connection.broadcasts(), std::slice::from_ref(&posted));
    connection.emit(FromWorker::LeaveNotice(None));
    client.page_hide();
    connection
        .emit(FromWorker::LeaveNotice(Some(LeaveNotice { channel: "tabs".to_owned(), bytes: vec![3] })));
    connection.fail_worker(PortFailure::Crashed("unreachable".to_owned()));
    client.page_hide();
    assert_eq!(connection.broadcasts(), [posted], "another worker leads or not, that one does no more");
}

#[test]
fn a_wipe_asked_for_while_the_worker_is_down_is_all_the_next_one_gets() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let _watch = client.watch(vec![Dependency::Subject(Subject::channel(Channel::Chat))], Rc::new(|_| {}));
    let (saved, unsaved) = (chat(&client, "1"), chat(&client, "2"));
    connection.save(&saved);
    connection.paint();
    crash(&connection);
    connection.take_commands();
    client.sign_out(SignOut::Wipe);
    // Nobody waits for the backoff.
    assert_eq!(connection.workers(), 2);
    client.connect();
    client.reconnect();
    let late = chat(&client, "3");
    connection.advance(1_000);
    let posted = connection.take_commands();
    assert!(matches!(posted[0], ToWorker::Init(_)));
    assert_eq!(posted[1..], [ToWorker::SignOut(SignOut::Wipe)]);
    assert!(!connects(&posted), "{posted:?}");
    for id in [&saved, &unsaved, &late] {
        assert_eq!(delivery(&client, id), failed(FailReason::SignedOut));
    }
    // It dies over it: the next one has it to do.
    crash(&connection);
    connection.advance(60_000);
    let posted = connection.take_commands();
    assert_eq!(posted.iter().filter(|m| **m == ToWorker::SignOut(SignOut::Wipe)).count(), 1);
    assert!(handed_in(&posted).is_empty() && !connects(&posted), "{posted:?}");
}

#[test]
fn what_is_to_be_kept_is_saved_before_the_session_ends() {
    for is_saved in [true, false] {
        let connection = FakeConnection::new();
        let client = open(&connection);
        let id = chat(&client, "1");
        crash(&connection);
        connection.take_commands();
        client.sign_out(SignOut::Keep);
        let posted = connection.take_commands();
        assert_eq!(handed_in(&posted), [id.as_str()]);
        assert!(
            !connects(&posted) && position(&posted, &ToWorker::SignOut(SignOut::Keep)).is_none(),
            "{posted:?}"
        );
        if is_saved {
            connection.save(&id);
            connection.paint();
        } else {
            // A store that does not answer is not waited for without end.
            connection.advance(20_000);
        }
        assert!(position(&connection.take_commands(), &ToWorker::SignOut(SignOut::Keep)).is_some());
        connection.emit(FromWorker::SignedOut { left: false });
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
    connection.take_commands();
    client.sign_out(SignOut::SendFirst);
    let posted = connection.take_commands();
    assert_eq!(handed_in(&posted), [id.as_str()]);
    let sent = posted.iter().position(|message| matches!(message, ToWorker::Send(_)));
    assert!(sent < position(&posted, &ToWorker::SignOut(SignOut::SendFirst)), "{posted:?}");
    // Its last ack and its end come in one go.
    connection.ack(&id);
    connection.emit(FromWorker::SignedOut { left: false });
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
    connection.emit(FromWorker::SignedOut { left: true });
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
    let _watch = client.watch(vec![Dependency::Subject(subject.clone())], Rc::new(|_| {}));
    connection.connect();
    connection.snapshot(subject.clone(), [incident("i1").into()]);
    connection.paint();
    client.sign_out(SignOut::Keep);
    connection.emit(FromWorker::SignedOut { left: false });
    connection.paint();
    let status = client.status();
    assert_eq!((status.state, &status.cause), (ConnectionState::Disconnected, &Cause::SignedOut));
    assert_eq!((client.worker_health(), client.error(None)), (WorkerHealth::Off, None));
    assert_eq!((client.incidents().len(), client.continuity(&subject)), (0, None));
    let id = chat(&client, "late");
    assert_eq!(delivery(&client, &id), failed(FailReason::SignedOut));
    assert!(!client.has_unsaved());
    connection.take_commands();
    client.reconnect();
    connection.advance(120_000);
    assert_eq!((connection.take_commands(), connection.workers()), (vec![], 1), "it stays so");

    client.connect();
    let posted = connection.take_commands();
    assert!(connects(&posted) && posted.contains(&ToWorker::Subscribe(subject)), "{posted:?}");
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
    connection.take_commands();
    connection.advance(500);
    let posted = connection.take_commands();
    assert_eq!(handed_in(&posted), [kept.as_str()]);
    let about = posted
        .iter()
        .any(|m| matches!(m, ToWorker::Inquire(about) if about.len() == 1 && about[0].discarded));
    assert!(about, "the last worker may have saved it: {posted:?}");
    // It had, and the next one finds it.
    connection.update(&given, Durability::Durable, DeliveryState::Queued);
    connection.outbox(vec![row(&connection, &given, DeliveryState::Queued)], MessageCounts::default());
    connection.paint();
    let drop = ToWorker::Discard { id: given.to_string() };
    assert_eq!(connection.take_commands().iter().filter(|m| **m == drop).count(), 1);
    connection.outbox(vec![row(&connection, &given, DeliveryState::Queued)], MessageCounts::default());
    connection.paint();
    assert!(!connection.take_commands().contains(&drop), "once");
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
    assert!(!connection.take_commands().contains(&again), "it has not read its store yet");
    connection.outbox(vec![row(&connection, &id, DeliveryState::Evicted)], MessageCounts::default());
    connection.paint();
    assert!(connection.take_commands().contains(&again));
    connection.update(&id, Durability::Durable, DeliveryState::Queued);
    connection.paint();
    assert!(client.send_state(&id).is_some_and(|state| state.is_saved()));
}

#[test]
fn what_is_not_to_be_queued_is_refused_at_once_where_nobody_can_send_it() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let now_or_never = || client.send(Message::chat("c", "now").unqueued()).id();
    crash(&connection);
    let id = now_or_never();
    assert_eq!(delivery(&client, &id), failed(FailReason::NotConnected));
    assert_eq!(client.send_state(&chat(&client, "may wait")), Some(SendState::default()));

    for failure in [PortFailure::Blocked("csp".to_owned()), PortFailure::OtherBuild("x".to_owned())] {
        connection.advance(60_000);
        client.reconnect();
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
    connection.emit(FromWorker::Ready);
    connection.paint();
    assert_eq!((client.worker_health(), client.error(None)), (WorkerHealth::Running, None));
}

#[test]
fn an_answer_of_the_next_session_goes_to_who_asked_in_it() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection.connect();
    connection.paint();
    let before = client.export_unreadable();
    client.sign_out(SignOut::Keep);
    connection.emit(FromWorker::SignedOut { left: false });
    connection.paint();
    assert!(before.now_or_never().is_some_and(|answer| answer.is_err()), "its worker is gone");
    client.connect();
    connection.paint();
    let after = client.export_unreadable();
    connection.emit(FromWorker::Unreadable(Ok(Vec::new())));
    assert!(after.now_or_never().is_some_and(|answer| answer.is_ok()));
}
