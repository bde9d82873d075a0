//! Snapshots and replays are read where they are kept while the socket drains.

use super::common::{World, chain, chat, incident};
use sentinelops_gateway::GatewayConfig;
use sentinelops_protocol::domain::{IncidentChange, IncidentStatus};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Channel, ServerMessage, Subject, close};

const FULL: usize = 10_000_000;

fn chats() -> Subject {
    Subject::channel(Channel::Chat)
}

/// 2 MB of chat in the history.
fn talked() -> (World, String) {
    let mut world = World::new();
    for n in 0..2_000 {
        world.publish(chat(&n.to_string(), "c", &"x".repeat(1_000), n));
    }
    let epoch = world.gateway.epoch().to_owned();
    (world, epoch)
}

#[test]
fn a_replay_larger_than_the_send_buffer_is_exact_and_closes_nobody() {
    let (mut world, epoch) = talked();
    let conn = world.client("u");
    world.gateway.buffered(world.now(), conn, FULL);
    world.subscribe(conn, chats(), Some((&epoch, 0)));
    assert_eq!(world.look(conn).messages.len(), 0, "nothing is handed over while the shell is full");
    let mut seen = Vec::new();
    let mut looks = 0;
    while seen.len() < 2_000 {
        world.gateway.buffered(world.now(), conn, 0);
        world.carry_out();
        let inbox = world.taken(conn);
        let bytes: usize = inbox.events().len() * 1_000;
        assert!(bytes <= 600_000, "{bytes} bytes at once");
        seen.extend(chain(&inbox.events()));
        assert!(inbox.closed.is_none());
        looks += 1;
        assert!(looks < 100);
    }
    assert!(looks > 2);
    assert!(seen.iter().enumerate().all(|(n, pair)| *pair == (n as u64, n as u64 + 1)));
}

#[test]
fn events_of_the_meantime_follow_a_replay_in_order() {
    let (mut world, epoch) = talked();
    let conn = world.client("u");
    world.gateway.buffered(world.now(), conn, FULL);
    world.subscribe(conn, chats(), Some((&epoch, 1_990)));
    for n in 0..5 {
        world.publish(chat(&format!("late{n}"), "c", "x", 5_000 + n));
    }
    world.gateway.buffered(world.now(), conn, 0);
    let inbox = world.look(conn);
    let events = inbox.events();
    assert_eq!((events.len(), events[14].seq), (15, Some(2_005)));
    world.publish(chat("live", "c", "x", 9_000));
    assert_eq!(chain(&world.look(conn).events()), [(2_005, 2_006)]);
}

#[test]
fn events_of_the_meantime_follow_a_snapshot_in_order() {
    let (mut world, _) = talked();
    let conn = world.client("u");
    world.gateway.buffered(world.now(), conn, FULL);
    world.subscribe(conn, chats(), None);
    world.publish(chat("late", "c", "x", 5_000));
    world.gateway.buffered(world.now(), conn, 0);
    let inbox = world.look(conn);
    let items: usize = inbox.snapshots().iter().map(|part| part.items.len()).sum();
    assert_eq!((inbox.subscribed().seq, items), (2_000, 200), "as of the subscription");
    assert_eq!(chain(&inbox.events()), [(2_000, 2_001)]);
    let place = |wanted: fn(&ServerMessage) -> bool| inbox.messages.iter().position(wanted).expect("there");
    assert!(place(|m| matches!(m, ServerMessage::Event(_))) > inbox.snapshots().len());
}

#[test]
fn a_snapshot_of_megabytes_closes_nobody() {
    let mut world = World::new();
    for n in 0..3_000 {
        world.publish(incident(
            &format!("i{n}-{}", "x".repeat(500)),
            IncidentChange::Created,
            IncidentStatus::New,
        ));
    }
    let conn = world.client("u");
    world.gateway.buffered(world.now(), conn, FULL);
    world.subscribe(conn, Subject::channel(Channel::Incidents), None);
    world.look(conn);
    let mut items = 0;
    for _ in 0..100 {
        world.gateway.buffered(world.now(), conn, 0);
        world.carry_out();
        let inbox = world.taken(conn);
        assert!(inbox.closed.is_none() && inbox.snapshots().len() < 12);
        items += inbox.snapshots().iter().map(|part| part.items.len()).sum::<usize>();
    }
    assert_eq!(items, 3_000);
}

#[test]
fn a_replay_that_the_history_overtakes_closes_as_slow() {
    let mut world = World::with(GatewayConfig { history_events: 100, ..GatewayConfig::default() });
    let epoch = world.gateway.epoch().to_owned();
    world.publish(chat("first", "c", "x", 1));
    let conn = world.client("u");
    world.gateway.buffered(world.now(), conn, FULL);
    world.subscribe(conn, chats(), Some((&epoch, 0)));
    for n in 0..200 {
        world.publish(chat(&n.to_string(), "c", "x", n));
    }
    world.gateway.buffered(world.now(), conn, 0);
    let (code, reason) = world.look(conn).closed.expect("closed");
    assert!(code == close::SLOW_CONSUMER && reason.contains("history"), "{code} {reason}");
    let conn = world.client("u");
    world.subscribe(conn, chats(), Some((&epoch, 0)));
    assert_eq!(world.look(conn).subscribed().continuity, Continuity::Gap);
}

#[test]
fn a_subscription_that_ends_during_its_replay_sends_nothing_more() {
    let (mut world, epoch) = talked();
    let conn = world.client("u");
    world.gateway.buffered(world.now(), conn, FULL);
    world.subscribe(conn, chats(), Some((&epoch, 0)));
    world.raw(
        conn,
        r#"{"type":"unsubscribe","channel":"system","payload":{"channels":[{"channel":"chat"}]}}"#,
    );
    world.gateway.buffered(world.now(), conn, 0);
    assert_eq!(world.look(conn).messages.len(), 0);
    world.publish(chat("live", "c", "x", 9_000));
    assert_eq!(world.look(conn).events().len(), 0);
    world.subscribe(conn, chats(), Some((&epoch, 2_000)));
    assert_eq!(world.look(conn).events().len(), 1);
}

#[test]
fn who_ended_a_subscription_or_a_connection_gets_nothing_more() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Chat]);
    let gone = world.subscriber("v", &[Channel::Chat]);
    world.gateway.disconnected(world.now(), gone);
    let narrow = world.client("w");
    world.subscribe(narrow, Subject::topic(Channel::Chat, "c"), None);
    world.look(narrow);
    world.publish(chat("m1", "c", "x", 1));
    world.publish(chat("m2", "d", "x", 2));
    assert_eq!(world.look(conn).events().len(), 2);
    assert_eq!(world.look(narrow).events().len(), 1, "its topic only");
    assert_eq!(world.look(gone).messages.len(), 0);
}
