//! PagerDuty's format, CloudEvents, and commands of backends.

use super::{Answer, Gateway, SECRET, body, firing, kinds, subscriber};
use sentinelops_protocol::Channel;
use serde_json::{Value, json};

const SOURCES: &str = "[[ingest]]\nname = \"pd\"\nkind = \"pagerduty\"\ntoken_file = \"TOKEN\"\nmin_severity = \"low\"\n\
    [[ingest]]\nname = \"ci\"\nkind = \"cloudevents\"\ntoken_file = \"TOKEN\"\n";

fn event(action: &str, key: Option<&str>) -> String {
    let mut event = json!({
        "routing_key": SECRET, "event_action": action, "client": "Datadog", "client_url": "https://dd.example/1",
        "payload": {"summary": "Disk full", "source": "db1", "severity": "warning", "custom_details": {"free": "0 %"}},
    });
    if let Some(key) = key {
        event["dedup_key"] = key.into();
    }
    event.to_string()
}

#[tokio::test]
async fn pagerduty_event_is_raised_acknowledged_and_cleared_by_its_key() {
    let gateway = Gateway::with("pagerduty", SOURCES, &[]).await;
    let mut client = subscriber(&gateway, &[Channel::Incidents, Channel::Alerts]).await;
    let enqueue = async |body: &str| gateway.request("POST", "/v2/enqueue", "", body.as_bytes()).await;
    let answer = enqueue(&event("trigger", None)).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &"success".into()), "{answer:?}");
    let key = answer.body["dedup_key"].as_str().expect("a key that was made up").to_owned();
    assert_eq!(kinds(&mut client, 2).await, ["incident.created", "alert.raised"]);
    // A repeat, with another time and another summary: the same alert.
    assert_eq!(enqueue(&event("trigger", Some(&key))).await.body["dedup_key"], *key);
    assert_eq!(enqueue(&event("acknowledge", Some(&key))).await.status, 202);
    assert_eq!(enqueue(&event("resolve", Some(&key))).await.status, 202);
    assert_eq!(kinds(&mut client, 3).await, ["alert.acknowledged", "alert.cleared", "incident.resolved"]);
    // The same key again is another alert, as PagerDuty has it.
    assert_eq!(enqueue(&event("trigger", Some(&key))).await.status, 202);
    assert_eq!(kinds(&mut client, 2).await, ["incident.created", "alert.raised"]);
    let kept = &gateway.state("alerts").await[0]["of"];
    assert_eq!(
        (&kept["title"], &kept["source"], &kept["severity"]),
        (&"Disk full".into(), &"db1".into(), &"medium".into())
    );
    assert_eq!(
        (&kept["annotations"]["free"], &kept["generatorUrl"]),
        (&"0 %".into(), &"https://dd.example/1".into())
    );
}

#[tokio::test]
async fn routing_key_is_the_token_and_is_never_logged() {
    let gateway = Gateway::with("routing-key", SOURCES, &[]).await;
    let wrong = "a-wrong-routing-key-0123456789";
    let body = event("trigger", Some("k"));
    for path in ["/v2/enqueue", "/ingest/pd"] {
        let answer = gateway.request("POST", path, "", body.replace(SECRET, wrong).as_bytes()).await;
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
    }
    assert_eq!(gateway.request("POST", "/ingest/pd", "", body.as_bytes()).await.status, 202);
    assert_eq!(
        gateway.post("/ingest/pd", &body.replace(SECRET, "anything")).await.status,
        202,
        "by the header"
    );
    let answer = gateway.request("POST", "/v2/enqueue", "", body.replace("trigger", "fire").as_bytes()).await;
    assert_eq!((answer.status, &answer.body["path"]), (400, &"event_action".into()), "{answer:?}");
    let large = body.replace("0 %", &"x".repeat(600 * 1024));
    assert_eq!(gateway.request("POST", "/v2/enqueue", "", large.as_bytes()).await.status, 413);
    let log = gateway.log();
    assert!(log.contains("1 raised") && log.contains("routing_key"), "{log}");
    assert!(!log.contains(SECRET) && !log.contains(wrong), "{log}");
}

#[tokio::test]
async fn cloudevents_come_in_binary_structured_and_batched_once_each() {
    let gateway = Gateway::with("cloudevents", SOURCES, &[]).await;
    let token = format!("Authorization: Bearer {SECRET}\r\n");
    let post = async |headers: &str, body: &str| -> Answer {
        gateway.request("POST", "/ingest/ci", &format!("{token}{headers}"), body.as_bytes()).await
    };
    let binary = "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /ci\r\nce-type: com.example.deployed\r\nce-subject: api\r\n\
        Content-Type: application/json\r\n";
    let mut client = subscriber(&gateway, &[Channel::Activity, Channel::Alerts]).await;
    let answer = post(binary, r#"{"version":3}"#).await;
    assert_eq!((answer.status, &answer.body["counts"]["events"]), (200, &1.into()), "{answer:?}");
    let answer = post(binary, r#"{"version":3}"#).await;
    assert_eq!((answer.status, &answer.body["counts"]["repeated"]), (200, &1.into()), "{answer:?}");
    assert_eq!(kinds(&mut client, 1).await, ["activity.event"]);
    let alert = json!({
        "specversion": "1.0", "id": "2", "source": "/ci", "type": "alert.raised",
        "data": {"id": "build", "severity": "high", "title": "Build is red"},
    });
    let batch = json!([alert, alert, {"specversion": "1.0", "id": "3"}]).to_string();
    let answer = post("Content-Type: application/cloudevents-batch+json\r\n", &batch).await;
    let counts = &answer.body["counts"];
    assert_eq!(
        (&counts["raised"], &counts["repeated"], &counts["unusable"]),
        (&1.into(), &1.into(), &1.into()),
        "{answer:?}"
    );
    // Its incident comes first.
    assert_eq!(kinds(&mut client, 2).await, ["activity.event", "alert.raised"]);
    let answer = post("Content-Type: application/cloudevents+json\r\n", &alert.to_string()).await;
    assert_eq!(answer.body["counts"]["repeated"], 1);

    let asks = "WebHook-Request-Origin: eventemitter.example.com\r\n";
    let answer = gateway.request("OPTIONS", "/ingest/ci", asks, b"").await;
    let head = answer.head.to_lowercase();
    assert!(
        answer.status == 200 && head.contains("webhook-allowed-origin: eventemitter.example.com"),
        "{answer:?}"
    );
    assert!(head.contains("webhook-allowed-rate: *"), "{answer:?}");
    assert_eq!(gateway.request("OPTIONS", "/ingest/pd", asks, b"").await.status, 405);
}

#[tokio::test]
async fn backend_publishes_commands_once_by_its_key() {
    let mut gateway = Gateway::with("publish", "", &[]).await;
    let post = async |gateway: &Gateway, key: &str, body: &Value| {
        let headers = format!("Content-Type: application/json\r\nIdempotency-Key: {key}\r\n");
        gateway.request("POST", "/api/publish?user=ci", &headers, body.to_string().as_bytes()).await
    };
    let create =
        json!({"type": "incident.create", "channel": "incidents", "payload": {"id": "inc-x", "title": "t"}});
    let say = json!({"type": "chat.message", "channel": "chat", "payload": {"conversationId": "inc-x", "content": "hi"}});
    let answer = post(&gateway, "deploy-7", &json!([create, say])).await;
    let statuses = |answer: &Answer| {
        let results = answer.body["results"].as_array().cloned().unwrap_or_default();
        results.iter().map(|result| result["status"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (answer.status, statuses(&answer)),
        (200, vec!["accepted".into(), "accepted".into()]),
        "{answer:?}"
    );
    gateway.restart().await;
    let answer = post(&gateway, "deploy-7", &json!([create, say])).await;
    assert_eq!(
        (answer.status, statuses(&answer)),
        (200, vec!["repeated".into(), "repeated".into()]),
        "{answer:?}"
    );
    assert_eq!(gateway.state("chat").await[0]["of"]["senderId"], "ci");
    // One command: its refusal is the status.
    assert_eq!(post(&gateway, "other", &create).await.status, 409);
    assert_eq!(post(&gateway, "deploy-8", &say).await.status, 200);
    assert_eq!(post(&gateway, "deploy-8", &create).await.status, 422);
    assert_eq!(
        post(&gateway, "k", &json!({"type": "chat.message", "channel": "chat", "payload": {}})).await.status,
        400
    );
    for wrong in [
        json!([]),
        json!(7),
        json!([{"type": "a.b"}]),
        json!([{"type": "ping", "channel": "system", "payload": {"n": 1, "sentAt": 1}}]),
    ] {
        assert_eq!(post(&gateway, "k", &wrong).await.status, 400, "{wrong}");
    }
    let many: Vec<_> = (0..513).map(|_| say.clone()).collect();
    assert_eq!(post(&gateway, "k", &json!(many)).await.status, 400);
    let deep: Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let deep = json!({"type": "chat.message", "channel": "chat", "payload": {"conversationId": "c", "content": "x", "deep": deep}});
    assert_eq!(post(&gateway, "k", &deep).await.status, 400, "deeper than what clients read");
    let bare = |headers: &str| headers.to_owned();
    for (headers, status) in [
        (bare("Content-Type: application/json\r\n"), 400),
        (bare("Idempotency-Key: k\r\n"), 415),
        (
            bare("Content-Type: application/json\r\nIdempotency-Key: k\r\nOrigin: https://evil.example\r\n"),
            403,
        ),
    ] {
        let answer = gateway.request("POST", "/api/publish", &headers, say.to_string().as_bytes()).await;
        assert_eq!(answer.status, status, "{headers}");
    }
}

#[tokio::test]
async fn without_room_alertmanager_is_told_503_and_others_429() {
    let sources = format!(
        "[[ingest]]\nname = \"am\"\nkind = \"alertmanager\"\ntoken_file = \"TOKEN\"\nincident = \"none\"\n{SOURCES}"
    );
    let gateway = Gateway::with("no-room", &sources, &[]).await;
    let full: Vec<_> = (0..10_000).map(|n| firing(&format!("f{n}"))).collect();
    assert_eq!(gateway.post("/ingest/am", &body(&full)).await.body["counts"]["raised"], 10_000);
    let one_more = gateway.post("/ingest/am", &body(&[firing("one more")])).await;
    let other = gateway.request("POST", "/v2/enqueue", "", event("trigger", Some("k")).as_bytes()).await;
    for (answer, status) in [(one_more, 503), (other, 429)] {
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.head.to_lowercase().contains("retry-after: 60"), "{answer:?}");
    }
}
