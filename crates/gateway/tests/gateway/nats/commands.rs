//! `status`, `export` and `import`, and what metrics say.

use super::{Service, gateway, say};
use crate::support::nats::NatsServer;
use crate::support::{Folder, Program, resolve};
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

async fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("stdin").write_all(input).await.expect("written");
    child.wait_with_output().await.expect("it ends")
}

#[tokio::test]
async fn status_names_gateways_with_their_connections_and_the_streams() {
    let service = Service::start("2.12.8", 2).await;
    let mut client = service.gateways[0].client("s").await;
    client.send(&say("m", "x")).await;
    client.acked().await;
    let done = run(&["status", "--nats", &service.nats.url()], b"").await;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    // Name, version, connections, seq, lag, uptime, epoch.
    let gateways: Vec<_> =
        rows.iter().filter(|row| row.len() == 7 && row[1] == env!("CARGO_PKG_VERSION")).collect();
    let mut connections: Vec<_> = gateways.iter().map(|row| row[2]).collect();
    connections.sort_unstable();
    assert_eq!(connections, ["0", "1"], "{text}");
    assert!(gateways.iter().all(|row| row[4] == "0"), "{text}");
    for stream in ["SO_LOG", "SO_STATE", "SO_TAIL"] {
        assert!(rows.iter().any(|row| row[0] == stream && row[5] == "1"), "{stream}: {text}");
    }
}

#[tokio::test]
async fn what_a_data_folder_holds_is_taken_over_into_a_new_log() {
    let folder = Folder::new("nats-import");
    let data = folder.path("data");
    let mut old = Program::start(&["--rate", "0", "--data", &data]).await;
    let mut client = old.client("s").await;
    client.send(&resolve("m", "inc-1005")).await;
    assert_eq!(client.acked().await, ["m"]);
    drop(client);
    old.signal("-TERM").await;
    assert_eq!(old.ended().await, 0);
    let exported = run(&["export", &data], b"").await;
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let nats = NatsServer::start("debian").await;
    let url = nats.url();
    let import = ["--nats", &url, "import"];
    let done = run(&import, &exported.stdout).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let new = gateway(&url).await;
    let state = new.http("GET", "/admin/state?channel=incidents&topic=inc-1005").await;
    assert!(state.contains("inc-1005") && state.contains("resolved"), "{state}");
    let mut client = new.client("s").await;
    client.send(&resolve("m", "inc-1005")).await;
    assert_eq!(client.acked().await, ["m"]);
    let stats = new.http("GET", "/admin/stats").await;
    assert!(stats.contains("\"accepted\":0") && stats.contains("\"repeated\":1"), "{stats}");
    // A log that is in use stays as it is.
    let again = run(&import, &exported.stdout).await;
    let error = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && error.contains("is not new"), "{error}");
}

#[tokio::test]
async fn metrics_say_how_the_log_is() {
    let service = Service::start("2.15.1", 1).await;
    let gateway = &service.gateways[0];
    let mut client = gateway.client("s").await;
    client.send(&say("m", "x")).await;
    client.acked().await;
    let page = gateway.ops("/metrics").await;
    for line in [
        "sentinelops_nats_up 1",
        "sentinelops_nats_lag_messages 0",
        "sentinelops_nats_waiting 0",
        "sentinelops_nats_connections_lost_total 0",
        "sentinelops_nats_records_total{outcome=\"published\"} 1",
        "sentinelops_nats_records_total{outcome=\"folded\"} 1",
        "sentinelops_nats_records_total{outcome=\"conflict\"} 0",
        "sentinelops_nats_publish_seconds_count 1",
    ] {
        assert!(page.lines().any(|found| found == line), "no {line} in {page}");
    }
}
