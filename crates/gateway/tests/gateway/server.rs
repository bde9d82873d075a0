//! The program itself: flags, sockets, signals, memory over a kill.

use crate::support::{Program, resolve, subscribe};
use futures::SinkExt;
use sentinelops_protocol::system::{Continuity, ServerSystem};
use sentinelops_protocol::{Channel, ServerMessage};
use std::process::Stdio;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio_tungstenite::tungstenite::Message;

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

#[cfg(unix)]
#[tokio::test]
async fn drain_ends_with_the_last_socket_also_when_an_idle_request_connection_stays_open() {
    let mut program = Program::start(&[]).await;
    let mut idle = tokio::net::TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("written");
    idle.read_u8().await.expect("an answer");
    let mut client = program.client("s").await;
    let began = std::time::Instant::now();
    program.signal("-TERM").await;
    assert_eq!(client.close_code().await, Some(1012));
    drop(client);
    assert_eq!(program.ended().await, 0);
    assert!(began.elapsed() < std::time::Duration::from_millis(2_500), "{:?}", began.elapsed());
}

#[cfg(unix)]
#[tokio::test]
async fn new_connections_are_refused_while_it_drains() {
    let mut program = Program::start(&[]).await;
    // Does not answer the close frame: the drain goes on until then.
    let mut client = program.client("s").await;
    program.signal("-TERM").await;
    assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Goodbye { .. })));
    let refused = tokio::net::TcpStream::connect(("127.0.0.1", program.port)).await;
    assert_eq!(refused.map(|_| ()).map_err(|error| error.kind()), Err(std::io::ErrorKind::ConnectionRefused));
    assert!(program.child.try_wait().expect("a status").is_none(), "it still drains");
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
    // The request is another connection: it must not come first.
    assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Subscribed(_))));
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
        .args(["--port", &port, "--dev"])
        .stderr(Stdio::piped())
        .output()
        .await
        .expect("it starts");
    let text = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success());
    assert!(text.contains(&port) && text.contains("--port"), "{text}");
}
