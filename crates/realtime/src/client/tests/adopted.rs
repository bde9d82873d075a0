//! What an earlier life of the page, or another tab, left in the outbox.

use super::super::*;
use super::open;
use crate::bridge::PortFailure;
use crate::testing::FakeConnection;
use crate::{Message, MessageId};
use sentinelops_engine::tabs::Inquiry;
use sentinelops_engine::{DeliveryState, Durability, FailReason, MessageCounts, MessageInfo, MessageUpdate};
use sentinelops_protocol::{Channel, Code, Subject};

#[test]
fn what_an_earlier_life_of_the_page_sent_is_shown_until_it_arrived() {
    adopted(true);
}

#[test]
fn what_was_dropped_in_another_tab_meanwhile_did_not_arrive() {
    adopted(false);
}

fn adopted(arrived: bool) {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let subject = Subject::topic(Channel::Chat, "c");
    let _watch = client.watch(vec![Dependency::Subject(subject.clone())], Rc::new(|_| {}));
    connection.outbox(vec![waiting(&connection, "01EARLIER", Durability::Durable)], MessageCounts::default());
    connection.paint();
    let label = || client.chat(&subject).messages.iter().map(|entry| entry.label()).collect::<Vec<_>>();
    assert_eq!(label(), ["saved"]);
    // The leading tab reports how it ends, also when it was discarded in another tab.
    let about = vec![Inquiry { id: "01EARLIER".to_owned(), coalesced: false, discarded: false }];
    let posted = connection.commands();
    assert!(posted.contains(&ToWorker::Inquire(about)), "{posted:?}");
    assert!(posted.contains(&ToWorker::WatchOutbox(false)), "no list is needed for that: {posted:?}");
    let end = if arrived { DeliveryState::Delivered } else { DeliveryState::Failed(FailReason::Discarded) };
    connection.update(&"01EARLIER".into(), Durability::Durable, end);
    connection.paint();
    assert_eq!(label(), [if arrived { "delivered" } else { "failed" }]);
}

/// A chat message of another page, as a list shows it.
fn waiting(connection: &FakeConnection, id: &str, durability: Durability) -> MessageInfo {
    let update = MessageUpdate { id: id.to_owned(), durability, delivery: DeliveryState::Queued };
    MessageInfo {
        update,
        kind: "chat.message".to_owned(),
        channel: Channel::Chat,
        priority: Default::default(),
        created_at: connection.now(),
        attempts: 0,
        coalesced: false,
        payload: Message::chat("c", "typed before the reload").payload().clone(),
    }
}

#[test]
fn a_long_outbox_is_resumed_with_one_list_and_one_question() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let rows = |from: usize| {
        let ids = (from..1_000).map(|n| format!("01EARLIER{n:04}"));
        ids.map(|id| waiting(&connection, &id, Durability::Durable)).collect::<Vec<_>>()
    };
    connection.outbox(rows(0), MessageCounts::default());
    connection.paint();
    connection.take_commands();
    // A list that was on its way.
    connection.outbox(rows(10), MessageCounts::default());
    connection.paint();
    let posted = connection.take_commands();
    assert!(posted.iter().all(|message| matches!(message, ToWorker::Credit(_))), "{posted:?}");
    // After a crash the next worker is asked after all of them, and hands in none of them.
    connection.fail_worker(PortFailure::Crashed("x".to_owned()));
    connection.advance(500);
    let posted = connection.take_commands();
    let asked = posted.iter().find_map(|message| match message {
        ToWorker::Inquire(about) => Some(about.len()),
        _ => None,
    });
    assert_eq!(asked, Some(1_000));
    assert!(!posted.iter().any(|message| matches!(message, ToWorker::Send(_))));
    assert!(!client.has_unsaved());
}

#[test]
fn what_only_another_tab_has_in_memory_is_not_adopted() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection
        .outbox(vec![waiting(&connection, "01MEMORY", Durability::MemoryOnly)], MessageCounts::default());
    connection.paint();
    assert_eq!(client.send_state(&"01MEMORY".into()), None);
    assert!(!connection.commands().iter().any(|message| matches!(message, ToWorker::Inquire(_))));
}

/// Without the flag, an inquiry would report a replaced message as arrived.
#[test]
fn what_a_newer_one_may_replace_is_asked_after_as_such() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    let (id, tried) = (MessageId::from("01STATUS"), MessageId::from("01TRIED"));
    let listed = |id: &MessageId, delivery| {
        let mut info = waiting(&connection, id.as_str(), Durability::Durable);
        info.update.delivery = delivery;
        MessageInfo { coalesced: true, ..info }
    };
    let (code, message) = (Code::Unavailable, String::new());
    let failed = DeliveryState::Failed(FailReason::TooManyAttempts { attempts: 3, code, message });
    let rows = vec![listed(&id, DeliveryState::Queued), listed(&tried, failed)];
    connection.outbox(rows, MessageCounts::default());
    connection.paint();
    let asked = |posted: Vec<ToWorker>| {
        let about = posted.into_iter().filter_map(|message| match message {
            ToWorker::Inquire(about) => Some(about),
            _ => None,
        });
        let mut about: Vec<Inquiry> = about.flatten().collect();
        about.sort_by(|a, b| a.id.cmp(&b.id));
        about
    };
    let replaceable = |id: &MessageId| Inquiry { id: id.to_string(), coalesced: true, discarded: false };
    assert_eq!(asked(connection.take_commands()), [replaceable(&id)]);
    // Of a failed one of another tab the page knows what the list says.
    client.retry(&tried, false);
    connection.update(&tried, Durability::Durable, DeliveryState::Queued);
    connection.paint();
    connection.take_commands();
    connection.fail_worker(PortFailure::Crashed("x".to_owned()));
    connection.advance(500);
    assert_eq!(asked(connection.take_commands()), [replaceable(&id), replaceable(&tried)]);
}
