//! System payloads, by type.

use super::envelope::Envelope;
use super::{ClientResult, ServerResult};
use crate::fields::{Fields, Place, Reading};
use crate::system::{
    ClientSystem, Continuity, Hello, Ping, ServerSystem, Since, Snapshot, SnapshotItem, SubscribeEntry,
    Subscribed, Welcome,
};
use crate::{Code, Json, Subject};

fn code(fields: &mut Fields<'_>) -> Reading<Code> {
    Ok(Code::parse(&fields.text("code")?))
}

fn optional(fields: &mut Fields<'_>, name: &str) -> Reading<String> {
    Ok(fields.optional_text(name)?.unwrap_or_default())
}

/// Reads the items of an array of objects.
fn each<T>(
    kind: &str,
    fields: &mut Fields<'_>,
    name: &str,
    read: fn(&str, Fields<'_>) -> Reading<T>,
) -> Reading<Vec<T>> {
    let items = fields.list(name)?;
    let place = Place::Field(&fields.place, name);
    let one = |(at, json): (usize, &str)| read(kind, Fields::at(kind, Place::Item(&place, at), json)?);
    items.into_iter().enumerate().map(one).collect()
}

fn subject(fields: &mut Fields<'_>) -> Reading<Subject> {
    Ok(Subject { channel: fields.channel("channel")?, topic: fields.optional_text("topic")? })
}

fn entry(kind: &str, mut fields: Fields<'_>) -> Reading<SubscribeEntry> {
    let Subject { channel, topic } = subject(&mut fields)?;
    let since = match fields.optional("since")? {
        None => None,
        Some(json) => {
            let mut since = Fields::at(kind, Place::Field(&fields.place, "since"), json)?;
            Some(Since { epoch: since.text("epoch")?, seq: since.number("seq")? })
        }
    };
    Ok(SubscribeEntry { channel, topic, since })
}

fn item(_: &str, mut fields: Fields<'_>) -> Reading<SnapshotItem> {
    Ok(SnapshotItem {
        kind: fields.text("type")?,
        payload: Json::of(fields.required("payload")?),
        timestamp: fields.optional_number("timestamp")?,
    })
}

fn ping(mut fields: Fields<'_>) -> Reading<Ping> {
    Ok(Ping { n: fields.number("n")?, sent_at: fields.number("sentAt")? })
}

fn welcome(mut fields: Fields<'_>) -> Reading<Welcome> {
    Ok(Welcome {
        protocol: fields.small_number("protocol")?,
        session: fields.text("session")?,
        user: fields.text("user")?,
        now: fields.number("now")?,
        max_message_bytes: fields.number("maxMessageBytes")?,
        max_in_flight: fields.small_number("maxInFlight")?,
        reconnect_window_ms: fields.number("reconnectWindowMs")?,
        rate: match fields.optional("rate")? {
            None => None,
            Some(json) => {
                Some(serde_json::from_str(json).map_err(|_| fields.wrong("rate", "a number", json))?)
            }
        },
        expires_in_ms: fields.optional_number("expiresInMs")?,
    })
}

fn subscribed(mut fields: Fields<'_>) -> Reading<Subscribed> {
    let Subject { channel, topic } = subject(&mut fields)?;
    let (epoch, seq) = (fields.text("epoch")?, fields.number("seq")?);
    let json = fields.required("continuity")?;
    let continuity = crate::scan::unquote(json).and_then(|name| Continuity::parse(&name));
    let continuity = continuity.ok_or_else(|| fields.wrong("continuity", "exact, snapshot or gap", json))?;
    Ok(Subscribed { channel, topic, epoch, seq, continuity })
}

fn snapshot(kind: &str, mut fields: Fields<'_>) -> Reading<Snapshot> {
    let Subject { channel, topic } = subject(&mut fields)?;
    Ok(Snapshot {
        channel,
        topic,
        epoch: fields.text("epoch")?,
        seq: fields.number("seq")?,
        part: fields.small_number("part")?,
        last: fields.flag("last")?,
        items: each(kind, &mut fields, "items", item)?,
    })
}

fn ids(kind: &str, mut fields: Fields<'_>) -> Reading<Vec<String>> {
    let items = fields.list("ids")?;
    let place = Place::Field(&fields.place, "ids");
    items.into_iter().enumerate().map(|(at, json)| Place::Item(&place, at).text(kind, json)).collect()
}

/// `Ok(None)`: not a system message this version knows.
pub(super) fn server(envelope: &Envelope<'_>) -> ServerResult {
    let kind = envelope.kind.as_str();
    let fields = Fields::at(kind, Place::Payload, envelope.payload);
    let message = match kind {
        "welcome" => ServerSystem::Welcome(welcome(fields?)?),
        "authed" => ServerSystem::Authed { expires_in_ms: fields?.optional_number("expiresInMs")? },
        "subscribed" => ServerSystem::Subscribed(subscribed(fields?)?),
        "snapshot" => ServerSystem::Snapshot(snapshot(kind, fields?)?),
        "ack" => ServerSystem::Ack { ids: ids(kind, fields?)? },
        // A basic server echoes what it got or something of its own: any pong is a sign of life.
        "pong" => ServerSystem::Pong(fields.and_then(ping).ok()),
        "denied" => {
            let mut fields = fields?;
            let subject = subject(&mut fields)?;
            ServerSystem::Denied {
                subject,
                code: code(&mut fields)?,
                message: optional(&mut fields, "message")?,
            }
        }
        "nack" => {
            let mut fields = fields?;
            ServerSystem::Nack {
                id: fields.text("id")?,
                code: code(&mut fields)?,
                message: optional(&mut fields, "message")?,
                retry_after_ms: fields.optional_number("retryAfterMs")?,
            }
        }
        "error" => {
            let mut fields = fields?;
            ServerSystem::Error {
                code: code(&mut fields)?,
                message: optional(&mut fields, "message")?,
                id: fields.optional_text("id")?,
            }
        }
        "goodbye" => {
            let mut fields = fields?;
            ServerSystem::Goodbye {
                reason: optional(&mut fields, "reason")?,
                reconnect_window_ms: fields.optional_number("reconnectWindowMs")?.unwrap_or_default(),
            }
        }
        "storage" => {
            let mut fields = fields?;
            ServerSystem::Storage {
                available: fields.flag("available")?,
                message: optional(&mut fields, "message")?,
                retry_after_ms: fields.optional_number("retryAfterMs")?,
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(message))
}

/// `Ok(None)`: not a system message this version knows.
pub(super) fn client(envelope: &Envelope<'_>) -> ClientResult {
    let kind = envelope.kind.as_str();
    let fields = Fields::at(kind, Place::Payload, envelope.payload);
    let message = match kind {
        "hello" => {
            let mut fields = fields?;
            ClientSystem::Hello(Hello {
                protocol: fields.small_number("protocol")?,
                client: fields.text("client")?,
                session: fields.text("session")?,
                term: fields.number("term")?,
            })
        }
        "auth" => ClientSystem::Auth { token: fields?.text("token")? },
        "ping" => ClientSystem::Ping(ping(fields?)?),
        "subscribe" => ClientSystem::Subscribe(each(kind, &mut fields?, "channels", entry)?),
        "unsubscribe" => {
            let read = |_: &str, mut fields: Fields<'_>| subject(&mut fields);
            ClientSystem::Unsubscribe(each(kind, &mut fields?, "channels", read)?)
        }
        _ => return Ok(None),
    };
    Ok(Some(message))
}
