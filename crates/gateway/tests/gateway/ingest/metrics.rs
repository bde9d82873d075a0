use super::{SECRET, body, firing, resolved};
use crate::support::{Folder, Program};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn reports_are_counted_by_source_and_outcome() {
    let folder = Folder::new("ingest-metrics");
    std::fs::write(folder.path("token"), SECRET).expect("written");
    let source = |name: &str| {
        format!(
            "[[ingest]]\nname = {name:?}\nkind = \"alertmanager\"\ntoken_file = {:?}\n",
            folder.path("token")
        )
    };
    let config = folder.path("gateway.toml");
    std::fs::write(&config, format!("dev = true\n{}{}", source("am"), source("quiet"))).expect("written");
    let program = Program::start(&["--config", &config, "--ops-addr", "127.0.0.1:0"]).await;
    for (name, body) in [
        ("am", body(&[firing("mallory")])),
        ("am", body(&[firing("mallory")])),
        ("am", body(&[resolved("mallory"), firing("b")])),
        ("mallory", body(&[firing("c")])),
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.expect("a connection");
        let head = format!(
            "POST /ingest/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {SECRET}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("written");
        stream.read_to_end(&mut Vec::new()).await.expect("an answer");
    }
    let page = program.ops("/metrics").await;
    for line in [
        "sentinelops_ingest_requests_total{source=\"am\"} 3",
        "sentinelops_ingest_requests_total{source=\"quiet\"} 0",
        "sentinelops_ingest_reports_total{source=\"am\",outcome=\"raised\"} 2",
        "sentinelops_ingest_reports_total{source=\"am\",outcome=\"repeated\"} 1",
        "sentinelops_ingest_reports_total{source=\"am\",outcome=\"cleared\"} 1",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}: {page}");
    }
    assert!(page.contains("sentinelops_ingest_last_request_timestamp_seconds{source=\"am\"} "), "{page}");
    assert!(!page.contains("timestamp_seconds{source=\"quiet\"}") && !page.contains("mallory"), "{page}");
}
