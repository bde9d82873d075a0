//! One publisher, many subscribers: the gateway beside a bare broadcast server, both measured by `gateway load`.

use crate::median;
use crate::support::bare::{self, Fault};
use crate::support::{Folder, Program};
use serde_json::Value;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;

const SUBSCRIBERS: &str = "2000";
const RATE: &str = "100";
const SECONDS: &str = "15";
const ROUNDS: usize = 3;
/// The argument with which the bench starts itself as the bare server.
pub const BARE: &str = "bare-server";

/// Runs as the bare server, for ever.
pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("listening on ws://{}", listener.local_addr().expect("an address"));
    bare::serve(listener, Fault::None).await;
}

/// A process of its own, as the gateway is one: so that time and memory are its own.
async fn bare() -> Program {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .arg(BARE)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output"))
        .read_line(&mut line)
        .await
        .expect("its first line");
    let port = line.trim().rsplit_once(':').expect("an address").1.parse().expect("a port");
    Program { child, port, ops_port: None }
}

async fn load(program: &Program) -> Value {
    let pid = program.child.id().expect("it runs").to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["load", &format!("ws://127.0.0.1:{}/ws", program.port), "--json", "--pid", &pid])
        .args(["--publishers", "1", "--subscribers", SUBSCRIBERS, "--rate", RATE, "--duration", SECONDS])
        .stderr(Stdio::inherit())
        .output()
        .await
        .expect("it runs");
    serde_json::from_slice(&output.stdout).expect("a report")
}

/// What is compared: name, unit, where it is in the report.
const FIGURES: [(&str, &str, &str); 9] = [
    ("connects", "/s", "/connectsPerSecond"),
    ("publish to ack, p50", "ms", "/publishToAck/p50Ms"),
    ("publish to ack, p99", "ms", "/publishToAck/p99Ms"),
    ("publish to event, p50", "ms", "/publishToEvent/p50Ms"),
    ("publish to event, p99", "ms", "/publishToEvent/p99Ms"),
    ("publish to event, max", "ms", "/publishToEvent/maxMs"),
    ("CPU per delivered message", "µs", "/server/cpuUsPerDelivered"),
    ("cores", "", "/server/cores"),
    ("memory per connection", "KiB", "/server/rssKibPerConnection"),
];

pub async fn broadcast() {
    let folder = Folder::new("bench-broadcast");
    let mut runs: [Vec<Value>; 3] = Default::default();
    for round in 0..ROUNDS {
        let data = folder.path(&format!("data-{round}"));
        runs[0].push(load(&bare().await).await);
        runs[1].push(load(&Program::start(&["--rate", "0"]).await).await);
        runs[2].push(load(&Program::start(&["--rate", "0", "--data", &data]).await).await);
    }
    println!(
        "1 publisher, {SUBSCRIBERS} subscribers, {RATE} messages/s, {ROUNDS} rounds of {SECONDS} s each"
    );
    println!(
        "{:<28}{:>12}{:>12}{:>8}{:>12}{:>8}",
        "", "bare axum", "gateway", "times", "with --data", "times"
    );
    let figure =
        |runs: &[Value], at: &str| median(runs.iter().filter_map(|run| run.pointer(at)?.as_f64()).collect());
    for (name, unit, at) in FIGURES {
        let [bare, memory, data] = [0, 1, 2].map(|which| figure(&runs[which], at));
        println!(
            "{:<28}{bare:>12.2}{memory:>12.2}{:>8.2}{data:>12.2}{:>8.2}",
            format!("{name} {unit}"),
            memory / bare,
            data / bare
        );
    }
    let sum = |runs: &[Value], name: &str| runs.iter().filter_map(|run| run[name].as_u64()).sum::<u64>();
    for name in ["expected", "received", "lost", "doubled", "outOfOrder", "holes", "unanswered"] {
        let [bare, memory, data] = [0, 1, 2].map(|which| sum(&runs[which], name));
        println!("{name:<28}{bare:>12}{memory:>12}{:>8}{data:>12}", "");
    }
    let [bare, memory, data] = [0, 1, 2].map(|which| figure(&runs[which], "/server/cpuUsPerDelivered"));
    println!(
        r#"{{"bareCpuUs":{bare:.3},"cpuUs":{memory:.3},"dataCpuUs":{data:.3},"ratio":{:.3},"lost":{}}}"#,
        memory / bare,
        sum(&runs[1], "lost") + sum(&runs[2], "lost")
    );
}
