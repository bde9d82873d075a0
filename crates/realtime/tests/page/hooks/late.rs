//! A component that mounts late sees the present state at once, and gets nothing twice.

use sentinelops_realtime::bridge::ToWorker;
use sentinelops_realtime::engine::Hint;
use sentinelops_realtime::protocol::domain::{IncidentStatus, Presence};
use sentinelops_realtime::protocol::{Channel, Subject};
use sentinelops_realtime::testing::{FakeConnection, agent, incident};
use sentinelops_realtime::{use_agents, use_incident_updates, use_incidents};
use std::cell::RefCell;
use wasm_bindgen_test::*;
use yew::prelude::*;

thread_local! {
    static RENDERED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[component]
fn Holder() -> Html {
    let shown = use_incidents();
    html! { <b>{ shown.items.len() }</b> }
}

#[component]
fn Late() -> Html {
    let feed = use_incident_updates(|news| SEEN.with_borrow_mut(|seen| seen.push(news.incident.id.clone())));
    RENDERED.with_borrow_mut(|rendered| rendered.push(feed.items.len()));
    html! { <i>{ feed.items.len() }</i> }
}

#[wasm_bindgen_test]
async fn a_late_mount_shows_the_state_in_its_first_render() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Holder /> });
    connection.settle().await;
    connection.connect();
    connection.snapshot(
        Subject::channel(Channel::Incidents),
        [incident("a").into(), incident("b").status(IncidentStatus::New).into()],
    );
    connection.settle().await;
    connection.deliver(incident("c"));
    connection.settle().await;

    page.show(html! { <><Holder /><Late /></> });
    connection.settle().await;
    assert_eq!(RENDERED.take(), [3]);
    assert_eq!(SEEN.take(), [] as [String; 0]);
    assert_eq!(connection.subscriptions().len(), 1);

    connection.deliver(incident("d"));
    connection.settle().await;
    assert_eq!((RENDERED.take(), SEEN.take()), (vec![4], vec!["d".to_owned()]));
    assert_eq!(page.text(), "44");
}

#[wasm_bindgen_test]
async fn what_is_said_right_after_mounting_waits_for_the_first_render() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Holder /> });
    // Yew has not rendered anything yet: there is no provider, no worker, no subscription.
    connection.connect();
    connection.deliver(incident("a"));
    assert_eq!(connection.workers(), 0);
    connection.settle().await;
    assert_eq!((connection.workers(), page.text()), (1, "1".to_owned()));
}

#[wasm_bindgen_test]
async fn a_hidden_page_tells_its_worker_and_shows_again_what_came_meanwhile() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Holder /> });
    connection.connect();
    connection.settle().await;
    connection.take_commands();
    connection.set_visible(false);
    assert_eq!(connection.take_commands(), [ToWorker::Hint(Hint::Hidden)]);
    connection.deliver(incident("a"));
    connection.settle().await;
    assert_eq!(page.text(), "0", "no frames while hidden");
    connection.set_visible(true);
    assert!(connection.commands().contains(&ToWorker::Hint(Hint::Visible)));
    connection.settle().await;
    assert_eq!(page.text(), "1");
}

#[component]
fn Swap(props: &SwapProps) -> Html {
    // A component that goes from one subject to another shows no mixture.
    match props.agents {
        true => html! { <Agents /> },
        false => html! { <Holder /> },
    }
}

#[derive(PartialEq, Properties)]
struct SwapProps {
    agents: bool,
}

#[component]
fn Agents() -> Html {
    let shown = use_agents();
    html! { <u>{ shown.items.len() }</u> }
}

#[wasm_bindgen_test]
async fn what_nobody_shows_any_more_is_unsubscribed() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Swap agents={false} /> });
    connection.settle().await;
    assert_eq!(connection.subscriptions(), [Subject::channel(Channel::Incidents)]);
    page.show(html! { <Swap agents={true} /> });
    connection.settle().await;
    assert_eq!(connection.subscriptions(), [Subject::channel(Channel::Agents)]);
    connection.deliver(agent("ann", Presence::Online));
    connection.settle().await;
    assert_eq!(page.text(), "1");
}
