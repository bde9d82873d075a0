//! A message that arrives twice takes effect once.

use super::common::{WALL, World, chat};
use sentinelops_protocol::{Channel, Code};

const SAY: &str = r#"{"conversationId":"c","content":"x"}"#;

fn message_count(world: &World) -> usize {
    world.gateway.view().chat().count()
}

#[test]
fn the_same_again_is_acked_again_without_a_second_effect() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Chat]);
    world.send(conn, "m1", "chat.message", SAY);
    world.send(conn, "m1", "chat.message", SAY);
    let other = world.client("u");
    world.send(other, "m1", "chat.message", SAY);
    assert_eq!(world.look(conn).acks(), ["m1", "m1"]);
    assert_eq!(world.look(other).acks(), ["m1"], "also on the next connection");
    assert_eq!((message_count(&world), world.gateway.effects().count()), (1, 1));
    assert_eq!(world.gateway.stats().repeated, 2);
}

#[test]
fn a_used_id_with_other_content_is_refused_for_good() {
    let mut world = World::new();
    world.incident("a");
    let conn = world.client("u");
    world.send(conn, "m1", "chat.message", SAY);
    world.send(conn, "m1", "chat.message", r#"{"conversationId":"c","content":"y"}"#);
    world.send(conn, "m1", "incident.update", r#"{"id":"a","status":"resolved"}"#);
    let inbox = world.look(conn);
    assert_eq!(inbox.acks(), ["m1"]);
    let codes: Vec<_> = inbox.nacks().into_iter().map(|nack| (nack.1, nack.3)).collect();
    assert_eq!(codes, [(Code::DuplicateId, None), (Code::DuplicateId, None)]);
    assert_eq!(world.gateway.effects().count(), 1);
}

#[test]
fn ids_are_each_users_own() {
    let mut world = World::new();
    let (alice, bob) = (world.client("alice"), world.client("bob"));
    world.send(alice, "m1", "chat.message", SAY);
    world.send(bob, "m1", "chat.message", r#"{"conversationId":"c2","content":"other"}"#);
    assert_eq!((world.look(alice).acks(), world.look(bob).acks()), (vec!["m1".into()], vec!["m1".into()]));
    assert_eq!(message_count(&world), 2);
}

#[test]
fn only_accepted_ids_are_remembered() {
    let mut world = World::new();
    let conn = world.client("u");
    let update = r#"{"id":"late","status":"resolved"}"#;
    world.send(conn, "m1", "incident.update", update);
    assert_eq!(world.look(conn).nacks().len(), 1, "no such incident yet");
    world.incident("late");
    world.send(conn, "m1", "incident.update", update);
    assert_eq!(world.look(conn).acks(), ["m1"], "judged again");
}

#[test]
fn ids_are_remembered_for_48_hours() {
    let mut world = World::new();
    let hour = 3_600_000;
    for (wait, said_after) in [(47 * hour, 1), (2 * hour, 2)] {
        let conn = world.client("u");
        world.send(conn, "m1", "chat.message", &SAY.replace("\"x\"", "\"x\",\"id\":\"m1\""));
        world.look(conn);
        world.pass(wait);
        world.gateway.timeout(world.now());
        let conn = world.client("u");
        world.send(conn, "m1", "chat.message", &SAY.replace("\"x\"", "\"x\",\"id\":\"m1\""));
        world.look(conn);
        assert_eq!(world.gateway.stats().accepted, said_after, "after {} h", wait / hour);
        if said_after == 2 {
            break;
        }
    }
}

#[test]
fn a_restart_keeps_them_and_a_forgetting_one_does_not() {
    let mut world = World::new();
    world.incident("a");
    let update = r#"{"id":"a","status":"resolved"}"#;
    let conn = world.client("u");
    world.send(conn, "m1", "incident.update", update);
    world.look(conn);

    world.restart(2, |durable| durable.forget_history());
    let conn = world.client("u");
    world.send(conn, "m1", "incident.update", update);
    assert_eq!(world.look(conn).acks(), ["m1"]);
    assert_eq!(world.gateway.effects().count(), 0, "no second effect");

    world.restart(3, |durable| durable.forget_ids());
    let conn = world.client("u");
    world.send(conn, "m1", "incident.update", update);
    world.look(conn);
    assert_eq!(world.gateway.effects().count(), 1);
}

#[test]
fn records_rebuild_ids_and_state_also_of_quiet_conversations() {
    let mut world = World::new();
    world.incident("a");
    let conn = world.client("u");
    world.send(conn, "m1", "incident.update", r#"{"id":"a","assignedTo":"x","note":"n"}"#);
    world.send(conn, "m2", "chat.message", SAY);
    world.send(conn, "m3", "chat.read", r#"{"conversationId":"c","upTo":1700000000000}"#);
    // More than a snapshot of all conversations holds.
    for n in 0..220 {
        world.publish(chat(&format!("busy{n}"), "busy", "x", WALL + 5_000 + n));
    }
    let before = world.gateway.durable();
    let mut after = sentinelops_gateway::Durable::default();
    for record in before.records() {
        let line = serde_json::to_string(&record).expect("a line");
        after.replay(serde_json::from_str(&line).expect("the same"), 200);
    }
    assert_eq!(after.accepted(), before.accepted());
    for channel in Channel::ALL {
        let subject = sentinelops_protocol::Subject::channel(channel);
        assert_eq!(after.state().items(&subject), before.state().items(&subject), "{channel}");
    }
    let quiet = sentinelops_protocol::Subject::topic(Channel::Chat, "c");
    assert_eq!(before.state().items(&quiet).len(), 2);
    assert_eq!(after.state().items(&quiet), before.state().items(&quiet));
}
