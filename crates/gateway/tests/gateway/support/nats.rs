//! A NATS server of its own for each test, on a free port of this machine, with a folder of its own.

use super::Folder;
use serde_json::Value;
use std::fmt::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Debian's (2.9.10 in bookworm), and two of PyPI.
pub const VERSIONS: [&str; 3] = ["debian", "2.12.8", "2.15.1"];
const WAIT: Duration = Duration::from_secs(20);

/// Killed when dropped.
pub struct NatsServer {
    program: PathBuf,
    config: PathBuf,
    child: Child,
    pub port: u16,
    pub folder: Folder,
}

/// Free again until the server has it: nobody else on this machine asks for just this one.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// Where `cargo xtask setup` puts it.
fn program(version: &str) -> PathBuf {
    let target =
        Path::new(env!("CARGO_BIN_EXE_sentinelops-gateway")).ancestors().nth(2).expect("target/debug");
    let program = target.join("tools/nats").join(version).join("nats-server");
    assert!(
        program.is_file(),
        "this test needs the NATS server {}: run `cargo xtask setup`",
        program.display()
    );
    program
}

impl NatsServer {
    pub async fn start(version: &str) -> Self {
        Self::start_with(version, "").await
    }

    /// With more lines of its configuration.
    pub async fn start_with(version: &str, more: &str) -> Self {
        let port = free_port();
        let folder = Folder::new(&format!("nats-{version}"));
        let config = folder.0.join("nats.conf");
        let store = folder.path("store");
        let mut text = format!("listen: 127.0.0.1:{port}\njetstream {{ store_dir: {store:?} }}\n");
        writeln!(text, "{more}").expect("written");
        std::fs::write(&config, text).expect("a configuration");
        let program = program(version);
        let child = Self::spawn(&program, &config);
        let server = Self { program, config, child, port, folder };
        server.answers().await;
        server
    }

    /// Three servers that are one NATS.
    pub async fn cluster(version: &str) -> Vec<Self> {
        let ports = [free_port(), free_port(), free_port()];
        let routes = ports.map(|port| format!("nats://127.0.0.1:{port}")).join(", ");
        let mut servers = Vec::new();
        for (number, port) in ports.into_iter().enumerate() {
            let more = format!(
                "server_name: n{number}\ncluster {{ name: so, listen: 127.0.0.1:{port}, routes: [{routes}] }}"
            );
            servers.push(Self::start_with(version, &more).await);
        }
        servers
    }

    fn spawn(program: &Path, config: &Path) -> Child {
        Command::new(program)
            .arg("-c")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("nats-server starts")
    }

    /// Returns when it answers connections.
    async fn answers(&self) {
        let greeted = async {
            loop {
                if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)).await {
                    let mut begin = [0; 4];
                    if stream.read_exact(&mut begin).await.is_ok() && &begin == b"INFO" {
                        return;
                    }
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WAIT, greeted).await.expect("nats-server listens");
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Deletes a stream.
    pub async fn delete_stream(&self, name: &str) {
        let answer = self.request(&format!("$JS.API.STREAM.DELETE.{name}"), "").await;
        assert!(answer.contains("\"success\":true"), "{answer}");
    }

    /// Stores a message of something that is no gateway.
    pub async fn store(&self, subject: &str, body: &str) {
        let answer = self.request(subject, body).await;
        assert!(answer.contains("\"seq\""), "{answer}");
    }

    /// Of a cluster of three: returns when every server has all of these streams. Asks again and again: NATS tells nobody
    /// when a copy has caught up.
    pub async fn has_copies(&self, streams: &[&str]) {
        let all = async {
            for name in streams {
                while !self.is_copied(name).await {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        };
        tokio::time::timeout(WAIT * 3, all).await.expect("every server has every stream");
    }

    async fn is_copied(&self, stream: &str) -> bool {
        let subject = format!("$JS.API.STREAM.INFO.{stream}");
        // Without a leader nobody answers.
        let answer = tokio::time::timeout(Duration::from_secs(2), self.request(&subject, "")).await;
        let Ok(answer) = answer else { return false };
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let others = answer["cluster"]["replicas"].as_array().cloned().unwrap_or_default();
        others.len() == 2 && others.iter().all(|other| other["current"] == true && other["offline"] != true)
    }

    /// The answer to a question.
    async fn request(&self, subject: &str, body: &str) -> String {
        const ANSWER: &str = "MSG in 1 ";
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        let length = body.len();
        let lines =
            format!("CONNECT {{\"verbose\":false}}\r\nSUB in 1\r\nPUB {subject} in {length}\r\n{body}\r\n");
        stream.write_all(lines.as_bytes()).await.expect("written");
        let mut read = String::new();
        let mut part = [0; 1024];
        loop {
            let length = stream.read(&mut part).await.expect("an answer");
            assert!(length > 0, "{read}");
            read.push_str(&String::from_utf8_lossy(&part[..length]));
            let Some((_, message)) = read.split_once(ANSWER) else { continue };
            let Some((line, rest)) = message.split_once("\r\n") else { continue };
            // 2.9 puts a subject before it.
            let length = line.rsplit(' ').next().and_then(|length| length.parse().ok()).expect("a length");
            if let Some(answer) = rest.get(..length) {
                return answer.to_owned();
            }
        }
    }

    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it ends");
    }

    /// On the same port, with the same folder.
    pub async fn start_again(&mut self) {
        self.child = Self::spawn(&self.program, &self.config);
        self.answers().await;
    }
}
