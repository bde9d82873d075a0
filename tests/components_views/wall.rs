//! The display on a wall: days without growth, and what it says of its data.

use crate::dom::{all, attribute, one, texts};
use sentinelops::pages::WallPage;
use sentinelops_realtime::protocol::domain::{IncidentStatus, Severity};
use sentinelops_realtime::protocol::{Channel, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, incident};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

async fn wall(connection: &FakeConnection) -> Mounted {
    let page = connection.mount(html! { <WallPage base="/" /> });
    connection.connect();
    connection.settle().await;
    page
}

fn headline() -> String {
    texts("[data-testid=wall-headline]").concat()
}

/// Pages of 64 KiB that the program has asked for.
fn memory() -> usize {
    core::arch::wasm32::memory_size(0)
}

/// This much time passes on a busy board: each minute an incident comes or goes, and a ping is answered.
async fn pass(connection: &FakeConnection, ms: u64) {
    for minute in 0..ms / MINUTE {
        let (id, of) = (format!("inc-{}", minute % 40), minute / 40 % 2);
        let status = if of == 0 { IncidentStatus::New } else { IncidentStatus::Resolved };
        connection
            .deliver(incident(&id).severity(Severity::High).status(status).title(&format!("At {minute}")));
        connection.change_status(|status| status.latency_ms = Some(20.0 + minute as f64 / 1e3));
        connection.advance(MINUTE);
        if minute % 5 == 0 {
            connection.settle().await;
            // What the fake remembers is not the wall's.
            connection.take_commands();
        }
    }
    connection.settle().await;
}

#[wasm_bindgen_test]
async fn a_day_and_a_half_leaves_no_more_behind_than_half_a_day() {
    let connection = FakeConnection::new();
    let _page = wall(&connection).await;
    connection.snapshot(Subject::channel(Channel::Incidents), []);
    // By then the flight recorder is full.
    pass(&connection, 12 * HOUR).await;
    let (nodes, pages) = (all("*").len(), memory());
    pass(&connection, 24 * HOUR).await;
    assert_eq!(headline(), "Live");
    // After so many the board is as it was.
    pass(&connection, 12 * HOUR).await;
    let more = memory() - pages;
    assert_eq!(all("*").len(), nodes);
    assert!(more <= 2, "{more} pages of 64 KiB more");
}

#[wasm_bindgen_test]
async fn a_socket_that_is_open_and_silent_is_not_believed() {
    let connection = FakeConnection::new();
    let _page = wall(&connection).await;
    assert_eq!((headline().as_str(), texts(".wall__count")), ("Waiting for data", vec!["–".to_owned(); 4]));
    connection.snapshot(Subject::channel(Channel::Incidents), [incident("inc-1").into()]);
    connection.settle().await;
    assert_eq!(headline(), "Live");
    connection.advance(75_000);
    connection.settle().await;
    assert_eq!(headline(), "Live");
    connection.advance(2_000);
    connection.settle().await;
    assert!(headline().starts_with("No data since "), "{}", headline());
    assert_eq!(attribute("[data-testid=wall-age]", "data-age").as_deref(), Some("lost"));
    assert!(one("[data-testid=wall-row]").text_content().unwrap().contains("inc-1"), "what was true last");
    connection.deliver(incident("inc-2"));
    connection.settle().await;
    assert_eq!(headline(), "Live");
}

#[wasm_bindgen_test]
async fn without_the_right_to_read_there_is_no_data_and_the_reason() {
    let connection = FakeConnection::new();
    let _page = wall(&connection).await;
    connection.deny(Subject::channel(Channel::Incidents), "not for screens");
    connection.settle().await;
    assert!(texts("[data-testid=wall-cause]").concat().contains("not for screens"));
    assert_ne!(headline(), "Live");
}
