//! `--data`: what is kept over a restart, and the errors for a folder that cannot be used.

mod backup;
mod crash;
mod earlier;
mod folder;
mod restart;

use crate::support::Client;
use sentinelops_protocol::ServerMessage;
use sentinelops_protocol::system::{ClientSystem, ServerSystem, Since, SubscribeEntry, Subscribed};
use std::process::Stdio;
use tokio::process::Command;

/// A message of a conversation.
fn say(id: &str, text: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c","content":"{text}"}}}}"#
    )
}

async fn subscribed(client: &mut Client) -> Subscribed {
    loop {
        if let ServerMessage::System(ServerSystem::Subscribed(subscribed)) = client.next().await {
            return subscribed;
        }
    }
}

fn resume(from: &Subscribed) -> ClientSystem {
    let since = Since { epoch: from.epoch.clone(), seq: from.seq };
    ClientSystem::Subscribe(vec![SubscribeEntry { channel: from.channel, topic: None, since: Some(since) }])
}

/// What a start that must fail says, and its exit code.
async fn refused(flags: &[&str]) -> (i32, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["--port", "0", "--dev"])
        .args(flags)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(20), run).await;
    let output = output.expect("it ends").expect("it starts");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}
