//! The outbox panel: counts, states, what can be done.

use crate::mount::mount;
use sentinelops::components::outbox::{OutboxPanel, OutboxView, OutboxViewProps};
use sentinelops_realtime::bridge::{FromWorker, PortFailure, ToWorker};
use sentinelops_realtime::engine::{
    DeliveryState, Durability, FailReason, MessageCounts, MessageInfo, MessageUpdate, StorageState,
    StoreError, StoreName, UnreadableRecord,
};
use sentinelops_realtime::protocol::{Channel, Json, Priority};
use sentinelops_realtime::testing::FakeConnection;
use sentinelops_realtime::use_outbox;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

fn message(id: &str, delivery: DeliveryState) -> Rc<MessageInfo> {
    Rc::new(MessageInfo {
        update: MessageUpdate { id: id.to_owned(), durability: Durability::Durable, delivery },
        kind: "incident.update".to_owned(),
        channel: Channel::Incidents,
        priority: Priority::Critical,
        created_at: 1,
        attempts: 0,
        coalesced: false,
        payload: Json::null(),
    })
}

fn props(messages: Vec<Rc<MessageInfo>>) -> OutboxViewProps {
    OutboxViewProps {
        class: Classes::new(),
        messages: messages.into(),
        counts: MessageCounts { queued: [1, 0, 2, 0], in_flight: 1, failed: 1 },
        storage: StorageState::Durable,
        unreadable: 0,
        on_retry: Callback::noop(),
        on_discard: Callback::noop(),
        on_export: Callback::noop(),
    }
}

#[wasm_bindgen_test]
async fn counts_and_states_are_shown() {
    let shown = mount::<OutboxView>(props(vec![
        message("a", DeliveryState::Queued),
        message("b", DeliveryState::Sent),
    ]))
    .await;
    assert_eq!(shown.text("outbox-count").as_deref(), Some("3"));
    assert_eq!(shown.text("outbox-critical").as_deref(), Some("1"));
    assert_eq!(shown.text("outbox-failed").as_deref(), Some("1"));
    assert_eq!(shown.text("outbox-storage").as_deref(), Some("Saved on this device"));
    let states: Vec<_> = shown.all("message-state").iter().filter_map(|e| e.text_content()).collect();
    assert_eq!(states, ["Saved on this device", "Sent"]);
    assert_eq!(shown.all("outbox-discard").len(), 1, "what may have arrived cannot be taken back");
    assert!(shown.all("outbox-retry").is_empty());
}

#[wasm_bindgen_test]
async fn what_may_have_arrived_is_sent_again_only_after_a_question() {
    let tried = Rc::new(RefCell::new(Vec::new()));
    let on_retry = {
        let tried = tried.clone();
        Callback::from(move |(id, confirmed): (sentinelops_realtime::MessageId, bool)| {
            tried.borrow_mut().push((id.to_string(), confirmed));
        })
    };
    let failed = DeliveryState::Failed(FailReason::NotConnected);
    let expired = DeliveryState::Expired { may_have_arrived: true };
    let shown = mount::<OutboxView>(OutboxViewProps {
        on_retry,
        ..props(vec![message("f", failed), message("x", expired)])
    })
    .await;
    shown.all("outbox-retry")[0].click();
    assert_eq!(*tried.borrow(), [("f".to_owned(), false)]);
    shown.all("outbox-retry")[1].click();
    yew::scheduler::flush().await;
    assert_eq!(tried.borrow().len(), 1, "asked first");
    let question =
        shown.select("button").into_iter().find(|b| b.text_content().unwrap().contains("Send again"));
    question.unwrap().click();
    assert_eq!(tried.borrow().last(), Some(&("x".to_owned(), true)));
}

#[wasm_bindgen_test]
async fn what_failed_stands_above_what_comes_and_goes() {
    let failed = || DeliveryState::Failed(FailReason::NotConnected);
    let all = [("a", DeliveryState::Queued), ("b", failed()), ("c", DeliveryState::Sent), ("d", failed())];
    let shown = mount::<OutboxView>(props(all.map(|(id, state)| message(id, state)).to_vec())).await;
    let ids: Vec<_> =
        shown.all("outbox-item").iter().filter_map(|item| item.get_attribute("data-message-id")).collect();
    assert_eq!(ids, ["b", "d", "a", "c"]);
}

#[wasm_bindgen_test]
async fn an_empty_outbox_says_so() {
    let shown = mount::<OutboxView>(props(Vec::new())).await;
    assert!(shown.text("empty").unwrap().contains("Everything has arrived"));
}

fn record() -> UnreadableRecord {
    UnreadableRecord {
        store: StoreName::Outbox,
        key: "[2,8]".to_owned(),
        bytes: vec![0xc8, 1],
        set_aside_at: Some(5),
    }
}

#[wasm_bindgen_test]
async fn what_cannot_be_read_is_said_exported_and_deleted_after_a_question() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <OutboxPanel /> });
    connection.settle().await;
    connection.connect();
    connection.settle().await;
    assert!(page.find("[data-testid=outbox-unreadable]").is_none());
    connection.change_status(|status| status.unreadable = 2);
    connection.settle().await;
    let notice = page.find("[data-testid=outbox-unreadable]").unwrap().text_content().unwrap();
    assert!(notice.contains("2 saved records could not be read"), "{notice}");

    connection.take_commands();
    assert!(page.click("[data-testid=unreadable-discard]"));
    connection.settle().await;
    assert_eq!(connection.take_commands(), [], "asked first");
    assert!(page.click("[data-testid=unreadable-confirm]"));
    connection.settle().await;
    assert_eq!(connection.take_commands(), [ToWorker::DiscardUnreadable]);
    connection.emit(FromWorker::Unreadable(Err(StoreError::Quota)));
    connection.settle().await;
    let problem = page.find("[data-testid=unreadable-problem]").unwrap().text_content().unwrap();
    assert!(problem.contains("the storage is full"), "{problem}");

    connection.change_status(|status| status.unreadable = 0);
    connection.settle().await;
    assert!(page.find("[data-testid=outbox-unreadable]").is_none());
}

#[component]
fn Exporter() -> Html {
    let (outbox, json) = (use_outbox(), use_state(String::new));
    let onclick = {
        let set = json.setter();
        move |_| {
            let (exported, set) = (outbox.export_unreadable(), set.clone());
            yew::platform::spawn_local(async move {
                set.set(exported.await.unwrap_or_else(|error| error.to_string()));
            });
        }
    };
    html! { <button {onclick}>{ &*json }</button> }
}

#[wasm_bindgen_test]
async fn an_export_of_what_cannot_be_read_is_json_and_never_waits_for_a_worker_that_is_gone() {
    let connection = FakeConnection::new();
    let page = connection.mount(html! { <Exporter /> });
    connection.settle().await;
    page.click("button");
    connection.settle().await;
    assert_eq!(connection.commands().last(), Some(&ToWorker::ReadUnreadable));
    connection.emit(FromWorker::Unreadable(Ok(vec![record()])));
    connection.settle().await;
    let json = || page.find("button").unwrap().text_content().unwrap();
    let exported: serde_json::Value = serde_json::from_str(&json()).unwrap();
    let expected =
        serde_json::json!([{ "store": "outbox", "key": "[2,8]", "bytes": "c801", "setAsideAt": 5 }]);
    assert_eq!(exported["unreadable"], expected);

    page.click("button");
    connection.settle().await;
    connection.fail_worker(PortFailure::Crashed("a test".to_owned()));
    connection.settle().await;
    assert!(json().contains("the background worker is not running"), "{}", json());
}
