//! What does not fit its documented type is delivered raw, and reported with path, what is allowed there and what was
//! found: from the bytes of the wire, for every documented type and every field with rules of its own.

use sentinelops_protocol::{
    Json, Limits, Payload, ProblemKind, ServerMessage, decode_server_frame, read_value,
};

const INCIDENT: &str = r#"{"incidentId":"i","type":"updated","data":{}}"#;
const AGENT: &str = r#"{"agentId":"a","status":"online","lastSeen":5}"#;
const CHAT: &str = r#"{"id":"m","conversationId":"c","senderId":"a","content":"hi","timestamp":5}"#;
const RECEIPT: &str = r#"{"conversationId":"c","userId":"a","upTo":5}"#;
const TYPING: &str = r#"{"conversationId":"c","userId":"a"}"#;
const ALERT: &str = r#"{"id":"x","severity":"high","title":"t"}"#;
const VIEWING: &str = r#"{"incidentId":"i","userId":"a"}"#;
const TIMELINE: &str =
    r#"{"id":"t","incidentId":"i","actor":"a","action":"changed","timestamp":5,"status":"new"}"#;
const ACTIVITY: &str = r#"{"id":"y","actor":"a","action":"did","timestamp":5}"#;

/// Types, channel, a payload that fits; then of each case a field, what stands there instead, and the report.
type Table = (&'static [&'static str], &'static str, &'static str, &'static [Case]);
/// Path of the field below the payload, its JSON (empty: the field is left out), path, expected, found.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const INCIDENTS: &[&str] =
    &["incident.created", "incident.updated", "incident.resolved", "incident.escalated"];
const ALERTS: &[&str] = &["alert.raised", "alert.acknowledged", "alert.cleared"];

const TABLE: [Table; 9] = [
    (
        INCIDENTS,
        "incidents",
        INCIDENT,
        &[
            ("incidentId", "7", "payload.incidentId", "a string", "integer `7`"),
            ("incidentId", "", "payload", "a field `incidentId`", "nothing"),
            ("data", "[1]", "payload.data", "an object", "an array"),
            ("data", r#"{"title":[]}"#, "payload.data.title", "a string", "an array"),
            ("data", r#"{"severity":3}"#, "payload.data.severity", "a string", "integer `3`"),
            ("data", r#"{"status":true}"#, "payload.data.status", "a string", "boolean `true`"),
            ("data", r#"{"assignedTo":{}}"#, "payload.data.assignedTo", "a string", "an object"),
            ("data", r#"{"createdAt":"now"}"#, "payload.data.createdAt", "a whole number", "string \"now\""),
            ("data", r#"{"updatedAt":-1}"#, "payload.data.updatedAt", "a whole number", "integer `-1`"),
        ],
    ),
    (
        &["agent.status"],
        "agents",
        AGENT,
        &[
            ("agentId", "null", "payload.agentId", "a string", "null"),
            ("status", "", "payload", "a field `status`", "nothing"),
            ("status", "1", "payload.status", "a string", "integer `1`"),
            ("lastSeen", r#""today""#, "payload.lastSeen", "a whole number", "string \"today\""),
            ("name", "5", "payload.name", "a string", "integer `5`"),
        ],
    ),
    (
        &["chat.message"],
        "chat",
        CHAT,
        &[
            ("id", "1", "payload.id", "a string", "integer `1`"),
            ("conversationId", "", "payload", "a field `conversationId`", "nothing"),
            ("senderId", "[]", "payload.senderId", "a string", "an array"),
            ("content", "{}", "payload.content", "a string", "an object"),
            ("timestamp", "1.5", "payload.timestamp", "a whole number", "number `1.5`"),
        ],
    ),
    (
        &["chat.delivered", "chat.read"],
        "chat",
        RECEIPT,
        &[
            ("conversationId", "2", "payload.conversationId", "a string", "integer `2`"),
            ("userId", "", "payload", "a field `userId`", "nothing"),
            ("upTo", "false", "payload.upTo", "a whole number", "boolean `false`"),
        ],
    ),
    (
        &["chat.typing"],
        "chat",
        TYPING,
        &[
            ("conversationId", "", "payload", "a field `conversationId`", "nothing"),
            ("userId", "[]", "payload.userId", "a string", "an array"),
        ],
    ),
    (
        ALERTS,
        "alerts",
        ALERT,
        &[
            ("id", "", "payload", "a field `id`", "nothing"),
            ("severity", "9", "payload.severity", "a string", "integer `9`"),
            ("title", "null", "payload.title", "a string", "null"),
            ("source", "1", "payload.source", "a string", "integer `1`"),
            ("incidentId", "[]", "payload.incidentId", "a string", "an array"),
        ],
    ),
    (
        &["activity.event"],
        "activity",
        ACTIVITY,
        &[
            ("id", "0", "payload.id", "a string", "integer `0`"),
            ("actor", "", "payload", "a field `actor`", "nothing"),
            ("action", "{}", "payload.action", "a string", "an object"),
            ("target", "4", "payload.target", "a string", "integer `4`"),
            ("timestamp", "null", "payload.timestamp", "a whole number", "null"),
        ],
    ),
    (
        &["incident.viewing"],
        "incidents",
        VIEWING,
        &[
            ("incidentId", "", "payload", "a field `incidentId`", "nothing"),
            ("userId", "7", "payload.userId", "a string", "integer `7`"),
        ],
    ),
    (
        &["timeline.entry"],
        "timeline",
        TIMELINE,
        &[
            ("incidentId", "1", "payload.incidentId", "a string", "integer `1`"),
            ("actor", "", "payload", "a field `actor`", "nothing"),
            ("action", "[]", "payload.action", "a string", "an array"),
            ("timestamp", "-1", "payload.timestamp", "a whole number", "integer `-1`"),
            ("status", "{}", "payload.status", "a string", "an object"),
            ("severity", "2", "payload.severity", "a string", "integer `2`"),
            ("assignedTo", "true", "payload.assignedTo", "a string", "boolean `true`"),
            ("alertId", "[]", "payload.alertId", "a string", "an array"),
            ("title", "5", "payload.title", "a string", "integer `5`"),
        ],
    ),
];

/// The payload with one field put in, replaced or taken out.
fn with(payload: &str, field: &str, json: &str) -> String {
    let mut object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(payload).expect("an object");
    object.remove(field);
    if !json.is_empty() {
        object.insert(field.to_owned(), serde_json::from_str(json).expect("JSON"));
    }
    serde_json::Value::Object(object).to_string()
}

fn frame(kind: &str, channel: &str, payload: &str) -> String {
    format!(r#"{{"id":"e1","type":"{kind}","channel":"{channel}","payload":{payload}}}"#)
}

#[test]
fn every_documented_type_says_where_what_is_allowed_and_what_was_found() {
    let mut types = 0;
    for (kinds, channel, fits, cases) in TABLE {
        for kind in kinds {
            types += 1;
            let decoded = decode_server_frame(frame(kind, channel, fits).as_bytes(), &Limits::to_client());
            let decoded = decoded.expect("a frame");
            assert_eq!(decoded.problems, [], "{kind}");
            let [ServerMessage::Event(event)] = &decoded.messages[..] else { panic!("{decoded:?}") };
            assert!(!matches!(event.payload, Payload::Raw(_)), "{kind} is a type of this version");
            assert_eq!(event.mismatch(), None);

            for (field, json, path, expected, found) in cases {
                let payload = with(fits, field, json);
                let bytes = frame(kind, channel, &payload);
                let decoded = decode_server_frame(bytes.as_bytes(), &Limits::to_client()).expect("a frame");
                let [problem] = &decoded.problems[..] else { panic!("{bytes}: {:?}", decoded.problems) };
                assert_eq!(
                    (&*problem.message_type, &*problem.path, &*problem.expected, &*problem.found),
                    (*kind, *path, *expected, *found),
                    "{bytes}"
                );
                assert_eq!((problem.kind, problem.id.as_deref()), (ProblemKind::PayloadMismatch, Some("e1")));
                let [ServerMessage::Event(event)] = &decoded.messages[..] else { panic!("{decoded:?}") };
                let Payload::Raw(raw) = &event.payload else { panic!("{bytes}: typed all the same") };
                assert_eq!(raw.as_str(), payload, "delivered as it came");
                assert_eq!(event.mismatch().map(|problem| problem.path).as_deref(), Some(*path));
            }
            for (payload, found) in [("7", "integer `7`"), (r#"["i"]"#, "an array"), ("null", "null")] {
                let bytes = frame(kind, channel, payload);
                let decoded = decode_server_frame(bytes.as_bytes(), &Limits::to_client()).expect("a frame");
                let [problem] = &decoded.problems[..] else { panic!("{bytes}: {:?}", decoded.problems) };
                assert_eq!(
                    (&*problem.path, &*problem.expected, &*problem.found),
                    ("payload", "an object", found)
                );
            }
        }
    }
    assert_eq!(types, 15, "a documented type is missing here");
}

#[test]
fn the_redacted_form_holds_kinds_of_json_and_no_values() {
    for (kinds, channel, fits, cases) in TABLE {
        for (field, json, path, ..) in cases {
            let bytes = frame(kinds[0], channel, &with(fits, field, json));
            let decoded = decode_server_frame(bytes.as_bytes(), &Limits::to_client()).expect("a frame");
            let redacted = decoded.problems[0].redacted();
            assert_eq!(redacted.path, *path);
            const KINDS: [&str; 7] =
                ["a number", "a string", "a boolean", "an object", "an array", "null", "nothing"];
            assert!(KINDS.contains(&&*redacted.found), "{redacted}");
        }
    }
    let odd =
        br#"{"type":"chat.message","channel":"chat","payload":{},"priority":"a secret","timestamp":"5"}"#;
    let decoded = decode_server_frame(odd, &Limits::to_client()).expect("a frame");
    let redacted: Vec<_> = decoded.problems.iter().map(|problem| problem.redacted().to_string()).collect();
    assert_eq!(decoded.problems.len(), 3);
    assert!(!redacted.concat().contains("secret"), "{redacted:?}");
}

#[test]
fn one_s_own_type_is_told_where_it_does_not_fit() {
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Deploy {
        service: String,
        steps: Vec<u32>,
    }
    let read = |json: &str| {
        let json = Json::parse(json).expect("JSON");
        read_value::<Deploy>("deploy.started", &json).map_err(|problem| problem.to_string())
    };
    assert!(read(r#"{"service":"api","steps":[1]}"#).is_ok());
    assert_eq!(
        read(r#"{"service":"api","steps":[1,"two"]}"#).unwrap_err(),
        "deploy.started: payload.steps[1]: expected a whole number, found string \"two\""
    );
    assert_eq!(read("{}").unwrap_err(), "deploy.started: payload: expected a field `service`, found nothing");
    let text = Json::parse(r#""free text""#).expect("JSON");
    assert_eq!(read_value::<String>("note", &text).expect("any kind of JSON"), "free text");
}
