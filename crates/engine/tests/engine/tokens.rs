//! Where tokens come from, where they go, and where they do not.

use crate::common::*;
use sentinelops_engine::*;
use serde_json::json;

fn asked() -> EngineOptions {
    EngineOptions { has_token_provider: true, ..options() }
}

fn some(token: &str) -> Result<Option<String>, String> {
    Ok(Some(token.into()))
}

#[test]
fn asked_before_each_dial_and_put_into_the_query() {
    let mut d = Driver::new(asked());
    d.connect();
    assert_eq!(d.tokens_wanted, [TokenReason::Dial]);
    assert!(d.dials.is_empty());
    d.token(some("a b"));
    assert_eq!(d.dials[0].1, "ws://localhost:3001?token=a%20b");
    d.close(1006, "");
    d.advance(3_000);
    assert_eq!(d.tokens_wanted.len(), 2);
}

#[test]
fn full_mode_sends_it_in_a_frame() {
    let mut o = asked();
    o.connection.mode = ModeOption::Full;
    let mut d = Driver::new(o);
    d.connect();
    d.token(some("secret"));
    assert_eq!(d.dials[0].1, "ws://localhost:3001");
    d.open();
    assert_eq!(d.kinds(), ["hello", "auth", "ping"]);
    assert_eq!(d.sent_of("auth")[0]["payload"]["token"], "secret");
    assert!(!d.debug.contains("secret"));
}

#[test]
fn a_provider_that_stays_silent_is_a_failed_attempt() {
    let mut d = Driver::new(asked());
    d.connect();
    d.advance(10_000);
    assert_eq!(d.state(), ConnectionState::Reconnecting);
    assert_eq!(d.cause(), Cause::NeedsAuth);
    d.token(some("late"));
    assert_eq!(d.dials.len(), 1);
}

#[test]
fn an_answer_that_lies_unread_behind_a_timer_that_slept_counts() {
    let mut d = Driver::new(asked());
    d.connect();
    d.pass(60_000);
    d.wake();
    assert_eq!(d.state(), ConnectionState::Connecting);
    d.token(some("t"));
    assert_eq!(d.dials.len(), 1);
    // Nor is it waited for longer than any other.
    let mut d = Driver::new(asked());
    d.connect();
    d.pass(60_000);
    d.wake();
    d.advance(10_000);
    assert_eq!(d.cause(), Cause::NeedsAuth);
}

#[test]
fn a_different_token_redials_at_once_but_once_a_minute() {
    let mut d = Driver::new(asked());
    d.connect();
    d.token(some("t1"));
    d.open();
    d.close(4401, "expired");
    assert_eq!(d.tokens_wanted, [TokenReason::Dial, TokenReason::Rejected]);
    d.token(some("t2"));
    assert_eq!(d.dials.len(), 2);
    d.open();
    d.close(4401, "expired");
    d.token(some("t3"));
    assert_eq!(d.dials.len(), 2);
    assert_eq!(d.state(), ConnectionState::Reconnecting);
    d.advance(3_000);
    d.token(some("t3"));
    assert_eq!(d.dials.len(), 3);
}

#[test]
fn tokens_nobody_asked_for_redial_at_once_but_once_a_minute() {
    let mut o = options();
    o.connection.reconnect = false;
    for o in [options(), o] {
        let mut d = Driver::new(o);
        d.connect();
        d.open();
        d.close(4401, "");
        d.token(some("b"));
        assert_eq!((d.state(), d.dials.len()), (ConnectionState::Connecting, 2));
        d.open();
        d.close(4401, "");
        d.advance(1_000);
        d.token(some("c"));
        assert_eq!((d.state(), d.dials.len()), (ConnectionState::Reconnecting, 2));
        d.token(some("d"));
        assert_eq!(d.dials.len(), 2, "nor while that waits");
        d.advance(3_000);
        assert_eq!(d.dials.len(), 3);
        assert!(d.dials[2].1.ends_with("token=d"));
        d.open();
        d.close(4401, "");
        d.advance(60_000);
        d.token(some("e"));
        assert_eq!(d.dials.len(), 4);
    }
}

#[test]
fn the_same_token_none_or_silence_needs_auth_and_a_new_one_leaves_it() {
    for answer in [Some(some("t1")), Some(Ok(None)), Some(Err("login".into())), None] {
        let mut d = Driver::new(asked());
        d.send("kept");
        d.connect();
        d.token(some("t1"));
        d.open();
        d.close(4401, "expired");
        match answer {
            Some(answer) => d.token(answer),
            None => d.advance(10_000),
        }
        assert_eq!(d.state(), ConnectionState::Error);
        assert_eq!(d.cause(), Cause::NeedsAuth);
        d.hint(Hint::Focus);
        d.advance(60_000);
        assert_eq!(d.dials.len(), 1);
        assert_eq!(d.engine.messages().len(), 1);
        d.token(some("t2"));
        assert_eq!(d.dials.len(), 2);
        assert_eq!(d.state(), ConnectionState::Connecting);
    }
}

#[test]
fn without_a_provider_4401_needs_auth_at_once() {
    let mut d = Driver::new(options());
    d.connect();
    d.open();
    d.close(4401, "");
    assert_eq!(d.cause(), Cause::NeedsAuth);
}

#[test]
fn refreshed_in_place_at_80_percent() {
    let mut d = Driver::new(asked());
    d.connect();
    d.token(some("t1"));
    d.open();
    d.welcome(json!({"expiresInMs": 100_000}));
    d.advance(79_999);
    assert_eq!(d.tokens_wanted.len(), 1);
    d.advance(1);
    assert_eq!(d.tokens_wanted[1], TokenReason::Refresh);
    d.token(some("t2"));
    assert_eq!(d.sent_of("auth")[0]["payload"]["token"], "t2");
    d.system("authed", json!({"expiresInMs": 50_000}));
    d.advance(40_000);
    assert_eq!(d.tokens_wanted.len(), 3);
    assert_eq!(d.dials.len(), 1);
    d.token(Err("down".into()));
    d.advance(6_000);
    assert_eq!(d.tokens_wanted.len(), 4, "tried again while it lives");
}

#[test]
fn a_server_that_repeats_the_token_does_not_make_it_visible() {
    let mut d = Driver::new(asked());
    d.connect();
    d.token(some("sEcReT/1"));
    d.open();
    d.welcome(json!({}));
    for id in ["nacked", "blamed", "poison"] {
        d.send(id);
    }
    d.system("nack", json!({"id": "nacked", "code": "no_sEcReT/1", "message": "sEcReT/1 may not"}));
    d.system("error", json!({"id": "blamed", "code": "invalid", "message": "sEcReT%2F1 may not"}));
    d.system("error", json!({"code": "sEcReT/1", "message": "token sEcReT/1 is odd"}));
    d.frame(json!({"type": "a.b", "channel": "sEcReT/1"}));
    d.system("goodbye", json!({"reason": "sEcReT%2F1", "reconnectWindowMs": 1}));
    // The row that is alone in flight twice is kept with the words it was refused with.
    d.close(4400, "sEcReT/1 is bad");
    d.advance(3_000);
    d.token(some("2/sEcReT"));
    d.open();
    d.welcome(json!({}));
    d.close(4400, "neither sEcReT/1 nor 2/sEcReT is good");
    d.advance(10_000);
    d.token(some("2/sEcReT"));
    d.open();
    d.close(4403, "2/sEcReT 2%2FsEcReT");
    for id in ["nacked", "blamed", "poison"] {
        assert!(matches!(d.news(id), Some(DeliveryState::Failed(_))), "{id}: {:?}", d.news(id));
    }
    assert!(d.stored.contains("PutFailed") && d.stored.contains("poison"), "{}", d.stored);
    let shown = format!("{:?}{:?}{}{:?}", d.engine.status(), d.traces, d.debug, d.delivered);
    let places = [("shown", shown), ("listed", format!("{:?}", d.engine.messages())), ("stored", d.stored)];
    for (place, text) in places {
        assert!(!text.contains("sEcReT"), "{place}: {text}");
    }
}
