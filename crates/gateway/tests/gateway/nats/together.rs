//! Several gateways are one service.

use super::{Service, gateway, say, system};
use crate::support::nats::VERSIONS;
use crate::support::{Client, Program, subscribe};
use sentinelops_protocol::system::{
    ClientSystem, Continuity, Hello, ServerSystem, Since, SubscribeEntry, Subscribed,
};
use sentinelops_protocol::{Channel, Code, ServerMessage};
use std::collections::BTreeMap;

async fn subscribed(client: &mut Client, ask: &ClientSystem) -> Subscribed {
    client.system(ask).await;
    match system(client).await {
        ServerSystem::Subscribed(answer) => answer,
        other => panic!("{other:?}"),
    }
}

/// The causes of the next events, in order.
async fn causes(client: &mut Client, count: usize) -> Vec<String> {
    let mut causes = Vec::new();
    while causes.len() < count {
        if let ServerMessage::Event(event) = client.next().await {
            causes.extend(event.cause);
        }
    }
    causes
}

/// How a command ended: acked, or refused with this code.
async fn ended(client: &mut Client) -> BTreeMap<String, Option<Code>> {
    match system(client).await {
        ServerSystem::Ack { ids } => ids.into_iter().map(|id| (id, None)).collect(),
        ServerSystem::Nack { id, code, .. } => BTreeMap::from([(id, Some(code))]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_id_sent_to_two_gateways_at_once_is_one_effect_and_two_acks() {
    const COUNT: usize = 60;
    for version in VERSIONS {
        let service = Service::start(version, 2).await;
        let [one, two] = &service.gateways[..] else { panic!("two gateways") };
        let mut reader = one.client("reader").await;
        subscribed(&mut reader, &subscribe(Channel::Chat)).await;
        let (mut left, mut right) = (one.client("left").await, two.client("right").await);
        let (mut by_left, mut by_right) = (BTreeMap::new(), BTreeMap::new());
        for n in 0..COUNT {
            let text = say(&format!("m{n}"), "hello");
            tokio::join!(left.send(&text), right.send(&text));
        }
        while by_left.len() < COUNT {
            by_left.extend(ended(&mut left).await);
        }
        while by_right.len() < COUNT {
            by_right.extend(ended(&mut right).await);
        }
        assert!(by_left.values().chain(by_right.values()).all(Option::is_none), "{version}: all acked");
        // What comes after all of them shows that each came once.
        left.send(&say("last", "bye")).await;
        let mut seen = causes(&mut reader, COUNT + 1).await;
        assert_eq!(seen.pop().as_deref(), Some("last"), "{version}");
        seen.sort();
        let mut wanted: Vec<_> = (0..COUNT).map(|n| format!("m{n}")).collect();
        wanted.sort();
        assert_eq!(seen, wanted, "{version}");
    }
}

#[tokio::test]
async fn one_id_with_two_bodies_takes_effect_once_and_is_refused_everywhere_after() {
    for version in VERSIONS {
        let service = Service::start(version, 2).await;
        let [one, two] = &service.gateways[..] else { panic!("two gateways") };
        let (mut left, mut right) = (one.client("left").await, two.client("right").await);
        for n in 0..20 {
            let id = format!("m{n}");
            // Two conversations: the log alone cannot tell that they are the same.
            let other = say(&id, "other").replace(r#""c""#, r#""d""#);
            let text = say(&id, "one");
            tokio::join!(left.send(&text), right.send(&other));
            let (by_left, by_right) = (ended(&mut left).await, ended(&mut right).await);
            let outcomes: Vec<_> = by_left.into_values().chain(by_right.into_values()).collect();
            assert_eq!(outcomes.iter().filter(|code| code.is_none()).count(), 1, "{version}: {outcomes:?}");
            assert!(outcomes.contains(&Some(Code::DuplicateId)), "{version}: {outcomes:?}");
            for client in [&mut left, &mut right] {
                client.send(&say(&id, "third")).await;
                assert_eq!(ended(client).await[&id], Some(Code::DuplicateId), "{version}");
            }
        }
    }
}

#[tokio::test]
async fn an_event_reaches_the_clients_of_every_gateway_and_cursors_hold_on_all() {
    let service = Service::start("2.15.1", 3).await;
    let [one, two, three] = &service.gateways[..] else { panic!("three gateways") };
    let mut readers = Vec::new();
    for gateway in [one, two, three] {
        let mut reader = gateway.client("reader").await;
        let begun = subscribed(&mut reader, &subscribe(Channel::Chat)).await;
        readers.push((reader, begun.epoch, begun.seq));
    }
    assert!(readers.iter().all(|(_, epoch, _)| *epoch == readers[0].1), "one epoch");
    let mut writer = two.client("writer").await;
    for id in ["a", "b"] {
        writer.send(&say(id, id)).await;
        writer.acked().await;
    }
    let mut cursors = Vec::new();
    for (reader, _, cursor) in &mut readers {
        let mut seqs = Vec::new();
        while seqs.len() < 2 {
            let ServerMessage::Event(event) = reader.next().await else { continue };
            assert_eq!(event.prev, Some(*cursor), "the chain");
            *cursor = event.seq.expect("a seq");
            seqs.push(*cursor);
        }
        cursors.push(seqs);
    }
    assert!(cursors.iter().all(|seqs| *seqs == cursors[0]), "{cursors:?}");
    // A cursor of one gateway goes on exactly at another.
    let since = Since { epoch: readers[0].1.clone(), seq: cursors[0][0] };
    let entry = SubscribeEntry { channel: Channel::Chat, topic: None, since: Some(since) };
    let mut moved = three.client("moved").await;
    let begun = subscribed(&mut moved, &ClientSystem::Subscribe(vec![entry])).await;
    assert_eq!(begun.continuity, Continuity::Exact);
    assert_eq!(causes(&mut moved, 1).await, ["b"]);
}

#[tokio::test]
async fn a_gateway_that_starts_later_knows_state_history_and_ids() {
    let service = Service::start("debian", 1).await;
    let mut client = service.gateways[0].client("s").await;
    let begun = subscribed(&mut client, &subscribe(Channel::Chat)).await;
    client.send(&say("m", "hello")).await;
    client.acked().await;
    let later = gateway(&service.nats.url()).await;
    let mut client = later.client("s2").await;
    let since = Since { epoch: begun.epoch, seq: begun.seq };
    let entry = SubscribeEntry { channel: Channel::Chat, topic: None, since: Some(since) };
    let resumed = subscribed(&mut client, &ClientSystem::Subscribe(vec![entry])).await;
    assert_eq!(resumed.continuity, Continuity::Exact);
    assert_eq!(causes(&mut client, 1).await, ["m"]);
    client.send(&say("m", "hello")).await;
    assert_eq!(client.acked().await, ["m"]);
    client.send(&say("m", "another")).await;
    assert_eq!(ended(&mut client).await["m"], Some(Code::DuplicateId));
}

#[tokio::test]
async fn typing_is_passed_on_by_every_gateway() {
    let service = Service::start("2.12.8", 2).await;
    let [one, two] = &service.gateways[..] else { panic!("two gateways") };
    let (mut reader, mut writer) = (one.client("reader").await, two.client("writer").await);
    subscribed(&mut reader, &subscribe(Channel::Chat)).await;
    writer.send(r#"{"id":"t","type":"chat.typing","channel":"chat","payload":{"conversationId":"c"}}"#).await;
    let ServerMessage::Event(event) = reader.next().await else {
        let ServerMessage::Event(event) = reader.next().await else { panic!("no event") };
        return assert_eq!(event.kind, "chat.typing");
    };
    assert_eq!((event.kind.as_str(), event.seq), ("chat.typing", None));
}

async fn greeted(program: &Program, session: &str, term: u64) -> Client {
    let mut client = program.socket("/ws").await;
    let hello = Hello { protocol: 1, client: "t".into(), session: session.into(), term };
    client.system(&ClientSystem::Hello(hello)).await;
    client
}

#[tokio::test]
async fn the_lower_term_of_a_session_is_closed_on_whatever_gateway_it_is() {
    let service = Service::start("2.15.1", 2).await;
    let [one, two] = &service.gateways[..] else { panic!("two gateways") };
    let mut old = greeted(one, "s", 1).await;
    assert!(matches!(system(&mut old).await, ServerSystem::Welcome(_)));
    let mut new = greeted(two, "s", 2).await;
    assert!(matches!(system(&mut new).await, ServerSystem::Welcome(_)));
    assert_eq!(old.close_code().await, Some(4410));
    // The older one comes later.
    let mut late = greeted(one, "s", 1).await;
    assert_eq!(late.close_code().await, Some(4410));
    new.send(&say("m", "still here")).await;
    assert_eq!(new.acked().await, ["m"]);
}
