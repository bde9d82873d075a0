//! What docs/ingest.md shows works.

use super::{Gateway, SECRET, block, body, firing};

#[tokio::test]
async fn settings_of_the_documentation_are_taken() {
    let mut settings = block("toml");
    while let Some((before, rest)) = settings.split_once("\"/etc/sentinelops/") {
        let (_, after) = rest.split_once('"').expect("the end of a path");
        settings = format!("{before}\"TOKEN\"{after}");
    }
    let gateway = Gateway::with("docs", &settings, &[]).await;
    let names = settings.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let kinds = settings.lines().filter_map(|line| line.strip_prefix("kind = \"")?.strip_suffix('"'));
    for (name, kind) in names.zip(kinds) {
        let answer = match kind {
            "alertmanager" => gateway.post(&format!("/ingest/{name}"), &body(&[firing("a")])).await,
            "pagerduty" => {
                let event = format!(
                    r#"{{"routing_key":"{SECRET}","event_action":"trigger","payload":{{"summary":"Disk full"}}}}"#
                );
                gateway.request("POST", "/v2/enqueue", "", event.as_bytes()).await
            }
            "cloudevents" => {
                let headers = format!(
                    "Authorization: Bearer {SECRET}\r\nContent-Type: application/cloudevents+json\r\n"
                );
                let event = r#"{"specversion":"1.0","id":"1","source":"/ci","type":"com.example.deployed"}"#;
                gateway.request("POST", &format!("/ingest/{name}"), &headers, event.as_bytes()).await
            }
            other => panic!("no body of {other} in this test"),
        };
        assert!((200..300).contains(&answer.status), "{name}: {answer:?}");
    }
    assert!(!gateway.log().contains(SECRET));
}

#[tokio::test]
async fn without_sources_the_log_says_how_to_connect_one() {
    let gateway = Gateway::with("none", "", &[]).await;
    for words in ["[[ingest]]", "docs/ingest.md", "--scenario"] {
        gateway.logged(words).await;
    }
}
