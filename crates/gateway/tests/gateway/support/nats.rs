//! A NATS server of its own for each test, on a free port of this machine, with a folder of its own.

use super::Folder;
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
        // The port is free again until the server has it: nobody else on this machine asks for just this one.
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
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
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        let lines = format!(
            "CONNECT {{\"verbose\":false}}\r\nSUB in 1\r\nPUB $JS.API.STREAM.DELETE.{name} in 0\r\n\r\n"
        );
        stream.write_all(lines.as_bytes()).await.expect("written");
        let mut answer = String::new();
        let mut part = [0; 1024];
        while !answer.contains("stream_delete_response") {
            let length = stream.read(&mut part).await.expect("an answer");
            assert!(length > 0, "{answer}");
            answer.push_str(&String::from_utf8_lossy(&part[..length]));
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
