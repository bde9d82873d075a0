//! From the configuration to the worker.

use sentinelops::config::{AppConfig, BuildEnv};
use sentinelops_realtime::WebSocketProvider;
use sentinelops_realtime::bridge::ToWorker;
use sentinelops_realtime::engine::TokenReason;
use sentinelops_realtime::testing::FakeConnection;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

#[wasm_bindgen_test]
async fn what_was_configured_reaches_the_worker() {
    let outer = FakeConnection::new();
    let inner = FakeConnection::new();
    let json = r#"{
        "url": "ws://d.invalid", "enableOfflineMode": false, "enableMessageQueue": false, "autoConnect": false,
        "user": "ann", "token": "configured", "options": {"timeout": 7000}
    }"#;
    let (config, errors) = AppConfig::parse(Some(json), &BuildEnv::default());
    assert_eq!(errors, []);
    let props = config.provider_props();
    let page = outer.mount(
        html! { <WebSocketProvider token="own" port={inner.port()} ..props><p>{ "below" }</p></WebSocketProvider> },
    );
    inner.settle().await;
    let shown = inner.commands();
    let Some(ToWorker::Init(init)) = shown.iter().find(|message| matches!(message, ToWorker::Init(_))) else {
        panic!("no worker was started: {shown:?}");
    };
    let engine = &init.engine;
    assert_eq!((&*engine.connection.url, engine.connection.timeout_ms), ("ws://d.invalid", 7_000));
    assert!(!engine.outbox.persist && !engine.outbox.enabled && !init.auto_connect);
    assert_eq!(engine.user.as_deref(), Some("ann"));
    assert_eq!(page.text(), "below", "the children are there, too");
    inner.request_token(TokenReason::Dial);
    inner.settle().await;
    let shown = inner.take_commands();
    let own = |message: &ToWorker| matches!(message, ToWorker::Token(Ok(Some(token))) if token == "own");
    assert!(shown.iter().any(own), "a prop beside them wins: {shown:?}");
}
