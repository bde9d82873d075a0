//! A time that the server gave: kept however the socket ends, and beaten by "try now" alone.

use crate::common::*;
use sentinelops_engine::*;
use serde_json::json;

const WINDOW: u64 = 600_000;

/// Connected for a while, then sent a goodbye; ms until the moment drawn.
fn leaving(options: EngineOptions) -> (Driver, u64) {
    let mut d = Driver::v1(options);
    d.advance(15_000);
    d.system("goodbye", json!({"reason": "restart", "reconnectWindowMs": WINDOW}));
    let ms = d.meta.not_before - d.now.wall;
    assert!((60_000..=WINDOW).contains(&ms), "stored as soon as it arrives; the seed draws {ms}");
    (d, ms)
}

fn reloaded(d: &Driver) -> Driver {
    let mut next = d.reloaded();
    next.connect();
    next
}

#[test]
fn a_goodbye_holds_however_the_socket_ends() {
    type End = fn(&mut Driver);
    let ends: [(&str, End); 4] = [
        ("silence", |d| {
            d.pong_after = None;
            d.advance(20_000);
            d.hint(Hint::Focus);
            d.advance(2_100);
            assert_eq!(d.cause(), Cause::Silent);
        }),
        ("disconnect", |d| {
            d.disconnect();
            d.connect();
        }),
        ("1006", |d| d.close(1006, "")),
        ("1013", |d| d.close(1013, "retry after 1 s")),
    ];
    for (name, end) in ends {
        let (mut d, ms) = leaving(options());
        let at = d.now.mono + ms;
        end(&mut d);
        assert_eq!(d.state(), ConnectionState::Reconnecting, "{name}");
        for hint in [Hint::Online, Hint::Focus, Hint::Visible, Hint::Resume, Hint::PageShow] {
            d.hint(hint);
        }
        d.advance(at - d.now.mono - 1);
        assert_eq!(d.dials.len(), 1, "{name}");
        d.advance(1);
        assert_eq!(d.dials.len(), 2, "{name}");
    }
}

#[test]
fn a_goodbye_holds_for_the_next_leader() {
    let (d, ms) = leaving(options());
    // The page goes away before the close comes.
    let mut next = reloaded(&d);
    next.hint(Hint::Focus);
    next.advance(ms - 1);
    assert!(next.dials.is_empty());
    next.advance(1);
    assert_eq!(next.dials.len(), 1);
}

#[test]
fn nobody_is_sent_away_for_longer_than_an_hour() {
    const HOUR: u64 = 3_600_000;
    type Leave = fn(&mut Driver);
    let ways: [(&str, Leave); 3] = [
        ("goodbye", |d| {
            d.system("goodbye", json!({"reason": "", "reconnectWindowMs": u64::MAX >> 12}));
            d.close(1012, "");
        }),
        ("1012", |d| d.close(1012, "window 999999999 s")),
        ("1013", |d| d.close(1013, "retry after 999999999 s")),
    ];
    for (name, leave) in ways {
        let mut d = Driver::v1(options());
        leave(&mut d);
        let wait = d.last_backoff().expect("a dial is planned");
        // The slow lane spreads its dials behind the hour.
        assert!((60_000..=HOUR + 30_000).contains(&wait), "{name}: {wait}");
        // Nor by a store whose clock was wrong.
        let mut next = Driver::with_meta(options(), Meta { not_before: u64::MAX, ..d.meta.clone() });
        next.connect();
        next.advance(HOUR);
        assert_eq!(next.dials.len(), 1, "{name}");
    }
}

#[test]
fn proof_of_health_does_not_take_a_goodbye_back() {
    let mut d = Driver::v1(options());
    d.system("goodbye", json!({"reason": "restart", "reconnectWindowMs": WINDOW}));
    let not_before = d.meta.not_before;
    d.advance(15_000);
    assert_eq!((d.meta.attempts, d.meta.not_before), (0, not_before));
}

#[test]
fn a_server_that_stays_after_its_goodbye_is_forgiven() {
    let (mut d, _) = leaving(options());
    d.advance(WINDOW + 12_000);
    assert_eq!(d.meta.not_before, 0);
    d.close(1006, "");
    assert_eq!(d.cause(), Cause::Lost);
    assert!(d.last_backoff().is_some_and(|ms| ms <= 2_200));
}

#[test]
fn a_close_after_the_moment_drawn_still_falls_into_the_window() {
    let mut most = 0;
    for seed in 0..30 {
        let mut d = Driver::lucky(seed, json!({}));
        d.system("goodbye", json!({"reason": "restart", "reconnectWindowMs": 20_000}));
        d.advance(19_000);
        d.close(1006, "");
        assert!(d.last_backoff().is_some_and(|ms| ms <= 20_000));
        most = most.max(d.last_backoff().unwrap_or_default());
    }
    assert!(most > 15_000, "{most}");
}

#[test]
fn an_early_hint_does_not_beat_the_rest_of_it() {
    let mut d = Driver::v1(options());
    d.system("goodbye", json!({"reason": "restart", "reconnectWindowMs": 600}));
    let at = d.meta.not_before - d.now.wall + d.now.mono;
    // The delay of ours is longer than what is left of the server's.
    d.engine.disconnect(d.now);
    d.pump();
    d.connect();
    d.hint(Hint::Online);
    assert_eq!(d.dials.len(), 1);
    d.advance(at - d.now.mono);
    assert_eq!(d.dials.len(), 2);
    d.close(1006, "");
    d.hint(Hint::Online);
    assert_eq!(d.dials.len(), 3, "it is spent");
}

#[test]
fn it_outlives_giving_up_and_a_life_without_reconnect() {
    let mut o = options();
    o.connection.reconnect = false;
    let mut d = Driver::v1(o);
    d.close(1013, "");
    let cause = Cause::Overloaded { code: 1013, reason: String::new() };
    assert_eq!((d.state(), d.cause()), (ConnectionState::Disconnected, cause));
    held_until_asked(d);

    let mut o = options();
    o.connection.max_reconnect_attempts = Some(0);
    let mut d = Driver::v1(o);
    d.close(4429, "retry after 40 s");
    assert_eq!(d.cause(), Cause::GaveUp { attempts: 0 });
    held_until_asked(d);
}

fn held_until_asked(mut d: Driver) {
    assert!(d.meta.not_before >= d.now.wall + 30_000, "the leader next spares the server too");
    d.connect();
    assert_eq!(d.state(), ConnectionState::Reconnecting);
    d.advance(20_000);
    assert_eq!(d.dials.len(), 1);
    d.engine.reconnect(d.now);
    d.pump();
    assert_eq!(d.dials.len(), 2);
    assert!(d.meta.not_before > d.now.wall, "beaten once, not forgotten");
}

#[test]
fn reconnect_out_of_error_leaves_the_rest_of_it() {
    let mut o = options();
    o.connection.max_reconnect_attempts = Some(0);
    let mut d = Driver::v1(o);
    d.close(1013, "");
    d.engine.reconnect(d.now);
    d.pump();
    assert_eq!((d.state(), d.dials.len()), (ConnectionState::Connecting, 2));
    d.close(1006, "");
    d.connect();
    assert_eq!((d.state(), d.dials.len()), (ConnectionState::Reconnecting, 2));
}

#[test]
fn refused_token_after_reconnect_leaves_the_rest_of_it() {
    let mut d = Driver::new(EngineOptions { has_token_provider: true, ..options() });
    let token = |name: &str| Ok(Some(name.to_owned()));
    d.connect();
    d.token(token("a"));
    d.open();
    d.close(1013, "retry after 120 s");
    let at = d.meta.not_before - d.now.wall + d.now.mono;
    d.engine.reconnect(d.now);
    d.pump();
    d.token(token("b"));
    assert_eq!(d.dials.len(), 2);
    d.open();
    d.close(4401, "expired");
    d.token(token("c"));
    assert_eq!((d.state(), d.dials.len()), (ConnectionState::Reconnecting, 2));
    d.advance(at - d.now.mono - 1);
    assert_eq!(d.dials.len(), 2);
    d.advance(1);
    assert_eq!(d.dials.len(), 3, "with the token that is there already");
}

#[test]
fn numbers_in_a_reason_are_no_times() {
    let mut d = Driver::v1(options());
    d.close(4429, "429 Too Many Requests");
    assert!(d.last_backoff().is_some_and(|ms| ms >= 30_000));
    let mut d = Driver::v1(options());
    d.close(1012, "pod web-7f9c4 restarts");
    assert!(d.last_backoff().is_some_and(|ms| ms >= 200));
    assert_eq!(d.meta.not_before, 0);
}

#[test]
fn a_clock_set_back_while_nobody_runs_makes_it_no_longer_than_it_was() {
    let mut d = Driver::v1(options());
    d.close(1013, "");
    let ms = d.last_backoff().unwrap_or_default();
    d.now.wall -= 5 * 3_600_000;
    let mut next = reloaded(&d);
    next.advance(ms - 1);
    assert!(next.dials.is_empty());
    next.advance(1);
    assert_eq!(next.dials.len(), 1);
    // Nor for who comes after that: what is stored was put by the new clock.
    let mut d = Driver::with_meta(options(), d.meta.clone());
    d.now.wall -= 5 * 3_600_000;
    d.connect();
    d.advance(2_000);
    assert!(d.meta.not_before <= d.now.wall + ms);
}

#[test]
fn an_answer_of_the_store_that_lies_behind_a_timer_that_slept_counts() {
    let mut d = Driver::late_store(options());
    d.connect();
    d.pass(5_100);
    d.wake();
    assert!(d.dials.is_empty());
    d.store_opens(Meta { not_before: d.now.wall + 60_000, not_before_since: d.now.wall, ..Meta::default() });
    d.advance(59_999);
    assert!(d.dials.is_empty());
    d.advance(1);
    assert_eq!(d.dials.len(), 1);
}

#[test]
fn a_store_that_opens_late_is_still_believed() {
    let mut d = Driver::late_store(options());
    d.connect();
    d.advance(5_000);
    assert_eq!(d.dials.len(), 1, "it was not waited for");
    d.close(1006, "");
    d.store_opens(Meta { not_before: d.now.wall + 60_000, not_before_since: d.now.wall, ..Meta::default() });
    d.advance(59_999);
    assert_eq!(d.dials.len(), 1);
    d.advance(1);
    assert_eq!(d.dials.len(), 2);
}

/// The store is silent at first, or fails to open.
#[test]
fn clock_set_back_before_a_late_store_opens_is_waited_for_once() {
    for fails in [false, true] {
        let mut d = Driver::late_store(options());
        d.connect();
        if fails {
            let error = StoreError::Unavailable("broken".to_owned());
            d.engine.handle_store(d.now, StoreEvent::OpenFailed(error));
            d.pump();
        }
        d.advance(5_000);
        d.close(1006, "");
        let dials = d.dials.len();
        let since = d.now.wall + 2 * 3_600_000;
        d.store_opens(Meta { not_before: since + 14_000, not_before_since: since, ..Meta::default() });
        d.advance(13_999);
        assert_eq!(d.dials.len(), dials);
        d.advance(1);
        assert_eq!(d.dials.len(), dials + 1, "14 s at most, and not again at each dial");
    }
}
