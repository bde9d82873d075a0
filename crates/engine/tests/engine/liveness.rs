//! Pings, probes, verdicts, latency.

use crate::common::*;
use sentinelops_engine::*;
use sentinelops_protocol::Channel;
use serde_json::json;

#[test]
fn one_ping_every_30_s() {
    let mut d = Driver::v1(options());
    d.advance(11_000);
    let before = d.sent_of("ping").len();
    d.advance(300_000);
    assert_eq!(d.sent_of("ping").len() - before, 10);
    assert_eq!(d.state(), ConnectionState::Connected);
    let status = d.engine.status();
    assert_eq!((status.latency_ms, status.p95_ms), (Some(20.0), Some(20.0)));
    assert_eq!(status.quality, Some(Quality::Excellent));
}

#[test]
fn a_zombie_is_noticed_within_8_s_while_sending() {
    let mut d = Driver::v1(options());
    d.advance(60_000);
    d.pong_after = None;
    let start = d.now.mono;
    for n in 0..100 {
        d.send(&format!("m{n}"));
        d.advance(100);
        if d.state() != ConnectionState::Connected {
            break;
        }
    }
    assert_eq!(d.cause(), Cause::Silent);
    assert!(d.now.mono - start <= 8_000, "{}", d.now.mono - start);
    assert_eq!(d.engine.metrics(d.now).verdicts, 1);
}

#[test]
fn a_late_verdict_reads_first() {
    // Held up by a little, and by far.
    for held_up in [3_000, 30_000] {
        let mut d = Driver::v1(options());
        d.advance(29_000);
        d.pong_after = None;
        d.hint(Hint::Focus);
        let asked = d.sent_of("ping").last().map(|ping| ping["payload"].clone());
        d.pass(held_up);
        d.pong_after = Some(5);
        d.wake();
        assert_eq!(d.state(), ConnectionState::Connected);
        d.system("pong", asked.unwrap_or_default());
        d.advance(10_000);
        assert_eq!(d.state(), ConnectionState::Connected);
        assert_eq!(d.engine.metrics(d.now).verdicts, 0);
    }
}

#[test]
fn a_slow_link_is_not_killed() {
    let mut d = Driver::v1(options());
    d.subscribe(Channel::Alerts);
    d.system("subscribed", json!({"channel": "alerts", "epoch": "e", "seq": 0, "continuity": "snapshot"}));
    d.system(
        "snapshot",
        json!({"channel": "alerts", "epoch": "e", "seq": 0, "part": 0, "last": true, "items": []}),
    );
    d.pong_after = Some(9_000);
    let id = std::cell::Cell::new(0);
    for _ in 0..240 {
        id.set(id.get() + 1);
        d.send(&format!("m{}", id.get()));
        d.frame(json!({"type": "x.y", "channel": "alerts", "payload": {}}));
        d.advance(500);
    }
    assert_eq!(d.engine.metrics(d.now).verdicts, 0);
}

#[test]
fn a_server_that_never_ponged_is_never_judged() {
    let mut o = options();
    o.connection.mode = ModeOption::Basic;
    let mut d = Driver::new(o);
    d.pong_after = None;
    d.connect();
    d.open();
    assert_eq!(d.state(), ConnectionState::Connected);
    d.advance(600_000);
    assert_eq!(d.state(), ConnectionState::Connected);
}

#[test]
fn one_message_unanswered_for_30_s_reconnects_once() {
    let mut d = Driver::v1(options());
    d.send("a");
    d.advance(29_900);
    assert_eq!(d.state(), ConnectionState::Connected);
    d.advance(4_000);
    assert_eq!(d.cause(), Cause::Stuck);
    d.advance(3_000);
    d.open();
    d.welcome(json!({}));
    assert_eq!(d.carried("a").len(), 2);
    d.advance(120_000);
    assert_eq!(d.state(), ConnectionState::Connected, "once");
    assert_eq!(d.carried("a").len(), 2, "never again on the same socket");
}

#[test]
fn the_buffer_is_held_below_64_kib() {
    let mut d = Driver::v1(options());
    d.buffered = 64 * 1024;
    d.send("first");
    for n in 0..20 {
        d.send(&format!("m{n}"));
    }
    assert!(d.carried("m0").is_empty());
    d.buffered = 0;
    d.socket(SocketEvent::Buffered(0));
    assert_eq!(d.carried("m0").len(), 1);
    assert_eq!(d.carried("m19").len(), 1);
}

#[test]
fn samples_of_a_thread_that_was_held_up_do_not_count() {
    // Shorter and longer than the tick; the pong read before the late timers, and after them.
    for (held_up, timers_first) in [(700, false), (1_500, true), (3_900, false), (3_900, true)] {
        let mut d = Driver::v1(options());
        d.advance(60_000);
        d.hint(Hint::Focus);
        d.pass(held_up);
        if timers_first {
            d.wake();
        }
        d.advance(0);
        assert_eq!(d.engine.status().latency_ms, Some(20.0), "{held_up} {timers_first}");
        d.advance(60_000);
        assert_eq!(d.engine.status().p95_ms, Some(20.0));
    }
}

#[test]
fn samples_of_a_slow_line_count() {
    let mut d = Driver::v1(options());
    d.advance(60_000);
    d.pong_after = Some(1_800);
    d.hint(Hint::Focus);
    d.advance(1_800);
    assert!(d.engine.status().latency_ms.is_some_and(|ms| ms > 200.0));
}

#[test]
fn samples_of_a_sleeping_machine_do_not_count() {
    let mut d = Driver::v1(options());
    d.advance(60_000);
    d.pong_after = Some(30_000);
    d.hint(Hint::Focus);
    d.pass(30_000);
    d.advance(0);
    assert_eq!(d.engine.status().latency_ms, Some(20.0));
}
