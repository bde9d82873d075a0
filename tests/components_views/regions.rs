//! What screen readers and keyboards get.

use crate::dom::{all, attribute, focused, one, point, press, texts};
use sentinelops::components::chat::ChatPane;
use sentinelops::components::dialog::Dialog;
use sentinelops::components::incidents::IncidentBoard;
use sentinelops::components::shell::Banners;
use sentinelops::pages::Pages;
use sentinelops_realtime::ConnectionStatus;
use sentinelops_realtime::engine::{Cause, ConnectionState};
use sentinelops_realtime::protocol::domain::{AlertChange, Severity};
use sentinelops_realtime::protocol::{Channel, Event, Payload, Subject};
use sentinelops_realtime::testing::{FakeConnection, activity, alert, incident};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const STATUS_TEXT: &str = "[data-testid=connection-announcement]";

#[wasm_bindgen_test]
async fn one_region_speaks_for_the_connection_whatever_the_queue_counts() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Banners /> });
    connection.settle().await;
    let region = one(STATUS_TEXT);
    assert_eq!(region.get_attribute("role").as_deref(), Some("status"));
    connection.connect();
    connection.settle().await;
    connection.drop_connection();
    connection.settle().await;
    connection.advance(3_000);
    connection.settle().await;
    let shown = texts(STATUS_TEXT).remove(0);
    assert!(shown.starts_with("Reconnecting."), "{shown}");
    assert!(all("[data-banner=connection][role]").is_empty(), "the banner itself is silent");
    connection.change_status(|status| status.queued = [0, 0, 3, 0]);
    connection.settle().await;
    assert!(texts("[data-testid=banner-queue]")[0].starts_with('3'));
    assert_eq!(texts(STATUS_TEXT), [shown], "the count is not read out at each message");
    connection.connect();
    connection.settle().await;
    assert_eq!(texts(STATUS_TEXT), ["Connected."]);
    assert!(one(STATUS_TEXT).is_same_node(Some(&region)), "and it is the same element all the time");
}

#[wasm_bindgen_test]
async fn a_break_that_heals_at_once_is_not_announced() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Banners /> });
    connection.connect();
    connection.settle().await;
    connection.drop_connection();
    connection.settle().await;
    assert_eq!(texts(STATUS_TEXT), ["Connected."]);
}

#[wasm_bindgen_test]
async fn banners_that_come_later_are_in_a_region_that_was_there_before() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Banners /> });
    connection.connect();
    connection.settle().await;
    let regions = all("[aria-live=polite]");
    connection.change_status(|status| status.unreadable = 1);
    connection.settle().await;
    let banner = one("[data-banner=unreadable]");
    assert!(regions.iter().any(|region| region.contains(Some(&banner))));
    assert!(all("[data-banner=unreadable][role]").is_empty());
    connection.change_status(|status| {
        status.state = ConnectionState::Error;
        status.cause = Cause::NeedsAuth;
    });
    connection.advance(3_000);
    connection.settle().await;
    connection.advance(3_000);
    connection.settle().await;
    assert!(all("[data-banner=auth][role]").is_empty(), "the connection's region says it");
}

#[wasm_bindgen_test]
async fn an_expired_session_is_said_in_two_sentences() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Banners /> });
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    connection.change_status(|status| {
        status.state = ConnectionState::Error;
        status.cause = Cause::NeedsAuth;
        status.queued = [1, 0, 1, 0];
    });
    connection.settle().await;
    connection.advance(3_000);
    connection.settle().await;
    let shown = texts("[data-banner=auth] .banner__text").remove(0);
    assert_eq!(shown.matches('.').count(), 2, "{shown}");
    assert!(shown.starts_with("Sign in to continue.") && shown.contains("2 unsent changes saved"), "{shown}");
    assert_eq!(texts(STATUS_TEXT), ["Sign in to continue."]);
}

#[wasm_bindgen_test]
async fn the_status_of_a_page_with_banners_is_silent_and_by_itself_it_is_not() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Pages base="/" /> });
    connection.settle().await;
    // The banners, which stand in the bar, announce for it.
    assert_eq!(all(".topbar [role=status]:not([data-testid=connection-announcement])").len(), 0);
    page.show(html! { <ConnectionStatus compact=true /> });
    connection.settle().await;
    assert_eq!(all("[role=status]").len(), 1);
}

#[wasm_bindgen_test]
async fn the_conversation_announces_new_lines_only() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <ChatPane conversation="c" /> });
    connection.settle().await;
    assert_eq!(attribute("[role=log]", "aria-relevant").as_deref(), Some("additions"));
}

fn many(count: usize) -> Vec<Event> {
    (0..count).map(|n| incident(&format!("inc-{n:04}")).severity(Severity::High).into()).collect()
}

#[wasm_bindgen_test]
async fn a_windowed_list_says_how_long_it_is_and_is_one_tab_stop() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <IncidentBoard /> });
    connection.connect();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Incidents), many(1_000));
    connection.settle().await;
    let rows = all("[data-testid=incident-row]");
    assert!(rows.len() < 200, "{} rows", rows.len());
    assert_eq!(rows[2].get_attribute("aria-setsize").as_deref(), Some("1000"));
    assert_eq!(rows[2].get_attribute("aria-posinset").as_deref(), Some("3"));
    let stops = || {
        let stops = all("[data-testid=incident-row] > button[tabindex='0']");
        stops
            .iter()
            .map(|row| row.parent_element().unwrap().get_attribute("data-incident-id").unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(stops(), ["inc-0000"]);
    one("[data-testid=incident-row] > button").focus().unwrap();
    press(&focused(), "ArrowDown");
    connection.settle().await;
    press(&focused(), "ArrowDown");
    connection.settle().await;
    assert_eq!(stops(), ["inc-0002"], "Tab comes back to where one was");
    assert!(rows[2].contains(Some(&focused())));
}

#[wasm_bindgen_test]
async fn a_press_that_began_inside_a_dialog_does_not_close_it() {
    let closed = Rc::new(Cell::new(0));
    let on_close = {
        let closed = closed.clone();
        Callback::from(move |()| closed.set(closed.get() + 1))
    };
    let connection = FakeConnection::new();
    let _page = connection.mount(html! {
        <Dialog name="sign-out" title="A question" {on_close}><input class="inside" /></Dialog>
    });
    connection.settle().await;
    let dialog = one("dialog");
    // A selection that is drawn out of the field: the browser's click is at what both have in common.
    point(&one(".inside"), "pointerdown");
    point(&dialog, "pointerup");
    dialog.click();
    assert_eq!(closed.get(), 0);
    point(&dialog, "pointerdown");
    point(&dialog, "pointerup");
    dialog.click();
    assert_eq!(closed.get(), 1);
}

#[wasm_bindgen_test]
async fn the_focus_returns_to_where_a_detail_was_opened_from() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Pages base="/" /> });
    connection.connect();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Incidents), many(3));
    let mut raised = alert("alr-1", AlertChange::Raised, Severity::High);
    if let Payload::Alert(alert) = &mut raised.payload {
        alert.incident_id = Some("inc-0001".to_owned());
    }
    connection.snapshot(Subject::channel(Channel::Alerts), [raised]);
    let mut done = activity("act-1", "ann", "looked at");
    if let Payload::Activity(activity) = &mut done.payload {
        activity.target = Some("inc-0002".to_owned());
    }
    connection.snapshot(Subject::channel(Channel::Activity), [done]);
    connection.settle().await;
    connection.advance(500);
    connection.settle().await;

    for from in [
        "[data-alert-id=alr-1] .link",
        "[data-testid=activity-item] .link",
        "[data-incident-id=inc-0001] > button",
    ] {
        one(from).focus().unwrap();
        one(from).click();
        connection.settle().await;
        one("[data-testid=detail-close]").focus().unwrap();
        one("[data-testid=detail-close]").click();
        connection.settle().await;
        // A list that has to be made again is waited for.
        connection.advance(100);
        connection.settle().await;
        assert!(all("[data-testid=incident-detail]").is_empty());
        assert!(focused().is_same_node(Some(&one(from))), "{from}: {}", focused().outer_html());
    }
    // What it was opened from is gone: not the top of the page.
    one("[data-alert-id=alr-1] .link").focus().unwrap();
    one("[data-alert-id=alr-1] .link").click();
    connection.settle().await;
    connection.snapshot(Subject::channel(Channel::Alerts), []);
    connection.settle().await;
    one("[data-testid=detail-close]").focus().unwrap();
    one("[data-testid=detail-close]").click();
    connection.settle().await;
    connection.advance(1_000);
    connection.settle().await;
    assert_ne!(focused().tag_name(), "BODY", "the focus is not lost");
}

#[wasm_bindgen_test]
async fn the_outbox_is_behind_the_connection_s_button_on_every_page() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Pages base="/" /> });
    connection.connect();
    connection.settle().await;
    assert!(page.find("[data-testid=outbox-panel]").is_none());
    assert!(page.click("[data-testid=connection-open]"));
    connection.settle().await;
    assert!(page.find("[data-testid=connection-dialog] [data-testid=outbox-panel]").is_some());
    assert!(page.find("[data-testid=connection-dialog] [data-testid=connection-cause]").is_some());
    assert!(page.click("[data-testid=connection-close]"));
    connection.settle().await;
    assert!(page.find("[data-testid=connection-dialog]").is_none());
}
