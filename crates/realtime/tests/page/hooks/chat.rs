//! A conversation.

use sentinelops_realtime::engine::{DeliveryState, Durability, Mode};
use sentinelops_realtime::protocol::{Channel, Event, Payload, Subject, domain::ReceiptKind};
use sentinelops_realtime::testing::{FakeConnection, chat_message, receipt, typing};
use sentinelops_realtime::{UseChatHandle, use_chat};
use std::cell::RefCell;
use wasm_bindgen_test::*;
use yew::prelude::*;

thread_local! {
    static CHAT: RefCell<Option<UseChatHandle>> = const { RefCell::new(None) };
}

#[derive(PartialEq, Properties)]
struct ChatProps {
    conversation: AttrValue,
}

#[component]
fn Chat(props: &ChatProps) -> Html {
    let chat = use_chat(&props.conversation);
    CHAT.set(Some(chat.clone()));
    let line =
        |entry: &sentinelops_realtime::ChatEntry| format!("{}[{}] ", entry.message.content, entry.label());
    html! { <p>{ for chat.feed.items.iter().map(line) }{ for chat.typing.iter().map(|who| format!("({who})")) }</p> }
}

fn chat() -> UseChatHandle {
    CHAT.with_borrow(|chat| chat.clone().unwrap())
}

#[wasm_bindgen_test]
async fn from_click_to_read() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Chat conversation="c1" /> });
    connection.settle().await;
    connection.connect();
    connection.deliver_all([
        chat_message("c1", "1", "ann", "hello"),
        chat_message("c2", "9", "ann", "elsewhere"),
        typing("c1", "bob"),
    ]);
    connection.settle().await;
    assert_eq!(page.text(), "hello[] (bob)");

    let id = chat().send_message("hi").id();
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[saving] (bob)");
    connection.save(&id);
    connection.transmit(&id);
    connection.ack(&id);
    let mut taken = chat_message("c1", "2", "me", "hi");
    taken.cause = Some(id.to_string());
    connection.deliver(taken);
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[delivered] (bob)");
    connection.deliver(receipt(ReceiptKind::Delivered, "c1", "ann", connection.now()));
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[received] (bob)");
    connection.deliver(receipt(ReceiptKind::Read, "c1", "ann", connection.now()));
    connection.advance(6_000);
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[read] ");

    assert!(chat().mark_read().is_some());
    assert!(chat().mark_read().is_none());

    // Another conversation in the same component: at once its own, nothing of the first.
    page.show(html! { <Chat conversation="c3" /> });
    connection.settle().await;
    assert_eq!(page.text(), "");
    assert_eq!(connection.subscriptions().len(), 1);
}

#[wasm_bindgen_test]
async fn what_came_in_is_confirmed_once_by_itself() {
    let connection = FakeConnection::new();
    let _page = connection.mount(html! { <Chat conversation="c1" /> });
    connection.settle().await;
    connection.connect();
    let receipts = || {
        let sent = connection.sent();
        sent.into_iter().filter(|request| request.kind == "chat.delivered").collect::<Vec<_>>()
    };
    let newest = connection.now();
    connection
        .deliver_all([chat_message("c1", "1", "ann", "hello"), chat_message("c1", "2", "ann", "there")]);
    connection.settle().await;
    assert_eq!(receipts().len(), 1);
    assert_eq!(receipts()[0].payload.as_str(), format!(r#"{{"conversationId":"c1","upTo":{newest}}}"#));

    // The next one waits for the ack of the first, for something new, and until a second is over.
    connection.advance(10);
    let mut later = chat_message("c1", "3", "ann", "again");
    if let Payload::Chat(message) = &mut later.payload {
        message.timestamp = connection.now();
    }
    connection.deliver(later);
    connection.settle().await;
    assert_eq!(receipts().len(), 1);
    connection.ack(&receipts()[0].id.as_str().into());
    connection.settle().await;
    assert_eq!(receipts().len(), 1);
    connection.advance(1_000);
    connection.settle().await;
    assert_eq!(receipts().len(), 2);
    connection.ack(&receipts()[1].id.as_str().into());
    connection.settle().await;
    assert_eq!(receipts().len(), 2);
}

/// As a server sends it now.
fn live_message(connection: &FakeConnection, id: &str, sender: &str, content: &str) -> Event {
    let mut event = chat_message("c1", id, sender, content);
    if let Payload::Chat(message) = &mut event.payload {
        message.timestamp = connection.now();
    }
    event
}

#[wasm_bindgen_test]
async fn a_basic_server_acks_nothing_and_the_conversation_keeps_its_order() {
    let connection = FakeConnection::new();
    let mut page = connection.mount(html! { <Chat conversation="c1" /> });
    connection.settle().await;
    connection.connect();
    connection.change_status(|status| status.mode = Some(Mode::Basic));
    connection.deliver(live_message(&connection, "1", "ann", "hello"));
    connection.settle().await;
    let id = chat().send_message("hi").id();
    // Written long before it could leave.
    connection.advance(1_000);
    connection.save(&id);
    connection.transmit(&id);
    connection.settle().await;
    connection.advance(200);
    connection.update(&id, Durability::Durable, DeliveryState::HandedOver);
    connection.advance(1_000);
    connection.deliver(live_message(&connection, "2", "ann", "how are you"));
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[handed over] how are you[] ");
    let next = chat().send_message("fine").id();
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[handed over] how are you[] fine[saving] ");
    connection.deliver(receipt(ReceiptKind::Read, "c1", "ann", connection.now()));
    connection.update(&next, Durability::Durable, DeliveryState::HandedOver);
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[read] how are you[] fine[handed over] ");

    // What comes back is recognised by its id: this provider names no user.
    connection.advance(10);
    connection.deliver(live_message(&connection, next.as_str(), "me", "fine"));
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[read] how are you[] fine[handed over] ");

    // The state the worker keeps holds what this server sent, and that is not all.
    page.show(Html::default());
    connection.settle().await;
    page.show(html! { <Chat conversation="c1" /> });
    connection.settle().await;
    connection.snapshot(Subject::topic(Channel::Chat, "c1"), [chat_message("c1", "1", "ann", "hello")]);
    connection.settle().await;
    assert_eq!(page.text(), "hello[] hi[handed over] fine[handed over] ");
}
