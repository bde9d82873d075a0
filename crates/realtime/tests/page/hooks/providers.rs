//! One worker a page for each URL and user; options are read once; bad ones are reported on the page.

use sentinelops_realtime::bridge::ToWorker;
use sentinelops_realtime::engine::Options;
use sentinelops_realtime::protocol::Channel;
use sentinelops_realtime::testing::{FakeConnection, incident};
use sentinelops_realtime::{
    Client, ClientError, ClientOptions, SubscribeOptions, TokenSource, WebSocketProvider, use_client,
    use_connection,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
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
fn OtherOptions(props: &Props) -> Html {
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

    CLIENTS.take();
    page.show(html! { <><Same connection={connection.clone()} /><OtherOptions connection={connection.clone()} /></> });
    inner.settle().await;
    assert_eq!(page.text(), "falsefalse");
    let shown = CLIENTS.take();
    assert!(!shown.is_empty() && shown.iter().all(|client| *client == clients[0]));
    assert_eq!(inner.workers(), 2);

    page.show(html! { <BadUrl connection={connection.clone()} /> });
    inner.settle().await;
    let seen = page.text();
    assert!(seen.contains("\"ws://a.invalid:99999/x\": the port is \"99999\""), "{seen}");
    assert!(!seen.contains("s3cret"), "{seen}");
    assert!(seen.ends_with("true"), "the hooks below show it too: {seen}");
    assert_eq!(inner.workers(), 2);
    CLIENTS.take();
}

#[derive(PartialEq, Properties)]
struct With {
    connection: FakeConnection,
    timeout_ms: u64,
    enabled: bool,
}

#[component]
fn Configured(props: &With) -> Html {
    let options = Options { timeout_ms: props.timeout_ms, ..Options::default() };
    html! {
        <WebSocketProvider url="ws://b.invalid" {options} enabled={props.enabled} port={props.connection.port()}>
            <Probe />
        </WebSocketProvider>
    }
}

#[wasm_bindgen_test]
async fn other_options_while_mounted_are_ignored() {
    CLIENTS.take();
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let with = |timeout_ms| html! { <Configured connection={inner.clone()} {timeout_ms} enabled=true /> };
    let mut page = outer.mount(with(1_000));
    inner.settle().await;
    page.show(with(2_000));
    inner.settle().await;
    assert_eq!((page.text(), inner.workers()), ("false".to_owned(), 1));
    assert!(CLIENTS.with_borrow(|clients| clients.iter().all(|client| *client == clients[0])));
    CLIENTS.take();
}

#[wasm_bindgen_test]
async fn provider_can_be_switched_on_later() {
    CLIENTS.take();
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let with = |enabled| html! { <Configured connection={inner.clone()} timeout_ms={1_000} {enabled} /> };
    let mut page = outer.mount(with(false));
    inner.settle().await;
    assert_eq!(inner.workers(), 0);
    assert!(page.text().ends_with("true"), "{}", page.text());
    page.show(with(true));
    inner.settle().await;
    assert_eq!((page.text(), inner.workers()), ("false".to_owned(), 1));
    CLIENTS.take();
}

#[wasm_bindgen_test]
async fn client_made_outside_is_that_of_its_providers() {
    CLIENTS.take();
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let client =
        Client::new(ClientOptions { port: Some(inner.port()), ..ClientOptions::new("ws://d.invalid") });
    let seen = Rc::new(Cell::new(0));
    let subscription = client.subscribe(SubscribeOptions::channel(Channel::Incidents).on_message({
        let seen = seen.clone();
        move |_| seen.set(seen.get() + 1)
    }));
    let mut page =
        outer.mount(html! { <WebSocketProvider client={client.clone()}><Probe /></WebSocketProvider> });
    inner.connect();
    inner.deliver(incident("inc-1"));
    inner.settle().await;
    assert!(CLIENTS.with_borrow(|clients| clients.iter().all(|given| *given == client)));
    assert_eq!((seen.get(), inner.workers()), (1, 1));
    page.show(Html::default());
    inner.settle().await;
    assert_eq!(inner.subscriptions().len(), 1, "it needs no component");
    drop(subscription);
    client.close();
    inner.settle().await;
    CLIENTS.take();
}

fn tokens(connection: &FakeConnection) -> Vec<Option<String>> {
    let seen = connection.take_commands().into_iter();
    seen.filter_map(|message| match message {
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
    let seen = inner.commands();
    let Some(ToWorker::Init(init)) = seen.iter().find(|message| matches!(message, ToWorker::Init(_))) else {
        panic!("no worker was started: {seen:?}");
    };
    assert_eq!((&*init.engine.connection.url, init.engine.connection.debug), ("ws://e.invalid", true));
    CLIENTS.take();
}
