//! Figures over all incidents: channel `stats`.

use super::common::{Inbox, World, entry};
use sentinelops_gateway::{Auth, ConnId, GatewayConfig, Identity, Part, Rights, Source};
use sentinelops_protocol::domain::{
    IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, Patch, Spread, Stats,
};
use sentinelops_protocol::system::{ClientSystem, Continuity, ServerSystem};
use sentinelops_protocol::{Channel, Payload, ServerMessage, Subject};

fn minutes(n: u64) -> u64 {
    n * 60_000
}

fn create(world: &mut World, conn: ConnId, id: &str, severity: &str) {
    let payload = format!(r#"{{"id":"{id}","title":"t","severity":"{severity}"}}"#);
    world.send(conn, &format!("create {id}"), "incident.create", &payload);
}

fn set(world: &mut World, id: &str, status: &str) {
    let status = Patch::Set(IncidentStatus::parse(status));
    let data = IncidentPatch { status, ..IncidentPatch::default() };
    let (incident_id, change) = (id.to_owned(), IncidentChange::Updated);
    world.publish(Payload::Incident(IncidentEvent { incident_id, change, data }));
}

fn figures(world: &World) -> Stats {
    world.gateway.stats_now(world.now())
}

/// The figures of every snapshot and event, oldest first.
fn received(inbox: &Inbox) -> Vec<Stats> {
    let of = |message: &ServerMessage| match message {
        ServerMessage::System(ServerSystem::Snapshot(part)) => Some(part.items[0].payload.clone()),
        ServerMessage::Event(event) => match &event.payload {
            Payload::Raw(json) if event.kind == "stats.now" => Some(json.clone()),
            _ => None,
        },
        ServerMessage::System(_) => None,
    };
    let read = |json| Stats::read(&json).expect("figures");
    inbox.messages.iter().filter_map(of).map(read).collect()
}

#[test]
fn opened_acknowledged_and_resolved_are_counted_by_quarter_and_severity() {
    let mut world = World::new();
    let conn = world.client("ann");
    create(&mut world, conn, "a", "high");
    create(&mut world, conn, "b", "low");
    world.pass(minutes(4));
    set(&mut world, "a", "investigating");
    world.pass(minutes(16));
    set(&mut world, "a", "resolved");
    let stats = figures(&world);
    assert_eq!(
        (stats.at - stats.quarter_hours.from) / minutes(15),
        95,
        "the last quarter is the present one"
    );
    let sums = |severity: &str| {
        let counts = &stats.quarter_hours.by_severity[severity];
        [&counts.opened, &counts.acknowledged, &counts.resolved].map(|list| list.iter().sum::<u32>())
    };
    assert_eq!((sums("high"), sums("low")), ([1, 1, 1], [1, 0, 0]));
    let high = &stats.quarter_hours.by_severity["high"];
    let at = |list: &[u32]| list.iter().position(|count| *count > 0).expect("counted");
    assert!(at(&high.opened) < at(&high.resolved), "20 minutes lie between them");
    assert_eq!(
        stats.acknowledge.day,
        Spread { count: 1, median_ms: Some(minutes(4)), p90_ms: Some(minutes(4)) }
    );
    assert_eq!(
        stats.resolve.day,
        Spread { count: 1, median_ms: Some(minutes(20)), p90_ms: Some(minutes(20)) }
    );
    let oldest = stats.oldest_unacknowledged.expect("b waits");
    assert_eq!((oldest.incident_id.as_str(), stats.at - oldest.opened_at), ("b", minutes(20)));
}

#[test]
fn resolved_without_anybody_taking_it_was_not_acknowledged() {
    let mut world = World::new();
    let conn = world.client("ann");
    create(&mut world, conn, "a", "high");
    set(&mut world, "a", "resolved");
    let stats = figures(&world);
    assert_eq!((stats.acknowledge.day.count, stats.resolve.day.count), (0, 1));
    assert_eq!(stats.oldest_unacknowledged, None);
}

#[test]
fn opened_again_it_was_not_resolved() {
    let mut world = World::new();
    let conn = world.client("ann");
    create(&mut world, conn, "a", "high");
    set(&mut world, "a", "resolved");
    world.pass(minutes(1));
    set(&mut world, "a", "investigating");
    assert_eq!(figures(&world).resolve.week.count, 0);
    world.pass(minutes(9));
    set(&mut world, "a", "resolved");
    assert_eq!(
        figures(&world).resolve.week,
        Spread { count: 1, median_ms: Some(minutes(10)), p90_ms: Some(minutes(10)) }
    );
}

#[test]
fn a_day_and_a_week_end() {
    let mut world = World::new();
    let conn = world.client("ann");
    create(&mut world, conn, "a", "high");
    set(&mut world, "a", "acknowledged");
    set(&mut world, "a", "resolved");
    let counts = |world: &World| {
        let stats = figures(world);
        [stats.acknowledge.day, stats.acknowledge.week, stats.resolve.day, stats.resolve.week]
            .map(|it| it.count)
    };
    assert_eq!(counts(&world), [1, 1, 1, 1]);
    world.pass(minutes(24 * 60));
    assert_eq!(counts(&world), [0, 1, 0, 1]);
    assert!(figures(&world).quarter_hours.by_severity.is_empty());
    world.pass(minutes(6 * 24 * 60));
    assert_eq!(counts(&world), [0, 0, 0, 0]);
}

#[test]
fn subscribers_get_a_snapshot_and_news_every_15_s() {
    let mut world = World::new();
    let ann = world.client("ann");
    create(&mut world, ann, "a", "high");
    let wall = world.subscriber("wall", &[]);
    world.subscribe(wall, Subject::channel(Channel::Stats), None);
    let first = received(&world.look(wall));
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].oldest_unacknowledged.as_ref().map(|oldest| &*oldest.incident_id), Some("a"));
    set(&mut world, "a", "acknowledged");
    world.pass(15_000);
    let next = received(&world.look(wall));
    assert_eq!(next.len(), 1, "{next:?}");
    assert_eq!((next[0].acknowledge.day.count, &next[0].oldest_unacknowledged), (1, &None));
    world.pass(30_000);
    assert_eq!(received(&world.look(wall)).len(), 2);
    // Nobody listens any more: nothing is due.
    world.gateway.disconnected(world.now(), wall);
    world.gateway.disconnected(world.now(), ann);
    world.pass(15_000);
    assert_eq!(world.gateway.poll_timeout(), None);
}

#[test]
fn figures_are_never_resumed_exactly() {
    let mut world = World::new();
    let conn = world.client("ann");
    create(&mut world, conn, "a", "high");
    let epoch = world.gateway.epoch().to_owned();
    let seq = world.gateway.seq();
    world.subscribe(conn, Subject::channel(Channel::Stats), Some((&epoch, seq)));
    let inbox = world.look(conn);
    assert_eq!(inbox.subscribed().continuity, Continuity::Snapshot);
    assert_eq!(received(&inbox).len(), 1);
}

#[test]
fn reading_takes_the_right_to_all_incidents_and_there_are_no_topics() {
    let mut world = World::with(GatewayConfig { auth: Auth::Required, ..GatewayConfig::default() });
    for (rights, allowed) in [("incidents", true), ("incidents:a", false), ("chat", false)] {
        let conn = world.connect("");
        world.hello(conn, "s", 1);
        world.system(conn, &ClientSystem::Auth { token: "t".into() });
        world.carry_out();
        let identity = Identity { rights: Rights::of([rights], []), ..Identity::open("ann") };
        world.gateway.authenticated(world.now(), conn, Ok(identity));
        world.system(conn, &ClientSystem::Subscribe(vec![entry(Subject::channel(Channel::Stats), None)]));
        assert_eq!(world.look(conn).denied().is_empty(), allowed, "{rights}");
    }
    let mut world = World::new();
    let conn = world.client("ann");
    world.subscribe(conn, Subject::topic(Channel::Stats, "a"), None);
    let denied = world.look(conn).denied();
    assert!(denied[0].contains("stats has no topics"), "{denied:?}");
}

#[test]
fn sources_of_alerts_are_named_with_the_time_they_were_heard() {
    let mut world = World::new();
    world.gateway.set_sources(world.now(), vec![Source::new("grafana"), Source::new("prometheus")]);
    world.pass(minutes(1));
    let received_at = world.now().wall;
    world.gateway.ingest(world.now(), 1, "prometheus", Vec::new(), Part::WHOLE);
    world.pass(minutes(2));
    let ages: Vec<_> = figures(&world).sources.into_iter().map(|it| (it.name, it.heard_at)).collect();
    assert_eq!(ages, [("grafana".to_owned(), None), ("prometheus".to_owned(), Some(received_at))]);
}
