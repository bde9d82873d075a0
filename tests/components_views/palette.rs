//! The palette does what its line says, whatever changes meanwhile.

use crate::dom::{all, one, point, press, press_with, texts, write};
use sentinelops::board::Scope;
use sentinelops::components::commands::CommandCenter;
use sentinelops::components::incidents::IncidentBoard;
use sentinelops::components::undo::ActionsProvider;
use sentinelops_realtime::protocol::domain::IncidentStatus;
use sentinelops_realtime::protocol::{Channel, Event, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, incident};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const INPUT: &str = "[data-testid=palette-input]";
const OPTION: &str = "[data-testid=palette-option]";
const ACTIVE: &str = "[data-testid=palette-option][aria-selected=true] .palette__text";

/// The palette is open with inc-2 as its target; the detail of inc-1 is open in the board.
async fn opened() -> (FakeConnection, Mounted) {
    let connection = FakeConnection::new();
    let page = connection.mount(html! {
        <ActionsProvider>
            <CommandCenter selected="inc-2" on_open={Callback::noop()} on_go={Callback::noop()} />
            <IncidentBoard selected="inc-1" scope={Scope::All} on_select={Callback::noop()} />
        </ActionsProvider>
    });
    connection.settle().await;
    connection.connect();
    let board = ["inc-1", "inc-2"].map(|id| incident(id).title("A").status(IncidentStatus::New).into());
    connection.snapshot(Subject::channel(Channel::Incidents), board);
    connection.settle().await;
    press_with(&one("[data-testid=incident-list]"), "k", |init| init.set_ctrl_key(true));
    connection.settle().await;
    (connection, page)
}

async fn type_in(connection: &FakeConnection, text: &str) {
    write(INPUT, text);
    connection.settle().await;
}

#[wasm_bindgen_test]
async fn palette_command_acts_on_the_incident_its_line_names() {
    let (connection, _page) = opened().await;
    type_in(&connection, "resolve").await;
    assert_eq!(texts(ACTIVE), ["Resolve: inc-2"]);
    press(&one(INPUT), "Enter");
    connection.settle().await;
    assert_eq!(all(INPUT).len(), 0, "it is closed");
    let sent = connection.sent().into_iter().rfind(|request| !request.ephemeral).expect("it was sent");
    assert!(format!("{:?}", sent.payload).contains("inc-2"), "{sent:?}");
}

#[wasm_bindgen_test]
async fn enter_that_ends_a_composition_chooses_nothing() {
    let (connection, _page) = opened().await;
    type_in(&connection, "resolve").await;
    press_with(&one(INPUT), "Enter", |init| init.set_is_composing(true));
    connection.settle().await;
    // Safari ends the composition first; the key code remains.
    press_with(&one(INPUT), "Enter", |init| init.set_key_code(229));
    connection.settle().await;
    assert_eq!(all(INPUT).len(), 1, "it is open");
    assert!(connection.sent().iter().all(|request| request.ephemeral));
}

#[wasm_bindgen_test]
async fn active_line_stays_active_when_the_list_changes() {
    let (connection, _page) = opened().await;
    press(&one(INPUT), "ArrowDown");
    connection.settle().await;
    assert_eq!(texts(ACTIVE), ["Investigate: inc-2"]);
    let lines = all(OPTION).len();
    let theirs: Event = incident("inc-2").title("A").status(IncidentStatus::Acknowledged).into();
    connection.deliver(theirs);
    connection.settle().await;
    assert_eq!(all(OPTION).len(), lines - 1, "it is acknowledged");
    assert_eq!(texts(ACTIVE), ["Investigate: inc-2"]);
}

#[wasm_bindgen_test]
async fn focus_stays_in_the_row_whose_button_goes() {
    let (connection, _page) = opened().await;
    let row = one("[data-incident-id=inc-2] > button");
    let dialog = one("[data-testid=palette-dialog]");
    point(&dialog, "pointerdown");
    dialog.click();
    connection.settle().await;
    row.focus().expect("it takes the focus");
    connection.settle().await;
    let button = one("[data-testid=row-acknowledge]");
    button.focus().expect("it takes the focus");
    button.click();
    connection.settle().await;
    assert_eq!(all("[data-testid=row-acknowledge]").len(), 0);
    assert!(crate::dom::focused().is_same_node(Some(&row)));
}
