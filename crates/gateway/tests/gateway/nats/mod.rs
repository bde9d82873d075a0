//! Many gateways on one NATS, over the programs themselves.

mod auth;
mod broker;
mod commands;
mod foreign;
mod ingest;
mod kill;
mod lease;
mod settings;
mod together;
mod upgrade;

use crate::support::nats::NatsServer;
use crate::support::{Client, Program};
use sentinelops_protocol::ServerMessage;
use sentinelops_protocol::system::ServerSystem;
use std::process::{Output, Stdio};
use tokio::process::Command;

/// Gateways of one NATS.
struct Service {
    nats: NatsServer,
    gateways: Vec<Program>,
}

impl Service {
    async fn start(version: &str, count: usize) -> Self {
        let nats = NatsServer::start(version).await;
        let mut gateways = Vec::new();
        for _ in 0..count {
            gateways.push(gateway(&nats.url()).await);
        }
        Self { nats, gateways }
    }
}

async fn gateway(url: &str) -> Program {
    Program::start(&["--nats", url, "--test-admin", "--ops-addr", "127.0.0.1:0"]).await
}

fn say(id: &str, text: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c","content":"{text}"}}}}"#
    )
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

/// What a gateway with these flags prints before it ends, because it cannot start.
async fn ends(flags: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["--dev", "--port", "0"])
        .args(flags)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Output { status, stderr, .. } = tokio::time::timeout(std::time::Duration::from_secs(20), run)
        .await
        .expect("it ends")
        .expect("it starts");
    assert!(!status.success());
    String::from_utf8_lossy(&stderr).into_owned()
}
