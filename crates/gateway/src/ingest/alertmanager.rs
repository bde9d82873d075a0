//! The webhook of Alertmanager (version 4) and of Grafana, whose body is the same with more in it.

use super::fields::{Extra, SOURCE, TITLE, Texts, shorten, time};
use super::{Parsed, Unusable, alert_id, hash, severity, text_of};
use crate::core::{Firing, Group, Signal};
use sentinelops_protocol::domain::AlertChange;
use sentinelops_protocol::{Json, read_value};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    alerts: Vec<Json>,
    #[serde(default)]
    group_key: Option<String>,
    #[serde(default)]
    group_labels: Texts,
    #[serde(default)]
    common_annotations: Texts,
    #[serde(default)]
    truncated_alerts: u64,
}

#[derive(Deserialize)]
struct Status {
    status: String,
}

/// Of an alert of the body. Grafana's links and values are beside Alertmanager's own fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlertBody {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: Texts,
    #[serde(default)]
    starts_at: Option<String>,
    #[serde(default)]
    ends_at: Option<String>,
    #[serde(default)]
    fingerprint: Option<String>,
    #[serde(default, rename = "generatorURL")]
    generator_url: Option<String>,
    #[serde(default, rename = "silenceURL")]
    silence_url: Option<String>,
    #[serde(default, rename = "dashboardURL")]
    dashboard_url: Option<String>,
    #[serde(default, rename = "panelURL")]
    panel_url: Option<String>,
    #[serde(default, rename = "imageURL")]
    image_url: Option<String>,
    #[serde(default)]
    values: Option<Json>,
}

/// Reads a webhook's body for the source `ingest`.
///
/// # Errors
/// The body is no such body as a whole.
///
/// ```
/// let body = br#"{"version":"4","groupKey":"{}","alerts":[{"status":"firing","labels":{"alertname":"DiskFull"},
///     "startsAt":"2026-11-29T00:52:38.873Z","fingerprint":"29efcdde4fa8683f"},{"status":"firing"}]}"#;
/// let parsed = sentinelops_gateway::ingest::alertmanager("prometheus", body).unwrap();
/// assert_eq!(parsed.reports.len(), 1);
/// let unusable = parsed.unusable[0].to_string();
/// assert_eq!(unusable, "alerts[1]: expected a field `labels`, found nothing");
/// ```
pub fn alertmanager(ingest: &str, body: &[u8]) -> Result<Parsed, Unusable> {
    let body = Json::parse(text_of(body)?)
        .map_err(|error| Unusable::new("body", "one JSON object", &format!("no JSON: {error}")))?;
    let body: Body = read_value("", &body).map_err(|problem| Unusable::at("", &problem))?;
    let mut parsed = Parsed::default();
    for (at, alert) in body.alerts.iter().enumerate() {
        match signal(ingest, &body, &format!("alerts[{at}]"), alert) {
            Ok(signal) => parsed.reports.push(signal.into()),
            Err(unusable) => parsed.unusable.push(unusable),
        }
    }
    if body.truncated_alerts > 0 {
        let expected = "0, so that no alert is left out: set max_alerts of the webhook to 0";
        parsed.unusable.push(Unusable::new("truncatedAlerts", expected, &body.truncated_alerts.to_string()));
    }
    Ok(parsed)
}

fn signal(ingest: &str, body: &Body, place: &str, alert: &Json) -> Result<Signal, Unusable> {
    let Status { status } = read_value("", alert).map_err(|problem| Unusable::at(place, &problem))?;
    let change = match status.as_str() {
        "firing" => AlertChange::Raised,
        "resolved" => AlertChange::Cleared,
        other => return Err(Unusable::new(format!("{place}.status"), "firing or resolved", other)),
    };
    let signal = signal_of(ingest, place, alert, change)?;
    let group = body.group_key.as_deref().map(|key| group(body, key, &signal.title));
    Ok(Signal { group, ..signal })
}

/// An alert without its group.
fn signal_of(ingest: &str, place: &str, alert: &Json, change: AlertChange) -> Result<Signal, Unusable> {
    let alert: AlertBody = read_value("", alert).map_err(|problem| Unusable::at(place, &problem))?;
    let starts_at = time(&format!("{place}.startsAt"), alert.starts_at.as_deref())?;
    let ends_at = time(&format!("{place}.endsAt"), alert.ends_at.as_deref())?;
    let labels = Texts(alert.labels);
    let name = labels.first(&["alertname"]).unwrap_or("Alert without a name");
    let title = match (alert.annotations.first(&["summary"]), labels.first(&["service"])) {
        (Some(summary), _) => summary.to_owned(),
        (None, Some(service)) => format!("{name}: {service}"),
        (None, None) => name.to_owned(),
    };
    let fingerprint = alert.fingerprint.unwrap_or_else(|| of_labels(&labels.0));
    let source = labels.first(&["service", "job", "instance"]).unwrap_or(ingest);
    let mut extra = Extra::default();
    extra.labels(&labels.0);
    extra.link("runbookUrl", alert.annotations.first(&["runbook_url", "runbookUrl", "runbook"]));
    extra.link("generatorUrl", alert.generator_url.as_deref());
    extra.link("silenceUrl", alert.silence_url.as_deref());
    extra.link("dashboardUrl", alert.dashboard_url.as_deref());
    extra.link("panelUrl", alert.panel_url.as_deref());
    extra.link("imageUrl", alert.image_url.as_deref());
    extra.text("fingerprint", Some(&fingerprint));
    extra.json("values", alert.values.as_ref());
    extra.annotations(&alert.annotations.0);
    let title = shorten(&title, TITLE).0;
    Ok(Signal {
        alert_id: alert_id(ingest, &fingerprint),
        change,
        starts_at,
        // Of a firing alert it is when it would time out.
        ends_at: ends_at.filter(|_| change == AlertChange::Cleared),
        severity: severity::of(labels.first(&["severity", "priority"])),
        group: None,
        source: Some(shorten(source, SOURCE).0),
        title,
        extra: extra.end(),
    })
}

fn group(body: &Body, key: &str, title_of_alert: &str) -> Group {
    let name = body.group_labels.first(&["alertname"]);
    let rest = body.group_labels.0.iter().filter(|(name, _)| *name != "alertname").map(|(_, value)| &**value);
    let labels: Vec<&str> = name.into_iter().chain(rest).filter(|text| !text.is_empty()).collect();
    let title = match body.common_annotations.first(&["summary"]) {
        Some(summary) => summary.to_owned(),
        None if labels.is_empty() => title_of_alert.to_owned(),
        None => labels.join(", "),
    };
    Group { key: hash(&[key]), title: shorten(&title, TITLE).0 }
}

/// A fingerprint for an alert that brought none.
fn of_labels(labels: &BTreeMap<String, String>) -> String {
    let parts: Vec<&str> = labels.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect();
    hash(&parts)
}

/// Reads an answer of Alertmanager's `GET /api/v2/alerts`: everything that fires.
///
/// # Errors
/// It is no such answer.
pub fn firing(ingest: &str, body: &[u8]) -> Result<Firing, Unusable> {
    #[derive(Deserialize)]
    struct Known {
        fingerprint: String,
        status: State,
    }
    #[derive(Deserialize)]
    struct State {
        state: String,
    }
    let body = Json::parse(text_of(body)?)
        .map_err(|error| Unusable::new("body", "one JSON array", &format!("no JSON: {error}")))?;
    let alerts: Vec<Json> = read_value("", &body).map_err(|problem| Unusable::at("", &problem))?;
    let mut firing = Firing::default();
    for (at, alert) in alerts.iter().enumerate() {
        let place = format!("[{at}]");
        let known: Known = read_value("", alert).map_err(|problem| Unusable::at(&place, &problem))?;
        firing.ids.insert(alert_id(ingest, &known.fingerprint));
        // One that is silenced or inhibited fires, but is not to be sent.
        if known.status.state == "active" {
            firing.active.extend(signal_of(ingest, &place, alert, AlertChange::Raised).ok());
        }
    }
    Ok(firing)
}

/// When an Alertmanager was started, ms since the epoch: of an answer of its `GET /api/v2/status`.
///
/// # Errors
/// It is no such answer.
pub fn started_at(body: &[u8]) -> Result<u64, Unusable> {
    #[derive(Deserialize)]
    struct Status {
        /// In spite of its name.
        uptime: String,
    }
    let body = Json::parse(text_of(body)?)
        .map_err(|error| Unusable::new("body", "one JSON object", &format!("no JSON: {error}")))?;
    let status: Status = read_value("", &body).map_err(|problem| Unusable::at("", &problem))?;
    let started = time("uptime", Some(&status.uptime))?;
    started.ok_or_else(|| Unusable::new("uptime", "a time after 1970", &status.uptime))
}

#[cfg(test)]
#[path = "alertmanager/tests.rs"]
mod tests;
