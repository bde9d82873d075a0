//! `POST /api/publish` asks for the same tokens as the socket.

use super::{Guarded, hs256};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn publish(gateway: &Guarded, token: Option<&str>) -> u16 {
    let body = r#"{"type":"incident.create","channel":"incidents","payload":{"id":"inc-x","title":"t"}}"#;
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!(
        "POST /api/publish HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Idempotency-Key: k\r\n{token}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.program.port)).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[tokio::test]
async fn backend_needs_a_valid_token_with_the_right_to_write() {
    let gateway = Guarded::start("publish").await;
    assert_eq!(publish(&gateway, None).await, 401);
    assert_eq!(publish(&gateway, Some("nonsense")).await, 401);
    assert_eq!(publish(&gateway, Some(&hs256(json!({"aud": "others"})))).await, 401);
    let may = |write: &[&str]| hs256(json!({"sub": "ci", "so": {"read": [], "write": write}}));
    assert_eq!(publish(&gateway, Some(&may(&["chat"]))).await, 403);
    assert_eq!(publish(&gateway, Some(&may(&["incidents:inc-x"]))).await, 200);
    std::fs::write(gateway.folder.path("revoked"), "sub ci\n").expect("written");
    gateway.program.signal("-HUP").await;
    let revoked = async { while publish(&gateway, Some(&may(&["incidents"]))).await != 401 {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), revoked)
        .await
        .expect("a revoked user is refused");
}
