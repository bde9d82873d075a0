//! Coalescing, arrays, conflation for a slow client, slow consumers, typing.

use super::common::{World, agent, chain, chat};
use sentinelops_gateway::GatewayConfig;
use sentinelops_protocol::domain::{Presence, Typing};
use sentinelops_protocol::{Channel, Payload, Subject, close};

#[test]
fn the_first_goes_at_once_and_the_rest_of_the_moment_in_one_frame() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Incidents]);
    for n in 0..10 {
        world.incident(&n.to_string());
    }
    let inbox = world.look(conn);
    assert_eq!(inbox.frames, [1, 9]);
}

#[test]
fn coalescing_takes_no_longer_than_it_says() {
    let mut world = World::with(GatewayConfig { coalesce_ms: 16, ..GatewayConfig::default() });
    let conn = world.subscriber("u", &[Channel::Incidents]);
    world.incident("a");
    world.incident("b");
    let started = world.mono;
    assert_eq!(world.gateway.poll_timeout(), Some(started + 16));
    assert_eq!(world.look(conn).frames, [1, 1]);
}

#[test]
fn an_array_holds_at_most_512() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Incidents]);
    for n in 0..1_200 {
        world.incident(&(n % 7).to_string());
    }
    let inbox = world.look(conn);
    assert_eq!(inbox.frames.iter().max(), Some(&512));
    let chain = chain(&inbox.events());
    assert!(chain.windows(2).all(|pair| pair[0].1 == pair[1].0) && chain.len() == 1_200);
}

#[test]
fn acks_travel_together() {
    let mut world = World::new();
    let conn = world.client("u");
    for n in 0..20 {
        world.send(conn, &format!("m{n}"), "chat.message", r#"{"conversationId":"c","content":"x"}"#);
    }
    let inbox = world.look(conn);
    assert_eq!(inbox.acks().len(), 20);
    assert_eq!(inbox.frames.len(), 2, "the first at once, the others together");
}

#[test]
fn a_slow_client_is_spared_outdated_agent_states_and_the_chain_still_holds() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Agents, Channel::Chat]);
    world.gateway.buffered(world.now(), conn, 10_000_000);
    for n in 0..100 {
        world.publish(agent(&format!("a{}", n % 3), Presence::Online, n));
        world.publish(chat(&n.to_string(), "c", "x", n));
    }
    assert!(world.look(conn).messages.is_empty(), "nothing is handed over while the shell is full");
    world.gateway.buffered(world.now(), conn, 0);
    let inbox = world.look(conn);
    let of = |channel| inbox.events().into_iter().filter(|e| e.channel == channel).collect::<Vec<_>>();
    assert_eq!(chain(&of(Channel::Agents)), [(0, 195), (195, 197), (197, 199)], "the newest of each");
    assert_eq!(of(Channel::Chat).len(), 100, "chat loses nothing");
}

#[test]
fn who_cannot_keep_up_is_closed_and_may_resume() {
    let mut world = World::with(GatewayConfig { send_buffer_bytes: 20_000, ..GatewayConfig::default() });
    let epoch = world.gateway.epoch().to_owned();
    let conn = world.subscriber("u", &[Channel::Chat]);
    world.gateway.buffered(world.now(), conn, 10_000_000);
    for n in 0..100 {
        world.publish(chat(&n.to_string(), "c", &"x".repeat(200), n));
    }
    let inbox = world.look(conn);
    let (code, reason) = inbox.closed.expect("closed");
    assert_eq!(code, close::SLOW_CONSUMER);
    assert!(reason.contains("slow consumer"), "{reason}");

    let conn = world.client("u");
    world.subscribe(conn, Subject::channel(Channel::Chat), Some((&epoch, 80)));
    assert_eq!(world.look(conn).events().len(), 20);
    // Also when all of it is larger than what may be owed.
    world.subscribe(conn, Subject::channel(Channel::Chat), Some((&epoch, 0)));
    assert_eq!(world.look(conn).events().len(), 100);
}

#[test]
fn typing_reaches_who_listens_and_is_never_kept() {
    let mut world = World::new();
    let (writer, reader) = (world.subscriber("w", &[Channel::Chat]), world.client("r"));
    world.subscribe(reader, Subject::topic(Channel::Chat, "c"), None);
    world.look(reader);
    let slow = world.subscriber("s", &[Channel::Chat]);
    world.gateway.buffered(world.now(), slow, 10_000_000);
    world.send(writer, "t", "chat.typing", r#"{"conversationId":"c"}"#);
    let inbox = world.look(reader);
    let event = inbox.events()[0];
    assert_eq!((event.seq, event.prev, event.topic.as_deref()), (None, None, Some("c")));
    let typing = Typing { conversation_id: "c".into(), user_id: "w".into() };
    assert_eq!(event.payload, Payload::Typing(typing));
    let inbox = world.look(writer);
    assert!(inbox.events().is_empty(), "not back to the one who types");
    assert_eq!(inbox.acks(), ["t"]);
    world.gateway.buffered(world.now(), slow, 0);
    assert!(world.look(slow).messages.is_empty(), "late typing is no typing");
    assert_eq!(world.gateway.seq(), 0);
}

#[test]
fn a_connection_that_is_gone_is_forgotten() {
    let mut world = World::new();
    let conn = world.subscriber("u", &[Channel::Chat]);
    world.publish(chat("1", "c", "x", 1));
    world.publish(chat("2", "c", "x", 1));
    world.carry_out();
    world.gateway.disconnected(world.now(), conn);
    world.ping(conn, 1);
    world.gateway.buffered(world.now(), conn, 5);
    world.publish(chat("3", "c", "x", 1));
    assert_eq!(world.gateway.poll_timeout(), None);
    assert_eq!(world.look(conn).events().len(), 1, "only what had left before");
}
