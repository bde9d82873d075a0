//! The gateway as a child process, and a client of it that checks every frame.
#![allow(dead_code, reason = "the bench uses a part of it")]

pub mod bare;
pub mod nats;
pub mod peer;
pub mod raw;
pub mod relay;

use futures::{SinkExt, StreamExt};
use sentinelops_protocol::system::{ClientSystem, Hello, ServerSystem, SubscribeEntry};
use sentinelops_protocol::{
    Channel, Limits, OutboundMeta, ServerMessage, decode_server_frame, encode_client_system,
};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const WAIT: Duration = Duration::from_secs(20);

/// The gateway as a child process; killed when the test ends.
pub struct Program {
    pub child: Child,
    pub port: u16,
    /// With `--ops-addr`.
    pub ops_port: Option<u16>,
}

impl Program {
    pub async fn start(flags: &[&str]) -> Self {
        Self::start_under(&[], flags).await
    }

    /// Started by another program that becomes it.
    pub async fn start_under(words: &[&str], flags: &[&str]) -> Self {
        Self::spawn(words, flags, Stdio::null()).await
    }

    /// What it logs goes to a file.
    pub async fn start_logged(flags: &[&str], log: &str) -> Self {
        Self::spawn(&[], flags, std::fs::File::create(log).expect("a log").into()).await
    }

    pub async fn spawn(words: &[&str], flags: &[&str], log: Stdio) -> Self {
        let mut words = [words, &[env!("CARGO_BIN_EXE_sentinelops-gateway")]].concat();
        if !flags.contains(&"--port") {
            words.extend(["--port", "0"]);
        }
        // Without a key it checks no tokens, and must be configured so.
        if !flags.iter().any(|flag| ["--dev", "--mock", "--jwt-key", "--jwks-url", "--config"].contains(flag))
        {
            words.push("--dev");
        }
        // `--rate` is the rate of the scenario; at 0 there is what it starts with, and then silence.
        if flags.contains(&"--rate") {
            words.push("--scenario");
        }
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the gateway starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        stdout.read_line(&mut line).await.expect("its first line");
        let port = line.trim().strip_prefix("listening on ws://127.0.0.1:").expect("the promised line");
        let port = port.parse().expect("a port");
        let mut ops_port = None;
        if flags.contains(&"--ops-addr") {
            let mut line = String::new();
            stdout.read_line(&mut line).await.expect("its second line");
            let port =
                line.trim().strip_prefix("operations on http://127.0.0.1:").expect("the promised line");
            ops_port = Some(port.parse().expect("a port"));
        }
        Self { port, ops_port, child }
    }

    pub async fn socket(&self, path: &str) -> Client {
        self.socket_of(path, None).await
    }

    /// As a page of this origin opens it.
    pub async fn socket_of(&self, path: &str, origin: Option<&str>) -> Client {
        let url = format!("ws://127.0.0.1:{}{path}", self.port);
        let mut request = url.into_client_request().expect("a request");
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header"));
        }
        let (socket, _) = connect_async(request).await.expect("a socket");
        Client { socket, waiting: Vec::new().into_iter() }
    }

    pub async fn client(&self, session: &str) -> Client {
        let mut client = self.socket("/ws").await;
        client.hello(session).await;
        assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Welcome(_))));
        client
    }

    pub async fn http(&self, method: &str, path: &str) -> String {
        Self::request(self.port, method, path).await
    }

    /// The same at `--ops-addr`.
    pub async fn ops(&self, path: &str) -> String {
        Self::request(self.ops_port.expect("it was started with --ops-addr"), "GET", path).await
    }

    async fn request(port: u16, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let status = Command::new("kill").args([name, &id]).status().await;
        assert!(status.expect("kill runs").success());
    }

    pub async fn ended(&mut self) -> i32 {
        let status = tokio::time::timeout(WAIT, self.child.wait()).await.expect("it ends");
        status.expect("a status").code().unwrap_or(-1)
    }
}

pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub waiting: std::vec::IntoIter<ServerMessage>,
}

impl Client {
    pub async fn system(&mut self, message: &ClientSystem) {
        self.send(&encode_client_system(message, OutboundMeta::default())).await;
    }

    pub async fn hello(&mut self, session: &str) {
        let hello = Hello { protocol: 1, client: "test".into(), session: session.into(), term: 1 };
        self.system(&ClientSystem::Hello(hello)).await;
    }

    pub async fn send(&mut self, text: &str) {
        self.socket.send(Message::binary(text.as_bytes().to_vec())).await.expect("sent");
    }

    pub async fn frame(&mut self) -> Message {
        let frame = tokio::time::timeout(WAIT, self.socket.next()).await.expect("in time");
        frame.expect("a frame").expect("no error")
    }

    pub async fn next(&mut self) -> ServerMessage {
        loop {
            if let Some(message) = self.waiting.next() {
                return message;
            }
            let Message::Binary(bytes) = self.frame().await else { panic!("v1 frames are binary") };
            let decoded = decode_server_frame(&bytes, &Limits::to_client()).expect("readable");
            assert_eq!(decoded.problems, []);
            self.waiting = decoded.messages.into_iter();
        }
    }

    /// `None` when the connection has ended, however it did.
    pub async fn try_next(&mut self) -> Option<ServerMessage> {
        loop {
            if let Some(message) = self.waiting.next() {
                return Some(message);
            }
            let frame = tokio::time::timeout(WAIT, self.socket.next()).await.expect("in time");
            let Some(Ok(Message::Binary(bytes))) = frame else { return None };
            let decoded = decode_server_frame(&bytes, &Limits::to_client()).expect("readable");
            assert_eq!(decoded.problems, []);
            self.waiting = decoded.messages.into_iter();
        }
    }

    /// The ids acked next, whatever events come in between.
    pub async fn acked(&mut self) -> Vec<String> {
        loop {
            if let ServerMessage::System(ServerSystem::Ack { ids }) = self.next().await {
                return ids;
            }
        }
    }

    pub async fn close_code(&mut self) -> Option<u16> {
        self.closed().await.map(|(code, _)| code)
    }

    /// Code and reason of the close frame.
    pub async fn closed(&mut self) -> Option<(u16, String)> {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
            }
        }
    }
}

pub fn subscribe(channel: Channel) -> ClientSystem {
    ClientSystem::Subscribe(vec![SubscribeEntry { channel, topic: None, since: None }])
}

pub fn resolve(id: &str, incident: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"incident.update","channel":"incidents","payload":{{"id":"{incident}","status":"resolved"}}}}"#
    )
}

/// A folder of its own, removed when dropped.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        // Two tests may choose the same name.
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sentinelops-{name}-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
