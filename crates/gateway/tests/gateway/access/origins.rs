use super::{Guarded, ORIGIN, Program, hs256, user_of};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_foreign_or_missing_origin_is_closed_with_4403_and_a_reason() {
    let gateway = Guarded::start("origin").await;
    let path = format!("/ws?token={}", hs256(json!({})));
    for (origin, word) in [
        (Some("https://evil.example"), "https://evil.example"),
        (Some("http://ops.example"), "http://ops.example"),
        (Some("https://ops.example:8443"), "--origin"),
        (Some("null"), "null"),
        (None, "no Origin header"),
    ] {
        let mut client = gateway.program.socket_of(&path, origin).await;
        client.hello("s").await;
        let (code, reason) = client.closed().await.expect("a close frame");
        assert_eq!(code, 4403, "{origin:?}");
        assert!(reason.contains(word), "{origin:?}: {reason}");
    }
    let mut client = gateway.program.socket_of(&path, Some(ORIGIN)).await;
    client.hello("s").await;
    assert_eq!(user_of(&mut client).await, "ann");
}

#[tokio::test]
async fn in_development_pages_of_this_machine_and_programs_may_connect() {
    for mode in ["--dev", "--mock"] {
        let program = Program::start(&[mode]).await;
        for origin in [Some("https://evil.example"), Some("https://localhost.evil.example"), Some("null")] {
            assert_eq!(
                program.socket_of("/", origin).await.close_code().await,
                Some(4403),
                "{mode} {origin:?}"
            );
        }
        for origin in
            [None, Some("http://localhost:8080"), Some("http://127.0.0.1:1"), Some("http://[::1]:1")]
        {
            let mut client = program.socket_of("/", origin).await;
            client.send(r#"{"type":"ping","channel":"system","payload":{"n":1,"sentAt":1}}"#).await;
            client.frame().await;
        }
    }
}

#[tokio::test]
async fn requests_under_admin_are_for_this_machine() {
    let program = Program::start(&["--rate", "0", "--test-admin"]).await;
    let status = async |host: &str, origin: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
        let request =
            format!("GET /admin/stats HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer.split(' ').nth(1).map(str::to_owned).expect("a status")
    };
    assert_eq!(status("127.0.0.1:1", "").await, "200");
    assert_eq!(status("localhost", "Origin: http://localhost:8080\r\n").await, "200");
    assert_eq!(status("rebound.example", "").await, "403");
    assert_eq!(status("localhost", "Origin: https://evil.example\r\n").await, "403");
}

#[tokio::test]
async fn a_request_that_never_ends_is_given_up() {
    let program = Program::start(&["--rate", "0"]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
    stream.write_all(b"GET /ws HTTP/1.1\r\nHost: x\r\n").await.expect("written");
    let slow = async {
        let mut bytes = [0; 64];
        loop {
            // One byte a second keeps any timeout of the socket itself from firing.
            let _ = stream.write_all(b"X").await;
            let read = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut bytes)).await;
            if matches!(read, Ok(Ok(0) | Err(_))) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(12), slow).await.expect("closed within 12 s");
    assert!(program.http("GET", "/healthz").await.contains("\"status\":\"ok\""));
}
