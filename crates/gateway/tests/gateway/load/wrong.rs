//! Servers that do wrong.

use super::{error_of, load, only, report};
use crate::support::bare::{self, Fault};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Two subscribers, twenty messages: exit code, report, sentence.
async fn measured(fault: Fault) -> (Option<i32>, Value, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = tokio::spawn(bare::serve(listener, fault));
    let output = load(port, &["--subscribers", "2", "--rate", "40", "--duration", "0.5"]).await;
    server.abort();
    (output.status.code(), report(&output), error_of(&output))
}

async fn found(fault: Fault, expected: Value, sentence: &str) {
    let (code, report, error) = measured(fault).await;
    assert_eq!(only(&report, &expected), expected, "{fault:?}");
    assert!(error.contains(sentence), "{fault:?}: {error}");
    assert_eq!(code, Some(i32::from(!sentence.is_empty())), "{fault:?}: {error}");
}

#[tokio::test]
async fn a_bare_broadcast_does_no_wrong() {
    let all = json!({ "sent": 20, "acked": 20, "received": 40, "lost": 0, "doubled": 0, "outOfOrder": 0, "holes": 0 });
    found(Fault::None, all, "").await;
}

#[tokio::test]
async fn lost_messages_are_reported_and_exit_1() {
    let lost = json!({ "acked": 20, "expected": 40, "received": 32, "lost": 8, "doubled": 0, "holes": 6 });
    // Numbers 5, 10, 15 and 20: nothing comes after the last that could show the hole.
    found(Fault::Loses(5), lost, "8 deliveries were lost").await;
}

#[tokio::test]
async fn doubled_messages_are_reported_and_exit_1() {
    let doubled = json!({ "received": 40, "lost": 0, "doubled": 8, "outOfOrder": 0, "holes": 0 });
    // The last of the twenty is one of them: its double is waited for.
    found(Fault::Doubles(5), doubled, "8 deliveries were doubled").await;
}

#[tokio::test]
async fn messages_out_of_order_are_reported_and_exit_1() {
    let late = json!({ "received": 40, "lost": 0, "doubled": 0, "outOfOrder": 4 });
    found(Fault::Delays(7), late, "4 deliveries were out of order").await;
}

#[tokio::test]
async fn messages_without_an_answer_are_reported_and_exit_1() {
    let ignored = json!({ "sent": 20, "acked": 18, "unanswered": 2, "lost": 0 });
    found(Fault::Ignores(10), ignored, "2 messages were never answered").await;
}

#[tokio::test]
async fn connections_that_end_early_are_reported_and_exit_1() {
    // The subscribers go at message 10; what they would have received from then on is lost.
    let (code, report, error) = measured(Fault::Breaks(10)).await;
    let closed: u64 =
        report["closed"].as_object().expect("an object").values().filter_map(Value::as_u64).sum();
    assert_eq!((closed, &report["received"], &report["lost"]), (2, &json!(18), &json!(22)), "{report}");
    assert!(error.contains("2 connections ended before the end"), "{error}");
    assert_eq!(code, Some(1));
}
