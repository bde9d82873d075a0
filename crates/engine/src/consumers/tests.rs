use super::*;
use crate::{Cause, ConnectionState, DeliveryState, Durability, SnapshotDelivery};
use sentinelops_protocol::{Channel, Json, Payload, Priority, decode_payload};

const ONE: ConsumerId = ConsumerId(1);

/// States by subject; a subject that is missing has none yet.
#[derive(Default)]
struct States(HashMap<Subject, (u64, Vec<Rc<Event>>)>);

impl Folds for States {
    fn state(&self, subject: &Subject) -> Option<(u64, Vec<Rc<Event>>)> {
        self.0.get(subject).cloned()
    }
}

fn chat() -> Subject {
    Subject::channel(Channel::Chat)
}

fn event(seq: u64, bytes: usize) -> Rc<Event> {
    Rc::new(Event {
        id: None,
        kind: "x".to_owned(),
        channel: Channel::Chat,
        topic: None,
        payload: Payload::Raw(Json::from_value(&"x".repeat(bytes)).unwrap()),
        timestamp: None,
        priority: Priority::Normal,
        seq: Some(seq),
        prev: None,
        cause: None,
    })
}

fn update(id: &str, delivery: DeliveryState) -> MessageUpdate {
    MessageUpdate { id: id.to_owned(), durability: Durability::Durable, delivery }
}

fn snapshots(batch: &Batch) -> Vec<&SnapshotDelivery> {
    let snapshot = |item: &'_ Delivery| matches!(item, Delivery::Snapshot(_));
    batch
        .items
        .iter()
        .filter(|item| snapshot(item))
        .filter_map(|item| match item {
            Delivery::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        })
        .collect()
}

fn seqs(batch: &Batch) -> Vec<u64> {
    let seq = |item: &Delivery| match item {
        Delivery::Event(_, event) => event.seq,
        _ => None,
    };
    batch.items.iter().filter_map(seq).collect()
}

/// A consumer that had its first snapshot, and the states.
fn live() -> (Consumers, States) {
    let mut consumers = Consumers::default();
    let states = States(HashMap::from([(chat(), (5, vec![]))]));
    consumers.attach(ONE);
    assert!(consumers.subscribe(ONE, chat()));
    let (_, batch) = consumers.poll(&states).unwrap();
    assert!(matches!(batch.items[0], Delivery::Status(_)));
    assert_eq!(snapshots(&batch).len(), 1);
    consumers.credit(ONE, batch.number);
    assert_eq!(consumers.poll(&states), None);
    (consumers, states)
}

#[test]
fn one_batch_is_outstanding_and_the_next_holds_what_gathered() {
    let (mut consumers, states) = live();
    consumers.offer_event(&chat(), &event(6, 1));
    let (_, first) = consumers.poll(&states).unwrap();
    consumers.offer_event(&chat(), &event(7, 1));
    consumers.offer_event(&chat(), &event(8, 1));
    assert_eq!(consumers.poll(&states), None);
    consumers.credit(ONE, first.number + 1);
    assert_eq!(consumers.poll(&states), None, "a credit for another batch is none");
    consumers.credit(ONE, first.number);
    let (_, second) = consumers.poll(&states).unwrap();
    assert_eq!(seqs(&second), [7, 8]);
    assert_eq!(second.number, first.number + 1);
}

#[test]
fn state_that_comes_later_is_delivered_then() {
    let mut consumers = Consumers::default();
    let mut states = States::default();
    consumers.attach(ONE);
    consumers.subscribe(ONE, chat());
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!(snapshots(&batch).len(), 0);
    consumers.credit(ONE, batch.number);
    // In the state already, not delivered twice.
    consumers.offer_event(&chat(), &event(6, 1));
    states.0.insert(chat(), (6, vec![event(6, 1)]));
    consumers.resync(&chat(), Continuity::Gap);
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!(snapshots(&batch)[0].seq, 6);
    assert_eq!(snapshots(&batch)[0].continuity, Continuity::Snapshot, "it had nothing to miss");
    assert_eq!(seqs(&batch), [0u64; 0]);
}

#[test]
fn a_resync_drops_what_is_queued_of_that_subject_only() {
    let (mut consumers, mut states) = live();
    let other = Subject::channel(Channel::Activity);
    states.0.insert(other.clone(), (1, vec![]));
    consumers.subscribe(ONE, other.clone());
    let (_, batch) = consumers.poll(&states).unwrap();
    consumers.offer_event(&chat(), &event(6, 1));
    consumers.offer_event(&other, &event(2, 1));
    consumers.resync(&chat(), Continuity::Gap);
    consumers.credit(ONE, batch.number);
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!(snapshots(&batch)[0].continuity, Continuity::Gap);
    assert_eq!(seqs(&batch), [2]);
}

#[test]
fn overflow_drops_the_queue_and_starts_over() {
    let (mut consumers, mut states) = live();
    consumers.offer_event(&chat(), &event(6, 1));
    let (_, first) = consumers.poll(&states).unwrap();
    for seq in 0..=crate::Bounds::default().consumer_events as u64 {
        consumers.offer_event(&chat(), &event(7 + seq, 1));
    }
    assert_eq!(consumers.resyncs(), 1);
    assert_eq!(consumers.all[&ONE].queued(), (0, 0));
    states.0.insert(chat(), (99, vec![]));
    consumers.credit(ONE, first.number);
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!((snapshots(&batch)[0].seq, snapshots(&batch)[0].continuity), (99, Continuity::Snapshot));
}

#[test]
fn bytes_are_bounded_too_and_batches_stay_small() {
    let (mut consumers, states) = live();
    let big = event(6, 500_000);
    for _ in 0..10 {
        consumers.offer_event(&chat(), &big);
    }
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!(seqs(&batch).len(), 2);
    for _ in 0..10 {
        consumers.offer_event(&chat(), &big);
    }
    assert_eq!(consumers.resyncs(), 1);
}

#[test]
fn titles_are_bounded_like_any_other_text() {
    let (mut consumers, mut states) = live();
    let subject = Subject::channel(Channel::Alerts);
    states.0.insert(subject.clone(), (5, vec![]));
    consumers.subscribe(ONE, subject.clone());
    let (_, first) = consumers.poll(&states).unwrap();
    let json = format!(r#"{{"id":"a","severity":"high","title":"{}"}}"#, "x".repeat(60_000));
    let (payload, problem) = decode_payload("alert.raised", &Json::parse(&json).unwrap());
    assert_eq!(problem, None);
    let alert = Rc::new(Event { channel: Channel::Alerts, payload, ..(*event(6, 0)).clone() });
    let fit = Bounds::default().consumer_bytes / (json.len() + 512);
    for _ in 0..fit {
        consumers.offer_event(&subject, &alert);
        let (queued, bytes) = consumers.all[&ONE].queued();
        assert!(bytes >= queued * json.len() && bytes <= Bounds::default().consumer_bytes);
    }
    // Small batches of them, too.
    consumers.credit(ONE, first.number);
    let (_, batch) = consumers.poll(&states).unwrap();
    assert!(seqs(&batch).len() * json.len() <= 1024 * 1024);
    assert_eq!(consumers.resyncs(), 0);
    (0..=fit).for_each(|_| consumers.offer_event(&subject, &alert));
    assert_eq!(consumers.resyncs(), 1);
}

#[test]
fn status_and_news_of_a_message_are_conflated() {
    let (mut consumers, states) = live();
    consumers.offer_event(&chat(), &event(6, 1));
    let (_, first) = consumers.poll(&states).unwrap();
    consumers.offer_status(&Status { attempts: 1, ..Status::default() });
    consumers.offer_status(&Status { attempts: 2, ..Status::default() });
    consumers.offer_update(ONE, update("a", DeliveryState::Queued));
    consumers.offer_update(ONE, update("b", DeliveryState::Sent));
    consumers.offer_update(ONE, update("a", DeliveryState::Delivered));
    consumers.credit(ONE, first.number);
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!(
        batch.items,
        [
            Delivery::Status(Box::new(Status { attempts: 2, ..Status::default() })),
            Delivery::Message(update("a", DeliveryState::Delivered)),
            Delivery::Message(update("b", DeliveryState::Sent)),
        ]
    );
}

#[test]
fn each_break_of_the_connection_between_two_batches_is_delivered_with_its_cause() {
    let (mut consumers, states) = live();
    consumers.offer_event(&chat(), &event(6, 1));
    let (_, first) = consumers.poll(&states).unwrap();
    let up = |since| Status {
        state: ConnectionState::Connected,
        connected_since: Some(since),
        ..Status::default()
    };
    let down = |cause| Status { state: ConnectionState::Reconnecting, cause, ..Status::default() };
    let closed = Cause::Closed { code: 1012, reason: String::new() };
    let dialling = || down(Cause::None);
    let reconnecting = [down(Cause::Lost), down(Cause::Offline), dialling(), up(2)];
    for status in [up(1)].into_iter().chain(reconnecting).chain([down(closed.clone()), dialling(), up(3)]) {
        consumers.offer_status(&status);
    }
    consumers.credit(ONE, first.number);
    let (_, batch) = consumers.poll(&states).unwrap();
    let expected = [up(1), down(Cause::Lost), dialling(), up(2), down(closed), dialling(), up(3)];
    assert_eq!(batch.items, expected.map(|status| Delivery::Status(Box::new(status))));
}

#[test]
fn statuses_that_wait_are_bounded_and_the_latest_stays() {
    let (mut consumers, states) = live();
    consumers.offer_event(&chat(), &event(6, 1));
    let (_, first) = consumers.poll(&states).unwrap();
    for since in 1..=100 {
        let state = ConnectionState::Connected;
        consumers.offer_status(&Status { state, connected_since: Some(since), ..Status::default() });
    }
    consumers.credit(ONE, first.number);
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!(batch.items.len(), 16);
    assert!(matches!(&batch.items[15], Delivery::Status(status) if status.connected_since == Some(100)));
}

#[test]
fn lists_come_at_most_every_100_ms_and_only_when_something_changed() {
    let (mut consumers, states) = live();
    let at = |mono| Now { mono, wall: mono };
    consumers.outbox_version(1, true);
    assert!(!consumers.wants_outbox(at(0)), "nobody looks");
    consumers.watch_outbox(at(0), ONE, true);
    assert!(consumers.wants_outbox(at(0)));
    consumers.offer_outbox(at(0), vec![], MessageCounts::default());
    assert!(matches!(consumers.poll(&states).unwrap().1.items[..], [Delivery::Outbox(..)]));
    assert_eq!(consumers.next_timeout(), None);
    consumers.outbox_version(2, true);
    assert!(!consumers.wants_outbox(at(99)));
    assert_eq!(consumers.next_timeout(), Some(100));
    assert!(consumers.wants_outbox(at(100)));
    consumers.watch_metrics(at(100), ONE, true);
    assert!(consumers.wants_metrics(at(100)));
    consumers.offer_metrics(at(100), &Metrics::default());
    assert!(!consumers.wants_metrics(at(1_099)));
}

#[test]
fn detaching_gives_back_what_was_subscribed() {
    let (mut consumers, states) = live();
    assert!(!consumers.subscribe(ONE, chat()), "again: only a fresh snapshot");
    assert_eq!(snapshots(&consumers.poll(&states).unwrap().1).len(), 1);
    assert_eq!(consumers.attach(ONE), [chat()]);
    consumers.subscribe(ONE, chat());
    assert!(consumers.unsubscribe(ONE, &chat()));
    assert!(!consumers.unsubscribe(ONE, &chat()));
    consumers.offer_event(&chat(), &event(6, 1));
    assert_eq!(consumers.detach(ONE), []);
    assert_eq!(consumers.poll(&states), None);
}

#[test]
fn news_of_messages_outlast_a_new_start() {
    let (mut consumers, states) = live();
    let news = |id: &str| MessageUpdate {
        id: id.to_owned(),
        durability: crate::Durability::Durable,
        delivery: crate::DeliveryState::Delivered,
    };
    let reported = |batch: &Batch| -> Vec<String> {
        let id = |item: &Delivery| match item {
            Delivery::Message(update) => Some(update.id.clone()),
            _ => None,
        };
        batch.items.iter().filter_map(id).collect()
    };
    consumers.offer_update(ONE, news("read"));
    let (_, batch) = consumers.poll(&states).unwrap();
    consumers.credit(ONE, batch.number);
    consumers.offer_update(ONE, news("on its way"));
    consumers.poll(&states).unwrap();
    consumers.offer_update(ONE, news("waiting"));
    consumers.attach(ONE);
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!(reported(&batch), ["on its way", "waiting"]);
}

#[test]
fn a_list_waits_for_what_the_store_holds() {
    let (mut consumers, _) = live();
    let now = Now { mono: 1_000, wall: 0 };
    consumers.watch_outbox(now, ONE, true);
    consumers.outbox_version(1, false);
    assert!(!consumers.wants_outbox(now));
    assert_eq!(consumers.next_timeout(), None);
    consumers.outbox_version(1, true);
    assert!(consumers.wants_outbox(now));
}

#[test]
fn refusals_that_wait_are_one_for_each_subject() {
    let (mut consumers, states) = live();
    for reason in ["no", "still no", "no for good"] {
        consumers.offer_denied(&chat(), reason);
    }
    let (_, batch) = consumers.poll(&states).unwrap();
    assert_eq!(batch.items, [Delivery::Denied(chat(), "no for good".to_owned())]);
}
