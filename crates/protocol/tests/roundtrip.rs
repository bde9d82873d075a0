//! What is written is read back the same.

use proptest::option;
use proptest::prelude::*;
use sentinelops_protocol::domain::{
    Activity, AgentStatus, Alert, AlertChange, ChatMessage, Incident, IncidentChange, IncidentEvent,
    IncidentPatch, IncidentStatus, Patch, Presence, Receipt, ReceiptKind, Severity, TimelineAction,
    TimelineEntry, Typing, Viewing,
};
use sentinelops_protocol::system::{
    ClientSystem, Continuity, Hello, Ping, ServerSystem, Since, Snapshot, SnapshotItem, SubscribeEntry,
    Subscribed, Welcome,
};
use sentinelops_protocol::{
    Channel, ClientMessage, Code, Event, Json, Limits, Outbound, OutboundMeta, Payload, Priority,
    ServerMessage, Subject, decode_client_frame, decode_payload, decode_server_frame, encode_batch,
    encode_client_system, encode_payload, encode_server_system,
};

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,12}|[a-z\"\\\\\n\u{1F600}]{0,6}"
}

fn id() -> impl Strategy<Value = String> + Clone {
    "\\PC{1,64}"
}

fn time() -> impl Strategy<Value = u64> {
    0..(1_u64 << 53)
}

fn channel() -> impl Strategy<Value = Channel> + Clone {
    (0..5_usize).prop_map(|at| Channel::ALL[at])
}

fn extra() -> impl Strategy<Value = Option<Json>> {
    option::of(
        any::<u32>().prop_map(|n| Json::parse(&format!(r#"{{"xNote":"n","xNumber":{n}}}"#)).expect("JSON")),
    )
}

fn patch<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Patch<T>> {
    prop_oneof![Just(None), Just(Some(None)), option::of(value).prop_map(Some)].prop_map(
        |patch| match patch {
            None => Patch::Keep,
            Some(None) => Patch::Clear,
            Some(Some(value)) => Patch::Set(value),
        },
    )
}

fn severity() -> impl Strategy<Value = Severity> {
    "low|medium|high|critical|[a-z]{1,5}".prop_map(|text| Severity::parse(&text))
}

fn incident_patch() -> impl Strategy<Value = IncidentPatch> {
    let status = "new|resolved|escalated|[a-z]{1,5}".prop_map(|text| IncidentStatus::parse(&text));
    (patch(text()), patch(severity()), patch(status), patch(text()), patch(time()), patch(time()), extra())
        .prop_map(|(title, severity, status, assigned_to, created_at, updated_at, extra)| IncidentPatch {
            title,
            severity,
            status,
            assigned_to,
            created_at,
            updated_at,
            extra,
        })
}

fn payload() -> impl Strategy<Value = (&'static str, Payload)> {
    let incident = (text(), 0..4_usize, incident_patch()).prop_map(|(incident_id, which, data)| {
        let (kind, change) = [
            ("incident.created", IncidentChange::Created),
            ("incident.updated", IncidentChange::Updated),
            ("incident.resolved", IncidentChange::Resolved),
            ("incident.escalated", IncidentChange::Escalated),
        ][which];
        (kind, Payload::Incident(IncidentEvent { incident_id, change, data }))
    });
    let agent = (text(), "online|away|[a-z]{1,5}", time(), option::of(text()), extra()).prop_map(
        |(agent_id, status, last_seen, name, extra)| {
            let status = Presence::parse(&status);
            ("agent.status", Payload::Agent(AgentStatus { agent_id, status, last_seen, name, extra }))
        },
    );
    let chat = (text(), text(), text(), text(), time(), extra()).prop_map(
        |(id, conversation_id, sender_id, content, timestamp, extra)| {
            (
                "chat.message",
                Payload::Chat(ChatMessage { id, conversation_id, sender_id, content, timestamp, extra }),
            )
        },
    );
    let receipt =
        (any::<bool>(), text(), text(), time()).prop_map(|(read, conversation_id, user_id, up_to)| {
            let (name, kind) = if read {
                ("chat.read", ReceiptKind::Read)
            } else {
                ("chat.delivered", ReceiptKind::Delivered)
            };
            (name, Payload::Receipt(Receipt { kind, conversation_id, user_id, up_to }))
        });
    let typing = (text(), text()).prop_map(|(conversation_id, user_id)| {
        ("chat.typing", Payload::Typing(Typing { conversation_id, user_id }))
    });
    let alert = (text(), 0..3_usize, severity(), text(), option::of(text()), option::of(text()), extra())
        .prop_map(|(id, which, severity, title, source, incident_id, extra)| {
            let (kind, change) = [
                ("alert.raised", AlertChange::Raised),
                ("alert.acknowledged", AlertChange::Acknowledged),
                ("alert.cleared", AlertChange::Cleared),
            ][which];
            (kind, Payload::Alert(Alert { id, change, severity, title, source, incident_id, extra }))
        });
    let activity = (text(), text(), text(), option::of(text()), time(), extra()).prop_map(
        |(id, actor, action, target, timestamp, extra)| {
            ("activity.event", Payload::Activity(Activity { id, actor, action, target, timestamp, extra }))
        },
    );
    let viewing = (text(), text()).prop_map(|(incident_id, user_id)| {
        ("incident.viewing", Payload::Viewing(Viewing { incident_id, user_id }))
    });
    let about = (option::of("new|resolved|[a-z]{1,5}"), option::of(severity()), patch(text()));
    let timeline = (
        (text(), text(), text(), "created|changed|alert_raised|[a-z]{1,5}", time()),
        about,
        (option::of(text()), option::of(text()), extra()),
    )
        .prop_map(
            |(
                (id, incident_id, actor, action, timestamp),
                (status, severity, assigned_to),
                (alert_id, title, extra),
            )| {
                let entry = TimelineEntry {
                    id,
                    incident_id,
                    actor,
                    action: TimelineAction::parse(&action),
                    timestamp,
                    status: status.map(|text| IncidentStatus::parse(&text)),
                    severity,
                    assigned_to,
                    alert_id,
                    title,
                    extra,
                };
                ("timeline.entry", Payload::Timeline(Box::new(entry)))
            },
        );
    prop_oneof![incident, agent, chat, receipt, typing, alert, activity, viewing, timeline]
}

fn event() -> impl Strategy<Value = Event> {
    let place = (option::of(time()), option::of(time()), option::of(time()));
    (payload(), option::of(id()), channel(), option::of(id()), 0..4_usize, place, option::of(id())).prop_map(
        |((kind, payload), id, channel, topic, priority, (timestamp, seq, prev), cause)| Event {
            id,
            kind: kind.to_owned(),
            channel,
            topic,
            payload,
            timestamp,
            priority: Priority::ALL[priority],
            seq,
            prev,
            cause,
        },
    )
}

fn server_system() -> impl Strategy<Value = ServerSystem> {
    let code = "bad_frame|invalid|rate_limited|[a-z]{1,8}".prop_map(|text| Code::parse(&text));
    let item = (payload(), option::of(time())).prop_map(|((kind, payload), timestamp)| SnapshotItem {
        kind: kind.to_owned(),
        payload: encode_payload(&payload),
        timestamp,
    });
    prop_oneof![
        (
            text(),
            text(),
            time(),
            any::<u32>(),
            option::of((1..500_u16).prop_map(|n| f64::from(n) / 4.0)),
            option::of(time())
        )
            .prop_map(|(session, user, now, max_in_flight, rate, expires_in_ms)| {
                ServerSystem::Welcome(Welcome {
                    protocol: 1,
                    session,
                    user,
                    now,
                    max_message_bytes: now,
                    max_in_flight,
                    reconnect_window_ms: now,
                    rate,
                    expires_in_ms,
                })
            }),
        option::of(time()).prop_map(|expires_in_ms| ServerSystem::Authed { expires_in_ms }),
        (channel(), option::of(id()), text(), time(), 0..3_usize).prop_map(
            |(channel, topic, epoch, seq, which)| {
                let continuity = [Continuity::Exact, Continuity::Snapshot, Continuity::Gap][which];
                ServerSystem::Subscribed(Subscribed { channel, topic, epoch, seq, continuity })
            }
        ),
        (channel(), option::of(id()), text(), time(), any::<bool>(), proptest::collection::vec(item, 0..5))
            .prop_map(|(channel, topic, epoch, seq, last, items)| {
                ServerSystem::Snapshot(Snapshot { channel, topic, epoch, seq, part: 3, last, items })
            }),
        (channel(), option::of(id()), code.clone(), text()).prop_map(|(channel, topic, code, message)| {
            ServerSystem::Denied { subject: Subject { channel, topic }, code, message }
        }),
        proptest::collection::vec(id(), 0..5).prop_map(|ids| ServerSystem::Ack { ids }),
        (id(), code.clone(), text(), option::of(time())).prop_map(|(id, code, message, retry_after_ms)| {
            ServerSystem::Nack { id, code, message, retry_after_ms }
        }),
        (code, text(), option::of(id())).prop_map(|(code, message, id)| ServerSystem::Error {
            code,
            message,
            id
        }),
        (text(), time())
            .prop_map(|(reason, reconnect_window_ms)| ServerSystem::Goodbye { reason, reconnect_window_ms }),
        (any::<bool>(), text(), option::of(time())).prop_map(|(available, message, retry_after_ms)| {
            ServerSystem::Storage { available, message, retry_after_ms }
        }),
        option::of((time(), time()))
            .prop_map(|ping| ServerSystem::Pong(ping.map(|(n, sent_at)| Ping { n, sent_at }))),
    ]
}

fn client_system() -> impl Strategy<Value = ClientSystem> {
    let subject = (channel(), option::of(id())).prop_map(|(channel, topic)| Subject { channel, topic });
    let entry = (subject.clone(), option::of((text(), time()))).prop_map(|(subject, since)| SubscribeEntry {
        channel: subject.channel,
        topic: subject.topic,
        since: since.map(|(epoch, seq)| Since { epoch, seq }),
    });
    prop_oneof![
        (text(), text(), time()).prop_map(|(client, session, term)| {
            ClientSystem::Hello(Hello { protocol: 1, client, session, term })
        }),
        text().prop_map(|token| ClientSystem::Auth { token }),
        (time(), time()).prop_map(|(n, sent_at)| ClientSystem::Ping(Ping { n, sent_at })),
        proptest::collection::vec(entry, 0..5).prop_map(ClientSystem::Subscribe),
        proptest::collection::vec(subject, 0..5).prop_map(ClientSystem::Unsubscribe),
    ]
}

fn from_server(frame: &str) -> Vec<ServerMessage> {
    let decoded = decode_server_frame(frame.as_bytes(), &Limits::to_client()).expect("readable");
    assert_eq!(decoded.problems, [], "{frame}");
    decoded.messages
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn payloads((kind, payload) in payload()) {
        let json = encode_payload(&payload);
        prop_assert_eq!(decode_payload(kind, &json), (payload, None), "{}", json.as_str());
    }

    #[test]
    fn events(event in event()) {
        prop_assert_eq!(from_server(&event.encode()), vec![ServerMessage::Event(event)]);
    }

    #[test]
    fn server_systems(message in server_system(), timestamp in option::of(time())) {
        let frame = encode_server_system(&message, OutboundMeta { id: None, timestamp });
        prop_assert_eq!(from_server(&frame), vec![ServerMessage::System(message)], "{}", frame);
    }

    #[test]
    fn client_systems(message in client_system(), name in option::of(id())) {
        let frame = encode_client_system(&message, OutboundMeta { id: name.as_deref(), timestamp: None });
        let decoded = decode_client_frame(frame.as_bytes(), &Limits::to_server()).expect("readable");
        prop_assert_eq!(decoded.problems, vec![]);
        prop_assert_eq!(decoded.messages, vec![ClientMessage::System(name, message)]);
    }

    #[test]
    fn commands(name in id(), (kind, payload) in payload(), channel in channel(), timestamp in time(), at in 0..4_usize) {
        let payload = encode_payload(&payload);
        let priority = Priority::ALL[at];
        let frame = Outbound { id: &name, kind, channel, payload: &payload, timestamp, priority }.encode();
        let decoded = decode_client_frame(frame.as_bytes(), &Limits::to_server()).expect("readable");
        prop_assert_eq!(&decoded.problems, &vec![]);
        let [ClientMessage::Command(command)] = &decoded.messages[..] else { panic!("{decoded:?}") };
        prop_assert_eq!((&command.id, command.kind.as_str(), command.channel), (&name, kind, channel));
        prop_assert_eq!((&command.payload, command.timestamp, command.priority), (&payload, Some(timestamp), priority));
    }

    #[test]
    fn batches(events in proptest::collection::vec(event(), 0..6)) {
        let frame = encode_batch(&events.iter().map(Event::encode).collect::<Vec<_>>());
        let messages: Vec<_> = events.into_iter().map(ServerMessage::Event).collect();
        prop_assert_eq!(from_server(&frame), messages);
    }

    /// Folding changes one by one and folding the state they made is the same.
    #[test]
    fn a_snapshot_item_is_the_fold_of_its_events(patches in proptest::collection::vec(incident_patch(), 0..6)) {
        let mut folded = Incident::new("a");
        for patch in &patches {
            folded.apply(patch);
        }
        let payload = Payload::Incident(folded.to_event(IncidentChange::Updated));
        let (read, _) = decode_payload("incident.updated", &encode_payload(&payload));
        let Payload::Incident(event) = read else { panic!("not an incident") };
        let mut again = Incident::new("a");
        again.apply(&event.data);
        prop_assert_eq!(again, folded);
    }
}
