//! The envelope: its fields, their rules, and which of them may be repaired.

use super::bad;
use crate::wire::not_an_object;
use crate::{Channel, Json, Priority, Problem, ProblemKind};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Integers on the wire stay below 2^53, so that every JSON reader sees the same number.
const MAX_INTEGER: u64 = 1 << 53;

pub(super) struct Envelope {
    pub id: Option<String>,
    pub kind: String,
    pub channel: Channel,
    pub topic: Option<String>,
    pub payload: Json,
    pub timestamp: Option<u64>,
    pub priority: Priority,
    pub seq: Option<u64>,
    pub prev: Option<u64>,
    pub cause: Option<String>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    channel: Cow<'a, str>,
    #[serde(borrow, default)]
    topic: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    priority: Option<&'a RawValue>,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default)]
    prev: Option<u64>,
    #[serde(borrow, default)]
    cause: Option<Cow<'a, str>>,
}

impl Envelope {
    pub(super) fn problem(&self, path: &str, expected: &str, found: &str) -> Problem {
        self.blame(*bad(&self.kind, path, expected, found))
    }

    /// Names this message in a problem of it.
    pub(super) fn blame(&self, problem: Problem) -> Problem {
        Problem { id: self.id.clone(), ..problem }
    }
}

/// The id of something that is no envelope, so that its sender can be told which one it was.
fn id_of(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyId {
        id: String,
    }
    not_an_object(json)
        .is_none()
        .then(|| serde_json::from_slice::<OnlyId>(json).ok())?
        .map(|only| only.id)
        .filter(|id| is_id(id))
}

/// `Ok(None)`: an unknown channel, reported and left out.
pub(super) fn parse(json: &[u8], problems: &mut Vec<Problem>) -> Result<Option<Envelope>, Box<Problem>> {
    let before = problems.len();
    let envelope = read(json, problems);
    if envelope.is_ok() && problems.len() == before {
        return envelope;
    }
    let id = match &envelope {
        Ok(Some(envelope)) => envelope.id.clone(),
        _ => id_of(json),
    };
    for problem in &mut problems[before..] {
        problem.id.clone_from(&id);
    }
    envelope.map_err(|problem| Box::new(Problem { id, ..*problem }))
}

fn read(json: &[u8], problems: &mut Vec<Problem>) -> Result<Option<Envelope>, Box<Problem>> {
    if let Some(found) = not_an_object(json) {
        return Err(bad("", "envelope", "an object", found));
    }
    let wire: Wire<'_> = match serde_json::from_slice(json) {
        Ok(wire) => wire,
        Err(_) => {
            let mut reader = serde_json::Deserializer::from_slice(json);
            let (path, message) = match serde_path_to_error::deserialize::<_, Wire<'_>>(&mut reader) {
                Ok(_) => ("envelope".to_owned(), "trailing characters".to_owned()),
                Err(error) => (error.path().to_string(), error.inner().to_string()),
            };
            let path = if path == "." { "envelope".to_owned() } else { path };
            let problem = Problem::from_serde(ProblemKind::BadEnvelope, "", path, &message);
            return Err(Box::new(problem));
        }
    };
    let kind = wire.kind.into_owned();
    if !is_type(&kind) {
        return Err(bad("", "type", "1 to 64 characters, dotted lower case", &kind));
    }
    let text = |value: Option<Cow<'_, str>>, path: &str| match value {
        None => Ok(None),
        Some(text) if is_id(&text) => Ok(Some(text.into_owned())),
        Some(text) => Err(bad(&kind, path, "1 to 64 characters", &text)),
    };
    let integer = |value: Option<u64>, path: &str| match value {
        Some(n) if n >= MAX_INTEGER => Err(bad(&kind, path, "an integer below 2^53", &n.to_string())),
        other => Ok(other),
    };
    let id = text(wire.id, "id")?;
    let cause = text(wire.cause, "cause")?;
    let topic = text(wire.topic, "topic")?;
    let seq = integer(wire.seq, "seq")?;
    let prev = integer(wire.prev, "prev")?;
    let Some(channel) = Channel::parse(&wire.channel) else {
        let mut problem = *bad(&kind, "channel", "a channel of this version", &wire.channel);
        problem.kind = ProblemKind::UnknownChannel;
        problems.push(problem);
        return Ok(None);
    };
    let mut repair = |path: &str, expected: &str, found: &str| {
        let mut problem = *bad(&kind, path, expected, found);
        problem.kind = ProblemKind::BadField;
        problems.push(problem);
    };
    let timestamp = wire.timestamp.and_then(|raw| {
        let value = milliseconds(raw.get());
        if value.is_none() && raw.get() != "null" {
            repair("timestamp", "ms since the epoch", raw.get());
        }
        value
    });
    let priority = wire.priority.and_then(|raw| {
        let value = serde_json::from_str::<Priority>(raw.get()).ok();
        if value.is_none() && raw.get() != "null" {
            repair("priority", "critical, high, normal or low", raw.get());
        }
        value
    });
    let payload = wire.payload.map_or_else(Json::null, Json::from_raw);
    let priority = priority.unwrap_or_default();
    Ok(Some(Envelope { id, kind, channel, topic, payload, timestamp, priority, seq, prev, cause }))
}

/// Whole or fractional ms; anything else is no time.
fn milliseconds(json: &str) -> Option<u64> {
    let value: f64 = serde_json::from_str(json).ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    (value >= 0.0 && value < MAX_INTEGER as f64).then_some(value as u64)
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 256 && text.chars().take(65).count() <= 64
}

fn is_type(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
}
