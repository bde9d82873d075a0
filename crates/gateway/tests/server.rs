//! The program itself: flags, sockets, signals, memory over a kill.
#![cfg(feature = "server")]

use futures::{SinkExt, StreamExt};
use sentinelops_protocol::system::{ClientSystem, Continuity, Hello, ServerSystem, SubscribeEntry};
use sentinelops_protocol::{
    Channel, Limits, OutboundMeta, ServerMessage, decode_server_frame, encode_client_system,
};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const WAIT: Duration = Duration::from_secs(20);

/// The gateway as a child process; killed when the test ends.
struct Program {
    child: Child,
    port: u16,
}

impl Program {
    async fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
            .args(["--port", "0"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the gateway starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).await.expect("its first line");
        let port = line.trim().strip_prefix("listening on ws://127.0.0.1:").expect("the promised line");
        Self { port: port.parse().expect("a port"), child }
    }

    async fn socket(&self, path: &str) -> Client {
        let url = format!("ws://127.0.0.1:{}{path}", self.port);
        let (socket, _) = connect_async(url).await.expect("a socket");
        Client { socket, waiting: Vec::new().into_iter() }
    }

    async fn client(&self, session: &str) -> Client {
        let mut client = self.socket("/ws").await;
        let hello = Hello { protocol: 1, client: "test".into(), session: session.into(), term: 1 };
        client.system(&ClientSystem::Hello(hello)).await;
        assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Welcome(_))));
        client
    }

    async fn http(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let status = Command::new("kill").args([name, &id]).status().await;
        assert!(status.expect("kill runs").success());
    }

    async fn ended(&mut self) -> i32 {
        let status = tokio::time::timeout(WAIT, self.child.wait()).await.expect("it ends");
        status.expect("a status").code().unwrap_or(-1)
    }
}

struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    waiting: std::vec::IntoIter<ServerMessage>,
}

impl Client {
    async fn system(&mut self, message: &ClientSystem) {
        self.send(&encode_client_system(message, OutboundMeta::default())).await;
    }

    async fn send(&mut self, text: &str) {
        self.socket.send(Message::binary(text.as_bytes().to_vec())).await.expect("sent");
    }

    async fn frame(&mut self) -> Message {
        let frame = tokio::time::timeout(WAIT, self.socket.next()).await.expect("in time");
        frame.expect("a frame").expect("no error")
    }

    async fn next(&mut self) -> ServerMessage {
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

    /// The ids acked next, whatever events come in between.
    async fn acked(&mut self) -> Vec<String> {
        loop {
            if let ServerMessage::System(ServerSystem::Ack { ids }) = self.next().await {
                return ids;
            }
        }
    }

    async fn close_code(&mut self) -> Option<u16> {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.map(|frame| frame.code.into());
            }
        }
    }
}

fn subscribe(channel: Channel) -> ClientSystem {
    ClientSystem::Subscribe(vec![SubscribeEntry { channel, topic: None, since: None }])
}

fn resolve(id: &str, incident: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"incident.update","channel":"incidents","payload":{{"id":"{incident}","status":"resolved"}}}}"#
    )
}

#[tokio::test]
async fn a_client_sees_the_state_and_what_happens_after() {
    let program = Program::start(&["--rate", "200", "--seed", "3"]).await;
    let mut client = program.client("s").await;
    client.system(&subscribe(Channel::Incidents)).await;
    let ServerMessage::System(ServerSystem::Subscribed(subscribed)) = client.next().await else {
        panic!("not subscribed")
    };
    assert_eq!(subscribed.continuity, Continuity::Snapshot);
    let ServerMessage::System(ServerSystem::Snapshot(snapshot)) = client.next().await else {
        panic!("no snapshot")
    };
    assert!(snapshot.last && snapshot.items.len() >= 12);
    let mut cursor = subscribed.seq;
    for _ in 0..50 {
        let ServerMessage::Event(event) = client.next().await else { panic!("no event") };
        assert_eq!(event.prev, Some(cursor));
        cursor = event.seq.expect("a seq");
    }
    let health = program.http("GET", "/healthz").await;
    assert!(health.contains("\"mode\":\"v1\"") && health.contains("\"connections\":1"), "{health}");
    assert!(program.http("GET", "/admin/stats").await.starts_with("HTTP/1.1 404"), "closed by default");
}

#[tokio::test]
async fn what_was_acked_survives_kill_9() {
    let dir = std::env::temp_dir().join(format!("sentinelops-gateway-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    let memory = dir.join("memory");
    let flags = ["--rate", "20", "--test-admin", "--remember", memory.to_str().expect("a path")];
    let mut program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    client.send(&resolve("m1", "inc-1005")).await;
    assert_eq!(client.acked().await, ["m1"]);
    program.child.kill().await.expect("killed");
    // A crash in the middle of a line.
    let mut text = std::fs::read(&memory).expect("the memory");
    text.extend_from_slice(b"{\"accepted\":{\"user\":\"ano");
    std::fs::write(&memory, text).expect("written");

    let program = Program::start(&flags).await;
    let mut client = program.client("s").await;
    client.send(&resolve("m1", "inc-1005")).await;
    client.send(&resolve("m2", "inc-1006")).await;
    let mut acked = client.acked().await;
    if acked.len() < 2 {
        acked.extend(client.acked().await);
    }
    assert_eq!(acked, ["m1", "m2"]);
    let stats = program.http("GET", "/admin/stats").await;
    assert!(stats.contains("\"repeated\":1") && stats.contains("\"perId\":{\"anonymous/m2\":1}"), "{stats}");
    let state = program.http("GET", "/admin/state?channel=incidents&topic=inc-1005").await;
    assert!(state.contains("incident.resolved"), "{state}");
    std::fs::remove_dir_all(dir).expect("removed");
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_says_goodbye_and_ends() {
    let mut program = Program::start(&["--rate", "0", "--drain-window-ms", "7000"]).await;
    let mut client = program.client("s").await;
    program.signal("-TERM").await;
    let ServerMessage::System(ServerSystem::Goodbye { reconnect_window_ms, .. }) = client.next().await else {
        panic!("no goodbye")
    };
    assert_eq!(reconnect_window_ms, 7_000);
    assert_eq!(client.close_code().await, Some(1012));
    drop(client);
    assert_eq!(program.ended().await, 0);
}

#[tokio::test]
async fn the_mock_is_text_and_forgiving() {
    let program = Program::start(&["--mock"]).await;
    let mut client = program.socket("/").await;
    client.socket.send(Message::text("not json")).await.expect("sent");
    client.socket.send(Message::text(r#"{"type":"ping","payload":{"n":4}}"#)).await.expect("sent");
    let Message::Text(pong) = client.frame().await else { panic!("no text") };
    assert!(pong.contains(r#""type":"pong""#) && pong.contains(r#""payload":{"n":4}"#), "{pong}");
    let Message::Text(incident) = client.frame().await else { panic!("no text") };
    assert!(incident.contains(r#""id":"123""#) && incident.contains("Test Incident"), "{incident}");
    assert!(program.http("GET", "/healthz").await.contains("\"mode\":\"basic\""));
}

#[tokio::test]
async fn too_much_at_once_is_answered_and_closed() {
    let program = Program::start(&["--rate", "0"]).await;
    let say = |bytes: usize| {
        let text = "x".repeat(bytes);
        format!(
            r#"{{"id":"big","type":"chat.message","channel":"chat","payload":{{"conversationId":"c","content":"{text}"}}}}"#
        )
    };
    let mut client = program.client("s").await;
    client.send(&say(100_000)).await;
    let ServerMessage::System(ServerSystem::Error { id, .. }) = client.next().await else {
        panic!("no error")
    };
    assert_eq!(id.as_deref(), Some("big"));
    assert_eq!(client.close_code().await, Some(1009));

    // Far too much is not even read.
    let mut client = program.client("t").await;
    client.send(&say(1_000_000)).await;
    assert_eq!(client.close_code().await, Some(1009));
    assert!(program.http("GET", "/healthz").await.contains("\"status\":\"ok\""));
}

#[tokio::test]
async fn tests_can_close_drain_nack_and_publish() {
    let program = Program::start(&["--rate", "0", "--test-admin"]).await;
    let mut client = program.client("s").await;
    client.system(&subscribe(Channel::Incidents)).await;
    let answer = program.http("POST", "/admin/incident?title=Made%20up").await;
    assert!(answer.contains("\"incidentId\":\"inc-1013\""), "{answer}");
    loop {
        if let ServerMessage::Event(event) = client.next().await {
            assert_eq!(event.kind, "incident.created");
            break;
        }
    }
    program.http("POST", "/admin/nack?every=1").await;
    client.send(&resolve("m1", "inc-1013")).await;
    let ServerMessage::System(ServerSystem::Nack { retry_after_ms, .. }) = client.next().await else {
        panic!("no nack")
    };
    assert_eq!(retry_after_ms, Some(200));
    assert!(program.http("POST", "/admin/close?code=1006").await.starts_with("HTTP/1.1 400"));
    program.http("POST", "/admin/close?code=4429&reason=slow").await;
    assert_eq!(client.close_code().await, Some(4429));
    let mut client = program.client("s").await;
    program.http("POST", "/admin/drain?window=5").await;
    assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Goodbye { .. })));
    assert!(program.http("GET", "/admin/stats").await.contains("\"connectionsEver\":2"));
}

#[tokio::test]
async fn a_taken_port_is_named_with_a_way_out() {
    let program = Program::start(&["--rate", "0"]).await;
    let port = program.port.to_string();
    let second = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["--port", &port])
        .stderr(Stdio::piped())
        .output()
        .await
        .expect("it starts");
    let text = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    assert!(text.contains(&port) && text.contains("--port"), "{text}");
}
