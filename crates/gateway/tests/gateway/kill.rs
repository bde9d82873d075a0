//! kill -9 under load: nothing acked is lost, nothing takes effect twice, no hole goes untold.

use crate::support::peer::{Crowd, Seen};
use crate::support::{Folder, Program};

const PEERS: usize = 4;
/// Acks of one life of the server before it is killed.
const ACKS: u64 = 600;

async fn killed_under_load(kills: u64) {
    let folder = Folder::new(&format!("kill-{kills}"));
    let data = folder.path("data");
    let flags = ["--rate", "0", "--trust-user", "--data", &data];
    let mut program = Program::start(&flags).await;
    let port = program.port.to_string();
    let (crowd, lives) = Crowd::start(vec![program.port], PEERS);
    for _ in 0..kills {
        crowd.acks(ACKS).await;
        program.child.kill().await.expect("killed");
        program = Program::start(&[&flags[..], &["--port", &port]].concat()).await;
    }
    let peers = crowd.end(lives).await;
    let seen = Seen::by(&peers);
    println!("{kills} kills, {seen}");
    assert_eq!((seen.lost, seen.doubled, seen.untold), (0, 0, 0));
    assert!(seen.acked as u64 >= kills * ACKS);
    assert_eq!(seen.resumes, kills * PEERS as u64);
    assert!(seen.is_exact(), "{seen}");
}

#[tokio::test]
async fn three_kills_lose_and_double_nothing() {
    killed_under_load(3).await;
}

#[tokio::test]
#[ignore = "minutes on a busy machine: `cargo xtask test long` runs it"]
async fn twenty_kills_lose_and_double_nothing() {
    killed_under_load(20).await;
}
