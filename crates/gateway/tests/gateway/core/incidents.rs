//! Incidents that clients create, who views them, and their timelines.

use super::common::{World, incident};
use sentinelops_gateway::{Auth, GatewayConfig, Identity, Rights, TestConfig};
use sentinelops_protocol::domain::{
    Alert, AlertChange, IncidentChange, IncidentStatus, Patch, Severity, TimelineEntry,
};
use sentinelops_protocol::{Channel, Code, Payload, Subject, decode_payload};

fn alert(id: &str, change: AlertChange, incident: &str) -> Payload {
    Payload::Alert(Alert {
        id: id.into(),
        change,
        severity: Severity::High,
        title: "5xx".into(),
        source: Some("prometheus".into()),
        incident_id: Some(incident.into()),
        extra: None,
    })
}

fn timeline_of(incident: &str) -> Subject {
    Subject::topic(Channel::Timeline, incident)
}

/// Actor, action, status, severity, assignee, alert.
fn line(entry: &TimelineEntry) -> String {
    let assigned = match &entry.assigned_to {
        Patch::Keep => String::new(),
        Patch::Clear => "nobody".to_owned(),
        Patch::Set(who) => who.clone(),
    };
    let status = entry.status.as_ref().map_or("", IncidentStatus::as_str);
    let severity = entry.severity.as_ref().map_or("", Severity::as_str);
    let alert = entry.alert_id.as_deref().unwrap_or_default();
    format!("{} {} [{status}|{severity}|{assigned}|{alert}]", entry.actor, entry.action)
}

fn lines(world: &World, incident: &str) -> Vec<String> {
    world.gateway.view().timeline(incident).map(line).collect()
}

#[test]
fn a_created_incident_is_acked_and_told_with_its_defaults() {
    let mut world = World::new();
    let conn = world.subscriber("ann", &[Channel::Incidents, Channel::Activity]);
    world.send(conn, "m1", "incident.create", r#"{"id":"inc-x","title":"Disk full","service":"api"}"#);
    let inbox = world.look(conn);
    assert_eq!(inbox.acks(), ["m1"]);
    let events = inbox.events();
    assert_eq!((events[0].kind.as_str(), events[0].cause.as_deref()), ("incident.created", Some("m1")));
    let Payload::Activity(activity) = &events[1].payload else { panic!("{events:?}") };
    assert_eq!(
        (&*activity.actor, &*activity.action, activity.target.as_deref()),
        ("ann", "created", Some("inc-x"))
    );
    let incident = world.gateway.view().incident("inc-x").expect("it is there");
    assert_eq!(incident.title.as_deref(), Some("Disk full"));
    assert_eq!((&incident.status, &incident.severity), (&Some(IncidentStatus::New), &Some(Severity::Medium)));
    assert!(incident.created_at.is_some() && incident.created_at == incident.updated_at);
    assert_eq!(incident.extra.as_ref().map(|json| json.as_str()), Some(r#"{"service":"api"}"#));

    world.send(conn, "m1", "incident.create", r#"{"id":"inc-x","title":"Disk full","service":"api"}"#);
    assert_eq!(world.look(conn).acks(), ["m1"], "the same command again is acked again");
    world.send(conn, "m2", "incident.create", r#"{"id":"inc-x","title":"Something else"}"#);
    let nacks = world.look(conn).nacks();
    assert_eq!((&nacks[0].1, nacks[0].3), (&Code::Conflict, None), "{nacks:?}");
    world.send(conn, "m3", "incident.create", r#"{"id":"inc-y"}"#);
    assert_eq!(world.look(conn).nacks()[0].1, Code::Invalid);
}

#[test]
fn what_belongs_to_an_incident_waits_behind_its_creation() {
    let mut world = World::with(GatewayConfig {
        max_open: 1,
        test: TestConfig { effects_kept: 9, ..TestConfig::default() },
        ..GatewayConfig::default()
    });
    world.incident("old");
    let conn = world.client("ann");
    world.send(conn, "1", "incident.create", r#"{"id":"new","title":"t"}"#);
    world.send(conn, "2", "incident.update", r#"{"id":"new","severity":"high"}"#);
    world.send(conn, "3", "chat.message", r#"{"conversationId":"new","content":"hi"}"#);
    let inbox = world.look(conn);
    assert_eq!(inbox.deferred(), ["1", "2", "3"], "none of them overtakes");
    assert!(inbox.nacks().iter().all(|nack| nack.1 == Code::Unavailable), "{:?}", inbox.nacks());
    world.publish(incident("old", IncidentChange::Resolved, IncidentStatus::Resolved));
    world.send(conn, "1", "incident.create", r#"{"id":"new","title":"t"}"#);
    world.send(conn, "2", "incident.update", r#"{"id":"new","severity":"high"}"#);
    world.send(conn, "3", "chat.message", r#"{"conversationId":"new","content":"hi"}"#);
    assert_eq!(world.look(conn).acks(), ["1", "2", "3"]);
    assert!(world.gateway.effects().all(|effect| effect.key.as_deref() == Some("incidents/new")));
}

#[test]
fn who_is_viewing_is_passed_on_and_kept_nowhere() {
    let mut world = World::new();
    world.incident("a");
    let (ann, ben) =
        (world.subscriber("ann", &[Channel::Incidents]), world.subscriber("ben", &[Channel::Incidents]));
    world.send(ann, "v1", "incident.viewing", r#"{"id":"a"}"#);
    assert_eq!(world.look(ann).acks(), ["v1"]);
    let inbox = world.look(ben);
    let [event] = inbox.events()[..] else { panic!("{inbox:?}") };
    assert_eq!((event.kind.as_str(), event.seq), ("incident.viewing", None));
    let Payload::Viewing(viewing) = &event.payload else { panic!("{event:?}") };
    assert_eq!((&*viewing.incident_id, &*viewing.user_id), ("a", "ann"));
    assert!(world.look(ann).events().is_empty(), "not to who sent it");
    assert_eq!(world.gateway.effects().count(), 0, "not remembered");
    world.send(ann, "v2", "incident.viewing", r#"{"incidentId":7}"#);
    assert_eq!(world.look(ann).nacks()[0].1, Code::Invalid);
}

#[test]
fn a_timeline_says_what_changed_and_who_did_it() {
    let mut world = World::new();
    let ann = world.client("ann");
    world.send(ann, "1", "incident.create", r#"{"id":"a","title":"t","severity":"low"}"#);
    world.look(ann);
    world.subscribe(ann, timeline_of("a"), None);
    let inbox = world.look(ann);
    assert_eq!(inbox.snapshots()[0].items.len(), 1);
    world.send(ann, "2", "incident.update", r#"{"id":"a","status":"resolved","assignedTo":"ben"}"#);
    world.send(ann, "3", "incident.update", r#"{"id":"a","title":"only the title"}"#);
    world.send(ann, "4", "incident.update", r#"{"id":"a","severity":"high","assignedTo":null}"#);
    world.send(ann, "5", "incident.update", r#"{"id":"a","severity":"high"}"#);
    let alerts = [("x", AlertChange::Raised), ("x", AlertChange::Acknowledged), ("x", AlertChange::Raised)];
    for (id, change) in alerts {
        world.publish(alert(id, change, "a"));
    }
    world.publish(alert("x", AlertChange::Cleared, "a"));
    world.publish(alert("y", AlertChange::Raised, "no such incident"));
    let expected = [
        "ann created [new|low||]",
        "ann changed [resolved||ben|]",
        "ann changed [|high|nobody|]",
        "prometheus alert_raised [|||x]",
        "prometheus alert_cleared [|||x]",
    ];
    assert_eq!(lines(&world, "a"), expected);
    let received = world.look(ann);
    let received: Vec<String> = received
        .events()
        .iter()
        .map(|event| match &event.payload {
            Payload::Timeline(entry) => line(entry),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(received, expected[1..], "live to who is subscribed to it");
    world.subscribe(ann, timeline_of("a"), None);
    let again = world.look(ann);
    let items: Vec<String> = again.snapshots()[0]
        .items
        .iter()
        .map(|item| match decode_payload(&item.kind, &item.payload).0 {
            Payload::Timeline(entry) => line(&entry),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(items, expected, "as a snapshot of the topic");
}

#[test]
fn a_timeline_is_kept_as_long_as_its_incident() {
    let mut world = World::with(GatewayConfig { max_items: 1, ..GatewayConfig::default() });
    world.incident("a");
    world.restart(8, |durable| durable);
    assert_eq!(lines(&world, "a"), ["server created [new|||]"], "over a restart");
    world.publish(incident("a", IncidentChange::Resolved, IncidentStatus::Resolved));
    assert_eq!(lines(&world, "a").len(), 2);
    world.incident("b");
    world.publish(incident("b", IncidentChange::Resolved, IncidentStatus::Resolved));
    assert!(world.gateway.view().incident("a").is_none(), "it made room");
    assert_eq!(lines(&world, "a"), [""; 0]);
    assert_eq!(lines(&world, "b").len(), 2);
}

#[test]
fn timelines_are_read_with_the_right_to_the_incident_and_one_by_one() {
    let mut world = World::with(GatewayConfig { auth: Auth::Required, ..GatewayConfig::default() });
    world.incident("a");
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    world.gateway.offer_token(world.now(), conn, sentinelops_gateway::Token::new("t"));
    let identity = Identity { rights: Rights::of(["incidents:a"], ["incidents:b"]), ..Identity::open("ann") };
    world.gateway.authenticated(world.now(), conn, Ok(identity));
    world.look(conn);
    world.subscribe(conn, timeline_of("a"), None);
    assert_eq!(world.look(conn).subscribed().topic.as_deref(), Some("a"));
    world.subscribe(conn, timeline_of("b"), None);
    let denied = world.look(conn).denied();
    assert!(denied[0].contains("forbidden") && denied[0].contains("incidents:b"), "{denied:?}");
    for (id, incident, kind, code) in [
        ("1", "c", "incident.create", Some(Code::Forbidden)),
        ("2", "b", "incident.viewing", Some(Code::Forbidden)),
        ("3", "b", "incident.create", None),
        ("4", "a", "incident.viewing", None),
    ] {
        world.send(conn, id, kind, &format!(r#"{{"id":"{incident}","title":"t"}}"#));
        assert_eq!(world.look(conn).nacks().pop().map(|nack| nack.1), code, "{kind} of {incident}");
    }
    let open = &mut World::new();
    let conn = open.client("ann");
    open.subscribe(conn, Subject::channel(Channel::Timeline), None);
    let denied = open.look(conn).denied();
    assert!(denied[0].starts_with("timeline invalid"), "{denied:?}");
}
