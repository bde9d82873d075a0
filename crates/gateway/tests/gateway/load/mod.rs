//! `gateway load`: against the gateway it finds nothing wrong, against servers that do wrong it does.

mod refused;
mod wrong;

use crate::support::{Program, subscribe};
use sentinelops_protocol::Channel;
use sentinelops_protocol::ServerMessage;
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

fn start(port: u16, flags: &[&str], environment: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["load", &format!("ws://127.0.0.1:{port}/ws"), "--json"])
        .args(flags)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts")
}

async fn ended(child: Child) -> Output {
    tokio::time::timeout(Duration::from_secs(60), child.wait_with_output())
        .await
        .expect("it ends")
        .expect("its output")
}

async fn load(port: u16, flags: &[&str]) -> Output {
    ended(start(port, flags, &[])).await
}

fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", error_of(output)))
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// These fields of a report.
fn only(report: &Value, like: &Value) -> Value {
    let fields = like.as_object().expect("an object").keys();
    fields.map(|name| (name.clone(), report[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn a_gateway_delivers_every_message_once_and_in_order() {
    let program = Program::start(&["--rate", "0"]).await;
    let pid = program.child.id().expect("it runs").to_string();
    let mut flags = vec!["--connections", "10", "--subscribers", "5", "--publishers", "2"];
    flags.extend(["--rate", "50", "--duration", "2"]);
    if cfg!(target_os = "linux") {
        flags.extend(["--pid", &pid]);
    }
    let output = load(program.port, &flags).await;
    let report = report(&output);
    let expected = json!({
        "interrupted": false, "connections": 10, "sent": 100, "acked": 100, "refused": 0, "unanswered": 0,
        "unsent": 0, "expected": 500, "received": 500, "lost": 0, "doubled": 0, "outOfOrder": 0, "holes": 0,
        "otherEvents": 0, "unreadable": 0, "closed": {}, "refusals": {},
    });
    assert_eq!(only(&report, &expected), expected);
    for (times, count) in [("connect", 10), ("publishToAck", 100), ("publishToEvent", 500), ("sentLate", 100)]
    {
        assert_eq!(report[times]["count"], count, "{times}");
    }
    if cfg!(target_os = "linux") {
        assert!(report["server"]["cpuUsPerDelivered"].is_number(), "{report}");
        assert!(report["generatorCores"].is_number(), "{report}");
    }
    assert_eq!(output.status.code(), Some(0), "{}", error_of(&output));
}

#[tokio::test]
async fn topics_and_other_channels_are_followed_beside_the_messages() {
    let program = Program::start(&["--rate", "200", "--seed", "3"]).await;
    let flags = ["--subscribers", "3", "--channels", "chat:load,incidents,alerts", "--duration", "1"];
    let output = load(program.port, &flags).await;
    let report = report(&output);
    let expected = json!({ "sent": 100, "received": 300, "lost": 0, "doubled": 0, "holes": 0, "closed": {} });
    assert_eq!(only(&report, &expected), expected);
    assert!(report["otherEvents"].as_u64() > Some(0), "{report}");
    assert_eq!(output.status.code(), Some(0), "{}", error_of(&output));
}

#[tokio::test]
async fn what_is_put_off_is_sent_again_until_it_is_taken() {
    let program = Program::start(&["--rate", "0", "--message-rate", "20"]).await;
    let output = load(program.port, &["--subscribers", "2", "--rate", "150", "--duration", "1"]).await;
    let report = report(&output);
    let expected = json!({
        "sent": 150, "acked": 150, "refused": 0, "unanswered": 0, "received": 300, "lost": 0, "outOfOrder": 0,
    });
    assert_eq!(only(&report, &expected), expected);
    assert!(report["refusals"]["rate_limited"].as_u64() > Some(0), "{report}");
    assert!(error_of(&output).contains("--message-rate"), "{}", error_of(&output));
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_prints_what_there_is() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut watcher = program.client("w").await;
    watcher.system(&subscribe(Channel::Chat)).await;
    let child = start(program.port, &["--subscribers", "2", "--duration", "600"], &[]);
    while !matches!(watcher.next().await, ServerMessage::Event(_)) {}
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.expect("kill runs").success());
    let output = ended(child).await;
    let report = report(&output);
    assert_eq!(report["interrupted"], true);
    assert!(report["sent"].as_u64() > Some(0), "{report}");
    assert_eq!((&report["lost"], &report["unanswered"]), (&json!(0), &json!(0)));
    assert_eq!(output.status.code(), Some(0), "{}", error_of(&output));
}

#[tokio::test]
async fn without_json_it_prints_a_table() {
    let program = Program::start(&["--rate", "0"]).await;
    let output = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["load", &format!("ws://127.0.0.1:{}/ws", program.port)])
        .args(["--subscribers", "2", "--rate", "20", "--duration", "0.5"])
        .output()
        .await
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    for part in ["3 opened", "publish to event", "10 sent, 10 acked", "20 of 20: 0 lost, 0 doubled"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}
