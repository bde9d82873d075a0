//! What is logged, as text and as JSON. Over the program itself.

use crate::support::{Client, Folder, Program};
use serde_json::Value;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The log of a gateway that somebody connected to and left, and that was ended.
async fn logged(test: &str, flags: &[&str], traceparent: &str) -> String {
    let folder = Folder::new(&format!("logs-{test}"));
    let log = folder.path("log");
    let mut program = Program::start_logged(flags, &log).await;
    let url = format!("ws://127.0.0.1:{}/ws?user=ann&token=a-token-in-the-query", program.port);
    let mut request = url.into_client_request().expect("a request");
    request.headers_mut().insert("traceparent", traceparent.parse().expect("a header"));
    let (socket, _) = connect_async(request).await.expect("a socket");
    let mut client = Client { socket, waiting: Vec::new().into_iter() };
    client.send("[1").await;
    assert_eq!(client.close_code().await, Some(4400));
    program.signal("-TERM").await;
    assert_eq!(program.ended().await, 0);
    std::fs::read_to_string(&log).expect("a log")
}

#[cfg(unix)]
#[tokio::test]
async fn json_lines_have_connection_and_trace_as_fields() {
    let log = logged("json", &["--log-format", "json"], &format!("00-{TRACE}-b7ad6b7169203331-01")).await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        for field in ["timestamp", "level", "message"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    for start in ["connected from 127.0.0.1", "closed by the gateway: 4400"] {
        let line =
            lines.iter().find(|line| line["message"].as_str().is_some_and(|text| text.starts_with(start)));
        let line = line.unwrap_or_else(|| panic!("{start}: {log}"));
        assert_eq!((&line["conn"], &line["trace_id"]), (&Value::from(1), &Value::from(TRACE)), "{line}");
    }
    assert!(lines.iter().any(|line| line["level"] == "WARN" && line.get("conn").is_none()), "{log}");
    assert!(!log.contains("a-token-in-the-query") && !log.contains("user=ann"), "{log}");
}

#[cfg(unix)]
#[tokio::test]
async fn text_is_the_default_and_what_is_no_trace_is_left_out() {
    let log = logged("text", &[], "00-mallory-b7ad6b7169203331-01").await;
    assert!(log.contains(" INFO connected from 127.0.0.1 conn=1\n"), "{log}");
    assert!(log.contains(" INFO stopped\n"), "{log}");
    assert!(!log.contains("mallory") && !log.contains("trace_id"), "{log}");
    assert!(!log.contains("a-token-in-the-query"), "{log}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_filter_leaves_out_what_is_below_its_level() {
    let log = logged("filter", &["--log", "warn"], "").await;
    assert!(log.contains(" WARN ") && !log.contains(" INFO "), "{log}");
}
