//! Agents of a gateway that died, over the programs themselves. `core::lease` has the cases.

use super::{Service, system};
use crate::support::{Client, subscribe};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Channel, ServerMessage, encode_payload};
use std::time::{Duration, Instant};

/// Returns when the agent of this user is in this status.
async fn status_is(client: &mut Client, user: &str, status: &str) {
    loop {
        if let ServerMessage::Event(event) = client.next().await {
            let payload = encode_payload(&event.payload);
            if payload.as_str().contains(&format!("\"{user}\"")) && payload.as_str().contains(status) {
                return;
            }
        }
    }
}

#[tokio::test]
async fn agents_of_a_gateway_that_died_go_offline_after_15_s() {
    let mut service = Service::start("2.15.1", 2).await;
    let mut reader = service.gateways[1].client("reader").await;
    reader.system(&subscribe(Channel::Agents)).await;
    assert!(matches!(system(&mut reader).await, ServerSystem::Subscribed(_)));
    let mut agent = service.gateways[0].socket("/ws?user=ann").await;
    agent.hello("s").await;
    agent.send(r#"{"id":"on","type":"agent.status","channel":"agents","payload":{"status":"online"}}"#).await;
    agent.acked().await;
    status_is(&mut reader, "ann", "online").await;
    let began = Instant::now();
    service.gateways[0].child.kill().await.expect("killed");
    status_is(&mut reader, "ann", "offline").await;
    let took = began.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(20)).contains(&took), "{took:?}");
}
