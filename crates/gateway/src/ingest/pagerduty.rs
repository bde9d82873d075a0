//! PagerDuty's Events API v2: what a tool with a PagerDuty output sends.

use super::fields::{Extra, SOURCE, TITLE, Texts, shorten, time};
use super::{Unusable, alert_id, severity, text_of};
use crate::core::{Report, Signal};
use sentinelops_protocol::domain::AlertChange;
use sentinelops_protocol::{Json, read_value};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;

/// Longest `dedup_key`, characters.
const MOST_KEY: usize = 255;

/// A body of `POST /v2/enqueue`.
#[derive(Deserialize)]
pub struct PagerDuty {
    /// The source's token. Never log it.
    pub routing_key: String,
    event_action: String,
    #[serde(default)]
    dedup_key: Option<String>,
    #[serde(default)]
    payload: Option<Json>,
    #[serde(default)]
    client: Option<String>,
    #[serde(default)]
    client_url: Option<String>,
    #[serde(default)]
    links: Option<Json>,
    #[serde(default)]
    images: Option<Json>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
    #[serde(default)]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Image {
    src: String,
}

/// The items of a list that can be read: what is wrong with a link is no reason to lose an alert.
fn items<T: DeserializeOwned>(list: Option<&Json>) -> Vec<T> {
    let items: Vec<Json> = list.and_then(|list| list.read().ok()).unwrap_or_default();
    items.iter().filter_map(|item| item.read().ok()).collect()
}

#[derive(Deserialize)]
struct Event {
    summary: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    component: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    class: Option<String>,
    #[serde(default)]
    custom_details: Option<Json>,
}

impl fmt::Debug for PagerDuty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PagerDuty").field("event_action", &self.event_action).finish_non_exhaustive()
    }
}

impl PagerDuty {
    /// Reads a body.
    ///
    /// # Errors
    /// It is no such body. What was found is not reported for the routing key.
    ///
    /// ```
    /// use sentinelops_gateway::ingest::PagerDuty;
    ///
    /// let body = br#"{"routing_key":"k","event_action":"trigger","payload":{"summary":"Disk full","source":"db1",
    ///     "severity":"critical"}}"#;
    /// let (key, _) = PagerDuty::parse(body).and_then(|event| event.report("pd", "made-up")).unwrap();
    /// assert_eq!(key, "made-up", "no dedup_key was sent");
    /// ```
    pub fn parse(body: &[u8]) -> Result<Self, Unusable> {
        let body = Json::parse(text_of(body)?)
            .map_err(|error| Unusable::new("body", "one JSON object", &format!("no JSON: {error}")))?;
        read_value("", &body).map_err(|problem| {
            let unusable = Unusable::at("", &problem);
            match unusable.path.as_str() {
                "routing_key" => Unusable { found: "something else".to_owned(), ..unusable },
                _ => unusable,
            }
        })
    }

    /// What it reports for the source `ingest`, and its `dedup_key`: `made_up` where a trigger brought none.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn report(&self, ingest: &str, made_up: &str) -> Result<(String, Report), Unusable> {
        let change = match self.event_action.as_str() {
            "trigger" => AlertChange::Raised,
            "acknowledge" => AlertChange::Acknowledged,
            "resolve" => AlertChange::Cleared,
            other => return Err(Unusable::new("event_action", "trigger, acknowledge or resolve", other)),
        };
        let key = match self.dedup_key.as_deref().filter(|key| !key.is_empty()) {
            Some(key) if key.chars().count() <= MOST_KEY => key,
            Some(key) => {
                return Err(Unusable::new("dedup_key", format!("at most {MOST_KEY} characters"), key));
            }
            None if change == AlertChange::Raised => made_up,
            None => return Err(Unusable::new("dedup_key", "the key of a trigger", "nothing")),
        };
        // The time of a trigger is not when the alert began: every repeat has its own.
        let signal = Signal::of(alert_id(ingest, key), change);
        let signal = match change {
            AlertChange::Raised => self.trigger(signal, key)?,
            AlertChange::Acknowledged | AlertChange::Cleared => signal,
        };
        Ok((key.to_owned(), signal.into()))
    }

    fn trigger(&self, signal: Signal, key: &str) -> Result<Signal, Unusable> {
        let Some(payload) = &self.payload else {
            return Err(Unusable::new("payload", "an object with a summary", "nothing"));
        };
        let event: Event = read_value("", payload).map_err(|problem| Unusable::at("payload", &problem))?;
        if event.summary.trim().is_empty() {
            return Err(Unusable::new("payload.summary", "a text", "an empty one"));
        }
        let labels: BTreeMap<String, String> = [
            ("component", &event.component),
            ("group", &event.group),
            ("class", &event.class),
            ("client", &self.client),
        ]
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text.clone().filter(|text| !text.is_empty())?)))
        .collect();
        let details = match &event.custom_details {
            Some(json) => json.read().unwrap_or_else(|_| {
                Texts(BTreeMap::from([("details".to_owned(), json.as_str().trim_matches('"').to_owned())]))
            }),
            None => Texts::default(),
        };
        let mut extra = Extra::default();
        extra.labels(&labels);
        let is_runbook = |link: &Link| {
            link.text.as_ref().is_some_and(|text| text.to_ascii_lowercase().contains("runbook"))
        };
        let (runbooks, others): (Vec<Link>, Vec<Link>) =
            items(self.links.as_ref()).into_iter().partition(is_runbook);
        extra.link("runbookUrl", runbooks.first().map(|link| &*link.href));
        extra.link("generatorUrl", self.client_url.as_deref());
        extra.link("dashboardUrl", others.first().map(|link| &*link.href));
        extra.link("imageUrl", items::<Image>(self.images.as_ref()).first().map(|image| &*image.src));
        extra.text("fingerprint", Some(key));
        // One that is no RFC 3339 is left out: the tools disagree about zones.
        if let Ok(Some(at)) = time("payload.timestamp", event.timestamp.as_deref()) {
            extra.number("reportedAt", at);
        }
        extra.annotations(&details.0);
        Ok(Signal {
            severity: severity::of(event.severity.as_deref()),
            title: shorten(event.summary.trim(), TITLE).0,
            source: event.source.map(|source| shorten(&source, SOURCE).0),
            extra: extra.end(),
            ..signal
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::What;
    use serde_json::{Value, json};

    /// The example of PagerDuty's documentation ("Send an alert event").
    const TRIGGER: &str = r#"{"payload":{"summary":"Example alert on host1.example.com","timestamp":"2015-07-17T08:42:58.315+0000","source":"monitoringtool:cloudvendor:central-region-dc-01:852559987:cluster/api-stats-prod-003","severity":"info","component":"postgres","group":"prod-datapipe","class":"deploy","custom_details":{"ping time":"1500ms","load avg":0.75}},"routing_key":"samplekeyhere","dedup_key":"samplekeyhere","images":[{"src":"https://www.pagerduty.com/wp-content/uploads/2016/05/pagerduty-logo-green.png","href":"https://example.com/","alt":"Example text"}],"links":[{"href":"https://example.com/","text":"Link text"},{"href":"https://example.com/rb","text":"The Runbook"}],"event_action":"trigger","client":"Sample Monitoring Service","client_url":"https://monitoring.example.com"}"#;

    fn report(body: &str) -> Result<(String, Report), Unusable> {
        PagerDuty::parse(body.as_bytes())?.report("pd", "made-up")
    }

    fn signal(body: &str) -> Signal {
        match report(body).expect("an event").1.what {
            What::Alert(signal) => *signal,
            What::Event(event) => panic!("no alert: {event:?}"),
        }
    }

    #[test]
    fn recorded_trigger_is_read() {
        let signal = signal(TRIGGER);
        assert_eq!(signal.title, "Example alert on host1.example.com");
        assert_eq!((signal.severity.as_str(), signal.change), ("low", AlertChange::Raised));
        assert_eq!(signal.alert_id, alert_id("pd", "samplekeyhere"));
        let extra: Value = signal.extra.expect("fields").read().expect("JSON");
        assert_eq!(extra["labels"]["component"], "postgres");
        assert_eq!(extra["annotations"], json!({"ping time": "1500ms", "load avg": "0.75"}));
        assert_eq!(
            (&extra["runbookUrl"], &extra["dashboardUrl"]),
            (&"https://example.com/rb".into(), &"https://example.com/".into())
        );
        assert_eq!(extra["generatorUrl"], "https://monitoring.example.com");
    }

    #[test]
    fn acknowledge_and_resolve_need_only_the_key() {
        for (action, change) in
            [("acknowledge", AlertChange::Acknowledged), ("resolve", AlertChange::Cleared)]
        {
            let body =
                format!(r#"{{"routing_key":"k","event_action":"{action}","dedup_key":"samplekeyhere"}}"#);
            let signal = signal(&body);
            assert_eq!((signal.change, signal.alert_id), (change, alert_id("pd", "samplekeyhere")));
            let without = body.replace("samplekeyhere", "");
            assert_eq!(report(&without).expect_err("refused").path, "dedup_key");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_but_never_the_routing_key() {
        let edit = |edit: fn(&mut Value)| {
            let mut body: Value = serde_json::from_str(TRIGGER).expect("JSON");
            edit(&mut body);
            report(&body.to_string()).expect_err("refused")
        };
        assert_eq!(edit(|body| body["event_action"] = "fire".into()).path, "event_action");
        assert_eq!(edit(|body| body["payload"] = Value::Null).path, "payload");
        assert_eq!(edit(|body| body["payload"]["summary"] = 7.into()).path, "payload.summary");
        assert_eq!(edit(|body| body["payload"]["summary"] = " ".into()).path, "payload.summary");
        assert_eq!(edit(|body| body["dedup_key"] = "x".repeat(256).into()).path, "dedup_key");
        let unusable = edit(|body| body["routing_key"] = json!(["samplekeyhere"]));
        assert!(unusable.path == "routing_key" && !unusable.to_string().contains("sample"), "{unusable}");
        let event = PagerDuty::parse(TRIGGER.as_bytes()).expect("an event");
        assert!(!format!("{event:?}").contains("samplekeyhere"));
    }
}
