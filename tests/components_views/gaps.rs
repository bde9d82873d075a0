//! What was missed, and what is gone from the screen.

use crate::dom::{all, one, texts};
use sentinelops::components::activity::ActivityPanel;
use sentinelops::components::chat::ChatPane;
use sentinelops::components::shell::Banners;
use sentinelops_realtime::protocol::system::Continuity;
use sentinelops_realtime::protocol::{Channel, Event, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, activity, chat_message};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const GAP: &str = "[data-banner=gap]";
/// Longer than a short gap is shown, ms.
const PATIENCE_MS: u64 = 9_000;

async fn page() -> (FakeConnection, Mounted) {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <><Banners /><ChatPane conversation="c" /><ActivityPanel /></> });
    connection.connect();
    connection.settle().await;
    connection.snapshot(chat(), talk(1..4));
    connection.snapshot(Subject::channel(Channel::Activity), [activity("act-1", "ann", "did")]);
    connection.settle().await;
    (connection, page)
}

fn chat() -> Subject {
    Subject::topic(Channel::Chat, "c")
}

fn talk(numbers: std::ops::Range<u32>) -> Vec<Event> {
    numbers.map(|n| chat_message("c", &n.to_string(), "bob", &format!("message {n}"))).collect()
}

/// The server was away for this time, and has these messages and activities afterwards.
async fn restart(connection: &FakeConnection, ms: u64, messages: Vec<Event>, activities: Vec<Event>) {
    connection.drop_connection();
    connection.settle().await;
    connection.advance(ms);
    connection.connect();
    connection.snapshot_after(chat(), Continuity::Gap, messages);
    connection.snapshot_after(Subject::channel(Channel::Activity), Continuity::Gap, activities);
    connection.settle().await;
    connection.advance(300);
    connection.settle().await;
}

fn act() -> Vec<Event> {
    vec![activity("act-1", "ann", "did")]
}

async fn wait(connection: &FakeConnection) {
    connection.advance(PATIENCE_MS);
    connection.settle().await;
}

#[wasm_bindgen_test]
async fn a_short_gap_that_took_nothing_away_is_said_for_a_moment() {
    let (connection, _page) = page().await;
    restart(&connection, 2_000, talk(1..5), act()).await;
    assert_eq!(all(GAP).len(), 1);
    wait(&connection).await;
    assert!(all(GAP).is_empty());
    assert!(all("[data-testid=chat-lost]").is_empty());
}

#[wasm_bindgen_test]
async fn a_long_gap_is_said_until_dismissed() {
    let (connection, _page) = page().await;
    restart(&connection, 6_000, talk(1..4), act()).await;
    wait(&connection).await;
    assert_eq!(all(GAP).len(), 1);
}

#[wasm_bindgen_test]
async fn messages_that_vanish_are_counted_where_they_stood() {
    let (connection, _page) = page().await;
    restart(&connection, 1_000, talk(3..4), act()).await;
    assert_eq!(texts("[data-testid=chat-text]"), ["message 3"]);
    let shown = one("[data-testid=chat-lost]").text_content().unwrap();
    assert!(shown.starts_with("2 messages"), "{shown}");
    wait(&connection).await;
    assert_eq!(all(GAP).len(), 1, "something is gone");
}

#[wasm_bindgen_test]
async fn activities_that_vanish_keep_the_banner() {
    let (connection, _page) = page().await;
    restart(&connection, 1_000, talk(1..4), Vec::new()).await;
    wait(&connection).await;
    assert_eq!(all(GAP).len(), 1);
    assert!(all("[data-testid=chat-lost]").is_empty());
}
