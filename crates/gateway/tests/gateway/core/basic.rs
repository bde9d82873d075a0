//! Basic mode: the documented mock, no more and no less.

use super::common;
use sentinelops_gateway::{Gateway, GatewayConfig, Mode, NewEvent, Now, Output};
use sentinelops_protocol::domain::{Activity, Presence};
use sentinelops_protocol::{Limits, Payload, ServerMessage, decode_server_frame};
use serde_json::{Value, json};

fn at(mono: u64) -> Now {
    Now { mono, wall: common::WALL + mono }
}

fn mock() -> Gateway {
    Gateway::new(GatewayConfig { mode: Mode::Basic, ..GatewayConfig::default() }, 1)
}

fn sent(gateway: &mut Gateway) -> Vec<Value> {
    let mut frames = Vec::new();
    while let Some(output) = gateway.poll_output() {
        let Output::Send { frame, binary, .. } = output else { panic!("{output:?}") };
        assert!(!binary, "basic frames are text");
        frames.push(serde_json::from_slice(&frame).expect("JSON"));
    }
    frames
}

#[test]
fn one_incident_two_seconds_after_each_connect() {
    let mut gateway = mock();
    gateway.connect(at(100), "u");
    gateway.connect(at(600), "u");
    assert_eq!(gateway.poll_timeout(), Some(2_100));
    gateway.timeout(at(2_099));
    assert_eq!(sent(&mut gateway), Vec::<Value>::new());
    gateway.timeout(at(2_100));
    let expected = json!({
        "id": "123", "type": "incident.created", "channel": "incidents",
        "payload": { "incidentId": "inc-999", "type": "created",
            "data": { "title": "Test Incident", "severity": "high", "status": "new" } },
        "timestamp": common::WALL + 2_100,
    });
    assert_eq!(sent(&mut gateway), [expected]);
    gateway.timeout(at(2_600));
    assert_eq!(sent(&mut gateway).len(), 1);
    gateway.timeout(at(500_000));
    assert_eq!(sent(&mut gateway).len(), 0, "never again, and silence is no reason to close");
    assert_eq!(gateway.stats().connections, 2);
}

#[test]
fn ping_is_echoed_whatever_else_it_holds() {
    let mut gateway = mock();
    let conn = gateway.connect(at(0), "u");
    for (frame, payload) in [
        (
            r#"{"type":"ping","channel":"system","payload":{"n":1,"x":[1.50,null]},"id":"p"}"#,
            json!({"n":1,"x":[1.5,null]}),
        ),
        (r#"{"type":"ping","payload":17}"#, json!(17)),
        (r#"{"type":"ping","channel":7,"payload":null}"#, json!(null)),
    ] {
        gateway.receive(at(5), conn, frame.as_bytes());
        let pong = json!({"type":"pong","channel":"system","payload":payload,"timestamp":common::WALL + 5});
        assert_eq!(sent(&mut gateway), [pong]);
    }
    gateway.receive(at(6), conn, br#"{"type":"ping"}"#);
    assert_eq!(sent(&mut gateway), [json!({"type":"pong","channel":"system","timestamp":common::WALL + 6})]);
}

#[test]
fn nothing_else_is_answered() {
    let mut gateway = mock();
    let conn = gateway.connect(at(0), "u");
    for frame in [
        r#"{"type":"hello","channel":"system","payload":{"protocol":1,"client":"t","session":"s","term":1}}"#,
        r#"{"id":"1","type":"incident.update","channel":"incidents","payload":{"id":"123","status":"resolved"}}"#,
        r#"[{"type":"ping"}]"#,
        "not json",
        "",
    ] {
        gateway.receive(at(1), conn, frame.as_bytes());
    }
    let activity = Activity {
        id: "1".into(),
        actor: "a".into(),
        action: "b".into(),
        target: None,
        timestamp: 1,
        extra: None,
    };
    gateway.publish(at(1), NewEvent::of(Payload::Activity(activity)).expect("typed"));
    gateway.publish(at(1), NewEvent::of(common::agent("a", Presence::Online, 1)).expect("typed"));
    assert_eq!(sent(&mut gateway), Vec::<Value>::new());
    assert_eq!(gateway.stats().bad, 3);
}

#[test]
fn the_protocol_crate_reads_what_it_sends() {
    let mut gateway = mock();
    gateway.connect(at(0), "u");
    gateway.timeout(at(2_000));
    let Some(Output::Send { frame, .. }) = gateway.poll_output() else { panic!("no frame") };
    let decoded = decode_server_frame(&frame, &Limits::to_client()).expect("readable");
    assert_eq!(decoded.problems, []);
    let ServerMessage::Event(event) = &decoded.messages[0] else { panic!("no event") };
    assert_eq!((event.seq, event.prev), (None, None));
    assert!(matches!(&event.payload, Payload::Incident(incident) if incident.incident_id == "inc-999"));
}
