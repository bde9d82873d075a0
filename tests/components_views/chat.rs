//! The conversation: what counts as read.

use sentinelops::components::chat::ChatPane;
use sentinelops_realtime::testing::{FakeConnection, chat_message};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

#[wasm_bindgen(inline_js = r#"
    // As when another tab comes to the front, and this one again.
    export function hide(hidden) {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
        if (!hidden) delete document.hidden;
    }
"#)]
extern "C" {
    fn hide(hidden: bool);
}

#[wasm_bindgen_test]
async fn what_came_while_the_tab_was_hidden_is_read_when_it_is_visible_again() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <ChatPane conversation="c1" /> });
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    let receipts = || connection.sent().iter().filter(|request| request.kind == "chat.read").count();
    hide(true);
    connection.deliver(chat_message("c1", "1", "ann", "are you there?"));
    connection.settle().await;
    assert_eq!(receipts(), 0, "nobody has seen it");
    hide(false);
    connection.settle().await;
    assert_eq!(receipts(), 1);
}
