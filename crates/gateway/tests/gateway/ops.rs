//! `--ops-addr`: health, readiness, metrics. Over the program itself.

use crate::support::{Client, Folder, Program, resolve, subscribe};
use sentinelops_protocol::system::{ClientSystem, ServerSystem, Since, SubscribeEntry};
use sentinelops_protocol::{Channel, ServerMessage};
use std::time::Duration;

const OPS: [&str; 2] = ["--ops-addr", "127.0.0.1:0"];

/// The value of a metric, by its name and labels.
fn value(page: &str, metric: &str) -> f64 {
    let found = page.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {metric} in {page}")).parse().expect("a number")
}

fn say(id: &str, text: &str) -> String {
    format!(
        r#"{{"id":"{id}","type":"chat.message","channel":"chat","payload":{{"conversationId":"c","content":"{text}"}}}}"#
    )
}

/// The first answer that is not an event.
async fn answer(client: &mut Client) -> ServerSystem {
    loop {
        if let ServerMessage::System(system) = client.next().await {
            return system;
        }
    }
}

#[tokio::test]
async fn health_and_metrics_are_on_their_own_address_alone() {
    let program = Program::start(&OPS).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(program.http("GET", path).await.starts_with("HTTP/1.1 404"), "{path}");
        assert!(program.ops(path).await.starts_with("HTTP/1.1 200"), "{path}");
    }
    assert!(program.ops("/ws").await.starts_with("HTTP/1.1 404"));
    // Without it there is nothing to see but that it lives.
    let program = Program::start(&[]).await;
    assert!(program.http("GET", "/healthz").await.starts_with("HTTP/1.1 200"));
    for path in ["/readyz", "/metrics"] {
        assert!(program.http("GET", path).await.starts_with("HTTP/1.1 404"), "{path}");
    }
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let folder = Folder::new("ops-metrics");
    let data = folder.path("data");
    let program = Program::start(&[&OPS[..], &["--data", &data]].concat()).await;
    let mut reader = program.client("reader").await;
    reader.system(&subscribe(Channel::Chat)).await;
    let ServerSystem::Subscribed(begun) = answer(&mut reader).await else { panic!("not subscribed") };
    let mut writer = program.client("writer").await;
    for id in ["m1", "m2", "m1"] {
        writer.send(&say(id, "text")).await;
        writer.acked().await;
    }
    writer.send(&resolve("m3", "there-is-none")).await;
    assert!(matches!(answer(&mut writer).await, ServerSystem::Nack { .. }));
    writer.send("[1").await;
    writer.close_code().await;
    let since = |epoch: &str| Some(Since { epoch: epoch.to_owned(), seq: begun.seq });
    for epoch in [begun.epoch.as_str(), "another"] {
        let mut resumed = program.client("resumed").await;
        let entry = SubscribeEntry { channel: Channel::Chat, topic: None, since: since(epoch) };
        resumed.system(&ClientSystem::Subscribe(vec![entry])).await;
        assert!(matches!(answer(&mut resumed).await, ServerSystem::Subscribed(_)));
        resumed.send("[1").await;
        resumed.close_code().await;
    }
    let page = program.ops("/metrics").await;
    assert!(page.contains("content-type: text/plain; version=0.0.4"), "{page}");
    for (metric, expected) in [
        ("sentinelops_connections", 1.0),
        ("sentinelops_connections_opened_total", 4.0),
        ("sentinelops_subscriptions", 1.0),
        ("sentinelops_commands_total{outcome=\"accepted\"}", 2.0),
        ("sentinelops_commands_total{outcome=\"repeated\"}", 1.0),
        ("sentinelops_commands_total{outcome=\"refused\"}", 1.0),
        ("sentinelops_commands_total{outcome=\"deferred\"}", 0.0),
        ("sentinelops_subscriptions_begun_total{continuity=\"snapshot\"}", 1.0),
        ("sentinelops_subscriptions_begun_total{continuity=\"exact\"}", 1.0),
        ("sentinelops_subscriptions_begun_total{continuity=\"gap\"}", 1.0),
        ("sentinelops_bad_messages_total", 3.0),
        ("sentinelops_connections_dropped_total{reason=\"slow\"}", 0.0),
        ("sentinelops_fan_out_receivers_sum", 2.0),
        ("sentinelops_commit_records_sum", 2.0),
        ("sentinelops_store_waiting_records", 0.0),
        ("sentinelops_draining", 0.0),
    ] {
        assert!((value(&page, metric) - expected).abs() < 1e-9, "{metric}: {page}");
    }
    // What was sent is written soon, and then nothing waits.
    let mut waits = value(&page, "sentinelops_queue_bytes");
    while waits > 0.0 {
        waits = value(&program.ops("/metrics").await, "sentinelops_queue_bytes");
    }
    assert!(value(&page, "sentinelops_commit_seconds_bucket{le=\"+Inf\"}") >= 1.0);
    assert!(value(&page, "sentinelops_commit_seconds_sum") > 0.0);
    assert!(value(&page, "sentinelops_fan_out_round_seconds_count") >= 4.0);
}

#[tokio::test]
async fn what_waits_for_a_reader_that_reads_nothing_is_in_the_metrics() {
    let program = Program::start(&[&OPS[..], &["--send-buffer", "1073741824"]].concat()).await;
    let mut stalled = program.client("stalled").await;
    stalled.system(&subscribe(Channel::Chat)).await;
    assert!(matches!(answer(&mut stalled).await, ServerSystem::Subscribed(_)));
    let mut writer = program.client("writer").await;
    let text = "x".repeat(15_000);
    // The kernel takes some megabytes.
    for n in 0..900 {
        writer.send(&say(&format!("m{n}"), &text)).await;
        writer.acked().await;
    }
    let page = program.ops("/metrics").await;
    let waits = value(&page, "sentinelops_queue_bytes");
    assert!((1e6..14e6).contains(&waits), "{waits}");
    assert!((waits - value(&page, "sentinelops_queue_bytes_max")).abs() < 1e5, "{page}");
}

#[tokio::test]
async fn nothing_that_a_client_chose_is_in_the_metrics() {
    let folder = Folder::new("ops-labels");
    std::fs::write(folder.path("key"), "a secret of the tests that is long enough for HS256")
        .expect("written");
    let key = folder.path("key");
    let flags = ["--jwt-key", &key, "--audience", "a", "--issuer", "i", "--origin", "https://ops.example"];
    let program = Program::start(&[&OPS[..], &flags].concat()).await;
    let mut refused = program.socket_of("/ws?token=mallory-token", Some("https://ops.example")).await;
    refused.hello("mallory-session").await;
    assert_eq!(refused.close_code().await, Some(4401));
    let mut foreign = program.socket_of("/ws", Some("https://mallory.example")).await;
    assert_eq!(foreign.close_code().await, Some(4403));
    let page = program.ops("/metrics?mallory").await;
    assert!(
        (value(&page, "sentinelops_auth_failures_total{reason=\"malformed\"}") - 1.0).abs() < 1e-9,
        "{page}"
    );
    assert!(
        (value(&page, "sentinelops_auth_failures_total{reason=\"origin\"}") - 1.0).abs() < 1e-9,
        "{page}"
    );
    assert!(!page.contains("mallory"), "{page}");
}

/// Limits the size of files instead of filling a disk: SQLite meets the same failed write.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_not_ready_until_there_is_room_again() {
    let folder = Folder::new("ops-full");
    let data = folder.path("data");
    let shell = "trap '' XFSZ; exec \"$0\" \"$@\"";
    let program = Program::start_under(&["sh", "-c", shell], &[&OPS[..], &["--data", &data]].concat()).await;
    let process = program.child.id().expect("it runs").to_string();
    let limit = async |bytes: &str| {
        let flags = ["--pid", &process, &format!("--fsize={bytes}")];
        let set = tokio::process::Command::new("prlimit").args(flags).status().await;
        assert!(set.expect("prlimit runs").success());
    };
    assert!(program.ops("/readyz").await.ends_with("{\"status\":\"ready\"}"));
    limit("4096:unlimited").await;
    // Nobody has sent anything yet: it finds out by itself.
    let full = program.ops("/readyz").await;
    assert!(full.starts_with("HTTP/1.1 503") && full.contains("no room on the disk"), "{full}");
    let mut client = program.client("s").await;
    client.send(&say("m1", "text")).await;
    for _ in 0..2 {
        assert!(program.ops("/readyz").await.starts_with("HTTP/1.1 503"), "a record waits for room");
    }
    assert!(program.ops("/healthz").await.starts_with("HTTP/1.1 200"), "it lives");
    limit("unlimited:unlimited").await;
    assert_eq!(client.acked().await, ["m1"]);
    assert!(program.ops("/readyz").await.starts_with("HTTP/1.1 200"));
}

#[cfg(unix)]
#[tokio::test]
async fn it_is_not_ready_while_it_drains_and_lives_until_then() {
    let mut program = Program::start(&OPS).await;
    // Does not answer the close frame: the drain goes on until then.
    let mut client = program.client("s").await;
    program.signal("-TERM").await;
    assert!(matches!(client.next().await, ServerMessage::System(ServerSystem::Goodbye { .. })));
    let ready = program.ops("/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("draining"), "{ready}");
    assert!(program.ops("/healthz").await.starts_with("HTTP/1.1 200"));
    assert!((value(&program.ops("/metrics").await, "sentinelops_draining") - 1.0).abs() < 1e-9);
    drop(client);
    assert_eq!(program.ended().await, 0);
}

/// A request in flight at an address of its own keeps nothing alive.
#[cfg(unix)]
#[tokio::test]
async fn an_idle_connection_of_a_scraper_does_not_hold_the_end() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut program = Program::start(&OPS).await;
    let address = ("127.0.0.1", program.ops_port.expect("a port"));
    let mut scraper = tokio::net::TcpStream::connect(address).await.expect("a connection");
    for _ in 0..2 {
        scraper.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("written");
        let mut answer = Vec::new();
        // The last metric of a gateway without a store.
        while !String::from_utf8_lossy(&answer)
            .contains("sentinelops_fan_out_round_seconds_bucket{le=\"+Inf\"}")
        {
            assert_ne!(scraper.read_buf(&mut answer).await.expect("an answer"), 0, "it stays open");
        }
    }
    let began = std::time::Instant::now();
    program.signal("-TERM").await;
    assert_eq!(program.ended().await, 0);
    assert!(began.elapsed() < Duration::from_millis(2_500), "{:?}", began.elapsed());
}
