//! From a request to a row: checks, exact bytes, and a copy under a new id.

use crate::{FailReason, Row, SendRequest};
use sentinelops_protocol::{
    Channel, ClientMessage, Json, Limits, Outbound, decode_client_frame, ordering_key,
};

/// The ordering key of a request. Messages of one key take effect in the order of sending; `None`: in any order.
pub(crate) fn key_of(request: &SendRequest) -> Option<String> {
    request.ordering_key.clone().or_else(|| ordering_key(request.channel, &request.payload))
}

/// The row of a request, or why it is invalid. `created_at`: estimated server time (ms). Its order is set when it is
/// stored.
pub(crate) fn row_of(request: &SendRequest, created_at: u64, tab: &str) -> Result<Row, FailReason> {
    check(request).map_err(|detail| FailReason::Invalid { detail })?;
    let SendRequest { id, kind, channel, payload, priority, coalesce, .. } = request;
    let outbound =
        Outbound { id, kind, channel: *channel, payload, timestamp: created_at, priority: *priority };
    Ok(Row {
        id: id.clone(),
        order: 0,
        priority: *priority,
        bytes: outbound.encode(),
        kind: kind.clone(),
        channel: *channel,
        ordering_key: key_of(request),
        coalesce: coalesce.clone(),
        created_at,
        attempts: 0,
        possibly_sent: request.again,
        owner: tab.to_owned(),
    })
}

fn check(request: &SendRequest) -> Result<(), String> {
    let length = request.id.chars().count();
    if !(1..=64).contains(&length) {
        return Err(format!("an id of {length} characters; 1 to 64 are allowed"));
    }
    let kind = &request.kind;
    let dotted = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    if !(1..=64).contains(&kind.len()) || !kind.chars().all(dotted) {
        return Err(format!("type {kind:?}; 1 to 64 of a-z, 0-9, dot, dash and underscore are allowed"));
    }
    if request.channel == Channel::System {
        return Err("the system channel is the protocol's own; choose another".to_owned());
    }
    Ok(())
}

/// The payload in a row's bytes; `null` if it cannot be decoded.
pub(super) fn payload_of(row: &Row) -> Json {
    let limits = Limits { max_bytes: usize::MAX, ..Limits::to_client() };
    let decoded = decode_client_frame(row.bytes.as_bytes(), &limits).ok();
    match decoded.and_then(|decoded| decoded.messages.into_iter().next()) {
        Some(ClientMessage::Command(command)) => command.payload,
        _ => Json::null(),
    }
}

/// A copy of the message under a new id, as if sent now.
pub(super) fn under_new_id(row: &Row, id: String, created_at: u64) -> Row {
    let payload = payload_of(row);
    let outbound = Outbound {
        id: &id,
        kind: &row.kind,
        channel: row.channel,
        payload: &payload,
        timestamp: created_at,
        priority: row.priority,
    };
    let bytes = outbound.encode();
    Row { id, bytes, created_at, attempts: 0, possibly_sent: false, ..row.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::Priority;

    fn request() -> SendRequest {
        let payload = Json::parse(r#"{"id":"i1","title":"x"}"#).unwrap();
        SendRequest {
            priority: Priority::High,
            ..SendRequest::new("m1", "incident.update", Channel::Incidents, payload)
        }
    }

    #[test]
    fn a_row_keeps_payload_and_key() {
        let row = row_of(&request(), 7, "t").unwrap();
        assert_eq!(row.ordering_key.as_deref(), Some("incidents/i1"));
        assert_eq!(payload_of(&row), request().payload);
        let copy = under_new_id(&row, "m2".to_owned(), 9);
        assert_eq!(payload_of(&copy), request().payload);
        assert!(copy.bytes.contains(r#""id":"m2""#) && copy.bytes.contains(r#""timestamp":9"#));
    }

    #[test]
    fn wrong_requests_say_what_is_allowed() {
        let wrong = [
            SendRequest { id: String::new(), ..request() },
            SendRequest { id: "x".repeat(65), ..request() },
            SendRequest { kind: "Incident Update".to_owned(), ..request() },
            SendRequest { channel: Channel::System, ..request() },
        ];
        for request in wrong {
            assert!(matches!(row_of(&request, 0, "t"), Err(FailReason::Invalid { .. })));
        }
    }
}
