//! What comes in wrong is counted, told, and survived.

use crate::common::*;
use sentinelops_engine::*;
use serde_json::json;

#[test]
fn refused_frames_leave_the_socket_alone() {
    let mut d = Driver::v1(options());
    for bytes in [&b"not json"[..], b"", b"42", &[0xff; 9], &vec![b'['; 100_000], &vec![b' '; 2_000_000]] {
        d.socket(SocketEvent::Frame { bytes, binary: true });
    }
    assert_eq!(d.engine.metrics(d.now).refused_frames, 6);
    assert_eq!(d.traces.iter().filter(|trace| matches!(trace, Trace::RefusedFrame(_))).count(), 6);
    assert_eq!(d.state(), ConnectionState::Connected);
}

#[test]
fn an_unknown_channel_is_reported_once_a_name() {
    let mut d = Driver::v1(options());
    for _ in 0..5 {
        d.frame(json!({"type": "a.b", "channel": "weather", "payload": {}}));
        d.frame(json!({"type": "a.b", "channel": "traffic", "payload": {}}));
    }
    assert_eq!(d.engine.metrics(d.now).problems, 10);
    let told = d.delivered.iter().filter(|delivery| matches!(delivery, Delivery::Problem(_))).count();
    assert_eq!(told, 2);
}

#[test]
fn no_frame_of_noise_panics() {
    let mut rng = fastrand::Rng::with_seed(3);
    let kinds =
        ["welcome", "pong", "ack", "nack", "error", "goodbye", "subscribed", "snapshot", "denied", "authed"];
    let values = [json!(null), json!(-1), json!(u64::MAX), json!("x"), json!([]), json!({}), json!(1e300)];
    let fields = ["id", "ids", "n", "seq", "now", "user", "epoch", "channel", "expiresInMs", "retryAfterMs"];
    for _ in 0..3_000 {
        let mut d = Driver::v1(options());
        for _ in 0..10 {
            let mut payload = json!({"channel": "alerts", "epoch": "e", "seq": 1, "items": [], "last": true});
            for _ in 0..rng.usize(0..4) {
                payload[fields[rng.usize(0..fields.len())]] = values[rng.usize(0..values.len())].clone();
            }
            d.system(kinds[rng.usize(0..kinds.len())], payload);
            d.advance(rng.u64(0..5_000));
        }
    }
}
