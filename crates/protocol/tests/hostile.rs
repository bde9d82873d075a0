//! Whatever comes in: an error or problems with where and why, never a panic, never a lost neighbour.

use proptest::prelude::*;
use sentinelops_protocol::{
    Channel, ClientMessage, FrameError, Limits, Payload, ProblemKind, ServerMessage, decode_client_frame,
    decode_server_frame,
};

const SAMPLES: [&str; 8] = [
    r#"{"type":"welcome","channel":"system","payload":{"protocol":1,"session":"s","user":"u","now":1,"maxMessageBytes":65536,"maxInFlight":64,"reconnectWindowMs":0}}"#,
    r#"{"type":"snapshot","channel":"system","payload":{"channel":"chat","topic":"c","epoch":"e","seq":4,"part":0,"last":true,"items":[{"type":"chat.message","payload":{"id":"1"},"timestamp":5}]}}"#,
    r#"{"type":"subscribed","channel":"system","payload":{"channel":"chat","epoch":"e","seq":4,"continuity":"gap"}}"#,
    r#"{"type":"nack","channel":"system","payload":{"id":"m","code":"unavailable","message":"x","retryAfterMs":5}}"#,
    r#"{"id":"1","type":"incident.updated","channel":"incidents","payload":{"incidentId":"i","type":"updated","data":{"title":null,"x":[1,{"y":2}]}},"seq":4,"prev":3,"cause":"m"}"#,
    r#"{"id":"2","type":"alert.raised","channel":"alerts","topic":"al","payload":{"id":"al","severity":"high","title":"t"},"priority":"critical"}"#,
    r#"{"id":"3","type":"subscribe","channel":"system","payload":{"channels":[{"channel":"chat","since":{"epoch":"e","seq":1}}]}}"#,
    r#"{"id":"4","type":"activity.event","channel":"activity","payload":{"id":"x","actor":"a","action":"b","timestamp":1e3}}"#,
];

fn both(bytes: &[u8]) {
    let server = decode_server_frame(bytes, &Limits::to_client());
    let client = decode_client_frame(bytes, &Limits::to_server());
    for problem in server.iter().flat_map(|d| &d.problems).chain(client.iter().flat_map(|d| &d.problems)) {
        assert!(!problem.path.is_empty() && !problem.expected.is_empty());
        assert!(problem.found.chars().count() <= 121, "foreign text is cut: {problem}");
        assert!(!problem.to_string().contains("struct "), "no word about our code: {problem}");
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "[a-z.]{0,12}|\\PC{0,8}".prop_map(serde_json::Value::from),
    ];
    let keys = prop_oneof![
        Just("id"),
        Just("type"),
        Just("channel"),
        Just("payload"),
        Just("topic"),
        Just("seq"),
        Just("prev"),
        Just("data"),
        Just("channels"),
        Just("since"),
        Just("timestamp"),
        Just("priority"),
        Just("items"),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            proptest::collection::vec((keys.clone(), inner), 0..6).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        both(&bytes);
    }

    #[test]
    fn random_json(value in json()) {
        both(value.to_string().as_bytes());
    }

    #[test]
    fn random_payloads_of_known_types(which in 0..16_usize, payload in json()) {
        let (kind, channel) = [
            ("incident.created", "incidents"), ("incident.updated", "incidents"), ("agent.status", "agents"),
            ("chat.message", "chat"), ("chat.read", "chat"), ("chat.typing", "chat"), ("alert.raised", "alerts"),
            ("activity.event", "activity"), ("welcome", "system"), ("snapshot", "system"), ("ack", "system"),
            ("nack", "system"), ("pong", "system"), ("subscribe", "system"), ("hello", "system"), ("denied", "system"),
        ][which];
        let frame = serde_json::json!({"id": "1", "type": kind, "channel": channel, "payload": payload}).to_string();
        both(frame.as_bytes());
        let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("a good envelope");
        prop_assert_eq!(decoded.messages.len(), 1, "delivered, if need be raw");
    }

    #[test]
    fn mangled_frames(which in 0..SAMPLES.len(), edits in proptest::collection::vec((any::<u16>(), any::<u8>(), 0..3_u8), 0..6)) {
        let mut bytes = SAMPLES[which].as_bytes().to_vec();
        for (at, byte, how) in edits {
            let at = usize::from(at) % bytes.len().max(1);
            match how {
                0 => if let Some(found) = bytes.get_mut(at) { *found = byte },
                1 => bytes.truncate(at),
                _ => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        both(&bytes);
    }

    /// A bad neighbour in the array takes nothing with it.
    #[test]
    fn good_messages_survive_bad_company(company in proptest::collection::vec(json(), 0..8), at in 0..9_usize) {
        let good: serde_json::Value = serde_json::from_str(SAMPLES[5]).expect("JSON");
        let mut array = company;
        array.insert(at.min(array.len()), good);
        let frame = serde_json::Value::from(array).to_string();
        let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("an array");
        let found = decoded.messages.iter().any(|message| {
            matches!(message, ServerMessage::Event(event) if matches!(&event.payload, Payload::Alert(alert) if alert.id == "al"))
        });
        prop_assert!(found);
    }

    #[test]
    fn depth_is_counted_exactly(depth in 1..200_usize) {
        let payload = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let frame = format!(r#"{{"type":"x","channel":"chat","payload":{payload}}}"#);
        let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client());
        prop_assert_eq!(decoded.is_ok(), depth < 64);
    }
}

#[test]
fn limits_are_kept_and_said() {
    let limits = Limits { max_bytes: 100, max_depth: 4, max_batch: 2 };
    let error = |frame: &str| decode_server_frame(frame.as_bytes(), &limits).expect_err(frame);
    assert_eq!(error(&" ".repeat(101)), FrameError::TooBig { found: 101, allowed: 100 });
    assert_eq!(error("[[[[[1]]]]]"), FrameError::TooDeep { allowed: 4 });
    assert_eq!(error("[{},{},{}]"), FrameError::TooMany { found: 3, allowed: 2 });
    for (frame, part) in
        [("", "EOF"), ("{", "EOF"), ("[1,]", "expected value"), ("12", "a bare value"), ("{} {}", "trailing")]
    {
        let error = error(frame);
        assert!(
            matches!(&error, FrameError::NotJson { detail } if detail.contains(part)),
            "{frame}: {error:?}"
        );
    }
    for error in [error(&" ".repeat(101)), error("[[[[[1]]]]]"), error("[{},{},{}]")] {
        assert!(error.to_string().contains("allowed"), "{error}");
    }
    assert!(decode_server_frame(&[b'{', b'"', 0xff, b'"', b'}'], &limits).is_err(), "not UTF-8");
    // Brackets in text are no depth.
    assert!(decode_server_frame(br#"{"type":"x","channel":"chat","payload":"[[[[[[\"[["}"#, &limits).is_ok());
}

#[test]
fn envelope_rules_say_where_what_and_who() {
    let long = "x".repeat(65);
    for (frame, path, kind, id) in [
        (r#"{"channel":"chat"}"#.to_owned(), "envelope", ProblemKind::BadEnvelope, None),
        (r#"{"id":"m","type":5,"channel":"chat"}"#.to_owned(), "type", ProblemKind::BadEnvelope, Some("m")),
        (r#"{"id":"m","type":"A","channel":"chat"}"#.to_owned(), "type", ProblemKind::BadEnvelope, Some("m")),
        (format!(r#"{{"id":"{long}","type":"a","channel":"chat"}}"#), "id", ProblemKind::BadEnvelope, None),
        (r#"{"id":"","type":"a","channel":"chat"}"#.to_owned(), "id", ProblemKind::BadEnvelope, None),
        (r#"{"id":"m","type":"a","channel":"chat","seq":9007199254740992}"#.to_owned(), "seq", ProblemKind::BadEnvelope, Some("m")),
        (r#"{"id":"m","type":"a","channel":"chat","prev":-1}"#.to_owned(), "prev", ProblemKind::BadEnvelope, Some("m")),
        (r#"{"id":"m","type":"a","channel":"weather"}"#.to_owned(), "channel", ProblemKind::UnknownChannel, Some("m")),
        (r#"{"id":"m","type":"a","channel":"chat","priority":"now"}"#.to_owned(), "priority", ProblemKind::BadField, Some("m")),
        (r#"{"id":"m","type":"a","channel":"chat","timestamp":-5}"#.to_owned(), "timestamp", ProblemKind::BadField, Some("m")),
        (r#"{"id":"m","type":"agent.status","channel":"agents","payload":{"agentId":"a","status":"on","lastSeen":"x"}}"#.to_owned(), "payload.lastSeen", ProblemKind::PayloadMismatch, Some("m")),
        (r#"{"id":"m","type":"incident.updated","channel":"incidents","payload":{"incidentId":"i","data":{"title":5}}}"#.to_owned(), "payload.data.title", ProblemKind::PayloadMismatch, Some("m")),
    ] {
        let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("JSON");
        assert_eq!(decoded.problems.len(), 1, "{frame}");
        let problem = &decoded.problems[0];
        assert_eq!((problem.path.as_str(), problem.kind, problem.id.as_deref()), (path, kind, id), "{frame}");
        let delivered = matches!(kind, ProblemKind::BadField | ProblemKind::PayloadMismatch);
        assert_eq!(problem.channel.is_some(), delivered, "whom it concerns: {frame}");
        assert_eq!(decoded.messages.len(), usize::from(delivered), "{frame}");
    }
    let decoded =
        decode_server_frame(br#"[{"type":"a","channel":"chat"},7]"#, &Limits::to_client()).expect("JSON");
    assert_eq!(decoded.problems[0].path, "[1].envelope", "which of the array");
}

#[test]
fn what_this_version_does_not_know_is_delivered_raw() {
    let frame = r#"[{"type":"weather.report","channel":"activity","payload":{"a": [1, 2]}},
        {"type":"applause","channel":"system","payload":7}]"#;
    let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("JSON");
    assert_eq!(decoded.problems, []);
    let raw = |at: usize| match &decoded.messages[at] {
        ServerMessage::Event(event) => match &event.payload {
            Payload::Raw(json) => (event.kind.as_str(), event.channel, json.as_str()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(raw(0), ("weather.report", Channel::Activity, r#"{"a": [1, 2]}"#));
    assert_eq!(raw(1), ("applause", Channel::System, "7"));
}

#[test]
fn a_command_needs_an_id() {
    let frame = br#"[{"type":"chat.message","channel":"chat","payload":{}},{"type":"ping","channel":"system","payload":{"n":1,"sentAt":2}}]"#;
    let decoded = decode_client_frame(frame, &Limits::to_server()).expect("JSON");
    assert!(matches!(decoded.messages[..], [ClientMessage::System(None, _)]));
    assert_eq!(decoded.problems[0].path, "id");
}
