//! Feed hooks with a filter, or switched off; what the handles of an own channel say and send.

use sentinelops_realtime::protocol::domain::Severity;
use sentinelops_realtime::protocol::{Channel, Problem, Subject};
use sentinelops_realtime::testing::{FakeConnection, chat_message, incident, raw};
use sentinelops_realtime::{
    ChatEntry, IncidentRow, UseChannelHandle, UseChannelOptions, UseFeedOptions, use_channel, use_chat_with,
    use_incident, use_incidents_with,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen_test::*;
use yew::prelude::*;

thread_local! {
    static RENDERS: Cell<u32> = const { Cell::new(0) };
    static CHANNEL: RefCell<Option<UseChannelHandle<Poll>>> = const { RefCell::new(None) };
}

#[derive(PartialEq, Properties)]
struct Props {
    #[prop_or(true)]
    enabled: bool,
    #[prop_or(Severity::Critical)]
    severity: Severity,
}

#[component]
fn Some(props: &Props) -> Html {
    RENDERS.set(RENDERS.get() + 1);
    let severity = props.severity.clone();
    let options = UseFeedOptions::default()
        .enabled(props.enabled)
        .filter(move |row: &IncidentRow| row.severity.as_ref() == Some(&severity));
    let feed = use_incidents_with(options);
    let ids: Vec<_> = feed.items.iter().map(|row| row.id.clone()).collect();
    html! { <p>{ format!("{ids:?} {}", feed.is_loaded) }</p> }
}

#[wasm_bindgen_test]
async fn filter_of_a_feed_hides_items_and_saves_their_renders() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Some /> });
    connection.connect();
    connection.settle().await;
    connection.deliver_all([
        incident("a").severity(Severity::Critical).into(),
        incident("b").severity(Severity::Low).into(),
    ]);
    connection.settle().await;
    assert_eq!(page.text(), r#"["a"] true"#);
    RENDERS.set(0);
    connection.deliver(incident("b").title("another title"));
    connection.deliver(incident("c").severity(Severity::Low));
    connection.settle().await;
    assert_eq!(RENDERS.get(), 0, "nothing that is shown changed");
    connection.deliver(incident("c").severity(Severity::Critical));
    connection.settle().await;
    assert_eq!((page.text(), RENDERS.get()), (r#"["a", "c"] true"#.to_owned(), 1));
    // A filter of the latest render counts at once.
    page.show(html! { <Some severity={Severity::Low} /> });
    connection.settle().await;
    assert_eq!(page.text(), r#"["b"] true"#);
}

#[wasm_bindgen_test]
async fn feed_that_is_switched_off_subscribes_to_nothing() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Some enabled=false /> });
    connection.connect();
    connection.settle().await;
    assert_eq!((page.text(), connection.subscriptions()), ("[] false".to_owned(), vec![]));
    page.show(html! { <Some /> });
    connection.settle().await;
    connection.deliver(incident("a").severity(Severity::Critical));
    connection.settle().await;
    assert_eq!(page.text(), r#"["a"] true"#);
    page.show(html! { <Some enabled=false /> });
    connection.settle().await;
    connection.paint();
    connection.settle().await;
    assert_eq!((page.text(), connection.subscriptions()), ("[] false".to_owned(), vec![]));
}

#[component]
fn OfBob() -> Html {
    let chat = use_chat_with(
        "c1",
        UseFeedOptions::default().filter(|entry: &ChatEntry| &*entry.message.sender_id == "bob"),
    );
    let lines: Vec<_> = chat.feed.items.iter().map(|entry| entry.message.content.clone()).collect();
    html! { <p>{ format!("{lines:?}") }</p> }
}

#[wasm_bindgen_test]
async fn filter_of_a_conversation_shows_some_messages() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <OfBob /> });
    connection.connect();
    connection.settle().await;
    connection.deliver_all([
        chat_message("c1", "1", "ann", "from ann"),
        chat_message("c1", "2", "bob", "from bob"),
    ]);
    connection.settle().await;
    assert_eq!(page.text(), r#"["from bob"]"#);
}

#[component]
fn Detail() -> Html {
    let detail = use_incident("a");
    let problem = detail.problem.as_ref().map(|problem| problem.path.clone());
    html! { <p>{ format!("{:?} {problem:?} {}", detail.continuity, detail.client().user().is_some()) }</p> }
}

#[wasm_bindgen_test]
async fn one_incident_says_what_its_feed_says() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Detail /> });
    connection.connect();
    connection.settle().await;
    connection.deliver(raw(Channel::Incidents, "incident.created", r#"{"incidentId": 7}"#));
    connection.settle().await;
    assert_eq!(page.text(), r#"Some(Snapshot) Some("payload.incidentId") false"#);
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Poll {
    question: String,
}

#[component]
fn Polls() -> Html {
    let options =
        UseChannelOptions::new(Channel::Chat, "poll.opened").topic("c \"1\"").topic_field("conversationId");
    let polls = use_channel(options, |_: Result<Rc<Poll>, Problem>| {});
    let shown = format!("{} {:?}", polls.is_loaded, polls.continuity);
    CHANNEL.set(Some(polls));
    html! { <p>{ shown }</p> }
}

#[wasm_bindgen_test]
async fn own_channel_says_that_it_is_loaded_and_sends_its_topic() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Polls /> });
    connection.settle().await;
    assert_eq!(page.text(), "false None");
    connection.connect();
    connection.snapshot(Subject::topic(Channel::Chat, "c \"1\""), []);
    connection.settle().await;
    assert_eq!(page.text(), "true Some(Snapshot)");
    let polls = CHANNEL.take().unwrap();
    polls.send(&Poll { question: "Deploy?".to_owned() }).unwrap();
    let sent = connection.sent().pop().unwrap();
    assert_eq!(sent.payload.as_str(), r#"{"conversationId":"c \"1\"","question":"Deploy?"}"#);
}
