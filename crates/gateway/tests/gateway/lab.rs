//! `lab.*` over the WebSocket: only with `--test-admin`.

use crate::support::{Client, Program, subscribe};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Channel, Code, ServerMessage, encode_payload};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// What the gateway answers to a request; frames with something else are passed over.
async fn ask(client: &mut Client, kind: &str, payload: Value) -> Value {
    let request =
        json!({ "type": format!("lab.{kind}"), "id": "r1", "channel": "system", "payload": payload });
    client.send(&request.to_string()).await;
    loop {
        let Message::Binary(bytes) = client.frame().await else { panic!("v1 frames are binary") };
        let found: Value = serde_json::from_slice(&bytes).expect("JSON");
        if found["type"] == "lab.answer" {
            assert_eq!((&found["channel"], &found["id"]), (&json!("system"), &json!("r1")));
            return found["payload"].clone();
        }
    }
}

async fn say(client: &mut Client, id: &str, conversation: &str) {
    let payload = json!({ "conversationId": conversation, "content": id });
    client
        .send(&json!({ "type": "chat.message", "id": id, "channel": "chat", "payload": payload }).to_string())
        .await;
}

/// Ids of the effects, in order.
fn ids(answer: &Value) -> Vec<&str> {
    let rows = answer["effects"].as_array().expect("a list");
    rows.iter().filter_map(|row| row[1].as_str()).collect()
}

#[tokio::test]
async fn effects_are_those_of_the_user_from_an_index_on() {
    let program = Program::start(&["--test-admin"]).await;
    let mut alice = program.socket("/ws?user=alice").await;
    alice.hello("a").await;
    let mut bob = program.socket("/ws?user=bob").await;
    bob.hello("b").await;
    for id in ["m1", "m2", "m3"] {
        say(&mut alice, id, "ops").await;
    }
    let all = ask(&mut alice, "effects", json!({ "from": 0 })).await;
    assert_eq!((ids(&all), &all["isAll"]), (vec!["m1", "m2", "m3"], &json!(true)));
    assert_eq!(all["effects"][0], json!([0, "m1", "incidents/ops"]));
    // About the laboratory, and not for it.
    say(&mut bob, "lab.effects", "ops").await;
    assert_eq!(bob.acked().await, ["lab.effects"]);
    let later = ask(&mut alice, "effects", json!({ "from": 2 })).await;
    assert_eq!((ids(&later), &later["life"]), (vec!["m3"], &all["life"]));
    let none = ask(&mut alice, "effects", json!({ "from": later["next"] })).await;
    assert_eq!(ids(&none), Vec::<&str>::new());
}

#[tokio::test]
async fn planted_faults_are_seen_in_the_effects() {
    for (fault, sent, found) in [
        ("lose", vec!["m1", "m2"], vec!["m2"]),
        ("double", vec!["m1", "m2"], vec!["m1", "m1", "m2"]),
        ("swap", vec!["m1", "m2"], vec!["m2", "m1"]),
    ] {
        let program = Program::start(&["--test-admin"]).await;
        let mut client = program.client("s").await;
        ask(&mut client, "plant", json!({ "fault": fault })).await;
        for id in sent {
            say(&mut client, id, "ops").await;
        }
        let effects = ask(&mut client, "effects", json!({ "from": 0 })).await;
        assert_eq!(ids(&effects), found, "{fault}");
    }
}

#[tokio::test]
async fn a_lost_command_is_acked() {
    let program = Program::start(&["--test-admin"]).await;
    let mut client = program.client("s").await;
    ask(&mut client, "plant", json!({ "fault": "lose" })).await;
    say(&mut client, "m1", "ops").await;
    assert_eq!(client.acked().await, ["m1"]);
}

#[tokio::test]
async fn a_page_may_close_its_own_connection_with_a_code() {
    let program = Program::start(&["--test-admin"]).await;
    let (mut client, mut other) = (program.client("a").await, program.client("b").await);
    let wrong = ask(&mut client, "close", json!({ "code": 1005 })).await;
    assert!(wrong["error"].as_str().is_some_and(|text| text.starts_with("code: one of")), "{wrong}");
    client.send(r#"{"type":"lab.close","id":"r","channel":"system","payload":{"code":4401}}"#).await;
    assert_eq!(client.close_code().await, Some(4401));
    assert_eq!(ids(&ask(&mut other, "effects", json!({ "from": 0 })).await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_drain_reaches_every_connection_and_refusals_end() {
    let program = Program::start(&["--test-admin"]).await;
    let (mut client, mut other) = (program.client("a").await, program.client("b").await);
    ask(&mut client, "nack", json!({ "every": 1 })).await;
    say(&mut client, "m1", "ops").await;
    let ServerMessage::System(ServerSystem::Nack { code, .. }) = client.next().await else {
        panic!("no nack")
    };
    assert_eq!(code, Code::Unavailable);
    ask(&mut client, "nack", json!({ "every": 0 })).await;
    say(&mut client, "m1", "ops").await;
    assert_eq!(client.acked().await, ["m1"]);
    client.send(r#"{"type":"lab.drain","id":"r","channel":"system","payload":{"windowMs":50}}"#).await;
    assert_eq!(other.close_code().await, Some(1012));
}

#[tokio::test]
async fn the_load_changes_while_the_gateway_runs() {
    let program = Program::start(&["--test-admin", "--rate", "0"]).await;
    let mut client = program.client("s").await;
    let wrong = ask(&mut client, "load", json!({ "eventsPerSecond": 100_001 })).await;
    assert!(wrong["error"].as_str().is_some_and(|text| text.starts_with("eventsPerSecond: 0 to")), "{wrong}");
    client.system(&subscribe(Channel::Agents)).await;
    let load = json!({ "eventsPerSecond": 500.0, "colleagues": 3 });
    assert_eq!(ask(&mut client, "load", load.clone()).await, load);
    // The third has come, and more happens than one thing.
    let (mut has_come, mut events) = (false, 0);
    while !has_come || events < 20 {
        if let ServerMessage::Event(event) = client.next().await {
            has_come |= encode_payload(&event.payload).as_str().contains("colleague-3");
            events += 1;
        }
    }
    assert_eq!(ask(&mut client, "load", json!({})).await, load, "what is left out stays");
}

#[tokio::test]
async fn without_a_story_there_is_no_load() {
    let program = Program::start(&["--test-admin"]).await;
    let mut client = program.client("s").await;
    let answer = ask(&mut client, "load", json!({ "eventsPerSecond": 1.0, "colleagues": 0 })).await;
    assert!(answer["error"].as_str().is_some_and(|text| text.contains("--scenario")), "{answer}");
}

#[tokio::test]
async fn without_test_admin_it_is_a_bad_message_and_the_id_comes_back() {
    let program = Program::start(&[]).await;
    let mut client = program.client("s").await;
    client.send(r#"{"type":"lab.effects","id":"r1","channel":"system","payload":{"from":0}}"#).await;
    let ServerMessage::System(ServerSystem::Error { code, id, .. }) = client.next().await else {
        panic!("no error")
    };
    assert_eq!((code, id.as_deref()), (Code::BadFrame, Some("r1")));
}
