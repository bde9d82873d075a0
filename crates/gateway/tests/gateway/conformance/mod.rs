//! Statements of docs/protocol.md over a real socket, each against memory, SQLite and NATS in three versions, by the project's own
//! client and (module `foreign`) by two others.

mod foreign;

use crate::support::nats::NatsServer;
use crate::support::{Client, Folder, Program, resolve, subscribe};
use futures::{FutureExt, SinkExt, StreamExt};
use sentinelops_protocol::system::{ClientSystem, Continuity, Hello, ServerSystem, Since, SubscribeEntry};
use sentinelops_protocol::{Channel, Code, ServerMessage};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// A gateway with one of the stores, and where its data is.
struct Server {
    program: Program,
    _folder: Folder,
    _nats: Option<NatsServer>,
}

impl Server {
    async fn start(store: &str, test: &str) -> Self {
        let folder = Folder::new(&format!("conformance-{test}"));
        let data = folder.path("data");
        let mut flags = vec!["--rate", "0", "--test-admin", "--max-connections-per-user", "8"];
        let mut nats = None;
        if let Some(version) = store.strip_prefix("nats-") {
            nats = Some(NatsServer::start(version).await);
        }
        let url = nats.as_ref().map(NatsServer::url);
        match &url {
            Some(url) => flags.extend(["--nats", url]),
            None if store == "sqlite" => flags.extend(["--data", &data]),
            None => {}
        }
        Self { program: Program::start(&flags).await, _folder: folder, _nats: nats }
    }
}

/// One table: the statement, and the story that shows it.
macro_rules! statements {
    ($($name:ident)*) => {
        mod memory {
            $(#[tokio::test] async fn $name() {
                super::$name(&super::Server::start("memory", concat!("m-", stringify!($name))).await.program).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() {
                super::$name(&super::Server::start("sqlite", concat!("s-", stringify!($name))).await.program).await;
            })*
        }
        mod nats_debian {
            $(#[tokio::test] async fn $name() {
                super::$name(&super::Server::start("nats-debian", stringify!($name)).await.program).await;
            })*
        }
        mod nats_2_12 {
            $(#[tokio::test] async fn $name() {
                super::$name(&super::Server::start("nats-2.12.8", stringify!($name)).await.program).await;
            })*
        }
        mod nats_2_15 {
            $(#[tokio::test] async fn $name() {
                super::$name(&super::Server::start("nats-2.15.1", stringify!($name)).await.program).await;
            })*
        }
    };
}

statements! {
    hello_is_answered_by_welcome
    anything_before_hello_closes_with_4400
    a_second_hello_is_invalid_and_the_socket_stays
    ping_comes_back_unchanged
    the_lower_term_of_a_session_is_closed_with_4410
    overlapping_subscriptions_are_denied
    a_cursor_of_this_epoch_resumes_exactly
    a_cursor_of_another_epoch_is_a_gap_in_chat_and_a_snapshot_of_incidents
    events_carry_the_cause_and_the_chain
    the_same_id_with_the_same_content_is_acked_again_without_effect
    the_same_id_with_other_content_is_duplicate_id
    unknown_types_are_refused_for_good
    an_unknown_channel_is_left_out_of_its_frame
    what_is_not_json_closes_with_4400
    several_envelopes_travel_in_one_frame
    commands_above_the_rate_of_the_welcome_are_refused_for_now
    ten_times_the_rate_closes_with_4429_and_a_time
    a_connection_too_many_closes_with_4429_and_a_time
    a_subscription_too_many_is_denied
    seq_rises_over_channels_and_prev_makes_the_chain
}

fn say(id: &str, text: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c","content":"{text}"}}}}"#
    )
}

fn since(channel: Channel, epoch: &str, seq: u64) -> ClientSystem {
    let since = Since { epoch: epoch.to_owned(), seq };
    ClientSystem::Subscribe(vec![SubscribeEntry { channel, topic: None, since: Some(since) }])
}

/// The next system message that is not part of a snapshot.
async fn system(client: &mut Client) -> ServerSystem {
    loop {
        match client.next().await {
            ServerMessage::System(ServerSystem::Snapshot(_)) | ServerMessage::Event(_) => {}
            ServerMessage::System(message) => return message,
        }
    }
}

async fn started(client: &mut Client, ask: &ClientSystem) -> (String, u64, Continuity) {
    client.system(ask).await;
    match system(client).await {
        ServerSystem::Subscribed(answer) => (answer.epoch, answer.seq, answer.continuity),
        other => panic!("{other:?}"),
    }
}

async fn hello_is_answered_by_welcome(program: &Program) {
    let mut client = program.socket("/ws").await;
    client
        .send(r#"{"type":"hello","channel":"system","payload":{"protocol":7,"client":"t","session":"s-1","term":3}}"#)
        .await;
    let ServerSystem::Welcome(welcome) = system(&mut client).await else { panic!("no welcome") };
    assert_eq!((welcome.protocol, welcome.session.as_str()), (1, "s-1"));
    assert_eq!((welcome.max_message_bytes, welcome.max_in_flight), (65_536, 64));
}

async fn anything_before_hello_closes_with_4400(program: &Program) {
    let mut client = program.socket("/ws").await;
    client.send(&say("m", "early")).await;
    let ServerSystem::Error { id, .. } = system(&mut client).await else { panic!("no error") };
    assert_eq!(id.as_deref(), Some("m"));
    assert_eq!(client.close_code().await, Some(4400));
}

async fn a_second_hello_is_invalid_and_the_socket_stays(program: &Program) {
    let mut client = program.client("s").await;
    let hello = Hello { protocol: 1, client: "t".into(), session: "s".into(), term: 1 };
    client.system(&ClientSystem::Hello(hello)).await;
    assert!(matches!(system(&mut client).await, ServerSystem::Error { code: Code::Invalid, .. }));
    ping_comes_back(&mut client).await;
}

async fn ping_comes_back(client: &mut Client) {
    client.send(r#"{"type":"ping","channel":"system","payload":{"n":4,"sentAt":99}}"#).await;
    let ServerSystem::Pong(Some(ping)) = system(client).await else { panic!("no pong") };
    assert_eq!((ping.n, ping.sent_at), (4, 99));
}

async fn ping_comes_back_unchanged(program: &Program) {
    ping_comes_back(&mut program.client("s").await).await;
}

async fn the_lower_term_of_a_session_is_closed_with_4410(program: &Program) {
    let mut old = program.client("s").await;
    let mut new = program.socket("/ws").await;
    let hello = Hello { protocol: 1, client: "t".into(), session: "s".into(), term: 2 };
    new.system(&ClientSystem::Hello(hello)).await;
    assert!(matches!(system(&mut new).await, ServerSystem::Welcome(_)));
    assert_eq!(old.close_code().await, Some(4410));
}

async fn overlapping_subscriptions_are_denied(program: &Program) {
    let mut client = program.client("s").await;
    started(&mut client, &subscribe(Channel::Chat)).await;
    let narrow = SubscribeEntry { channel: Channel::Chat, topic: Some("c".into()), since: None };
    client.system(&ClientSystem::Subscribe(vec![narrow])).await;
    assert!(matches!(system(&mut client).await, ServerSystem::Denied { code: Code::Invalid, .. }));
}

async fn a_cursor_of_this_epoch_resumes_exactly(program: &Program) {
    let mut client = program.client("s").await;
    let (epoch, seq, _) = started(&mut client, &subscribe(Channel::Chat)).await;
    client.send(&say("m", "one")).await;
    client.acked().await;
    drop(client);
    let mut client = program.client("s").await;
    let resumed = started(&mut client, &since(Channel::Chat, &epoch, seq)).await;
    assert_eq!(resumed, (epoch, seq, Continuity::Exact));
    let ServerMessage::Event(event) = client.next().await else { panic!("no event") };
    assert_eq!((event.prev, event.cause.as_deref()), (Some(seq), Some("m")));
}

async fn a_cursor_of_another_epoch_is_a_gap_in_chat_and_a_snapshot_of_incidents(program: &Program) {
    let mut client = program.client("s").await;
    let (_, _, chat) = started(&mut client, &since(Channel::Chat, "another", 1)).await;
    let (_, _, incidents) = started(&mut client, &since(Channel::Incidents, "another", 1)).await;
    assert_eq!((chat, incidents), (Continuity::Gap, Continuity::Snapshot));
}

async fn events_carry_the_cause_and_the_chain(program: &Program) {
    let mut client = program.client("s").await;
    let (_, mut cursor, _) = started(&mut client, &subscribe(Channel::Chat)).await;
    for id in ["a", "b", "c"] {
        client.send(&say(id, id)).await;
        loop {
            let ServerMessage::Event(event) = client.next().await else { continue };
            assert_eq!((event.prev, event.cause.as_deref()), (Some(cursor), Some(id)));
            cursor = event.seq.expect("a seq");
            break;
        }
    }
}

async fn the_same_id_with_the_same_content_is_acked_again_without_effect(program: &Program) {
    let mut client = program.client("s").await;
    for _ in 0..2 {
        client.send(&resolve("m", "inc-1005")).await;
        assert_eq!(client.acked().await, ["m"]);
    }
    let stats = program.http("GET", "/admin/stats").await;
    assert!(stats.contains("\"accepted\":1") && stats.contains("\"repeated\":1"), "{stats}");
}

async fn the_same_id_with_other_content_is_duplicate_id(program: &Program) {
    let mut client = program.client("s").await;
    client.send(&say("m", "one")).await;
    client.acked().await;
    client.send(&say("m", "two")).await;
    let ServerSystem::Nack { code, retry_after_ms, .. } = system(&mut client).await else {
        panic!("no nack")
    };
    assert_eq!((code, retry_after_ms), (Code::DuplicateId, None));
}

async fn unknown_types_are_refused_for_good(program: &Program) {
    let mut client = program.client("s").await;
    client.send(r#"{"id":"m","type":"chat.sing","channel":"chat","payload":{}}"#).await;
    let ServerSystem::Nack { code, retry_after_ms, .. } = system(&mut client).await else {
        panic!("no nack")
    };
    assert_eq!((code, retry_after_ms), (Code::UnknownType, None));
}

async fn an_unknown_channel_is_left_out_of_its_frame(program: &Program) {
    let mut client = program.client("s").await;
    let strange = r#"{"id":"w","type":"weather.rain","channel":"weather","payload":{}}"#;
    client.send(&format!("[{strange},{}]", say("m", "one"))).await;
    let (mut acked, mut refused) = (false, false);
    while !(acked && refused) {
        match system(&mut client).await {
            ServerSystem::Ack { ids } => acked = ids == ["m"],
            ServerSystem::Nack { id, code, .. } => refused = id == "w" && code == Code::UnknownType,
            other => panic!("{other:?}"),
        }
    }
}

async fn what_is_not_json_closes_with_4400(program: &Program) {
    let mut client = program.client("s").await;
    client.send("not json").await;
    assert!(matches!(system(&mut client).await, ServerSystem::Error { code: Code::BadFrame, .. }));
    assert_eq!(client.close_code().await, Some(4400));
}

async fn several_envelopes_travel_in_one_frame(program: &Program) {
    let mut client = program.client("s").await;
    let many: Vec<_> = (0..300).map(|n| say(&format!("m{n}"), "x")).collect();
    client.send(&format!("[{}]", many.join(","))).await;
    let mut acked = Vec::new();
    while acked.len() < 300 {
        acked.extend(client.acked().await);
    }
    let wanted: Vec<_> = (0..300).map(|n| format!("m{n}")).collect();
    assert_eq!(acked, wanted);
}

async fn commands_above_the_rate_of_the_welcome_are_refused_for_now(program: &Program) {
    let mut client = program.socket("/ws").await;
    client.hello("s").await;
    let ServerSystem::Welcome(welcome) = system(&mut client).await else { panic!("no welcome") };
    assert_eq!(welcome.rate, Some(1_000.0));
    // Two seconds' worth and a full window may come at once; more than that has to.
    for frame in 0..12 {
        let many: Vec<_> = (0..400).map(|n| say(&format!("m{frame}-{n}"), "x")).collect();
        client.send(&format!("[{}]", many.join(","))).await;
    }
    let mut acked = 0;
    loop {
        match system(&mut client).await {
            ServerSystem::Ack { ids } => acked += ids.len(),
            ServerSystem::Nack { code, retry_after_ms, .. } => {
                assert_eq!(code, Code::RateLimited);
                assert!(retry_after_ms.is_some());
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    // Acks and refusals leave in an order of their own.
    while acked < 2_064 {
        if let ServerSystem::Ack { ids } = system(&mut client).await {
            acked += ids.len();
        }
    }
    ping_comes_back_among_answers(&mut client).await;
}

/// The socket stays: its ping is answered, whatever else comes.
async fn ping_comes_back_among_answers(client: &mut Client) {
    client.send(r#"{"type":"ping","channel":"system","payload":{"n":4,"sentAt":99}}"#).await;
    while !matches!(system(client).await, ServerSystem::Pong(Some(_))) {}
}

async fn ten_times_the_rate_closes_with_4429_and_a_time(program: &Program) {
    let mut client = program.client("s").await;
    let ping = r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":1}}"#;
    let many = format!("[{}]", vec![ping; 512].join(","));
    let flood = async {
        loop {
            // The server may be gone in the middle of it.
            if client.socket.feed(Message::text(many.clone())).await.is_err() {
                return;
            }
            while let Some(Some(Ok(message))) = client.socket.next().now_or_never() {
                if let Message::Close(frame) = message {
                    let frame = frame.expect("a code");
                    assert_eq!(u16::from(frame.code), 4429);
                    assert!(frame.reason.starts_with("retry after 60 s"), "{}", frame.reason);
                    return;
                }
            }
            if client.socket.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), flood).await.expect("closed");
    let stats = program.http("GET", "/admin/stats").await;
    assert!(stats.contains("\"dropped\":1"), "{stats}");
}

async fn a_connection_too_many_closes_with_4429_and_a_time(program: &Program) {
    let mut open = Vec::new();
    for n in 0..8 {
        open.push(program.client(&format!("s{n}")).await);
    }
    let mut ninth = program.socket("/ws").await;
    ninth.hello("s9").await;
    let (code, reason) = ninth.closed().await.expect("a close frame");
    assert_eq!(code, 4429);
    assert!(reason.starts_with("retry after 30 s") && reason.contains("8 connections"), "{reason}");
}

async fn a_subscription_too_many_is_denied(program: &Program) {
    let mut client = program.client("s").await;
    let one = |n| SubscribeEntry { channel: Channel::Chat, topic: Some(format!("t{n}")), since: None };
    client.system(&ClientSystem::Subscribe((0..128).map(one).collect())).await;
    client.system(&ClientSystem::Subscribe((128..257).map(one).collect())).await;
    loop {
        match system(&mut client).await {
            ServerSystem::Denied { subject, code, message } => {
                assert_eq!((subject.topic.as_deref(), code), (Some("t256"), Code::Invalid));
                assert!(message.contains("256"), "{message}");
                return;
            }
            ServerSystem::Subscribed(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn seq_rises_over_channels_and_prev_makes_the_chain(program: &Program) {
    let mut client = program.client("s").await;
    let (_, chat, _) = started(&mut client, &subscribe(Channel::Chat)).await;
    let (_, incidents, _) = started(&mut client, &subscribe(Channel::Incidents)).await;
    assert_eq!(chat, incidents, "one sequence");
    client.send(&say("a", "x")).await;
    client.send(&resolve("b", "inc-1005")).await;
    client.send(&say("c", "y")).await;
    let mut seen = Vec::new();
    while seen.len() < 3 {
        if let ServerMessage::Event(event) = client.next().await {
            seen.push((event.channel, event.prev.expect("prev"), event.seq.expect("a seq")));
        }
    }
    let expected = [
        (Channel::Chat, chat, chat + 1),
        (Channel::Incidents, chat, chat + 2),
        (Channel::Chat, chat + 1, chat + 3),
    ];
    assert_eq!(seen, expected);
}
