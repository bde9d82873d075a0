//! Logs go along with their newest line until somebody reads further up.

use sentinelops::components::activity::ActivityPanel;
use sentinelops_realtime::testing::{FakeConnection, Mounted, activity};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Event, HtmlElement};
use yew::prelude::*;

/// More than how often the panel shows news, ms.
const PACE_MS: u64 = 250;
const NEW: &str = "[data-testid=activity-new]";

/// The log with the height the console's style sheet would give it.
fn log(page: &Mounted) -> HtmlElement {
    let log: HtmlElement = page.find("[data-testid=activity-log]").expect("the log").unchecked_into();
    let style = log.style();
    for (name, value) in [("height", "100px"), ("overflow-y", "scroll"), ("scroll-behavior", "auto")] {
        style.set_property(name, value).expect("a property of CSS");
    }
    log
}

/// Activities of these numbers arrive and are shown.
async fn happen(connection: &FakeConnection, numbers: std::ops::Range<u32>) {
    connection.deliver_all(numbers.map(|n| activity(&format!("act-{n}"), "ann", "did something")));
    connection.settle().await;
    connection.advance(PACE_MS);
    connection.settle().await;
}

/// As a person does.
async fn scroll(connection: &FakeConnection, log: &HtmlElement, top: i32) {
    log.set_scroll_top(top);
    tell(connection, log).await;
}

/// Browsers tell of a scroll a real frame later, for which nobody waits here.
async fn tell(connection: &FakeConnection, log: &HtmlElement) {
    log.dispatch_event(&Event::new("scroll").expect("an event")).expect("no listener throws");
    connection.settle().await;
}

/// What is hidden below the visible part, px.
fn below(log: &HtmlElement) -> i32 {
    log.scroll_height() - log.scroll_top() - log.client_height()
}

/// The browser has laid out and painted, and called those who observe sizes.
async fn painted() {
    for _ in 0..2 {
        let frame = js_sys::Promise::new(&mut |resolve, _| {
            let window = web_sys::window().expect("a window");
            window.request_animation_frame(&resolve).expect("a frame");
        });
        wasm_bindgen_futures::JsFuture::from(frame).await.expect("a frame");
    }
}

#[wasm_bindgen_test]
async fn a_feed_that_was_not_shown_stands_at_its_end_when_it_is() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <div class="tab"><ActivityPanel /></div> });
    connection.connect();
    connection.settle().await;
    let tab: HtmlElement = page.find(".tab").expect("the tab").unchecked_into();
    tab.style().set_property("display", "none").expect("a property of CSS");
    let log = log(&page);
    happen(&connection, 0..30).await;
    painted().await;
    tab.style().set_property("display", "block").expect("a property of CSS");
    painted().await;
    assert!(log.scroll_height() > 2 * log.client_height(), "there is something to scroll");
    assert!(below(&log) <= 1, "at the newest: {} px below", below(&log));
}

#[wasm_bindgen_test]
async fn the_feed_follows_its_end_and_waits_for_who_reads_further_up() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <ActivityPanel /> });
    connection.connect();
    connection.settle().await;
    happen(&connection, 0..30).await;
    let log = log(&page);
    happen(&connection, 30..31).await;
    assert!(log.scroll_height() > 2 * log.client_height(), "there is something to scroll");
    assert!(below(&log) <= 1, "at the newest: {} px below", below(&log));
    assert!(page.find(NEW).is_none());

    scroll(&connection, &log, 10).await;
    happen(&connection, 31..33).await;
    assert_eq!(log.scroll_top(), 10, "nobody is taken away from what they read");
    assert_eq!(page.find(NEW).and_then(|button| button.text_content()).as_deref(), Some("2 new"));

    // The button goes to the newest, and the log follows again.
    assert!(page.click(NEW));
    connection.settle().await;
    assert!(page.find(NEW).is_none() && below(&log) <= 1, "{} px below", below(&log));
    tell(&connection, &log).await;
    happen(&connection, 33..34).await;
    assert!(page.find(NEW).is_none() && below(&log) <= 1, "{} px below", below(&log));

    // So does who scrolls back to the end.
    scroll(&connection, &log, 10).await;
    happen(&connection, 34..35).await;
    assert!(page.find(NEW).is_some());
    scroll(&connection, &log, log.scroll_height()).await;
    assert!(page.find(NEW).is_none());
    happen(&connection, 35..36).await;
    assert!(below(&log) <= 1, "{} px below", below(&log));
}
