//! Invalid input is counted, reported and survived.

use crate::common::*;
use sentinelops_engine::*;
use sentinelops_protocol::Channel;
use serde_json::json;

#[test]
fn refused_frames_leave_the_socket_alone() {
    let mut d = Driver::v1(options());
    for bytes in [&b"not json"[..], b"", b"42", &[0xff; 9], &vec![b'['; 100_000], &vec![b' '; 2_000_000]] {
        d.socket(SocketEvent::Frame { bytes, binary: true });
    }
    assert_eq!(d.engine.metrics(d.now).refused_frames, 6);
    assert_eq!(d.traces.iter().filter(|trace| matches!(trace, Trace::RefusedFrame(_))).count(), 6);
    assert_eq!(d.state(), ConnectionState::Connected);
}

#[test]
fn an_unknown_channel_is_reported_once_a_name() {
    let mut d = Driver::v1(options());
    for _ in 0..5 {
        d.frame(json!({"type": "a.b", "channel": "weather", "payload": {}}));
        d.frame(json!({"type": "a.b", "channel": "traffic", "payload": {}}));
    }
    assert_eq!(d.engine.metrics(d.now).problems, 10);
    let reported = d.delivered.iter().filter(|delivery| matches!(delivery, Delivery::Problem(_))).count();
    assert_eq!(reported, 2);
}

/// The texts of problems, and the kinds of events, in the order of delivery.
fn reported(d: &Driver) -> Vec<String> {
    let line = |delivery: &Delivery| match delivery {
        Delivery::Problem(problem) => vec![problem.to_string()],
        Delivery::Event(_, event) => vec![event.kind.clone()],
        Delivery::Snapshot(snapshot) => snapshot.items.iter().map(|item| item.kind.clone()).collect(),
        _ => Vec::new(),
    };
    d.delivered.iter().flat_map(line).collect()
}

#[test]
fn mismatched_payload_is_reported_once_right_before_its_message() {
    let mut d = Driver::v1(options());
    d.subscribe(Channel::Agents);
    let wrong = |status| json!({"agentId": "ann", "status": status, "lastSeen": 1});
    let item =
        |id, payload| json!({"id": id, "type": "agent.status", "channel": "agents", "payload": payload});
    let base = json!({"channel": "agents", "epoch": "e", "seq": 1, "continuity": "snapshot"});
    d.system("subscribed", base);
    let items = [item("x0", wrong(json!(6)))];
    let part = json!({"channel": "agents", "epoch": "e", "seq": 1, "part": 0, "last": true, "items": items});
    d.system("snapshot", part);
    let line =
        |found: &str| format!("agent.status: payload.status: expected a string, found integer `{found}`");
    let event = "agent.status".to_owned();
    assert_eq!(reported(&d), [line("6")], "no state holds what cannot be read");
    d.delivered.clear();
    let mut next = item("x1", wrong(json!(7)));
    (next["seq"], next["prev"]) = (json!(2), json!(1));
    d.frame(next);
    assert_eq!(reported(&d), [line("7"), event.clone()]);
    d.delivered.clear();
    // One of an own type is nobody's mistake, and nor is one that fits.
    let mut own = json!({"id": "x2", "type": "agent.mood", "channel": "agents", "payload": {"mood": 1}});
    (own["seq"], own["prev"]) = (json!(3), json!(2));
    d.frame(own);
    assert_eq!(reported(&d), ["agent.mood"]);
    d.delivered.clear();
}

#[test]
fn no_frame_of_noise_panics() {
    let mut rng = fastrand::Rng::with_seed(3);
    let kinds =
        ["welcome", "pong", "ack", "nack", "error", "goodbye", "subscribed", "snapshot", "denied", "authed"];
    let values = [json!(null), json!(-1), json!(u64::MAX), json!("x"), json!([]), json!({}), json!(1e300)];
    let fields = ["id", "ids", "n", "seq", "now", "user", "epoch", "channel", "expiresInMs", "retryAfterMs"];
    for _ in 0..3_000 {
        let mut d = Driver::v1(options());
        for _ in 0..10 {
            let mut payload = json!({"channel": "alerts", "epoch": "e", "seq": 1, "items": [], "last": true});
            for _ in 0..rng.usize(0..4) {
                payload[fields[rng.usize(0..fields.len())]] = values[rng.usize(0..values.len())].clone();
            }
            d.system(kinds[rng.usize(0..kinds.len())], payload);
            d.advance(rng.u64(0..5_000));
        }
    }
}
