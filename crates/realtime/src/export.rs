//! Lists as JSON for a file.

use super::{List, MessageTrace, Record, SendState, recorder::RecordKind};
use crate::bridge::BUILD_ID;
use sentinelops_engine::{MessageInfo, Metrics, Status, UnreadableRecord};
use serde::Serialize;
use serde_json::json;
use std::rc::Rc;

/// The outbox.
pub(crate) fn outbox(messages: &[Rc<MessageInfo>]) -> String {
    let rows: Vec<_> = messages
        .iter()
        .map(|message| {
            let state = SendState {
                durability: message.update.durability,
                delivery: message.update.delivery.clone(),
            };
            json!({
                "id": message.update.id,
                "type": message.kind,
                "channel": message.channel,
                "priority": message.priority,
                "createdAt": message.created_at,
                "attempts": message.attempts,
                "state": state.label(),
                "explanation": state.explanation(),
                "payload": message.payload,
            })
        })
        .collect();
    pretty(&json!({ "outbox": rows }))
}

/// Stored records that cannot be read. Their bytes may hold contents of messages.
pub(crate) fn unreadable(now: u64, records: &[UnreadableRecord]) -> String {
    let rows: Vec<_> = records
        .iter()
        .map(|record| {
            json!({
                "store": record.store.as_str(),
                "key": record.key,
                "setAsideAt": record.set_aside_at,
                "bytes": record.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            })
        })
        .collect();
    pretty(&json!({
        "build": BUILD_ID,
        "version": env!("CARGO_PKG_VERSION"),
        "exportedAt": now,
        "unreadable": rows,
    }))
}

/// The flight recorder.
pub(crate) fn diagnostics(
    now: u64,
    url: &str,
    status: &Status,
    metrics: Option<&Metrics>,
    records: &List<Rc<Record>>,
    traces: &List<Rc<MessageTrace>>,
) -> String {
    let records: Vec<&Record> = records.iter().map(|record| &**record).collect();
    let traces: Vec<&MessageTrace> = traces.iter().map(|trace| &**trace).collect();
    let errors = records.iter().filter(|record| record.kind == RecordKind::Error).count();
    pretty(&json!({
        "build": BUILD_ID,
        "version": env!("CARGO_PKG_VERSION"),
        "exportedAt": now,
        "url": url,
        "status": status,
        "metrics": metrics,
        "errors": errors,
        "records": records,
        "messages": traces,
    }))
}

fn pretty(value: &impl Serialize) -> String {
    // Text keys and plain values: serde_json cannot refuse them.
    serde_json::to_string_pretty(value).unwrap_or_default()
}
