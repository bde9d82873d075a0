//! The documented messages, as any server of the basic protocol may send them.

use sentinelops_protocol::domain::{
    IncidentChange, IncidentStatus, IncidentUpdate, Patch, Presence, Severity,
};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{
    Channel, ClientMessage, Event, Json, Limits, Payload, Priority, ServerMessage, decode_client_frame,
    decode_incident_create, decode_incident_update, decode_server_frame, encode_incident_update,
    ordering_key,
};

fn event(frame: &str) -> Event {
    let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("readable");
    assert_eq!(decoded.problems, []);
    match decoded.messages.into_iter().next() {
        Some(ServerMessage::Event(event)) => event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_incident_of_the_mock_server() {
    let event = event(
        r#"{"id":"123","type":"incident.created","channel":"incidents","payload":{"incidentId":"inc-999",
        "type":"created","data":{"title":"Test Incident","severity":"high","status":"new"}},"timestamp":1700000000000}"#,
    );
    assert_eq!(event.id.as_deref(), Some("123"));
    assert_eq!(
        (event.channel, event.priority, event.timestamp),
        (Channel::Incidents, Priority::Normal, Some(1_700_000_000_000))
    );
    assert_eq!((event.seq, event.prev, event.cause, event.topic), (None, None, None, None));
    let Payload::Incident(incident) = event.payload else { panic!("not an incident") };
    assert_eq!((incident.incident_id.as_str(), incident.change), ("inc-999", IncidentChange::Created));
    assert_eq!(incident.data.title, Patch::Set("Test Incident".into()));
    assert_eq!(incident.data.severity, Patch::Set(Severity::High));
    assert_eq!(incident.data.status, Patch::Set(IncidentStatus::New));
    assert_eq!(incident.data.assigned_to, Patch::Keep);
}

#[test]
fn the_documented_events_without_id_and_time() {
    let update = event(
        r#"{"type":"incident.updated","channel":"incidents","payload":{"incidentId":"inc-123","type":"updated",
        "data":{"status":"investigating","assignedTo":"agent-456"}}}"#,
    );
    assert_eq!((update.id, update.timestamp), (None, None));
    assert!(
        matches!(update.payload, Payload::Incident(i) if i.data.assigned_to == Patch::Set("agent-456".into()))
    );

    let agent = event(
        r#"{"type":"agent.status","channel":"agents","payload":{"agentId":"agent-123","status":"online","lastSeen":1234567890}}"#,
    );
    assert!(
        matches!(agent.payload, Payload::Agent(a) if a.status == Presence::Online && a.last_seen == 1_234_567_890)
    );

    let chat = event(
        r#"{"type":"chat.message","channel":"chat","payload":{"id":"msg-123","conversationId":"conv-456",
        "senderId":"agent-789","content":"Investigation update","timestamp":1234567890}}"#,
    );
    assert!(matches!(chat.payload, Payload::Chat(m) if m.content == "Investigation update"));
}

#[test]
fn the_mocks_pong_with_any_payload() {
    for (payload, known) in [(r#"{"n":4,"sentAt":17}"#, true), (r#"{"timestamp":5}"#, false), ("null", false)]
    {
        let frame = format!(r#"{{"type":"pong","channel":"system","payload":{payload},"timestamp":1}}"#);
        let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("readable");
        assert_eq!(decoded.problems, [], "any pong is a sign of life");
        let [ServerMessage::System(ServerSystem::Pong(ping))] = &decoded.messages[..] else {
            panic!("{decoded:?}")
        };
        assert_eq!(ping.is_some(), known);
    }
    let bare = br#"{"type":"pong","channel":"system","timestamp":1}"#;
    let decoded = decode_server_frame(bare, &Limits::to_client()).expect("readable");
    assert_eq!(decoded.messages, [ServerMessage::System(ServerSystem::Pong(None))]);
}

#[test]
fn the_documented_send() {
    let frame = br#"{"id":"m1","type":"incident.update","channel":"incidents","payload":{"id":"123","status":"resolved"},"timestamp":1}"#;
    let decoded = decode_client_frame(frame, &Limits::to_server()).expect("readable");
    let [ClientMessage::Command(command)] = &decoded.messages[..] else { panic!("{decoded:?}") };
    assert_eq!(ordering_key(command.channel, &command.payload).as_deref(), Some("incidents/123"));
    let update = decode_incident_update(&command.payload).expect("an update");
    assert_eq!((update.id.as_str(), &update.changes.status), ("123", &Patch::Set(IncidentStatus::Resolved)));
    assert_eq!(encode_incident_update(&update).as_str(), r#"{"id":"123","status":"resolved"}"#);
}

#[test]
fn an_update_keeps_clears_and_carries_what_it_does_not_know() {
    let json = |text: &str| Json::parse(text).expect("JSON");
    let update = decode_incident_update(&json(r#"{"id":"a","title":null,"team":"db","severity":"sev0"}"#));
    let IncidentUpdate { changes, .. } = update.expect("an update");
    assert_eq!((changes.title, changes.status), (Patch::Clear, Patch::Keep));
    assert_eq!(changes.severity, Patch::Set(Severity::Other("sev0".into())));
    assert_eq!(changes.extra.as_ref().map(Json::as_str), Some(r#"{"team":"db"}"#));
    let alias = decode_incident_update(&json(r#"{"incidentId":"a","status":"new"}"#)).expect("an update");
    assert_eq!((alias.id.as_str(), alias.changes.extra), ("a", None));
    for (text, path, expected) in [
        ("7", "payload", "an object"),
        (r#"["a"]"#, "payload", "an object"),
        ("{}", "payload", "a field `id`"),
        (r#"{"id":5}"#, "payload.id", "a string"),
        (r#"{"id":"a","updatedAt":"x"}"#, "payload.updatedAt", "a whole number"),
    ] {
        let problem = decode_incident_update(&json(text)).expect_err(text);
        assert_eq!((problem.path.as_str(), problem.expected.as_str()), (path, expected), "{problem}");
    }
}

#[test]
fn a_new_incident_has_an_id_and_a_title() {
    let json = |text: &str| Json::parse(text).expect("JSON");
    let create = json(r#"{"id":"a","title":"Disk full","severity":"high","team":"db"}"#);
    let read = decode_incident_create(&create).expect("an incident");
    assert_eq!((read.id.as_str(), &read.changes.title), ("a", &Patch::Set("Disk full".into())));
    assert_eq!(read.changes.extra.as_ref().map(Json::as_str), Some(r#"{"team":"db"}"#));
    for (text, path, expected) in [
        (r#"{"title":"x"}"#, "payload", "a field `id`"),
        (r#"{"id":"a"}"#, "payload", "a field `title`"),
        (r#"{"id":"a","title":null}"#, "payload", "a field `title`"),
        (r#"{"id":"a","title":"  "}"#, "payload.title", "a title"),
        (r#"{"id":"a","title":7}"#, "payload.title", "a string"),
    ] {
        let problem = decode_incident_create(&json(text)).expect_err(text);
        assert_eq!((problem.path.as_str(), problem.expected.as_str()), (path, expected), "{problem}");
        assert_eq!(problem.message_type, "incident.create");
    }
}

#[test]
fn the_conversation_of_an_incident_is_in_order_with_the_incident() {
    let key = |channel, text: &str| ordering_key(channel, &Json::parse(text).expect("JSON"));
    let incident = key(Channel::Incidents, r#"{"id":"a","title":"x"}"#);
    assert_eq!(incident, key(Channel::Chat, r#"{"conversationId":"a","content":"x"}"#));
    assert_ne!(incident, key(Channel::Alerts, r#"{"id":"a"}"#), "an alert is something else");
}
