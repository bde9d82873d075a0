//! The same page spoken by clients that share no code with the gateway: npm `ws` and Python `websockets`.

use super::Server;
use crate::support::nats::VERSIONS;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

/// Longest run of one client.
const WAIT: Duration = Duration::from_secs(180);

/// What every client has to show, in this order.
const STATEMENTS: [&str; 29] = [
    "hello_is_answered_by_welcome",
    "anything_before_hello_closes_with_4400",
    "a_second_hello_is_invalid_and_the_socket_stays",
    "ping_comes_back_unchanged",
    "a_ping_of_websocket_is_answered_by_its_pong",
    "text_and_binary_frames_are_taken_and_binary_ones_sent",
    "a_message_in_fragments_is_one_message",
    "a_long_event_arrives_whole",
    "the_lower_term_of_a_session_is_closed_with_4410",
    "overlapping_subscriptions_are_denied",
    "a_subscription_too_many_is_denied",
    "a_cursor_of_this_epoch_resumes_exactly",
    "a_cursor_of_another_epoch_is_a_gap_in_chat_and_a_snapshot_of_incidents",
    "events_carry_the_cause_and_the_chain",
    "the_same_id_with_the_same_content_is_acked_again_without_effect",
    "the_same_id_with_other_content_is_duplicate_id",
    "a_created_incident_is_in_the_snapshot_and_a_second_one_a_conflict",
    "unknown_types_are_refused_for_good",
    "an_unknown_channel_is_left_out_of_its_frame",
    "what_is_not_json_closes_with_4400",
    "more_than_64_levels_of_nesting_close_with_4400",
    "a_frame_over_the_limit_names_the_message_and_closes_with_1009",
    "text_that_is_not_utf_8_closes_with_1007",
    "several_envelopes_travel_in_one_frame",
    "more_than_512_envelopes_in_a_frame_close_with_4400",
    "commands_above_the_rate_of_the_welcome_are_refused_for_now",
    "ten_times_the_rate_closes_with_4429_and_a_time",
    "a_connection_too_many_closes_with_4429_and_a_time",
    "a_close_is_answered_with_its_code",
];

#[tokio::test]
async fn npm_ws_finds_every_statement_in_memory() {
    npm_ws("memory").await;
}

#[tokio::test]
async fn npm_ws_finds_every_statement_in_sqlite() {
    npm_ws("sqlite").await;
}

#[tokio::test]
async fn python_websockets_finds_every_statement_in_memory() {
    python_websockets("memory").await;
}

#[tokio::test]
async fn python_websockets_finds_every_statement_in_sqlite() {
    python_websockets("sqlite").await;
}

#[tokio::test]
async fn npm_ws_finds_every_statement_on_nats() {
    for version in VERSIONS {
        npm_ws(&format!("nats-{version}")).await;
    }
}

#[tokio::test]
async fn python_websockets_finds_every_statement_on_nats() {
    for version in VERSIONS {
        python_websockets(&format!("nats-{version}")).await;
    }
}

async fn npm_ws(store: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/node_modules/ws");
    assert!(
        folder.is_dir() && output("node", &["--version"]).await.is_some(),
        "this test needs Node 20 or newer on PATH and the npm package ws in e2e/node_modules: run `cargo xtask \
         setup`, or install Node and run `npm ci` in e2e/"
    );
    speak(store, "npm-ws", "node", "npm_ws.mjs").await;
}

async fn python_websockets(store: &str) {
    // PATH's Python may be another one than the system's, which alone sees the system's packages. The set-up
    // (xtask/src/setup/python.rs) chooses the same way.
    let candidates = match std::env::var("PYTHON") {
        Ok(named) => vec![named],
        Err(_) => vec!["python3".to_owned(), "/usr/bin/python3".to_owned()],
    };
    for python in candidates {
        if output(&python, &["-c", "import websockets"]).await.is_some_and(|output| output.status.success()) {
            return speak(store, "python-websockets", &python, "python_websockets.py").await;
        }
    }
    panic!(
        "this test needs a Python 3 with the package websockets (10 or newer): run `cargo xtask setup`, or install \
         it (on Debian: apt-get install python3-websockets), or name a Python that has it by PYTHON"
    );
}

/// `None` if the program cannot be started.
async fn output(program: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(WAIT, command.output()).await.expect("it ends").ok()
}

/// Runs a client against a gateway of its own and shows what it printed if a statement does not hold.
async fn speak(store: &str, test: &str, program: &str, script: &str) {
    let server = Server::start(store, &format!("{test}-{store}")).await;
    let script: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "tests/gateway/conformance/clients", script].iter().collect();
    let url = format!("ws://127.0.0.1:{}/ws", server.program.port);
    let done = output(program, &[script.to_str().expect("UTF-8"), &url]).await.expect("it starts");
    let printed = String::from_utf8_lossy(&done.stdout);
    let held: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("ok ")).collect();
    assert!(
        done.status.success() && held == STATEMENTS,
        "{script:?} ended with {}\n{printed}{}",
        done.status,
        String::from_utf8_lossy(&done.stderr)
    );
}
