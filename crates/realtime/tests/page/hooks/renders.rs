//! Only components whose value changed are rendered, at most once a frame.

use sentinelops_realtime::protocol::Channel;
use sentinelops_realtime::protocol::domain::{IncidentChange, IncidentStatus, Presence};
use sentinelops_realtime::testing::{FakeConnection, agent, incident};
use sentinelops_realtime::{
    SubscribeOptions, use_agents, use_connection_state, use_incident, use_incident_updates, use_incidents,
    use_websocket,
};
use std::cell::{Cell, RefCell};
use wasm_bindgen_test::*;
use yew::prelude::*;

thread_local! {
    static INCIDENTS: Cell<u32> = const { Cell::new(0) };
    static AGENTS: Cell<u32> = const { Cell::new(0) };
    static ONE: Cell<u32> = const { Cell::new(0) };
    static LAMP: Cell<u32> = const { Cell::new(0) };
    static ROWS: Cell<u32> = const { Cell::new(0) };
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

type Counter = std::thread::LocalKey<Cell<u32>>;

fn count(counter: &'static Counter) {
    counter.set(counter.get() + 1);
}

/// Renders since the last look.
fn renders(counter: &'static Counter) -> u32 {
    counter.replace(0)
}

#[derive(PartialEq, Properties)]
struct RowProps {
    row: sentinelops_realtime::IncidentRow,
}

#[component]
fn Row(props: &RowProps) -> Html {
    count(&ROWS);
    html! { <li>{ &props.row.id }</li> }
}

#[component]
fn Incidents() -> Html {
    count(&INCIDENTS);
    let feed = use_incidents();
    html! {
        <ul>
            for row in &feed.items {
                <Row key={row.id.clone()} row={row.clone()} />
            }
        </ul>
    }
}

#[component]
fn Agents() -> Html {
    count(&AGENTS);
    let shown = use_agents();
    html! { <p>{ shown.items.len() }</p> }
}

#[component]
fn One() -> Html {
    count(&ONE);
    let one = use_incident("i1");
    html! { <p>{ one.incident.map(|row| format!("{:?}", row.status)).unwrap_or_default() }</p> }
}

#[component]
fn Lamp() -> Html {
    count(&LAMP);
    let shown = use_connection_state();
    html! { <p>{ format!("{:?}", shown) }</p> }
}

fn reset() {
    for counter in [&INCIDENTS, &AGENTS, &ONE, &LAMP, &ROWS] {
        renders(counter);
    }
}

#[wasm_bindgen_test]
async fn only_who_shows_what_changed() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <><Incidents /><Agents /><One /><Lamp /></> });
    connection.settle().await;
    connection.connect();
    connection.deliver_all((0..50).map(|n| incident(&format!("i{n}")).into()));
    connection.settle().await;
    reset();

    connection.deliver(agent("ann", Presence::Online));
    connection.settle().await;
    assert_eq!((renders(&AGENTS), renders(&INCIDENTS), renders(&ONE), renders(&LAMP)), (1, 0, 0, 0));

    connection.deliver(incident("i2").change(IncidentChange::Updated).status(IncidentStatus::Resolved));
    connection.settle().await;
    assert_eq!((renders(&INCIDENTS), renders(&ROWS), renders(&ONE), renders(&AGENTS)), (1, 1, 0, 0));

    connection.deliver(incident("i1").change(IncidentChange::Updated).status(IncidentStatus::Resolved));
    connection.settle().await;
    assert_eq!((renders(&INCIDENTS), renders(&ROWS), renders(&ONE)), (1, 1, 1));

    // A new latency is nothing to a lamp.
    connection.change_status(|status| status.latency_ms = Some(33.0));
    connection.settle().await;
    assert_eq!((renders(&LAMP), renders(&INCIDENTS)), (0, 0));
    connection.drop_connection();
    connection.settle().await;
    assert_eq!(renders(&LAMP), 1);
}

#[component]
fn Everything() -> Html {
    count(&INCIDENTS);
    let feed = use_incident_updates(|news| SEEN.with_borrow_mut(|seen| seen.push(news.incident.id.clone())));
    let agents = use_agents();
    let socket = use_websocket(SubscribeOptions::default());
    html! { <p>{ format!("{} {} {:?}", feed.items.len(), agents.items.len(), socket.latency) }</p> }
}

#[wasm_bindgen_test]
async fn a_thousand_events_are_one_render_and_every_one_is_told_in_order() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Everything /> });
    connection.settle().await;
    renders(&INCIDENTS);
    SEEN.take();
    connection.deliver_all((0..1_000).map(|n| incident(&format!("{n}")).into()));
    connection.connect();
    connection.deliver(agent("ann", Presence::Online));
    connection.frame();
    yew::platform::time::sleep(std::time::Duration::ZERO).await;
    // What waited for the credit of the first batch is the second frame's.
    assert_eq!(renders(&INCIDENTS), 1);
    let seen = SEEN.take();
    assert!(seen.iter().eq((0..1_000).map(|n| n.to_string()).collect::<Vec<_>>().iter()), "{}", seen.len());
    connection.frame();
    yew::platform::time::sleep(std::time::Duration::ZERO).await;
    assert_eq!(renders(&INCIDENTS), 1);
    assert_eq!(page.text(), "1000 1 Some(20.0)");
}

#[component]
fn Counting() -> Html {
    count(&LAMP);
    let last = use_state(String::new);
    let set = last.setter();
    use_websocket(SubscribeOptions::channel(Channel::Incidents).on_message(move |event| {
        count(&ONE);
        set.set(event.payload.key().unwrap_or_default().to_owned());
    }));
    html! { <p>{ (*last).clone() }</p> }
}

#[wasm_bindgen_test]
async fn states_set_for_each_of_a_thousand_messages_are_one_render() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Counting /> });
    connection.settle().await;
    reset();
    connection.deliver_all((0..1_000).map(|n| incident(&format!("{n}")).into()));
    connection.settle().await;
    assert_eq!((renders(&ONE), renders(&LAMP)), (1_000, 1));
    assert_eq!(page.text(), "999");
}

#[component]
fn Unrelated(props: &UnrelatedProps) -> Html {
    html! { <p>{ props.n }</p> }
}

#[derive(PartialEq, Properties)]
struct UnrelatedProps {
    n: u32,
}

#[wasm_bindgen_test]
async fn a_render_of_the_page_above_costs_the_hooks_nothing() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <><Lamp /><Unrelated n=1 /></> });
    connection.settle().await;
    reset();
    page.show(html! { <><Lamp /><Unrelated n=2 /></> });
    connection.settle().await;
    assert_eq!(renders(&LAMP), 0);
    assert!(page.text().ends_with('2'));
}
