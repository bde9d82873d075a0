//! Acknowledging.

use sentinelops::components::alerts::AlertsPanel;
use sentinelops_realtime::protocol::domain::{AlertChange, Severity};
use sentinelops_realtime::testing::{FakeConnection, Mounted, alert};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const ACKNOWLEDGE: &str = "[data-testid=alert-acknowledge]";

async fn raised() -> (FakeConnection, Mounted) {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <AlertsPanel /> });
    connection.settle().await;
    connection.connect();
    deliver(&connection, AlertChange::Raised, Severity::High).await;
    (connection, page)
}

async fn deliver(connection: &FakeConnection, change: AlertChange, severity: Severity) {
    connection.deliver(alert("a1", change, severity));
    connection.settle().await;
}

/// Presses the button; the server takes the message.
async fn acknowledge(connection: &FakeConnection, page: &Mounted) {
    assert!(page.click(ACKNOWLEDGE));
    connection.settle().await;
    assert!(page.find(ACKNOWLEDGE).is_none(), "once");
    connection.ack(&connection.last_id().unwrap());
    connection.settle().await;
}

#[wasm_bindgen_test]
async fn an_alert_that_is_raised_again_can_be_acknowledged_again() {
    let (connection, page) = raised().await;
    acknowledge(&connection, &page).await;
    deliver(&connection, AlertChange::Acknowledged, Severity::High).await;
    assert!(page.find(ACKNOWLEDGE).is_none());
    deliver(&connection, AlertChange::Raised, Severity::High).await;
    acknowledge(&connection, &page).await;
    assert_eq!(connection.sent().len(), 2);
}

#[wasm_bindgen_test]
async fn acknowledged_and_raised_again_within_one_frame_it_can_be_acknowledged_again() {
    let (connection, page) = raised().await;
    acknowledge(&connection, &page).await;
    connection.deliver(alert("a1", AlertChange::Acknowledged, Severity::High));
    deliver(&connection, AlertChange::Raised, Severity::Critical).await;
    acknowledge(&connection, &page).await;
}
