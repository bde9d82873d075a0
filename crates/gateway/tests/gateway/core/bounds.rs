//! What is bounded, and what is never dropped.

use super::common::{World, incident};
use sentinelops_gateway::GatewayConfig;
use sentinelops_protocol::domain::{
    Alert, AlertChange, IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, Patch, Severity,
};
use sentinelops_protocol::{Code, Payload};

fn bounded() -> World {
    World::with(GatewayConfig { max_items: 2, max_open: 3, max_ids_per_user: 2, ..GatewayConfig::default() })
}

/// Without `updatedAt`, as the wire allows.
fn bare(id: &str, status: IncidentStatus) -> Payload {
    let data = IncidentPatch { status: Patch::Set(status), ..IncidentPatch::default() };
    Payload::Incident(IncidentEvent { incident_id: id.into(), change: IncidentChange::Created, data })
}

fn alert(id: &str, change: AlertChange) -> Payload {
    Payload::Alert(Alert {
        id: id.into(),
        change,
        severity: Severity::High,
        title: "disk full".into(),
        source: None,
        incident_id: None,
        extra: None,
    })
}

fn ids(world: &World) -> Vec<&str> {
    world.gateway.view().incidents().map(|incident| incident.id.as_str()).collect()
}

#[test]
fn newest_incident_stays_also_without_a_time_of_change() {
    let mut world = World::new();
    for n in 0..200 {
        world.publish(incident(&format!("inc-{n}"), IncidentChange::Created, IncidentStatus::New));
    }
    world.publish(bare("inc-new", IncidentStatus::New));
    assert!(world.gateway.view().incident("inc-new").is_some());
}

#[test]
fn open_incidents_are_never_dropped_for_others() {
    let mut world = bounded();
    for n in 0..3 {
        world.publish(bare(&format!("open-{n}"), IncidentStatus::New));
    }
    for n in 0..4 {
        world.publish(bare(&format!("resolved-{n}"), IncidentStatus::Resolved));
    }
    assert_eq!(ids(&world), ["open-0", "open-1", "open-2", "resolved-2", "resolved-3"]);
}

#[test]
fn resolved_incident_that_changed_last_stays() {
    let mut world = bounded();
    for id in ["a", "b"] {
        world.publish(bare(id, IncidentStatus::Resolved));
    }
    world.publish(bare("a", IncidentStatus::Resolved));
    world.publish(bare("c", IncidentStatus::Resolved));
    assert_eq!(ids(&world), ["a", "c"]);
}

#[test]
fn incident_above_the_bound_of_open_ones_is_not_opened() {
    let mut world = bounded();
    for n in 0..4 {
        world.publish(bare(&format!("open-{n}"), IncidentStatus::New));
    }
    assert_eq!(ids(&world), ["open-0", "open-1", "open-2"]);
    world.publish(bare("open-0", IncidentStatus::Escalated));
    world.publish(bare("open-1", IncidentStatus::Resolved));
    world.publish(bare("open-3", IncidentStatus::New));
    assert_eq!(ids(&world), ["open-0", "open-1", "open-2", "open-3"]);
}

#[test]
fn reopening_above_the_bound_is_refused_for_now() {
    let mut world = bounded();
    world.publish(bare("done", IncidentStatus::Resolved));
    for n in 0..3 {
        world.publish(bare(&format!("open-{n}"), IncidentStatus::New));
    }
    let conn = world.client("ann");
    world.send(conn, "a", "incident.update", r#"{"id":"done","status":"investigating"}"#);
    world.send(conn, "b", "incident.update", r#"{"id":"open-1","status":"investigating"}"#);
    let inbox = world.look(conn);
    let nacks = inbox.nacks();
    assert_eq!((nacks[0].0.as_str(), &nacks[0].1, nacks[0].3), ("a", &Code::Unavailable, Some(60_000)));
    assert_eq!(inbox.acks(), ["b"]);
}

#[test]
fn firing_alerts_are_never_dropped_for_others() {
    let mut world = bounded();
    for n in 0..4 {
        world.publish(alert(&format!("firing-{n}"), AlertChange::Raised));
        world.publish(alert(&format!("cleared-{n}"), AlertChange::Cleared));
    }
    let kept: Vec<_> = world.gateway.view().alerts().map(|alert| alert.id.as_str()).collect();
    assert_eq!(kept, ["cleared-2", "cleared-3", "firing-0", "firing-1", "firing-2"]);
}

#[test]
fn user_with_too_many_remembered_ids_is_refused_for_now_and_others_are_not() {
    let mut world = bounded();
    let ann = world.client("ann");
    for id in ["a", "b", "c", "a"] {
        world.send(ann, id, "agent.status", r#"{"status":"away"}"#);
    }
    let inbox = world.look(ann);
    assert_eq!(inbox.acks(), ["a", "b", "a"]);
    let nacks = inbox.nacks();
    assert_eq!((nacks[0].0.as_str(), &nacks[0].1, nacks[0].3), ("c", &Code::RateLimited, Some(60_000)));
    let ben = world.client("ben");
    world.send(ben, "c", "agent.status", r#"{"status":"away"}"#);
    assert_eq!(world.look(ben).acks(), ["c"]);
}
