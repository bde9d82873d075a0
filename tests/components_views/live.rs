//! Panels on the hooks, with the testing kit's connection behind them.

use sentinelops::components::alerts::AlertsPanel;
use sentinelops::components::diagnostics::DiagnosticsPanel;
use sentinelops::components::incidents::ResolveForm;
use sentinelops::components::incidents::{IncidentBoard, IncidentDetail};
use sentinelops::components::shell::Banners;
use sentinelops_realtime::ConnectionStatus;
use sentinelops_realtime::bridge::{FromWorker, PortFailure};
use sentinelops_realtime::engine::{Cause, DeliveryState, Durability, FailReason, StoreError};
use sentinelops_realtime::protocol::domain::{AlertChange, IncidentStatus, Severity};
use sentinelops_realtime::protocol::system::Continuity;
use sentinelops_realtime::protocol::{Channel, Event, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, alert, incident};
use sentinelops_realtime::{WebSocketProvider, use_chat};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

fn incidents() -> Subject {
    Subject::channel(Channel::Incidents)
}

fn text(page: &Mounted, selector: &str) -> String {
    page.find(selector).and_then(|element| element.text_content()).unwrap_or_else(|| format!("no {selector}"))
}

#[wasm_bindgen_test]
async fn the_board_waits_shows_rows_and_says_when_there_are_none() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <IncidentBoard /> });
    connection.settle().await;
    assert!(page.find("[data-testid=loading]").is_some());

    connection.connect();
    let one: Event = incident("inc-1").title("Payments time out").status(IncidentStatus::New).into();
    let done: Event = incident("inc-2").title("Over").status(IncidentStatus::Resolved).into();
    connection.snapshot(incidents(), [one, done]);
    connection.settle().await;
    assert!(page.find("[data-testid=loading]").is_none());
    assert_eq!(text(&page, "[data-incident-id=inc-1] [data-testid=incident-title]"), "Payments time out");
    assert!(page.find("[data-incident-id=inc-2]").is_none(), "resolved ones are behind the filter");

    connection.snapshot(incidents(), []);
    connection.settle().await;
    assert!(text(&page, "[data-testid=empty]").contains("No incidents"));
}

#[wasm_bindgen_test]
async fn an_action_shows_its_way_and_a_failure_can_be_tried_again() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <IncidentDetail id="inc-1" on_close={Callback::noop()} /> });
    connection.settle().await;
    connection.connect();
    let one: Event =
        incident("inc-1").title("A").status(IncidentStatus::New).severity(Severity::Critical).into();
    connection.snapshot(incidents(), [one]);
    connection.settle().await;

    assert!(page.click("[data-testid=action-resolve]"));
    connection.settle().await;
    let state = ".sends [data-testid=message-state]";
    assert_eq!(text(&page, state), "Saving");
    assert_eq!(text(&page, "[data-testid=incident-status]"), "Resolved", "the own edit shows at once");

    let request = connection.sent().into_iter().find(|request| request.kind == "incident.update").unwrap();
    assert_eq!(request.priority, sentinelops_realtime::protocol::Priority::Critical);
    let id = request.id.as_str().into();
    connection.save(&id);
    connection.settle().await;
    assert_eq!(text(&page, state), "Saved on this device");

    connection.update(&id, Durability::Durable, DeliveryState::Failed(FailReason::NotConnected));
    connection.settle().await;
    assert!(text(&page, state).starts_with("Failed. "), "with the reason: {}", text(&page, state));
    assert!(page.find("[data-testid=message-retry]").is_some());
}

#[wasm_bindgen_test]
async fn an_alert_is_acknowledged_by_a_message() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <AlertsPanel /> });
    connection.settle().await;
    connection.connect();
    connection.snapshot(
        Subject::channel(Channel::Alerts),
        [
            alert("alr-1", AlertChange::Raised, Severity::High),
            alert("alr-2", AlertChange::Cleared, Severity::High),
        ],
    );
    connection.settle().await;
    assert!(page.find("[data-alert-id=alr-2]").is_none(), "cleared ones are gone");
    assert!(page.click("[data-alert-id=alr-1] [data-testid=alert-acknowledge]"));
    connection.settle().await;
    assert!(connection.sent().iter().any(|request| request.kind == "alert.acknowledge"));
    assert!(page.find("[data-testid=message-state]").is_some());
}

#[wasm_bindgen_test]
async fn a_missing_worker_is_said_with_what_to_do() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <><Banners /><ConnectionStatus compact=true /></> });
    connection.settle().await;
    connection.fail_worker(PortFailure::Missing("404".to_owned()));
    connection.settle().await;
    let banner = text(&page, "[data-banner=worker]");
    assert!(banner.contains("404") && banner.contains("worker_url"), "{banner}");
    assert_eq!(text(&page, "[data-testid=connection-state]"), "Error");
}

#[wasm_bindgen_test]
async fn a_button_does_what_helps_or_is_not_there() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <ConnectionStatus show_details=true /> });
    connection.settle().await;
    connection.fail_worker(PortFailure::Blocked("worker-src".to_owned()));
    connection.settle().await;
    assert!(page.click("[data-testid=try-now]"));
    connection.settle().await;
    assert_eq!(connection.workers(), 2, "what blocked it may have been put right");
    connection.connect();
    connection.settle().await;
    assert_eq!(text(&page, "[data-testid=connection-state]"), "Connected");
    connection.fail_worker(PortFailure::OtherBuild("x".to_owned()));
    connection.settle().await;
    assert!(page.find("[data-testid=try-now]").is_none() && page.find("[data-testid=reload]").is_some());

    // Nothing but another configuration helps.
    let off =
        html! { <WebSocketProvider enabled=false><ConnectionStatus show_details=true /></WebSocketProvider> };
    let page = connection.mount(off);
    connection.settle().await;
    assert!(page.find("[data-testid=connection-status]").is_some() && page.find("button").is_none());
}

#[wasm_bindgen_test]
async fn the_end_of_a_session_is_said_and_another_one_can_begin() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <><Banners /><ConnectionStatus show_details=true /></> });
    connection.connect();
    connection.settle().await;
    connection.emit(FromWorker::SignedOut { left: false });
    connection.settle().await;
    connection.advance(3_000);
    connection.settle().await;
    assert!(text(&page, "[data-banner=auth]").starts_with("Signed out."));
    assert!(text(&page, "[data-testid=connection-cause]").contains("signed out"));
    assert_eq!(text(&page, "[data-testid=try-now]"), "Connect");
    assert!(page.click("[data-testid=try-now]"));
    connection.settle().await;
    assert_eq!(connection.workers(), 2);
}

#[wasm_bindgen_test]
async fn times_pass_with_the_time_of_the_connection() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <ConnectionStatus show_details=true /> });
    connection.settle().await;
    connection.drop_connection();
    let next = connection.now() + 9_500;
    connection.change_status(|status| status.next_dial_at = Some(next));
    connection.settle().await;
    assert!(text(&page, ".so-status__until").contains("in 10 s"));
    connection.advance(5_000);
    connection.settle().await;
    assert!(text(&page, ".so-status__until").contains("in 5 s"));
}

#[wasm_bindgen_test]
async fn a_lost_connection_is_a_banner_after_a_moment_of_grace() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <><Banners /><ConnectionStatus compact=true /></> });
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    assert_eq!(text(&page, "[data-testid=connection-state]"), "Connected");
    connection.drop_connection();
    connection.change_status(|status| status.queued = [1, 0, 1, 0]);
    connection.settle().await;
    assert_eq!(text(&page, "[data-testid=connection-state]"), "Reconnecting");
    assert!(page.find("[data-testid=banner]").is_none(), "not yet: it may be back at once");
    connection.advance(3_000);
    connection.settle().await;
    assert!(text(&page, "[data-testid=banner-queue]").starts_with("2 waiting to be sent"));
}

#[component]
fn Chat() -> Html {
    let chat = use_chat("c1");
    html! { <p>{ chat.feed.items.len() }</p> }
}

#[wasm_bindgen_test]
async fn a_gap_in_whatever_the_page_follows_is_a_banner_until_dismissed() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <><Banners /><Chat /></> });
    connection.connect();
    connection.settle().await;
    let chat = Subject::topic(Channel::Chat, "c1");
    assert_eq!(
        connection.subscriptions(),
        std::slice::from_ref(&chat),
        "the banners subscribe to nothing themselves"
    );
    connection.snapshot_after(chat.clone(), Continuity::Snapshot, []);
    connection.settle().await;
    assert!(page.find("[data-banner=gap]").is_none(), "a first state is no gap");
    connection.drop_connection();
    connection.settle().await;
    connection.connect();
    connection.snapshot_after(chat, Continuity::Gap, []);
    connection.settle().await;
    assert!(text(&page, "[data-banner=gap]").contains("Some events were missed"));
    assert!(page.click("[data-banner=gap] button"));
    connection.settle().await;
    assert!(page.find("[data-banner=gap]").is_none());
}

#[wasm_bindgen_test]
async fn what_waits_in_memory_only_is_said() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Banners /> });
    connection.connect();
    connection.store_failure(StoreError::Quota);
    connection.settle().await;
    assert!(page.find("[data-banner=storage]").is_none(), "nothing waits, nothing to lose");
    connection.change_status(|status| status.queued = [0, 0, 2, 0]);
    connection.settle().await;
    let banner = text(&page, "[data-banner=storage]");
    assert!(
        banner.contains("its storage is full") && banner.contains("lost if this page is closed"),
        "{banner}"
    );

    connection.change_status(|status| status.cause = Cause::Outdated);
    connection.settle().await;
    assert!(text(&page, "[data-banner=update]").contains("Reload this page"));
}

#[wasm_bindgen_test]
async fn a_message_s_way_is_on_the_panel_step_by_step() {
    let connection = FakeConnection::new();
    let page = connection
        .mount(html! { <><ResolveForm chosen={Some(AttrValue::from("inc-1"))} /><DiagnosticsPanel /></> });
    connection.connect();
    connection.settle().await;
    assert!(page.click("[data-testid=resolve-form] button"));
    connection.settle().await;
    let id = connection.last_id().expect("it was sent");
    let steps = [
        (FakeConnection::save as fn(&FakeConnection, &_), 2),
        (FakeConnection::transmit, 3),
        (FakeConnection::ack, 4),
    ];
    for (step, column) in steps {
        let cell = format!("[data-testid=diagnostics-trace] td:nth-child({})", column + 1);
        assert_eq!(text(&page, &cell), "–");
        connection.advance(10);
        step(&connection, &id);
        connection.settle().await;
        assert!(text(&page, &cell).starts_with('+'), "{}", text(&page, &cell));
    }
    assert!(text(&page, "[data-testid=diagnostics-trace] td:nth-child(6)").starts_with('+'), "rendered");
}

#[wasm_bindgen_test]
async fn a_newer_version_is_said_as_what_it_is() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Banners /> });
    connection.settle().await;
    connection.connect();
    // It wrote here once: everything works, unsaved.
    connection.store_failure(StoreError::NewerSchema);
    connection.settle().await;
    let shown = text(&page, "[data-banner=newer]");
    assert!(shown.contains("a newer version of this app wrote here") && shown.contains("Reload"), "{shown}");
    assert!(page.find("[data-banner=update]").is_none());
    // It runs: this page sends nothing any more.
    connection.change_status(|status| status.cause = Cause::Outdated);
    connection.settle().await;
    assert!(text(&page, "[data-banner=update]").contains("nothing is sent from here"));
    assert!(page.find("[data-banner=newer]").is_none());
}

#[wasm_bindgen_test]
async fn records_that_cannot_be_read_are_said_on_every_page() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Banners /> });
    connection.settle().await;
    connection.connect();
    connection.change_status(|status| status.unreadable = 1);
    connection.settle().await;
    assert!(text(&page, "[data-banner=unreadable]").contains("1 saved record could not be read"));
    assert!(page.find("[data-testid=unreadable-export]").is_some());
}
