//! What the laboratory reads in frames from the server: answers to its own requests, which the engine must not see, and
//! gaps, counted beside the engine so that what the page was told can be compared.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// How the ids of the page's requests begin.
pub(super) const ID: &str = "lab-";

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    id: Option<String>,
    #[serde(default)]
    payload: Value,
}

/// The messages of a frame: one, or an array of them. None of what cannot be read.
pub(super) fn messages(text: &str) -> Vec<&RawValue> {
    let all = serde_json::from_str::<Vec<&RawValue>>(text);
    all.or_else(|_| serde_json::from_str::<&RawValue>(text).map(|one| vec![one])).unwrap_or_default()
}

fn envelope(raw: &RawValue) -> Option<Envelope<'_>> {
    serde_json::from_str(raw.get()).ok()
}

/// The messages for the page, and what is left for the engine where there are any; empty: nothing.
pub(super) fn answers(bytes: &[u8]) -> (Vec<String>, Option<Vec<u8>>) {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if !text.contains(ID) {
        return (Vec::new(), None);
    }
    let is_answer =
        |raw: &&RawValue| envelope(raw).and_then(|envelope| envelope.id).is_some_and(|id| id.starts_with(ID));
    let (for_page, rest): (Vec<_>, Vec<_>) = messages(text).into_iter().partition(is_answer);
    if for_page.is_empty() {
        return (Vec::new(), None);
    }
    let left = if rest.is_empty() { Vec::new() } else { serde_json::to_vec(&rest).unwrap_or_default() };
    (for_page.into_iter().map(|raw| raw.get().to_owned()).collect(), Some(left))
}

/// The gaps of one connection.
#[derive(Default)]
pub(super) struct Gaps {
    /// Subjects that were answered by `gap` and whose snapshot has not ended.
    open: BTreeSet<String>,
}

impl Gaps {
    /// A frame that the engine gets. How many gaps the page has to be told of now.
    pub(super) fn read(&mut self, bytes: &[u8]) -> usize {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        if !(text.contains("\"gap\"") || !self.open.is_empty() && text.contains("\"snapshot\"")) {
            return 0;
        }
        messages(text).into_iter().filter_map(envelope).filter(|envelope| self.ends(envelope)).count()
    }

    /// A frame to the server. What is not followed any more need not be told.
    pub(super) fn sent(&mut self, text: &str) {
        if !self.open.is_empty() && text.contains("\"unsubscribe\"") {
            self.open.clear();
        }
    }

    /// `true`: the snapshot after a gap is complete, so the page has to be told of the gap. One that the connection does not
    /// live to see is announced again on the next.
    fn ends(&mut self, envelope: &Envelope<'_>) -> bool {
        let payload = &envelope.payload;
        let subject = format!("{}/{}", payload["channel"], payload["topic"]);
        match &*envelope.kind {
            "subscribed" if payload["continuity"] == "gap" => {
                self.open.insert(subject);
                false
            }
            "subscribed" => {
                self.open.remove(&subject);
                false
            }
            "snapshot" if payload["last"] == true => self.open.remove(&subject),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACK: &str = r#"{"type":"ack","channel":"system","payload":{"ids":["m1"]}}"#;

    #[test]
    fn other_frames_pass_untouched() {
        for text in [ACK, "[]", "no JSON lab-", r#"{"type":"x","payload":{"text":"lab-1"}}"#] {
            assert_eq!(answers(text.as_bytes()), (vec![], None), "{text}");
        }
    }

    #[test]
    fn answers_are_taken_out_of_a_frame_and_the_rest_stays_as_it_is() {
        let answer = r#"{"type":"lab.answer","channel":"system","id":"lab-1","payload":{}}"#;
        assert_eq!(answers(answer.as_bytes()), (vec![answer.to_owned()], Some(Vec::new())));
        let error = r#"{"type":"error","id":"lab-2","channel":"system","payload":{"code":"bad_frame"}}"#;
        let both = answers(format!("[{ACK},{error}]").as_bytes());
        assert_eq!(both, (vec![error.to_owned()], Some(format!("[{ACK}]").into_bytes())));
    }

    #[test]
    fn a_gap_counts_when_its_snapshot_has_ended() {
        let subscribed = |continuity: &str| {
            format!(
                r#"{{"type":"subscribed","channel":"system","payload":{{"channel":"chat","epoch":"e","seq":1,"continuity":"{continuity}"}}}}"#
            )
        };
        let part = |last: bool| {
            format!(
                r#"{{"type":"snapshot","channel":"system","payload":{{"channel":"chat","epoch":"e","seq":1,"part":0,"last":{last},"items":[]}}}}"#
            )
        };
        let mut gaps = Gaps::default();
        let mut read =
            |frames: &[String]| frames.iter().map(|frame| gaps.read(frame.as_bytes())).sum::<usize>();
        assert_eq!(read(&[subscribed("snapshot"), part(true)]), 0);
        assert_eq!(read(&[subscribed("gap"), part(false)]), 0);
        assert_eq!(read(&[part(true)]), 1);
        assert_eq!(read(&[part(true)]), 0, "once");
        assert_eq!(
            read(&[format!("[{},{}]", subscribed("gap"), subscribed("snapshot")), part(true)]),
            0,
            "the last answer counts"
        );
        assert_eq!(read(&[format!("[{},{}]", subscribed("gap"), part(true))]), 1);
        assert_eq!(read(&[subscribed("gap")]), 0);
        gaps.sent(r#"{"type":"unsubscribe","channel":"system","payload":{"channels":[{"channel":"chat"}]}}"#);
        assert_eq!(gaps.read(part(true).as_bytes()), 0, "not followed any more");
    }
}
