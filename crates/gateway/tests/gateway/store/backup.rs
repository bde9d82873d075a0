//! A backup as docs/operations.md makes it, and what is restored from it.

use super::{resume, say, subscribed};
use crate::support::{Folder, Program, subscribe};
use sentinelops_protocol::Channel;
use sentinelops_protocol::system::Continuity;

#[tokio::test]
async fn a_restored_backup_holds_what_was_acked_and_takes_a_new_epoch() {
    let folder = Folder::new("backup");
    let (data, restored) = (folder.path("data"), folder.path("restored"));
    let mut program = Program::start(&["--data", &data]).await;
    let mut client = program.client("s").await;
    client.system(&subscribe(Channel::Chat)).await;
    let before = subscribed(&mut client).await;
    client.send(&say("m1", "one")).await;
    client.acked().await;
    // While it runs.
    let running = rusqlite::Connection::open(format!("{data}/gateway.db")).expect("the database");
    std::fs::create_dir(&restored).expect("a folder");
    running.execute("VACUUM INTO ?1", [format!("{restored}/gateway.db")]).expect("a backup");
    drop(running);
    client.send(&say("m2", "two")).await;
    client.acked().await;
    program.child.kill().await.expect("killed");

    let flags = ["--test-admin", "--data", &restored];
    let mut program = Program::start(&flags).await;
    let state = program.http("GET", "/admin/state?channel=chat&topic=c").await;
    assert!(state.contains("one") && !state.contains("two"), "{state}");
    // Clients may have seen what the backup does not hold: its numbers come again with other events.
    let mut client = program.client("s").await;
    client.system(&resume(&before)).await;
    let after = subscribed(&mut client).await;
    assert_eq!(after.continuity, Continuity::Gap);
    assert_ne!(after.epoch, before.epoch);
    client.send(&say("m3", "three")).await;
    client.acked().await;
    program.child.kill().await.expect("killed");
    // Once.
    let program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    client.system(&resume(&after)).await;
    let again = subscribed(&mut client).await;
    assert_eq!((again.continuity, again.epoch), (Continuity::Exact, after.epoch));
}
