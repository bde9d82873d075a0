//! Counters: one connection with a bit of everything, its loss, and the next one.

use crate::common::*;
use sentinelops_engine::*;
use sentinelops_protocol::Channel;
use serde_json::{Value, json};

/// What the network carried towards the engine.
#[derive(Default)]
struct Carried {
    frames: u64,
    messages: u64,
    bytes: u64,
}

fn envelopes(frame: &Value) -> u64 {
    frame.as_array().map_or(1, |all| all.len() as u64)
}

impl Carried {
    fn carry(&mut self, d: &mut Driver, frame: &Value) {
        self.frames += 1;
        self.messages += envelopes(frame);
        self.bytes += frame.to_string().len() as u64;
        d.frame(frame.clone());
    }

    fn system(&mut self, d: &mut Driver, kind: &str, payload: Value) {
        self.carry(d, &json!({"type": kind, "channel": "system", "payload": payload}));
    }

    fn welcome(&mut self, d: &mut Driver) {
        let payload = json!({
            "protocol": 1, "session": "s", "user": "anna", "now": d.now.wall,
            "maxMessageBytes": 65536, "maxInFlight": 64, "reconnectWindowMs": 0,
        });
        self.system(d, "welcome", payload);
    }

    fn event(&mut self, d: &mut Driver, seq: u64) {
        let payload = json!({
            "incidentId": "inc-1", "type": "escalated", "data": {"status": "escalated"},
        });
        let event = json!({
            "id": format!("e-incidents-{seq}"), "type": "incident.escalated", "channel": "incidents",
            "payload": payload, "timestamp": d.now.wall, "seq": seq, "prev": seq - 1,
        });
        self.carry(d, &event);
    }
}

#[test]
fn everything_is_counted() {
    let mut d = Driver::new(options());
    d.pong_after = None;
    let mut carried = Carried::default();
    d.connect();
    d.pass(300);
    d.open();
    carried.welcome(&mut d);
    d.pass(40);
    d.subscribe(Channel::Incidents);
    let of = json!({"channel": "incidents", "epoch": "e", "seq": 5, "continuity": "snapshot"});
    let part = json!({"channel": "incidents", "epoch": "e", "seq": 5, "part": 0, "last": true, "items": []});
    let answer = json!([
        {"type": "subscribed", "channel": "system", "payload": of},
        {"type": "snapshot", "channel": "system", "payload": part},
    ]);
    carried.carry(&mut d, &answer);
    carried.event(&mut d, 6);
    // A repeat, then a hole.
    carried.event(&mut d, 6);
    carried.event(&mut d, 8);
    let refused = "not json";
    (carried.frames, carried.bytes) = (carried.frames + 1, carried.bytes + refused.len() as u64);
    d.socket(SocketEvent::Frame { bytes: refused.as_bytes(), binary: true });
    d.send("a");
    d.send("b");
    carried.system(&mut d, "ack", json!({"ids": ["a"]}));
    d.pass(60);
    d.close(1006, "");
    // Up for 100 ms so far; a wait is not uptime.
    d.advance(3_000);
    d.open();
    carried.welcome(&mut d);
    d.advance(40);
    // The round trip is that of this connection: its last ping, answered 40 ms later.
    let ping = d.sent_of("ping").last().map(|frame| frame["payload"].clone()).expect("it pings at once");
    carried.system(&mut d, "pong", ping);
    d.advance(460);

    let count = |f: fn(&Value) -> u64| d.sent.iter().map(|(_, frame)| f(frame)).sum::<u64>();
    let expected = Metrics {
        frames_in: carried.frames,
        messages_in: carried.messages,
        bytes_in: carried.bytes,
        frames_out: d.sent.len() as u64,
        messages_out: count(envelopes),
        bytes_out: count(|frame| frame.to_string().len() as u64),
        dials: 2,
        reconnects: 1,
        uptime_ms: 600,
        refused_frames: 1,
        repeats: 1,
        holes: 1,
        queued: 1,
        in_flight: 1,
        rtt_us: Some(40_000),
        ..Metrics::default()
    };
    assert_eq!(d.engine.metrics(d.now), expected);
}
