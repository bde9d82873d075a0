//! A page that has no state to show: what it says of the connection, of what is known, of what waits.

use crate::dom::{all, one, texts};
use sentinelops::components::activity::ActivityPanel;
use sentinelops::components::agents::AgentsPanel;
use sentinelops::components::alerts::AlertsPanel;
use sentinelops::components::chat::ChatPane;
use sentinelops::components::incidents::{IncidentBoard, IncidentDetail};
use sentinelops_realtime::engine::{DeliveryState, Durability, MessageCounts, MessageInfo, MessageUpdate};
use sentinelops_realtime::protocol::{Channel, Json, Priority, Subject};
use sentinelops_realtime::testing::FakeConnection;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

fn edit(id: &str, payload: &str) -> MessageInfo {
    let update =
        MessageUpdate { id: id.to_owned(), durability: Durability::Durable, delivery: DeliveryState::Queued };
    MessageInfo {
        update,
        kind: "incident.update".to_owned(),
        channel: Channel::Incidents,
        priority: Priority::Normal,
        created_at: 1,
        attempts: 0,
        coalesced: false,
        payload: Json::parse(payload).expect("JSON"),
    }
}

fn wait(connection: &FakeConnection, messages: Vec<MessageInfo>) {
    let queued = [0, 0, messages.len() as u32, 0];
    connection.outbox(messages, MessageCounts { queued, in_flight: 0, failed: 0 });
}

#[wasm_bindgen_test]
async fn a_board_without_a_connection_says_so_and_lays_the_pending_changes_open() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <IncidentBoard /> });
    connection.settle().await;
    assert_eq!(texts(".chip__count"), ["–"; 4], "nothing is known yet");
    connection.drop_connection();
    connection.change_status(|status| status.last_error = Some("closed with 1006".to_owned()));
    connection.settle().await;
    wait(
        &connection,
        vec![
            edit("a", r#"{"id":"inc-7","status":"resolved"}"#),
            edit("b", r#"{"id":"inc-9","assignedTo":"ann"}"#),
        ],
    );
    connection.settle().await;
    let board = texts("[data-testid=incidents-panel]").remove(0);
    assert!(board.contains("The connection is down"), "{board}");
    assert!(!board.contains("1006"), "no code: {board}");
    let changes = texts("[data-testid=pending-changes] [data-testid=outbox-item]");
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert!(
        changes[0].contains("Resolve inc-7") && changes[0].contains("Saved on this device"),
        "{changes:?}"
    );
    assert!(changes[1].contains("Assign inc-9 to ann"), "{changes:?}");

    connection.connect();
    connection.snapshot(Subject::channel(Channel::Incidents), []);
    connection.settle().await;
    assert!(all("[data-testid=pending-changes] [data-testid=outbox-item]").is_empty());
    assert_eq!(texts(".chip__count"), ["0"; 4]);
}

#[wasm_bindgen_test]
async fn an_incident_that_is_not_known_is_said_with_its_pending_changes() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <IncidentDetail id="inc-7" on_close={Callback::noop()} /> });
    connection.settle().await;
    assert!(all("[data-testid=loading]").len() == 1, "it may be on its way");
    connection.drop_connection();
    wait(
        &connection,
        vec![
            edit("a", r#"{"id":"inc-7","status":"resolved"}"#),
            edit("b", r#"{"id":"inc-9","status":"resolved"}"#),
        ],
    );
    connection.settle().await;
    let shown = one("[data-testid=incident-detail]").text_content().unwrap();
    assert!(shown.contains("The connection is down"), "{shown}");
    assert_eq!(texts("[data-testid=pending-changes] [data-testid=outbox-item]").len(), 1, "only its own");

    connection.connect();
    connection.snapshot(Subject::channel(Channel::Incidents), []);
    connection.settle().await;
    let shown = one("[data-testid=incident-detail]").text_content().unwrap();
    assert!(shown.contains("inc-7 is not on the board"), "{shown}");
}

#[wasm_bindgen_test]
async fn no_panel_waits_for_what_cannot_come() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! {
        <><AlertsPanel /><AgentsPanel /><ActivityPanel /><ChatPane conversation="c" /></>
    });
    connection.settle().await;
    assert_eq!(all("[data-testid=loading]").len(), 4, "the first dial is awaited");
    connection.drop_connection();
    connection.settle().await;
    assert!(all("[data-testid=loading]").is_empty());
    let shown = texts("[data-testid=empty]");
    assert_eq!(shown.len(), 4);
    assert!(shown.iter().all(|text| text.contains("when the connection is back")), "{shown:?}");
    connection.connect();
    connection.deny(Subject::channel(Channel::Alerts), "not your team");
    connection.settle().await;
    let shown = texts("[data-testid=alerts-panel] [data-testid=empty]").remove(0);
    assert!(shown.contains("not your team"), "{shown}");
}
