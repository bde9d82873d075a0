//! Alerts, sent to any gateway and to two at once.

use super::{Service, system};
use crate::support::{Folder, Program, subscribe};
use sentinelops_protocol::Channel;
use sentinelops_protocol::system::ServerSystem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SECRET: &str = "a-token-of-the-tests-0123456789";

async fn post(port: u16, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let request = format!(
        "POST /ingest/am HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {SECRET}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

fn body(number: usize, status: &str) -> String {
    format!(
        r#"{{"receiver":"so","status":"{status}","groupKey":"g{number}","version":"4","commonAnnotations":{{}},"groupLabels":{{}},
        "commonLabels":{{}},"externalURL":"http://am","alerts":[{{"status":"{status}","labels":{{"alertname":"Down{number}",
        "severity":"critical"}},"annotations":{{"summary":"down {number}"}},"startsAt":"2026-11-29T00:52:38.873Z",
        "endsAt":"0001-01-01T00:00:00Z","fingerprint":"f{number}"}}]}}"#
    )
}

#[tokio::test]
async fn an_alert_sent_to_two_gateways_at_once_is_one_alert_and_one_incident() {
    let mut service = Service::start("2.15.1", 0).await;
    let folder = Folder::new("nats-ingest");
    std::fs::write(folder.path("token"), format!("{SECRET}\n")).expect("written");
    let settings = format!(
        "dev = true\ntest_admin = true\n[[ingest]]\nname = \"am\"\nkind = \"alertmanager\"\ntoken_file = {:?}\n",
        folder.path("token")
    );
    std::fs::write(folder.path("gateway.toml"), settings).expect("written");
    for _ in 0..2 {
        let flags = ["--config", &folder.path("gateway.toml"), "--nats", &service.nats.url()];
        service.gateways.push(Program::start(&flags).await);
    }
    let [one, two] = &service.gateways[..] else { panic!("two gateways") };
    const COUNT: usize = 10;
    for number in 0..COUNT {
        let body = body(number, "firing");
        let (left, right) = tokio::join!(post(one.port, &body), post(two.port, &body));
        for answer in [left, right] {
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    }
    for gateway in [one, two] {
        let mut client = gateway.client("s").await;
        for channel in [Channel::Alerts, Channel::Incidents] {
            client.system(&subscribe(channel)).await;
            assert!(matches!(system(&mut client).await, ServerSystem::Subscribed(_)));
            let state = gateway.http("GET", &format!("/admin/state?channel={channel}")).await;
            let count = state.matches("\"payload\"").count();
            assert_eq!(count, COUNT, "{channel}: {state}");
        }
    }
}

#[tokio::test]
async fn without_nats_a_source_is_answered_503_with_a_time() {
    let mut service = Service::start("debian", 0).await;
    let folder = Folder::new("nats-ingest-503");
    std::fs::write(folder.path("token"), format!("{SECRET}\n")).expect("written");
    let settings = format!(
        "dev = true\n[[ingest]]\nname = \"am\"\nkind = \"alertmanager\"\ntoken_file = {:?}\n",
        folder.path("token")
    );
    std::fs::write(folder.path("gateway.toml"), settings).expect("written");
    let flags = ["--config", &folder.path("gateway.toml"), "--nats", &service.nats.url()];
    let gateway = Program::start(&flags).await;
    assert!(post(gateway.port, &body(1, "firing")).await.starts_with("HTTP/1.1 200"));
    service.nats.kill().await;
    let answer = post(gateway.port, &body(2, "firing")).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.to_lowercase().contains("retry-after"), "{answer}");
}
