//! What clients may ask for, what comes of it, and how a refusal reads.

use super::common::{World, agent, chat, incident};
use sentinelops_gateway::{GatewayConfig, NewEvent, TestConfig};
use sentinelops_protocol::domain::{
    Alert, AlertChange, IncidentChange, IncidentStatus, Patch, Presence, ReceiptKind, Severity,
};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Channel, Code, Payload, Subject, close};

const ALL: [Channel; 5] =
    [Channel::Incidents, Channel::Agents, Channel::Chat, Channel::Alerts, Channel::Activity];

fn alert(id: &str, change: AlertChange) -> Payload {
    Payload::Alert(Alert {
        id: id.into(),
        change,
        severity: Severity::High,
        title: "t".into(),
        source: None,
        incident_id: None,
        extra: None,
    })
}

#[test]
fn an_update_is_acked_applied_and_broadcast_with_its_cause() {
    let mut world = World::new();
    world.incident("a");
    let (sender, other) = (world.subscriber("agent-1", &ALL), world.subscriber("agent-2", &ALL));
    let payload = r#"{"id":"a","status":"resolved","assignedTo":"agent-9","ticket":"X-1","createdAt":5}"#;
    world.send(sender, "m1", "incident.update", payload);
    for (conn, acks) in [(sender, vec!["m1"]), (other, vec![])] {
        let inbox = world.look(conn);
        assert_eq!(inbox.acks(), acks);
        let events = inbox.events();
        assert_eq!(events[0].kind, "incident.resolved");
        assert_eq!(events[0].cause.as_deref(), Some("m1"));
        let Payload::Incident(event) = &events[0].payload else { panic!("{events:?}") };
        assert_eq!(event.change, IncidentChange::Resolved);
        assert_eq!(event.data.title, Patch::Keep, "absent is unchanged");
        assert_eq!(event.data.created_at, Patch::Keep, "the server says when");
        assert!(matches!(event.data.updated_at, Patch::Set(_)));
        let Payload::Activity(activity) = &events[1].payload else { panic!("{events:?}") };
        assert_eq!((activity.actor.as_str(), activity.action.as_str()), ("agent-1", "resolved"));
        assert_eq!((activity.target.as_deref(), events[1].cause.as_deref()), (Some("a"), None));
    }
    let incident = world.gateway.view().incident("a").expect("it is there");
    assert_eq!(incident.title.as_deref(), Some("title of a"));
    assert_eq!(incident.assigned_to.as_deref(), Some("agent-9"));
    assert_eq!(incident.extra.as_ref().map(|json| json.as_str()), Some(r#"{"ticket":"X-1"}"#));
    let effect = world.gateway.effects().next().expect("an effect");
    assert_eq!((effect.id.as_str(), effect.key.as_deref()), ("m1", Some("incidents/a")));
}

#[test]
fn a_message_that_names_agents_brings_an_activity_with_their_ids() {
    let mut world = World::new();
    let (ann, bob) = (world.client("ann"), world.subscriber("bob", &ALL));
    world.send(ann, "1", "agent.status", r#"{"status":"online"}"#);
    world.send(bob, "2", "agent.status", r#"{"status":"online"}"#);
    world.look(bob);
    let mut said = |id: &str, content: &str| {
        let payload = format!(r#"{{"conversationId":"inc-7","content":"{content}"}}"#);
        world.send(bob, id, "chat.message", &payload);
        world.look(bob)
    };
    let inbox = said("3", "@ann: look, `@ann`, @bob, @nobody, x@ann");
    let events = inbox.events();
    assert_eq!(events.len(), 2, "{events:?}");
    let Payload::Activity(activity) = &events[1].payload else { panic!("{events:?}") };
    assert_eq!((activity.actor.as_str(), activity.target.as_deref()), ("bob", Some("inc-7")));
    assert_eq!(activity.extra.as_ref().map(|extra| extra.as_str()), Some(r#"{"mentions":["ann"]}"#));
    assert_eq!(events[1].cause, None);
    for nobody in ["@bob and @nobody", "ann@example.com"] {
        assert_eq!(said(nobody, nobody).events().len(), 1, "{nobody}");
    }
}

#[test]
fn null_clears_and_absent_keeps() {
    let mut world = World::new();
    world.incident("a");
    let conn = world.client("u");
    world.send(conn, "1", "incident.update", r#"{"id":"a","assignedTo":"x","p":1,"q":2}"#);
    world.send(conn, "2", "incident.update", r#"{"id":"a","assignedTo":null,"q":null,"r":3}"#);
    assert_eq!(world.look(conn).acks(), ["1", "2"]);
    let incident = world.gateway.view().incident("a").expect("it is there");
    assert_eq!(incident.assigned_to, None);
    assert_eq!(incident.title.as_deref(), Some("title of a"));
    assert_eq!(incident.extra.as_ref().map(|json| json.as_str()), Some(r#"{"p":1,"r":3}"#));
}

#[test]
fn the_type_of_the_broadcast_follows_the_new_status() {
    let mut world = World::new();
    world.incident("a");
    let conn = world.subscriber("u", &[Channel::Incidents]);
    for (status, kind) in [
        ("escalated", "incident.escalated"),
        ("investigating", "incident.updated"),
        ("resolved", "incident.resolved"),
        ("parked", "incident.updated"),
    ] {
        world.send(conn, status, "incident.update", &format!(r#"{{"id":"a","status":"{status}"}}"#));
        assert_eq!(world.look(conn).events()[0].kind, kind);
    }
    let status = world.gateway.view().incident("a").and_then(|incident| incident.status.clone());
    assert_eq!(status, Some(IncidentStatus::Other("parked".into())), "unknown values are kept as text");
}

#[test]
fn a_refusal_names_path_expected_and_found() {
    let mut world = World::new();
    world.incident("a");
    world.publish(alert("gone", AlertChange::Cleared));
    let conn = world.client("u");
    for (kind, payload, code, words) in [
        ("incident.update", r#"{"id":"zz","status":"new"}"#, Code::Invalid, ["payload.id", "zz"]),
        ("incident.update", r#"{"status":"new"}"#, Code::Invalid, ["payload", "`id`"]),
        ("incident.update", r#"{"id":"a","status":7}"#, Code::Invalid, ["payload.status", "7"]),
        ("incident.update", "null", Code::Invalid, ["payload", "an object, found null"]),
        ("chat.message", r#"{"conversationId":"c"}"#, Code::Invalid, ["payload", "`content`"]),
        (
            "chat.message",
            r#"{"conversationId":"","content":"x"}"#,
            Code::Invalid,
            ["conversationId", "1 to 64"],
        ),
        ("chat.read", r#"{"conversationId":"c","upTo":"now"}"#, Code::Invalid, ["payload.upTo", "now"]),
        ("chat.typing", r#"["c"]"#, Code::Invalid, ["payload", "found an array"]),
        ("alert.acknowledge", r#"{"id":"zz"}"#, Code::Invalid, ["payload.id", "zz"]),
        ("alert.acknowledge", r#"{"id":"gone"}"#, Code::Conflict, ["gone", "cleared"]),
        ("agent.status", r#"{"agentId":"v","status":"away"}"#, Code::Forbidden, ["agentId", "u"]),
        (
            "incident.created",
            r#"{"incidentId":"n","data":{}}"#,
            Code::UnknownType,
            ["incident.created", "incidents"],
        ),
        ("activity.event", "{}", Code::UnknownType, ["activity.event", "activity"]),
    ] {
        world.send(conn, "m", kind, payload);
        let nacks = world.look(conn).nacks();
        assert_eq!(nacks.len(), 1, "{kind} {payload}");
        let (_, found, message, retry) = &nacks[0];
        assert_eq!((found, retry), (&code, &None), "{message}");
        for word in words {
            assert!(message.contains(word), "{kind} {payload}: {word:?} in {message:?}");
        }
    }
    assert_eq!(world.gateway.effects().count(), 0);
}

#[test]
fn a_command_on_the_wrong_channel_is_refused() {
    let mut world = World::new();
    world.incident("a");
    let conn = world.client("u");
    world.raw(
        conn,
        r#"{"id":"m","type":"incident.update","channel":"chat","payload":{"id":"a","status":"new"}}"#,
    );
    let nacks = world.look(conn).nacks();
    assert_eq!(nacks[0].1, Code::Invalid);
    assert!(nacks[0].2.contains("channel: expected incidents, found chat"), "{nacks:?}");
}

#[test]
fn the_server_says_who_wrote_and_when() {
    let mut world = World::new();
    let conn = world.subscriber("agent-1", &[Channel::Chat]);
    let forged = r#"{"conversationId":"c","content":"hi","senderId":"boss","timestamp":1,"mood":"good"}"#;
    world.send(conn, "m1", "chat.message", forged);
    world.send(conn, "m2", "chat.message", r#"{"conversationId":"c","content":"again","id":"own"}"#);
    let inbox = world.look(conn);
    let events: Vec<_> = inbox
        .events()
        .into_iter()
        .map(|event| match &event.payload {
            Payload::Chat(message) => message.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((events[0].sender_id.as_str(), events[0].id.as_str()), ("agent-1", "m1"));
    assert!(events[0].timestamp > 1_000_000_000_000);
    assert_eq!(events[0].extra.as_ref().map(|json| json.as_str()), Some(r#"{"mood":"good"}"#));
    assert_eq!(events[1].id, "own");

    let thief = world.client("agent-2");
    world.send(thief, "m3", "chat.message", r#"{"conversationId":"c","content":"mine","id":"own"}"#);
    assert_eq!(world.look(thief).nacks()[0].1, Code::Conflict, "nobody overwrites another's message");
}

#[test]
fn receipts_are_watermarks_merged_by_maximum() {
    let mut world = World::new();
    let (alice, bob) =
        (world.subscriber("alice", &[Channel::Chat]), world.subscriber("bob", &[Channel::Chat]));
    world.send(alice, "1", "chat.message", r#"{"conversationId":"c","content":"x"}"#);
    let inbox = world.look(bob);
    let Payload::Chat(message) = &inbox.events()[0].payload else { panic!("no chat") };
    let at = message.timestamp;
    let read = |up_to: u64| format!(r#"{{"conversationId":"c","upTo":{up_to},"userId":"alice"}}"#);
    world.send(bob, "2", "chat.read", &read(at));
    world.send(bob, "3", "chat.read", &read(at - 1));
    world.send(bob, "4", "chat.read", &read(at));
    assert_eq!(world.look(bob).acks(), ["2", "3", "4"]);
    let inbox = world.look(alice);
    let receipts: Vec<_> =
        inbox.events().into_iter().filter(|event| event.kind == "chat.read").map(|e| &e.payload).collect();
    assert_eq!(receipts.len(), 1, "a lower mark changes nothing");
    assert!(
        matches!(receipts[0], Payload::Receipt(receipt) if receipt.user_id == "bob" && receipt.up_to == at)
    );
    assert_eq!(world.gateway.view().receipt("c", "bob", ReceiptKind::Read), Some(at));
    world.send(bob, "5", "chat.delivered", r#"{"conversationId":"c","upTo":9000000000000000}"#);
    world.look(bob);
    let delivered = world.gateway.view().receipt("c", "bob", ReceiptKind::Delivered);
    assert!(delivered.is_some_and(|up_to| up_to <= world.now().wall), "nobody has got the future");
    let items = world.gateway.state(&Subject::channel(Channel::Chat));
    let kinds: Vec<_> = items.iter().map(|item| item.kind.as_str()).collect();
    assert_eq!(kinds, ["chat.message", "chat.delivered", "chat.read"]);
    world.send(alice, "6", "chat.read", &read(at));
    world.send(alice, "7", "chat.delivered", &read(at));
    world.look(alice);
    let delivered = world.gateway.view().receipt("c", "alice", ReceiptKind::Delivered);
    assert_eq!(delivered, None, "what was read has been delivered: no report is needed");
}

#[test]
fn chat_timestamps_never_run_backwards() {
    let mut world = World::new();
    let conn = world.client("u");
    world.send(conn, "1", "chat.message", r#"{"conversationId":"c","content":"x"}"#);
    let now = world.now();
    let set_back = sentinelops_gateway::Now { wall: now.wall - 60_000, ..now };
    let frame = br#"{"id":"2","type":"chat.message","channel":"chat","payload":{"conversationId":"c","content":"y"}}"#;
    world.gateway.receive(set_back, conn, frame);
    let times: Vec<_> = world.gateway.view().chat().map(|message| message.timestamp).collect();
    assert!(times[0] <= times[1], "{times:?}");
}

#[test]
fn an_alert_is_acknowledged_once() {
    let mut world = World::new();
    world.publish(alert("al", AlertChange::Raised));
    let conn = world.subscriber("u", &[Channel::Alerts, Channel::Activity]);
    world.send(conn, "1", "alert.acknowledge", r#"{"id":"al"}"#);
    world.send(conn, "2", "alert.acknowledge", r#"{"id":"al"}"#);
    let inbox = world.look(conn);
    assert_eq!(inbox.acks(), ["1", "2"]);
    let kinds: Vec<_> = inbox.events().iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["alert.acknowledged", "activity.event"]);
}

#[test]
fn an_agent_sets_only_its_own_status() {
    let mut world = World::new();
    let conn = world.subscriber("agent-1", &[Channel::Agents]);
    world.send(conn, "1", "agent.status", r#"{"status":"busy","lastSeen":1,"name":"Ann"}"#);
    world.send(conn, "2", "agent.status", r#"{"agentId":"agent-1","status":"away"}"#);
    assert_eq!(world.look(conn).acks(), ["1", "2"]);
    let agent = world.gateway.view().agent("agent-1").expect("it is there");
    assert_eq!((agent.status.clone(), agent.name.as_deref()), (Presence::Away, Some("Ann")));
    assert!(agent.last_seen > 1);
}

#[test]
fn what_would_outgrow_the_state_is_refused() {
    let mut world = World::new();
    world.incident("a");
    let conn = world.client("u");
    let big = "x".repeat(10_000);
    world.send(conn, "1", "incident.update", &format!(r#"{{"id":"a","one":"{big}"}}"#));
    world.send(conn, "2", "incident.update", &format!(r#"{{"id":"a","two":"{big}"}}"#));
    let inbox = world.look(conn);
    assert_eq!(inbox.acks(), ["1"]);
    assert_eq!(inbox.nacks()[0].1, Code::TooBig);
}

#[test]
fn an_event_of_an_unknown_type_is_passed_on() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Alerts]);
    let json = sentinelops_protocol::Json::parse(r#"{"a":[1,2]}"#).expect("JSON");
    let event = NewEvent {
        channel: Channel::Alerts,
        kind: "alert.snoozed".into(),
        payload: Payload::Raw(json.clone()),
        priority: sentinelops_protocol::Priority::Low,
        timestamp: Some(5),
    };
    world.gateway.publish(world.now(), event);
    let inbox = world.look(conn);
    assert_eq!(inbox.events()[0].kind, "alert.snoozed");
    assert_eq!(inbox.events()[0].payload, Payload::Raw(json));
    assert_eq!(inbox.events()[0].timestamp, Some(5));
}

#[test]
fn the_state_stays_bounded() {
    let mut world = World::new();
    for n in 0..1_000 {
        let status = if n % 10 == 0 { IncidentStatus::New } else { IncidentStatus::Resolved };
        world.publish(incident(&format!("i{n}"), IncidentChange::Updated, status));
        world.publish(chat(&n.to_string(), &format!("c{n}"), "x", n));
        world.publish(agent("a", Presence::Online, n));
    }
    let view = world.gateway.view();
    assert_eq!((view.incidents().count(), view.agents().count(), view.chat().count()), (300, 1, 200));
    let open = view.incidents().filter(|incident| incident.status == Some(IncidentStatus::New)).count();
    assert_eq!(open, 100, "no open incident is dropped");
}

#[test]
fn each_command_is_answered_as_it_is_read_however_many_there_are() {
    let config = GatewayConfig {
        max_in_flight: 1,
        test: TestConfig { nack_every: Some(7), ..TestConfig::default() },
        ..GatewayConfig::default()
    };
    let mut world = World::with(config);
    let conn = world.client("u");
    for round in 0..3 {
        let command = |n: u32| {
            let kind = if n.is_multiple_of(5) { "chat.nonsense" } else { "chat.message" };
            format!(
                r#"{{"id":"{round}-{n}","type":"{kind}","channel":"chat","payload":{{"conversationId":"c{n}","content":"x"}}}}"#
            )
        };
        let frame: Vec<String> = (0..300).map(command).collect();
        world.raw(conn, &format!("[{}]", frame.join(",")));
        // Nothing more is read, and nothing but the collecting of one frame waits.
        world.pass(16);
        let inbox = world.look(conn);
        let nacks = inbox.systems().filter(|s| matches!(s, ServerSystem::Nack { .. })).count();
        assert!(nacks > 60, "refused and put off: {nacks}");
        assert_eq!(inbox.acks().len() + nacks, 300);
    }
    assert!(world.gateway.poll_timeout().is_some_and(|at| at > world.mono + 60_000), "nothing is owed");
}

#[test]
fn a_client_that_reads_no_answers_is_closed() {
    let config = GatewayConfig { send_buffer_bytes: 2_000, ..GatewayConfig::default() };
    let mut world = World::with(config);
    let conn = world.client("u");
    world.gateway.buffered(world.now(), conn, 10_000_000);
    let mut sent = 0;
    while world.gateway.stats().connections > 0 {
        sent += 1;
        assert!(sent < 1_000);
        world.send(conn, &format!("{sent:020}"), "chat.read", r#"{"conversationId":"c","upTo":1}"#);
        world.pass(20);
    }
    assert_eq!(world.look(conn).closed.map(|(code, _)| code), Some(close::SLOW_CONSUMER));
    assert!(sent > 50, "{sent}");
}
