//! Subscribe with and without `since`, snapshots, topics, and the chain of `prev`.

use super::common::{World, chain, chat, incident};
use sentinelops_gateway::GatewayConfig;
use sentinelops_protocol::domain::{Activity, IncidentChange, IncidentStatus};
use sentinelops_protocol::system::{ClientSystem, Continuity};
use sentinelops_protocol::{Channel, Payload, Subject};

fn incidents() -> Subject {
    Subject::channel(Channel::Incidents)
}

fn activity(id: u64) -> Payload {
    let (actor, action) = ("a".to_owned(), "did".to_owned());
    Payload::Activity(Activity {
        id: id.to_string(),
        actor,
        action,
        target: None,
        timestamp: id,
        extra: None,
    })
}

#[test]
fn without_since_the_state_comes_first_then_events_that_chain_to_it() {
    let mut world = World::new();
    world.incident("a");
    world.incident("b");
    world.publish(incident("a", IncidentChange::Resolved, IncidentStatus::Resolved));
    let conn = world.client("u");
    world.subscribe(conn, incidents(), None);
    world.incident("c");
    world.incident("d");
    let inbox = world.look(conn);
    let subscribed = inbox.subscribed();
    assert_eq!((subscribed.continuity, subscribed.seq), (Continuity::Snapshot, 3));
    let snapshots = inbox.snapshots();
    assert_eq!(snapshots.len(), 1);
    assert_eq!((snapshots[0].part, snapshots[0].last, snapshots[0].seq), (0, true, 3));
    let kinds: Vec<_> = snapshots[0].items.iter().map(|item| item.kind.as_str()).collect();
    assert_eq!(kinds, ["incident.resolved", "incident.created"], "one item a key, with its latest state");
    assert!(snapshots[0].items[0].payload.as_str().contains("title of a"), "and all of it");
    assert_eq!(chain(&inbox.events()), [(3, 4), (4, 5)]);
}

#[test]
fn since_goes_on_exactly() {
    let mut world = World::new();
    let epoch = world.gateway.epoch().to_owned();
    for id in ["a", "b", "c"] {
        world.incident(id);
    }
    let conn = world.client("u");
    world.subscribe(conn, incidents(), Some((&epoch, 1)));
    world.incident("d");
    let inbox = world.look(conn);
    assert_eq!((inbox.subscribed().continuity, inbox.subscribed().seq), (Continuity::Exact, 1));
    assert!(inbox.snapshots().is_empty());
    assert_eq!(chain(&inbox.events()), [(1, 2), (2, 3), (3, 4)]);
}

#[test]
fn beyond_the_history_state_channels_get_a_snapshot_and_the_others_a_gap() {
    let mut world = World::with(GatewayConfig { history_events: 5, ..GatewayConfig::default() });
    let epoch = world.gateway.epoch().to_owned();
    for n in 0..20 {
        world.incident(&format!("i{n}"));
        world.publish(activity(n));
    }
    let conn = world.client("u");
    for (channel, since, expected) in [
        (Channel::Incidents, 29, Continuity::Exact),
        (Channel::Incidents, 28, Continuity::Snapshot),
        (Channel::Activity, 30, Continuity::Exact),
        (Channel::Activity, 29, Continuity::Gap),
        (Channel::Activity, 99, Continuity::Gap),
    ] {
        world.subscribe(conn, Subject::channel(channel), Some((&epoch, since)));
        let inbox = world.look(conn);
        assert_eq!(inbox.subscribed().continuity, expected, "{channel} since {since}");
        let items: usize = inbox.snapshots().iter().map(|snapshot| snapshot.items.len()).sum();
        assert_eq!(items, if expected == Continuity::Exact { 0 } else { 20 });
    }
}

#[test]
fn history_ends_with_age_too() {
    let mut world = World::with(GatewayConfig { silent_close_ms: u64::MAX / 2, ..GatewayConfig::default() });
    let epoch = world.gateway.epoch().to_owned();
    world.incident("a");
    world.pass(3_600_001);
    let conn = world.client("u");
    world.subscribe(conn, incidents(), Some((&epoch, 0)));
    assert_eq!(world.look(conn).subscribed().continuity, Continuity::Snapshot);
    world.subscribe(conn, incidents(), Some((&epoch, 1)));
    assert_eq!(world.look(conn).subscribed().continuity, Continuity::Exact, "nothing is missing after 1");
}

#[test]
fn another_epoch_is_answered_by_state() {
    let mut world = World::new();
    world.incident("a");
    world.publish(chat("m", "c", "x", 1));
    let old = world.gateway.epoch().to_owned();
    world.restart(8, |durable| durable.forget_history());
    assert_ne!(world.gateway.epoch(), old);
    let conn = world.client("u");
    world.subscribe(conn, incidents(), Some((&old, 1)));
    let inbox = world.look(conn);
    assert_eq!(inbox.subscribed().continuity, Continuity::Snapshot);
    assert_eq!(inbox.snapshots()[0].items.len(), 1, "the state outlived the history");
    world.subscribe(conn, Subject::channel(Channel::Chat), Some((&old, 1)));
    assert_eq!(world.look(conn).subscribed().continuity, Continuity::Gap);
}

#[test]
fn a_restart_that_kept_all_goes_on_in_its_epoch() {
    let mut world = World::new();
    world.incident("a");
    world.incident("b");
    let epoch = world.gateway.epoch().to_owned();
    world.restart(8, |durable| durable);
    assert_eq!(world.gateway.epoch(), epoch);
    let conn = world.client("u");
    world.subscribe(conn, incidents(), Some((&epoch, 1)));
    let inbox = world.look(conn);
    assert_eq!(inbox.subscribed().continuity, Continuity::Exact);
    assert_eq!(chain(&inbox.events()), [(1, 2)]);
}

#[test]
fn subscribe_on_a_live_subscription_starts_it_over() {
    let mut world = World::new();
    let epoch = world.gateway.epoch().to_owned();
    let conn = world.subscriber("u", &[Channel::Incidents]);
    world.incident("a");
    world.incident("b");
    // What was not sent yet dies with the old subscription and comes again with the new one.
    world.subscribe(conn, incidents(), Some((&epoch, 0)));
    world.incident("c");
    let inbox = world.look(conn);
    let after: Vec<_> = chain(&inbox.events());
    assert_eq!(&after[after.len() - 3..], [(0, 1), (1, 2), (2, 3)]);
    assert!(after.len() <= 4, "at most the event that had left already comes twice");
}

#[test]
fn topics_carry_their_name_and_have_a_chain_of_their_own() {
    let mut world = World::new();
    let conn = world.client("u");
    let topic = |name: &str| Subject::topic(Channel::Chat, name);
    world.subscribe(conn, topic("c1"), None);
    world.subscribe(conn, topic("c2"), None);
    world.look(conn);
    for (id, conversation) in [("1", "c1"), ("2", "c2"), ("3", "other"), ("4", "c1"), ("5", "c2")] {
        world.publish(chat(id, conversation, "x", 1));
    }
    let inbox = world.look(conn);
    let of = |name: &str| -> Vec<_> {
        inbox.events().into_iter().filter(|event| event.topic.as_deref() == Some(name)).collect()
    };
    assert_eq!(chain(&of("c1")), [(0, 1), (1, 4)]);
    assert_eq!(chain(&of("c2")), [(0, 2), (2, 5)]);
    assert_eq!(inbox.events().len(), 4);

    let epoch = world.gateway.epoch().to_owned();
    let late = world.client("v");
    world.subscribe(late, topic("c2"), Some((&epoch, 2)));
    assert_eq!(chain(&world.look(late).events()), [(2, 5)]);
    world.subscribe(late, topic("c1"), None);
    let inbox = world.look(late);
    assert_eq!(inbox.snapshots()[0].items.len(), 2, "a topic's snapshot holds the topic only");
    assert_eq!(inbox.subscribed().topic.as_deref(), Some("c1"));
}

#[test]
fn any_channel_has_topics_for_its_keys() {
    let mut world = World::new();
    world.incident("a");
    world.incident("b");
    let conn = world.client("u");
    world.subscribe(conn, Subject::topic(Channel::Incidents, "b"), None);
    world.incident("a");
    world.incident("b");
    let inbox = world.look(conn);
    assert_eq!(inbox.snapshots()[0].items.len(), 1);
    assert_eq!(chain(&inbox.events()), [(2, 4)]);
}

#[test]
fn overlapping_and_senseless_subscriptions_are_denied() {
    let mut world = World::new();
    let conn = world.client("u");
    world.subscribe(conn, Subject::channel(Channel::Chat), None);
    world.subscribe(conn, Subject::topic(Channel::Chat, "c1"), None);
    world.subscribe(conn, Subject::topic(Channel::Incidents, "i1"), None);
    world.subscribe(conn, incidents(), None);
    world.subscribe(conn, Subject::channel(Channel::System), None);
    let denied = world.look(conn).denied();
    assert_eq!(denied.len(), 3, "{denied:?}");
    assert!(denied[0].starts_with("chat/c1 invalid"), "{denied:?}");
    assert!(denied[1].starts_with("incidents invalid"), "{denied:?}");
    assert!(denied[2].starts_with("system invalid"), "{denied:?}");

    world.system(conn, &ClientSystem::Unsubscribe(vec![Subject::channel(Channel::Chat)]));
    world.subscribe(conn, Subject::topic(Channel::Chat, "c1"), None);
    assert!(world.look(conn).denied().is_empty());
}

#[test]
fn unsubscribed_means_silence() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Incidents, Channel::Chat]);
    world.system(conn, &ClientSystem::Unsubscribe(vec![incidents()]));
    world.incident("a");
    world.publish(chat("m", "c", "x", 1));
    let inbox = world.look(conn);
    assert_eq!(inbox.events().len(), 1);
    assert_eq!(inbox.events()[0].channel, Channel::Chat);
}

#[test]
fn big_snapshots_come_in_parts_of_at_most_64_kib() {
    let mut world = World::new();
    for n in 0..200 {
        world.publish(chat(&n.to_string(), "c", &"x".repeat(2_000), n));
    }
    let conn = world.client("u");
    world.subscribe(conn, Subject::channel(Channel::Chat), None);
    let inbox = world.look(conn);
    let parts = inbox.snapshots();
    assert!(parts.len() > 5, "{}", parts.len());
    for (n, part) in parts.iter().enumerate() {
        assert_eq!((part.part as usize, part.last), (n, n + 1 == parts.len()));
        let bytes: usize = part.items.iter().map(|item| item.payload.as_str().len()).sum();
        assert!(bytes <= 64 * 1024);
    }
    assert_eq!(parts.iter().map(|part| part.items.len()).sum::<usize>(), 200);
}
