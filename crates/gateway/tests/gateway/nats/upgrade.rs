//! One version replaces another on one log. The later version is played by a flag: it reads one more layout of records.

use crate::support::nats::NatsServer;
use crate::support::peer::{Crowd, Seen};
use crate::support::{Folder, Program};
use std::time::Duration;

const GATEWAYS: usize = 3;
const PEERS: usize = 6;
const ACKS: u64 = 200;
/// Of the later version.
const READS: [&str; 2] = ["--test-newest-layout", "2"];
const WRITES: [&str; 2] = ["--nats-record-layout", "2"];

#[tokio::test]
async fn versions_replace_each_other_under_load_without_a_loss() {
    let nats = NatsServer::start("2.15.1").await;
    let url = nats.url();
    let flags = ["--nats", &url, "--test-admin"];
    let mut gateways = Vec::new();
    for _ in 0..GATEWAYS {
        gateways.push(Program::start(&flags).await);
    }
    let folder = Folder::new("nats-upgrade");
    let log = folder.path("log");
    let mut forgotten = Program::start_logged(&flags, &log).await;
    let (crowd, lives) = Crowd::start(gateways.iter().map(|gateway| gateway.port).collect(), PEERS);
    // First all of them read the later layout; then they write it.
    for more in [&READS[..], &[READS, WRITES].concat()[..]] {
        for gateway in &mut gateways {
            crowd.acks(ACKS).await;
            let port = gateway.port.to_string();
            gateway.signal("-TERM").await;
            assert_eq!(gateway.ended().await, 0);
            *gateway = Program::start(&[&flags[..], &["--port", &port], more].concat()).await;
        }
    }
    crowd.acks(ACKS).await;
    // Nobody replaced this one. It stops, so that its clients go to the others.
    assert_eq!(forgotten.ended().await, 1);
    says_what_to_do(&std::fs::read_to_string(&log).expect("a log"));
    let peers = crowd.end(lives).await;
    let seen = Seen::by(&peers);
    println!("two versions: {seen}");
    assert_eq!((seen.lost, seen.doubled, seen.untold), (0, 0, 0));
    assert!(seen.is_exact(), "{seen}");
    // Nor does it start again.
    let start = tokio::process::Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["--dev", "--port", "0", "--nats", &url])
        .kill_on_drop(true)
        .output();
    let ended =
        tokio::time::timeout(Duration::from_secs(20), start).await.expect("it ends").expect("it starts");
    assert!(!ended.status.success());
    says_what_to_do(&String::from_utf8_lossy(&ended.stderr));
}

fn says_what_to_do(text: &str) {
    for words in ["cannot be read: layout 2", "reads up to 1: start the version that wrote it"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn a_planned_stop_moves_clients_to_the_others_inside_the_window() {
    let nats = NatsServer::start("2.12.8").await;
    let url = nats.url();
    let flags = ["--nats", &url, "--test-admin", "--drain-window-ms", "2000"];
    let (mut stopped, other) = (Program::start(&flags).await, Program::start(&flags).await);
    let (crowd, lives) = Crowd::start(vec![stopped.port, other.port], PEERS);
    crowd.acks(ACKS).await;
    stopped.signal("-TERM").await;
    let began = std::time::Instant::now();
    assert_eq!(stopped.ended().await, 0);
    crowd.resumed(PEERS as u64 / 2).await;
    let took = began.elapsed();
    let seen = Seen::by(&crowd.end(lives).await);
    assert!(took < Duration::from_millis(2_000), "{took:?}");
    assert_eq!((seen.lost, seen.doubled, seen.untold), (0, 0, 0));
    assert_eq!((seen.resumes, seen.exact), (PEERS as u64 / 2, PEERS as u64 / 2));
}
