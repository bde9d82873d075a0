//! What a crash or a full disk leaves behind.

use super::{resume, say, subscribed};
use crate::support::{Client, Folder, Program, subscribe};
use sentinelops_protocol::system::{Continuity, ServerSystem};
use sentinelops_protocol::{Channel, ServerMessage};
use std::io::{Seek, SeekFrom, Write};
use tokio::process::Command;

#[tokio::test]
async fn a_gateway_ended_while_records_waited_for_room_takes_a_new_epoch() {
    let folder = Folder::new("unstored");
    let data = folder.path("data");
    let flags = ["--rate", "0", "--data", &data];
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    client.system(&subscribe(Channel::Chat)).await;
    let before = subscribed(&mut client).await;
    program.child.kill().await.expect("killed");
    std::fs::write(folder.0.join("data/unstored"), "1").expect("the note");
    let mut epochs = vec![before.epoch.clone()];
    for _ in 0..2 {
        let mut program = Program::start(&flags).await;
        let mut client = program.client("s").await;
        client.system(&resume(&before)).await;
        let after = subscribed(&mut client).await;
        assert_eq!(after.continuity, Continuity::Gap);
        epochs.push(after.epoch);
        program.child.kill().await.expect("killed");
    }
    assert!(epochs[0] != epochs[1] && epochs[1] == epochs[2], "{epochs:?}");
}

#[tokio::test]
async fn a_torn_write_ahead_log_opens_with_what_was_committed() {
    let folder = Folder::new("torn");
    let data = folder.path("data");
    let flags = ["--rate", "0", "--test-admin", "--data", &data];
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    client.send(&say("m1", "one")).await;
    client.acked().await;
    let wal = folder.0.join("data/gateway.db-wal");
    let committed = std::fs::metadata(&wal).expect("the log").len();
    client.send(&say("m2", "two")).await;
    client.acked().await;
    program.child.kill().await.expect("killed");
    // As a crash in the middle of the second commit leaves it.
    let file = std::fs::OpenOptions::new().write(true).open(&wal).expect("the log");
    file.set_len(committed + 2_000).expect("cut");
    let program = Program::start(&flags).await;
    let state = program.http("GET", "/admin/state?channel=chat&topic=c").await;
    assert!(state.contains("one") && !state.contains("two"), "{state}");
}

/// Cut to nothing, to half of a header, or in its first frame; or with bytes in it that are none of SQLite's.
#[tokio::test]
async fn whatever_a_crash_left_of_the_write_ahead_log_it_opens_with_a_whole_prefix() {
    for (case, cut) in [0, 16, 40, 3_000].into_iter().map(Some).chain([None]).enumerate() {
        let folder = Folder::new(&format!("truncated-{case}"));
        let data = folder.path("data");
        let flags = ["--rate", "0", "--test-admin", "--data", &data];
        let mut program = Program::start(&flags).await;
        let mut client = program.client("s").await;
        for n in 0..5 {
            client.send(&say(&format!("m{n}"), &format!("text{n}"))).await;
            client.acked().await;
        }
        program.child.kill().await.expect("killed");
        let wal = folder.0.join("data/gateway.db-wal");
        let mut file = std::fs::OpenOptions::new().write(true).open(&wal).expect("the log");
        match cut {
            Some(length) => file.set_len(length).expect("cut"),
            None => {
                // The newest page of the newest commit.
                file.seek(SeekFrom::End(-2_000)).expect("its end");
                file.write_all(&[0x5a; 1_000]).expect("written");
            }
        }
        drop(file);
        let mut program = Program::start(&flags).await;
        let state = program.http("GET", "/admin/state?channel=chat&topic=c").await;
        let kept: Vec<_> = (0..5).map(|n| state.contains(&format!("text{n}"))).collect();
        assert!(kept.is_sorted_by(|a, b| a >= b), "a prefix: {kept:?}");
        assert!(!kept[4], "the torn end does not count: {kept:?}");
        // It goes on and keeps what comes.
        let mut client = program.client("s").await;
        client.send(&say("new", "later")).await;
        assert_eq!(client.acked().await, ["new"]);
        program.child.kill().await.expect("killed");
        let program = Program::start(&flags).await;
        let state = program.http("GET", "/admin/state?channel=chat&topic=c").await;
        assert!(state.contains("later"), "{state}");
    }
}

/// Limits the size of files instead of filling a disk: SQLite meets the same failed write.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_refuses_for_now_and_recovers_by_itself() {
    let folder = Folder::new("full");
    let data = folder.path("data");
    let shell = "trap '' XFSZ; exec \"$0\" \"$@\"";
    let flags = ["--rate", "0", "--test-admin", "--data", &data];
    let mut program = Program::start_under(&["sh", "-c", shell], &flags).await;
    let mut client = program.client("s").await;
    client.send(&say("m1", "one")).await;
    assert_eq!(client.acked().await, ["m1"]);
    let process = program.child.id().expect("it runs").to_string();
    let limit = async |bytes: &str| {
        let set =
            Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}")]).status().await;
        assert!(set.expect("prlimit runs").success());
    };
    limit("4096:unlimited").await;
    // The pong leaves at once, so the ack behind it is collected: it must be held back, too.
    client.send(r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":1}}"#).await;
    client.send(&say("m2", "two")).await;
    // What is read together with it waits with it; what comes after that is refused for now. Nothing is acked.
    let mut refused = None;
    for probe in 0..100 {
        client.send(&say(&format!("p{probe}"), "probe")).await;
        let wait = std::time::Duration::from_millis(200);
        if let Ok(nack) = tokio::time::timeout(wait, nacked(&mut client)).await {
            refused = Some(nack);
            break;
        }
    }
    let Some(ServerMessage::System(ServerSystem::Nack { id: first, retry_after_ms, .. })) = refused else {
        panic!("no nack")
    };
    assert_eq!(retry_after_ms, Some(2_000));
    // Also not the id that waits, when it is sent again.
    client.send(&say("m2", "two")).await;
    let ServerMessage::System(ServerSystem::Nack { id, .. }) = nacked(&mut client).await else {
        panic!("no nack")
    };
    assert_eq!(id, "m2");
    limit("unlimited:unlimited").await;
    let acked = client.acked().await;
    assert_eq!(acked[0], "m2");
    // The first one that was refused has to come back before others of its conversation.
    client.send(&say(&first, "probe")).await;
    client.send(&say("m3", "three")).await;
    while !client.acked().await.contains(&"m3".to_owned()) {}
    program.child.kill().await.expect("killed");
    let program = Program::start(&flags).await;
    let state = program.http("GET", "/admin/state?channel=chat&topic=c").await;
    assert!(state.contains("one") && state.contains("two") && state.contains("three"), "{state}");
}

#[cfg(target_os = "linux")]
async fn nacked(client: &mut Client) -> ServerMessage {
    loop {
        match client.next().await {
            message @ ServerMessage::System(ServerSystem::Nack { .. }) => return message,
            ServerMessage::System(ServerSystem::Ack { ids }) => panic!("acked: {ids:?}"),
            _ => {}
        }
    }
}
