//! What was done can be taken back for a while, and only as long as nobody changed the same.

use crate::dom::{all, one, point, press, texts};
use sentinelops::components::commands::CommandCenter;
use sentinelops::components::incidents::IncidentDetail;
use sentinelops::components::people::People;
use sentinelops::components::undo::{ActionsProvider, UndoToast};
use sentinelops_realtime::protocol::domain::IncidentStatus;
use sentinelops_realtime::protocol::{Channel, Code, Event, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, incident};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const TOAST: &str = "[data-testid=toast]";
const STATUS: &str = "[data-testid=incident-status]";

async fn acknowledged() -> (FakeConnection, Mounted) {
    let connection = FakeConnection::new();
    let page = connection.mount(html! {
        <ActionsProvider>
            <CommandCenter on_open={Callback::noop()} on_go={Callback::noop()} />
            <People><IncidentDetail id="inc-1" on_close={Callback::noop()} /><UndoToast /></People>
        </ActionsProvider>
    });
    connection.settle().await;
    connection.connect();
    let one: Event = incident("inc-1").title("A").status(IncidentStatus::New).into();
    connection.snapshot(Subject::channel(Channel::Incidents), [one]);
    connection.settle().await;
    assert!(page.click("[data-testid=action-acknowledge]"));
    connection.settle().await;
    assert_eq!(texts(STATUS), ["Acknowledged"]);
    (connection, page)
}

async fn pass(connection: &FakeConnection, ms: u64) {
    connection.advance(ms);
    connection.settle().await;
}

#[wasm_bindgen_test]
async fn offer_to_undo_is_shown_8_s_and_the_key_works_30_s() {
    let (connection, _page) = acknowledged().await;
    assert_eq!(texts(".toast__text"), ["Acknowledged inc-1"]);
    pass(&connection, 7_900).await;
    assert_eq!(all(TOAST).len(), 1);
    pass(&connection, 200).await;
    assert_eq!(all(TOAST).len(), 0);
    pass(&connection, 20_000).await;
    press(&one(STATUS), "u");
    connection.settle().await;
    assert_eq!(texts(STATUS), ["New"]);
    assert_eq!(texts(".toast__text"), ["Undone: inc-1 is as it was before"]);

    let (connection, _page) = acknowledged().await;
    pass(&connection, 8_100).await;
    pass(&connection, 22_100).await;
    press(&one(STATUS), "u");
    connection.settle().await;
    assert_eq!(texts(STATUS), ["Acknowledged"]);
}

#[wasm_bindgen_test]
async fn offer_to_undo_stays_under_the_pointer() {
    let (connection, _page) = acknowledged().await;
    point(&one(TOAST), "pointerenter");
    connection.settle().await;
    pass(&connection, 60_000).await;
    assert_eq!(all(TOAST).len(), 1);
    point(&one(TOAST), "pointerleave");
    connection.settle().await;
    pass(&connection, 8_100).await;
    assert_eq!(all(TOAST).len(), 0);
}

#[wasm_bindgen_test]
async fn undo_leaves_what_somebody_else_changed_meanwhile() {
    let (connection, page) = acknowledged().await;
    let sent = || connection.sent().into_iter().filter(|request| !request.ephemeral).collect::<Vec<_>>();
    let id = sent().last().expect("it was sent").id.as_str().into();
    connection.ack(&id);
    let theirs: Event = incident("inc-1").title("A").status(IncidentStatus::Resolved).into();
    connection.snapshot(Subject::channel(Channel::Incidents), [theirs]);
    connection.settle().await;
    assert_eq!(texts(STATUS), ["Resolved"]);
    assert!(page.click("[data-testid=undo]"));
    connection.settle().await;
    assert_eq!(sent().len(), 1, "nothing is sent");
    assert_eq!(texts(STATUS), ["Resolved"]);
    assert_eq!(texts(".toast__text"), ["Not undone: somebody changed inc-1 meanwhile"]);
}

#[wasm_bindgen_test]
async fn undo_leaves_what_an_own_edit_on_its_way_hides() {
    let (connection, page) = acknowledged().await;
    let theirs: Event = incident("inc-1").title("A").status(IncidentStatus::Escalated).into();
    connection.deliver(theirs);
    connection.settle().await;
    assert_eq!(texts(STATUS), ["Acknowledged"], "the own edit lies over it");
    assert!(page.click("[data-testid=undo]"));
    connection.settle().await;
    assert_eq!(connection.sent().iter().filter(|request| !request.ephemeral).count(), 1, "nothing is sent");
    assert_eq!(texts(".toast__text"), ["Not undone: somebody changed inc-1 meanwhile"]);
}

#[wasm_bindgen_test]
async fn undo_of_a_refused_action_accuses_nobody() {
    let (connection, page) = acknowledged().await;
    let sent = connection.sent().into_iter().rfind(|request| !request.ephemeral).expect("it was sent");
    connection.nack(&sent.id.as_str().into(), Code::Forbidden, "not yours");
    connection.settle().await;
    assert_eq!(texts(STATUS), ["New"]);
    assert!(page.click("[data-testid=undo]"));
    connection.settle().await;
    assert_eq!(texts(".toast__text"), ["Nothing to undo: the change of inc-1 failed"]);
}
