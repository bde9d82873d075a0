//! How much one connection, one user and all of them may ask for.

use super::common::{World, chain, chat};
use sentinelops_gateway::{Drops, GatewayConfig, TrafficLimits};
use sentinelops_protocol::{Channel, Code, close};

fn limited() -> World {
    World::with(GatewayConfig {
        traffic: TrafficLimits {
            rate: Some(10.0),
            max_connections: Some(3),
            max_connections_per_user: Some(2),
            ..TrafficLimits::default()
        },
        max_in_flight: 5,
        ..GatewayConfig::default()
    })
}

fn say(n: usize) -> String {
    format!(r#"{{"conversationId":"c{n}","content":"x"}}"#)
}

#[test]
fn what_comes_above_the_rate_is_refused_for_now_and_taken_later() {
    let mut world = limited();
    let conn = world.client("u");
    for n in 0..27 {
        world.send(conn, &format!("m{n}"), "chat.message", &say(n));
    }
    let inbox = world.look(conn);
    assert_eq!(inbox.acks().len(), 25, "two seconds and a full window at once");
    let nacks = inbox.nacks();
    assert_eq!(nacks.len(), 2);
    let (id, code, message, retry) = &nacks[0];
    assert_eq!((id.as_str(), code), ("m25", &Code::RateLimited));
    assert!(message.contains("10 messages a second"), "{message}");
    world.pass(retry.expect("for now"));
    world.send(conn, "m25", "chat.message", &say(25));
    world.send(conn, "m26", "chat.message", &say(26));
    assert_eq!(world.look(conn).acks(), ["m25", "m26"]);
}

#[test]
fn what_was_dropped_is_counted_by_its_reason() {
    let mut world = limited();
    for _ in 0..2 {
        world.client("u");
    }
    let third = world.connect("u");
    world.hello(third, "s3", 1);
    assert!(world.look(third).closed.is_some(), "the third of one user");
    world.client("v");
    world.connect("w");
    world.pass(80_000);
    let drops = Drops { crowded: 1, crowded_user: 1, silent: 3, ..Drops::default() };
    assert_eq!(world.gateway.stats().drops, drops);
    assert_eq!(drops.total(), 5);
}

#[test]
fn an_event_counts_its_receivers() {
    let mut world = World::new();
    world.incident("i0");
    let readers: Vec<_> = (0..4).map(|n| world.subscriber(&format!("u{n}"), &[Channel::Incidents])).collect();
    for reader in &readers {
        world.look(*reader);
    }
    world.incident("i1");
    let stats = world.gateway.stats();
    // Each incident comes with an entry of its timeline, which nobody follows.
    let received =
        |most: u64| stats.fan_out.counts().find(|(bound, _)| *bound == Some(most)).map(|(_, count)| count);
    assert_eq!((received(0), received(10)), (Some(3), Some(1)));
    assert_eq!(stats.fan_out.sum(), 4);
}

#[test]
fn what_follows_a_refused_message_of_its_key_waits_for_it() {
    let mut world = limited();
    let conn = world.client("u");
    for n in 0..26 {
        world.send(conn, &format!("m{n}"), "chat.message", &say(0));
    }
    assert_eq!(world.look(conn).deferred(), ["m25"]);
    world.pass(300);
    // The rate would allow it by now.
    world.send(conn, "m26", "chat.message", &say(0));
    let inbox = world.look(conn);
    assert_eq!((inbox.acks().len(), inbox.nacks()[0].1.clone()), (0, Code::Unavailable));
    world.send(conn, "m25", "chat.message", &say(0));
    world.send(conn, "m26", "chat.message", &say(0));
    assert_eq!(world.look(conn).acks(), ["m25", "m26"]);
}

#[test]
fn what_comes_back_before_a_refused_message_of_its_key_says_that_it_was_given_up() {
    let mut world = limited();
    let conn = world.client("u");
    for n in 0..27 {
        world.send(conn, &format!("m{n}"), "chat.message", &say(0));
    }
    world.pass(150);
    world.look(conn);
    world.send(conn, "m26", "chat.message", &say(0));
    assert_eq!(world.look(conn).acks(), ["m26"]);
}

#[test]
fn connections_of_a_user_share_its_rate_and_other_users_have_their_own() {
    let config = GatewayConfig {
        traffic: TrafficLimits { user_rate: Some(10.0), ..TrafficLimits::default() },
        max_in_flight: 5,
        ..GatewayConfig::default()
    };
    let mut world = World::with(config);
    let [first, second, other] = ["a", "a", "b"].map(|user| world.client(user));
    for n in 0..20 {
        world.send(first, &format!("m{n}"), "chat.message", &say(n));
    }
    for n in 20..27 {
        world.send(second, &format!("m{n}"), "chat.message", &say(n));
    }
    for n in 0..25 {
        world.send(other, &format!("o{n}"), "chat.message", &say(n));
    }
    assert_eq!(world.look(first).acks().len(), 20);
    let inbox = world.look(second);
    assert_eq!(inbox.acks().len(), 5, "two seconds and a full window of both together");
    let nacks = inbox.nacks();
    assert_eq!(nacks.len(), 2);
    let (id, code, message, retry) = &nacks[0];
    assert_eq!((id.as_str(), code), ("m25", &Code::RateLimited));
    assert!(message.contains("10 messages a second allowed to all connections of one user"), "{message}");
    assert_eq!(world.look(other).acks().len(), 25);
    world.pass(retry.expect("for now"));
    world.send(second, "m25", "chat.message", &say(25));
    world.send(second, "m26", "chat.message", &say(26));
    assert_eq!(world.look(second).acks(), ["m25", "m26"]);
}

#[test]
fn a_user_that_comes_back_goes_on_at_its_rate() {
    let config = GatewayConfig {
        traffic: TrafficLimits { user_rate: Some(10.0), ..TrafficLimits::default() },
        max_in_flight: 5,
        ..GatewayConfig::default()
    };
    let mut world = World::with(config);
    let conn = world.client("a");
    for n in 0..25 {
        world.send(conn, &format!("m{n}"), "chat.message", &say(n));
    }
    world.gateway.disconnected(world.now(), conn);
    let conn = world.client("a");
    world.send(conn, "m25", "chat.message", &say(25));
    assert_eq!(world.look(conn).deferred(), ["m25"]);
    world.gateway.disconnected(world.now(), conn);
    world.pass(2_500);
    let conn = world.client("a");
    for n in 25..50 {
        world.send(conn, &format!("m{n}"), "chat.message", &say(n));
    }
    assert_eq!(world.look(conn).acks().len(), 25);
}

#[test]
fn a_client_that_keeps_to_the_rate_is_never_refused() {
    let mut world = limited();
    let conn = world.client("u");
    // What may be in flight arrives at once after a stall.
    for n in 0..15 {
        world.send(conn, &format!("burst{n}"), "chat.message", &say(n));
    }
    for n in 0..100 {
        world.pass(100);
        world.send(conn, &format!("m{n}"), "chat.message", &say(n));
    }
    assert_eq!(world.look(conn).nacks().len(), 0);
}

#[test]
fn ten_times_above_the_rate_closes_with_a_time() {
    let mut world = limited();
    let conn = world.client("u");
    for n in 0..300 {
        world.ping(conn, n);
    }
    let (code, reason) = world.look(conn).closed.expect("closed");
    assert_eq!(code, close::RATE_LIMITED);
    assert!(reason.starts_with("retry after 60 s") && reason.contains("10 messages a second"), "{reason}");
}

#[test]
fn a_connection_too_many_is_closed_with_a_time_and_others_stay() {
    let mut world = limited();
    let conns = ["a", "b", "c"].map(|user| world.client(user));
    let fourth = world.connect("d");
    let (code, reason) = world.look(fourth).closed.expect("closed");
    assert_eq!(code, close::RATE_LIMITED);
    assert!(reason.starts_with("retry after 30 s") && reason.contains("3 connections"), "{reason}");
    world.gateway.disconnected(world.now(), fourth);
    world.gateway.disconnected(world.now(), conns[0]);
    world.client("d");
}

#[test]
fn a_users_connection_too_many_is_closed_and_other_users_may_come() {
    let mut world = limited();
    let first = world.client("a");
    world.client("a");
    let third = world.connect("a");
    world.hello(third, "s3", 1);
    let (code, reason) = world.look(third).closed.expect("closed");
    assert_eq!(code, close::RATE_LIMITED);
    assert!(reason.contains("2 connections of this user"), "{reason}");
    world.client("b");
    world.gateway.disconnected(world.now(), first);
    world.client("a");
}

#[test]
fn at_most_256_subscriptions_are_open_and_ended_ones_do_not_count() {
    let mut world = World::new();
    let conn = world.client("u");
    let subjects = |numbers: std::ops::Range<usize>| {
        let one = |n| format!(r#"{{"channel":"chat","topic":"t{n}"}}"#);
        numbers.map(one).collect::<Vec<_>>().join(",")
    };
    let ask = |kind: &str, of: String| {
        format!(r#"{{"type":"{kind}","channel":"system","payload":{{"channels":[{of}]}}}}"#)
    };
    world.raw(conn, &ask("subscribe", subjects(0..200)));
    world.raw(conn, &ask("subscribe", subjects(200..257)));
    let denied = world.look(conn).denied();
    assert_eq!(denied.len(), 1);
    assert!(denied[0].contains("at most 256"), "{denied:?}");
    world.raw(conn, &ask("unsubscribe", subjects(7..8)));
    world.raw(conn, &ask("subscribe", subjects(256..257)));
    assert_eq!(world.look(conn).denied().len(), 0);
    world.publish(chat("m", "t256", "x", 1));
    assert_eq!(chain(&world.look(conn).events()), [(0, 1)]);
    assert_eq!(world.gateway.stats().subscriptions, 256);
}
