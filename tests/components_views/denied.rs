//! A right that is missing, or that is taken away while its list is on the page.

use crate::dom::{all, texts};
use sentinelops::components::alerts::AlertsPanel;
use sentinelops::components::chat::ChatPane;
use sentinelops::components::incidents::{IncidentBoard, IncidentDetail};
use sentinelops_realtime::protocol::{Channel, Subject};
use sentinelops_realtime::testing::{FakeConnection, incident};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const WORDS: &str = "the right to read all of incidents is needed";

#[wasm_bindgen_test]
async fn a_right_that_is_taken_away_is_said_above_what_stays() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <IncidentBoard /> });
    connection.connect();
    connection.deliver(incident("inc-1"));
    connection.settle().await;
    assert_eq!(texts("[data-testid=withdrawn]"), [] as [&str; 0]);
    connection.deny(Subject::channel(Channel::Incidents), WORDS);
    connection.settle().await;
    assert_eq!(all("[data-incident-id=inc-1]").len(), 1, "it is not taken off the page");
    let shown = texts("[data-testid=withdrawn]").join(" ");
    assert!(
        shown.contains("No access any more") && shown.contains(WORDS) && shown.contains("Ask"),
        "{shown}"
    );
}

#[wasm_bindgen_test]
async fn a_right_that_is_missing_is_said_in_place_of_each_panel() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! {
        <>
            <AlertsPanel />
            <IncidentDetail id="inc-1" on_close={Callback::noop()} />
            <ChatPane conversation="inc-2" />
        </>
    });
    connection.connect();
    connection.settle().await;
    for subject in connection.subscriptions() {
        connection.deny(subject, WORDS);
    }
    connection.settle().await;
    let shown = texts(".empty");
    assert_eq!(
        shown.iter().filter(|text| text.contains("No access") && text.contains(WORDS)).count(),
        3,
        "{shown:?}"
    );
}
