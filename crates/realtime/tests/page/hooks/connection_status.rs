//! `<ConnectionStatus>` for each state, through its view.

use crate::mount::{Mounted, mount};
use sentinelops_realtime::ConnectionStatus;
use sentinelops_realtime::connection_status::{ConnectionView, ConnectionViewProps};
use sentinelops_realtime::engine::{Cause, ConnectionState, Hint, Quality, Status, StorageState, StoreError};
use sentinelops_realtime::testing::FakeConnection;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

fn props(status: Status) -> ConnectionViewProps {
    ConnectionViewProps {
        status: Rc::new(status),
        error: None,
        samples: Rc::from([40.0, 60.0]),
        compact: false,
        show_details: true,
        live: true,
        measured_at: None,
        checking: false,
        on_reconnect: None,
        on_reload: None,
    }
}

async fn view(status: Status) -> Mounted<ConnectionView> {
    mount::<ConnectionView>(props(status)).await
}

#[wasm_bindgen_test]
async fn the_word_of_each_state_is_visible() {
    for (state, word) in [
        (ConnectionState::Disconnected, "Disconnected"),
        (ConnectionState::Connecting, "Connecting"),
        (ConnectionState::Connected, "Connected"),
        (ConnectionState::Reconnecting, "Reconnecting"),
        (ConnectionState::Error, "Error"),
    ] {
        for compact in [true, false] {
            let status = Status { state, ..Status::default() };
            let given = ConnectionViewProps { compact, show_details: !compact, ..props(status) };
            let shown = mount::<ConnectionView>(given).await;
            assert_eq!(shown.text("connection-state").as_deref(), Some(word));
            assert_eq!(shown.select("[role=status]").len(), 1, "one live region, the word");
        }
    }
}

#[wasm_bindgen_test]
async fn a_cause_is_said_in_words_with_what_to_do() {
    let shown =
        view(Status { state: ConnectionState::Error, cause: Cause::NeedsAuth, ..Status::default() }).await;
    let cause = shown.text("connection-cause").unwrap();
    assert!(cause.contains("signed out") && cause.contains("Sign in again"), "{cause}");
}

#[wasm_bindgen_test]
async fn waiting_says_when_the_next_attempt_is() {
    let next = js_sys::Date::now() as u64 + 9_500;
    let status = Status {
        state: ConnectionState::Reconnecting,
        cause: Cause::Unreachable,
        next_dial_at: Some(next),
        ..Status::default()
    };
    let cause = view(status).await.text("connection-cause").unwrap();
    assert!(cause.contains("No server answers.") && cause.contains("in 10 s"), "{cause}");
}

#[wasm_bindgen_test]
async fn queue_storage_quality_and_last_error_are_told() {
    let status = Status {
        state: ConnectionState::Connected,
        latency_ms: Some(42.4),
        quality: Some(Quality::Good),
        queued: [1, 0, 2, 0],
        storage: StorageState::MemoryOnly(StoreError::Quota),
        last_error: Some("closed with 1006".to_owned()),
        ..Status::default()
    };
    let shown = view(status).await;
    assert_eq!(shown.text("connection-queue").as_deref(), Some("3 (1 critical, 2 normal)"));
    assert!(shown.text("connection-storage").unwrap().starts_with("Not saved on this device"));
    assert_eq!(shown.text("connection-error").as_deref(), Some("closed with 1006"));
    let all = shown.root.text_content().unwrap();
    assert!(all.contains("42 ms") && all.contains("Good"), "{all}");
    let line = shown.select("svg polyline")[0].get_attribute("points");
    // 40 and 60 ms on a scale of 0 to 100: the newest at the right edge, the slower one higher.
    assert_eq!(line.as_deref(), Some("115.1,16.0 117.0,12.0"), "the course of the round trip");
}

#[wasm_bindgen_test]
async fn the_course_is_that_of_the_round_trips_that_came() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <ConnectionStatus show_details=true /> });
    let points = || page.find("svg polyline").and_then(|line| line.get_attribute("points"));
    connection.connect();
    connection.settle().await;
    assert_eq!(points().as_deref(), Some("117.0,20.0"), "20 ms");
    for ms in [100.0, 50.0] {
        connection.change_status(|status| status.latency_ms = Some(ms));
        connection.settle().await;
    }
    assert_eq!(points().as_deref(), Some("113.1,20.0 115.1,4.0 117.0,14.0"));
}

#[wasm_bindgen_test]
async fn figures_of_a_connection_that_is_gone_say_when_they_were_measured() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <ConnectionStatus show_details=true /> });
    connection.connect();
    connection.settle().await;
    let stale = || page.find(".so-status__stale").and_then(|found| found.text_content());
    assert_eq!(stale(), None);
    let date = js_sys::Date::new(&(connection.now() as f64).into());
    let (hours, minutes, seconds) = (date.get_hours(), date.get_minutes(), date.get_seconds());
    connection.advance(10_000);
    connection.change_status(|status| {
        status.state = ConnectionState::Reconnecting;
        status.cause = Cause::Lost;
        status.mode = None;
    });
    connection.settle().await;
    let seen = stale().expect("marked as old");
    let expected = format!("last measured {hours:02}:{minutes:02}:{seconds:02}");
    assert!(seen.contains("20 ms") && seen.contains(&expected), "{seen}");
    let all = page.text();
    assert!(all.contains(&format!("Excellent, {expected}")), "the quality, too: {all}");
    assert!(!all.contains("Not known yet"), "{all}");
    connection.connect();
    connection.settle().await;
    assert_eq!(stale(), None);
}

#[wasm_bindgen_test]
async fn a_connection_the_browser_doubts_is_checked_until_something_comes() {
    let connection = FakeConnection::new();
    let page = connection.mount(
        html! { <><ConnectionStatus compact=true /><ConnectionStatus show_details=true live=false /></> },
    );
    let word = || page.find("[data-testid=connection-state]").and_then(|found| found.text_content());
    let cause =
        || page.find("[data-testid=connection-cause]").and_then(|found| found.text_content()).unwrap();
    connection.connect();
    connection.settle().await;
    connection.hint(Hint::Offline);
    connection.settle().await;
    assert_eq!(word().as_deref(), Some("Checking…"));
    assert!(page.find(".so-status--connected").is_none(), "it does not look sure");
    assert!(cause().contains("no network"), "{}", cause());
    connection.change_status(|status| status.latency_ms = Some(21.0));
    connection.settle().await;
    assert_eq!(word().as_deref(), Some("Connected"), "there was an answer");
    connection.hint(Hint::Offline);
    connection.settle().await;
    connection.hint(Hint::Online);
    connection.settle().await;
    assert_eq!(word().as_deref(), Some("Connected"));
    connection.hint(Hint::Offline);
    connection.drop_connection();
    connection.settle().await;
    assert_eq!(word().as_deref(), Some("Reconnecting"));
}

#[wasm_bindgen_test]
async fn try_now_is_offered_while_there_is_something_to_try() {
    let pressed = Rc::new(Cell::new(0));
    let on_reconnect = {
        let pressed = pressed.clone();
        Callback::from(move |()| pressed.set(pressed.get() + 1))
    };
    let given = |state| ConnectionViewProps {
        on_reconnect: Some(on_reconnect.clone()),
        ..props(Status { state, ..Status::default() })
    };
    let mut shown = mount::<ConnectionView>(given(ConnectionState::Reconnecting)).await;
    shown.all("try-now")[0].click();
    assert_eq!(pressed.get(), 1);
    shown.update(given(ConnectionState::Connected)).await;
    assert!(shown.all("try-now").is_empty());
}

#[wasm_bindgen_test]
async fn trouble_with_the_worker_is_an_error_whatever_the_connection_last_said() {
    let status = Status { state: ConnectionState::Connected, ..Status::default() };
    let given = ConnectionViewProps { error: Some("The worker is gone.".into()), ..props(status) };
    let shown = mount::<ConnectionView>(given).await;
    assert_eq!(shown.text("connection-state").as_deref(), Some("Error"));
    assert_eq!(shown.text("connection-cause").as_deref(), Some("The worker is gone."));
}

#[wasm_bindgen_test]
async fn no_style_attribute_is_needed() {
    let shown = view(Status { state: ConnectionState::Connected, ..Status::default() }).await;
    assert!(shown.select("[style]").is_empty());
}
