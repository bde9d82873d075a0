//! Messages of other tabs: what a list says of them goes into the question how they ended.

use super::*;
use crate::tabs::Inquiry;
use crate::{Batch, FailReason, MessageCounts, MessageInfo, MessageUpdate, Row};
use sentinelops_protocol::Code;

#[test]
fn list_tells_which_messages_a_newer_one_may_replace() {
    let mut node = node();
    node.handle_page(at(4), PageCommand::WatchOutbox(true));
    node.handle_lock(at(5), &LockEvent::Granted);
    drain(&mut node);
    let row = |id: &str, order, coalesce: Option<&str>| {
        let coalesce = coalesce.map(str::to_owned);
        let row = crate::outbox::row_of(&SendRequest { coalesce, ..request(id) }, 1, "other").unwrap();
        Row { order, ..row }
    };
    let rows = vec![row("stays", 3, None), row("replaceable", 5, Some("status"))];
    node.handle_store(
        at(11),
        StoreEvent::Opened(Box::new(StoreSnapshot { rows, ..StoreSnapshot::default() })),
    );
    let mut outputs = Vec::new();
    for (number, mono) in [(1, 300), (2, 600)] {
        node.handle_page(at(mono), PageCommand::Credit(number));
        node.handle_timeout(at(mono + 200));
        outputs.extend(drain(&mut node));
    }
    let lists = delivered(&outputs).into_iter().filter_map(|item| match item {
        Delivery::Outbox(list, _) => Some(list),
        _ => None,
    });
    let listed: Vec<(String, bool)> =
        lists.last().into_iter().flatten().map(|info| (info.update.id, info.coalesced)).collect();
    assert_eq!(listed, [("stays".to_owned(), false), ("replaceable".to_owned(), true)]);
}

/// It was replaced, and no leader remembers: without the flag, an inquiry would report it as arrived.
#[test]
fn message_of_another_tab_that_is_tried_again_here_is_asked_after_as_replaceable() {
    let (mut node, attachment) = following(3);
    node.handle_link(at(6), first_batch(3, attachment));
    let update = |delivery| MessageUpdate { id: "m".to_owned(), durability: Durability::Durable, delivery };
    let put_off =
        FailReason::TooManyAttempts { attempts: 3, code: Code::Unavailable, message: "full".to_owned() };
    let listed = MessageInfo {
        update: update(DeliveryState::Failed(put_off)),
        kind: "agent.status".to_owned(),
        channel: Channel::Agents,
        priority: Priority::Normal,
        created_at: 1,
        attempts: 3,
        coalesced: true,
        payload: Json::null(),
    };
    let list = Delivery::Outbox(vec![listed], MessageCounts::default());
    let batch = Batch { number: 2, items: vec![list, Delivery::Message(update(DeliveryState::Queued))] };
    node.handle_link(at(7), LinkMessage::Batch { term: 3, attachment, from: "leader".to_owned(), batch });
    drain(&mut node);
    node.handle_link(at(8), LinkMessage::RollCall { term: 4 });
    let about = messages_of(&drain(&mut node)).into_iter().filter_map(|message| match message {
        LinkMessage::Inquire { about, .. } => Some(about),
        _ => None,
    });
    let about: Vec<Inquiry> = about.flatten().collect();
    assert_eq!(about, [Inquiry { id: "m".to_owned(), coalesced: true, discarded: false }]);
}
