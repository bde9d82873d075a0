//! Something else writes to the subjects of the log.

use super::{Service, gateway, say};
use crate::support::Program;

/// Of the conversation `c`, which [`say`] writes to; of no key; of the gateways themselves.
const SUBJECTS: [&str; 3] = ["so.main.chat.Yw", "so.main.chat", "so.main.meta.other"];

async fn foreign(gateway: &Program) -> String {
    let page = gateway.ops("/metrics").await;
    let line = page.lines().find(|line| line.starts_with("sentinelops_nats_foreign_messages_total"));
    line.and_then(|line| line.split(' ').nth(1)).expect("a count").to_owned()
}

#[tokio::test]
async fn what_no_gateway_wrote_is_passed_over_and_counted_by_running_and_starting_gateways() {
    let mut service = Service::start("2.15.1", 2).await;
    let mut client = service.gateways[0].client("s").await;
    for (round, body) in ["hello", "", "{}"].into_iter().enumerate() {
        for subject in SUBJECTS {
            service.nats.store(subject, body).await;
        }
        // The message of the conversation competes with one that no gateway wrote.
        let id = format!("m{round}");
        client.send(&say(&id, "x")).await;
        assert_eq!(client.acked().await, [id]);
    }
    // The other one has read as far when it acks something.
    let mut other = service.gateways[1].client("o").await;
    other.send(&say("m0", "x")).await;
    assert_eq!(other.acked().await, ["m0"]);
    service.gateways.push(gateway(&service.nats.url()).await);
    let mut late = service.gateways[2].client("l").await;
    late.send(&say("m2", "x")).await;
    assert_eq!(late.acked().await, ["m2"]);
    for gateway in &service.gateways {
        assert_eq!(foreign(gateway).await, "9");
    }
}

#[tokio::test]
async fn what_names_a_layout_and_cannot_be_read_stops_a_gateway() {
    let mut service = Service::start("debian", 1).await;
    service.nats.store(SUBJECTS[0], r#"{"v":1,"events":7}"#).await;
    assert_eq!(service.gateways[0].ended().await, 1);
}
