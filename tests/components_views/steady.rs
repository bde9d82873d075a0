//! Nothing moves under a hand.

use crate::dom::{all, one, point, texts};
use sentinelops::components::incidents::IncidentBoard;
use sentinelops_realtime::protocol::domain::{IncidentStatus, Severity};
use sentinelops_realtime::protocol::{Channel, Event, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, incident};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const LIST: &str = "[data-testid=incident-list]";
const PILL: &str = "[data-testid=incidents-new]";

async fn board() -> (FakeConnection, Mounted) {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <IncidentBoard /> });
    connection.connect();
    connection.settle().await;
    let rows = ["b", "c", "d"].map(|id| -> Event { incident(id).title(id).severity(Severity::High).into() });
    connection.snapshot(Subject::channel(Channel::Incidents), rows);
    connection.settle().await;
    (connection, page)
}

async fn raise(connection: &FakeConnection, id: &str, severity: Severity) {
    connection.deliver(incident(id).title(id).status(IncidentStatus::New).severity(severity));
    connection.settle().await;
}

fn order() -> Vec<String> {
    all("[data-testid=incident-row]").iter().filter_map(|row| row.get_attribute("data-incident-id")).collect()
}

#[wasm_bindgen_test]
async fn rows_stay_under_a_pointer_that_just_moved() {
    let (connection, _page) = board().await;
    assert_eq!(order(), ["b", "c", "d"]);
    point(&one(LIST), "pointermove");
    connection.settle().await;
    raise(&connection, "z", Severity::Critical).await;
    assert_eq!(order(), ["b", "c", "d"]);
    assert_eq!(texts(PILL), ["1 new critical"]);
    raise(&connection, "y", Severity::Low).await;
    assert_eq!(texts(PILL), ["2 new, 1 critical"]);

    // What is shown stays true meanwhile, also of what no filter would show any more.
    connection.deliver(incident("c").title("has changed"));
    connection.deliver(incident("d").status(IncidentStatus::Resolved));
    connection.settle().await;
    assert_eq!(order(), ["b", "c", "d"]);
    assert_eq!(texts("[data-testid=incident-title]"), ["b", "has changed", "d"]);
    assert_eq!(texts("[data-testid=incident-status]")[2], "Resolved");

    connection.advance(1_000);
    point(&one(LIST), "pointermove");
    connection.advance(1_000);
    connection.settle().await;
    assert_eq!(order(), ["b", "c", "d"], "it moved a second ago");
    connection.advance(600);
    connection.settle().await;
    assert_eq!(order(), ["z", "b", "c", "y"]);
    assert!(all(PILL).is_empty());
}

#[wasm_bindgen_test]
async fn a_pointer_that_leaves_and_a_press_on_the_pill_let_the_rows_go() {
    let (connection, page) = board().await;
    point(&one(LIST), "pointermove");
    connection.settle().await;
    raise(&connection, "z", Severity::Critical).await;
    assert!(page.click(PILL));
    // A press moves the pointer, too.
    point(&one(LIST), "pointermove");
    connection.settle().await;
    assert_eq!(order(), ["z", "b", "c", "d"]);
    raise(&connection, "y", Severity::Critical).await;
    assert_eq!(order(), ["z", "b", "c", "d"]);
    point(&one("[data-testid=incidents-steady]"), "pointerleave");
    connection.settle().await;
    assert_eq!(order(), ["y", "z", "b", "c", "d"]);
}

#[wasm_bindgen_test]
async fn rows_stay_while_one_of_them_has_the_focus() {
    let (connection, _page) = board().await;
    one("[data-incident-id=c] > button").focus().unwrap();
    connection.settle().await;
    raise(&connection, "z", Severity::Critical).await;
    connection.advance(60_000);
    connection.settle().await;
    assert_eq!(order(), ["b", "c", "d"]);
    one("[data-incident-id=c] > button").blur().unwrap();
    connection.settle().await;
    assert_eq!(order(), ["z", "b", "c", "d"]);
}

#[wasm_bindgen_test]
async fn another_filter_is_shown_at_once() {
    let (connection, page) = board().await;
    raise(&connection, "a", Severity::Low).await;
    point(&one(LIST), "pointermove");
    connection.settle().await;
    assert!(page.click(".chip:last-child"));
    connection.settle().await;
    assert_eq!(order(), ["a"]);
}
