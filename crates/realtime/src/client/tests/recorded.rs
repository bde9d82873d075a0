//! What the flight recorder keeps, whether somebody looks or not.

use super::*;
use crate::RecordKind;
use crate::bridge::FromWorker;
use sentinelops_engine::Trace;

#[test]
fn an_outage_is_recorded_while_nobody_looks() {
    let connection = FakeConnection::new();
    let client = open(&connection);
    connection.paint();
    let why = || "the connection broke".to_owned();
    connection.emit(FromWorker::Traces(vec![
        Trace::State { from: ConnectionState::Connected, to: ConnectionState::Reconnecting, cause: why() },
        Trace::Backoff { attempt: 1, delay_ms: 700, why: why() },
        Trace::RefusedFrame("not JSON".to_owned()),
        Trace::Note("goodbye".to_owned()),
    ]));
    connection.paint();
    let (records, _) = client.diagnostics();
    let seen: Vec<_> =
        records.iter().rev().take(4).rev().map(|record| (record.kind, &*record.text)).collect();
    assert_eq!(
        seen,
        [
            (RecordKind::State, "worker: Connected -> Reconnecting: the connection broke"),
            (RecordKind::Reconnect, "attempt 1 in 700 ms: the connection broke"),
            (RecordKind::Error, "frame refused: not JSON"),
            (RecordKind::Note, "goodbye"),
        ]
    );
}
