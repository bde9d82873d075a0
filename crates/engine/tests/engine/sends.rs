//! A message's way over connections.

use crate::common::*;
use sentinelops_engine::*;
use sentinelops_protocol::{Channel, Json, Priority, Subject};
use serde_json::{Value, json};

#[test]
fn sent_acked_delivered() {
    let mut d = Driver::v1(options());
    d.send("a");
    assert_eq!(d.news("a"), Some(DeliveryState::Sent));
    d.system("ack", json!({"ids": ["a"]}));
    assert_eq!(d.news("a"), Some(DeliveryState::Delivered));
    assert_eq!(d.engine.counts().queued, [0; 4]);
}

#[test]
fn queued_while_away_and_sent_once_when_back() {
    let mut d = Driver::new(options());
    d.send("a");
    assert_eq!(d.news("a"), Some(DeliveryState::Queued));
    d.connect();
    d.open();
    assert!(d.carried("a").is_empty());
    d.welcome(json!({}));
    assert_eq!(d.carried("a"), [d.generation]);
}

#[test]
fn what_belongs_to_a_new_incident_stays_behind_its_creation() {
    let mut d = Driver::new(options());
    let send = |d: &mut Driver, id: &str, kind: &str, channel, priority, payload: Value| {
        let payload = Json::from_value(&payload).expect("JSON");
        let request = SendRequest { priority, ..SendRequest::new(id, kind, channel, payload) };
        d.engine.send(d.now, PAGE, request);
        d.pump();
    };
    let create = json!({"id": "inc-1", "title": "t"});
    send(&mut d, "1", "incident.create", Channel::Incidents, Priority::Normal, create);
    let edit = json!({"id": "inc-1", "status": "escalated"});
    send(&mut d, "2", "incident.update", Channel::Incidents, Priority::Critical, edit);
    let chat = json!({"conversationId": "inc-1", "content": "hi"});
    send(&mut d, "3", "chat.message", Channel::Chat, Priority::Critical, chat);
    d.connect();
    d.open();
    d.welcome(json!({}));
    let commands = |d: &Driver| -> Vec<String> {
        let each = |frame: &Value| frame.as_array().cloned().unwrap_or_else(|| vec![frame.clone()]);
        let kinds = d.sent.iter().flat_map(|(_, frame)| each(frame));
        let kinds = kinds.map(|one| one["type"].as_str().unwrap_or_default().to_owned());
        kinds.filter(|kind| kind.contains('.')).collect()
    };
    assert_eq!(
        commands(&d),
        ["incident.create", "incident.update", "chat.message"],
        "whatever their priority"
    );
    for id in ["1", "2", "3"] {
        d.system("nack", json!({"id": id, "code": "unavailable", "message": "full", "retryAfterMs": 100}));
    }
    d.advance(5_000);
    assert_eq!(commands(&d)[3..], ["incident.create", "incident.update", "chat.message"], "and again");
}

#[test]
fn unconfirmed_is_sent_again_with_the_same_id() {
    let mut d = Driver::v1(options());
    d.send("a");
    d.close(1006, "");
    assert_eq!(d.news("a"), Some(DeliveryState::Unconfirmed));
    d.advance(3_000);
    d.open();
    d.welcome(json!({}));
    assert_eq!(d.carried("a"), [Generation(1), Generation(2)]);
}

#[test]
fn a_cause_is_an_ack() {
    let mut d = Driver::v1(options());
    d.subscribe(Channel::Alerts);
    d.send("a");
    d.frame(json!({"type": "x.y", "channel": "alerts", "payload": {}, "cause": "a"}));
    assert_eq!(d.news("a"), Some(DeliveryState::Delivered));
}

#[test]
fn a_basic_server_is_handed_messages_over() {
    let mut d = Driver::new(options());
    d.connect();
    d.open();
    d.advance(50);
    d.send("a");
    assert_eq!(d.carried("a").len(), 1);
    d.advance(2_000);
    assert_eq!(d.news("a"), Some(DeliveryState::HandedOver));
}

#[test]
fn a_basic_event_reaches_its_subscriber() {
    let mut d = Driver::new(options());
    d.subscribe(Channel::Incidents);
    d.connect();
    d.open();
    d.advance(50);
    d.frame(json!({"id": "123", "type": "incident.created", "channel": "incidents", "payload": {
        "incidentId": "inc-999", "type": "created", "data": {"title": "Test Incident"}}}));
    let reported = |d: &Driver| d.delivered.iter().any(|delivery| matches!(delivery, Delivery::Event(..)));
    assert!(reported(&d) || d.delivered.iter().any(|delivery| matches!(delivery, Delivery::Snapshot(_))));
    let (_, _, items) = d.engine.fold_items(&Subject::channel(Channel::Incidents)).expect("a fold");
    assert_eq!(items[0].timestamp, Some(d.now.wall), "receipt time where the server gave none");
}

#[test]
fn a_v1_subscription_resumes_from_its_cursor() {
    let mut d = Driver::new(options());
    d.subscribe(Channel::Alerts);
    d.connect();
    d.open();
    d.welcome(json!({}));
    d.system("subscribed", json!({"channel": "alerts", "epoch": "e", "seq": 5, "continuity": "snapshot"}));
    d.system(
        "snapshot",
        json!({"channel": "alerts", "epoch": "e", "seq": 5, "part": 0, "last": true, "items": []}),
    );
    d.frame(json!({"type": "alert.raised", "channel": "alerts", "seq": 6, "prev": 5,
        "payload": {"id": "a1", "severity": "high", "title": "t"}}));
    d.close(1006, "");
    d.advance(3_000);
    d.open();
    let subscribes = d.sent_of("subscribe");
    let since = &subscribes.last().expect("one")["payload"]["channels"][0]["since"];
    assert_eq!(*since, json!({"epoch": "e", "seq": 6}));
    assert!(subscribes[0]["payload"]["channels"][0]["since"].is_null());
}

#[test]
fn no_more_is_in_flight_than_the_server_allows() {
    let mut d = Driver::new(options());
    d.connect();
    d.open();
    d.welcome(json!({"maxInFlight": 3}));
    let sent = |d: &Driver| (0..10).filter(|n| !d.carried(&format!("m{n}")).is_empty()).count();
    for n in 0..10 {
        d.send(&format!("m{n}"));
    }
    assert_eq!(sent(&d), 3);
    for n in 0..7 {
        d.system("ack", json!({"ids": [format!("m{n}")]}));
        assert_eq!(sent(&d), n + 4);
    }
}

#[test]
fn no_list_says_that_nothing_waits_before_the_store_was_read() {
    let now = |mono| Now { mono, wall: mono };
    let mut engine = Engine::new(options(), 1, now(0));
    engine.attach(now(0), PAGE);
    engine.connect(now(0));
    engine.watch_outbox(now(0), PAGE, true);
    let lists = |engine: &mut Engine| {
        let mut found = 0;
        while let Some(output) = engine.poll_output() {
            if let Output::Deliver { batch, .. } = output {
                found += batch.items.iter().filter(|item| matches!(item, Delivery::Outbox(..))).count();
                engine.credit(now(1), PAGE, batch.number);
            }
        }
        found
    };
    assert_eq!(lists(&mut engine), 0);
    assert!(engine.poll_timeout() > Some(1), "nor is anybody woken for it");
    engine.handle_store(now(1), StoreEvent::Opened(Box::default()));
    assert_eq!(lists(&mut engine), 1);
}
