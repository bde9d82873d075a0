//! What an activity leads to.

use sentinelops::components::activity::ActivityPanel;
use sentinelops_realtime::protocol::{Channel, Event, Payload, Subject};
use sentinelops_realtime::testing::{FakeConnection, activity, incident};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

fn about(id: &str, target: &str) -> Event {
    let mut event = activity(id, "ann", "changed");
    if let Payload::Activity(activity) = &mut event.payload {
        activity.target = Some(target.to_owned());
    }
    event
}

#[wasm_bindgen_test]
async fn a_target_is_opened_if_it_is_an_incident_whatever_its_id_looks_like() {
    let chosen = Rc::new(RefCell::new(Vec::new()));
    let on_incident = {
        let chosen = chosen.clone();
        Callback::from(move |id: AttrValue| chosen.borrow_mut().push(id.to_string()))
    };
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <ActivityPanel {on_incident} /> });
    connection.settle().await;
    connection.connect();
    connection.deliver_all([about("a", "123"), about("b", "inc-of-nobody"), about("c", "disk-alert")]);
    connection.settle().await;
    // Subscribed by the targets.
    connection.snapshot(Subject::channel(Channel::Incidents), [incident("123").into()]);
    connection.settle().await;
    let targets = page.find("[data-testid=activity-log]").unwrap();
    assert_eq!(targets.query_selector_all("button.feed__target").unwrap().length(), 1);
    assert_eq!(targets.query_selector_all("span.feed__target").unwrap().length(), 2);
    assert!(page.click("button.feed__target"));
    assert_eq!(*chosen.borrow(), ["123"]);
}
