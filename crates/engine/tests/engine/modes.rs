//! Basic and v1: distinguished, pinned, upgraded.

use crate::common::*;
use sentinelops_engine::*;
use sentinelops_protocol::Channel;
use serde_json::json;

#[test]
fn the_first_flight_is_hello_subscribe_ping_as_text() {
    let mut d = Driver::new(options());
    d.subscribe(Channel::Incidents);
    d.connect();
    assert_eq!(d.state(), ConnectionState::Connecting);
    d.open();
    assert_eq!(d.kinds(), ["hello", "subscribe", "ping"]);
    assert!(d.binary.iter().all(|binary| !binary));
    assert!(d.sent.iter().all(|(_, frame)| frame["id"].is_string() && frame["timestamp"].is_u64()));
    assert_eq!(d.sent_of("hello")[0]["payload"]["term"], 1);
    assert_eq!(d.state(), ConnectionState::Connecting);
}

#[test]
fn a_welcome_makes_it_v1_and_binary() {
    let mut d = Driver::v1(options());
    assert_eq!(d.state(), ConnectionState::Connected);
    assert_eq!(d.engine.status().mode, Some(Mode::V1));
    assert!(d.meta.welcomed);
    d.send("a");
    assert_eq!(d.binary.last(), Some(&true));
}

#[test]
fn a_pong_first_makes_it_basic() {
    let mut d = Driver::new(options());
    d.connect();
    d.open();
    d.advance(20);
    assert_eq!(d.engine.status().mode, Some(Mode::Basic));
    assert_eq!(d.engine.status().latency_ms, Some(20.0));
}

#[test]
fn silence_for_the_timeout_makes_it_basic_and_nothing_leaves_before() {
    let mut d = Driver::new(options());
    d.pong_after = None;
    d.connect();
    d.pass(9_000);
    d.open();
    d.send("a");
    d.advance(9_999);
    assert_eq!(d.state(), ConnectionState::Connecting);
    assert!(d.carried("a").is_empty());
    d.advance(1);
    assert_eq!(d.engine.status().mode, Some(Mode::Basic));
    assert_eq!(d.carried("a").len(), 1);
}

#[test]
fn a_late_welcome_upgrades() {
    let mut d = Driver::new(options());
    d.pong_after = None;
    d.connect();
    d.open();
    d.advance(10_000);
    assert_eq!(d.engine.status().mode, Some(Mode::Basic));
    d.welcome(json!({}));
    assert_eq!(d.engine.status().mode, Some(Mode::V1));
    assert!(d.meta.welcomed);
}

#[test]
fn a_welcomed_url_never_turns_basic() {
    let mut d = Driver::with_meta(options(), Meta { welcomed: true, ..Meta::default() });
    d.connect();
    d.open();
    d.send("a");
    d.advance(9_999);
    assert_eq!(d.state(), ConnectionState::Connecting, "a pong came, and does not count");
    assert!(d.carried("a").is_empty());
    d.advance(1);
    assert_eq!(d.state(), ConnectionState::Reconnecting);
    assert_eq!(d.cause(), Cause::NoWelcome);
    assert!(d.carried("a").is_empty());
}

#[test]
fn nor_when_a_store_that_opens_late_knows_of_it() {
    let mut d = Driver::late_store(options());
    d.pong_after = None;
    d.connect();
    d.advance(5_000);
    d.open();
    d.advance(10_000);
    assert_eq!(d.engine.status().mode, Some(Mode::Basic));
    d.store_opens(Meta { welcomed: true, ..Meta::default() });
    assert_eq!((d.state(), d.cause()), (ConnectionState::Reconnecting, Cause::NoWelcome));
    assert_eq!(d.abandoned.len(), 1);
}

#[test]
fn an_error_ahead_of_the_welcome_is_no_basic_server() {
    let mut d = Driver::new(options());
    d.pong_after = None;
    d.connect();
    d.open();
    d.send("a");
    d.system("error", json!({"code": "unauthenticated", "message": "no token"}));
    assert_eq!(d.engine.status().mode, None);
    d.close(4401, "no token");
    assert_eq!(d.cause(), Cause::NeedsAuth);
    assert!(d.carried("a").is_empty());
}

#[test]
fn another_user_drains_nothing() {
    let mut d = Driver::new(EngineOptions { user: Some("berta".into()), ..options() });
    d.send("a");
    d.connect();
    d.open();
    d.welcome(json!({}));
    assert_eq!(d.state(), ConnectionState::Error);
    assert!(matches!(d.cause(), Cause::WrongUser { .. }));
    assert!(d.carried("a").is_empty());
    assert_eq!(d.abandoned.len(), 1);
}

#[test]
fn the_anonymous_scope_keeps_the_user_seen_first() {
    let d = Driver::v1(options());
    let meta = d.meta.clone();
    assert_eq!(meta.user.as_deref(), Some("anna"));
    let mut d = Driver::with_meta(options(), meta);
    d.connect();
    d.open();
    d.welcome(json!({"user": "carla"}));
    assert!(matches!(d.cause(), Cause::WrongUser { .. }));
}

#[test]
fn the_term_counts_leaders() {
    let mut d = Driver::with_meta(options(), Meta { term: 41, ..Meta::default() });
    assert_eq!(d.engine.term(), 42, "known before the first dial");
    d.connect();
    d.disconnect();
    d.connect();
    d.open();
    assert_eq!(d.sent_of("hello")[0]["payload"]["term"], 42);
    assert_eq!(d.meta.term, 42, "one engine is one leader");
}
