//! A conversation as it is shown.

use super::*;
use sentinelops_engine::{DeliveryState, Durability};

fn message(id: &str, sender: &str, timestamp: u64) -> ChatMessage {
    ChatMessage {
        id: id.to_owned(),
        conversation_id: "c".to_owned(),
        sender_id: sender.to_owned(),
        content: format!("text of {id}"),
        timestamp,
        extra: None,
    }
}

#[test]
fn an_own_message_keeps_its_key_when_the_server_takes_it() {
    let mut fold = ChatFold::default();
    fold.message(&message("1", "ann", 10), None);
    let id = MessageId::from("01OWN");
    let mut own = vec![OwnChat {
        id: id.clone(),
        message: Rc::new(message("01OWN", "", 0)),
        state: SendState::default(),
    }];
    let view = fold.view(|| own.clone(), 1, None, false);
    assert_eq!(view.messages.len(), 2);
    assert_eq!((&*view.messages[1].key, view.messages[1].label()), ("01OWN", "saving"));

    own[0].state = SendState { durability: Durability::Durable, delivery: DeliveryState::Delivered };
    fold.message(&message("2", "me", 20), Some("01OWN"));
    assert!(fold.has_cause(&id));
    let view = fold.view(|| own.clone(), 2, None, false);
    assert_eq!(view.messages.len(), 2);
    assert_eq!((&*view.messages[1].key, view.messages[1].label()), ("01OWN", "delivered"));
    assert_eq!(view.messages[1].message.id, "2");

    let receipt =
        |kind| Receipt { kind, conversation_id: "c".to_owned(), user_id: "ann".to_owned(), up_to: 20 };
    fold.receipt(&receipt(ReceiptKind::Delivered));
    assert_eq!(fold.view(|| own.clone(), 2, None, false).messages[1].label(), "received");
    fold.receipt(&receipt(ReceiptKind::Read));
    assert_eq!(fold.view(|| own.clone(), 2, None, false).messages[1].label(), "read");
}

#[test]
fn one_s_own_receipt_reads_nothing_of_one_s_own() {
    let mut fold = ChatFold::default();
    fold.message(&message("1", "me", 10), None);
    fold.receipt(&Receipt {
        kind: ReceiptKind::Read,
        conversation_id: "c".to_owned(),
        user_id: "me".to_owned(),
        up_to: 10,
    });
    let view = fold.view(Vec::new, 0, Some("me"), false);
    assert!(view.messages[0].mine);
    assert_eq!(view.messages[0].label(), "delivered");
}

fn own(id: &str, content: &str, timestamp: u64, delivery: DeliveryState) -> OwnChat {
    OwnChat {
        id: id.into(),
        message: Rc::new(ChatMessage { content: content.to_owned(), ..message(id, "me", timestamp) }),
        state: SendState { durability: Durability::Durable, delivery },
    }
}

fn lines(view: &ChatView) -> Vec<(&str, &'static str)> {
    view.messages.iter().map(|entry| (&*entry.key, entry.label())).collect()
}

#[test]
fn what_a_basic_server_took_stands_at_its_time_and_is_read() {
    let mut fold = ChatFold::default();
    fold.message(&message("1", "ann", 10), None);
    fold.message(&message("2", "ann", 30), None);
    let all = vec![
        own("over", "hi", 20, DeliveryState::HandedOver),
        own("early", "so", 5, DeliveryState::HandedOver),
        own("sent", "later", 25, DeliveryState::Sent),
    ];
    let show = |fold: &mut ChatFold| fold.view(|| all.clone(), 1, Some("me"), true);
    let view = show(&mut fold);
    assert_eq!(
        lines(&view),
        [("early", "handed over"), ("1", ""), ("over", "handed over"), ("2", ""), ("sent", "sent")]
    );
    let receipt =
        |kind, up_to| Receipt { kind, conversation_id: "c".to_owned(), user_id: "ann".to_owned(), up_to };
    fold.receipt(&receipt(ReceiptKind::Delivered, 30));
    fold.receipt(&receipt(ReceiptKind::Read, 10));
    let view = show(&mut fold);
    assert_eq!(
        lines(&view),
        [("early", "read"), ("1", ""), ("over", "received"), ("2", ""), ("sent", "sent")]
    );
}

#[test]
fn what_was_read_has_been_delivered() {
    let mut fold = ChatFold::default();
    fold.message(&message("1", "me", 10), None);
    fold.message(&message("2", "ann", 20), None);
    assert_eq!(fold.newest_unconfirmed(Some("me")), Some(20));
    let read = |who: &str, up_to| Receipt {
        kind: ReceiptKind::Read,
        conversation_id: "c".to_owned(),
        user_id: who.to_owned(),
        up_to,
    };
    fold.receipt(&read("me", 20));
    assert_eq!((fold.newest_unconfirmed(Some("me")), fold.read_by("me")), (None, Some(20)));
    fold.receipt(&read("ann", 20));
    let view = fold.view(Vec::new, 0, Some("me"), false);
    assert!(view.messages[0].received && view.messages[0].read);
}

#[test]
fn an_echo_without_a_cause_is_shown_once() {
    let echo =
        |id: &str, content: &str, at| ChatMessage { content: content.to_owned(), ..message(id, "me", at) };
    let mut fold = ChatFold::default();
    // An hour ago: the same words, another message.
    fold.message(&echo("0", "ok", 1), None);
    let hour = 3_600_000;
    fold.message(&echo("7", "ok", hour + 50), None);
    fold.message(&echo("by-id", "changed by the server", hour + 60), None);
    let all = vec![
        own("first", "ok", hour + 20, DeliveryState::HandedOver),
        own("second", "ok", hour + 30, DeliveryState::Sent),
        own("by-id", "as written", hour + 40, DeliveryState::HandedOver),
    ];
    let keys = |view: ChatView| {
        view.messages.iter().map(|entry| (entry.key.to_string(), entry.mine)).collect::<Vec<_>>()
    };
    let mine = |ids: &[&str]| ids.iter().map(|id| ((*id).to_owned(), true)).collect::<Vec<_>>();
    let view = fold.view(|| all.clone(), 1, Some("me"), true);
    assert_eq!(keys(view), mine(&["0", "first", "by-id", "second"]));
    fold.message(&echo("8", "ok", hour + 70), None);
    let view = fold.view(|| all.clone(), 1, Some("me"), true);
    assert_eq!(keys(view), mine(&["0", "first", "by-id", "second"]));
    // A v1 server names causes: the same words from another device are another message.
    let view = fold.view(|| all.clone(), 1, Some("me"), false);
    assert_eq!(keys(view), mine(&["0", "first", "by-id", "8", "second"]));
}

#[test]
fn its_time_is_when_it_last_left_and_after_what_was_shown() {
    let mut chat = own("m", "hi", 5, DeliveryState::Queued);
    let state = |delivery| SendState { durability: Durability::Durable, delivery };
    chat.update(state(DeliveryState::Sent), 100, Some(50));
    assert_eq!(chat.message.timestamp, 100);
    chat.update(state(DeliveryState::Unconfirmed), 200, Some(50));
    chat.update(state(DeliveryState::Sent), 300, Some(50));
    chat.update(state(DeliveryState::HandedOver), 400, Some(50));
    assert_eq!(chat.message.timestamp, 300);
    // The server's clock is ahead; that it was sent was never reported.
    let mut chat = own("m", "hi", 5, DeliveryState::Queued);
    chat.update(state(DeliveryState::HandedOver), 100, Some(150));
    assert_eq!(chat.message.timestamp, 151);
}

#[test]
fn typing_ends_by_time_and_by_message() {
    let mut fold = ChatFold::default();
    let ann = Typing { conversation_id: "c".to_owned(), user_id: "ann".to_owned() };
    fold.typing(&ann, 0);
    assert_eq!(fold.view(Vec::new, 0, None, false).typing.len(), 1);
    assert!(!fold.expire(TYPING_MS - 1));
    assert!(fold.expire(TYPING_MS));
    fold.typing(&ann, 0);
    fold.message(&message("1", "ann", 1), None);
    assert!(fold.view(Vec::new, 0, None, false).typing.is_empty());
}

#[test]
fn receipts_only_rise() {
    let mut fold = ChatFold::default();
    for up_to in [5, 3] {
        fold.receipt(&Receipt {
            kind: ReceiptKind::Read,
            conversation_id: "c".to_owned(),
            user_id: "ann".to_owned(),
            up_to,
        });
    }
    assert_eq!(fold.view(Vec::new, 0, None, false).receipts.read["ann"], 5);
}
