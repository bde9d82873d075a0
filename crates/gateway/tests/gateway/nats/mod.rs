//! Many gateways on one NATS, over the programs themselves.

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
