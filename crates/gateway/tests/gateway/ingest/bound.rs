//! `--max-ingest`: how many bodies are received at once.

use super::{SECRET, body, firing};
use crate::support::{Folder, Program};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request without its last byte.
struct Unfinished {
    stream: TcpStream,
    last: u8,
}

impl Unfinished {
    async fn begin(program: &Program, path: &str, headers: &str, body: &str) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
        let (most, last) = body.as_bytes().split_at(body.len() - 1);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("written");
        stream.write_all(most).await.expect("written");
        Self { stream, last: last[0] }
    }

    async fn finish(mut self) -> String {
        self.stream.write_all(&[self.last]).await.expect("written");
        self.answer().await
    }

    async fn answer(mut self) -> String {
        let mut answer = Vec::new();
        // A reset may follow the answer to a body that is not read.
        let _ = self.stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).expect("text")
    }
}

/// Waits until so many requests of a kind are in progress.
async fn in_progress(program: &Program, kind: &str, count: usize) {
    let line = format!("sentinelops_bodies_in_progress{{kind={kind:?}}} {count}");
    let waited = async { while !program.ops("/metrics").await.lines().any(|found| found == line) {} };
    assert!(tokio::time::timeout(std::time::Duration::from_secs(20), waited).await.is_ok(), "{line}");
}

#[tokio::test]
async fn one_body_more_than_max_ingest_is_answered_503_and_finds_room_later() {
    let folder = Folder::new("ingest-bound");
    std::fs::write(folder.path("token"), SECRET).expect("written");
    let source = |name: &str, kind: &str| {
        format!("[[ingest]]\nname = {name:?}\nkind = {kind:?}\ntoken_file = {:?}\n", folder.path("token"))
    };
    let config = folder.path("gateway.toml");
    let settings =
        format!("dev = true\nmax_ingest = 2\n{}{}", source("am", "alertmanager"), source("pd", "pagerduty"));
    std::fs::write(&config, settings).expect("written");
    let program = Program::start(&["--config", &config, "--ops-addr", "127.0.0.1:0"]).await;
    let token = format!("Authorization: Bearer {SECRET}\r\n");
    let report =
        async |name: &str| Unfinished::begin(&program, "/ingest/am", &token, &body(&[firing(name)])).await;
    let (first, second) = (report("a").await, report("b").await);
    in_progress(&program, "ingest", 2).await;
    // It is not read to its end.
    let refused = report("c").await.answer().await;
    let (head, text) = refused.split_once("\r\n\r\n").expect("a body");
    assert!(head.starts_with("HTTP/1.1 503") && head.to_lowercase().contains("retry-after: 1"), "{refused}");
    for word in ["2 requests", "--max-ingest", "again"] {
        assert!(text.contains(word), "{word}: {refused}");
    }

    // Peers that have shown no token use up a bound of their own.
    let event = format!(
        r#"{{"routing_key":"{SECRET}","event_action":"trigger","payload":{{"summary":"s","source":"x","severity":"critical"}}}}"#
    );
    let enqueue = async || Unfinished::begin(&program, "/v2/enqueue", "", &event).await;
    let (third, fourth) = (enqueue().await, enqueue().await);
    in_progress(&program, "enqueue", 2).await;
    assert!(enqueue().await.answer().await.starts_with("HTTP/1.1 503"));
    drop(fourth);
    in_progress(&program, "enqueue", 1).await;
    assert!(third.finish().await.starts_with("HTTP/1.1 202"));

    let say = r#"{"type":"chat.message","channel":"chat","payload":{"conversationId":"c","content":"hi"}}"#;
    let headers = "Content-Type: application/json\r\nIdempotency-Key: k\r\n";
    let publish = Unfinished::begin(&program, "/api/publish?user=ci", headers, say).await;
    assert!(publish.finish().await.starts_with("HTTP/1.1 200"));

    for unfinished in [first, second] {
        assert!(unfinished.finish().await.starts_with("HTTP/1.1 200"));
    }
    in_progress(&program, "ingest", 0).await;
    assert!(report("c").await.finish().await.starts_with("HTTP/1.1 200"));
    let page = program.ops("/metrics").await;
    for (kind, count) in [("ingest", 1), ("enqueue", 1), ("publish", 0)] {
        let line = format!("sentinelops_bodies_refused_total{{kind={kind:?}}} {count}");
        assert!(page.lines().any(|found| found == line), "{line}: {page}");
    }
}
