//! Hello, welcome, auth, ping, superseded leaders, silence.

use super::common::World;
use sentinelops_protocol::system::{ClientSystem, Hello, Ping, ServerSystem};
use sentinelops_protocol::{Code, ServerMessage, close};

#[test]
fn welcome_comes_before_anything_else() {
    let mut world = World::new();
    let conn = world.connect("agent-1");
    let hello =
        r#"{"type":"hello","channel":"system","payload":{"protocol":1,"client":"t","session":"s","term":3}}"#;
    let auth = r#"{"type":"auth","channel":"system","payload":{"token":"secret"}}"#;
    let subscribe =
        r#"{"type":"subscribe","channel":"system","payload":{"channels":[{"channel":"incidents"}]}}"#;
    let ping = r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":5}}"#;
    world.raw(conn, &format!("[{hello},{auth},{subscribe},{ping}]"));
    let inbox = world.look(conn);
    let kinds: Vec<_> = inbox
        .systems()
        .map(|system| match system {
            ServerSystem::Welcome(_) => "welcome",
            ServerSystem::Authed { .. } => "authed",
            ServerSystem::Subscribed(_) => "subscribed",
            ServerSystem::Snapshot(_) => "snapshot",
            ServerSystem::Pong(_) => "pong",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["welcome", "authed", "subscribed", "pong", "snapshot"]);
    assert_eq!(inbox.frames, [5], "the first flight is answered in one frame");
    let Some(ServerSystem::Welcome(welcome)) = inbox.systems().next() else { panic!("no welcome") };
    assert_eq!((welcome.user.as_str(), welcome.session.as_str(), welcome.protocol), ("agent-1", "s", 1));
    assert_eq!((welcome.max_message_bytes, welcome.max_in_flight), (65_536, 64));
}

#[test]
fn nothing_is_answered_before_hello() {
    let mut world = World::new();
    for frame in [
        r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":5}}"#,
        r#"{"type":"auth","channel":"system","payload":{"token":"t"}}"#,
        r#"{"id":"a","type":"chat.message","channel":"chat","payload":{"conversationId":"c","content":"x"}}"#,
    ] {
        let conn = world.connect("u");
        world.raw(conn, frame);
        let inbox = world.look(conn);
        assert!(matches!(inbox.messages[..], [ServerMessage::System(ServerSystem::Error { .. })]), "{frame}");
        assert!(inbox.errors()[0].1.contains("hello"));
        assert_eq!(inbox.closed.map(|(code, _)| code), Some(close::BAD_REQUEST));
    }
    assert_eq!(world.gateway.effects().count(), 0);
}

#[test]
fn a_ping_comes_back_unchanged() {
    let mut world = World::new();
    let conn = world.client("u");
    world.ping(conn, 42);
    let inbox = world.look(conn);
    let pong = ServerMessage::System(ServerSystem::Pong(Some(Ping { n: 42, sent_at: 420 })));
    assert_eq!(inbox.messages, [pong]);
}

#[test]
fn a_second_hello_is_an_error_and_the_socket_stays() {
    let mut world = World::new();
    let conn = world.client("u");
    world.hello(conn, "s", 2);
    let inbox = world.look(conn);
    assert_eq!(inbox.errors()[0].0, Code::Invalid);
    assert!(inbox.closed.is_none());
}

#[test]
fn an_older_protocol_is_refused_with_what_is_spoken() {
    let mut world = World::new();
    let conn = world.connect("u");
    let hello = Hello { protocol: 0, client: "t".into(), session: "s".into(), term: 1 };
    world.system(conn, &ClientSystem::Hello(hello));
    let inbox = world.look(conn);
    assert!(inbox.errors()[0].1.contains("speaks 1"));
    assert_eq!(inbox.closed.map(|(code, _)| code), Some(close::BAD_REQUEST));
}

#[test]
fn of_two_connections_of_a_session_the_lower_term_goes() {
    let mut world = World::new();
    let (old, new) = (world.connect("u"), world.connect("u"));
    world.hello(old, "s", 1);
    world.hello(new, "s", 2);
    assert_eq!(world.look(old).closed.map(|(code, _)| code), Some(close::SUPERSEDED));
    assert!(world.look(new).closed.is_none());

    let late = world.connect("u");
    world.hello(late, "s", 1);
    let inbox = world.look(late);
    assert_eq!(inbox.closed.map(|(code, _)| code), Some(close::SUPERSEDED));
    assert!(inbox.messages.is_empty(), "no welcome for a superseded leader");
    world.ping(new, 1);
    assert!(world.look(new).closed.is_none());
}

#[test]
fn other_users_sessions_and_equal_terms_are_left_alone() {
    let mut world = World::new();
    let conns = [world.connect("u"), world.connect("u"), world.connect("v"), world.connect("u")];
    for (conn, session, term) in
        [(conns[0], "s", 5), (conns[1], "s", 5), (conns[2], "s", 9), (conns[3], "t", 1)]
    {
        world.hello(conn, session, term);
    }
    for conn in conns {
        assert!(world.look(conn).closed.is_none());
    }
}

#[test]
fn silence_of_75_s_closes_and_any_frame_is_a_sign_of_life() {
    let mut world = World::new();
    let (silent, alive) = (world.client("u"), world.client("v"));
    world.pass(60_000);
    world.ping(alive, 1);
    world.pass(16_000);
    assert_eq!(world.look(silent).closed.map(|(code, _)| code), Some(close::SLOW_CONSUMER));
    assert!(world.look(alive).closed.is_none());
    world.pass(75_000);
    assert_eq!(world.look(alive).closed.map(|(code, _)| code), Some(close::SLOW_CONSUMER));
    assert_eq!(world.gateway.poll_timeout(), None, "no timer of a closed connection is left");
}

#[test]
fn drain_says_goodbye_after_what_was_owed_and_closes_1012() {
    let mut world = World::new();
    let conn = world.client("u");
    world.send(conn, "m1", "chat.message", r#"{"conversationId":"c","content":"x"}"#);
    world.gateway.drain(world.now(), "restart", 10_000);
    let inbox = world.look(conn);
    assert_eq!(inbox.acks(), ["m1"]);
    let last = inbox.systems().last().cloned();
    assert_eq!(last, Some(ServerSystem::Goodbye { reason: "restart".into(), reconnect_window_ms: 10_000 }));
    assert_eq!(inbox.closed, Some((close::RESTART, "window 10000 ms; restart".to_owned())));
    assert_eq!(world.gateway.stats().connections, 0);
}
