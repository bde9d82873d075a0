//! The fields of an alert beyond the documented ones, within bounds: an alert as it is kept has at most 16 KiB.

use super::Unusable;
use sentinelops_protocol::Json;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Bytes of JSON that the parts of `extra` may take.
const LABELS: usize = 4 * 1024;
const ANNOTATIONS: usize = 7 * 1024;
const LINKS: usize = 2 * 1024;
const VALUES: usize = 1024;
/// Nesting of what is kept as it is written: frames to clients may have 64 levels.
pub(super) const MOST_DEPTH: usize = 16;
/// Bytes of JSON of a title, and of what raised the alert.
pub(super) const TITLE: usize = 512;
pub(super) const SOURCE: usize = 256;

/// Texts by name. `null` is none of them; other values than texts are kept as they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(pub BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Option::<BTreeMap<String, Value>>::deserialize(deserializer)?.unwrap_or_default();
        let text = |value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Ok(Self(texts.into_iter().map(|(name, value)| (name, text(value))).collect()))
    }
}

impl Texts {
    /// The first of these that is there and says something.
    pub(super) fn first(&self, names: &[&str]) -> Option<&str> {
        names
            .iter()
            .filter_map(|name| self.0.get(*name))
            .map(|text| text.trim())
            .find(|text| !text.is_empty())
    }
}

/// Collects fields and remembers whether something was cut.
#[derive(Debug, Default)]
pub(super) struct Extra {
    members: Vec<String>,
    is_cut: bool,
    links: usize,
}

impl Extra {
    fn push(&mut self, name: &str, json: &str) {
        self.members.push(format!("{}:{json}", quoted(name)));
    }

    pub(super) fn labels(&mut self, labels: &BTreeMap<String, String>) {
        self.texts("labels", labels, LABELS);
    }

    pub(super) fn annotations(&mut self, annotations: &BTreeMap<String, String>) {
        self.texts("annotations", annotations, ANNOTATIONS);
    }

    fn texts(&mut self, name: &str, texts: &BTreeMap<String, String>, budget: usize) {
        let mut left = budget;
        let mut members = Vec::new();
        for (key, value) in texts {
            let key = quoted(key);
            // Quotes, colon and comma.
            let room = left.checked_sub(key.len() + 4).filter(|room| *room >= 8 || value.is_empty());
            let Some(room) = room else {
                self.is_cut = true;
                continue;
            };
            let (text, is_cut) = shorten(value, room);
            self.is_cut |= is_cut;
            let member = format!("{key}:{}", quoted(&text));
            left = left.saturating_sub(member.len() + 1);
            members.push(member);
        }
        if !members.is_empty() {
            self.push(name, &format!("{{{}}}", members.join(",")));
        }
    }

    /// A link to show: http and https only, whole or not at all.
    pub(super) fn link(&mut self, name: &str, url: Option<&str>) {
        let Some(url) = url.map(str::trim).filter(|url| is_link(url)) else { return };
        let json = quoted(url);
        if self.links + json.len() > LINKS {
            self.is_cut = true;
            return;
        }
        self.links += json.len();
        self.push(name, &json);
    }

    pub(super) fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            let (text, is_cut) = shorten(text, SOURCE);
            self.is_cut |= is_cut;
            self.push(name, &quoted(&text));
        }
    }

    /// JSON as it is written, unless it is long or deep.
    pub(super) fn json(&mut self, name: &str, json: Option<&Json>) {
        if let Some(json) = json.filter(|json| json.as_str() != "null") {
            self.bounded(name, json, VALUES);
        }
    }

    /// JSON as it is written, unless it has more than `most` bytes or is deep.
    pub(super) fn bounded(&mut self, name: &str, json: &Json, most: usize) {
        if json.as_str().len() <= most && !json.is_deeper_than(MOST_DEPTH) {
            self.push(name, json.as_str());
        } else {
            self.is_cut = true;
        }
    }

    pub(super) fn number(&mut self, name: &str, number: u64) {
        self.push(name, &number.to_string());
    }

    /// The object; `shortened` marks that something was cut.
    pub(super) fn end(mut self) -> Option<Json> {
        if self.is_cut {
            self.push("shortened", "true");
        }
        // Names are quoted and values are JSON: it parses.
        if self.members.is_empty() {
            None
        } else {
            Json::parse(&format!("{{{}}}", self.members.join(","))).ok()
        }
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The beginning of a text that has at most `most` bytes between its quotes in JSON, and whether that is less than all.
pub(super) fn shorten(text: &str, most: usize) -> (String, bool) {
    const MARK: char = '…';
    if text.len() <= most / 6 || quoted(text).len() - 2 <= most {
        return (text.to_owned(), false);
    }
    let mut left = most.saturating_sub(MARK.len_utf8());
    let fits = |c: &char| {
        let bytes = match c {
            '"' | '\\' => 2,
            c if c.is_control() => 6,
            c => c.len_utf8(),
        };
        left.checked_sub(bytes).map(|rest| left = rest).is_some()
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push(MARK);
    (short, true)
}

fn is_link(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
        && !url.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// A time as ms since the epoch. The year 1 that Go writes for "not set" and an empty text are none.
pub(super) fn time(place: &str, text: Option<&str>) -> Result<Option<u64>, Unusable> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| Unusable::new(place, "a time such as 2026-11-29T00:52:38.873Z", text))?;
    Ok(u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_bytes_of_json() {
        assert_eq!(shorten("short", 100), ("short".to_owned(), false));
        for text in ["ä".repeat(100), "\u{1}".repeat(100), "\"\\".repeat(50), "x".repeat(101)] {
            let (short, is_cut) = shorten(&text, 50);
            assert!(is_cut && short.ends_with('…'), "{short}");
            assert!((44..=50).contains(&(quoted(&short).len() - 2)), "{} bytes", quoted(&short).len() - 2);
        }
    }

    #[test]
    fn only_http_and_https_are_links() {
        for url in ["http://a/b?c=d#e", "HTTPS://a"] {
            assert!(is_link(url), "{url}");
        }
        for url in ["javascript://a", "data:text/html,x", "//a", "a", "http://a b", "", "http://a\n"] {
            assert!(!is_link(url), "{url}");
        }
    }

    #[test]
    fn times_are_milliseconds_and_the_year_1_is_none() {
        assert_eq!(time("t", Some("2026-11-29T00:52:38.873Z")), Ok(Some(1_795_913_558_873)));
        assert_eq!(time("t", Some("2026-11-29T01:52:38.8731234+01:00")), Ok(Some(1_795_913_558_873)));
        assert_eq!(time("t", Some("0001-01-01T00:00:00Z")), Ok(None));
        assert_eq!(time("t", None), Ok(None));
        assert!(time("t", Some("yesterday")).is_err());
    }
}
