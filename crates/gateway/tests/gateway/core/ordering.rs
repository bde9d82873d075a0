//! After a retryable `nack` nothing of the same ordering key overtakes.

use super::common::World;
use sentinelops_gateway::{GatewayConfig, TestConfig};
use sentinelops_protocol::Code;

fn say(conversation: &str, text: &str) -> String {
    format!(r#"{{"conversationId":"{conversation}","content":"{text}"}}"#)
}

fn texts(world: &World) -> Vec<String> {
    world.gateway.view().chat().map(|message| message.content.clone()).collect()
}

/// The first command is refused for now, the next 999 are not.
fn world() -> World {
    let mut world = World::with(GatewayConfig {
        test: TestConfig { effects_kept: 100, ..TestConfig::default() },
        ..GatewayConfig::default()
    });
    world.gateway.set_nack_every(Some(1));
    world
}

#[test]
fn what_is_behind_a_refused_one_waits_until_that_one_returns() {
    let mut world = world();
    let conn = world.client("u");
    world.send(conn, "1", "chat.message", &say("c", "one"));
    world.gateway.set_nack_every(None);
    world.send(conn, "2", "chat.message", &say("c", "two"));
    world.send(conn, "x", "chat.message", &say("other", "free"));
    world.send(conn, "3", "chat.message", &say("c", "three"));
    let inbox = world.look(conn);
    assert_eq!(inbox.deferred(), ["1", "2", "3"]);
    assert_eq!(inbox.acks(), ["x"], "other keys go on");
    assert!(
        inbox.nacks().iter().all(|nack| nack.1 == Code::Unavailable && nack.3.is_some_and(|ms| ms <= 200))
    );

    world.pass(200);
    for (id, text) in [("1", "one"), ("2", "two"), ("3", "three")] {
        world.send(conn, id, "chat.message", &say("c", text));
    }
    assert_eq!(world.look(conn).acks(), ["1", "2", "3"]);
    assert_eq!(texts(&world), ["free", "one", "two", "three"]);
}

#[test]
fn refused_again_it_holds_the_key_again() {
    let mut world = world();
    let conn = world.client("u");
    world.send(conn, "1", "chat.message", &say("c", "one"));
    world.send(conn, "1", "chat.message", &say("c", "one"));
    world.gateway.set_nack_every(None);
    world.send(conn, "2", "chat.message", &say("c", "two"));
    assert_eq!(world.look(conn).deferred(), ["1", "1", "2"]);
    world.send(conn, "1", "chat.message", &say("c", "one"));
    world.send(conn, "2", "chat.message", &say("c", "two"));
    world.look(conn);
    assert_eq!(texts(&world), ["one", "two"]);
}

#[test]
fn a_final_no_frees_the_key() {
    let mut world = world();
    let conn = world.client("u");
    world.send(conn, "1", "chat.message", &say("c", ""));
    world.gateway.set_nack_every(None);
    world.send(conn, "1", "chat.message", r#"{"conversationId":"c"}"#);
    world.send(conn, "2", "chat.message", &say("c", "two"));
    let inbox = world.look(conn);
    assert_eq!(inbox.nacks().last().map(|nack| nack.1.clone()), Some(Code::Invalid));
    assert_eq!(inbox.acks(), ["2"]);
}

#[test]
fn a_key_whose_head_was_given_up_is_free_when_the_next_comes_back() {
    let mut world = world();
    let conn = world.client("u");
    world.send(conn, "1", "chat.message", &say("c", "one"));
    world.gateway.set_nack_every(None);
    world.send(conn, "2", "chat.message", &say("c", "two"));
    world.send(conn, "3", "chat.message", &say("c", "three"));
    world.look(conn);
    // The client gave up 1; what it resends comes in the original order, so 2 first.
    world.send(conn, "2", "chat.message", &say("c", "two"));
    world.send(conn, "3", "chat.message", &say("c", "three"));
    assert_eq!(world.look(conn).acks(), ["2", "3"]);
    assert_eq!(texts(&world), ["two", "three"]);
}

#[test]
fn the_next_connection_begins_without_holds() {
    let mut world = world();
    let conn = world.client("u");
    world.send(conn, "1", "chat.message", &say("c", "one"));
    world.gateway.set_nack_every(None);
    world.gateway.disconnected(world.now(), conn);
    let conn = world.client("u");
    world.send(conn, "2", "chat.message", &say("c", "two"));
    assert_eq!(world.look(conn).acks(), ["2"]);
}

#[test]
fn every_nth_is_refused_and_all_arrive_in_order_in_the_end() {
    let mut world = World::with(GatewayConfig {
        test: TestConfig { nack_every: Some(3), effects_kept: 100, ..TestConfig::default() },
        ..GatewayConfig::default()
    });
    let conn = world.client("u");
    let mut waiting: Vec<u32> = (0..40).collect();
    for _ in 0..200 {
        for n in &waiting {
            world.send(conn, &n.to_string(), "chat.message", &say("c", &n.to_string()));
        }
        let acks = world.look(conn).acks();
        waiting.retain(|n| !acks.contains(&n.to_string()));
        world.pass(200);
        if waiting.is_empty() {
            break;
        }
    }
    let expected: Vec<_> = (0..40).map(|n: u32| n.to_string()).collect();
    assert_eq!(texts(&world), expected);
}

#[test]
fn order_of_a_key_holds_when_the_store_is_back_before_a_refused_command() {
    let mut world = World::new();
    let conn = world.client("ann");
    let say = |id: &str| format!(r#"{{"conversationId":"c","content":"{id}"}}"#);
    world.gateway.set_unavailable(world.now(), Some(2_000));
    world.send(conn, "a", "chat.message", &say("a"));
    world.gateway.set_unavailable(world.now(), None);
    world.send(conn, "b", "chat.message", &say("b"));
    assert_eq!(world.look(conn).deferred(), ["a", "b"]);
    world.send(conn, "a", "chat.message", &say("a"));
    world.send(conn, "b", "chat.message", &say("b"));
    assert_eq!(world.look(conn).acks(), ["a", "b"]);
}
