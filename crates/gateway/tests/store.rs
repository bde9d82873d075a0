//! `--data`: what is kept over a restart, and what is said when the folder cannot be used.
#![cfg(feature = "server")]

mod support;

use sentinelops_protocol::system::{
    ClientSystem, Continuity, ServerSystem, Since, SubscribeEntry, Subscribed,
};
use sentinelops_protocol::{Channel, ServerMessage};
use std::io::{Seek, SeekFrom, Write};
use std::process::Stdio;
use support::{Client, Folder, Program, resolve, subscribe};
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

#[tokio::test]
async fn clients_resume_exactly_over_kill_9() {
    let folder = Folder::new("exact");
    let data = folder.path("data");
    let flags = ["--rate", "0", "--test-admin", "--data", &data];
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    client.system(&subscribe(Channel::Chat)).await;
    let before = subscribed(&mut client).await;
    client.send(&say("m1", "one")).await;
    client.send(&say("m2", "two")).await;
    let mut acked = client.acked().await;
    while acked.len() < 2 {
        acked.extend(client.acked().await);
    }
    let view = "/admin/state?channel=chat";
    let state = program.http("GET", view).await;
    program.child.kill().await.expect("killed");

    let program = Program::start(&flags).await;
    let body = |answer: &str| answer.split_once("\r\n\r\n").expect("a body").1.to_owned();
    assert_eq!(body(&program.http("GET", view).await), body(&state));
    let mut client = program.client("s").await;
    client.system(&resume(&before)).await;
    let after = subscribed(&mut client).await;
    assert_eq!(after.continuity, Continuity::Exact);
    assert_eq!(after.epoch, before.epoch);
    for (number, cause) in ["m1", "m2"].into_iter().enumerate() {
        let ServerMessage::Event(event) = client.next().await else { panic!("no event") };
        assert_eq!(event.cause.as_deref(), Some(cause));
        assert_eq!(event.prev, Some(before.seq + number as u64));
    }
    // The same id again: acked, without a second effect. Then the history goes on.
    client.send(&say("m1", "one")).await;
    assert_eq!(client.acked().await, ["m1"]);
    client.send(&say("m3", "three")).await;
    assert_eq!(client.acked().await, ["m3"]);
    let ServerMessage::Event(event) = client.next().await else { panic!("no event") };
    assert_eq!((event.cause.as_deref(), event.prev), (Some("m3"), Some(before.seq + 2)));
}

#[tokio::test]
async fn changed_fields_of_an_incident_add_up_over_restarts() {
    let folder = Folder::new("merged");
    let data = folder.path("data");
    let flags = ["--rate", "0", "--test-admin", "--data", &data];
    let view = "/admin/state?channel=incidents&topic=inc-1005";
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    client.send(&resolve("m1", "inc-1005")).await;
    client.acked().await;
    let state = program.http("GET", view).await;
    assert!(state.contains("incident.resolved") && state.contains("title"), "{state}");
    let timeline = program.http("GET", "/admin/state?channel=timeline&topic=inc-1005").await;
    assert!(timeline.contains("changed") && timeline.contains("resolved"), "{timeline}");
    program.child.kill().await.expect("killed");
    let program = Program::start(&flags).await;
    let again = program.http("GET", view).await;
    assert_eq!(again.lines().last(), state.lines().last());
    let again = program.http("GET", "/admin/state?channel=timeline&topic=inc-1005").await;
    assert_eq!(again.lines().last(), timeline.lines().last());
}

#[tokio::test]
async fn a_second_process_on_the_folder_exits_2_and_names_the_first() {
    let folder = Folder::new("lock");
    let data = folder.path("data");
    let program = Program::start(&["--rate", "0", "--data", &data]).await;
    let (code, text) = refused(&["--data", &data]).await;
    assert_eq!(code, 2, "{text}");
    let holder = program.child.id().expect("it runs").to_string();
    assert!(text.contains(&holder) && text.contains("--data"), "{text}");
}

#[tokio::test]
async fn a_damaged_file_is_named_with_a_way_out() {
    let folder = Folder::new("damaged");
    let data = folder.path("data");
    let mut program = Program::start(&["--rate", "0", "--data", &data]).await;
    program.signal("-TERM").await;
    assert_eq!(program.ended().await, 0);
    let path = folder.0.join("data/gateway.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(path).expect("the database");
    file.seek(SeekFrom::Start(0)).expect("its start");
    file.write_all(&[7; 8192]).expect("written");
    let (code, text) = refused(&["--data", &data]).await;
    assert_eq!(code, 1);
    assert!(text.contains("gateway.db is damaged") && text.contains("restore a backup"), "{text}");
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let folder = Folder::new("newer");
    let data = folder.path("data");
    let mut program = Program::start(&["--rate", "0", "--data", &data]).await;
    program.signal("-TERM").await;
    assert_eq!(program.ended().await, 0);
    let path = folder.0.join("data/gateway.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).expect("the database");
    // `user_version` in the header of the file.
    file.seek(SeekFrom::Start(60)).expect("its header");
    file.write_all(&99_u32.to_be_bytes()).expect("written");
    let before = std::fs::read(&path).expect("the database");
    let (code, text) = refused(&["--data", &data]).await;
    assert_eq!(code, 1);
    assert!(text.contains("newer gateway (layout 99") && text.contains("start that version"), "{text}");
    assert_eq!(std::fs::read(&path).expect("the database"), before);
}

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

/// As the earlier version wrote it: the file ends in the middle of a line.
fn journal() -> String {
    let say = |id: &str, of: &str, at: u64| {
        format!(
            r#"{{"events":[{{"channel":"chat","type":"chat.message","payload":{{"id":"{id}","conversationId":"{of}","senderId":"ann","content":"{id}","timestamp":{at}}},"timestamp":{at},"seq":{at}}}]}}"#
        )
    };
    let mut lines = vec![
        r#"{"accepted":{"user":"anonymous","id":"m1","hash":HASH,"at":NOW},"events":[{"channel":"incidents","type":"incident.resolved","payload":{"incidentId":"inc-1005","type":"resolved","data":{"title":"t","status":"resolved"}},"timestamp":5,"seq":1,"cause":"m1"}]}"#.to_owned(),
        say("first", "quiet", 10),
    ];
    lines.extend((0..220).map(|n| say(&format!("b{n}"), "busy", 20 + n)));
    lines.push(r#"{"accepted":{"user":"ano"#.to_owned());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    // FNV-1a over type, channel and payload of the command below.
    let parts = ["incident.update", "incidents", r#"{"id":"inc-1005","status":"resolved"}"#];
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    lines.join("\n").replace("HASH", &hash.to_string()).replace("NOW", &now.to_string())
}

#[tokio::test]
async fn a_journal_of_an_earlier_version_is_imported_once_with_quiet_conversations() {
    let folder = Folder::new("import");
    let (data, path) = (folder.path("data"), folder.path("journal"));
    std::fs::write(&path, journal()).expect("written");
    let flags = ["--rate", "0", "--test-admin", "--data", &data, "--import-journal", &path];
    for _ in 0..2 {
        let mut program = Program::start(&flags).await;
        let mut client = program.client("s").await;
        client.send(&resolve("m1", "inc-1005")).await;
        assert_eq!(client.acked().await, ["m1"]);
        let stats = program.http("GET", "/admin/stats").await;
        assert!(stats.contains("\"repeated\":1"), "{stats}");
        let state = program.http("GET", "/admin/state?channel=incidents&topic=inc-1005").await;
        assert!(state.contains("incident.resolved"), "{state}");
        let quiet = program.http("GET", "/admin/state?channel=chat&topic=quiet").await;
        assert!(quiet.contains("first"), "{quiet}");
        program.child.kill().await.expect("killed");
    }
}

/// The tables of layout 1, with one row each.
const LAYOUT_1: &str = r#"
PRAGMA journal_mode = WAL;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE channels (channel TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE log (seq INTEGER PRIMARY KEY, channel TEXT NOT NULL, key TEXT, at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE state (channel TEXT NOT NULL, key TEXT NOT NULL, class INTEGER NOT NULL, topic TEXT NOT NULL,
  seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (channel, key)) WITHOUT ROWID;
CREATE INDEX state_newest ON state (channel, class, topic, seq);
CREATE TABLE ids (user TEXT NOT NULL, id TEXT NOT NULL, hash INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (user, id)) WITHOUT ROWID;
CREATE INDEX ids_at ON ids (at);
INSERT INTO meta VALUES ('epoch', 'ep1');
INSERT INTO channels VALUES ('chat', 7);
INSERT INTO log VALUES (40, 'chat', 'k', 1, '{}');
INSERT INTO state VALUES ('chat', '["c","old"]', 2, 'c', 40,
  '{"channel":"chat","type":"chat.message","payload":{"id":"old","conversationId":"c","senderId":"ann","content":"kept","timestamp":9},"timestamp":9,"seq":7}');
PRAGMA user_version = 1;
"#;

#[tokio::test]
async fn layout_1_keeps_state_and_ids_and_takes_a_new_epoch() {
    let folder = Folder::new("layout-1");
    std::fs::create_dir_all(folder.0.join("data")).expect("a folder");
    let path = folder.0.join("data/gateway.db");
    let database = rusqlite::Connection::open(&path).expect("a database");
    database.execute_batch(LAYOUT_1).expect("layout 1");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_millis();
    let row = "INSERT INTO ids VALUES ('anonymous', 'm1', 5, ?1)";
    database.execute(row, [i64::try_from(now).expect("a time")]).expect("an id");
    drop(database);
    let data = folder.path("data");
    let flags = ["--rate", "0", "--test-admin", "--data", &data];
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let mut program = Program::start(&flags).await;
        let mut client = program.client("s").await;
        let state = program.http("GET", "/admin/state?channel=chat&topic=c").await;
        assert!(state.contains("kept"), "{state}");
        client.send(&say("m1", "another content")).await;
        let ServerMessage::System(ServerSystem::Nack { code, .. }) = client.next().await else {
            panic!("no nack")
        };
        assert_eq!(code, sentinelops_protocol::Code::DuplicateId);
        client.system(&subscribe(Channel::Chat)).await;
        let answer = subscribed(&mut client).await;
        assert!(answer.seq >= 40, "{answer:?}");
        epochs.push(answer.epoch);
        program.child.kill().await.expect("killed");
    }
    assert!(epochs[0] != "ep1" && epochs[0] == epochs[1], "{epochs:?}");
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

/// More than the newest of all conversations hold: what the quiet one said is kept by itself.
#[tokio::test]
async fn quiet_conversation_is_whole_after_two_restarts() {
    let folder = Folder::new("quiet");
    let data = folder.path("data");
    let flags = ["--rate", "0", "--test-admin", "--data", &data];
    let view = "/admin/state?channel=chat&topic=quiet";
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    let say = |id: &str, of: &str| {
        format!(
            r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"{of}","content":"{id}"}}}}"#
        )
    };
    client.send(&say("first", "quiet")).await;
    for n in 0..220 {
        client.send(&say(&format!("m{n}"), "busy")).await;
    }
    while !client.acked().await.contains(&"m219".to_owned()) {}
    let before = program.http("GET", view).await;
    assert!(before.contains("first"), "{before}");
    program.child.kill().await.expect("killed");
    for round in 0..2 {
        let mut program = Program::start(&flags).await;
        let mut client = program.client("s").await;
        client.send(&say(&format!("again{round}"), "busy")).await;
        client.acked().await;
        let after = program.http("GET", view).await;
        assert!(after.contains("first"), "{after}");
        // A message the server knows can be read, so the receipt counts.
        client
            .send(&format!(r#"{{"id":"r{round}","type":"chat.read","channel":"chat","payload":{{"conversationId":"quiet","upTo":{round}}}}}"#))
            .await;
        client.acked().await;
        program.child.kill().await.expect("killed");
    }
}

#[tokio::test]
async fn records_prints_what_was_accepted_while_the_gateway_runs() {
    let folder = Folder::new("records");
    let data = folder.path("data");
    let program = Program::start(&["--rate", "0", "--data", &data]).await;
    let mut client = program.client("s").await;
    client.send(&say("m1", "one")).await;
    client.send(&say("m2", "two")).await;
    let mut acked = client.acked().await;
    while acked.len() < 2 {
        acked.extend(client.acked().await);
    }
    let command = |dir: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"));
        command.args(["records", dir]).kill_on_drop(true);
        command
    };
    let output = command(&data).output().await.expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let found: Vec<_> = lines.iter().filter_map(|line| line["accepted"]["id"].as_str()).collect();
    assert_eq!(found, ["m1", "m2"]);
    assert!(text.contains(r#"\"content\":\"one\""#) || text.contains(r#""content":"one""#), "{text}");

    let output = command(&folder.path("nothing")).output().await.expect("it runs");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("holds no gateway.db") && said.contains("--data"), "{said}");
}
