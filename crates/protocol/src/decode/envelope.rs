//! The envelope: its fields, their rules, and which of them may be repaired.

use super::bad;
use crate::fields::{Fields, Place, Reading};
use crate::{Channel, Priority, Problem, ProblemKind, scan};

/// Integers on the wire stay below 2^53, so that every JSON reader sees the same number.
const MAX_INTEGER: u64 = 1 << 53;

pub(super) struct Envelope<'a> {
    pub id: Option<String>,
    pub kind: String,
    pub channel: Channel,
    pub topic: Option<String>,
    pub payload: &'a str,
    pub timestamp: Option<u64>,
    pub priority: Priority,
    pub seq: Option<u64>,
    pub prev: Option<u64>,
    pub cause: Option<String>,
}

impl Envelope<'_> {
    pub(super) fn problem(&self, path: &str, expected: &str, found: &str) -> Problem {
        self.blame(*bad(&self.kind, path, expected, found))
    }

    /// Names this message in a problem of it.
    pub(super) fn blame(&self, problem: Problem) -> Problem {
        Problem { id: self.id.clone(), ..problem }
    }
}

/// The id of something that is no envelope, so that the answer can name it.
fn id_of(json: &str) -> Option<String> {
    Fields::at("", Place::Envelope, json).ok()?.text("id").ok().filter(|id| is_id(id))
}

/// `Ok(None)`: an unknown channel, reported and left out.
pub(super) fn parse<'a>(json: &'a str, problems: &mut Vec<Problem>) -> Reading<Option<Envelope<'a>>> {
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

fn read<'a>(json: &'a str, problems: &mut Vec<Problem>) -> Reading<Option<Envelope<'a>>> {
    let mut fields = Fields::at("", Place::Envelope, json)?;
    let kind = fields.text("type")?;
    let name = fields.word("channel")?;
    if !is_type(&kind) {
        return Err(bad("", "type", "1 to 64 characters, dotted lower case", &kind));
    }
    let mut text = |path: &str| match fields.optional_text(path)? {
        Some(text) if !is_id(&text) => Err(bad(&kind, path, "1 to 64 characters", &text)),
        text => Ok(text),
    };
    let id = text("id")?;
    let cause = text("cause")?;
    let topic = text("topic")?;
    let mut integer = |path: &str| match fields.optional_number(path)? {
        Some(n) if n >= MAX_INTEGER => Err(bad(&kind, path, "an integer below 2^53", &n.to_string())),
        number => Ok(number),
    };
    let seq = integer("seq")?;
    let prev = integer("prev")?;
    let payload = fields.take("payload")?.unwrap_or("null");
    let (timestamp, priority) = (fields.optional("timestamp")?, fields.optional("priority")?);
    let Some(channel) = Channel::parse(&name) else {
        let mut problem = *bad(&kind, "channel", "a channel of this version", &name);
        problem.kind = ProblemKind::UnknownChannel;
        problems.push(problem);
        return Ok(None);
    };
    let mut repair = |path: &str, expected: &str, found: &str| {
        let mut problem = *Place::Field(&Place::Envelope, path).wrong(&kind, expected, found);
        problem.kind = ProblemKind::BadField;
        problems.push(problem);
    };
    let timestamp = timestamp.and_then(|json| {
        let value = milliseconds(json);
        if value.is_none() {
            repair("timestamp", "ms since the epoch", json);
        }
        value
    });
    let priority = priority.and_then(|json| {
        let value = scan::unquote(json).and_then(|name| Priority::parse(&name));
        if value.is_none() {
            repair("priority", "critical, high, normal or low", json);
        }
        value
    });
    let priority = priority.unwrap_or_default();
    Ok(Some(Envelope { id, kind, channel, topic, payload, timestamp, priority, seq, prev, cause }))
}

/// Whole or fractional ms; anything else is no time.
fn milliseconds(json: &str) -> Option<u64> {
    if let Ok(whole) = json.parse::<u64>() {
        return (whole < MAX_INTEGER).then_some(whole);
    }
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
