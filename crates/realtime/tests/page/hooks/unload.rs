//! The question before a page is closed.

use sentinelops_realtime::UnloadGuard;
use sentinelops_realtime::testing::FakeConnection;
use sentinelops_realtime::{Client, Message, use_client};
use std::cell::RefCell;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

thread_local! {
    static CLIENT: RefCell<Option<Client>> = const { RefCell::new(None) };
}

#[component]
fn Guarded() -> Html {
    CLIENT.set(Some(use_client()));
    html! { <UnloadGuard /> }
}

/// Whether the browser would ask.
fn asks() -> bool {
    let init = web_sys::EventInit::new();
    init.set_cancelable(true);
    let event = web_sys::Event::new_with_event_init_dict("beforeunload", &init).unwrap();
    web_sys::window().unwrap().dispatch_event(&event).unwrap();
    event.default_prevented()
}

#[wasm_bindgen_test]
async fn it_asks_as_long_as_something_is_in_memory_only_also_while_the_worker_starts() {
    let connection = FakeConnection::new();
    connection.refuse_start(true);
    let _page = connection.mount(html! { <Guarded /> });
    connection.settle().await;
    assert!(!asks(), "nothing was sent");
    let client = CLIENT.with_borrow(|client| client.clone().unwrap());
    let id = client.send(Message::chat("c", "typed while it loads")).id();
    connection.settle().await;
    assert!(asks(), "the worker has not started");
    connection.refuse_start(false);
    connection.connect();
    connection.settle().await;
    assert!(asks(), "it is not saved yet");
    connection.save(&id);
    connection.settle().await;
    assert!(!asks(), "it is on the disk");
}
