//! Frames of one's own, to and from a basic server.

use sentinelops_realtime::bridge::ToWorker;
use sentinelops_realtime::engine::{Delivery, Mode};
use sentinelops_realtime::testing::FakeConnection;
use sentinelops_realtime::{
    OwnMessage, OwnSendError, RawError, RawEvent, RawFrame, UseOwnChannelHandle, UseRawHandle, use_client,
    use_own_channel, use_raw_frames,
};
use std::cell::RefCell;
use wasm_bindgen_test::*;
use yew::prelude::*;

thread_local! {
    static EVENTS: RefCell<Vec<RawEvent>> = const { RefCell::new(Vec::new()) };
    static HANDLE: RefCell<Option<UseRawHandle>> = const { RefCell::new(None) };
}

#[component]
fn Raw() -> Html {
    let raw = use_raw_frames(|event| EVENTS.with_borrow_mut(|events| events.push(event.clone())));
    let shown = format!("{} {:?}", raw.is_ready, raw.protocol);
    HANDLE.set(Some(raw));
    html! { <p>{ shown }</p> }
}

fn text(text: &str) -> RawFrame {
    RawFrame::Text(text.to_owned())
}

fn send(frame: RawFrame) -> Result<(), RawError> {
    HANDLE.with_borrow(|handle| {
        handle.as_ref().map_or(Err(RawError::NotConnected), |handle| handle.send(frame))
    })
}

#[wasm_bindgen_test]
async fn own_frames_arrive_in_order_while_somebody_watches() {
    EVENTS.take();
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Raw /> });
    connection.connect();
    connection.settle().await;
    assert!(connection.commands().contains(&ToWorker::WatchRaw(true)));
    connection.deliver_raw(text("21.5"));
    connection.deliver_raw(RawFrame::Binary(vec![0, 255]));
    connection.settle().await;
    let frame = |frame| RawEvent::Frame(std::rc::Rc::new(frame));
    assert_eq!(EVENTS.take(), [frame(text("21.5")), frame(RawFrame::Binary(vec![0, 255]))]);
    page.show(Html::default());
    connection.settle().await;
    assert_eq!(connection.commands().last(), Some(&ToWorker::WatchRaw(false)));
    connection.deliver_raw(text("late"));
    connection.settle().await;
    assert_eq!(EVENTS.take(), []);
}

#[wasm_bindgen_test]
async fn own_frames_leave_at_once_or_say_why_not() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Raw /> });
    connection.settle().await;
    assert_eq!((page.text(), send(text("a"))), ("false None".to_owned(), Err(RawError::NotConnected)));
    connection.connect();
    connection.change_status(|status| status.mode = Some(Mode::V1));
    connection.settle().await;
    assert_eq!((page.text(), send(text("a"))), ("false None".to_owned(), Err(RawError::NotBasic)));
    connection.change_status(|status| {
        status.mode = Some(Mode::Basic);
        status.protocol = Some("weather.v2".to_owned());
    });
    connection.settle().await;
    assert_eq!(page.text(), r#"true Some("weather.v2")"#);
    let big = RawFrame::Binary(vec![0; RawFrame::BYTES_MAX + 1]);
    assert_eq!(send(big), Err(RawError::TooBig { found: 1024 * 1024 + 1, allowed: 1024 * 1024 }));
    assert_eq!((send(text("a")), send(RawFrame::Binary(vec![1]))), (Ok(()), Ok(())));
    assert_eq!(connection.sent_raw(), [text("a"), RawFrame::Binary(vec![1])]);
    connection.drop_connection();
    connection.settle().await;
    assert_eq!(send(text("b")), Err(RawError::NotConnected));
}

#[component]
fn Listens() -> Html {
    let client = use_client();
    use_effect_with(client, |client| {
        let subscription =
            client.subscribe_raw(|event| EVENTS.with_borrow_mut(|events| events.push(event.clone())));
        move || drop(subscription)
    });
    Html::default()
}

#[wasm_bindgen_test]
async fn lost_frames_are_counted_also_outside_of_hooks() {
    EVENTS.take();
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Listens /> });
    connection.connect();
    connection.settle().await;
    let lost = sentinelops_realtime::bridge::FromWorker::Batch(sentinelops_realtime::engine::Batch {
        number: 999,
        items: vec![Delivery::RawLost(3)],
    });
    connection.emit(lost);
    connection.settle().await;
    assert_eq!(EVENTS.take(), [RawEvent::Lost { frames: 3 }]);
}

thread_local! {
    static READINGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static WEATHER: RefCell<Option<UseOwnChannelHandle>> = const { RefCell::new(None) };
}

#[component]
fn Weather() -> Html {
    let weather = use_own_channel("weather", |message: Result<OwnMessage<f64>, _>| {
        let line = message.map_or_else(|why| why.to_string(), |message| message.payload.to_string());
        READINGS.with_borrow_mut(|readings| readings.push(line));
    });
    let shown = weather.is_ready.to_string();
    WEATHER.set(Some(weather));
    html! { <p>{ shown }</p> }
}

fn follow() -> Result<(), OwnSendError> {
    WEATHER.with_borrow(|weather| {
        let weather = weather.as_ref().ok_or(OwnSendError::Raw(RawError::NotConnected))?;
        weather.send("weather.follow", &["Berlin"])
    })
}

#[wasm_bindgen_test]
async fn messages_on_a_channel_of_the_servers_own_are_read_and_sent() {
    READINGS.take();
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Weather /> });
    connection.settle().await;
    assert_eq!((page.text(), follow()), ("false".to_owned(), Err(RawError::NotConnected.into())));
    connection.connect();
    connection.change_status(|status| status.mode = Some(Mode::Basic));
    for frame in [
        r#"{"type":"weather.now","channel":"weather","payload":21.5}"#,
        r#"{"type":"tide.now","channel":"tides","payload":1}"#,
        r#"{"type":"weather.now","channel":"weather","payload":"warm"}"#,
    ] {
        connection.deliver_raw(text(frame));
    }
    connection.settle().await;
    assert_eq!(READINGS.take(), ["21.5", "weather.now: payload: expected a number, found string \"warm\""]);
    assert_eq!((page.text(), follow()), ("true".to_owned(), Ok(())));
    let sent = connection.sent_raw();
    let [RawFrame::Text(sent)] = &*sent else { panic!("one text frame: {sent:?}") };
    let sent: serde_json::Value = serde_json::from_str(sent).expect("an envelope");
    assert_eq!(
        (&sent["channel"], &sent["type"], &sent["payload"][0]),
        (&"weather".into(), &"weather.follow".into(), &"Berlin".into())
    );
    assert!(sent["id"].is_string() && sent["timestamp"].is_u64());
}
