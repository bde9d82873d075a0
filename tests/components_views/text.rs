//! Text from the network stays text.

use crate::mount::mount;
use sentinelops::board::Line;
use sentinelops::components::activity::{ActivityItem, ActivityItemProps};
use sentinelops::components::chat::{ChatLine, ChatLineProps};
use sentinelops::components::incidents::{IncidentList, IncidentListProps, Lines};
use sentinelops_realtime::protocol::domain::{Activity, ChatMessage, Incident, Severity};
use sentinelops_realtime::{ChatEntry, IncidentRow};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::prelude::*;

const HOSTILE: &str = "<img src=x onerror=alert(1)><b>bold</b>";

#[wasm_bindgen_test]
async fn of_an_incident() {
    let mut incident = Incident::new(HOSTILE);
    incident.title = Some(HOSTILE.to_owned());
    incident.severity = Some(Severity::Other(HOSTILE.to_owned()));
    incident.assigned_to = Some(HOSTILE.to_owned());
    let shown = mount::<IncidentList>(IncidentListProps {
        actor: None,
        picks: Rc::default(),
        picking: false,
        on_pick: Callback::noop(),
        lines: Lines(Rc::new(vec![Line::One(IncidentRow { incident: Rc::new(incident), edit: None })])),
        selected: None,
        fresh: Rc::default(),
        on_select: Callback::noop(),
        on_toggle: Callback::noop(),
    })
    .await;
    assert!(shown.select("img, b").is_empty());
    assert_eq!(shown.text("incident-title").as_deref(), Some(HOSTILE));
}

#[wasm_bindgen_test]
async fn of_a_chat_message() {
    let message = ChatMessage {
        id: "m1".to_owned(),
        conversation_id: "c".to_owned(),
        sender_id: HOSTILE.to_owned(),
        content: HOSTILE.to_owned(),
        timestamp: 1,
        extra: None,
    };
    let entry = entry(message);
    let shown = mount::<ChatLine>(line(entry)).await;
    assert!(shown.select("img, b").is_empty());
    assert_eq!(shown.text("chat-text").as_deref(), Some(HOSTILE));
}

#[wasm_bindgen_test]
async fn of_a_chat_message_with_code_lists_and_incidents() {
    let content = format!("see inc-7:\n- `{HOSTILE}`\n- javascript:x\n```\n{HOSTILE}\n```");
    let message = ChatMessage {
        id: "m1".to_owned(),
        conversation_id: "c".to_owned(),
        sender_id: "ann".to_owned(),
        content,
        timestamp: 1,
        extra: None,
    };
    let chosen = Rc::new(RefCell::new(Vec::new()));
    let on_incident = Callback::from({
        let chosen = chosen.clone();
        move |id: AttrValue| chosen.borrow_mut().push(id)
    });
    let entry = entry(message);
    let shown =
        mount::<ChatLine>(ChatLineProps { on_incident: Some(on_incident), ..line(entry.clone()) }).await;
    assert!(shown.select("img, b, a").is_empty());
    let texts = |selector| -> Vec<_> {
        shown.select(selector).iter().filter_map(|element| element.text_content()).collect()
    };
    assert_eq!(texts("li li"), [HOSTILE, "javascript:x"]);
    assert_eq!(texts("pre code"), [HOSTILE]);
    assert_eq!(texts("button.link"), ["inc-7"]);
    shown.select("button.link")[0].click();
    assert_eq!(*chosen.borrow(), ["inc-7"]);
    drop(shown);
    // Where nothing can be opened, it is text.
    assert!(mount::<ChatLine>(line(entry)).await.select("button.link").is_empty());
}

fn line(entry: ChatEntry) -> ChatLineProps {
    ChatLineProps { entry, on_retry: Callback::noop(), me: None, on_incident: None }
}

fn entry(message: ChatMessage) -> ChatEntry {
    ChatEntry {
        key: "m1".into(),
        message: Rc::new(message),
        mine: false,
        send: None,
        received: false,
        read: false,
    }
}

#[wasm_bindgen_test]
async fn of_an_activity() {
    let activity = Rc::new(Activity {
        id: "a1".to_owned(),
        actor: HOSTILE.to_owned(),
        action: HOSTILE.to_owned(),
        target: Some(HOSTILE.to_owned()),
        timestamp: u64::MAX,
        extra: None,
    });
    let shown = mount::<ActivityItem>(ActivityItemProps { activity, on_target: None }).await;
    assert!(shown.select("img, b").is_empty());
    assert!(shown.text("activity-item").unwrap().contains(HOSTILE));
}
