//! What stands beside the documented fields of an alert.

use sentinelops_protocol::Json;
use sentinelops_protocol::domain::Alert;
use std::collections::BTreeMap;

const SILENT: &str = "silentSource";

/// What the server says of an alert from another system (`docs/ingest.md`). Texts: its links are not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The source of alerts it came from.
    pub ingest: Option<String>,
    /// Its source has not repeated it for long.
    pub is_stale: bool,
    /// Name and value, by name.
    pub labels: Vec<(String, String)>,
}

impl About {
    /// Reads it; what does not fit is left out.
    pub fn of(alert: &Alert) -> Self {
        let mut about = Self::default();
        for (name, json) in alert.extra.iter().flat_map(Json::fields) {
            match &*name {
                "ingest" => about.ingest = text(json),
                "stale" => about.is_stale = json == "true",
                "labels" => about.labels = labels(json),
                _ => {}
            }
        }
        about
    }

    /// The source that the alert calls silent; of hardly any alert there is one.
    pub fn silent_source(alert: &Alert) -> Option<String> {
        // Thousands are looked through at a time: those without the word are not read.
        let extra = alert.extra.as_ref().filter(|extra| extra.as_str().contains(SILENT))?;
        extra.fields().filter(|(name, _)| name == SILENT).find_map(|(_, json)| text(json))
    }

    /// What raised it, and where it came from.
    pub fn origin(&self, source: Option<&str>) -> Option<String> {
        match (source, self.ingest.as_deref()) {
            (Some(source), Some(ingest)) if source != ingest => Some(format!("{source}, from {ingest}")),
            (source, ingest) => source.or(ingest).map(str::to_owned),
        }
    }
}

fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

fn labels(json: &str) -> Vec<(String, String)> {
    let json = Json::parse(json).ok();
    let fields = json.iter().flat_map(Json::fields);
    // A name that stands there twice counts once.
    let labels: BTreeMap<_, _> =
        fields.filter_map(|(name, value)| Some((name.into_owned(), text(value)?))).collect();
    labels.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_protocol::{Payload, decode_payload};

    fn alert(more: &str) -> Alert {
        let json = format!(r#"{{"id":"a","severity":"high","title":"t"{more}}}"#);
        match decode_payload("alert.raised", &Json::parse(&json).expect("JSON")).0 {
            Payload::Alert(alert) => alert,
            other => panic!("no alert: {other:?}"),
        }
    }

    fn about(more: &str) -> About {
        About::of(&alert(more))
    }

    #[test]
    fn fields_of_a_source_are_read_and_others_are_left_out() {
        let found = about(
            r#","ingest":"prometheus","stale":true,"labels":{"job":"api","alertname":"Down","n":1,"job":"web"},
               "runbookUrl":"https://evil.example","annotations":{"x":"y"}"#,
        );
        let labels = [("alertname", "Down"), ("job", "web")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(found.labels, labels);
        assert!(found.is_stale);
        assert_eq!(found.origin(Some("api")).as_deref(), Some("api, from prometheus"));
        assert_eq!(found.origin(Some("prometheus")).as_deref(), Some("prometheus"));
        assert_eq!(found.origin(None).as_deref(), Some("prometheus"));
        for odd in ["", r#","labels":[1],"ingest":{},"stale":"true""#, r#","labels":null"#] {
            assert_eq!(about(odd), About::default(), "{odd}");
        }
    }

    #[test]
    fn a_silent_source_is_named_by_the_field_and_by_nothing_else() {
        let named = |more| About::silent_source(&alert(more));
        assert_eq!(named(r#","silentSource":"ci""#).as_deref(), Some("ci"));
        for other in
            ["", r#","silentSource":7"#, r#","labels":{"silentSource":"ci"}"#, r#","x":"silentSource""#]
        {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
