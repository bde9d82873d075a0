//! Names of streams and subjects, and how a record is a message.

use crate::{Proposal, Record};
use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The namespace that is meant when none is named.
pub const NAMESPACE: &str = "main";
/// Who proposed the record: writer and number.
const BY: &str = "So-By";
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";
/// Of a message in a stream that sources the log: the stream it is from, and its `seq` there.
const SOURCE: &str = "Nats-Stream-Source";

/// The names of one namespace. Gateways of one namespace are one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    namespace: String,
}

impl Layout {
    pub(super) fn new(namespace: &str) -> Self {
        Self { namespace: namespace.to_owned() }
    }

    fn stream(&self, name: &str) -> String {
        if self.namespace == NAMESPACE {
            format!("SO_{name}")
        } else {
            format!("SO_{name}_{}", self.namespace)
        }
    }

    /// Every record of the last 49 h.
    pub(super) fn log(&self) -> String {
        self.stream("LOG")
    }

    /// The newest record of each key, for ever.
    pub(super) fn state(&self) -> String {
        self.stream("STATE")
    }

    /// The newest records, for ever.
    pub(super) fn tail(&self) -> String {
        self.stream("TAIL")
    }

    pub(super) fn all(&self) -> String {
        format!("so.{}.>", self.namespace)
    }

    /// Of the epoch: a message of the log that is no record.
    pub(super) fn epoch(&self) -> String {
        format!("so.{}.meta.epoch", self.namespace)
    }

    /// Subjects that no stream keeps.
    pub(super) fn notices(&self) -> String {
        format!("sox.{}.notice", self.namespace)
    }

    /// Asks every gateway how it is.
    pub(super) fn who(&self) -> String {
        format!("sox.{}.who", self.namespace)
    }

    /// `key` is `channel/rest`.
    pub(super) fn subject(&self, key: &str) -> String {
        let (channel, rest) = key.split_once('/').unwrap_or(("none", key));
        format!("so.{}.{channel}.{}", self.namespace, URL_SAFE_NO_PAD.encode(rest))
    }

    /// The key of a subject; `None` for one that has no records.
    pub(super) fn key(&self, subject: &str) -> Option<String> {
        let rest = subject.strip_prefix("so.")?.strip_prefix(&*self.namespace)?.strip_prefix('.')?;
        let (channel, rest) = rest.split_once('.').filter(|(channel, _)| *channel != "meta")?;
        let rest = String::from_utf8(URL_SAFE_NO_PAD.decode(rest).ok()?).ok()?;
        Some(format!("{channel}/{rest}"))
    }
}

/// The idempotency key of the command behind a record, as a header may hold it.
pub(super) fn command_id(record: &Record) -> Option<String> {
    let accepted = record.accepted.as_ref()?;
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    Some(format!("{}/{}", encode(&accepted.user), encode(&accepted.id)))
}

pub(super) fn headers(writer: &str, proposal: &Proposal) -> HeaderMap {
    let mut headers = HeaderMap::new();
    expect(&mut headers, proposal.after);
    headers.insert(BY, format!("{writer}/{}", proposal.number));
    if let Some(id) = command_id(&proposal.record) {
        headers.insert(NATS_MESSAGE_ID, id);
    }
    headers
}

/// Taken only when `newest` is the newest message of the subject.
pub(super) fn expect(headers: &mut HeaderMap, newest: u64) {
    headers.insert(EXPECTED, newest.to_string());
}

/// Headers of a record that is stored once, also when several gateways publish it.
pub(super) fn once(id: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_MESSAGE_ID, id);
    headers
}

/// The number of the proposal, when `writer` proposed it.
pub(super) fn own(writer: &str, headers: Option<&HeaderMap>) -> Option<u64> {
    let (by, number) = headers?.get(BY)?.as_str().split_once('/')?;
    if by == writer { number.parse().ok() } else { None }
}

/// The `seq` in the log of a message of a stream that sources it.
pub(super) fn source_seq(headers: Option<&HeaderMap>) -> Option<u64> {
    headers?.get(SOURCE)?.as_str().split_whitespace().nth(1)?.parse().ok()
}

/// A record of the log, of a layout up to `newest`. `None`: the message names no layout, so no gateway wrote it, and none
/// has acknowledged anything because of it.
///
/// # Errors
/// The message names a layout and cannot be read: another gateway may have acknowledged it.
pub(super) fn record(payload: &[u8], newest: u8) -> Result<Option<Record>, String> {
    #[derive(Deserialize)]
    struct Named {
        v: u64,
    }
    let Ok(Named { v }) = serde_json::from_slice(payload) else { return Ok(None) };
    if v > u64::from(newest) {
        return Err(format!(
            "layout {v}; this gateway reads up to {newest}: start the version that wrote it"
        ));
    }
    serde_json::from_slice(payload)
        .map(Some)
        .map_err(|error| format!("it names layout {v} and is damaged: {error}"))
}

/// Tells apart what a message holds: FNV-1a.
pub(super) fn fingerprint(payload: &[u8]) -> u64 {
    payload
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::RECORD_VERSION;

    #[test]
    fn a_key_comes_back_from_its_subject() {
        let layout = Layout::new("blue");
        for key in ["incidents/inc-1", "chat/a b.c*>", "alerts/\u{1f600}", "none/"] {
            let subject = layout.subject(key);
            assert!(!subject.contains([' ', '*', '>']), "{subject}");
            assert_eq!(layout.key(&subject).as_deref(), Some(key));
        }
        assert_eq!(layout.key(&layout.epoch()), None);
        assert_eq!(layout.key("so.green.chat.YQ"), None);
    }

    #[test]
    fn a_later_layout_is_refused_with_a_sentence() {
        for later in [r#"{"v":200}"#, r#"{"v":300,"events":"elsewhere"}"#] {
            let error = record(later.as_bytes(), RECORD_VERSION).expect_err("refused");
            assert!(error.contains("layout ") && error.contains("start the version"), "{error}");
        }
        let error = record(br#"{"v":1,"events":7}"#, RECORD_VERSION).expect_err("refused");
        assert!(error.contains("names layout 1 and is damaged"), "{error}");
    }

    #[test]
    fn what_names_no_layout_is_no_record() {
        for foreign in ["", "hello", "[]", "17", "{}", r#"{"v":"one"}"#, r#"{"at":"noon"}"#] {
            assert_eq!(record(foreign.as_bytes(), RECORD_VERSION), Ok(None), "{foreign}");
        }
        let own = serde_json::to_vec(&Record::new(1, None, Vec::new())).expect("encoded");
        assert!(matches!(record(&own, RECORD_VERSION), Ok(Some(_))));
    }
}
