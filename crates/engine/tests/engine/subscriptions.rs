//! Subscriptions on a socket: what is asked, how much at once, and what if no answer comes.

use crate::common::*;
use sentinelops_engine::*;
use sentinelops_protocol::{Channel, Subject};
use serde_json::{Value, json};

fn answer(d: &mut Driver, channel: &str) {
    let base = json!({"channel": channel, "epoch": "e", "seq": 5, "continuity": "snapshot"});
    d.system("subscribed", base);
    let part = json!({"channel": channel, "epoch": "e", "seq": 5, "part": 0, "last": true, "items": []});
    d.system("snapshot", part);
}

fn asked(d: &Driver, channel: &str) -> usize {
    let entries =
        d.sent_of("subscribe").into_iter().flat_map(|frame| frame["payload"]["channels"].as_array());
    entries.flatten().filter(|entry| entry["channel"] == channel).count()
}

#[test]
fn an_answer_that_was_refused_is_asked_for_again_at_once() {
    let bad_snapshot = json!({"type": "snapshot", "channel": "system", "payload": {"channel": "chat"}});
    let bad_envelope = json!({"type": "SUBSCRIBED!", "channel": "system", "payload": {}});
    for lost in ["not json".to_owned(), bad_snapshot.to_string(), bad_envelope.to_string()] {
        let mut d = Driver::v1(options());
        d.subscribe(Channel::Chat);
        d.subscribe(Channel::Alerts);
        answer(&mut d, "alerts");
        d.socket(SocketEvent::Frame { bytes: lost.as_bytes(), binary: true });
        assert_eq!((asked(&d, "chat"), asked(&d, "alerts")), (2, 1), "{lost}");
        answer(&mut d, "chat");
        assert!(d.engine.fold_items(&Subject::channel(Channel::Chat)).is_some());
        d.socket(SocketEvent::Frame { bytes: lost.as_bytes(), binary: true });
        assert_eq!(asked(&d, "chat"), 2, "it is answered");
    }
}

#[test]
fn a_problem_elsewhere_asks_for_nothing() {
    let mut d = Driver::v1(options());
    d.subscribe(Channel::Chat);
    d.frame(json!({"type": "a.b", "channel": "weather", "payload": {}}));
    d.frame(json!({"type": "chat.message", "channel": "alerts", "payload": {"id": 7}}));
    assert_eq!(asked(&d, "chat"), 1);
}

#[test]
fn without_an_answer_it_is_asked_again_and_then_on_one_new_connection() {
    let mut d = Driver::v1(options());
    d.advance(20_000);
    d.subscribe(Channel::Chat);
    d.advance(9_900);
    assert_eq!(asked(&d, "chat"), 1);
    d.advance(2_200);
    assert_eq!(asked(&d, "chat"), 2);
    d.advance(12_200);
    assert_eq!(d.cause(), Cause::Stuck);
    d.advance(3_000);
    d.open();
    d.welcome(json!({}));
    d.advance(300_000);
    assert_eq!((d.state(), d.dials.len()), (ConnectionState::Connected, 2), "once");
    assert!((6..=9).contains(&asked(&d, "chat")), "{}", asked(&d, "chat"));
    answer(&mut d, "chat");
    let before = asked(&d, "chat");
    d.advance(120_000);
    assert_eq!(asked(&d, "chat"), before);
}

#[test]
fn without_reconnects_an_answer_that_never_comes_costs_no_connection() {
    let mut o = options();
    o.connection.reconnect = false;
    let mut d = Driver::v1(o);
    d.subscribe(Channel::Chat);
    d.advance(300_000);
    assert_eq!((d.state(), d.dials.len()), (ConnectionState::Connected, 1));
    assert!(asked(&d, "chat") >= 3, "{}", asked(&d, "chat"));
}

#[test]
fn a_basic_server_is_not_waited_for() {
    let mut d = Driver::new(options());
    d.subscribe(Channel::Chat);
    d.connect();
    d.open();
    d.advance(120_000);
    assert_eq!(d.engine.status().mode, Some(Mode::Basic));
    assert_eq!((asked(&d, "chat"), d.dials.len()), (1, 1));
}

#[test]
fn no_frame_is_bigger_than_the_server_takes() {
    let mut d = Driver::v1(options());
    let topic = |n: usize| Subject::topic(Channel::Chat, format!("{n:064}"));
    let longest = |d: &Driver| d.sent_of("subscribe").iter().map(|frame| frame.to_string().len()).max();
    let entries = |frames: &[&Value]| -> Vec<String> {
        let entries = frames.iter().flat_map(|frame| frame["payload"]["channels"].as_array()).flatten();
        entries.map(|entry| entry["topic"].as_str().unwrap_or_default().to_owned()).collect()
    };
    for n in 0..1_200 {
        d.engine.subscribe(d.now, PAGE, topic(n));
        let Subject { channel, topic } = topic(n);
        let base = json!({"channel": channel, "topic": topic, "epoch": "e".repeat(40), "seq": 5});
        let mut subscribed = base.clone();
        subscribed["continuity"] = json!("snapshot");
        d.system("subscribed", subscribed);
        let mut part = base;
        part["part"] = json!(0);
        part["last"] = json!(true);
        part["items"] = json!([]);
        d.system("snapshot", part);
    }
    for (limit, frames) in [(65_536, 4), (8_000, 32)] {
        d.close(1006, "");
        d.advance(4_000);
        d.sent.clear();
        d.open();
        assert!(longest(&d).is_some_and(|bytes| bytes <= limit), "{limit}: {:?}", longest(&d));
        let sent = d.sent_of("subscribe");
        assert_eq!(sent.len(), frames);
        assert!(sent.iter().all(|frame| !frame["payload"]["channels"][0]["since"].is_null()));
        let sent = entries(&sent);
        assert_eq!(sent.len(), 1_200);
        assert!(sent.is_sorted(), "in order, each once");
        // What it says now counts for the next first flight as well.
        d.welcome(json!({"maxMessageBytes": 8_000}));
    }
}
