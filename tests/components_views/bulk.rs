//! One action for many incidents.

use crate::dom::{all, one, press, press_with, texts};
use sentinelops::components::commands::CommandCenter;
use sentinelops::components::incidents::IncidentBoard;
use sentinelops::components::people::People;
use sentinelops::components::undo::{ActionsProvider, UndoToast};
use sentinelops_realtime::protocol::domain::{IncidentStatus, Severity};
use sentinelops_realtime::protocol::{Channel, Code, Event, Subject};
use sentinelops_realtime::testing::{FakeConnection, incident};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const TOAST: &str = ".toast__text";

#[wasm_bindgen_test]
async fn changes_that_the_server_refuses_are_named() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! {
        <ActionsProvider>
            <CommandCenter on_open={Callback::noop()} on_go={Callback::noop()} />
            <People><IncidentBoard /><UndoToast /></People>
        </ActionsProvider>
    });
    connection.connect();
    connection.settle().await;
    let rows = ["a", "b", "c"].map(|id| -> Event {
        incident(id).title(id).status(IncidentStatus::New).severity(Severity::High).into()
    });
    connection.snapshot(Subject::channel(Channel::Incidents), rows);
    connection.settle().await;
    let row = || one("[data-incident-id=a] > button");
    row().focus().expect("a row can have the focus");
    press(&row(), "x");
    connection.settle().await;
    for id in ["a", "b"] {
        press_with(&one(&format!("[data-incident-id={id}] > button")), "ArrowDown", |init| {
            init.set_shift_key(true)
        });
        connection.settle().await;
    }
    assert_eq!(texts("[data-testid=bulk-count]"), ["3 selected"]);
    press(&row(), "a");
    connection.settle().await;
    assert_eq!(texts(TOAST), ["Acknowledged 3 incidents"]);
    assert!(all("[data-testid=bulk-bar]").is_empty());
    let sent: Vec<_> = connection.sent().into_iter().filter(|request| !request.ephemeral).collect();
    assert_eq!(sent.len(), 3);
    connection.nack(&sent[1].id.as_str().into(), Code::Forbidden, "not yours");
    connection.settle().await;
    assert_eq!(texts(TOAST), ["Acknowledged 3 incidents. 1 failed: b"]);
    press(&row(), "u");
    connection.settle().await;
    assert_eq!(
        texts(&format!("{TOAST} > span")),
        ["Undone: 2 incidents are as they were before", "Nothing to undo: the change of b failed"]
    );
    assert_eq!(texts("[data-testid=incident-status]"), ["New"; 3]);
    // The server may refuse that, too.
    let sent: Vec<_> = connection.sent().into_iter().filter(|request| !request.ephemeral).collect();
    connection.nack(&sent[3].id.as_str().into(), Code::Invalid, "it is no longer kept");
    connection.settle().await;
    assert_eq!(
        texts(&format!("{TOAST} > span"))[..2],
        ["Undone: c is as it was before", "Not undone: the server refused it for a"]
    );
}
