//! CloudEvents 1.0 over HTTP: binary, structured and batch.
//!
//! A type of this protocol (`alert.raised`, `incident.updated`, …) has its payload as data; any other becomes an
//! activity. Source and id of an event make it take effect once.

use super::fields::{Extra, MOST_DEPTH, SOURCE, TITLE, Texts, shorten, time};
use super::{Parsed, Unusable, alert_id, hash, severity, text_of};
use crate::core::{Group, NewEvent, Report, Signal, What};
use sentinelops_protocol::domain::{Activity, Alert, AlertChange};
use sentinelops_protocol::{Channel, Json, Payload, decode_payload, encode_payload, read_value};
use serde::Deserialize;

/// Largest payload of an event, bytes.
const MOST_PAYLOAD: usize = 16 * 1024;
/// Most bytes of data kept with an activity.
const MOST_DATA: usize = 8 * 1024;
/// Most events of a batch.
const MOST_BATCH: usize = 10_000;

/// How a request carries its events.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// Headers that begin with `ce-`, without that, in lower case.
    pub attributes: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Event {
    id: String,
    source: String,
    specversion: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    data: Option<Json>,
}

/// Reads a request for the source `ingest`. `wall` is now, ms since the epoch.
///
/// # Errors
/// It carries no CloudEvents.
///
/// ```
/// use sentinelops_gateway::ingest::{Envelope, cloudevents};
///
/// let envelope = Envelope { content_type: Some("application/cloudevents+json".into()), attributes: Vec::new() };
/// let body = br#"{"specversion":"1.0","id":"1","source":"/ci","type":"com.example.deployed","subject":"api"}"#;
/// assert_eq!(cloudevents("ci", &envelope, body, 5).unwrap().reports.len(), 1);
/// ```
pub fn cloudevents(ingest: &str, envelope: &Envelope, body: &[u8], wall: u64) -> Result<Parsed, Unusable> {
    let content_type = envelope.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let json = || {
        Json::parse(text_of(body)?)
            .map_err(|error| Unusable::new("body", "JSON", &format!("no JSON: {error}")))
    };
    let mut parsed = Parsed::default();
    let mut take = |place: &str, report: Result<Report, Unusable>| match report {
        Ok(report) => parsed.reports.push(report),
        Err(mut unusable) => {
            unusable.path = match (place, unusable.path.as_str()) {
                ("", _) => unusable.path,
                (_, "body") => place.to_owned(),
                (_, path) => format!("{place}.{path}"),
            };
            parsed.unusable.push(unusable);
        }
    };
    match media_type {
        "application/cloudevents-batch+json" => {
            let batch = json()?;
            let batch: Vec<Json> = read_value("", &batch).map_err(|problem| Unusable::at("", &problem))?;
            if batch.len() > MOST_BATCH {
                let found = format!("{} events", batch.len());
                return Err(Unusable::new("body", format!("at most {MOST_BATCH} events"), &found));
            }
            for (at, event) in batch.iter().enumerate() {
                take(&format!("[{at}]"), structured(ingest, event, wall));
            }
        }
        "application/cloudevents+json" => take("", structured(ingest, &json()?, wall)),
        other if envelope.attributes.is_empty() => {
            let expected = "ce- headers, application/cloudevents+json or application/cloudevents-batch+json";
            return Err(Unusable::new("content-type", expected, other));
        }
        _ => take("", binary(ingest, envelope, body, wall)),
    }
    Ok(parsed)
}

fn structured(ingest: &str, event: &Json, wall: u64) -> Result<Report, Unusable> {
    let event: Event = read_value("", event).map_err(|problem| Unusable::at("", &problem))?;
    report(ingest, &event, wall)
}

fn binary(ingest: &str, envelope: &Envelope, body: &[u8], wall: u64) -> Result<Report, Unusable> {
    let find = |name: &str| envelope.attributes.iter().find(|(known, _)| known == name);
    let optional = |name: &str| find(name).map(|(_, value)| unescaped(value));
    let required =
        |name: &str| optional(name).ok_or_else(|| Unusable::new(format!("ce-{name}"), "a header", "nothing"));
    // Data that is no JSON is nothing that is read here.
    let data = text_of(body).ok().and_then(|text| Json::parse(text).ok());
    let event = Event {
        id: required("id")?,
        source: required("source")?,
        specversion: required("specversion")?,
        kind: required("type")?,
        subject: optional("subject"),
        time: optional("time"),
        data,
    };
    report(ingest, &event, wall)
}

/// Values of headers are percent-encoded.
fn unescaped(value: &str) -> String {
    let bytes = value.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = value.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| value.to_owned())
}

fn report(ingest: &str, event: &Event, wall: u64) -> Result<Report, Unusable> {
    if event.specversion != "1.0" {
        return Err(Unusable::new("specversion", "1.0", &event.specversion));
    }
    for (name, text) in [("id", &event.id), ("source", &event.source), ("type", &event.kind)] {
        if text.is_empty() || text.len() > 1_024 {
            return Err(Unusable::new(name, "1 to 1,024 bytes", text));
        }
    }
    let at = time("time", event.time.as_deref())?.unwrap_or(wall);
    let once = hash(&["cloudevents", &event.source, &event.id]);
    let data = event.data.clone().unwrap_or_else(Json::null);
    if data.is_deeper_than(MOST_DEPTH) {
        return Err(Unusable::new("data", format!("at most {MOST_DEPTH} levels"), "more"));
    }
    let what = match event.kind.as_str() {
        "alert.raised" | "alert.acknowledged" | "alert.cleared" => {
            What::Alert(Box::new(alert(ingest, event, typed(&event.kind, &data)?)))
        }
        "incident.created" | "incident.updated" | "incident.resolved" | "incident.escalated"
        | "agent.status" => {
            let payload = typed(&event.kind, &data)?;
            let channel = if event.kind == "agent.status" { Channel::Agents } else { Channel::Incidents };
            if let Some(id) = payload.key().filter(|id| !(1..=64).contains(&id.chars().count())) {
                return Err(Unusable::new("data", "an id of 1 to 64 characters", id));
            }
            let bytes = encode_payload(&payload).as_str().len();
            if bytes > MOST_PAYLOAD {
                let expected = format!("at most {MOST_PAYLOAD} bytes");
                return Err(Unusable::new("data", expected, &format!("{bytes} bytes")));
            }
            What::Event(Box::new(NewEvent {
                channel,
                kind: event.kind.clone(),
                payload,
                priority: sentinelops_protocol::Priority::Normal,
                timestamp: None,
            }))
        }
        _ => What::Event(Box::new(activity(ingest, event, &data, &once, at))),
    };
    Ok(Report { once: Some(once), what })
}

fn typed(kind: &str, data: &Json) -> Result<Payload, Unusable> {
    match decode_payload(kind, data) {
        (payload, None) => Ok(payload),
        (_, Some(problem)) => Err(Unusable::at("data", &problem)),
    }
}

fn alert(ingest: &str, event: &Event, payload: Payload) -> Signal {
    let change = match event.kind.as_str() {
        "alert.raised" => AlertChange::Raised,
        "alert.acknowledged" => AlertChange::Acknowledged,
        _ => AlertChange::Cleared,
    };
    let (id, severity, title, source, fields) = match payload {
        Payload::Alert(Alert { id, severity, title, source, extra, .. }) => {
            (id, severity, title, source, extra)
        }
        // The type says that it is one.
        _ => (event.id.clone(), severity::of(None), event.kind.clone(), None, None),
    };
    let field = |name: &str| {
        let fields = fields.iter().flat_map(Json::fields);
        fields.filter(|(known, _)| known == name).last().map(|(_, json)| json)
    };
    let text = |name: &str| field(name).and_then(|json| serde_json::from_str::<String>(json).ok());
    let texts = |name: &str| {
        field(name).and_then(|json| serde_json::from_str::<Texts>(json).ok()).unwrap_or_default()
    };
    let mut extra = Extra::default();
    extra.labels(&texts("labels").0);
    for link in ["runbookUrl", "generatorUrl", "silenceUrl", "dashboardUrl", "panelUrl", "imageUrl"] {
        extra.link(link, text(link).as_deref());
    }
    extra.text("fingerprint", Some(&id));
    extra.json("values", field("values").and_then(|json| Json::parse(json).ok()).as_ref());
    extra.annotations(&texts("annotations").0);
    let title = shorten(&title, TITLE).0;
    let source = source.unwrap_or_else(|| event.source.clone());
    Signal {
        alert_id: alert_id(ingest, &id),
        change,
        starts_at: field("startsAt").and_then(|json| json.parse().ok()),
        ends_at: field("endsAt").and_then(|json| json.parse().ok()),
        severity: severity::of(Some(severity.as_str())),
        source: Some(shorten(&source, SOURCE).0),
        group: text("group").map(|key| Group { key: hash(&[&key]), title: title.clone() }),
        title,
        extra: extra.end(),
    }
}

fn activity(ingest: &str, event: &Event, data: &Json, once: &str, at: u64) -> NewEvent {
    let mut extra = Extra::default();
    extra.text("source", Some(&event.source));
    if data.as_str() != "null" {
        extra.bounded("data", data, MOST_DATA);
    }
    let activity = Activity {
        id: format!("act-{once}"),
        actor: format!("source:{ingest}"),
        action: shorten(&event.kind, SOURCE).0,
        target: event.subject.as_deref().map(|subject| shorten(subject, SOURCE).0),
        timestamp: at,
        extra: extra.end(),
    };
    NewEvent {
        channel: Channel::Activity,
        kind: "activity.event".to_owned(),
        payload: Payload::Activity(activity),
        priority: sentinelops_protocol::Priority::Normal,
        timestamp: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const WALL: u64 = 1_700_000_000_000;

    fn headers(pairs: &[(&str, &str)]) -> Envelope {
        Envelope {
            content_type: Some("application/json".to_owned()),
            attributes: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    fn of_type(content_type: &str) -> Envelope {
        Envelope { content_type: Some(content_type.to_owned()), attributes: Vec::new() }
    }

    fn read(envelope: &Envelope, body: &str) -> Parsed {
        cloudevents("ci", envelope, body.as_bytes(), WALL).expect("events")
    }

    fn activity_of(report: &Report) -> Activity {
        match &report.what {
            What::Event(event) => match &event.payload {
                Payload::Activity(activity) => activity.clone(),
                other => panic!("no activity: {other:?}"),
            },
            What::Alert(signal) => panic!("an alert: {signal:?}"),
        }
    }

    /// The example of the specification ("HTTP Protocol Binding", binary content mode).
    #[test]
    fn binary_event_of_a_foreign_type_becomes_an_activity() {
        let envelope = headers(&[
            ("specversion", "1.0"),
            ("type", "com.example.someevent"),
            ("time", "2018-04-05T03:56:24Z"),
            ("id", "1234-1234-1234"),
            ("source", "/mycontext/subcontext"),
            ("subject", "gr%C3%BCn"),
        ]);
        let parsed = read(&envelope, r#"{"version": 3}"#);
        let activity = activity_of(&parsed.reports[0]);
        assert_eq!((&*activity.actor, &*activity.action), ("source:ci", "com.example.someevent"));
        assert_eq!((activity.target.as_deref(), activity.timestamp), (Some("grün"), 1_522_900_584_000));
        assert_eq!(
            activity.extra.expect("data").as_str(),
            r#"{"source":"/mycontext/subcontext","data":{"version": 3}}"#
        );
    }

    #[test]
    fn structured_alert_has_its_payload_as_data() {
        let event = json!({
            "specversion": "1.0", "id": "1", "source": "/sensor", "type": "alert.raised",
            "data": {"id": "x", "severity": "page", "title": "Too hot", "startsAt": 5, "labels": {"room": "7"},
                "runbookUrl": "javascript:1", "group": "rooms"},
        });
        let parsed = read(&of_type("application/cloudevents+json; charset=utf-8"), &event.to_string());
        let What::Alert(signal) = &parsed.reports[0].what else { panic!("{parsed:?}") };
        assert_eq!((&*signal.alert_id, signal.severity.as_str()), (&*alert_id("ci", "x"), "critical"));
        assert_eq!((signal.starts_at, signal.source.as_deref()), (Some(5), Some("/sensor")));
        assert_eq!(signal.group.as_ref().map(|group| &*group.title), Some("Too hot"));
        let extra: Value = signal.extra.as_ref().expect("fields").read().expect("JSON");
        assert_eq!(extra, json!({"labels": {"room": "7"}, "fingerprint": "x"}));
    }

    #[test]
    fn batch_keeps_what_is_usable_and_source_with_id_take_effect_once() {
        let event =
            |id: &str, source: &str| json!({"specversion": "1.0", "id": id, "source": source, "type": "a.b"});
        let deep: Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
        let mut wrong = event("3", "/b");
        wrong["specversion"] = "0.3".into();
        let mut too_deep = event("4", "/b");
        too_deep["data"] = deep;
        let unfit = json!({"specversion": "1.0", "id": "5", "source": "/b", "type": "alert.raised", "data": {"id": 7}});
        let body = json!([event("1", "/a"), event("1", "/b"), event("1", "/a"), wrong, too_deep, unfit, {"id": "6"}]);
        let parsed = read(&of_type("application/cloudevents-batch+json"), &body.to_string());
        let once: Vec<_> = parsed.reports.iter().map(|report| report.once.clone().expect("an id")).collect();
        assert_eq!(once.len(), 3);
        assert!(once[0] == once[2] && once[0] != once[1], "{once:?}");
        let unusable: Vec<_> = parsed.unusable.iter().map(|unusable| unusable.path.clone()).collect();
        assert_eq!(unusable, ["[3].specversion", "[4].data", "[5].data.id", "[6]"]);
    }

    #[test]
    fn incidents_are_published_and_what_does_not_fit_is_named() {
        let of = |data: Value| {
            let event = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "incident.created", "data": data});
            read(&of_type("application/cloudevents+json"), &event.to_string())
        };
        let good = of(json!({"incidentId": "inc-1", "data": {"title": "t", "severity": "high"}}));
        assert!(
            matches!(&good.reports[0].what, What::Event(event) if event.kind == "incident.created"),
            "{good:?}"
        );
        let large = of(json!({"incidentId": "inc-1", "data": {"title": "t".repeat(20_000)}}));
        assert_eq!(large.unusable[0].path, "data");
        assert_eq!(of(json!({"incidentId": "", "data": {}})).unusable.len(), 1);
        let error = cloudevents("ci", &of_type("text/plain"), b"", WALL).expect_err("refused");
        assert_eq!(error.path, "content-type");
        let missing = read(&headers(&[("id", "1")]), "");
        assert_eq!(missing.unusable[0].path, "ce-source");
    }
}
