//! Delays, server windows, notBefore, giving up.

use crate::common::*;
use sentinelops_engine::*;
use serde_json::json;

fn fail(d: &mut Driver) -> u64 {
    d.close(1006, "");
    d.last_backoff().unwrap_or_default()
}

#[test]
fn delays_grow_within_their_bounds() {
    let mut d = Driver::new(options());
    d.connect();
    for n in 0..20 {
        let delay = fail(&mut d);
        let spread = (2_000.0 * 1.5f64.powi(n)).min(29_800.0) as u64;
        assert!((200..=200 + spread).contains(&delay), "{n}: {delay}");
        assert_eq!(d.engine.status().next_dial_at, Some(d.now.wall + delay));
        d.advance(delay);
        assert_eq!(d.dials.len(), n as usize + 2);
    }
    assert_eq!(d.state(), ConnectionState::Reconnecting);
    assert_eq!(d.meta.attempts, 20);
}

#[test]
fn attempts_are_forgotten_after_proved_health_only() {
    let mut d = Driver::new(options());
    d.connect();
    fail(&mut d);
    d.advance(3_000);
    d.open();
    d.welcome(json!({}));
    assert_eq!(d.meta.attempts, 1);
    d.advance(9_000);
    assert_eq!(d.meta.attempts, 1);
    d.advance(1_100);
    assert_eq!(d.meta.attempts, 0);
}

#[test]
fn a_server_that_breaks_after_each_welcome_is_not_hammered() {
    let mut d = Driver::new(options());
    d.connect();
    for _ in 0..10 {
        d.open();
        d.welcome(json!({}));
        d.advance(1_000);
        let delay = fail(&mut d);
        d.advance(delay);
    }
    assert_eq!(d.meta.attempts, 10);
}

#[test]
fn spent_attempts_are_an_error_and_connect_starts_over() {
    let mut o = options();
    o.connection.max_reconnect_attempts = Some(2);
    let mut d = Driver::new(o);
    d.connect();
    for _ in 0..2 {
        let delay = fail(&mut d);
        d.advance(delay);
    }
    d.close(1006, "");
    assert_eq!(d.state(), ConnectionState::Error);
    assert_eq!(d.cause(), Cause::GaveUp { attempts: 2 });
    d.advance(600_000);
    assert_eq!(d.dials.len(), 3);
    d.connect();
    assert_eq!(d.dials.len(), 4);
    assert_eq!(d.meta.attempts, 0);
}

#[test]
fn a_store_that_opens_late_does_not_bring_back_what_health_has_wiped_out() {
    let mut o = options();
    o.connection.max_reconnect_attempts = Some(8);
    let mut d = Driver::late_store(o);
    d.connect();
    d.advance(5_000);
    d.open();
    d.welcome(json!({}));
    d.advance(11_000);
    d.store_opens(Meta { attempts: 8, ..Meta::default() });
    d.close(1011, "");
    assert_eq!((d.state(), d.engine.status().attempts), (ConnectionState::Reconnecting, 1));
}

#[test]
fn without_reconnect_a_drop_is_disconnected() {
    let mut o = options();
    o.connection.reconnect = false;
    let mut d = Driver::v1(o);
    d.close(1006, "");
    assert_eq!(d.state(), ConnectionState::Disconnected);
    assert_eq!(d.cause(), Cause::Lost);
}

#[test]
fn a_goodbye_window_is_kept_over_hints_and_reloads() {
    let mut d = Driver::v1(options());
    d.advance(15_000);
    d.system("goodbye", json!({"reason": "restart", "reconnectWindowMs": 600_000}));
    d.close(1012, "restart");
    assert!(matches!(d.cause(), Cause::Draining(_)));
    let delay = d.last_backoff().unwrap_or_default();
    assert!(delay > 5_000, "the seed draws {delay}");
    for hint in [Hint::Online, Hint::Focus, Hint::Visible, Hint::Resume, Hint::PageShow] {
        d.hint(hint);
    }
    assert_eq!(d.dials.len(), 1);
    let mut next = d.reloaded();
    next.connect();
    assert!(next.dials.is_empty());
    assert_eq!(next.state(), ConnectionState::Reconnecting);
    next.advance(d.meta.not_before - next.now.wall - 1);
    assert!(next.dials.is_empty());
    next.advance(1);
    assert_eq!(next.dials.len(), 1);
}

#[test]
fn only_reconnect_beats_the_server_and_once_per_5_s() {
    let mut d = Driver::v1(options());
    d.close(1013, "retry after 120 s");
    let delay = d.last_backoff().unwrap_or_default();
    assert!((120_000..=123_000).contains(&delay), "{delay}");
    d.engine.reconnect(d.now);
    d.pump();
    assert_eq!(d.dials.len(), 2);
    d.close(1006, "");
    assert!(d.last_backoff().is_some_and(|ms| ms > 110_000), "the server's time still holds");
    d.engine.reconnect(d.now);
    d.pump();
    assert_eq!(d.dials.len(), 2);
    d.advance(5_000);
    d.engine.reconnect(d.now);
    d.pump();
    assert_eq!(d.dials.len(), 3);
}

#[test]
fn the_slow_lane_is_30_s_at_least() {
    for code in [1013, 4429] {
        let mut d = Driver::v1(options());
        d.close(code, "busy");
        assert!(d.last_backoff().is_some_and(|ms| ms >= 30_000));
        assert_eq!(d.cause(), Cause::Overloaded { code, reason: "busy".into() });
        assert!(d.meta.not_before >= d.now.wall + 30_000);
    }
}

#[test]
fn the_welcome_window_spreads_the_first_dial() {
    let mut most = 0;
    for seed in 0..50 {
        let mut d = Driver::lucky(seed, json!({"reconnectWindowMs": 10_000}));
        let delay = fail(&mut d);
        assert!(delay <= 10_000);
        most = most.max(delay);
    }
    assert!(most > 8_000, "{most}");
}

#[test]
fn a_1012_names_its_window_in_the_reason() {
    let mut d = Driver::v1(options());
    d.close(1012, "window 0 ms");
    assert_eq!(d.last_backoff(), Some(0));
}

#[test]
fn a_clock_set_back_does_not_hold_for_ever() {
    let not_before = 1_700_000_000_000 + 400 * 24 * 3_600_000;
    let mut d = Driver::with_meta(options(), Meta { not_before, ..Meta::default() });
    d.connect();
    d.advance(3_600_000);
    assert_eq!(d.dials.len(), 1);
}

#[test]
fn a_dead_store_holds_nothing_up_for_long() {
    let now = Now { mono: 0, wall: 0 };
    let mut engine = Engine::new(options(), 1, now);
    engine.connect(now);
    assert_eq!(engine.status().state, ConnectionState::Connecting);
    let outputs: Vec<_> = std::iter::from_fn(|| engine.poll_output()).collect();
    assert!(!outputs.iter().any(|output| matches!(output, Output::Dial { .. })));
    // What there is to read is read before it counts as silent.
    for ms in [4_950, 5_000] {
        engine.handle_timeout(Now { mono: ms, wall: ms });
    }
    let mut outputs = std::iter::from_fn(|| engine.poll_output());
    assert!(outputs.any(|output| matches!(output, Output::Dial { .. })));
}

#[test]
fn a_time_that_is_spent_does_not_come_back_with_the_clock() {
    let mut d = Driver::v1(options());
    d.close(1012, "window 1000 ms");
    d.advance(1_000);
    assert_eq!((d.dials.len(), d.meta.not_before), (2, 0));
}

#[test]
fn a_clock_set_back_during_the_wait_does_not_make_it_longer_for_the_next_leader() {
    let mut d = Driver::v1(options());
    d.close(1013, "");
    d.now.wall -= 40 * 60_000;
    d.advance(2_000);
    let mut next = d.reloaded();
    next.connect();
    assert!(
        next.last_backoff().is_some_and(|ms| (20_000..35_000).contains(&ms)),
        "{:?}",
        next.last_backoff()
    );
}

#[test]
fn a_network_that_is_back_does_not_bring_everybody_in_the_same_moment() {
    let mut delays = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let mut d = Driver::lucky(seed, json!({}));
        d.hint(Hint::Online);
        let delay = fail(&mut d);
        assert!((200..=400).contains(&delay), "{delay}");
        delays.insert(delay);
    }
    assert!(delays.len() > 10, "{delays:?}");
}
