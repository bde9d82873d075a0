//! What a connection may do before its token is checked, and what a new token takes away.

use super::{Guarded, hs256, user_of, welcome};
use crate::support::{Client, subscribe};
use sentinelops_protocol::system::{ClientSystem, ServerSystem};
use sentinelops_protocol::{Channel, Code, ServerMessage};
use serde_json::json;
use std::time::{Duration, Instant};

const PING: &str = r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":1}}"#;

async fn system(client: &mut Client) -> ServerSystem {
    match client.next().await {
        ServerMessage::System(system) => system,
        other => panic!("not of the system: {other:?}"),
    }
}

#[tokio::test]
async fn more_than_4_kib_before_a_token_closes_with_1009() {
    let gateway = Guarded::start("early-big").await;
    let mut client = gateway.greet("/ws").await;
    client.send(&format!("[{}]", " ".repeat(4_095))).await;
    let (code, reason) = client.closed().await.expect("a close frame");
    assert!(code == 1009 && reason.contains("4096"), "{code} {reason}");
    // The same frame is empty, and harmless, once it is known who sends it.
    let mut client = gateway.greet(&format!("/ws?token={}", hs256(json!({})))).await;
    welcome(&mut client).await;
    client.send(&format!("[{}]", " ".repeat(4_095))).await;
    client.send(PING).await;
    assert!(matches!(system(&mut client).await, ServerSystem::Pong(_)));
}

#[tokio::test]
async fn more_than_32_frames_before_a_token_close_with_4429() {
    let gateway = Guarded::start("early-many").await;
    let mut client = gateway.greet("/ws").await;
    for _ in 0..32 {
        client.send(PING).await;
    }
    let (code, reason) = client.closed().await.expect("a close frame");
    assert!(code == 4429 && reason.contains("32 frames"), "{code} {reason}");
}

#[tokio::test]
async fn commands_before_a_token_are_refused_and_subscriptions_wait_for_it() {
    let gateway = Guarded::start("early-commands").await;
    let mut client = gateway.greet("/ws").await;
    client.system(&subscribe(Channel::Incidents)).await;
    client.send(r#"{"id":"m1","type":"chat.message","channel":"chat","payload":{"conversationId":"c","content":"x"}}"#).await;
    let ServerSystem::Nack { id, code, retry_after_ms, .. } = system(&mut client).await else {
        panic!("no nack")
    };
    assert_eq!((id.as_str(), code, retry_after_ms), ("m1", Code::Unauthenticated, None));
    client.system(&ClientSystem::Auth { token: hs256(json!({})) }).await;
    assert_eq!(user_of(&mut client).await, "ann");
    assert!(matches!(system(&mut client).await, ServerSystem::Authed { .. }));
    assert!(matches!(system(&mut client).await, ServerSystem::Subscribed(_)));
}

#[tokio::test]
async fn connection_that_sends_anything_but_a_token_is_closed_after_5_s() {
    let gateway = Guarded::start("early-slow").await;
    let begun = Instant::now();
    let mut client = gateway.greet("/ws").await;
    client.send(PING).await;
    let (code, reason) = client.closed().await.expect("a close frame");
    assert!(code == 4401 && reason.contains("no token within 5 s"), "{code} {reason}");
    assert!(begun.elapsed() > Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn refresh_without_a_right_ends_its_subscription_and_no_other() {
    let gateway = Guarded::start("less").await;
    let mut client = gateway.greet(&format!("/ws?token={}", hs256(json!({})))).await;
    welcome(&mut client).await;
    for channel in [Channel::Incidents, Channel::Chat] {
        client.system(&subscribe(channel)).await;
        assert!(matches!(system(&mut client).await, ServerSystem::Subscribed(_)));
        assert!(matches!(system(&mut client).await, ServerSystem::Snapshot(_)));
    }
    let less = hs256(json!({"so": {"read": ["chat"], "write": ["incidents"]}}));
    client.system(&ClientSystem::Auth { token: less }).await;
    let ServerSystem::Denied { subject, code, message } = system(&mut client).await else {
        panic!("not denied")
    };
    assert_eq!((subject.channel, code), (Channel::Incidents, Code::Forbidden));
    assert!(message.contains("right to read"), "{message}");
    assert!(matches!(system(&mut client).await, ServerSystem::Authed { .. }));
    // Nothing else was ended, and the rights of the new token hold for what comes.
    client.system(&subscribe(Channel::Incidents)).await;
    assert!(matches!(system(&mut client).await, ServerSystem::Denied { code: Code::Forbidden, .. }));
    client.system(&subscribe(Channel::Chat)).await;
    assert!(matches!(system(&mut client).await, ServerSystem::Subscribed(_)));
}

#[tokio::test]
async fn refresh_with_a_token_of_another_user_closes_with_4401() {
    let gateway = Guarded::start("other-user").await;
    let mut client = gateway.greet(&format!("/ws?token={}", hs256(json!({})))).await;
    welcome(&mut client).await;
    client.system(&ClientSystem::Auth { token: hs256(json!({"sub": "bob"})) }).await;
    let (code, reason) = client.closed().await.expect("a close frame");
    assert!(code == 4401 && reason.contains("another user"), "{code} {reason}");
}
