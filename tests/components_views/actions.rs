//! What can be done with an incident in each status, and who it is assigned to.

use crate::dom::{all, attribute, focused, one, press, texts};
use sentinelops::components::incidents::{IncidentDetail, ResolveForm};
use sentinelops::components::people::People;
use sentinelops_realtime::engine::SendRequest;
use sentinelops_realtime::protocol::domain::{IncidentStatus, Presence};
use sentinelops_realtime::protocol::{Channel, Code, Event, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, agent, incident};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

async fn detail(status: IncidentStatus) -> (FakeConnection, Mounted) {
    let connection = FakeConnection::new();
    let content = html! { <People><IncidentDetail id="inc-1" on_close={Callback::noop()} /></People> };
    let page = connection.mount(content);
    connection.settle().await;
    connection.connect();
    let one: Event = incident("inc-1").title("A").status(status).into();
    connection.snapshot(Subject::channel(Channel::Incidents), [one]);
    let people = ["ann", "bob", "cleo"].map(|id| agent(id, Presence::Online));
    connection.snapshot(Subject::channel(Channel::Agents), people);
    connection.settle().await;
    (connection, page)
}

/// Label of each step, in order; in brackets what cannot be pressed, with a star what comes next.
fn steps() -> Vec<String> {
    let shown = all(".steps button").into_iter().map(|button| {
        let label = button.text_content().unwrap_or_default();
        let off = button.has_attribute("disabled")
            || button.get_attribute("aria-disabled").as_deref() == Some("true");
        match (off, button.class_name().contains("button--primary")) {
            (true, _) => format!("({label})"),
            (false, true) => format!("{label}*"),
            (false, false) => label,
        }
    });
    shown.collect()
}

/// What was sent but that one views the incident.
fn changes(connection: &FakeConnection) -> Vec<SendRequest> {
    connection.sent().into_iter().filter(|request| !request.ephemeral).collect()
}

#[wasm_bindgen_test]
async fn each_status_offers_the_steps_that_make_sense_at_the_same_places() {
    for (status, expected) in [
        (IncidentStatus::New, ["Acknowledge*", "Investigate", "Escalate", "Resolve"]),
        (IncidentStatus::Acknowledged, ["(Acknowledge)", "Investigate*", "Escalate", "Resolve"]),
        (IncidentStatus::Investigating, ["(Acknowledge)", "(Investigate)", "Escalate", "Resolve*"]),
        (IncidentStatus::Escalated, ["(Acknowledge)", "Investigate", "(Escalate)", "Resolve*"]),
        (IncidentStatus::Resolved, ["Reopen*", "(Investigate)", "(Escalate)", "(Resolve)"]),
        (IncidentStatus::Other("paused".to_owned()), ["Acknowledge*", "Investigate", "Escalate", "Resolve"]),
    ] {
        let (_connection, _page) = detail(status.clone()).await;
        assert_eq!(steps(), expected, "{status:?}");
    }
}

#[wasm_bindgen_test]
async fn a_step_that_makes_no_sense_sends_nothing_and_reopen_investigates() {
    let (connection, page) = detail(IncidentStatus::Resolved).await;
    page.click("[data-testid=action-resolve]");
    page.click("[data-testid=action-escalate]");
    connection.settle().await;
    assert_eq!(changes(&connection).len(), 0);
    assert!(page.click("[data-testid=action-reopen]"));
    connection.settle().await;
    assert_eq!(texts("[data-testid=incident-status]"), ["Investigating"]);
    let sent = changes(&connection);
    assert_eq!(sent.len(), 1);
    assert!(sent[0].payload.as_str().contains("\"investigating\""), "{}", sent[0].payload.as_str());
}

#[wasm_bindgen_test]
async fn why_a_change_failed_stands_in_the_detail_wherever_it_was_made() {
    let (connection, mut page) = detail(IncidentStatus::New).await;
    page.show(html! { <><IncidentDetail id="inc-1" on_close={Callback::noop()} /><ResolveForm chosen={Some(AttrValue::from("inc-1"))} /></> });
    connection.settle().await;
    assert!(page.click("[data-testid=resolve-form] button"));
    connection.settle().await;
    // Not the last one sent: the detail may have sent a viewing notice meanwhile.
    let id = changes(&connection).last().expect("it was sent").id.as_str().into();
    connection.nack(&id, Code::Forbidden, "not your incident");
    connection.settle().await;
    let marks = texts(".detail__marks").remove(0);
    assert!(marks.contains("Failed") && marks.contains("not your incident"), "{marks}");
}

const ASSIGN: &str = "[data-testid=action-assign]";
const OPTION: &str = "[role=option]";

fn active() -> Option<String> {
    let id = attribute(ASSIGN, "aria-activedescendant")?;
    all(OPTION).into_iter().find(|option| option.id() == id)?.text_content()
}

#[wasm_bindgen_test]
async fn arrow_keys_look_at_people_and_only_enter_assigns() {
    let (connection, _page) = detail(IncidentStatus::New).await;
    assert_eq!(attribute(ASSIGN, "role").as_deref(), Some("combobox"));
    assert_eq!(attribute(ASSIGN, "aria-expanded").as_deref(), Some("false"));
    one(ASSIGN).focus().unwrap();
    for key in ["ArrowDown", "ArrowDown", "ArrowDown"] {
        press(&focused(), key);
        connection.settle().await;
    }
    assert_eq!(attribute(ASSIGN, "aria-expanded").as_deref(), Some("true"));
    assert_eq!(texts(OPTION), ["Nobody", "ann", "bob", "cleo"]);
    assert_eq!(active().as_deref(), Some("bob"), "the first one opened the list");
    assert_eq!(changes(&connection).len(), 0, "looking is not assigning");

    press(&focused(), "Escape");
    connection.settle().await;
    assert!(all(OPTION).is_empty());
    assert_eq!(changes(&connection).len(), 0);

    press(&focused(), "Enter");
    connection.settle().await;
    press(&focused(), "End");
    connection.settle().await;
    press(&focused(), "Enter");
    connection.settle().await;
    let sent = changes(&connection);
    assert_eq!(sent.len(), 1);
    assert!(sent[0].payload.as_str().contains("\"cleo\""), "{}", sent[0].payload.as_str());
    assert!(all(OPTION).is_empty(), "and the list is closed");
    assert_eq!(focused().get_attribute("data-testid").as_deref(), Some("action-assign"));
    assert!(one(ASSIGN).text_content().unwrap().contains("cleo"));

    // Chosen already: there is nothing to send.
    press(&focused(), "Enter");
    connection.settle().await;
    assert_eq!(active().as_deref(), Some("cleo"), "it opens where it stands");
    press(&focused(), "Enter");
    connection.settle().await;
    assert_eq!(changes(&connection).len(), 1);
}

#[wasm_bindgen_test]
async fn a_press_assigns_a_letter_finds_and_leaving_closes() {
    let (connection, page) = detail(IncidentStatus::New).await;
    one(ASSIGN).focus().unwrap();
    press(&focused(), "b");
    connection.settle().await;
    assert_eq!(active().as_deref(), Some("bob"));
    one(ASSIGN).blur().unwrap();
    connection.settle().await;
    assert!(all(OPTION).is_empty());
    assert_eq!(changes(&connection).len(), 0);
    assert!(page.click(ASSIGN));
    connection.settle().await;
    all(OPTION)[1].click();
    connection.settle().await;
    assert_eq!(changes(&connection).len(), 1);
    assert!(changes(&connection)[0].payload.as_str().contains("\"ann\""));
    page.click(ASSIGN);
    connection.settle().await;
    all(OPTION)[0].click();
    connection.settle().await;
    let payload = changes(&connection)[1].payload.as_str().to_owned();
    assert!(payload.contains("\"assignedTo\":null"), "{payload}");
}
