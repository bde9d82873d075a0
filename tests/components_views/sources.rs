//! The sources of alerts, and when each sent something last.

use crate::dom::{all, one, texts};
use sentinelops::components::alerts::AlertsPanel;
use sentinelops_realtime::protocol::domain::{AlertChange, Severity};
use sentinelops_realtime::protocol::{Channel, Event, Json, Payload, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, alert, raw};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const MINUTE: u64 = 60_000;

/// The figures of a server with these sources; each with the age of its last signal, if there was one.
fn figures(now: u64, sources: &[(&str, Option<u64>)]) -> Event {
    let source = |(name, age): &(&str, Option<u64>)| match age {
        Some(age) => format!(r#"{{"name": "{name}", "heardAt": {}}}"#, now - age),
        None => format!(r#"{{"name": "{name}"}}"#),
    };
    let sources: Vec<_> = sources.iter().map(source).collect();
    raw(Channel::Stats, "stats.now", &format!(r#"{{"at": {now}, "sources": [{}]}}"#, sources.join(",")))
}

async fn panel(sources: &[(&str, Option<u64>)]) -> (FakeConnection, Mounted) {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <AlertsPanel /> });
    connection.connect();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Alerts), []);
    connection.snapshot(Subject::channel(Channel::Stats), [figures(connection.now(), sources)]);
    connection.settle().await;
    (connection, page)
}

/// Every source with its text.
fn lines() -> Vec<String> {
    texts("[data-testid=source]")
}

#[wasm_bindgen_test]
async fn each_source_has_the_time_since_its_last_signal() {
    let (connection, _page) =
        panel(&[("ci", None), ("grafana", Some(20_000)), ("prometheus", Some(4 * MINUTE))]).await;
    assert_eq!(lines(), ["cinothing since the server started", "grafanajust now", "prometheus4 minutes ago"]);
    let list = one("[data-testid=sources] ul").get_attribute("aria-labelledby").unwrap();
    assert_eq!(texts(&format!("[id={list}]")), ["Last signal of each source"]);
    // Time passes without any news.
    connection.advance(MINUTE);
    connection.settle().await;
    assert_eq!(lines()[1..], ["grafana1 minute ago", "prometheus5 minutes ago"]);
    connection.deliver(figures(connection.now(), &[("prometheus", Some(0))]));
    connection.settle().await;
    assert_eq!(lines(), ["prometheusjust now"]);
}

#[wasm_bindgen_test]
async fn a_source_that_the_server_calls_silent_stands_first_until_it_sends_again() {
    let silence = |change| {
        let mut event = alert("silent-1", change, Severity::High);
        if let Payload::Alert(alert) = &mut event.payload {
            alert.extra = Some(Json::parse(r#"{"silentSource": "prometheus"}"#).expect("JSON"));
        }
        event
    };
    let (connection, _page) = panel(&[("ci", Some(0)), ("prometheus", Some(14 * MINUTE))]).await;
    connection.deliver(silence(AlertChange::Raised));
    connection.settle().await;
    assert_eq!(lines(), ["prometheusSilent14 minutes ago", "cijust now"]);
    connection.deliver(silence(AlertChange::Cleared));
    connection.settle().await;
    assert_eq!(lines(), ["cijust now", "prometheus14 minutes ago"]);
}

#[wasm_bindgen_test]
async fn without_sources_or_figures_there_is_nothing() {
    let (connection, _page) = panel(&[]).await;
    assert!(all("[data-testid=sources]").is_empty());
    connection.deliver(raw(Channel::Stats, "stats.now", r#"{"at": "now"}"#));
    connection.settle().await;
    assert!(all("[data-testid=sources]").is_empty());
}

#[wasm_bindgen_test]
async fn while_the_connection_is_down_it_says_of_when_it_knows() {
    let (connection, _page) = panel(&[("prometheus", Some(0))]).await;
    connection.drop_connection();
    connection.settle().await;
    let title = texts("[data-testid=sources] h3").remove(0);
    assert!(title.starts_with("Last signal of each source, as of "), "{title}");
    connection.connect();
    connection.settle().await;
    assert_eq!(texts("[data-testid=sources] h3"), ["Last signal of each source"]);
}

#[wasm_bindgen_test]
async fn many_sources_are_a_few_and_the_others_on_demand() {
    let names: Vec<_> = (0..9).map(|n| format!("source-{n}")).collect();
    let sources: Vec<_> = names.iter().map(|name| (&**name, Some(0))).collect();
    let (_connection, _page) = panel(&sources).await;
    assert_eq!(texts("[data-testid=sources] summary"), ["5 more"]);
    assert_eq!(all("[data-testid=sources] > ul > li").len(), 4);
    assert_eq!(all("[data-testid=sources] details li").len(), 5);
}
