//! When nothing can be measured: exit code 2, and what to do about it.

use super::{ended, error_of, load, report, start};
use crate::support::{Folder, Program};
use tokio::net::TcpListener;
use tokio::process::Command;

const SECRET: &str = "a secret of the tests that is long enough for HS256";
const ORIGIN: &str = "https://ops.example";

/// Exit code 2, and all of `parts` in what it says.
async fn refused(port: u16, flags: &[&str], parts: &[&str]) {
    let output = load(port, flags).await;
    let error = error_of(&output);
    for part in parts {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    refused(port, &[], &[&format!("nothing listens at ws://127.0.0.1:{port}"), "start the gateway"]).await;
}

#[tokio::test]
async fn the_limit_of_connections_is_named_with_its_flag() {
    let program = Program::start(&["--rate", "0", "--max-connections", "3"]).await;
    refused(program.port, &["--subscribers", "8"], &["of 9 was closed: 4429", "--max-connections"]).await;
}

#[tokio::test]
async fn the_basic_protocol_cannot_be_measured() {
    let program = Program::start(&["--mock"]).await;
    refused(program.port, &["--subscribers", "1"], &["basic protocol", "--mock"]).await;
}

#[tokio::test]
async fn more_connections_than_file_descriptors_are_refused_before_the_first() {
    // Nothing listens there, and nobody finds out.
    refused(1, &["--subscribers", "2000000000"], &["file descriptors", "ulimit -Hn"]).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_is_not_there_is_named() {
    refused(1, &["--subscribers", "1", "--pid", "4194304"], &["--pid 4194304: there is no such process"])
        .await;
}

#[tokio::test]
async fn a_token_is_taken_from_a_file_or_the_environment_and_never_shown() {
    let folder = Folder::new("load-token");
    std::fs::write(folder.path("key"), SECRET).expect("written");
    let key = folder.path("key");
    let common = ["--jwt-key", &key, "--audience", "sentinelops", "--issuer", "https://id.example"];
    let token = |rights: &'static [&'static str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentinelops-gateway"));
        command.arg("token").args(common).args(["--user", "ann"]).args(rights);
        async move {
            let output = command.output().await.expect("it runs");
            assert!(output.status.success(), "{}", error_of(&output));
            String::from_utf8(output.stdout).expect("text")
        }
    };
    let program = Program::start(&[&common[..], &["--origin", ORIGIN]].concat()).await;
    let (file, few) = (folder.path("token"), ["--subscribers", "2", "--duration", "0.2"]);
    let with = |flags: &[&'static str]| [&few[..], &["--origin", ORIGIN], flags].concat();

    let both = token(&["--read", "chat", "--write", "chat"]).await;
    std::fs::write(&file, &both).expect("written");
    let output = load(program.port, &[&with(&[])[..], &["--token-file", &file]].concat()).await;
    assert_eq!(report(&output)["received"], 40, "{}", error_of(&output));
    let output = ended(start(program.port, &with(&[]), &[("GATEWAY_LOAD_TOKEN", both.trim())])).await;
    assert_eq!(report(&output)["acked"], 20, "{}", error_of(&output));

    // Long enough for the run, or not at all.
    let flags =
        [&["--subscribers", "1", "--origin", ORIGIN, "--duration", "7200"][..], &["--token-file", &file]];
    refused(program.port, &flags.concat(), &["the token ends in", "--minutes"]).await;

    refused(program.port, &with(&[]), &["4401", "--token-file"]).await;
    refused(program.port, &[&few[..], &["--token-file", &file]].concat(), &["4403", "--origin"]).await;
    std::fs::write(&file, token(&["--read", "alerts"]).await).expect("written");
    let flags = [&with(&[])[..], &["--token-file", &file]].concat();
    refused(program.port, &flags, &["chat", "forbidden", "--channels"]).await;
    std::fs::write(&file, "not.a.token").expect("written");
    let output = load(program.port, &flags).await;
    let error = error_of(&output);
    assert!(error.contains("4401") && error.contains("token --check"), "{error}");
    assert!(!error.contains("not.a.token"), "{error}");
}
