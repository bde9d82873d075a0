//! What people see of what they send.

use sentinelops_realtime::bridge::PortFailure;
use sentinelops_realtime::engine::{DeliveryState, Durability, StoreError};
use sentinelops_realtime::protocol::domain::{IncidentChange, IncidentStatus};
use sentinelops_realtime::protocol::{Channel, Code, Subject};
use sentinelops_realtime::testing::{FakeConnection, incident};
use sentinelops_realtime::{
    MessageId, WorkerHealth, use_connection, use_incidents, use_outbox, use_send_state,
};
use wasm_bindgen_test::*;
use yew::prelude::*;

#[component]
fn Form() -> Html {
    let feed = use_incidents();
    let sent = use_state(|| None::<MessageId>);
    let state = use_send_state((*sent).clone());
    let onclick = {
        let (feed, set) = (feed.clone(), sent.setter());
        move |_| set.set(Some(feed.resolve("i1").id()))
    };
    let row = feed.get("i1");
    html! {
        <>
            <button {onclick}>{ "resolve" }</button>
            <i>{ row.and_then(|row| row.status.clone()).map(|status| status.to_string()).unwrap_or_default() }</i>
            <b>{ state.map(|state| state.label()).unwrap_or_default() }</b>
            <u>{ if row.is_some_and(|row| row.edit.is_some()) { "pending" } else { "" } }</u>
        </>
    }
}

async fn start() -> (FakeConnection, sentinelops_realtime::testing::Mounted) {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Form /> });
    connection.settle().await;
    connection.connect();
    connection
        .snapshot(Subject::channel(Channel::Incidents), [incident("i1").status(IncidentStatus::New).into()]);
    connection.settle().await;
    (connection, page)
}

fn shown(page: &sentinelops_realtime::testing::Mounted) -> (String, String, String) {
    let text = |selector| page.find(selector).and_then(|e| e.text_content()).unwrap_or_default();
    (text("i"), text("b"), text("u"))
}

fn shows(page: &sentinelops_realtime::testing::Mounted, status: &str, state: &str, pending: &str) {
    assert_eq!(shown(page), (status.to_owned(), state.to_owned(), pending.to_owned()));
}

#[wasm_bindgen_test]
async fn an_edit_shows_at_once_goes_its_way_and_is_replaced_by_its_cause() {
    let (connection, page) = start().await;
    shows(&page, "new", "", "");
    page.click("button");
    connection.settle().await;
    shows(&page, "resolved", "saving", "pending");
    let id = connection.last_id().unwrap();
    connection.save(&id);
    connection.settle().await;
    shows(&page, "resolved", "saved", "pending");
    connection.transmit(&id);
    connection.settle().await;
    shows(&page, "resolved", "sent", "pending");
    connection.drop_connection();
    connection.update(&id, Durability::Durable, DeliveryState::Unconfirmed);
    connection.settle().await;
    shows(&page, "resolved", "unconfirmed", "pending");
    connection.connect();
    connection.ack(&id);
    connection.settle().await;
    shows(&page, "resolved", "delivered", "pending");
    connection
        .deliver(incident("i1").change(IncidentChange::Resolved).status(IncidentStatus::Resolved).cause(&id));
    connection.settle().await;
    shows(&page, "resolved", "delivered", "");
}

#[wasm_bindgen_test]
async fn a_refused_edit_is_taken_back() {
    let (connection, page) = start().await;
    page.click("button");
    connection.settle().await;
    connection.nack(&connection.last_id().unwrap(), Code::Conflict, "somebody was faster");
    connection.settle().await;
    shows(&page, "new", "failed", "pending");
    connection.advance(10_000);
    connection.settle().await;
    shows(&page, "new", "failed", "");
}

#[wasm_bindgen_test]
async fn a_crashed_worker_loses_nothing_that_was_sent() {
    let (connection, page) = start().await;
    page.click("button");
    let id = connection.last_id().unwrap();
    connection.fail_worker(PortFailure::Crashed("trap".to_owned()));
    connection.settle().await;
    connection.advance(1_000);
    connection.settle().await;
    assert_eq!(connection.workers(), 2);
    let handed_in = connection
        .commands()
        .iter()
        .filter(
            |message| matches!(message, sentinelops_realtime::bridge::ToWorker::Send(all) if all[0].id == id.as_str()),
        )
        .count();
    assert_eq!(handed_in, 2);
    connection.ack(&id);
    connection.settle().await;
    // Nothing shown is lost either: the state stays until the new worker brings its own.
    shows(&page, "resolved", "delivered", "pending");
    connection.snapshot(
        Subject::channel(Channel::Incidents),
        [incident("i1").status(IncidentStatus::Resolved).into()],
    );
    connection.settle().await;
    shows(&page, "resolved", "delivered", "");
}

#[component]
fn Line() -> Html {
    let connection = use_connection();
    let outbox = use_outbox();
    let trouble = match &connection.worker {
        WorkerHealth::Failing(error) => error.to_string(),
        health => format!("{health:?}"),
    };
    html! { <p>{ format!("{:?} / {trouble} / {:?}", connection.status.state, outbox.storage) }</p> }
}

#[wasm_bindgen_test]
async fn worker_and_store_failures_are_said() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Line /> });
    connection.settle().await;
    assert_eq!(page.text(), "Disconnected / Running / Opening");
    connection.connect();
    connection.store_failure(StoreError::Quota);
    connection.settle().await;
    assert_eq!(page.text(), "Connected / Running / MemoryOnly(Quota)");
    connection.fail_worker(PortFailure::Missing("404".to_owned()));
    connection.settle().await;
    assert!(page.text().contains("could not be loaded (404). Check that"), "{}", page.text());
    connection.advance(600);
    connection.settle().await;
    assert!(page.text().contains("Running"), "{}", page.text());
    connection.fail_worker(PortFailure::Blocked("worker-src".to_owned()));
    connection.advance(60_000);
    connection.settle().await;
    assert!(page.text().starts_with("Error / the browser refused"), "{}", page.text());
    assert_eq!(connection.workers(), 2, "starting it again would not help");
}
