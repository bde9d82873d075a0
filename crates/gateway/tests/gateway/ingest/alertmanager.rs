//! `POST /ingest/NAME` with bodies of Alertmanager.

use super::{Gateway, SECRET, body, firing, kinds, resolved, subscriber};
use sentinelops_protocol::Channel;
use serde_json::{Value, json};
use std::time::Instant;
use tokio::process::Command;

#[tokio::test]
async fn alert_reaches_clients_and_its_clear_ends_the_incident() {
    let gateway = Gateway::start("way", "").await;
    let mut client = subscriber(&gateway, &[Channel::Incidents, Channel::Alerts]).await;
    let answer = gateway.post("/ingest/am", &body(&[firing("a"), firing("b")])).await;
    assert_eq!((answer.status, &answer.body["counts"]["raised"]), (200, &2.into()), "{answer:?}");
    assert_eq!(kinds(&mut client, 3).await, ["incident.created", "alert.raised", "alert.raised"]);
    let answer = gateway.post("/ingest/am", &body(&[resolved("a"), resolved("b")])).await;
    assert_eq!(answer.body["counts"]["cleared"], 2);
    assert_eq!(kinds(&mut client, 3).await, ["alert.cleared", "alert.cleared", "incident.resolved"]);
}

#[tokio::test]
async fn wrong_or_missing_token_is_401_and_no_token_is_in_the_log() {
    let gateway = Gateway::start("token", "").await;
    let text = body(&[firing("a")]);
    let basic = |pair: &str| {
        use base64::Engine;
        format!("Authorization: Basic {}\r\n", base64::engine::general_purpose::STANDARD.encode(pair))
    };
    let wrong = "a-wrong-token-of-the-tests-0123456789";
    for headers in
        [String::new(), format!("Authorization: Bearer {wrong}\r\n"), basic(&format!("am:{wrong}"))]
    {
        let answer = gateway.request("POST", "/ingest/am", &headers, text.as_bytes()).await;
        assert_eq!(answer.status, 401, "{headers}: {answer:?}");
        assert!(answer.head.to_lowercase().contains("www-authenticate: bearer"), "{answer:?}");
    }
    assert_eq!(gateway.state("alerts").await, [Value::Null; 0]);
    for headers in [format!("Authorization: Bearer {SECRET}\r\n"), basic(&format!("am:{SECRET}"))] {
        let answer = gateway.request("PUT", "/ingest/am", &headers, text.as_bytes()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let log = gateway.log();
    assert!(
        log.contains("no valid token") && log.contains("1 raised") && log.contains("1 repeated"),
        "{log}"
    );
    for token in [SECRET, wrong] {
        assert!(!log.contains(token), "{log}");
    }
    let answer = gateway.post("/ingest/other", &text).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    let page = format!("Origin: http://localhost:3000\r\nAuthorization: Bearer {SECRET}\r\n");
    assert_eq!(gateway.request("POST", "/ingest/am", &page, text.as_bytes()).await.status, 403);
}

#[cfg(unix)]
#[tokio::test]
async fn new_token_counts_from_sighup_on() {
    let gateway = Gateway::start("reload", "").await;
    std::fs::write(gateway.folder.path("token"), "another-token-of-the-tests").expect("written");
    gateway.program.signal("-HUP").await;
    gateway.logged("SIGHUP").await;
    assert_eq!(gateway.post("/ingest/am", &body(&[])).await.status, 401);
    let headers = "Authorization: Bearer another-token-of-the-tests\r\n";
    assert_eq!(gateway.request("POST", "/ingest/am", headers, body(&[]).as_bytes()).await.status, 200);
}

#[tokio::test]
async fn body_that_cannot_be_read_is_400_with_path_expected_and_found() {
    let gateway = Gateway::start("unreadable", "").await;
    let answer = gateway.post("/ingest/am", r#"{"alerts": 7}"#).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body["path"], "alerts");
    assert_eq!(answer.body["expected"], "an array");
    assert_eq!(answer.body["found"], "integer `7`");
    let bad = json!({"status": "firing"});
    let answer = gateway.post("/ingest/am", &body(&[bad.clone(), bad.clone()])).await;
    assert_eq!((answer.status, &answer.body["path"]), (400, &"alerts[0]".into()), "nothing is usable");
    // Some of them are: they count.
    let answer = gateway.post("/ingest/am", &body(&[bad.clone(), firing("a"), bad])).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (&answer.body["counts"]["raised"], &answer.body["counts"]["unusable"]),
        (&1.into(), &2.into())
    );
    assert_eq!(answer.body["unusable"][1]["path"], "alerts[2]");
}

#[tokio::test]
async fn body_of_10_mb_is_taken_and_one_above_16_mib_is_413() {
    let gateway = Gateway::start("large", "").await;
    let mut alert = firing("a");
    alert["annotations"]["description"] = "x".repeat(10_000_000).into();
    let answer = gateway.post("/ingest/am", &body(&[alert.clone()])).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let kept = &gateway.state("alerts").await[0]["of"];
    assert_eq!(kept["shortened"], true);
    assert!(kept.to_string().len() < 16 * 1024);
    alert["annotations"]["description"] = "x".repeat(17 << 20).into();
    let answer = gateway.post("/ingest/am", &body(&[alert])).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert!(answer.body["error"].as_str().is_some_and(|text| text.contains("16 MiB")), "{answer:?}");
}

#[tokio::test]
async fn storm_of_5_000_alerts_is_kept_whole_over_kill_9_and_ends_by_itself() {
    let mut gateway = Gateway::start("storm", "").await;
    let names: Vec<String> = (0..5_000).map(|n| format!("f{n}")).collect();
    let all = |of: fn(&str) -> Value| names.iter().map(|name| of(name)).collect::<Vec<_>>();
    let mut client = subscriber(&gateway, &[Channel::Incidents]).await;
    let began = Instant::now();
    // As Alertmanager sends groups: a thousand in a body.
    for part in all(firing).chunks(1_000) {
        let answer = gateway.post("/ingest/am", &body(part)).await;
        assert_eq!((answer.status, &answer.body["counts"]["raised"]), (200, &1_000.into()), "{answer:?}");
    }
    println!("5,000 alerts in 5 bodies stored and answered in {} ms", began.elapsed().as_millis());
    gateway.restart().await;
    let answer = gateway.post("/ingest/am", &body(&all(firing))).await;
    assert_eq!((answer.status, &answer.body["counts"]["repeated"]), (200, &5_000.into()), "{answer:?}");
    let alerts = gateway.state("alerts").await;
    assert_eq!(alerts.iter().filter(|alert| alert["type"] == "alert.raised").count(), 5_000);
    assert_eq!(gateway.state("incidents").await.len(), 1);
    let began = Instant::now();
    let answer = gateway.post("/ingest/am", &body(&all(resolved))).await;
    assert_eq!((answer.status, &answer.body["counts"]["cleared"]), (200, &5_000.into()), "{answer:?}");
    println!("5,000 clears in one body stored and answered in {} ms", began.elapsed().as_millis());
    assert_eq!(gateway.state("incidents").await[0]["type"], "incident.resolved");
    assert_eq!(kinds(&mut client, 1).await, ["incident.created"]);
}

/// Limits the size of files instead of filling a disk: SQLite meets the same failed write.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn while_the_disk_is_full_it_answers_503_and_what_came_then_is_taken_once() {
    let shell = "trap '' XFSZ; exec \"$0\" \"$@\"";
    let source = "[[ingest]]\nname = \"am\"\nkind = \"alertmanager\"\ntoken_file = \"TOKEN\"\n";
    let mut gateway = Gateway::with("full", source, &["sh", "-c", shell]).await;
    assert_eq!(gateway.post("/ingest/am", &body(&[firing("a")])).await.status, 200);
    let process = gateway.program.child.id().expect("it runs").to_string();
    let limit = async |bytes: &str| {
        let set =
            Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}")]).status().await;
        assert!(set.expect("prlimit runs").success());
    };
    limit("4096:unlimited").await;
    let text = body(&[firing("b")]);
    // The first one waits for the store until it is sent away; from then on it is at once.
    for _ in 0..2 {
        let answer = gateway.post("/ingest/am", &text).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.head.to_lowercase().contains("retry-after: "), "{answer:?}");
    }
    limit("unlimited:unlimited").await;
    let taken = async { while gateway.post("/ingest/am", &text).await.status != 200 {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), taken).await.expect("there is room again");
    gateway.restart().await;
    let raised = gateway.state("alerts").await;
    assert_eq!(raised.len(), 2, "{raised:?}");
}
