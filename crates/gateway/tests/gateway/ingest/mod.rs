//! Alerts over HTTP, into the program itself.

mod alertmanager;
mod bound;
mod docs;
mod metrics;
mod others;
#[cfg(target_os = "linux")]
mod real;

use crate::support::{Client, Folder, Program, subscribe};
use sentinelops_protocol::{Channel, ServerMessage};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SECRET: &str = "a-token-of-the-tests-0123456789";

/// A gateway with sources, a data folder and a log.
struct Gateway {
    program: Program,
    folder: Folder,
    /// Words of a program that becomes the gateway.
    under: Vec<String>,
}

/// What came back: status, head and body.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Gateway {
    /// One source `am`, with more keys.
    async fn start(test: &str, keys: &str) -> Self {
        let source =
            format!("[[ingest]]\nname = \"am\"\nkind = \"alertmanager\"\ntoken_file = \"TOKEN\"\n{keys}\n");
        Self::with(test, &source, &[]).await
    }

    /// `TOKEN` in the settings stands for the file with [`SECRET`].
    async fn with(test: &str, settings: &str, under: &[&str]) -> Self {
        let folder = Folder::new(&format!("ingest-{test}"));
        std::fs::write(folder.path("token"), format!("{SECRET}\n")).expect("written");
        let settings = format!("dev = true\n{}", settings.replace("TOKEN", &folder.path("token")));
        std::fs::write(folder.path("gateway.toml"), settings).expect("written");
        let under: Vec<String> = under.iter().map(|word| (*word).to_owned()).collect();
        let program = Self::run(&folder, &under, "0").await;
        Self { program, folder, under }
    }

    async fn run(folder: &Folder, under: &[String], port: &str) -> Program {
        let (config, data) = (folder.path("gateway.toml"), folder.path("data"));
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(folder.path("log")).expect("a log");
        let under: Vec<&str> = under.iter().map(String::as_str).collect();
        let flags = ["--port", port, "--config", &config, "--data", &data, "--test-admin"];
        Program::spawn(&under, &flags, log.into()).await
    }

    /// The same again after a `kill -9`, on the same port.
    async fn restart(&mut self) {
        self.kill().await;
        self.program = Self::run(&self.folder, &self.under, &self.program.port.to_string()).await;
    }

    async fn kill(&mut self) {
        self.program.child.kill().await.expect("killed");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path("log")).expect("a log")
    }

    /// Waits for words in the log.
    async fn logged(&self, words: &str) {
        let waited = async {
            while !self.log().contains(words) {
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(std::time::Duration::from_secs(20), waited).await;
        assert!(found.is_ok(), "{words}: {}", self.log());
    }

    /// As a source sends it, with the right token.
    async fn post(&self, path: &str, body: &str) -> Answer {
        let token = format!("Authorization: Bearer {SECRET}\r\n");
        self.request("POST", path, &token, body.as_bytes()).await
    }

    async fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.program.port)).await.expect("a connection");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("written");
        // A body that is too large is not read to its end: the answer comes before, and then the end of the connection.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_owned(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
    }

    /// What a snapshot of the channel holds: the payloads.
    async fn state(&self, channel: &str) -> Vec<Value> {
        let answer = self.request("GET", &format!("/admin/state?channel={channel}"), "", b"").await;
        let items = answer.body["items"].as_array().expect("items").iter();
        items.map(|item| json!({"type": item["type"], "of": item["payload"]})).collect()
    }
}

/// A body of Alertmanager with these alerts.
fn body(alerts: &[Value]) -> String {
    json!({
        "version": "4", "status": "firing", "receiver": "so", "groupKey": "{}:{alertname=\"TargetDown\"}",
        "groupLabels": {"alertname": "TargetDown"}, "commonAnnotations": {}, "alerts": alerts,
    })
    .to_string()
}

fn firing(fingerprint: &str) -> Value {
    json!({
        "status": "firing", "fingerprint": fingerprint, "startsAt": "2026-11-29T00:52:38.873Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "labels": {"alertname": "TargetDown", "instance": fingerprint, "severity": "critical"},
        "annotations": {"summary": format!("{fingerprint} is down")},
    })
}

fn resolved(fingerprint: &str) -> Value {
    let mut alert = firing(fingerprint);
    alert["status"] = "resolved".into();
    alert["endsAt"] = "2026-11-29T00:53:38.873Z".into();
    alert
}

/// The types of the next events, in their order.
async fn kinds(client: &mut Client, count: usize) -> Vec<String> {
    let mut kinds = Vec::new();
    while kinds.len() < count {
        if let ServerMessage::Event(event) = client.next().await {
            kinds.push(event.kind);
        }
    }
    kinds
}

async fn subscriber(gateway: &Gateway, channels: &[Channel]) -> Client {
    let mut client = gateway.program.client("s").await;
    for channel in channels {
        client.system(&subscribe(*channel)).await;
        // The answer and the snapshot.
        client.next().await;
        client.next().await;
    }
    client
}

/// The first block of this language in docs/ingest.md.
fn block(language: &str) -> String {
    let text = include_str!("../../../../../docs/ingest.md");
    let block = text.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next());
    block.expect("a block").to_owned()
}
