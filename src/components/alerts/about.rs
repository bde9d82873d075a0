//! What stands beside the documented fields of an alert.

use sentinelops_protocol::Json;
use sentinelops_protocol::domain::Alert;
use std::collections::BTreeMap;

/// What the server says of an alert from another system (`docs/ingest.md`). Texts: its links are not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The source of alerts it came from.
    pub ingest: Option<String>,
    /// It says that this source of alerts is silent.
    pub silent: Option<String>,
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
                "silentSource" => about.silent = text(json),
                "stale" => about.is_stale = json == "true",
                "labels" => about.labels = labels(json),
                _ => {}
            }
        }
        about
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

    fn about(more: &str) -> About {
        let json = format!(r#"{{"id":"a","severity":"high","title":"t"{more}}}"#);
        match decode_payload("alert.raised", &Json::parse(&json).expect("JSON")).0 {
            Payload::Alert(alert) => About::of(&alert),
            other => panic!("no alert: {other:?}"),
        }
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
        assert_eq!(about(r#","silentSource":"ci""#).silent.as_deref(), Some("ci"));
        for odd in ["", r#","labels":[1],"ingest":{},"stale":"true","silentSource":7"#, r#","labels":null"#] {
            assert_eq!(about(odd), About::default(), "{odd}");
        }
    }
}
