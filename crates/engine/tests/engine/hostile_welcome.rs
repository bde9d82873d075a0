//! A server that says nonsense of itself: its clients lose nothing, and do not flood the login service.

use crate::common::*;
use sentinelops_engine::*;
use serde_json::{Value, json};

const HOUR: u64 = 60 * 60 * 1_000;

/// What is reported as a problem of the welcome, by path.
fn problems(d: &Driver) -> Vec<String> {
    let of = |delivery: &Delivery| match delivery {
        Delivery::Problem(problem) => Some(problem.path.clone()),
        _ => None,
    };
    d.delivered.iter().filter_map(of).collect()
}

fn greeted(welcome: Value) -> Driver {
    let mut d = Driver::new(options());
    d.send("before");
    d.connect();
    d.open();
    d.welcome(welcome);
    d
}

#[test]
fn a_clock_that_is_far_off_ends_no_message_and_is_reported() {
    for off in [25 * HOUR as i64, -25 * HOUR as i64] {
        let mut d = Driver::new(options());
        let now = d.now.wall.saturating_add_signed(off);
        d.send("before");
        d.connect();
        d.open();
        d.welcome(json!({ "now": now }));
        assert_eq!(d.carried("before").len(), 1, "{off}");
        assert_eq!(problems(&d), ["payload.now"], "{off}");
    }
    for now in [0, 1_700_000_000, 1_700_000_000_000_000_u64] {
        let d = greeted(json!({ "now": now }));
        assert_eq!(d.carried("before").len(), 1, "{now}");
        assert_eq!(problems(&d), ["payload.now"], "{now}");
    }
}

#[test]
fn a_clock_that_is_behind_makes_nothing_old_for_the_next_server() {
    let mut options = options();
    options.outbox.max_age_ms = 22 * HOUR;
    let mut d = Driver::new(options);
    d.send("before");
    d.connect();
    d.open();
    d.welcome(json!({ "now": 1_700_000_000_000_u64 - 23 * HOUR }));
    d.send("after");
    d.close(1006, "");
    d.advance(3_000);
    d.open();
    d.welcome(json!({}));
    for id in ["before", "after"] {
        assert_eq!(d.carried(id).len(), 2, "{id} again on the new connection");
    }
}

#[test]
fn a_limit_of_no_bytes_is_ignored_and_reported() {
    for allowed in [0, 64, 1_023] {
        let d = greeted(json!({ "maxMessageBytes": allowed }));
        assert_eq!(d.carried("before").len(), 1, "{allowed}");
        assert_eq!(problems(&d), ["payload.maxMessageBytes"], "{allowed}");
    }
    assert!(problems(&greeted(json!({ "maxMessageBytes": 1_024 }))).is_empty());
}

#[test]
fn tokens_are_asked_for_at_most_every_five_seconds() {
    for life in [0, 1, 3_600] {
        let mut d = Driver::new(EngineOptions { has_token_provider: true, ..options() });
        d.connect();
        d.token(Ok(Some("t0".into())));
        d.open();
        d.welcome(json!({ "expiresInMs": life }));
        for n in 1..=12 {
            d.advance(1_000);
            if d.tokens_wanted.len() > 1 {
                d.token(Ok(Some(format!("t{n}"))));
                d.system("authed", json!({ "expiresInMs": life }));
            }
        }
        let asked = d.tokens_wanted.iter().filter(|reason| **reason == TokenReason::Refresh).count();
        assert!((1..=2).contains(&asked), "{asked} requests in 12 s for a life of {life} ms");
        assert!(problems(&d).iter().all(|path| path == "payload.expiresInMs") && !problems(&d).is_empty());
    }
}
