//! Alerts from outside: sources that are silent, alerts that are not repeated, lost clears.

use super::common::{WALL, World};
use super::ingest::{AM, counted, signal, world, world_with};
use sentinelops_gateway::ingest::alert_id;
use sentinelops_gateway::{Firing, Signal, Source};
use sentinelops_protocol::domain::{Alert, AlertChange, IncidentStatus};

use AlertChange::{Acknowledged, Cleared, Raised};

#[test]
fn silent_source_raises_an_alert_until_it_sends_again() {
    let source = Source { expect_every_ms: Some(300_000), ..Source::new(AM) };
    let mut world = world_with(source.clone());
    let silence = |world: &World| {
        let of = |alert: &&Alert| alert.id.starts_with("silent-");
        world.gateway.view().alerts().find(of).map(|alert| (alert.change, alert.title.clone()))
    };
    world.pass(299_000);
    world.ingest(vec![]);
    world.pass(299_000);
    assert_eq!(silence(&world), None);
    world.pass(2_000);
    let title = "am sent nothing for 5 min: its alerts may be missing".to_owned();
    assert_eq!(silence(&world), Some((Raised, title.clone())));
    let seq = world.gateway.seq();
    world.pass(3_600_000);
    assert_eq!(world.gateway.seq(), seq, "it is published once");
    // Also over a restart; what the source knows is not asked about its own silence.
    world.restart(8, |durable| durable);
    world.gateway.set_sources(world.now(), vec![source]);
    world.pass(301_000);
    assert_eq!(world.gateway.seq(), seq);
    world.gateway.reconcile(world.now(), AM, &Firing::default(), world.now());
    assert_eq!(silence(&world), Some((Raised, title.clone())));
    world.ingest(vec![]);
    assert_eq!(silence(&world), Some((Cleared, title)));
    // Nothing is expected of it any more.
    world.pass(301_000);
    assert_eq!(silence(&world).map(|(change, _)| change), Some(Raised));
    world.gateway.set_sources(world.now(), vec![Source::new(AM)]);
    assert_eq!(silence(&world).map(|(change, _)| change), Some(Cleared));
}

#[test]
fn alert_that_is_not_repeated_is_marked_stale_until_it_is() {
    let mut world = world_with(Source { stale_after_ms: Some(3_600_000), ..Source::new(AM) });
    let marked = |world: &World, id| {
        world
            .alert(id)
            .extra
            .is_some_and(|extra| extra.fields().any(|(name, json)| name == "stale" && json == "true"))
    };
    world.ingest(vec![signal("a", Raised, 5), signal("b", Raised, 5)]);
    let ann = world.client("ann");
    world.send(ann, "1", "alert.acknowledge", &format!(r#"{{"id":"{}"}}"#, alert_id(AM, "a")));
    world.pass(3_000_000);
    world.ingest(vec![signal("b", Raised, 5)]);
    world.pass(700_000);
    assert!(marked(&world, "a") && !marked(&world, "b"));
    assert_eq!(world.alert("a").change, Acknowledged);
    let seq = world.gateway.seq();
    world.pass(600_000);
    assert_eq!(world.gateway.seq(), seq, "marked once");
    assert_eq!(world.ingest(vec![signal("a", Raised, 5)]), counted(0, 0, 1));
    assert!(!marked(&world, "a"));
    assert_eq!(world.alert("a").change, Acknowledged);
}

#[test]
fn lost_clears_are_found_by_what_the_source_knows() {
    let mut world = world();
    world.ingest(vec![signal("a", Raised, 5), signal("b", Raised, 5)]);
    world.pass(1_000);
    let asked = world.now();
    world.pass(1_000);
    world.ingest(vec![signal("c", Raised, 5)]);
    let firing = Firing { ids: [alert_id(AM, "a")].into(), active: Vec::new() };
    world.gateway.reconcile(world.now(), AM, &firing, asked);
    assert_eq!((world.alert("a").change, world.alert("b").change), (Raised, Cleared));
    assert_eq!(world.alert("c").change, Raised, "reported after the question");
    let (_, _, counts, received_at) = world.gateway.ingest_stats().next().expect("a source");
    assert_eq!((counts.reconciled, counts.cleared, counts.raised), (1, 0, 3));
    assert!(received_at.is_some_and(|at| at > WALL));
    // The source's clock is not this one: what fires next counts.
    assert_eq!(world.ingest(vec![signal("b", Raised, 6)]), counted(1, 0, 0));
}

/// Alertmanager could not send the clear, then the alert fired again: for it nothing has changed, so it sends nothing.
#[test]
fn alert_that_is_cleared_here_and_fires_there_is_raised_again() {
    let mut world = world();
    world.ingest(vec![signal("a", Raised, 5), signal("b", Raised, 5)]);
    world.pass(1_000);
    world.gateway.reconcile(world.now(), AM, &Firing::default(), world.now());
    let first = world.only_incident();
    assert_eq!(first.status, Some(IncidentStatus::Resolved));
    world.pass(1_000);
    let fires = |ids: &[&str]| Firing {
        ids: ids.iter().map(|id| alert_id(AM, id)).collect(),
        active: ids.iter().map(|id| Signal { group: None, ..signal(id, Raised, 5) }).collect(),
    };
    let asked = world.now();
    world.pass(1);
    let silenced = Firing { active: Vec::new(), ..fires(&["a"]) };
    world.gateway.reconcile(world.now(), AM, &silenced, asked);
    assert_eq!(world.alert("a").change, Cleared, "no subscriber wants it");
    world.gateway.reconcile(world.now(), AM, &fires(&["a", "b", "unknown"]), asked);
    assert_eq!((world.alert("a").change, world.alert("b").change), (Raised, Raised));
    assert_eq!(world.gateway.view().alerts().count(), 2, "one of another receiver is not raised");
    let open: Vec<_> =
        world.incidents().into_iter().filter(|i| i.status != Some(IncidentStatus::Resolved)).collect();
    assert_eq!(open.len(), 1, "of the same group as before: {open:?}");
    assert_eq!((&open[0].title, &world.alert("b").incident_id), (&first.title, &Some(open[0].id.clone())));
    // A clear that came after the question counts.
    world.pass(10);
    let asked = world.now();
    world.pass(10);
    world.ingest(vec![signal("a", Cleared, 20)]);
    world.gateway.reconcile(world.now(), AM, &fires(&["a", "b"]), asked);
    assert_eq!(world.alert("a").change, Cleared);
}
