//! Signs from the browser.

use crate::common::*;
use sentinelops_engine::*;
use serde_json::json;

#[test]
fn a_hint_dials_when_waiting() {
    for hint in [Hint::Online, Hint::Visible, Hint::Focus, Hint::PageShow, Hint::Resume, Hint::LateTick] {
        let mut d = Driver::new(options());
        d.connect();
        d.close(1006, "");
        assert_eq!(d.dials.len(), 1);
        d.hint(hint);
        assert_eq!(d.dials.len(), 2, "{hint:?}");
    }
}

#[test]
fn hints_do_not_hammer() {
    let mut d = Driver::new(options());
    d.connect();
    for _ in 0..100 {
        d.close(1006, "");
        d.hint(Hint::Focus);
        d.advance(10);
    }
    assert!(d.dials.len() <= 4, "{}", d.dials.len());
}

#[test]
fn a_hint_probes_when_connected() {
    let mut d = Driver::v1(options());
    d.advance(12_000);
    let before = d.sent_of("ping").len();
    d.hint(Hint::Focus);
    assert_eq!(d.sent_of("ping").len(), before + 1);
    d.hint(Hint::Visible);
    assert_eq!(d.sent_of("ping").len(), before + 1, "one is out already");
}

#[test]
fn offline_slows_and_declares_nothing() {
    let mut d = Driver::v1(options());
    d.hint(Hint::Offline);
    assert_eq!(d.state(), ConnectionState::Connected);
    d.close(1006, "");
    assert_eq!(d.cause(), Cause::Offline);
    assert!(d.last_backoff().is_some_and(|ms| ms >= 15_000));
    d.hint(Hint::Online);
    assert_eq!(d.dials.len(), 2);
}

#[test]
fn offline_is_checked_at_once() {
    let mut d = Driver::v1(options());
    d.advance(12_000);
    let before = d.sent_of("ping").len();
    d.pong_after = None;
    d.hint(Hint::Offline);
    assert_eq!(d.sent_of("ping").len(), before + 1);
    assert_eq!(d.state(), ConnectionState::Connected, "a ping decides, not the browser");
    d.advance(3_000);
    assert_ne!(d.state(), ConnectionState::Connected, "nothing answered");
}

#[test]
fn an_answer_disproves_offline() {
    let mut d = Driver::new(options());
    d.connect();
    d.hint(Hint::Offline);
    d.open();
    d.welcome(json!({}));
    d.close(1006, "");
    assert_eq!(d.cause(), Cause::Lost);
    assert!(d.last_backoff().is_some_and(|ms| ms <= 2_200));
}

#[test]
fn a_late_tick_is_noticed_on_either_clock() {
    for (mono, wall) in [(20_000, 20_000), (0, 20_000), (20_000, 0)] {
        let mut d = Driver::v1(options());
        d.advance(12_000);
        let before = d.sent_of("ping").len();
        d.now.mono += mono + 2_000;
        d.now.wall += wall + 2_000;
        d.wake();
        assert_eq!(d.sent_of("ping").len(), before + 1, "{mono} {wall}");
    }
}

#[test]
fn a_dead_socket_after_sleep_is_noticed_and_left_at_once() {
    let mut d = Driver::v1(options());
    d.advance(70_000);
    d.pong_after = None;
    d.pass(3_600_000);
    d.wake();
    assert_eq!(d.state(), ConnectionState::Connected, "nothing is judged before it was asked");
    d.advance(2_100);
    assert_eq!(d.cause(), Cause::Silent);
    d.advance(300);
    assert_eq!(d.dials.len(), 2, "somebody is there: no backoff for the first dial");
    d.open();
    d.welcome(json!({}));
    assert_eq!(d.state(), ConnectionState::Connected);
}

#[test]
fn a_socket_that_sleep_broke_is_left_at_once() {
    let mut d = Driver::v1(options());
    d.advance(70_000);
    d.pass(3_600_000);
    d.close(1006, "");
    assert_eq!(d.cause(), Cause::Woke);
    d.advance(300);
    assert_eq!(d.dials.len(), 2);
}

#[test]
fn signs_of_waking_do_not_keep_a_dead_socket_alive() {
    for hint in [Hint::Online, Hint::Resume, Hint::PageShow, Hint::LateTick] {
        let mut d = Driver::v1(options());
        d.advance(70_000);
        d.pong_after = None;
        for _ in 0..6 {
            d.hint(hint);
            d.advance(1_500);
        }
        assert_eq!(d.cause(), Cause::Silent, "{hint:?}");
    }
}

#[test]
fn nor_do_timers_that_are_always_late() {
    let mut d = Driver::v1(options());
    d.advance(70_000);
    d.pong_after = None;
    for _ in 0..8 {
        d.pass(60_000);
        d.wake();
    }
    assert_eq!(d.engine.metrics(d.now).verdicts, 1);
}

#[test]
fn a_newer_build_ends_it() {
    let mut d = Driver::v1(options());
    d.engine.handle_store(d.now, StoreEvent::Closed(StoreError::NewerSchema));
    d.pump();
    assert_eq!(d.state(), ConnectionState::Disconnected);
    assert_eq!(d.abandoned.len(), 1);
    d.connect();
    d.send("a");
    d.advance(60_000);
    assert_eq!(d.dials.len(), 1);
}
