//! What is logged: to stderr, as text or JSON. Never a token, never a URL's query.

use clap::ValueEnum;
use serde::Deserialize;
use std::fmt;
use std::io::stderr;
use tracing::Subscriber;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Time, level, sentence, fields.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Begins to log. What was logged before is lost.
pub(super) fn start(format: LogFormat, filter: EnvFilter) {
    let lines = tracing_subscriber::fmt()
        .with_writer(stderr)
        .with_env_filter(filter)
        .with_timer(SystemTime)
        .with_target(false)
        .with_ansi(false);
    match format {
        LogFormat::Text => begin(lines.finish()),
        LogFormat::Json => {
            begin(lines.json().flatten_event(true).with_current_span(false).with_span_list(false).finish());
        }
    }
}

fn begin<S>(lines: S)
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    #[cfg(feature = "otel")]
    let lines = tracing_subscriber::layer::SubscriberExt::with(lines, super::otel::layer());
    // It fails where one was started before: then that one counts.
    let _ = lines.try_init();
}

/// Words that a client may have chosen, for one line.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A frame of a client for the log: cut short, and without what may be a token.
pub(super) fn frame(bytes: &[u8]) -> String {
    const SHOWN: usize = 300;
    let text = String::from_utf8_lossy(bytes);
    if text.contains("\"auth\"") || text.contains("token") {
        return format!("{} bytes (not shown: may hold a token)", bytes.len());
    }
    let shown = clean(&text.chars().take(SHOWN).collect::<String>());
    if text.chars().count() > SHOWN { format!("{shown}… ({} bytes)", bytes.len()) } else { shown }
}

/// The trace that a request belongs to: of its `traceparent` header (W3C Trace Context).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceId(u128);

impl TraceId {
    /// `None`: the header is not one. The sender chooses the id, so it decides nothing.
    pub(super) fn of(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.trim().split('-');
        let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, length: usize| {
            text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        if !is_hex(version, 2) || version == "ff" || !is_hex(trace, 32) || !is_hex(parent, 16) {
            return None;
        }
        u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0).map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_is_taken_from_a_valid_traceparent_only() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        let of = |text: &str| TraceId::of(text).map(|id| id.to_string());
        assert_eq!(of(&format!("00-{id}-b7ad6b7169203331-01")).as_deref(), Some(id));
        assert_eq!(of(&format!("cc-{id}-b7ad6b7169203331-01-what-comes-later")).as_deref(), Some(id));
        for wrong in [
            "",
            "00",
            "00-0-0-0",
            &format!("ff-{id}-b7ad6b7169203331-01"),
            &format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            &format!("00-{}-b7ad6b7169203331-01", id.to_uppercase()),
            &format!("00-{id}\n-b7ad6b7169203331-01"),
            &format!("00-{id}-xyz-01"),
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_a_client_sent_makes_no_line_of_its_own() {
        assert_eq!(clean("a\r\nb\u{1b}[31m"), "a  b [31m");
        assert_eq!(frame(b"one\ntwo"), "one two");
        assert!(frame(b"{\"token\": 1}").contains("not shown"));
    }
}
