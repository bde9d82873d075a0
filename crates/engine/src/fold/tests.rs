use super::*;
use proptest::prelude::*;
use sentinelops_protocol::domain::{
    AgentStatus, ChatMessage, IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, Patch, Presence,
    TimelineAction, TimelineEntry, Typing, Viewing,
};
use sentinelops_protocol::{Json, Priority};

fn event(channel: Channel, payload: Payload) -> Rc<Event> {
    Rc::new(Event {
        id: None,
        kind: "test".to_owned(),
        channel,
        topic: None,
        payload,
        timestamp: None,
        priority: Priority::Normal,
        seq: None,
        prev: None,
        cause: None,
    })
}

fn incident(id: u8, data: IncidentPatch) -> Rc<Event> {
    let incident_id = id.to_string();
    let change = IncidentEvent { incident_id, change: IncidentChange::Updated, data };
    event(Channel::Incidents, Payload::Incident(change))
}

fn receipt(user: u8, up_to: u64) -> Rc<Event> {
    let conversation_id = format!("c{}", user % 2);
    let receipt = Receipt { kind: ReceiptKind::Read, conversation_id, user_id: user.to_string(), up_to };
    event(Channel::Chat, Payload::Receipt(receipt))
}

fn chat(conversation: &str, n: usize) -> Rc<Event> {
    event(
        Channel::Chat,
        Payload::Chat(ChatMessage {
            id: n.to_string(),
            conversation_id: conversation.to_owned(),
            sender_id: "u".to_owned(),
            content: String::new(),
            timestamp: n as u64,
            extra: None,
        }),
    )
}

fn agent(n: usize) -> Rc<Event> {
    event(
        Channel::Agents,
        Payload::Agent(AgentStatus {
            agent_id: n.to_string(),
            status: Presence::Online,
            last_seen: 1,
            name: None,
            extra: None,
        }),
    )
}

#[test]
fn chat_keeps_the_newest_and_no_typing() {
    let mut fold = Fold::new(Channel::Chat);
    for n in 0..MAX_RECENT + 5 {
        let fell = fold.apply(&chat(if n % 2 == 0 { "c0" } else { "c1" }, n));
        assert_eq!(fell, n >= MAX_RECENT);
    }
    let typing = Typing { conversation_id: "c0".to_owned(), user_id: "u".to_owned() };
    fold.apply(&event(Channel::Chat, Payload::Typing(typing)));
    fold.apply(&event(Channel::Chat, Payload::Raw(Json::null())));
    let items = fold.items(None);
    assert_eq!(items.len(), MAX_RECENT);
    assert_eq!(items[0], chat("c1", 5));
    assert_eq!(fold.items(Some("c0")).len(), MAX_RECENT / 2);
    assert!(fold.items(Some("elsewhere")).is_empty());
}

#[test]
fn a_timeline_keeps_its_entries_and_who_views_is_kept_nowhere() {
    let mut fold = Fold::new(Channel::Timeline);
    let entry = |n: usize| {
        let payload = TimelineEntry {
            id: n.to_string(),
            incident_id: "inc-1".to_owned(),
            actor: "u".to_owned(),
            action: TimelineAction::Changed,
            timestamp: n as u64,
            status: None,
            severity: None,
            assigned_to: Patch::Clear,
            alert_id: None,
            title: None,
            extra: None,
        };
        event(Channel::Timeline, Payload::Timeline(Box::new(payload)))
    };
    for n in 0..3 {
        fold.apply(&entry(n));
    }
    assert_eq!(fold.items(Some("inc-1")), [entry(0), entry(1), entry(2)]);
    let mut fold = Fold::new(Channel::Incidents);
    let viewing = Viewing { incident_id: "inc-1".to_owned(), user_id: "u".to_owned() };
    fold.apply(&event(Channel::Incidents, Payload::Viewing(viewing)));
    assert!(fold.items(None).is_empty());
}

#[test]
fn too_many_keys_drop_the_one_untouched_for_longest() {
    let mut fold = Fold::new(Channel::Agents);
    for n in 0..MAX_KEYS {
        assert!(!fold.apply(&agent(n)));
    }
    assert!(!fold.apply(&agent(0)));
    assert!(fold.apply(&agent(MAX_KEYS)));
    assert_eq!(fold.items(None).len(), MAX_KEYS);
    assert!(fold.items(Some("1")).is_empty());
    assert_eq!(fold.items(Some("0")).len(), 1);
}

fn patches() -> impl Strategy<Value = IncidentPatch> {
    let title = prop_oneof![Just(Patch::Keep), Just(Patch::Clear), "[a-c]{1,2}".prop_map(Patch::Set)];
    let status = prop_oneof![
        Just(Patch::Keep),
        Just(Patch::Set(IncidentStatus::New)),
        Just(Patch::Set(IncidentStatus::Resolved))
    ];
    (title, status).prop_map(|(title, status)| IncidentPatch { title, status, ..IncidentPatch::default() })
}

proptest! {
    #[test]
    fn incidents_equal_a_naive_replay(changes in prop::collection::vec((0u8..6, patches()), 0..60)) {
        let mut fold = Fold::new(Channel::Incidents);
        let mut naive: BTreeMap<String, Incident> = BTreeMap::new();
        for (id, patch) in changes {
            fold.apply(&incident(id, patch.clone()));
            let id = id.to_string();
            naive.entry(id.clone()).or_insert_with(|| Incident::new(id)).apply(&patch);
        }
        let mut replayed = BTreeMap::new();
        for item in fold.items(None) {
            let Payload::Incident(event) = &item.payload else { panic!("not an incident") };
            let mut incident = Incident::new(event.incident_id.as_str());
            incident.apply(&event.data);
            replayed.insert(event.incident_id.clone(), incident);
        }
        prop_assert_eq!(replayed, naive);
    }

    #[test]
    fn receipts_are_the_maximum(marks in prop::collection::vec((0u8..4, 0u64..50), 0..60)) {
        let mut fold = Fold::new(Channel::Chat);
        let mut naive: BTreeMap<String, u64> = BTreeMap::new();
        for (user, up_to) in marks {
            fold.apply(&receipt(user, up_to));
            let mark = naive.entry(user.to_string()).or_insert(up_to);
            *mark = (*mark).max(up_to);
        }
        let found: BTreeMap<String, u64> = fold.items(None).iter().filter_map(|item| match &item.payload {
            Payload::Receipt(receipt) => Some((receipt.user_id.clone(), receipt.up_to)),
            _ => None,
        }).collect();
        prop_assert_eq!(found, naive);
    }
}

#[test]
fn of_figures_only_the_last_count() {
    let mut fold = Fold::new(Channel::Stats);
    for at in ["1", "2"] {
        let json = Json::parse(&format!(r#"{{"at":{at}}}"#)).expect("JSON");
        fold.apply(&event(Channel::Stats, Payload::Raw(json)));
    }
    let items: Vec<_> = fold.items(None).iter().map(|event| event.payload.clone()).collect();
    assert!(matches!(&items[..], [Payload::Raw(json)] if json.as_str() == r#"{"at":2}"#), "{items:?}");
}
