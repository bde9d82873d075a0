//! Data of earlier versions: the journal, and layout 1 of the database.

use super::{say, subscribed};
use crate::support::{Folder, Program, resolve, subscribe};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Channel, ServerMessage};

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
