//! What is said when NATS cannot be used.

use crate::support::nats::NatsServer;
use std::process::{Output, Stdio};
use tokio::process::Command;

async fn ends(flags: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"))
        .args(["--dev", "--port", "0"])
        .args(flags)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let Output { status, stderr, .. } = tokio::time::timeout(std::time::Duration::from_secs(20), run)
        .await
        .expect("it ends")
        .expect("it starts");
    assert!(!status.success());
    String::from_utf8_lossy(&stderr).into_owned()
}

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
async fn a_token_a_user_or_nobody_is_let_in_as_the_server_says() {
    let nats = NatsServer::start_with("2.15.1", "authorization { user: ann, password: secret }").await;
    let errors = ends(&["--nats", &nats.url()]).await;
    assert!(errors.contains("authorization violation") && errors.contains("--nats-creds"), "{errors}");
    let flags = ["--nats", &nats.url(), "--nats-user", "ann", "--nats-password", "secret"];
    let program = crate::support::Program::start(&flags).await;
    program.client("s").await;
    let nats = NatsServer::start_with("debian", "authorization { token: abc }").await;
    let program = crate::support::Program::start(&["--nats", &nats.url(), "--nats-token", "abc"]).await;
    program.client("s").await;
}

#[tokio::test]
async fn tls_takes_the_authority_of_the_server() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/nats/tls");
    let tls = format!("tls {{ cert_file: \"{folder}/cert.pem\", key_file: \"{folder}/key.pem\" }}");
    let nats = NatsServer::start_with("2.12.8", &tls).await;
    let url = nats.url().replace("nats://", "tls://");
    let authority = format!("{folder}/cert.pem");
    let program = crate::support::Program::start(&["--nats", &url, "--nats-ca", &authority]).await;
    program.client("s").await;
    let errors = ends(&["--nats", &url]).await;
    assert!(errors.contains("certificate") && errors.contains("--nats-ca"), "{errors}");
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
