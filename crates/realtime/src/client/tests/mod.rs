//! The client against a fake connection, in virtual time, without a browser.

mod adopted;
mod down;
mod kept;
mod last_state;
mod paced;
mod providers;
mod read_only;
mod recorded;

use super::changes::Transition;
use super::*;
use crate::bridge::PortFailure;
use crate::testing::{FakeConnection, chat_message, incident, typing};
use crate::{
    ClientError, IncidentEdit, Message, MessageId, SendError, SendState, SubscribeOptions, WorkerErrorKind,
    WorkerHealth,
};
use futures::FutureExt;
use sentinelops_engine::{Cause, ConnectionState, DeliveryState, Durability, FailReason, TokenReason};
use sentinelops_protocol::domain::{IncidentChange, IncidentStatus};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Channel, Code, Event, Subject};
use std::cell::Cell;

pub(super) fn settings() -> Settings {
    let platform = FakeConnection::new().port().platform();
    Settings::resolved(&"ws://fake.invalid/?secret".into(), &*platform).unwrap()
}

/// The same, changed.
pub(super) fn settings_with(change: impl FnOnce(&mut ClientOptions)) -> Settings {
    let mut settings = settings();
    change(&mut settings.options);
    settings
}

pub(super) fn open(connection: &FakeConnection) -> Client {
    Client::open(settings(), connection.port(), TokenSource::None, None)
}

fn incidents() -> Subject {
    Subject::channel(Channel::Incidents)
}

type Followed = (Watch, Rc<RefCell<Vec<Event>>>, Rc<Cell<u32>>);

/// Watches incidents; what came, and how often it was called.
fn follow(client: &Client) -> Followed {
    let events = Rc::new(RefCell::new(Vec::new()));
    let calls = Rc::new(Cell::new(0));
    let watch = client.watch(vec![Dependency::Subject(incidents())], {
        let (events, calls) = (events.clone(), calls.clone());
        Rc::new(move |changes: &Changes| {
            calls.set(calls.get() + 1);
            events.borrow_mut().extend(changes.events(&incidents()).map(|event| (**event).clone()));
        })
    });
    (watch, events, calls)
}

fn credits(connection: &FakeConnection) -> Vec<u64> {
    let credit = |message| match message {
        ToWorker::Credit(number) => Some(number),
        _ => None,
    };
    connection.commands().into_iter().filter_map(credit).collect()
}

#[test]
fn subscribed_once_and_given_up_a_frame_after_the_last() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (first, ..) = follow(&client);
    let (second, ..) = follow(&client);
    assert_eq!(connection.subscriptions(), [incidents()]);
    drop(first);
    connection.frame();
    assert_eq!(connection.subscriptions(), [incidents()]);
    drop(second);
    let (third, ..) = follow(&client);
    connection.frame();
    let posted = connection.commands();
    let subscribed = posted.iter().filter(|message| matches!(message, ToWorker::Subscribe(_))).count();
    assert_eq!(subscribed, 1, "a page that replaces another keeps the subscription");
    drop(third);
    connection.frame();
    assert_eq!(connection.subscriptions(), []);
    assert!(client.state().listeners.all.is_empty() && client.state().listeners.by_dependency.is_empty());
    assert!(client.state().view.subjects.is_empty() && client.state().view.closing.is_empty());
}

#[test]
fn a_thousand_events_arrive_in_order_in_one_call_and_then_the_credit_goes_back() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (_watch, events, calls) = follow(&client);
    connection.deliver_all((0..1_000).map(|n| incident(&format!("i{n}")).into()));
    assert_eq!((calls.get(), credits(&connection)), (0, vec![]));
    connection.frame();
    assert_eq!(calls.get(), 1);
    assert_eq!(credits(&connection), [1]);
    let got: Vec<_> = events.borrow().iter().filter_map(|e| e.payload.key().map(str::to_owned)).collect();
    assert!(got.iter().eq((0..1_000).map(|n| format!("i{n}")).collect::<Vec<_>>().iter()));
    assert_eq!(client.incidents().len(), 1_000);
    // A late listener sees all of it, and gets nothing twice.
    let (_late, late_events, _) = follow(&client);
    assert_eq!(client.incidents().len(), 1_000);
    connection.deliver(incident("one more"));
    connection.frame();
    assert_eq!(late_events.borrow().len(), 1);
    assert_eq!(events.borrow().len(), 1_001);
}

#[test]
fn one_batch_is_outstanding_and_nothing_waits_for_a_hidden_page_for_long() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (_watch, events, _) = follow(&client);
    connection.set_visible(false);
    for n in 0..10 {
        connection.deliver(incident(&n.to_string()));
    }
    assert_eq!(connection.batches(), 1);
    connection.frame();
    assert_eq!(events.borrow().len(), 0);
    connection.advance(1_000);
    assert_eq!((events.borrow().len(), connection.batches()), (1, 2));
    connection.advance(1_000);
    assert_eq!(events.borrow().len(), 10);
}

#[test]
fn an_unchanged_list_is_the_same_list() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (_watch, ..) = follow(&client);
    connection.deliver_all([incident("a").into(), incident("b").into()]);
    connection.frame();
    let before = client.incidents();
    connection.connect();
    connection.frame();
    assert_eq!(before, client.incidents());
    connection.deliver(incident("a").change(IncidentChange::Updated).status(IncidentStatus::New));
    connection.frame();
    let after = client.incidents();
    assert_ne!(before, after);
    assert_ne!(before[0], after[0]);
    assert!(Rc::ptr_eq(&before[1].incident, &after[1].incident), "the other row is the same row");
}

#[test]
fn a_message_s_way_and_what_a_dead_worker_s_successor_is_given() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (_watch, ..) = follow(&client);
    connection.connect();
    let ids: Vec<MessageId> = (0..4)
        .map(|n| client.send(Message::chat("c", &n.to_string()).priority(Default::default())).id())
        .collect();
    assert_eq!(client.send_state(&ids[0]), Some(SendState::default()));
    assert!(client.has_unsaved());
    connection.save(&ids[1]);
    connection.update(&ids[2], Durability::MemoryOnly, DeliveryState::Sent);
    connection.paint();
    assert!(client.send_state(&ids[1]).is_some_and(|state| state.is_saved()));

    connection.fail_worker(PortFailure::Crashed("unreachable".to_owned()));
    let error = client.error(None).map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("crashed (unreachable)"), "{error}");
    assert_eq!(client.status().state, ConnectionState::Reconnecting);
    let seen = connection.commands().len();
    connection.advance(500);
    assert_eq!(connection.workers(), 2);
    let posted = connection.commands().split_off(seen);
    assert!(matches!(posted[0], ToWorker::Init(_)));
    assert_eq!(posted[1], ToWorker::Subscribe(incidents()));
    let sent = posted.iter().find_map(|message| match message {
        ToWorker::Send(requests) => Some(requests),
        _ => None,
    });
    let Some(again) = sent else { panic!("not sent again: {posted:?}") };
    let again: Vec<_> = again.iter().map(|request| request.id.as_str()).collect();
    assert_eq!(again, [ids[0].as_str(), ids[2].as_str(), ids[3].as_str()], "same ids, same order");
    assert_eq!(client.worker_health(), WorkerHealth::Running);
    for id in &ids {
        connection.ack(id);
    }
    connection.paint();
    assert!(ids.iter().all(|id| client.send_state(id).is_some_and(|state| state.is_delivered())));
    assert!(!client.has_unsaved());
}

#[test]
fn late_words_of_a_dead_worker_are_not_heard() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (_watch, events, _) = follow(&client);
    connection.deliver(incident("lost"));
    connection.fail_worker(PortFailure::Crashed("x".to_owned()));
    connection.frame();
    assert_eq!(events.borrow().len(), 0, "the next worker begins with a snapshot that holds it");
    connection.advance(500);
    connection.snapshot(incidents(), [incident("lost").into()]);
    connection.frame();
    assert_eq!(client.incidents().len(), 1);
}

#[test]
fn a_hung_worker_is_ended_and_started_again() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection.advance(20_000);
    assert_eq!((connection.workers(), client.worker_health()), (1, WorkerHealth::Running));
    connection.hang(true);
    connection.advance(10_100);
    let WorkerHealth::Failing(error) = client.worker_health() else {
        panic!("not noticed within 12 s: {:?}", client.worker_health())
    };
    assert_eq!(error.kind, WorkerErrorKind::Hung);
    connection.hang(false);
    connection.advance(1_000);
    assert_eq!((connection.workers(), client.worker_health()), (2, WorkerHealth::Running));
}

#[test]
fn own_edits_show_at_once_and_end_with_their_cause() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (_watch, ..) = follow(&client);
    connection.snapshot(incidents(), [incident("i1").status(IncidentStatus::New).into()]);
    connection.paint();
    let status = || client.incident("i1").and_then(|row| row.status.clone());
    let id = client.send(IncidentEdit::new("i1").status(IncidentStatus::Resolved)).id();
    assert_eq!(status(), Some(IncidentStatus::Resolved));
    connection.paint();
    assert!(client.incidents()[0].edit.is_some());
    connection.ack(&id);
    let event = incident("i1").change(IncidentChange::Resolved).status(IncidentStatus::Resolved);
    connection.deliver(event.cause(&id));
    connection.paint();
    assert_eq!((status(), client.incidents()[0].edit.clone()), (Some(IncidentStatus::Resolved), None));

    let id = client.send(IncidentEdit::new("i1").status(IncidentStatus::New)).id();
    connection.nack(&id, Code::Forbidden, "not yours");
    connection.paint();
    assert_eq!(status(), Some(IncidentStatus::Resolved), "taken back");
    assert!(client.incidents()[0].edit.as_ref().is_some_and(SendState::is_failed));
    connection.advance(10_000);
    connection.paint();
    assert_eq!(client.incidents()[0].edit, None);
}

#[test]
fn chat_shows_own_messages_typing_and_marks_read_once() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let subject = Subject::topic(Channel::Chat, "c");
    let _watch = client.watch(vec![Dependency::Subject(subject.clone())], Rc::new(|_| {}));
    connection.deliver(chat_message("c", "1", "ann", "hello"));
    connection.deliver(typing("c", "bob"));
    connection.paint();
    let id = client.send(Message::chat("c", "hi")).id();
    let view = client.chat(&subject);
    assert_eq!((view.messages.len(), view.typing.len()), (2, 1));
    assert_eq!((view.messages[1].label(), view.messages[1].mine), ("saving", true));
    let mut taken = chat_message("c", "2", "me", "hi");
    taken.cause = Some(id.to_string());
    connection.ack(&id);
    connection.deliver(taken);
    connection.paint();
    let view = client.chat(&subject);
    assert_eq!((view.messages.len(), &*view.messages[1].key), (2, id.as_str()));
    connection.advance(6_000);
    connection.paint();
    assert!(client.chat(&subject).typing.is_empty());
    assert!(client.mark_read("c").is_some());
    assert_eq!(client.mark_read("c"), None);
    client.send_typing("c");
    client.send_typing("c");
    let typed = connection.sent().iter().filter(|request| request.kind == "chat.typing").count();
    assert_eq!(typed, 1);
}

#[test]
fn a_token_callback_is_asked_and_its_answer_is_in_no_record() {
    let connection = FakeConnection::new();
    let token = TokenSource::asynchronous(|_| async { Ok(Some("s3cret".to_owned())) });
    let client = Client::open(settings_with(|options| options.debug = true), connection.port(), token, None);
    connection.request_token(TokenReason::Dial);
    connection.advance(0);
    assert!(connection.commands().contains(&ToWorker::Token(Ok(Some("s3cret".to_owned())))));
    let seen = client.export_diagnostics();
    assert!(!seen.contains("s3cret"), "{seen}");
    assert!(!seen.contains("secret"), "nor is the URL's query: {seen}");
}

#[test]
fn contents_are_in_diagnostics_only_when_asked_for() {
    for (asked, settings) in
        [(false, settings()), (true, settings_with(|options| options.debug_contents = true))]
    {
        let connection = FakeConnection::new();
        let client = Client::open(settings, connection.port(), TokenSource::None, None);
        let id = client.send(Message::chat("c", "between us")).id();
        connection.save(&id);
        connection.paint();
        connection.ack(&id);
        connection.paint();
        connection.advance(1);
        assert_eq!(client.export_diagnostics().contains("between us"), asked);
        let (_, traces) = client.diagnostics();
        assert!(traces[0].saved.is_some() && traces[0].acked.is_some() && traces[0].rendered.is_some());
    }
}

#[test]
fn what_cannot_start_says_so_and_refuses_what_is_sent() {
    let connection = FakeConnection::new();
    let client = Client::open(settings(), connection.port(), TokenSource::None, Some(SetupError::Disabled));
    assert_eq!((connection.workers(), client.worker_health()), (0, WorkerHealth::Off));
    assert_eq!(client.error(None), Some(ClientError::Setup(SetupError::Disabled)));
    let id = client.send(Message::chat("c", "x")).id();
    let state = client.send_state(&id).map(|state| state.delivery);
    assert_eq!(state, Some(DeliveryState::Failed(FailReason::NotConnected)));
}

#[test]
fn a_refused_subscription_and_a_gap_are_told() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (_watch, ..) = follow(&client);
    connection.deny(incidents(), "not for you");
    connection.frame();
    assert!(matches!(client.error(Some(&incidents())), Some(ClientError::Denied { .. })));
    assert_eq!(client.error(None), None);
    connection.snapshot_after(incidents(), Continuity::Gap, []);
    connection.frame();
    assert_eq!(client.error(Some(&incidents())), None);
    assert_eq!(client.continuity(&incidents()), Some(Continuity::Gap));
}

#[test]
fn each_break_between_two_frames_is_in_the_news_with_its_cause() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let changes = Rc::new(RefCell::new(Vec::new()));
    let _watch = client.watch(vec![Dependency::Status], {
        let changes = changes.clone();
        Rc::new(move |frame: &Changes| changes.borrow_mut().extend(frame.transitions.iter().cloned()))
    });
    connection.connect();
    connection.paint();
    let since = |ms| Transition::Up(connection.now() + ms);
    assert_eq!(changes.take(), [since(0)]);
    // Up again since later, and nobody saw it break.
    connection.advance(100);
    connection.connect();
    connection.paint();
    assert_eq!(changes.take(), [Transition::Down(Cause::Lost), since(0)]);
    // Twice in one frame, then the worker dies.
    let overloaded = Cause::Overloaded { code: 1013, reason: String::new() };
    for cause in [Cause::Offline, overloaded.clone()] {
        connection.change_status(|status| {
            (status.state, status.cause, status.connected_since) =
                (ConnectionState::Reconnecting, cause, None);
        });
        connection.connect();
    }
    connection.paint();
    let [up, lost] = [since(0), Transition::Down(Cause::Lost)];
    let [offline, overloaded] = [Cause::Offline, overloaded].map(Transition::Down);
    assert_eq!(changes.take(), [offline, up.clone(), overloaded, up]);
    connection.fail_worker(PortFailure::Crashed("x".to_owned()));
    connection.paint();
    assert_eq!(changes.take(), [lost]);
}

#[test]
fn delivered_waits_for_the_end_and_says_which() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let sent = ["arrives", "refused", "left"].map(|text| client.send(Message::chat("c", text)));
    let mut ends = sent.clone().map(|sent| Box::pin(sent.delivered()));
    let mut end_of = |n: usize| ends[n].as_mut().now_or_never();
    assert_eq!([end_of(0), end_of(1), end_of(2)], [None, None, None]);
    connection.ack(&sent[0].id());
    connection.frame();
    assert_eq!([end_of(0), end_of(2)], [Some(Ok(())), None]);
    connection.nack(&sent[1].id(), Code::Conflict, "changed meanwhile");
    connection.frame();
    let end = end_of(1);
    assert!(matches!(&end, Some(Err(SendError::Ended(state))) if state.is_failed()), "{end:?}");
    assert_eq!(sent[0].delivered().now_or_never(), Some(Ok(())), "also when it has ended already");
    client.end();
    assert_eq!(end_of(2), Some(Err(SendError::Unknown)));
}

#[test]
fn subscription_calls_until_it_is_dropped_and_only_for_what_passes() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let subscribe = |enabled: bool| {
        let seen = seen.clone();
        let options = SubscribeOptions::channel(Channel::Incidents)
            .enabled(enabled)
            .filter(|event| !format!("{:?}", event.payload).contains("inc-2"))
            .on_message(move |event| seen.borrow_mut().push(event.kind.clone()));
        client.subscribe(options)
    };
    let _disabled = subscribe(false);
    assert_eq!(connection.subscriptions(), []);
    let subscription = subscribe(true);
    assert_eq!(connection.subscriptions(), [incidents()]);
    connection.deliver(incident("inc-1").status(IncidentStatus::New));
    connection.deliver(incident("inc-2").status(IncidentStatus::New));
    connection.frame();
    assert_eq!(seen.borrow().len(), 1);
    drop(subscription);
    connection.deliver(incident("inc-3").status(IncidentStatus::New));
    connection.frame();
    assert_eq!((seen.borrow().len(), connection.subscriptions()), (1, Vec::new()));
}

#[test]
fn receipts_can_be_switched_off() {
    for receipts in [true, false] {
        let connection = FakeConnection::new();
        let client = Client::open(
            settings_with(|options| options.receipts = receipts),
            connection.port(),
            TokenSource::None,
            None,
        );
        let subject = Subject::topic(Channel::Chat, "c");
        let _watch = client.watch(vec![Dependency::Subject(subject)], Rc::new(|_| {}));
        connection.deliver(chat_message("c", "m1", "ann", "hello"));
        connection.frame();
        let sent = connection.sent().iter().filter(|request| request.kind == "chat.delivered").count();
        assert_eq!(sent, usize::from(receipts));
    }
}
