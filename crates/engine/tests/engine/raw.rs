//! Frames of one's own, to and from a basic server.

use crate::common::*;
use sentinelops_engine::*;
use sentinelops_protocol::Channel;
use serde_json::json;

fn basic() -> EngineOptions {
    let mut o = options();
    o.connection.mode = ModeOption::Basic;
    o
}

fn connected(options: EngineOptions) -> Driver {
    let mut d = Driver::new(options);
    d.connect();
    d.open();
    d
}

fn watch(d: &mut Driver, on: bool) {
    d.engine.watch_raw(d.now, PAGE, on);
    d.pump();
}

fn arrive(d: &mut Driver, bytes: &[u8], binary: bool) {
    d.socket(SocketEvent::Frame { bytes, binary });
}

fn send(d: &mut Driver, frame: RawFrame) -> usize {
    d.engine.send_raw(d.now, frame);
    d.pump();
    d.raw.len()
}

fn text(text: &str) -> RawFrame {
    RawFrame::Text(text.to_owned())
}

/// What was delivered of them, and how many were lost.
fn received(d: &mut Driver) -> (Vec<RawFrame>, u32) {
    let (mut frames, mut lost) = (Vec::new(), 0);
    for delivery in std::mem::take(&mut d.delivered) {
        match delivery {
            Delivery::Raw(frame) => frames.push((*frame).clone()),
            Delivery::RawLost(count) => lost += count,
            _ => {}
        }
    }
    (frames, lost)
}

#[test]
fn what_is_no_message_of_the_protocol_is_delivered_as_it_came() {
    let mut d = connected(basic());
    watch(&mut d, true);
    d.subscribe(Channel::Activity);
    let own = r#"{"type":"weather.now","channel":"weather","payload":{"celsius":21.5}}"#;
    for frame in ["hello", "[1, 2]", r#"{"temperature": 21}"#, own] {
        arrive(&mut d, frame.as_bytes(), false);
        assert_eq!(received(&mut d), (vec![text(frame)], 0));
    }
    arrive(&mut d, &[0, 159, 255], true);
    assert_eq!(received(&mut d), (vec![RawFrame::Binary(vec![0, 159, 255])], 0));
    assert_eq!((d.engine.metrics(d.now).refused_frames, d.engine.metrics(d.now).problems), (0, 0));
    // What the protocol knows goes on as before.
    d.frame(json!({"type": "deploy.done", "channel": "activity", "payload": {"service": "api"}}));
    let event =
        d.delivered.iter().any(|it| matches!(it, Delivery::Event(_, event) if event.kind == "deploy.done"));
    assert!(event, "{:?}", d.delivered);
    assert_eq!(received(&mut d), (vec![], 0));
}

#[test]
fn without_a_watcher_such_a_frame_is_refused_as_ever() {
    let mut d = connected(basic());
    watch(&mut d, true);
    watch(&mut d, false);
    arrive(&mut d, b"hello", false);
    assert_eq!((received(&mut d), d.engine.metrics(d.now).refused_frames), ((vec![], 0), 1));
}

#[test]
fn frame_beyond_the_bound_is_refused() {
    let mut d = connected(basic());
    watch(&mut d, true);
    arrive(&mut d, &vec![b'x'; RawFrame::BYTES_MAX], false);
    assert_eq!(received(&mut d).0.len(), 1);
    arrive(&mut d, &vec![b'x'; RawFrame::BYTES_MAX + 1], false);
    assert_eq!((received(&mut d), d.engine.metrics(d.now).refused_frames), ((vec![], 0), 1));
}

#[test]
fn own_first_frame_tells_that_the_server_is_basic_and_nothing_is_raw_of_a_v1_server() {
    let mut d = connected(options());
    watch(&mut d, true);
    assert_eq!(d.engine.status().mode, None);
    arrive(&mut d, b"hello", false);
    assert_eq!((d.engine.status().mode, received(&mut d).0), (Some(Mode::Basic), vec![text("hello")]));
    let mut d = Driver::v1(options());
    watch(&mut d, true);
    arrive(&mut d, b"hello", false);
    assert_eq!((received(&mut d), d.engine.metrics(d.now).refused_frames), ((vec![], 0), 1));
    assert_eq!(send(&mut d, text("hello")), 0, "v1 takes messages only");
}

#[test]
fn frames_that_are_not_taken_are_dropped_from_the_oldest_and_counted() {
    let mut d = Driver::new(basic());
    d.engine.set_bounds(Bounds { consumer_events: 3, ..Bounds::default() });
    d.connect();
    d.open();
    watch(&mut d, true);
    received(&mut d);
    // The page takes nothing: the driver does not carry out what the engine asks.
    for n in 0..6 {
        let n = n.to_string();
        d.engine.handle_socket(
            d.now,
            d.generation,
            SocketEvent::Frame { bytes: n.as_bytes(), binary: false },
        );
    }
    d.pump();
    assert_eq!(received(&mut d), (["0", "3", "4", "5"].map(text).to_vec(), 2));
}

#[test]
fn own_frames_leave_at_once_or_never() {
    let mut d = Driver::new(basic());
    assert_eq!(send(&mut d, text("too early")), 0);
    d.connect();
    d.open();
    assert_eq!(send(&mut d, text("a")), 1);
    assert_eq!(send(&mut d, RawFrame::Binary(vec![7; RawFrame::BYTES_MAX])), 2);
    assert_eq!(send(&mut d, RawFrame::Binary(vec![7; RawFrame::BYTES_MAX + 1])), 2, "too big");
    d.socket(SocketEvent::Buffered(RawFrame::BYTES_MAX + 1));
    assert_eq!(send(&mut d, text("b")), 2, "the socket's buffer is full");
    d.socket(SocketEvent::Buffered(0));
    d.close(1006, "");
    assert_eq!(send(&mut d, text("c")), 2);
    d.advance(60_000);
    assert_eq!(d.raw.len(), 2, "nothing was queued");
}

#[test]
fn chosen_subprotocol_is_shown_while_connected() {
    let mut d = Driver::new(basic());
    d.connect();
    d.socket(SocketEvent::Protocol("weather.v2".to_owned()));
    d.open();
    assert_eq!(d.engine.status().protocol.as_deref(), Some("weather.v2"));
    d.close(1006, "");
    assert_eq!(d.engine.status().protocol, None);
}

#[test]
fn server_of_another_protocol_is_sent_own_frames_alone() {
    let mut o = options();
    (o.connection.mode, o.connection.token_in) = (ModeOption::Raw, TokenIn::Frame);
    let mut d = Driver::new(o);
    d.subscribe(Channel::Activity);
    watch(&mut d, true);
    d.connect();
    d.open();
    assert_eq!(
        (d.engine.status().state, d.engine.status().mode),
        (ConnectionState::Connected, Some(Mode::Basic))
    );
    d.subscribe(Channel::Chat);
    assert_eq!(send(&mut d, text("FOLLOW weather")), 1);
    d.advance(120_000);
    assert_eq!((d.engine.status().state, &*d.sent), (ConnectionState::Connected, &[][..]));
    // Also what looks like a message of this protocol.
    let event = r#"{"type":"deploy.done","channel":"activity","payload":{}}"#;
    received(&mut d);
    arrive(&mut d, event.as_bytes(), false);
    assert_eq!(received(&mut d), (vec![text(event)], 0));
}
