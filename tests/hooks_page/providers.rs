//! One worker a page for each URL and user; bad options say so on the page.

use sentinelops::engine::Options;
use sentinelops::realtime::{Client, ClientError, WebSocketProvider, use_client, use_connection};
use sentinelops::testing::FakeConnection;
use std::cell::RefCell;
use wasm_bindgen_test::*;
use yew::prelude::*;

thread_local! {
    static CLIENTS: RefCell<Vec<Client>> = const { RefCell::new(Vec::new()) };
}

#[component]
fn Probe() -> Html {
    let client = use_client();
    CLIENTS.with_borrow_mut(|clients| clients.push(client));
    let error = use_connection().error;
    html! { <p>{ matches!(error, Some(ClientError::Setup(_))).to_string() }</p> }
}

#[derive(PartialEq, Properties)]
struct Props {
    connection: FakeConnection,
}

#[component]
fn Same(props: &Props) -> Html {
    html! {
        <WebSocketProvider url="ws://a.invalid" port={props.connection.port()}>
            <Probe />
        </WebSocketProvider>
    }
}

#[component]
fn OtherUser(props: &Props) -> Html {
    html! {
        <WebSocketProvider url="ws://a.invalid" user="ann" port={props.connection.port()}>
            <Probe />
        </WebSocketProvider>
    }
}

#[component]
fn Contradicting(props: &Props) -> Html {
    let options = Options { timeout_ms: 5, ..Options::default() };
    html! {
        <WebSocketProvider url="ws://a.invalid" {options} port={props.connection.port()}>
            <Probe />
        </WebSocketProvider>
    }
}

#[component]
fn BadUrl(props: &Props) -> Html {
    html! {
        <WebSocketProvider url="ws://a.invalid:99999/x?token=s3cret" port={props.connection.port()}>
            <Probe />
        </WebSocketProvider>
    }
}

#[wasm_bindgen_test]
async fn shared_own_or_an_error() {
    CLIENTS.take();
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let connection = inner.clone();
    let mut page = outer.mount(
        html! { <><Same connection={connection.clone()} /><Same connection={connection.clone()} /></> },
    );
    inner.settle().await;
    let clients = CLIENTS.take();
    assert!(clients.iter().all(|client| *client == clients[0]));
    assert_eq!(inner.workers(), 1);

    page.show(
        html! { <><Same connection={connection.clone()} /><OtherUser connection={connection.clone()} /></> },
    );
    inner.settle().await;
    assert_eq!(inner.workers(), 2);

    page.show(html! { <><Same connection={connection.clone()} /><Contradicting connection={connection.clone()} /></> });
    inner.settle().await;
    let said = page.text();
    assert!(said.contains("options.timeout_ms is 10000 there and 5 here"), "{said}");
    assert!(page.find("[role=alert]").is_some());

    page.show(html! { <BadUrl connection={connection.clone()} /> });
    inner.settle().await;
    let said = page.text();
    assert!(said.contains("\"ws://a.invalid:99999/x\": the port is \"99999\""), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    assert!(said.ends_with("true"), "the hooks below say it too: {said}");
    assert_eq!(inner.workers(), 2);
    CLIENTS.take();
}
