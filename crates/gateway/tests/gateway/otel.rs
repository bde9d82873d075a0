//! Feature `otel`: what a collector gets.

use crate::support::{Folder, Program};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Answers every request with 200 and hands on what it held.
async fn collector() -> (String, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (found, requests) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut bytes = Vec::new();
            loop {
                let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
                let body = text.find("\r\n\r\n").map(|at| bytes.len() - at - 4);
                let length = text
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.split('\r').next()?.parse().ok());
                if body.is_some() && body >= length {
                    break;
                }
                assert_ne!(stream.read_buf(&mut bytes).await.expect("a request"), 0, "{text}");
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.expect("written");
            let _ = found.send(bytes);
        }
    });
    (url, requests)
}

#[tokio::test]
async fn spans_of_requests_and_transactions_are_sent_in_the_trace_of_the_request() {
    let (url, mut requests) = collector().await;
    let folder = Folder::new("otel");
    let (data, endpoint) = (folder.path("data"), format!("OTEL_EXPORTER_OTLP_ENDPOINT={url}"));
    let mut program = Program::start_under(&["env", &endpoint], &["--data", &data]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
    let head = format!(
        "GET /healthz?token=mallory HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    stream.read_to_end(&mut Vec::new()).await.expect("an answer");
    let mut client = program.client("s").await;
    client
        .send(
            r#"{"id":"m1","type":"chat.message","channel":"chat","payload":{"conversationId":"c","content":"x"}}"#,
        )
        .await;
    client.acked().await;
    drop(client);
    program.signal("-TERM").await;
    assert_eq!(program.ended().await, 0);
    let mut sent = Vec::new();
    while let Ok(request) = requests.try_recv() {
        sent.extend(request);
    }
    let holds = |part: &[u8]| sent.windows(part.len()).any(|window| window == part);
    assert!(holds(b"POST /v1/traces HTTP/1.1"), "{}", String::from_utf8_lossy(&sent));
    let trace: Vec<u8> =
        (0..32).step_by(2).map(|at| u8::from_str_radix(&TRACE[at..at + 2], 16).expect("hex")).collect();
    for part in [&trace[..], b"request", b"/healthz", b"commit", b"sentinelops-gateway"] {
        assert!(holds(part), "{part:?}");
    }
    assert!(!holds(b"mallory"));
}
