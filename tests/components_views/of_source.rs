//! Alerts that came from another system: what stands beside their title, and what of it never becomes a link.

use crate::dom::{all, attribute, one, texts};
use sentinelops::components::alerts::{AlertsPanel, LinkTemplates, SilentSources};
use sentinelops::components::incidents::IncidentDetail;
use sentinelops::config::LinkTemplate;
use sentinelops_realtime::protocol::domain::{AlertChange, Severity};
use sentinelops_realtime::protocol::{Channel, Event, Json, Payload, Subject};
use sentinelops_realtime::testing::{FakeConnection, Mounted, alert, incident};
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

use AlertChange::{Acknowledged, Cleared, Raised};

const PROMETHEUS: &str = r#"{"ingest": "prometheus", "labels":
    {"severity": "high", "alertname": "TargetDown", "instance": "app/1:80&x", "job": "api", "region": "eu", "team": "shop"},
    "annotations": {"runbook_url": "https://evil.example/"}, "runbookUrl": "https://evil.example/", "generatorUrl": "https://evil.example/"}"#;

/// An alert as a server sends it that took it from another system.
fn of_source(id: &str, change: AlertChange, more: &str) -> Event {
    let mut event = alert(id, change, Severity::High);
    if let Payload::Alert(alert) = &mut event.payload {
        alert.source = Some("api".to_owned());
        alert.extra = Some(Json::parse(more).expect("JSON"));
    }
    event
}

fn of_incident(id: &str, change: AlertChange, incident: &str) -> Event {
    let mut event = alert(id, change, Severity::High);
    if let Payload::Alert(alert) = &mut event.payload {
        alert.incident_id = Some(incident.to_owned());
    }
    event
}

async fn shown(content: Html, alerts: impl IntoIterator<Item = Event>) -> (FakeConnection, Mounted) {
    let connection = FakeConnection::new();
    let page = connection.mount(content);
    connection.connect();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Alerts), alerts);
    connection.settle().await;
    (connection, page)
}

async fn deliver(connection: &FakeConnection, event: Event) {
    connection.deliver(event);
    connection.settle().await;
}

#[wasm_bindgen_test]
async fn labels_and_source_stand_beside_the_title() {
    let (_connection, _page) = shown(html! { <AlertsPanel /> }, [of_source("a", Raised, PROMETHEUS)]).await;
    assert_eq!(texts("[data-testid=alert-source]"), ["api, from prometheus"]);
    // The severity has a mark of its own; what does not fit at a glance is one press away.
    let few = ["alertname=TargetDown", "instance=app/1:80&x", "job=api", "region=eu"];
    assert_eq!(texts("[data-testid=alert-labels] > li"), few);
    assert_eq!(attribute("[data-testid=alert-labels]", "aria-label").as_deref(), Some("Labels"));
    assert_eq!(texts("summary"), ["All 6 labels"]);
    assert_eq!(texts("details li").len(), 6);
    assert!(all("a").is_empty(), "no address comes from the alert");
}

#[wasm_bindgen_test]
async fn an_alert_without_a_source_shows_none_of_it() {
    let (_connection, _page) = shown(html! { <AlertsPanel /> }, [alert("a", Raised, Severity::High)]).await;
    assert_eq!(all("[data-testid=alert]").len(), 1);
    for part in ["[data-testid=alert-source]", "[data-testid=alert-labels]", "summary", "a", ".hint"] {
        assert!(all(part).is_empty(), "{part}");
    }
}

#[wasm_bindgen_test]
async fn links_are_the_operators_with_values_of_labels() {
    let link = |label, url| LinkTemplate::new(label, url).expect("a template");
    let templates = LinkTemplates(
        vec![
            link("Runbook", "https://runbooks.example/{alertname}?of={instance}"),
            link("Pod", "https://pods.example/{pod}"),
        ]
        .into(),
    );
    let panel = html! { <ContextProvider<LinkTemplates> context={templates}><AlertsPanel /></ContextProvider<LinkTemplates>> };
    let (_connection, _page) = shown(panel, [of_source("a", Raised, PROMETHEUS)]).await;
    assert_eq!(all("a").len(), 1, "a template whose label is missing makes none");
    let href = attribute("[data-testid=alert-link]", "href");
    assert_eq!(href.as_deref(), Some("https://runbooks.example/TargetDown?of=app%2F1%3A80%26x"));
    assert_eq!(attribute("[data-testid=alert-link]", "rel").as_deref(), Some("noopener noreferrer"));
    assert_eq!(texts("[data-testid=alert-link]"), ["Runbook of a, in a new tab"]);
}

#[wasm_bindgen_test]
async fn the_mark_of_a_stale_alert_goes_when_it_is_repeated_or_cleared() {
    let stale = r#"{"ingest": "prometheus", "stale": true}"#;
    let hint = || texts("[data-testid=alert] .hint");
    let (connection, _page) = shown(
        html! { <AlertsPanel /> },
        [of_source("a", Raised, r#"{"ingest": "prometheus"}"#), of_source("b", Acknowledged, stale)],
    )
    .await;
    let words = "Its source does not repeat it any more: it may be over.";
    assert_eq!(texts("[data-alert-id=b] .hint"), [words]);
    assert_eq!(hint(), [words], "only of the one");
    deliver(&connection, of_source("a", Raised, stale)).await;
    assert_eq!(hint().len(), 2);
    deliver(&connection, of_source("a", Raised, r#"{"ingest": "prometheus", "stale": false}"#)).await;
    assert!(texts("[data-alert-id=a] .hint").is_empty());
    deliver(&connection, of_source("b", Cleared, stale)).await;
    assert!(hint().is_empty());
}

#[wasm_bindgen_test]
async fn an_incident_lists_its_alerts_and_leaves_out_the_key_that_says_nothing() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <IncidentDetail id="inc-1" on_close={Callback::noop()} /> });
    connection.connect();
    connection.settle().await;
    let mut one: Event = incident("inc-1").title("Checkout is down").into();
    if let Payload::Incident(event) = &mut one.payload {
        let extra = r#"{"source": "prometheus", "alertKey": "9f2b7c", "runbook": "none"}"#;
        event.data.extra = Some(Json::parse(extra).expect("JSON"));
    }
    connection.snapshot(Subject::channel(Channel::Incidents), [one]);
    connection.settle().await;
    let alerts = [("over", Cleared, "inc-1"), ("burning", Raised, "inc-1"), ("other", Raised, "inc-2")];
    let alerts = alerts.map(|(id, change, incident)| of_incident(id, change, incident));
    connection.snapshot(Subject::channel(Channel::Alerts), alerts);
    connection.settle().await;
    let listed = "[data-testid=incident-alerts]";
    assert_eq!(texts(&format!("{listed} > summary")), ["Alerts 1 of 2 firing"]);
    assert_eq!(texts(&format!("{listed} .alert__title")), ["burning", "over"]);
    assert_eq!(texts("[data-testid=facts] dt"), ["Opened", "Updated", "Runbook", "Source"]);
    assert!(!one_text("[data-testid=facts]").contains("9f2b7c"));
}

fn one_text(selector: &str) -> String {
    one(selector).text_content().unwrap_or_default()
}

#[wasm_bindgen_test]
async fn many_alerts_are_shown_in_parts_and_the_rest_is_counted() {
    let many: Vec<_> = (0..120).map(|n| alert(&format!("alr-{n:03}"), Raised, Severity::High)).collect();
    let (connection, page) = shown(html! { <AlertsPanel /> }, many).await;
    assert_eq!(texts(".panel__count"), ["120 firing"]);
    let shown = || all("[data-testid=alert]").len();
    for parts in [[50, 70], [100, 20]] {
        assert_eq!(shown(), parts[0]);
        let words = one_text("[data-testid=alerts-more] > .notice__text");
        assert_eq!(words, format!("{} more are not shown", parts[1]));
        assert!(page.click("[data-testid=alerts-more] > button"));
        connection.settle().await;
    }
    assert_eq!(shown(), 120);
    assert!(all("[data-testid=alerts-more]").is_empty());
}

#[wasm_bindgen_test]
async fn silent_sources_are_named_until_they_send_again() {
    let silent = |name: &str, change| of_source(name, change, &format!(r#"{{"silentSource": "{name}"}}"#));
    let (connection, _page) = shown(html! { <SilentSources /> }, [of_source("a", Raised, PROMETHEUS)]).await;
    let banner = || texts("[data-banner=silent] .banner__title");
    assert!(banner().is_empty());
    deliver(&connection, silent("prometheus", Raised)).await;
    assert_eq!(banner(), ["prometheus is silent."]);
    deliver(&connection, silent("ci", Acknowledged)).await;
    assert_eq!(banner(), ["ci, prometheus are silent."]);
    deliver(&connection, silent("prometheus", Cleared)).await;
    assert_eq!(banner(), ["ci is silent."]);
    deliver(&connection, silent("ci", Cleared)).await;
    assert!(banner().is_empty());
}
