//! Lists as JSON for a file.

use super::{List, MessageTrace, Record, SendState, recorder::RecordKind};
use crate::bridge::BUILD_ID;
use sentinelops_engine::{MessageInfo, Metrics, Status, UnreadableRecord};
use sentinelops_protocol::{Channel, Json, Priority};
use serde::Serialize;
use std::rc::Rc;

/// The outbox.
pub(crate) fn outbox(messages: &[Rc<MessageInfo>]) -> String {
    #[derive(Serialize)]
    struct Outbox<'a> {
        outbox: Vec<Row<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Row<'a> {
        id: &'a str,
        #[serde(rename = "type")]
        kind: &'a str,
        channel: Channel,
        priority: Priority,
        created_at: u64,
        attempts: u32,
        state: &'static str,
        explanation: Option<String>,
        payload: &'a Json,
    }
    let rows = messages.iter().map(|message| {
        let state =
            SendState { durability: message.update.durability, delivery: message.update.delivery.clone() };
        Row {
            id: &message.update.id,
            kind: &message.kind,
            channel: message.channel,
            priority: message.priority,
            created_at: message.created_at,
            attempts: message.attempts,
            state: state.label(),
            explanation: state.explanation(),
            payload: &message.payload,
        }
    });
    text(&Outbox { outbox: rows.collect() })
}

/// Stored records that cannot be read. Their bytes may hold contents of messages.
pub(crate) fn unreadable(now: u64, records: &[UnreadableRecord]) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Unreadable<'a> {
        build: &'a str,
        version: &'a str,
        exported_at: u64,
        unreadable: Vec<Row<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Row<'a> {
        store: &'a str,
        key: &'a str,
        set_aside_at: Option<u64>,
        bytes: String,
    }
    let rows = records.iter().map(|record| Row {
        store: record.store.as_str(),
        key: &record.key,
        set_aside_at: record.set_aside_at,
        bytes: record.bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    });
    text(&Unreadable {
        build: BUILD_ID,
        version: env!("CARGO_PKG_VERSION"),
        exported_at: now,
        unreadable: rows.collect(),
    })
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
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Diagnostics<'a> {
        build: &'a str,
        version: &'a str,
        exported_at: u64,
        url: &'a str,
        status: &'a Status,
        metrics: Option<&'a Metrics>,
        errors: usize,
        records: Vec<&'a Record>,
        messages: Vec<&'a MessageTrace>,
    }
    let records: Vec<&Record> = records.iter().map(|record| &**record).collect();
    text(&Diagnostics {
        build: BUILD_ID,
        version: env!("CARGO_PKG_VERSION"),
        exported_at: now,
        url,
        status,
        metrics,
        errors: records.iter().filter(|record| record.kind == RecordKind::Error).count(),
        records,
        messages: traces.iter().map(|trace| &**trace).collect(),
    })
}

fn text(value: &impl Serialize) -> String {
    // Text keys and plain values: serde_json cannot refuse them.
    indented(&serde_json::to_string(value).unwrap_or_default())
}

/// The same JSON for people: an item or a field to a line. serde_json would do so with a writer of its own.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str("  "));
    };
    let mut signs = json.chars().peekable();
    while let Some(sign) = signs.next() {
        if in_text {
            in_text = escaped || sign != '"';
            escaped = !escaped && sign == '\\';
            out.push(sign);
            continue;
        }
        match sign {
            '{' | '[' => {
                out.push(sign);
                match signs.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth -= 1;
                line(&mut out, depth);
                out.push(sign);
            }
            ',' => {
                out.push(sign);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            _ => {
                in_text = sign == '"';
                // What a server sent may be spaced its own way.
                if !sign.is_ascii_whitespace() {
                    out.push(sign);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::indented;
    use serde_json::{Value, json};

    #[test]
    fn json_is_indented_as_serde_json_does_it() {
        let value = json!({
            "a": [1, -2.5, null, true, [], {}], "b": {"c": "q\"{[,:]} \\", "d": "x\\\\\""}, "e": [[{"f": "ä b"}]]
        });
        assert_eq!(indented(&value.to_string()), serde_json::to_string_pretty(&value).unwrap());
        let spaced = "{ \"a\" : [ 1 , 2 ] }";
        let same: Value = serde_json::from_str(spaced).unwrap();
        assert_eq!(indented(spaced), serde_json::to_string_pretty(&same).unwrap());
    }
}
