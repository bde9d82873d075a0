//! A restart, also after kill -9: clients resume exactly, and everything is there.

use super::{resume, say, subscribed};
use crate::support::{Folder, Program, resolve, subscribe};
use sentinelops_protocol::domain::Stats;
use sentinelops_protocol::system::{Continuity, ServerSystem};
use sentinelops_protocol::{Channel, ServerMessage};
use tokio::process::Command;

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

/// The incident itself is long gone: of finished ones only one is kept.
#[tokio::test]
async fn figures_outlive_a_restart_and_the_incidents_they_count() {
    let folder = Folder::new("figures");
    let data = folder.path("data");
    let flags = ["--test-admin", "--data", &data, "--keep-finished", "1"];
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    // One in 32 commits prunes.
    for n in 0..40 {
        let create = format!(
            r#"{{"id":"c{n}","type":"incident.create","channel":"incidents","payload":{{"id":"i{n}","title":"t"}}}}"#
        );
        client.send(&create).await;
        client.acked().await;
        client.send(&resolve(&format!("r{n}"), &format!("i{n}"))).await;
        client.acked().await;
    }
    program.child.kill().await.expect("killed");
    let program = Program::start(&flags).await;
    assert!(!program.http("GET", "/admin/state?channel=incidents").await.contains("\"i3\""));
    let mut client = program.client("s").await;
    client.system(&subscribe(Channel::Stats)).await;
    let stats = loop {
        if let ServerMessage::System(ServerSystem::Snapshot(part)) = client.next().await {
            break Stats::read(&part.items[0].payload).expect("figures");
        }
    };
    assert_eq!((stats.resolve.day.count, stats.resolve.week.count), (40, 40));
}

/// More than the newest of all conversations hold: the messages of the quiet one are kept separately.
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

/// A timeline is kept as long as its incident, on the disk too.
#[tokio::test]
async fn pruned_incident_takes_its_timeline_along_and_is_new_when_created_again() {
    let folder = Folder::new("pruned");
    let data = folder.path("data");
    let flags = ["--rate", "0", "--test-admin", "--data", &data, "--keep-finished", "1"];
    let create = |id: &str, incident: &str| {
        format!(
            r#"{{"id":"{id}","type":"incident.create","channel":"incidents","payload":{{"id":"{incident}","title":"Disk full"}}}}"#
        )
    };
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    for incident in ["gone", "kept"] {
        for command in [create(incident, incident), resolve(&format!("end-{incident}"), incident)] {
            client.send(&command).await;
            client.acked().await;
        }
    }
    // A commit each: pruning runs once in 32 of them.
    for n in 0..40 {
        client.send(&say(&format!("m{n}"), "x")).await;
        client.acked().await;
    }
    program.child.kill().await.expect("killed");
    let rows = |topic: &str| {
        let database = rusqlite::Connection::open(folder.0.join("data/gateway.db")).expect("a database");
        let sql = "SELECT count(*) FROM state WHERE channel = 'timeline' AND topic = ?1";
        database.query_row(sql, [topic], |row| row.get::<_, i64>(0)).expect("a number")
    };
    assert_eq!((rows("gone"), rows("kept")), (0, 2));

    let program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    client.send(&create("again", "gone")).await;
    assert_eq!(client.acked().await, ["again"], "there is no such incident any more");
    let timeline = |incident: &str| format!("/admin/state?channel=timeline&topic={incident}");
    let gone = program.http("GET", &timeline("gone")).await;
    assert_eq!(gone.matches("timeline.entry").count(), 1, "{gone}");
    let kept = program.http("GET", &timeline("kept")).await;
    assert_eq!(kept.matches("timeline.entry").count(), 2, "{kept}");
}

/// Pruning of the disk runs once in 32 commits; what the state has forgotten is still there until then.
#[tokio::test]
async fn incident_created_again_before_the_disk_is_pruned_has_a_new_timeline_after_a_restart() {
    let folder = Folder::new("created-again");
    let data = folder.path("data");
    let flags = ["--rate", "0", "--test-admin", "--data", &data, "--keep-finished", "1"];
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    let create = |id: &str, incident: &str| {
        format!(
            r#"{{"id":"{id}","type":"incident.create","channel":"incidents","payload":{{"id":"{incident}","title":"Disk full"}}}}"#
        )
    };
    // Of finished ones one is kept: the second takes the place of the first.
    for incident in ["gone", "kept"] {
        for command in [create(incident, incident), resolve(&format!("end-{incident}"), incident)] {
            client.send(&command).await;
            client.acked().await;
        }
    }
    client.send(&create("again", "gone")).await;
    assert_eq!(client.acked().await, ["again"], "there is no such incident any more");
    client.send(&resolve("end-again", "gone")).await;
    client.acked().await;
    let view = "/admin/state?channel=timeline&topic=gone";
    let before = program.http("GET", view).await;
    assert_eq!(before.matches("timeline.entry").count(), 2, "{before}");
    program.child.kill().await.expect("killed");

    let program = Program::start(&flags).await;
    let after = program.http("GET", view).await;
    assert_eq!(after.lines().last(), before.lines().last());
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
    let answers = String::from_utf8_lossy(&output.stderr);
    assert!(answers.contains("holds no gateway.db") && answers.contains("--data"), "{answers}");
}
