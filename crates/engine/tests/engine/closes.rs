//! Each close code as people and the outbox see it.

use crate::common::*;
use sentinelops_engine::*;
use serde_json::json;

#[test]
fn codes_that_reconnect() {
    for code in [1000, 1001, 1005, 1006, 1011, 1012, 1014, 1015, 1009, 4408, 4999] {
        let mut d = Driver::v1(options());
        d.close(code, "because");
        assert_eq!(d.state(), ConnectionState::Reconnecting, "{code}");
        d.advance(3_000);
        assert_eq!(d.dials.len(), 2, "{code}");
        assert!(d.engine.status().last_error.is_some_and(|text| text.contains(&code.to_string())));
    }
}

#[test]
fn codes_that_end_it() {
    for code in [1002, 1003, 1007, 1008, 1010, 4400, 4403, 4404, 4409] {
        let mut d = Driver::v1(options());
        d.close(code, "because");
        assert_eq!(d.state(), ConnectionState::Error, "{code}");
        assert_eq!(d.cause(), Cause::Closed { code, reason: "because".into() });
        for hint in [Hint::Online, Hint::Focus] {
            d.hint(hint);
        }
        d.advance(120_000);
        assert_eq!(d.dials.len(), 1, "{code}");
    }
}

#[test]
fn superseded_stops() {
    let mut d = Driver::v1(options());
    d.close(4410, "");
    assert_eq!(d.cause(), Cause::Superseded);
    d.advance(120_000);
    assert_eq!(d.dials.len(), 1);
}

#[test]
fn poison_fails_one_message_and_the_rest_goes_on() {
    for code in [1007, 1008, 1009, 4400] {
        let mut d = Driver::v1(options());
        for id in ["bad", "good"] {
            d.send(id);
        }
        for round in 0..8 {
            if d.news("bad").is_some_and(|state| state.is_final()) {
                break;
            }
            assert!(round < 7, "{code}");
            d.close(code, "no such thing");
            assert_eq!(d.state(), ConnectionState::Reconnecting, "{code}");
            // The delays stay short: what is behind it waits.
            d.advance(7_000);
            d.open();
            d.welcome(json!({}));
        }
        assert!(matches!(d.news("bad"), Some(DeliveryState::Failed(FailReason::Poison { .. }))), "{code}");
        assert_eq!(d.carried("good").last(), Some(&d.generation));
        d.system("ack", json!({"ids": ["good"]}));
        assert_eq!(d.news("good"), Some(DeliveryState::Delivered));
    }
}

#[test]
fn a_refused_url_is_an_error_without_its_query() {
    let mut d = Driver::new(options());
    d.token(Ok(Some("sEcReT".into())));
    d.connect();
    assert!(d.dials[0].1.contains("sEcReT"));
    d.socket(SocketEvent::Refused { reason: "'ws://localhost:3001?token=sEcReT' is invalid".into() });
    assert_eq!(d.state(), ConnectionState::Error);
    assert!(matches!(d.cause(), Cause::BadUrl(text) if !text.contains("sEcReT")));
    assert!(!format!("{:?}{}", d.engine.status(), d.debug).contains("sEcReT"));
}

#[test]
fn late_events_of_an_old_socket_are_harmless() {
    let mut d = Driver::v1(options());
    let old = d.generation;
    d.disconnect();
    d.connect();
    d.open();
    d.welcome(json!({}));
    d.engine.handle_socket(d.now, old, SocketEvent::Closed { code: 4403, reason: String::new() });
    d.pump();
    assert_eq!(d.state(), ConnectionState::Connected);
}

#[test]
fn disconnect_is_for_good() {
    let mut d = Driver::v1(options());
    d.disconnect();
    assert_eq!(d.state(), ConnectionState::Disconnected);
    assert_eq!(d.cause(), Cause::NotAsked);
    assert_eq!(d.abandoned, [(Generation(1), 1000)]);
    d.hint(Hint::Online);
    d.advance(120_000);
    assert_eq!(d.dials.len(), 1);
}
