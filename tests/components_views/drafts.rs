//! What was written and not sent yet is there again.

use crate::dom::{one, write};
use sentinelops::components::chat::ChatPane;
use sentinelops_realtime::WebSocketProvider;
use sentinelops_realtime::bridge::FromWorker;
use sentinelops_realtime::testing::FakeConnection;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlInputElement;
use yew::prelude::*;

const INPUT: &str = "[data-testid=chat-input]";

fn pane(conversation: &'static str) -> Html {
    html! { <ChatPane key={conversation} {conversation} /> }
}

fn draft() -> String {
    one(INPUT).unchecked_into::<HtmlInputElement>().value()
}

#[wasm_bindgen_test]
async fn a_draft_outlives_a_switch_and_a_reload_and_ends_when_it_is_sent() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(pane("inc-1"));
    connection.connect();
    connection.settle().await;
    write(INPUT, "half a sen");
    connection.settle().await;
    page.show(pane("inc-2"));
    connection.settle().await;
    assert_eq!(draft(), "", "another conversation");
    write(INPUT, "other");
    connection.settle().await;
    page.show(pane("inc-1"));
    connection.settle().await;
    assert_eq!(draft(), "half a sen");

    // The page ends, and another one begins.
    drop(page);
    connection.settle().await;
    let mut page = connection.mount(pane("inc-1"));
    connection.settle().await;
    assert_eq!(draft(), "half a sen");
    assert!(page.click("[data-testid=chat-send]"));
    connection.settle().await;
    assert_eq!(draft(), "");
    page.show(pane("inc-2"));
    connection.settle().await;
    assert_eq!(draft(), "other");
    page.show(pane("inc-1"));
    connection.settle().await;
    assert_eq!(draft(), "", "it was sent");
}

#[wasm_bindgen_test]
async fn a_draft_is_one_user_s() {
    let of = |user: &'static str, connection: &FakeConnection| {
        html! {
            <WebSocketProvider key={user} url="ws://fake.invalid" port={connection.port()} {user}>{ pane("inc-1") }</WebSocketProvider>
        }
    };
    let connection = FakeConnection::new();
    let mut page = connection.mount(of("ann", &connection));
    connection.settle().await;
    write(INPUT, "nobody else's business");
    connection.settle().await;
    page.show(of("bob", &connection));
    connection.settle().await;
    assert_eq!(draft(), "");
    page.show(of("ann", &connection));
    connection.settle().await;
    assert_eq!(draft(), "nobody else's business");
}

#[wasm_bindgen_test]
async fn a_draft_ends_with_the_session() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(pane("inc-1"));
    connection.connect();
    connection.settle().await;
    write(INPUT, "nobody else's business");
    connection.settle().await;
    connection.emit(FromWorker::SignedOut { left: false });
    connection.settle().await;
    write(INPUT, "typed too late");
    connection.settle().await;
    page.show(Html::default());
    connection.settle().await;
    page.show(pane("inc-1"));
    connection.settle().await;
    assert_eq!(draft(), "");
}
