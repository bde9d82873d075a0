//! The board as it was, after a reload.

use super::super::*;
use super::{incidents, settings_with};
use crate::bridge::SignOut;
use crate::testing::{FakeConnection, incident};
use crate::{IncidentEdit, IncidentRow};
use sentinelops_protocol::domain::IncidentStatus;
use sentinelops_protocol::{Channel, Event};

fn page(connection: &FakeConnection) -> Client {
    let settings = settings_with(|options| options.keep_state = vec![Channel::Incidents, Channel::Alerts]);
    Client::open(settings, connection.port(), TokenSource::None, None)
}

fn watched(client: &Client) -> Watch {
    client.watch(vec![Dependency::Subject(incidents())], Rc::new(|_| {}))
}

fn rows(client: &Client) -> Vec<IncidentRow> {
    client.incidents().iter().cloned().collect()
}

fn titles(client: &Client) -> Vec<String> {
    rows(client).iter().filter_map(|row| row.title.clone()).collect()
}

/// A page that was live, with these incidents; it is gone without having had the time to say anything.
fn crashed(connection: &FakeConnection, ids: &[&str]) {
    let client = page(connection);
    let _watch = watched(&client);
    connection.connect();
    connection.snapshot(incidents(), ids.iter().map(|id| Event::from(incident(id).title(id))));
    connection.paint();
    connection.advance(2_000);
    connection.drop_connection();
    client.close();
}

#[test]
fn board_is_shown_with_its_time_until_the_server_has_spoken() {
    let connection = FakeConnection::new();
    let before = connection.now();
    crashed(&connection, &["a", "b"]);
    connection.advance(60_000);
    let client = page(&connection);
    let _watch = watched(&client);
    assert_eq!(titles(&client), [""; 0]);
    connection.paint();
    assert_eq!(titles(&client), ["a", "b"]);
    let at = client.as_of(&incidents()).expect("it says so");
    assert!(at >= before && at + 60_000 <= connection.now(), "{at}");
    assert_eq!(client.continuity(&incidents()), None, "nothing has arrived");
    // Own edits lie over it as over the server's.
    client.send(IncidentEdit::new("a").status(IncidentStatus::Resolved));
    assert_eq!(rows(&client)[0].status, Some(IncidentStatus::Resolved));

    connection.connect();
    connection.snapshot(incidents(), [incident("c").title("c").into()]);
    connection.paint();
    assert_eq!(titles(&client), ["c"], "the server has what there is");
    assert_eq!(client.as_of(&incidents()), None);
}

#[test]
fn what_is_followed_later_is_shown_too_and_an_event_replaces_it() {
    let connection = FakeConnection::new();
    crashed(&connection, &["a"]);
    let client = page(&connection);
    connection.paint();
    let _watch = watched(&client);
    assert_eq!(titles(&client), ["a"]);
    // A basic server sends no snapshot.
    connection.deliver(incident("b").title("b"));
    connection.paint();
    assert_eq!(titles(&client), ["b"]);
    assert_eq!(client.as_of(&incidents()), None);
}

#[test]
fn what_was_kept_is_not_kept_again_with_a_later_time() {
    let connection = FakeConnection::new();
    crashed(&connection, &["a"]);
    let client = page(&connection);
    let _watch = watched(&client);
    connection.paint();
    connection.take_commands();
    client.send(IncidentEdit::new("a").status(IncidentStatus::Resolved));
    connection.paint();
    connection.advance(200_000);
    let kept = |message: &ToWorker| matches!(message, ToWorker::KeepState(..));
    assert!(!connection.commands().iter().any(kept));
}

#[test]
fn quiet_board_stays_true_for_as_long_as_it_is_connected() {
    let connection = FakeConnection::new();
    let client = page(&connection);
    let _watch = watched(&client);
    connection.connect();
    connection.snapshot(incidents(), [incident("a").into()]);
    connection.paint();
    connection.advance(2_000);
    connection.take_commands();
    for _ in 0..5 {
        connection.advance(60_000);
    }
    let kept = |message: &ToWorker| matches!(message, ToWorker::KeepState(Channel::Incidents, _));
    assert_eq!(connection.take_commands().iter().filter(|message| kept(message)).count(), 5);
    connection.drop_connection();
    connection.advance(600_000);
    assert!(!connection.commands().iter().any(kept), "nobody knows whether it is still true");
}

#[test]
fn refused_subscription_takes_what_was_kept_away() {
    let connection = FakeConnection::new();
    crashed(&connection, &["a"]);
    let client = page(&connection);
    let _watch = watched(&client);
    connection.paint();
    connection.connect();
    connection.deny(incidents(), "not for you");
    connection.paint();
    assert_eq!(titles(&client), [""; 0]);
    connection.advance(2_000);
    assert!(connection.commands().contains(&ToWorker::KeepState(Channel::Incidents, Vec::new())));
}

#[test]
fn followers_and_sessions_that_are_over_keep_nothing() {
    let connection = FakeConnection::new();
    let client = page(&connection);
    let _watch = watched(&client);
    connection.connect();
    connection.emit(crate::bridge::FromWorker::Role(sentinelops_engine::tabs::Role::Follower));
    connection.snapshot(incidents(), [incident("a").into()]);
    connection.paint();
    connection.advance(2_000);
    let kept = |message: &ToWorker| matches!(message, ToWorker::KeepState(..));
    assert!(!connection.commands().iter().any(kept), "the leading tab does");

    connection.emit(crate::bridge::FromWorker::Role(sentinelops_engine::tabs::Role::Leader));
    connection.deliver(incident("b").title("b"));
    connection.paint();
    client.sign_out(SignOut::Keep);
    connection.emit(crate::bridge::FromWorker::SignedOut { left: false });
    connection.advance(10_000);
    assert!(!connection.commands().iter().any(kept), "what the server told was this user's");
}

#[test]
fn of_too_many_incidents_the_open_ones_are_kept() {
    let mut fold = crate::fold::IncidentFold::default();
    let event = |id: &str, status| match Event::from(incident(id).status(status)).payload {
        sentinelops_protocol::Payload::Incident(event) => event,
        other => panic!("{other:?}"),
    };
    for id in ["1", "2", "3"] {
        fold.apply(&event(id, IncidentStatus::New));
        fold.apply(&event(&format!("done {id}"), IncidentStatus::Resolved));
    }
    let newest = |most| fold.newest(most).map(|incident| incident.id.clone()).collect::<Vec<_>>();
    assert_eq!(newest(2), ["2", "3"]);
    assert_eq!(newest(4), ["1", "2", "3", "done 3"]);
    assert_eq!(newest(10).len(), 6);
}
