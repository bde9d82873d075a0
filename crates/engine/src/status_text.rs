//! States and causes in words, and outputs without what must not be logged.

use crate::{Cause, ConnectionState, Output, auth::redact_queries, close_meaning};
use std::fmt;

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disconnected => "Disconnected",
            Self::Connecting => "Connecting",
            Self::Connected => "Connected",
            Self::Reconnecting => "Reconnecting",
            Self::Error => "Error",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::NotAsked => f.write_str("not asked to connect"),
            Self::Lost => f.write_str("the connection was lost"),
            Self::Unreachable => f.write_str("no server answered"),
            Self::TimedOut => f.write_str("the server took too long to answer"),
            Self::Silent => f.write_str("the server stopped answering"),
            Self::Stuck => f.write_str("the server answers, but not everything it was asked"),
            Self::Woke => f.write_str("the device was asleep"),
            Self::Offline => f.write_str("the browser says there is no network"),
            Self::Draining(reason) => worded(f, "the server restarts", reason),
            Self::Overloaded { code, reason } => {
                worded(f, &format!("the server asked for patience: {}", close_meaning(*code)), reason)
            }
            Self::TooSlow { reason } => worded(f, "this client was too slow for the server", reason),
            Self::NeedsAuth => f.write_str("sign in again: the server did not accept the token"),
            Self::WrongUser { expected, found } => {
                write!(
                    f,
                    "the server knows you as {found}, but this page belongs to {expected}: sign in again"
                )
            }
            Self::Superseded => f.write_str("another tab took over the connection"),
            Self::GaveUp { attempts } => write!(f, "gave up after {attempts} attempts"),
            Self::NoWelcome => {
                f.write_str("the server did not welcome us: it spoke the full protocol before")
            }
            Self::Closed { code, reason } => {
                worded(f, &format!("closed with {code}: {}", close_meaning(*code)), reason)
            }
            Self::Outdated => f.write_str("a newer version runs in another tab: reload to update"),
            Self::SignedOut => f.write_str("signed out"),
            Self::BadUrl(detail) => worded(f, "the address cannot be used", detail),
        }
    }
}

fn worded(f: &mut fmt::Formatter<'_>, text: &str, detail: &str) -> fmt::Result {
    f.write_str(text)?;
    if detail.is_empty() { Ok(()) } else { write!(f, " ({detail})") }
}

/// By hand: a URL may hold a token in its query, and an `auth` frame is one.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial { generation, url } => f
                .debug_struct("Dial")
                .field("generation", &generation.0)
                .field("url", &redact_queries(url))
                .finish(),
            Self::Transmit { generation, text, binary } => {
                let text = if text.contains(r#""type":"auth""#) { "(auth)" } else { text };
                f.debug_struct("Transmit")
                    .field("generation", &generation.0)
                    .field("text", &text)
                    .field("binary", binary)
                    .finish()
            }
            // Its contents are the page's.
            Self::TransmitRaw { generation, frame } => f
                .debug_struct("TransmitRaw")
                .field("generation", &generation.0)
                .field("bytes", &frame.len())
                .finish(),
            Self::Abandon { generation, code, reason } => f
                .debug_struct("Abandon")
                .field("generation", &generation.0)
                .field("code", code)
                .field("reason", reason)
                .finish(),
            Self::RequestToken { reason } => f.debug_struct("RequestToken").field("reason", reason).finish(),
            Self::Store(group) => f.debug_tuple("Store").field(group).finish(),
            Self::OpenStore => f.write_str("OpenStore"),
            Self::SetAsideUnreadable => f.write_str("SetAsideUnreadable"),
            Self::Deliver { consumer, batch } => {
                f.debug_struct("Deliver").field("consumer", &consumer.0).field("batch", batch).finish()
            }
            Self::Trace(trace) => f.debug_tuple("Trace").field(trace).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Generation, Output};

    #[test]
    fn debug_output_holds_no_token() {
        let generation = Generation(1);
        let dial = Output::Dial { generation, url: "ws://h/?token=secret".to_owned() };
        assert_eq!(format!("{dial:?}"), r#"Dial { generation: 1, url: "ws://h/?token=…" }"#);
        let text = r#"{"type":"auth","channel":"system","payload":{"token":"secret"}}"#.to_owned();
        let auth = Output::Transmit { generation, text, binary: false };
        assert!(!format!("{auth:?}").contains("secret"));
    }
}
