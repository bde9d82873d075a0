//! What is said when NATS cannot be used.

use super::ends;
use crate::support::nats::NatsServer;
use tokio::process::Command;

#[tokio::test]
async fn settings_that_do_not_fit_are_named_together() {
    let errors = ends(&[
        "--nats",
        "http://a:1",
        "--nats-namespace",
        "a b",
        "--nats-replicas",
        "2",
        "--nats-user",
        "u",
        "--data",
        "d",
    ])
    .await;
    for words in ["invalid scheme", "nats_namespace", "nats_replicas is 2", "--nats-password", "--data"] {
        assert!(errors.contains(words), "{words}: {errors}");
    }
    let errors = ends(&["--nats-token", "t"]).await;
    assert!(errors.contains("--nats-token goes with --nats URL"), "{errors}");
}

#[tokio::test]
async fn streams_that_are_configured_otherwise_are_refused_with_what_differs() {
    let nats = NatsServer::start("2.12.8").await;
    let program = crate::support::Program::start(&["--nats", &nats.url()]).await;
    drop(program);
    let errors = ends(&["--nats", &nats.url(), "--nats-replicas", "3"]).await;
    assert!(errors.contains("num_replicas is 1, 3 is needed"), "{errors}");
}

#[tokio::test]
async fn check_config_says_where_everything_is_kept() {
    let output = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["--dev", "--nats", "nats://a:1,tls://b:2", "--nats-namespace", "blue", "check-config"])
        .output()
        .await
        .expect("it runs");
    let summary = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(summary.contains("NATS at a:1, b:2, namespace blue, 24 h of history"), "{summary}");
}
