//! One worker a page for each URL and user; bad options say so on the page.

use sentinelops_realtime::bridge::ToWorker;
use sentinelops_realtime::engine::Options;
use sentinelops_realtime::testing::FakeConnection;
use sentinelops_realtime::{
    Client, ClientError, Message, TokenSource, WebSocketProvider, use_client, use_connection,
};
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

#[derive(PartialEq, Properties)]
struct With {
    connection: FakeConnection,
    timeout_ms: u64,
    #[prop_or_default]
    debug: bool,
}

/// Sends at a click.
#[component]
fn Sender() -> Html {
    let client = use_client();
    html! { <button onclick={move |_| { client.send(Message::chat("c", "unsaved")); }}>{ "send" }</button> }
}

#[component]
fn Configured(props: &With) -> Html {
    let options = Options { timeout_ms: props.timeout_ms, ..Options::default() };
    html! {
        <WebSocketProvider url="ws://b.invalid" {options} debug={props.debug} port={props.connection.port()}>
            <Probe />
            <Sender />
        </WebSocketProvider>
    }
}

#[wasm_bindgen_test]
async fn two_providers_that_get_the_same_new_options_share_again() {
    CLIENTS.take();
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let both = |first, second| {
        let connection = inner.clone();
        html! {
            <>
                <Configured connection={connection.clone()} timeout_ms={first} />
                if second > 0 {
                    <Configured {connection} timeout_ms={second} />
                }
            </>
        }
    };
    let mut page = outer.mount(both(1_000, 1_000));
    inner.settle().await;
    page.show(both(2_000, 2_000));
    inner.settle().await;
    assert!(page.find("[role=alert]").is_none(), "{}", page.text());
    assert_eq!(page.text(), "falsesendfalsesend");
    assert_eq!(inner.workers(), 2, "one for the old options, one for the new ones");

    // One that contradicts says so for as long as it does.
    page.show(both(2_000, 3_000));
    inner.settle().await;
    assert!(page.find("[role=alert]").is_some());
    page.show(both(3_000, 3_000));
    inner.settle().await;
    assert!(page.find("[role=alert]").is_none(), "{}", page.text());
    page.show(both(4_000, 3_000));
    inner.settle().await;
    assert!(page.find("[role=alert]").is_some());
    page.show(both(4_000, 0));
    inner.settle().await;
    assert_eq!(page.text(), "falsesend", "the other one went");
    CLIENTS.take();
}

#[wasm_bindgen_test]
async fn new_options_right_after_a_send_lose_nothing() {
    CLIENTS.take();
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let with = |debug| html! { <Configured connection={inner.clone()} timeout_ms={1_000} {debug} /> };
    let mut page = outer.mount(with(false));
    inner.settle().await;
    assert!(page.click("button") && page.click("button"));
    let ids: Vec<_> = inner.sent().into_iter().map(|request| request.id).collect();
    inner.take_said();
    page.show(with(true));
    inner.settle().await;
    assert_eq!(inner.workers(), 2);
    let handed_in: Vec<_> = inner
        .said()
        .into_iter()
        .filter_map(|message| match message {
            ToWorker::Send(requests) => Some(requests),
            _ => None,
        })
        .flatten()
        .map(|request| request.id)
        .collect();
    assert_eq!((handed_in, ids.len()), (ids.clone(), 2), "the same ids in the same order");
    inner.ack(&ids[0].as_str().into());
    inner.settle().await;
    let state = CLIENTS.with_borrow(|clients| clients.last()?.send_state(&ids[0].as_str().into()));
    assert!(state.is_some_and(|state| state.is_delivered()));
    CLIENTS.take();
}

fn tokens(connection: &FakeConnection) -> Vec<Option<String>> {
    let said = connection.take_said().into_iter();
    said.filter_map(|message| match message {
        ToWorker::Token(answer) => Some(answer.unwrap_or_else(|error| panic!("no answer: {error}"))),
        _ => None,
    })
    .collect()
}

#[wasm_bindgen_test]
async fn another_token_is_told_to_the_worker_that_runs() {
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let with = |token: &str| {
        let token = TokenSource::from(token);
        html! { <WebSocketProvider url="ws://c.invalid" {token} port={inner.port()} /> }
    };
    let mut page = outer.mount(with("a"));
    inner.settle().await;
    tokens(&inner);
    page.show(with("a"));
    inner.settle().await;
    assert_eq!(tokens(&inner), [], "nothing new");
    page.show(with("b"));
    inner.settle().await;
    assert_eq!(tokens(&inner), [Some("b".to_owned())]);
    assert_eq!(inner.workers(), 1, "a token is no option that needs another worker");
}

#[wasm_bindgen_test]
async fn options_count_without_the_props_of_their_names() {
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let options = Options { url: "ws://e.invalid".to_owned(), debug: true, ..Options::default() };
    let _page =
        outer.mount(html! { <WebSocketProvider {options} port={inner.port()}><Probe /></WebSocketProvider> });
    inner.settle().await;
    let said = inner.said();
    let Some(ToWorker::Init(init)) = said.iter().find(|message| matches!(message, ToWorker::Init(_))) else {
        panic!("no worker was started: {said:?}");
    };
    assert_eq!((&*init.engine.connection.url, init.engine.connection.debug), ("ws://e.invalid", true));
    CLIENTS.take();
}
