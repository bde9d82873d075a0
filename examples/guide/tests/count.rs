#![cfg(target_arch = "wasm32")]

use sentinelops_realtime::testing::{FakeConnection, incident};
use sentinelops_realtime::use_incidents;
use wasm_bindgen_test::*;
use yew::prelude::*;

wasm_bindgen_test_configure!(run_in_browser);

#[component]
fn Count() -> Html {
    let shown = use_incidents();
    html! { <p>{ shown.items.len() }</p> }
}

#[wasm_bindgen_test]
async fn counts_what_arrives() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Count /> });
    connection.connect();
    connection.deliver(incident("inc-1"));
    connection.settle().await;
    assert_eq!(page.text(), "1");
}
