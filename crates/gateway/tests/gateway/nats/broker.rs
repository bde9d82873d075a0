//! NATS goes away, and what clients and operators are told.

use super::{Service, say, system};
use crate::support::nats::VERSIONS;
use crate::support::{Client, Program, subscribe};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Channel, Code, ServerMessage};
use std::time::Duration;

/// Whether the next message tells that commands can be stored again, or that they cannot.
async fn is_told(client: &mut Client, stored: bool) {
    let ServerSystem::Storage { available, message, retry_after_ms } = system(client).await else {
        panic!("nothing is told")
    };
    assert_eq!((available, retry_after_ms), (stored, (!stored).then_some(2_000)), "{message}");
}

/// Sends `id` until it is acked.
async fn accepted(client: &mut Client, id: &str) {
    loop {
        client.send(&say(id, "again")).await;
        match system(client).await {
            ServerSystem::Ack { ids } if ids == [id] => return,
            // As long as the server asks for.
            ServerSystem::Nack { retry_after_ms: Some(wait), .. } => {
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

async fn is_ready(program: &Program) -> bool {
    program.ops("/readyz").await.starts_with("HTTP/1.1 200")
}

async fn becomes_ready(program: &Program) {
    let ready = async {
        while !is_ready(program).await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ready).await.expect("it becomes ready");
}

#[tokio::test]
async fn without_nats_commands_are_refused_for_now_and_it_comes_back_in_the_same_epoch() {
    for version in VERSIONS {
        let mut service = Service::start(version, 2).await;
        let one = &service.gateways[0];
        becomes_ready(one).await;
        let mut client = one.client("s").await;
        client.system(&subscribe(Channel::Chat)).await;
        let ServerSystem::Subscribed(begun) = system(&mut client).await else { panic!("not subscribed") };
        client.send(&say("before", "x")).await;
        client.acked().await;
        service.nats.kill().await;
        is_told(&mut client, false).await;
        client.send(&say("during", "x")).await;
        let ServerSystem::Nack { code: Code::Unavailable, retry_after_ms, .. } = system(&mut client).await
        else {
            panic!("it is not refused")
        };
        assert_eq!(retry_after_ms, Some(2_000), "{version}");
        // Who comes now is told, too.
        let mut late = one.client("late").await;
        is_told(&mut late, false).await;
        assert!(!is_ready(one).await, "{version}");
        service.nats.start_again().await;
        is_told(&mut client, true).await;
        accepted(&mut client, "after").await;
        becomes_ready(one).await;
        let health = one.http("GET", "/admin/stats").await;
        assert!(health.contains(&format!("\"epoch\":\"{}\"", begun.epoch)), "{version}: {health}");
        // The connection has stayed, and its chain has no hole.
        let mut other = service.gateways[1].client("o").await;
        accepted(&mut other, "other").await;
        client.send(&say("end", "x")).await;
        let mut cursor = None;
        loop {
            let ServerMessage::Event(event) = client.next().await else { continue };
            assert!(cursor.is_none_or(|cursor| event.prev == Some(cursor)), "{version}");
            cursor = event.seq;
            if event.cause.as_deref() == Some("end") {
                break;
            }
        }
    }
}
