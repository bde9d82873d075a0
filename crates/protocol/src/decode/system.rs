//! System payloads, by type.

use super::envelope::Envelope;
use super::{ClientResult, ServerResult};
use crate::system::{ClientSystem, ServerSystem, SubscribeEntry};
use crate::wire::parse;
use crate::{Channel, Code, Problem, Subject};
use serde::Deserialize;

#[derive(Deserialize)]
struct Entry {
    channel: Channel,
    topic: Option<String>,
}

#[derive(Deserialize)]
struct Subscribe {
    channels: Vec<SubscribeEntry>,
}

#[derive(Deserialize)]
struct Unsubscribe {
    channels: Vec<Entry>,
}

#[derive(Deserialize)]
struct Auth {
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authed {
    expires_in_ms: Option<u64>,
}

#[derive(Deserialize)]
struct Ack {
    ids: Vec<String>,
}

/// `denied`, `nack` and `error` share their shape; each takes what it needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    id: Option<String>,
    channel: Option<Channel>,
    topic: Option<String>,
    code: String,
    #[serde(default)]
    message: String,
    retry_after_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Goodbye {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    reconnect_window_ms: u64,
}

fn missing(kind: &str, field: &str) -> Box<Problem> {
    super::bad(kind, &format!("payload.{field}"), "a value", "nothing")
}

/// `Ok(None)`: not a system message this version knows.
pub(super) fn server(envelope: &Envelope) -> ServerResult {
    let kind = envelope.kind.as_str();
    let json = envelope.payload.as_str();
    let refusal = || parse::<Refusal>(kind, json);
    let message = match kind {
        "welcome" => ServerSystem::Welcome(parse(kind, json)?),
        "authed" => ServerSystem::Authed { expires_in_ms: parse::<Authed>(kind, json)?.expires_in_ms },
        "subscribed" => ServerSystem::Subscribed(parse(kind, json)?),
        "snapshot" => ServerSystem::Snapshot(parse(kind, json)?),
        "ack" => ServerSystem::Ack { ids: parse::<Ack>(kind, json)?.ids },
        // A basic server echoes what it got or something of its own: any pong is a sign of life.
        "pong" => ServerSystem::Pong(parse(kind, json).ok()),
        "denied" => {
            let Refusal { channel, topic, code, message, .. } = refusal()?;
            let channel = channel.ok_or_else(|| missing(kind, "channel"))?;
            ServerSystem::Denied { subject: Subject { channel, topic }, code: Code::parse(&code), message }
        }
        "nack" => {
            let Refusal { id, code, message, retry_after_ms, .. } = refusal()?;
            let id = id.ok_or_else(|| missing(kind, "id"))?;
            ServerSystem::Nack { id, code: Code::parse(&code), message, retry_after_ms }
        }
        "error" => {
            let Refusal { id, code, message, .. } = refusal()?;
            ServerSystem::Error { code: Code::parse(&code), message, id }
        }
        "goodbye" => {
            let Goodbye { reason, reconnect_window_ms } = parse(kind, json)?;
            ServerSystem::Goodbye { reason, reconnect_window_ms }
        }
        _ => return Ok(None),
    };
    Ok(Some(message))
}

/// `Ok(None)`: not a system message this version knows.
pub(super) fn client(envelope: &Envelope) -> ClientResult {
    let kind = envelope.kind.as_str();
    let json = envelope.payload.as_str();
    let message = match kind {
        "hello" => ClientSystem::Hello(parse(kind, json)?),
        "auth" => ClientSystem::Auth { token: parse::<Auth>(kind, json)?.token },
        "ping" => ClientSystem::Ping(parse(kind, json)?),
        "subscribe" => ClientSystem::Subscribe(parse::<Subscribe>(kind, json)?.channels),
        "unsubscribe" => {
            let entries = parse::<Unsubscribe>(kind, json)?.channels;
            let subject = |e: Entry| Subject { channel: e.channel, topic: e.topic };
            ClientSystem::Unsubscribe(entries.into_iter().map(subject).collect())
        }
        _ => return Ok(None),
    };
    Ok(Some(message))
}
