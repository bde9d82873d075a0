//! A new incident, who views one, and its timeline.

use crate::dom::{all, attribute, one, texts, write};
use sentinelops::components::incidents::{CreateIncident, IncidentBoard, IncidentDetail};
use sentinelops_realtime::protocol::domain::IncidentStatus;
use sentinelops_realtime::protocol::{Channel, Code, Fields, Subject};
use sentinelops_realtime::testing::{FakeConnection, incident, timeline, viewing};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlInputElement;
use yew::prelude::*;

const TITLE: &str = "[data-testid=new-incident-title]";

fn typed() -> String {
    one(TITLE).unchecked_into::<HtmlInputElement>().value()
}

#[wasm_bindgen_test]
async fn a_new_incident_is_sent_shown_and_chosen_without_a_connection() {
    let connection = FakeConnection::new();
    let chosen = Rc::new(RefCell::new(Vec::<AttrValue>::new()));
    let on_select = {
        let chosen = chosen.clone();
        Callback::from(move |id| chosen.borrow_mut().push(id))
    };
    let page = connection.mount(html! { <IncidentBoard {on_select} /> });
    connection.settle().await;
    assert!(page.click("[data-testid=incident-new]"));
    connection.settle().await;
    assert_eq!(crate::dom::focused(), one(TITLE).unchecked_into(), "one writes at once");
    assert!(page.click("[data-testid=new-incident-create]"));
    connection.settle().await;
    assert!(connection.sent().is_empty(), "without a title nothing is sent");
    assert_eq!(attribute(TITLE, "aria-invalid").as_deref(), Some("true"));

    write(TITLE, "Disk full");
    connection.settle().await;
    assert!(page.click("[data-testid=new-incident-create]"));
    connection.settle().await;
    let sent = connection.sent();
    assert_eq!((sent.len(), sent[0].kind.as_str()), (1, "incident.create"));
    let mut fields = Fields::of("incident.create", &sent[0].payload).expect("an object");
    let id = fields.text("id").expect("an id");
    assert_eq!(fields.text("title").ok().as_deref(), Some("Disk full"));
    assert_eq!(*chosen.borrow(), [AttrValue::from(id.clone())]);
    assert!(all("[data-testid=new-incident-dialog]").is_empty());
    assert_eq!(texts("[data-testid=incident-title]"), ["Disk full"], "it is there at once");
    assert_eq!(attribute("[data-testid=incident-row]", "data-incident-id"), Some(id));
}

#[wasm_bindgen_test]
async fn what_was_typed_of_a_new_incident_is_kept_until_it_is_sent() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <CreateIncident on_created={Callback::noop()} /> });
    connection.settle().await;
    page.click("[data-testid=incident-new]");
    connection.settle().await;
    write(TITLE, "Disk f");
    connection.settle().await;
    drop(page);
    let page = connection.mount(html! { <CreateIncident on_created={Callback::noop()} /> });
    connection.settle().await;
    page.click("[data-testid=incident-new]");
    connection.settle().await;
    assert_eq!(typed(), "Disk f");
    page.click("[data-testid=new-incident-create]");
    connection.settle().await;
    page.click("[data-testid=incident-new]");
    connection.settle().await;
    assert_eq!(typed(), "");
}

#[wasm_bindgen_test]
async fn a_refused_incident_says_so_and_goes() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <IncidentBoard /> });
    connection.connect();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Incidents), [incident("a").into()]);
    connection.settle().await;
    page.click("[data-testid=incident-new]");
    connection.settle().await;
    write(TITLE, "Twice");
    connection.settle().await;
    page.click("[data-testid=new-incident-create]");
    connection.settle().await;
    assert_eq!(all("[data-testid=incident-row]").len(), 2);
    connection.nack(&connection.last_id().expect("sent"), Code::Conflict, "it is taken");
    connection.settle().await;
    assert_eq!(
        texts("[data-testid=incident-row] [data-testid=message-state]").len(),
        1,
        "failed, in its row"
    );
    connection.advance(9_000);
    connection.settle().await;
    assert_eq!(all("[data-testid=incident-row]").len(), 1);
}

#[wasm_bindgen_test]
async fn others_who_view_an_incident_are_counted_until_they_leave() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <IncidentDetail id="inc-1" on_close={Callback::noop()} /> });
    connection.connect();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Incidents), [incident("inc-1").into()]);
    connection.settle().await;
    let shown = || connection.sent().iter().filter(|request| request.kind == "incident.viewing").count();
    assert_eq!(shown(), 1, "the page sends its own viewing notice");
    assert!(all("[data-testid=viewers]").is_empty());
    connection.deliver(viewing("inc-1", "ann"));
    connection.deliver(viewing("inc-1", "ben"));
    connection.deliver(viewing("inc-2", "carol"));
    connection.settle().await;
    assert_eq!(texts("[data-testid=viewers]"), ["ann and ben are viewing"]);
    connection.advance(20_000);
    connection.deliver(viewing("inc-1", "ann"));
    connection.settle().await;
    connection.advance(10_000);
    connection.settle().await;
    assert_eq!(texts("[data-testid=viewers]"), ["ann is viewing"]);
}

#[wasm_bindgen_test]
async fn the_timeline_says_who_did_what_newest_first() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <IncidentDetail id="inc-1" on_close={Callback::noop()} /> });
    connection.connect();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Incidents), [incident("inc-1").into()]);
    let subject = Subject::topic(Channel::Timeline, "inc-1");
    connection.settle().await;
    assert!(connection.subscriptions().contains(&subject));
    connection.snapshot(subject, [timeline("inc-1", "t1", "ann", IncidentStatus::Investigating)]);
    connection.deliver(timeline("inc-1", "t2", "ben", IncidentStatus::Resolved));
    connection.settle().await;
    assert!(texts("[data-testid=timeline] li").is_empty(), "closed, it holds no list");
    assert!(page.click("[data-testid=timeline] summary"));
    connection.settle().await;
    let lines = texts("[data-testid=timeline] li");
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("2023-11-1"), "the day stands above: {lines:?}");
    assert!(lines[1].ends_with("ben status resolved"), "{lines:?}");
    assert!(lines[2].ends_with("ann status investigating"), "{lines:?}");
}
