//! `use_websocket`'s callbacks, and one's own message types.

use sentinelops_realtime::engine::{Cause, ConnectionState, Quality};
use sentinelops_realtime::protocol::domain::Activity;
use sentinelops_realtime::protocol::{Channel, Event, Problem, Subject, system::Continuity};
use sentinelops_realtime::testing::{FakeConnection, activity, chat_message, incident, raw};
use sentinelops_realtime::{
    ChatEntry, IncidentRow, SubscribeOptions, UseChannelOptions, UseFeedOptions, use_activity_feed_with,
    use_channel, use_chat_messages_with, use_incident, use_incident_updates_with, use_incidents,
    use_websocket,
};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_test::*;
use yew::prelude::*;

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn log(line: impl Into<String>) {
    LOG.with_borrow_mut(|log| log.push(line.into()));
}

#[component]
fn Listener() -> Html {
    let options = SubscribeOptions::channel(Channel::Incidents)
        .on_message(|event| log(format!("message {}", event.payload.key().unwrap_or_default())))
        .on_batch(|events| log(format!("batch of {}", events.len())))
        .on_connect(|()| log("connect"))
        .on_disconnect(|cause| log(format!("disconnect {cause:?}")))
        .on_error(|error| log(format!("error {error}")))
        .on_continuity(|continuity| log(format!("{continuity:?}")));
    let socket = use_websocket(options);
    let state = format!("{:?} ({}) {}", socket.connection_state, socket.cause, socket.is_connected);
    let error = socket.error.map(|error| error.to_string()).unwrap_or_default();
    html! { <p>{ format!("{state} {:?} {:?} {error}", socket.quality, socket.continuity) }</p> }
}

#[wasm_bindgen_test]
async fn each_callback_is_called_for_what_it_is_for() {
    LOG.take();
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Listener /> });
    connection.settle().await;
    assert_eq!(page.text(), "Disconnected () false None None ");
    connection.connect();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Incidents), [incident("old").into()]);
    connection.settle().await;
    connection.deliver_all([incident("a").into(), incident("b").into(), activity("x", "ann", "no").clone()]);
    connection.settle().await;
    assert_eq!(page.text(), "Connected () true Some(Excellent) Some(Snapshot) ");
    connection.change_status(|status| status.quality = Some(Quality::Poor));
    connection.settle().await;
    assert_eq!(page.text(), "Connected () true Some(Poor) Some(Snapshot) ");
    connection.drop_connection();
    connection.settle().await;
    let lost = "Reconnecting (the connection was lost) false Some(Poor) Some(Snapshot)";
    assert_eq!(page.text(), format!("{lost} the connection broke"));
    connection.deny(Subject::channel(Channel::Incidents), "no more");
    connection.settle().await;
    assert_eq!(page.text(), format!("{lost} the server refused the subscription to incidents: no more"));
    assert_eq!(
        LOG.take(),
        [
            "connect",
            "Snapshot",
            "message a",
            "message b",
            "batch of 2",
            "disconnect Lost",
            "error the connection broke",
            "error the server refused the subscription to incidents: no more",
        ]
    );
}

#[wasm_bindgen_test]
async fn back_within_a_frame_is_still_both_calls() {
    LOG.take();
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Listener /> });
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    connection.advance(1_000);
    connection.connect();
    connection.snapshot_after(Subject::channel(Channel::Incidents), Continuity::Gap, []);
    connection.settle().await;
    assert_eq!(LOG.take(), ["connect", "disconnect Lost", "connect", "Gap"]);
}

#[derive(PartialEq, Properties)]
struct Switched {
    enabled: bool,
}

#[component]
fn SwitchedListener(props: &Switched) -> Html {
    use_websocket(
        SubscribeOptions::channel(Channel::Incidents)
            .enabled(props.enabled)
            .on_connect(|()| log("connect"))
            .on_message(|event| log(event.kind.clone())),
    );
    Html::default()
}

#[wasm_bindgen_test]
async fn nothing_from_before_it_was_switched_on_is_an_event() {
    LOG.take();
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <SwitchedListener enabled=false /> });
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    assert_eq!(connection.subscriptions(), []);
    page.show(html! { <SwitchedListener enabled=true /> });
    connection.settle().await;
    assert_eq!(connection.subscriptions(), [Subject::channel(Channel::Incidents)]);
    connection.deliver(incident("a"));
    connection.settle().await;
    assert_eq!(LOG.take(), ["incident.created"]);
}

#[wasm_bindgen_test]
async fn each_break_within_a_frame_is_a_call_with_its_cause() {
    LOG.take();
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Listener /> });
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    for cause in [Cause::Offline, Cause::Superseded] {
        connection.change_status(|status| {
            (status.state, status.cause) = (ConnectionState::Reconnecting, cause);
            status.connected_since = None;
        });
        connection.advance(500);
        connection.connect();
    }
    connection.settle().await;
    assert_eq!(LOG.take(), ["connect", "disconnect Offline", "connect", "disconnect Superseded", "connect"]);
}

#[wasm_bindgen_test]
async fn mounted_while_the_connection_is_up_is_no_connect() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <b /> });
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    LOG.take();
    page.show(html! { <Listener /> });
    connection.settle().await;
    assert!(page.text().starts_with("Connected"), "the handle says it: {}", page.text());
    connection.deliver(incident("a"));
    connection.settle().await;
    assert_eq!(LOG.take(), ["message a", "batch of 1"]);
    connection.drop_connection();
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    assert_eq!(LOG.take(), ["disconnect Lost", "error the connection broke", "connect"], "the next one is");
}

#[component]
fn Topics() -> Html {
    use_websocket(
        SubscribeOptions::topic(Channel::Chat, "conv-1")
            .on_message(|event| log(format!("socket {}", event.kind))),
    );
    use_channel(
        UseChannelOptions::new(Channel::Chat, "poll.opened").topic("conv-1"),
        |poll: Result<Rc<Deploy>, Problem>| {
            log(format!("own {}", poll.map(|p| p.service.clone()).unwrap_or_default()))
        },
    );
    Html::default()
}

#[wasm_bindgen_test]
async fn who_follows_a_topic_gets_nothing_of_another_one() {
    LOG.take();
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Topics /> });
    connection.settle().await;
    assert_eq!(connection.subscriptions(), [Subject::topic(Channel::Chat, "conv-1")], "one for both");
    let poll = |topic: &str, name: &str| Event {
        topic: Some(topic.to_owned()),
        ..raw(Channel::Chat, "poll.opened", &format!(r#"{{"service":"{name}"}}"#))
    };
    connection.deliver_all([
        chat_message("conv-2", "1", "ann", "elsewhere"),
        chat_message("conv-1", "2", "ann", "here"),
        poll("conv-2", "no"),
        poll("conv-1", "yes"),
    ]);
    connection.settle().await;
    let mut log = LOG.take();
    log.sort();
    assert_eq!(log, ["own yes", "socket chat.message", "socket poll.opened"]);
}

#[derive(Deserialize, Serialize)]
struct Deploy {
    service: String,
}

#[component]
fn Deploys() -> Html {
    let deploys = use_channel(
        UseChannelOptions::new(Channel::Activity, "deploy.started"),
        |deploy: Result<Rc<Deploy>, Problem>| match deploy {
            Ok(deploy) => log(deploy.service.clone()),
            Err(problem) => log(problem.to_string()),
        },
    );
    let onclick = move |_| {
        let sent = deploys.send(&Deploy { service: "web".to_owned() });
        log(format!("sent {}", sent.is_ok()));
    };
    html! { <button {onclick}>{ "deploy" }</button> }
}

#[wasm_bindgen_test]
async fn one_s_own_type_is_sent_and_received_and_a_misfit_is_said() {
    LOG.take();
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Deploys /> });
    connection.settle().await;
    connection.deliver(raw(Channel::Activity, "deploy.started", r#"{"service": "api"}"#));
    connection.deliver(raw(Channel::Activity, "other", r#"{"service": "other"}"#));
    connection.deliver(raw(Channel::Activity, "deploy.started", r#"{"service": 7}"#));
    connection.settle().await;
    assert!(page.click("button"));
    let log = LOG.take();
    assert_eq!((log[0].as_str(), log[2].as_str(), log.len()), ("api", "sent true", 3));
    assert_eq!(log[1], "deploy.started: payload.service: expected a string, found integer `7`");
    let sent = connection.sent();
    assert_eq!((sent[0].kind.as_str(), sent[0].payload.as_str()), ("deploy.started", r#"{"service":"web"}"#));
}

#[component]
fn Surfaces() -> Html {
    let incidents = use_incidents();
    let one = use_incident("a");
    let own = use_channel(
        UseChannelOptions::new(Channel::Incidents, "own.type"),
        |_: Result<Rc<Deploy>, Problem>| {},
    );
    let errors = [incidents.error.is_some(), one.error.is_some(), own.error.is_some()];
    let problem = incidents.problem.map(|problem| problem.to_string()).unwrap_or_default();
    html! { <p>{ format!("{} {} {errors:?} {problem}", incidents.items.len(), one.is_loaded) }</p> }
}

#[wasm_bindgen_test]
async fn every_handle_says_what_was_refused_and_typed_ones_what_did_not_fit() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Surfaces /> });
    connection.connect();
    connection.settle().await;
    assert_eq!(page.text(), "0 false [false, false, false] ");
    connection.deny(Subject::channel(Channel::Incidents), "not for you");
    connection.settle().await;
    assert_eq!(page.text(), "0 false [true, true, true] ");
    connection.deliver_all([
        incident("a").into(),
        raw(Channel::Incidents, "incident.updated", r#"{"incidentId":"a","data":{"status":9}}"#),
    ]);
    connection.settle().await;
    let seen = "incident.updated: payload.data.status: expected a string, found integer `9`";
    assert_eq!(page.text(), format!("1 true [false, false, false] {seen}"));
}

#[derive(PartialEq, Properties)]
struct Switch {
    on: bool,
}

#[component]
fn OfAnn(props: &Switch) -> Html {
    let options =
        UseFeedOptions::default().enabled(props.on).filter(|item: &Rc<Activity>| item.actor == "ann");
    let feed = use_activity_feed_with(options, |item| log(&*item.id));
    let critical = UseFeedOptions::default().filter(|row: &IncidentRow| row.title.as_deref() == Some("disk"));
    let incidents = use_incident_updates_with(critical, |news| log(&*news.incident.id));
    let chat =
        UseFeedOptions::default().filter(|entry: &ChatEntry| !entry.mine && entry.message.content != "no");
    let chat = use_chat_messages_with("conv-1", chat, |message| log(&*message.content));
    html! { <p>{ format!("{} {} {}", feed.items.len(), incidents.items.len(), chat.feed.items.len()) }</p> }
}

#[wasm_bindgen_test]
async fn what_a_filter_hides_is_neither_listed_nor_called_for() {
    LOG.take();
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <OfAnn on=true /> });
    connection.connect();
    for subject in [
        Subject::channel(Channel::Activity),
        Subject::channel(Channel::Incidents),
        Subject::topic(Channel::Chat, "conv-1"),
    ] {
        connection.snapshot(subject, []);
    }
    connection.settle().await;
    connection.deliver_all([
        activity("a-1", "ann", "here"),
        activity("a-2", "ben", "hidden"),
        incident("untitled").into(),
        incident("titled").title("disk").into(),
        chat_message("conv-1", "m-1", "ben", "yes"),
        chat_message("conv-1", "m-2", "ben", "no"),
    ]);
    connection.settle().await;
    assert_eq!(
        (page.text(), LOG.take()),
        ("1 1 1".to_owned(), ["a-1", "titled", "yes"].map(str::to_owned).to_vec())
    );
    page.show(html! { <OfAnn on=false /> });
    connection.settle().await;
    connection.deliver_all([activity("a-3", "ann", "not followed")]);
    connection.settle().await;
    assert_eq!((page.text(), LOG.take()), ("0 1 1".to_owned(), vec![]));
}
