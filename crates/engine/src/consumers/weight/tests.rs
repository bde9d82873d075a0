use super::*;
use proptest::option;
use proptest::prelude::*;
use sentinelops_protocol::domain::{
    AlertChange, IncidentChange, IncidentStatus, Presence, ReceiptKind, Severity, TimelineAction,
};
use sentinelops_protocol::{Channel, Priority};

/// One character of text takes at most six times its bytes in JSON (`\u0001`).
const ESCAPED: usize = 6;

/// Long enough that leaving one out shows, and short with characters that JSON escapes.
fn text() -> impl Strategy<Value = String> + Clone {
    let long = ("[a-z]{0,4}", 300..2_000_usize).prop_map(|(head, tail)| head + &"x".repeat(tail));
    prop_oneof![long, "\\PC{0,12}", "[a-z\"\\\\\n\u{1}\u{1F600}]{0,12}"]
}

fn time() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![0..9_u64, (1_u64 << 52)..(1 << 53)]
}

fn extra() -> impl Strategy<Value = Option<Json>> + Clone {
    let json = |text: String| Json::from_value(&std::collections::BTreeMap::from([("xNote", text)]));
    option::of(text().prop_map(move |text| json(text).expect("JSON")))
}

fn patch<T: Clone + std::fmt::Debug>(
    value: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Patch<T>> + Clone {
    prop_oneof![Just(Patch::Keep), Just(Patch::Clear), value.prop_map(Patch::Set)]
}

fn incident() -> impl Strategy<Value = Payload> {
    let severity = text().prop_map(|text| Severity::parse(&text));
    let status = text().prop_map(|text| IncidentStatus::parse(&text));
    let data = (patch(text()), patch(severity), patch(status), patch(text()), patch(time()), patch(time()));
    (text(), data, extra()).prop_map(|(incident_id, data, extra)| {
        let (title, severity, status, assigned_to, created_at, updated_at) = data;
        let data = IncidentPatch { title, severity, status, assigned_to, created_at, updated_at, extra };
        Payload::Incident(IncidentEvent { incident_id, change: IncidentChange::Escalated, data })
    })
}

fn agent() -> impl Strategy<Value = Payload> {
    (text(), text(), time(), option::of(text()), extra()).prop_map(
        |(agent_id, status, last_seen, name, extra)| {
            let status = Presence::parse(&status);
            Payload::Agent(AgentStatus { agent_id, status, last_seen, name, extra })
        },
    )
}

fn chat() -> impl Strategy<Value = Payload> {
    (text(), text(), text(), text(), time(), extra()).prop_map(
        |(id, conversation_id, sender_id, content, timestamp, extra)| {
            Payload::Chat(ChatMessage { id, conversation_id, sender_id, content, timestamp, extra })
        },
    )
}

fn receipt() -> impl Strategy<Value = Payload> {
    (text(), text(), time()).prop_map(|(conversation_id, user_id, up_to)| {
        Payload::Receipt(Receipt { kind: ReceiptKind::Delivered, conversation_id, user_id, up_to })
    })
}

fn typing() -> impl Strategy<Value = Payload> {
    (text(), text())
        .prop_map(|(conversation_id, user_id)| Payload::Typing(Typing { conversation_id, user_id }))
}

fn alert() -> impl Strategy<Value = Payload> {
    (text(), text(), text(), option::of(text()), option::of(text()), extra()).prop_map(
        |(id, severity, title, source, incident_id, extra)| {
            let (change, severity) = (AlertChange::Acknowledged, Severity::parse(&severity));
            Payload::Alert(Alert { id, change, severity, title, source, incident_id, extra })
        },
    )
}

fn activity() -> impl Strategy<Value = Payload> {
    (text(), text(), text(), option::of(text()), time(), extra()).prop_map(
        |(id, actor, action, target, timestamp, extra)| {
            Payload::Activity(Activity { id, actor, action, target, timestamp, extra })
        },
    )
}

fn viewing() -> impl Strategy<Value = Payload> {
    (text(), text()).prop_map(|(incident_id, user_id)| Payload::Viewing(Viewing { incident_id, user_id }))
}

fn timeline() -> impl Strategy<Value = Payload> {
    let about =
        (option::of(text()), option::of(text()), patch(text()), option::of(text()), option::of(text()));
    (text(), text(), text(), text(), time(), about, extra()).prop_map(
        |(id, incident_id, actor, action, timestamp, about, extra)| {
            let (status, severity, assigned_to, alert_id, title) = about;
            Payload::Timeline(Box::new(TimelineEntry {
                id,
                incident_id,
                actor,
                action: TimelineAction::parse(&action),
                timestamp,
                status: status.map(|text| IncidentStatus::parse(&text)),
                severity: severity.map(|text| Severity::parse(&text)),
                assigned_to,
                alert_id,
                title,
                extra,
            }))
        },
    )
}

fn raw() -> impl Strategy<Value = Payload> {
    text().prop_map(|text| Payload::Raw(Json::from_value(&text).expect("JSON")))
}

/// Every payload in an envelope with all fields set.
fn event(payload: impl Strategy<Value = Payload>) -> impl Strategy<Value = Event> {
    let id = || option::of("\\PC{1,64}");
    (payload, "[a-z]{1,32}\\.[a-z]{1,31}", (id(), id(), id()), (time(), time(), time())).prop_map(
        |(payload, kind, (id, topic, cause), (timestamp, seq, prev))| Event {
            id,
            kind,
            channel: Channel::Incidents,
            topic,
            payload,
            timestamp: Some(timestamp),
            priority: Priority::Critical,
            seq: Some(seq),
            prev: Some(prev),
            cause,
        },
    )
}

fn is_no_lighter_than_it_is(event: &Event) -> Result<(), TestCaseError> {
    let (weight, json) = (weight(event), event.encode());
    let bridge = postcard::to_stdvec(event).expect("it crosses the bridge").len();
    prop_assert!(weight >= bridge, "weighs {weight}, {bridge} on the bridge");
    if json.contains('\\') {
        prop_assert!(weight * ESCAPED >= json.len(), "weighs {weight}, {} as JSON with escapes", json.len());
    } else {
        prop_assert!(weight >= json.len(), "weighs {weight}, {} as JSON", json.len());
    }
    Ok(())
}

#[test]
fn the_frame_is_no_lighter_than_the_struct() {
    assert!(size_of::<Event>() <= FRAME, "{}", size_of::<Event>());
}

macro_rules! weighed {
    ($($payload:ident)+) => {
        mod each_kind_is_no_lighter_than_it_is {
            use super::*;

            proptest! {
                $(#[test]
                fn $payload(event in event(super::$payload())) {
                    is_no_lighter_than_it_is(&event)?;
                })+
            }
        }
    };
}

weighed! { incident agent chat receipt typing alert activity raw viewing timeline }
