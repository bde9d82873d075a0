//! Each hook and each provider option does what its name says.

use sentinelops_realtime::bridge::ToWorker;
use sentinelops_realtime::engine::{
    DeliveryState, Durability, MessageCounts, MessageInfo, MessageUpdate, Metrics, OutboxOptions, StoreError,
    TokenReason,
};
use sentinelops_realtime::protocol::domain::{AlertChange, Presence, Severity};
use sentinelops_realtime::protocol::{Channel, Json, Priority, Problem, ProblemKind};
use sentinelops_realtime::testing::{FakeConnection, activity, agent, alert, chat_message};
use sentinelops_realtime::{
    SubscribeOptions, TokenSource, WebSocketProvider, use_activity_feed, use_agent_status, use_alert_updates,
    use_chat_messages, use_client, use_connection, use_diagnostics, use_metrics, use_outbox, use_websocket,
};
use std::cell::RefCell;
use wasm_bindgen_test::*;
use yew::prelude::*;

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn tell(line: impl Into<String>) {
    SEEN.with_borrow_mut(|seen| seen.push(line.into()));
}

#[component]
fn Feeds() -> Html {
    let alerts = use_alert_updates(|alert| tell(format!("alert {}", alert.id)));
    let agents = use_agent_status(|agent| tell(format!("agent {}", agent.agent_id)));
    let activity = use_activity_feed(|item| tell(format!("activity {}", item.id)));
    let chat = use_chat_messages("c1", |message| tell(format!("chat {}", message.content)));
    let lengths = [alerts.items.len(), agents.items.len(), activity.items.len(), chat.feed.items.len()];
    html! { <p>{ format!("{lengths:?}") }</p> }
}

#[wasm_bindgen_test]
async fn each_feed_shows_its_state_and_tells_each_event_once() {
    SEEN.take();
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Feeds /> });
    connection.connect();
    connection.settle().await;
    connection.deliver_all([
        alert("x", AlertChange::Raised, Severity::High),
        agent("ann", Presence::Online),
        activity("y", "ann", "looked"),
        chat_message("c1", "1", "ann", "hi"),
        chat_message("c2", "2", "ann", "elsewhere"),
    ]);
    connection.settle().await;
    assert_eq!(page.text(), "[1, 1, 1, 1]");
    let mut seen = SEEN.take();
    seen.sort();
    assert_eq!(seen, ["activity y", "agent ann", "alert x", "chat hi"]);
    connection.settle().await;
    assert_eq!(SEEN.take(), [] as [String; 0]);
}

#[component]
fn Insides() -> Html {
    let metrics = use_metrics();
    let outbox = use_outbox();
    let connection = use_connection();
    let messages: Vec<_> = outbox.messages.iter().map(|message| &*message.update.id).collect();
    html! {
        <p>
            { format!(
                "{} {messages:?} {} {:?} {:?}",
                metrics.map_or(0, |metrics| metrics.dials),
                outbox.counts.failed,
                connection.latencies,
                connection.status.storage,
            ) }
        </p>
    }
}

#[wasm_bindgen_test]
async fn counters_outbox_and_connection_are_shown_while_somebody_looks() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Insides /> });
    connection.connect();
    connection.settle().await;
    assert!(connection.commands().contains(&ToWorker::WatchMetrics(true)));
    assert!(connection.commands().contains(&ToWorker::WatchOutbox(true)));
    connection.metrics(Metrics { dials: 3, ..Metrics::default() });
    let update = MessageUpdate {
        id: "m1".to_owned(),
        durability: Durability::Durable,
        delivery: DeliveryState::Queued,
    };
    let message = MessageInfo {
        update,
        kind: "chat.message".to_owned(),
        channel: Channel::Chat,
        priority: Priority::Normal,
        created_at: 1,
        attempts: 0,
        coalesced: false,
        payload: Json::null(),
    };
    connection.outbox(vec![message], MessageCounts { queued: [0, 0, 1, 0], in_flight: 0, failed: 2 });
    connection.store_failure(StoreError::Quota);
    connection.settle().await;
    assert_eq!(page.text(), "3 [\"m1\"] 2 [20.0] MemoryOnly(Quota)");
    connection.take_commands();
    page.show(Html::default());
    connection.settle().await;
    let seen = connection.commands();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen.contains(&ToWorker::WatchMetrics(false)) && seen.contains(&ToWorker::WatchOutbox(false)));
}

#[derive(PartialEq, Properties)]
struct OptionsProps {
    connection: FakeConnection,
    enabled: bool,
}

#[component]
fn Connect() -> Html {
    let client = use_client();
    let error = use_connection().error;
    let onclick = move |_| client.connect();
    html! { <button {onclick}>{ error.map(|error| error.to_string()).unwrap_or_default() }</button> }
}

#[component]
fn Options(props: &OptionsProps) -> Html {
    let outbox = OutboxOptions { persist: false, ..OutboxOptions::default() };
    html! {
        <WebSocketProvider url="ws://options.invalid" auto_connect=false debug=true user="ann" {outbox}
            token={TokenSource::from("s3cret")} enabled={props.enabled} port={props.connection.port()}>
            <Connect />
        </WebSocketProvider>
    }
}

#[wasm_bindgen_test]
async fn the_provider_s_options_reach_the_worker_and_nothing_connects_unasked() {
    let outer = FakeConnection::new();
    let connection = FakeConnection::new();
    let page = outer.mount(html! { <Options connection={connection.clone()} enabled=true /> });
    connection.settle().await;
    let seen = connection.take_commands();
    let ToWorker::Init(init) = &seen[0] else { panic!("{seen:?}") };
    assert!(!init.auto_connect && init.engine.connection.debug);
    assert!(init.scope.ends_with("|ann") && init.engine.has_token_provider && !init.engine.outbox.persist);
    assert_eq!(init.engine.connection.url, "ws://options.invalid");
    assert!(!seen.contains(&ToWorker::Connect));
    assert!(page.click("button"));
    assert_eq!(connection.take_commands(), [ToWorker::Connect]);
    connection.request_token(TokenReason::Dial);
    connection.settle().await;
    assert!(connection.commands().contains(&ToWorker::Token(Ok(Some("s3cret".to_owned())))));
}

#[wasm_bindgen_test]
async fn switched_off_starts_no_worker_and_says_so() {
    let outer = FakeConnection::new();
    let connection = FakeConnection::new();
    let page = outer.mount(html! { <Options connection={connection.clone()} enabled=false /> });
    outer.settle().await;
    assert_eq!(connection.workers(), 0);
    assert!(page.text().contains("switched off (`enabled` is false)"), "{}", page.text());
}

#[component]
fn Errors() -> Html {
    use_websocket(SubscribeOptions::default().on_error(|error| tell(error.to_string())));
    let recorder = use_diagnostics();
    html! { <p>{ recorder.records.last().map(|record| record.text.clone()).unwrap_or_default() }</p> }
}

#[wasm_bindgen_test]
async fn a_payload_that_does_not_fit_is_said_with_path_expected_and_found() {
    SEEN.take();
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Errors /> });
    connection.connect();
    connection.settle().await;
    connection.problem(Problem {
        kind: ProblemKind::PayloadMismatch,
        id: None,
        channel: None,
        message_type: "agent.status".to_owned(),
        path: "payload.agentId".to_owned(),
        expected: "a text".to_owned(),
        found: "7".to_owned(),
    });
    connection.settle().await;
    let seen = SEEN.take();
    assert!(
        seen.len() == 1 && ["payload.agentId", "a text", "7"].iter().all(|part| seen[0].contains(part)),
        "{seen:?}"
    );
    assert!(page.text().contains("payload.agentId"), "and it stands in the flight recorder: {}", page.text());
}
