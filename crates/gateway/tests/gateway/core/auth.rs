//! Who may connect, and what they may read and write.

use super::common::{World, entry};
use sentinelops_gateway::{
    Auth, AuthEnds, ConnId, Denied, GatewayConfig, Identity, Rights, TestConfig, Token,
};
use sentinelops_protocol::system::{ClientSystem, ServerSystem};
use sentinelops_protocol::{Channel, Code, ServerMessage, Subject};
use std::collections::BTreeSet;

fn world() -> World {
    World::with(GatewayConfig {
        auth: Auth::Required,
        test: TestConfig { effects_kept: 100, ..TestConfig::default() },
        ..GatewayConfig::default()
    })
}

fn ann(rights: Rights) -> Identity {
    Identity { rights, jti: Some("t1".into()), ..Identity::open("ann") }
}

fn auth(world: &mut World, conn: ConnId, token: &str) {
    world.system(conn, &ClientSystem::Auth { token: token.into() });
    world.carry_out();
}

fn answer(world: &mut World, conn: ConnId, result: Result<Identity, Denied>) {
    world.gateway.authenticated(world.now(), conn, result);
}

/// Welcomed with these rights.
fn signed_in(world: &mut World, identity: Identity) -> ConnId {
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    auth(world, conn, "good");
    answer(world, conn, Ok(identity));
    assert!(matches!(world.look(conn).messages[0], ServerMessage::System(ServerSystem::Welcome(_))));
    conn
}

#[test]
fn welcome_pongs_and_subscriptions_wait_for_a_valid_token() {
    let mut world = world();
    let conn = world.connect("somebody");
    world.hello(conn, "s", 1);
    world.subscribe(conn, Subject::channel(Channel::Incidents), None);
    world.ping(conn, 1);
    auth(&mut world, conn, "good");
    let before = world.look(conn);
    assert!(before.messages.is_empty(), "{before:?}");
    assert_eq!(world.checks, [(conn, "good".to_owned())]);
    answer(&mut world, conn, Ok(ann(Rights::all())));
    let after = world.look(conn);
    let ServerMessage::System(ServerSystem::Welcome(welcome)) = &after.messages[0] else {
        panic!("{after:?}")
    };
    assert_eq!((welcome.user.as_str(), welcome.expires_in_ms), ("ann", None));
    assert!(matches!(after.messages[1], ServerMessage::System(ServerSystem::Pong(_))), "{after:?}");
    assert!(matches!(after.messages[2], ServerMessage::System(ServerSystem::Authed { .. })));
    assert_eq!(after.subscribed().channel, Channel::Incidents);
}

#[test]
fn why_connections_ended_for_their_token_is_counted() {
    let mut world = world();
    let never = world.connect("");
    world.hello(never, "s0", 1);
    let unchecked = world.connect("");
    world.hello(unchecked, "s1", 1);
    auth(&mut world, unchecked, "slow");
    world.pass(5_000);
    assert!(world.look(never).closed.is_some() && world.look(unchecked).closed.is_some());
    let expires = Identity { expires_at_ms: Some(world.now().wall + 1_000), ..ann(Rights::all()) };
    let expired = signed_in(&mut world, expires);
    world.pass(1_000);
    assert!(world.look(expired).closed.is_some());
    let revoked = signed_in(&mut world, ann(Rights::all()));
    world.gateway.revoke(world.now(), &BTreeSet::from(["ann".to_owned()]), &BTreeSet::new());
    assert!(world.look(revoked).closed.is_some());
    let other = signed_in(&mut world, ann(Rights::all()));
    auth(&mut world, other, "of bob");
    answer(&mut world, other, Ok(Identity::open("bob")));
    assert!(world.look(other).closed.is_some());
    let ends = AuthEnds { missing: 1, unchecked: 1, expired: 1, revoked: 1, other_user: 1 };
    assert_eq!(world.gateway.stats().auth_ends, ends);
}

#[test]
fn token_of_the_url_counts_and_is_not_answered_by_authed() {
    let mut world = world();
    let conn = world.connect("");
    world.gateway.offer_token(world.now(), conn, Token::new("good"));
    world.carry_out();
    answer(&mut world, conn, Ok(ann(Rights::all())));
    world.hello(conn, "s", 1);
    let inbox = world.look(conn);
    assert!(matches!(inbox.messages[..], [ServerMessage::System(ServerSystem::Welcome(_))]), "{inbox:?}");
}

#[test]
fn invalid_token_closes_with_4401_and_the_reason() {
    let mut world = world();
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    auth(&mut world, conn, "bad");
    answer(&mut world, conn, Err(Denied::invalid("aud: expected sentinelops, found grafana")));
    let closed = world.look(conn).closed;
    assert_eq!(closed, Some((4401, "aud: expected sentinelops, found grafana".into())));
}

#[test]
fn token_that_cannot_be_checked_now_closes_with_1013_and_a_time() {
    let mut world = world();
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    auth(&mut world, conn, "good");
    answer(&mut world, conn, Err(Denied::unavailable("the keys cannot be fetched", 3_000)));
    let closed = world.look(conn).closed;
    assert_eq!(closed, Some((1013, "retry after 3000 ms; the keys cannot be fetched".into())));
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    auth(&mut world, conn, "good");
    world.pass(5_000);
    assert_eq!(world.look(conn).closed.map(|(code, _)| code), Some(1013), "unanswered check");
}

#[test]
fn connection_without_a_token_is_closed_after_5_s() {
    let mut world = world();
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    world.pass(4_900);
    assert_eq!(world.look(conn).closed, None);
    world.pass(100);
    assert_eq!(world.look(conn).closed.map(|(code, _)| code), Some(4401));
}

#[test]
fn command_before_the_welcome_is_refused_as_unauthenticated() {
    let mut world = world();
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    world.send(conn, "a", "chat.message", r#"{"conversationId":"c","content":"hi"}"#);
    let inbox = world.look(conn);
    let nacks = inbox.nacks();
    assert_eq!((nacks[0].0.as_str(), &nacks[0].1, nacks[0].3), ("a", &Code::Unauthenticated, None));
    assert_eq!(world.gateway.effects().count(), 0);
}

#[test]
fn little_is_read_before_the_welcome() {
    let mut world = world();
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    world.raw(conn, &format!("[{}]", " ".repeat(5_000)));
    assert_eq!(world.look(conn).closed.map(|(code, _)| code), Some(1009));
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    for n in 0..40 {
        world.ping(conn, n);
    }
    assert_eq!(world.look(conn).closed.map(|(code, _)| code), Some(4429));
}

#[test]
fn rights_decide_over_subscriptions() {
    let mut world = world();
    let conn = signed_in(&mut world, ann(Rights::of(["chat:c1", "alerts"], [])));
    let subjects = [
        Subject::channel(Channel::Chat),
        Subject::topic(Channel::Chat, "c1"),
        Subject::topic(Channel::Chat, "c2"),
        Subject::topic(Channel::Alerts, "a"),
    ];
    for subject in subjects {
        world.subscribe(conn, subject, None);
    }
    let inbox = world.look(conn);
    let denied = inbox.denied();
    assert_eq!(denied.len(), 2, "{denied:?}");
    assert!(
        denied[0].starts_with("chat forbidden") && denied[1].starts_with("chat/c2 forbidden"),
        "{denied:?}"
    );
}

#[test]
fn rights_decide_over_commands() {
    let mut world = world();
    world.incident("inc-1");
    let conn = signed_in(&mut world, ann(Rights::of([], ["chat:c1"])));
    let say = |id: &str, of: &str| format!(r#"{{"conversationId":"{of}","content":"{id}"}}"#);
    world.send(conn, "a", "chat.message", &say("a", "c1"));
    world.send(conn, "b", "chat.message", &say("b", "c2"));
    world.send(conn, "c", "chat.typing", r#"{"conversationId":"c2"}"#);
    world.send(conn, "d", "incident.update", r#"{"id":"inc-1","status":"resolved"}"#);
    world.send(conn, "e", "agent.status", r#"{"status":"away"}"#);
    let inbox = world.look(conn);
    assert_eq!(inbox.acks(), ["a"]);
    let nacks: Vec<_> = inbox.nacks().into_iter().map(|nack| (nack.0, nack.1, nack.3)).collect();
    let no = |id: &str| (id.to_owned(), Code::Forbidden, None);
    assert_eq!(nacks, [no("b"), no("c"), no("d"), no("e")]);
}

#[test]
fn command_accepted_before_is_acked_again_after_its_right_was_lost() {
    let mut world = world();
    let conn = signed_in(&mut world, ann(Rights::all()));
    world.send(conn, "a", "chat.message", r#"{"conversationId":"c","content":"hi"}"#);
    auth(&mut world, conn, "less");
    answer(&mut world, conn, Ok(ann(Rights::of::<String>([], []))));
    world.send(conn, "a", "chat.message", r#"{"conversationId":"c","content":"hi"}"#);
    let inbox = world.look(conn);
    assert_eq!((inbox.acks(), inbox.nacks().len()), (vec!["a".to_owned(), "a".to_owned()], 0));
}

#[test]
fn refresh_that_loses_a_right_ends_its_subscription() {
    let mut world = world();
    let conn = signed_in(&mut world, ann(Rights::all()));
    let entries = [Channel::Incidents, Channel::Alerts].map(|channel| entry(Subject::channel(channel), None));
    world.system(conn, &ClientSystem::Subscribe(entries.into()));
    world.look(conn);
    auth(&mut world, conn, "less");
    answer(&mut world, conn, Ok(ann(Rights::of(["alerts"], []))));
    world.incident("inc-1");
    let inbox = world.look(conn);
    assert_eq!(inbox.denied().len(), 1);
    assert!(inbox.denied()[0].starts_with("incidents forbidden"));
    assert!(inbox.systems().any(|system| matches!(system, ServerSystem::Authed { .. })));
    assert_eq!(inbox.events().len(), 0);
}

#[test]
fn refresh_that_fails_leaves_the_earlier_token_in_force() {
    let mut world = world();
    let conn = signed_in(&mut world, ann(Rights::all()));
    auth(&mut world, conn, "bad");
    answer(&mut world, conn, Err(Denied::invalid("exp: expired 40 s ago")));
    let inbox = world.look(conn);
    assert_eq!(inbox.errors()[0].0, Code::Unauthenticated);
    assert_eq!(inbox.closed, None);
}

#[test]
fn refresh_with_a_token_of_another_user_closes() {
    let mut world = world();
    let conn = signed_in(&mut world, ann(Rights::all()));
    auth(&mut world, conn, "of ben");
    answer(&mut world, conn, Ok(Identity::open("ben")));
    assert_eq!(world.look(conn).closed.map(|(code, _)| code), Some(4401));
}

#[test]
fn newest_token_counts_when_two_are_sent_at_once() {
    let mut world = world();
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    auth(&mut world, conn, "first");
    auth(&mut world, conn, "second");
    assert_eq!(world.checks, [(conn, "first".to_owned())], "one check at a time");
    answer(&mut world, conn, Err(Denied::invalid("old")));
    world.carry_out();
    assert_eq!(world.checks[1], (conn, "second".to_owned()));
    answer(&mut world, conn, Ok(ann(Rights::all())));
    let inbox = world.look(conn);
    assert!(matches!(inbox.messages[0], ServerMessage::System(ServerSystem::Welcome(_))));
}

#[test]
fn expiry_closes_with_4401_and_a_refresh_puts_it_off() {
    let mut world = world();
    let until = |world: &World, ms: u64| Identity {
        expires_at_ms: Some(world.now().wall + ms),
        ..ann(Rights::all())
    };
    let identity = until(&world, 100_000);
    let conn = world.connect("");
    world.hello(conn, "s", 1);
    auth(&mut world, conn, "good");
    answer(&mut world, conn, Ok(identity));
    let inbox = world.look(conn);
    let ServerMessage::System(ServerSystem::Welcome(welcome)) = &inbox.messages[0] else { panic!() };
    assert_eq!(welcome.expires_in_ms, Some(100_000));
    world.pass(70_000);
    auth(&mut world, conn, "newer");
    let identity = until(&world, 100_000);
    answer(&mut world, conn, Ok(identity));
    world.pass(70_000);
    world.ping(conn, 1);
    assert_eq!(world.look(conn).closed, None);
    world.pass(29_990);
    assert_eq!(world.look(conn).closed.map(|(code, _)| code), Some(4401));
}

#[test]
fn revoked_users_and_tokens_lose_their_open_connections() {
    let mut world = world();
    let ann = signed_in(&mut world, ann(Rights::all()));
    let ben = signed_in(&mut world, Identity { jti: Some("t2".into()), ..Identity::open("ben") });
    let eve = signed_in(&mut world, Identity::open("eve"));
    let set = |name: &str| BTreeSet::from([name.to_owned()]);
    world.gateway.revoke(world.now(), &set("eve"), &set("t2"));
    let codes = [ann, ben, eve].map(|conn| world.look(conn).closed.map(|(code, _)| code));
    assert_eq!(codes, [None, Some(4401), Some(4401)]);
}

#[test]
fn token_is_hidden_from_debug_output() {
    assert!(!format!("{:?}", Token::new("secret")).contains("secret"));
}
