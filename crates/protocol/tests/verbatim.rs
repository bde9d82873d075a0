//! What this version does not know is passed on as it is written; what does not fit is named in words of the protocol.

use proptest::prelude::*;
use sentinelops_protocol::domain::Incident;
use sentinelops_protocol::{
    ClientMessage, Json, Limits, Payload, Problem, decode_client_frame, decode_incident_update,
    decode_payload, decode_server_frame, encode_incident_update, encode_payload,
};

/// Types with unknown fields: their known fields, without the closing brace.
const WITH_EXTRA: [(&str, &str); 4] = [
    ("agent.status", r#"{"agentId":"a","status":"online","lastSeen":5"#),
    ("chat.message", r#"{"id":"m","conversationId":"c","senderId":"a","content":"hi","timestamp":5"#),
    ("alert.raised", r#"{"id":"x","severity":"high","title":"t""#),
    ("activity.event", r#"{"id":"y","actor":"a","action":"did","timestamp":5"#),
];

/// What a reader into floats, maps or an own text form would change.
const UNKNOWN: &str =
    r#""z":18446744073709551616,"a":1.0,"m":{"y":1,"x":-0},"e":1E+2,"a":"b","p":"\u00e9\/","q\u0041":[ ]"#;

fn json(text: &str) -> Json {
    Json::parse(text).expect("JSON")
}

fn extra(payload: &Payload) -> Option<&str> {
    let extra = match payload {
        Payload::Incident(event) => &event.data.extra,
        Payload::Agent(agent) => &agent.extra,
        Payload::Chat(message) => &message.extra,
        Payload::Alert(alert) => &alert.extra,
        Payload::Activity(activity) => &activity.extra,
        _ => panic!("not typed: {payload:?}"),
    };
    extra.as_ref().map(Json::as_str)
}

#[test]
fn unknown_fields_keep_their_numbers_order_repeats_and_escapes() {
    for (kind, known) in WITH_EXTRA {
        let text = format!("{known},{UNKNOWN}}}");
        let (payload, problem) = decode_payload(kind, &json(&text));
        assert_eq!(problem, None, "{text}");
        assert_eq!(extra(&payload), Some(&*format!("{{{UNKNOWN}}}")), "{kind}");
        assert_eq!(encode_payload(&payload).as_str(), text, "written again as it came");
        let first = format!("{{{UNKNOWN},{}}}", &known[1..]);
        assert_eq!(decode_payload(kind, &json(&first)), (payload, None), "wherever the known fields stand");
    }
    let text = format!(r#"{{"incidentId":"i","type":"updated","data":{{"title":"t",{UNKNOWN}}}}}"#);
    let (payload, problem) = decode_payload("incident.updated", &json(&text));
    assert_eq!((extra(&payload), problem), (Some(&*format!("{{{UNKNOWN}}}")), None));
    assert_eq!(encode_payload(&payload).as_str(), text);

    let text = format!(r#"{{"id":"i","status":"new",{UNKNOWN}}}"#);
    let update = decode_incident_update(&json(&text)).expect("an update");
    assert_eq!(encode_incident_update(&update).as_str(), text);
}

#[test]
fn unknown_fields_of_an_incident_are_merged_as_they_are_written() {
    let mut incident = Incident::new("i");
    let mut apply = |fields: &str| {
        let update = decode_incident_update(&json(&format!(r#"{{"id":"i",{fields}}}"#))).expect("an update");
        incident.apply(&update.changes);
        incident.extra.as_ref().map(|json| json.as_str().to_owned()).unwrap_or_default()
    };
    assert_eq!(
        apply(r#""z":1.50,"n":18446744073709551616,"a":1"#),
        r#"{"z":1.50,"n":18446744073709551616,"a":1}"#
    );
    assert_eq!(apply(r#""z":null,"b":{"k":1e2}"#), r#"{"n":18446744073709551616,"a":1,"b":{"k":1e2}}"#);
    assert_eq!(
        apply(r#""a":2,"a":3"#),
        r#"{"n":18446744073709551616,"b":{"k":1e2},"a":3}"#,
        "the last counts"
    );
    assert_eq!(apply(r#""n":null,"b":null,"\u0061":null"#), "", "a name is what it stands for");
}

fn described(problem: &Problem) -> (&str, &str, &str) {
    (&problem.path, &problem.expected, &problem.found)
}

#[test]
fn problems_of_payloads_name_place_expectation_and_find_in_the_protocol_s_words() {
    for (kind, payload, place, expected, found) in [
        (
            "agent.status",
            r#"{"agentId":"a","status":"online","lastSeen":18446744073709551616}"#,
            "payload.lastSeen",
            "a whole number",
            "integer `18446744073709551616`",
        ),
        (
            "agent.status",
            r#"{"agentId":"a","status":"online","lastSeen":1e3}"#,
            "payload.lastSeen",
            "a whole number",
            "number `1e3`",
        ),
        (
            "agent.status",
            r#"{"agentId":"a","status":"online","agentId":"b","lastSeen":1}"#,
            "payload.agentId",
            "one value",
            "more than one",
        ),
        (
            "agent.status",
            r#"{"agentId":"\ud800","status":"online","lastSeen":1}"#,
            "payload.agentId",
            "a string without half a surrogate pair",
            r#"string "\ud800""#,
        ),
        (
            "incident.updated",
            r#"{"incidentId":"i","data":{"title":"a","title":"b"}}"#,
            "payload.data.title",
            "one value",
            "more than one",
        ),
        ("incident.updated", r#"{"incidentId":"i","data":null}"#, "payload.data", "an object", "null"),
        (
            "chat.message",
            r#"{"id":"a\nb","conversationId":{"a":1}}"#,
            "payload.conversationId",
            "a string",
            "an object",
        ),
    ] {
        let (_, problem) = decode_payload(kind, &json(payload));
        assert_eq!(described(&problem.expect(payload)), (place, expected, found), "{payload}");
    }
    let both = decode_incident_update(&json(r#"{"id":"a","incidentId":"b"}"#)).expect_err("two names");
    assert_eq!(described(&both), ("payload.incidentId", "nothing, as there is an `id`", r#"string "b""#));
}

#[test]
fn problems_of_system_messages_and_envelopes_name_place_expectation_and_find() {
    for (kind, payload, place, expected, found) in [
        (
            "subscribe",
            r#"{"channels":[{"channel":"chat"},{"channel":"weather"}]}"#,
            "payload.channels[1].channel",
            "incidents, agents, chat, alerts, activity, timeline or system",
            r#"string "weather""#,
        ),
        (
            "subscribe",
            r#"{"channels":[{"channel":"chat","since":{"epoch":"e","seq":"x"}}]}"#,
            "payload.channels[0].since.seq",
            "a whole number",
            r#"string "x""#,
        ),
        ("subscribe", r#"{"channels":{}}"#, "payload.channels", "an array", "an object"),
        (
            "hello",
            r#"{"protocol":4294967296,"client":"c","session":"s","term":1}"#,
            "payload.protocol",
            "a whole number below 2^32",
            "integer `4294967296`",
        ),
        ("ping", r#"{"n":1}"#, "payload", "a field `sentAt`", "nothing"),
    ] {
        let frame = format!(r#"{{"type":"{kind}","channel":"system","payload":{payload}}}"#);
        let decoded = decode_client_frame(frame.as_bytes(), &Limits::to_server()).expect("JSON");
        assert_eq!(described(&decoded.problems[0]), (place, expected, found), "{frame}");
    }
    for (kind, payload, place, expected, found) in [
        (
            "subscribed",
            r#"{"channel":"chat","epoch":"e","seq":4,"continuity":"maybe"}"#,
            "payload.continuity",
            "exact, snapshot or gap",
            r#"string "maybe""#,
        ),
        (
            "snapshot",
            r#"{"channel":"chat","epoch":"e","seq":4,"part":0,"last":1,"items":[]}"#,
            "payload.last",
            "a boolean",
            "integer `1`",
        ),
        (
            "snapshot",
            r#"{"channel":"chat","epoch":"e","seq":4,"part":0,"last":true,"items":[{"type":"a","payload":1},{"payload":1}]}"#,
            "payload.items[1]",
            "a field `type`",
            "nothing",
        ),
        ("nack", r#"{"code":"invalid"}"#, "payload", "a field `id`", "nothing"),
        ("ack", r#"{"ids":["a",7]}"#, "payload.ids[1]", "a string", "integer `7`"),
    ] {
        let frame = format!(r#"{{"type":"{kind}","channel":"system","payload":{payload}}}"#);
        let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("JSON");
        assert_eq!(described(&decoded.problems[0]), (place, expected, found), "{frame}");
    }
    for (frame, place, expected, found) in [
        (r#"{"type":"a","channel":"chat","id":"m","id":"n"}"#, "id", "one value", "more than one"),
        (r#"{"type":"a","channel":7}"#, "channel", "a string", "integer `7`"),
        (r#"{"type":"a","channel":"chat","seq":1.5}"#, "seq", "a whole number", "number `1.5`"),
        (
            r#"{"type":"a","channel":"chat","priority":"now"}"#,
            "priority",
            "critical, high, normal or low",
            r#"string "now""#,
        ),
    ] {
        let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("JSON");
        assert_eq!(described(&decoded.problems[0]), (place, expected, found), "{frame}");
    }
}

#[test]
fn a_redacted_problem_of_any_kind_holds_no_value() {
    for frame in [
        r#"{"type":"a","channel":"chat","priority":"secret"}"#,
        r#"{"type":"a","channel":"chat","timestamp":"secret"}"#,
        r#"{"id":"","type":"secret SECRET","channel":"chat"}"#,
        r#"{"type":"subscribed","channel":"system","payload":{"channel":"chat","epoch":"e","seq":4,"continuity":"secret"}}"#,
        r#"{"type":"ack","channel":"system","payload":{"ids":["a",{"secret":1}]}}"#,
        r#"{"type":"chat.typing","channel":"chat","payload":{"conversationId":"\ud800 secret"}}"#,
    ] {
        let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("JSON");
        assert!(!decoded.problems.is_empty(), "{frame}");
        for problem in &decoded.problems {
            assert!(
                !problem.redacted().to_string().to_lowercase().contains("secret"),
                "{}",
                problem.redacted()
            );
        }
    }
}

/// A JSON text as somebody else may write it.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| serde_json::to_string(&text).expect("text")),
        r#""(\\u[0-9a-f]{4}|\\["\\/bfnrt]|[{}\[\],: a-z]){0,8}""#,
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let space = "[ \n\t\r]{0,2}";
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..4), space)
                .prop_map(|(items, space)| format!("[{}]", items.join(&format!("{space},{space}")))),
            (proptest::collection::vec((any::<String>(), inner), 0..4), space).prop_map(|(fields, space)| {
                let field = |(name, value): (String, String)| {
                    format!("{}{space}:{space}{value}", serde_json::to_string(&name).expect("text"))
                };
                let fields: Vec<_> = fields.into_iter().map(field).collect();
                format!("{{{space}{}{space}}}", fields.join(&format!("{space},{space}")))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Unknown fields with any JSON in them come out byte for byte, through a frame and back.
    #[test]
    fn any_unknown_field_survives_every_hop(
        which in 0..WITH_EXTRA.len(),
        fields in proptest::collection::vec(("x[a-zA-Z\"\\\\\u{e9}]{0,6}", value()), 1..5),
    ) {
        let (kind, known) = WITH_EXTRA[which];
        let channel = ["agents", "chat", "alerts", "activity"][which];
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}:{value}", serde_json::to_string(name).expect("text")))
            .collect();
        let mut payload = format!("{known},{}}}", fields.join(","));
        for _ in 0..2 {
            let frame = format!(r#"{{"id":"1","type":"{kind}","channel":"{channel}","payload":{payload}}}"#);
            let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("a frame");
            prop_assert_eq!(&decoded.problems, &vec![], "{}", frame);
            let sentinelops_protocol::ServerMessage::Event(event) = &decoded.messages[0] else { panic!("{decoded:?}") };
            prop_assert_eq!(&event.encode(), &frame);
            payload = encode_payload(&event.payload).as_str().to_owned();
        }
    }

    /// A command's payload reaches the server as it was written, whatever is in it.
    #[test]
    fn any_payload_of_a_command_is_passed_on_unread(payload in value()) {
        let frame = format!(r#"[ {{"id":"1", "type":"a.b", "channel":"chat", "payload" : {payload} }} ]"#);
        let decoded = decode_client_frame(frame.as_bytes(), &Limits::to_server()).expect("a frame");
        let [ClientMessage::Command(command)] = &decoded.messages[..] else { panic!("{decoded:?}") };
        prop_assert_eq!(command.payload.as_str(), payload);
    }
}
