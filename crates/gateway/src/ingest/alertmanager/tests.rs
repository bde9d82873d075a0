//! Recorded bodies, and bodies that somebody made up to do harm.

use super::*;
use crate::core::What;
use sentinelops_protocol::domain::Severity;
use sentinelops_protocol::{Payload, encode_payload};
use serde_json::{Value, json};

/// Of Debian's Alertmanager 0.25.0 behind Debian's Prometheus 2.42.0.
const FIRING: &str = r#"{"receiver":"so","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"TargetDown","instance":"127.0.0.1:19098","job":"app","service":"checkout","severity":"critical"},"annotations":{"description":"no scrape","runbook_url":"https://example.org/rb","summary":"127.0.0.1:19098 is down"},"startsAt":"2026-11-29T00:52:38.873Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://vm:19090/graph?g0.expr=up+%3D%3D+0&g0.tab=1","fingerprint":"29efcdde4fa8683f"}],"groupLabels":{"alertname":"TargetDown","service":"checkout"},"commonLabels":{"alertname":"TargetDown","instance":"127.0.0.1:19098","job":"app","service":"checkout","severity":"critical"},"commonAnnotations":{"description":"no scrape","runbook_url":"https://example.org/rb","summary":"127.0.0.1:19098 is down"},"externalURL":"http://vm:19093","version":"4","groupKey":"{}:{alertname=\"TargetDown\", service=\"checkout\"}","truncatedAlerts":0}"#;

/// The shape of Grafana's webhook contact point (documentation of Grafana 11).
const GRAFANA: &str = r#"{"receiver":"My Super Webhook","status":"firing","orgId":1,"alerts":[{"status":"firing","labels":{"alertname":"High memory usage","team":"blue","zone":"us-1"},"annotations":{"description":"The system has high memory usage","runbook_url":"https://myrunbook.com/runbook/1234","summary":"This alert was triggered for zone us-1"},"startsAt":"2021-10-12T09:51:03.157076+02:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://play.grafana.org/alerting/1afz29v7z/edit","fingerprint":"c6eadffa33fcdf37","silenceURL":"https://play.grafana.org/alerting/silence/new?alertmanager=grafana&matchers=alertname%3DT2%2Cteam%3Dblue%2Czone%3Dus-1","dashboardURL":"","panelURL":"","values":{"B":44.23943737541908,"C":1}},{"status":"resolved","labels":{"alertname":"High CPU usage","team":"blue","zone":"eu-1"},"annotations":{"description":"The system has high CPU usage","runbook_url":"https://myrunbook.com/runbook/1234","summary":"This alert was triggered for zone eu-1"},"startsAt":"2021-10-12T09:56:03.157076+02:00","endsAt":"2021-10-12T10:01:03.157076+02:00","generatorURL":"https://play.grafana.org/alerting/d1rdpdv7k/edit","fingerprint":"bc97ff14869b13e3","silenceURL":"https://play.grafana.org/alerting/silence/new","dashboardURL":"","panelURL":"","values":null}],"groupLabels":{},"commonLabels":{"team":"blue"},"commonAnnotations":{},"externalURL":"https://play.grafana.org/","version":"1","groupKey":"{}:{}","truncatedAlerts":0,"title":"[FIRING:1, RESOLVED:1]","state":"alerting","message":"**Firing**"}"#;

fn parsed(body: &str) -> Parsed {
    alertmanager("prometheus", body.as_bytes()).expect("a body")
}

fn signals(body: &str) -> Vec<Signal> {
    let parsed = parsed(body);
    assert_eq!(parsed.unusable, []);
    let signal = |report: crate::core::Report| match report.what {
        What::Alert(signal) => *signal,
        What::Event(event) => panic!("no alert: {event:?}"),
    };
    parsed.reports.into_iter().map(signal).collect()
}

fn extra(signal: &Signal) -> Value {
    signal.extra.as_ref().map_or(Value::Null, |extra| extra.read().expect("JSON"))
}

#[test]
fn recorded_firing_of_alertmanager_is_read() {
    let [signal] = &signals(FIRING)[..] else { panic!("one alert") };
    assert_eq!(signal.alert_id, alert_id("prometheus", "29efcdde4fa8683f"));
    assert_eq!((signal.change, signal.severity.as_str()), (AlertChange::Raised, "critical"));
    assert_eq!((signal.starts_at, signal.ends_at), (Some(1_795_913_558_873), None));
    assert_eq!(signal.title, "127.0.0.1:19098 is down");
    assert_eq!(signal.source.as_deref(), Some("checkout"));
    assert_eq!(signal.group.as_ref().map(|group| &*group.title), Some("127.0.0.1:19098 is down"));
    let extra = extra(signal);
    assert_eq!(extra["labels"]["instance"], "127.0.0.1:19098");
    assert_eq!(extra["annotations"]["description"], "no scrape");
    assert_eq!(extra["runbookUrl"], "https://example.org/rb");
    assert_eq!(extra["generatorUrl"], "http://vm:19090/graph?g0.expr=up+%3D%3D+0&g0.tab=1");
    assert_eq!(extra["fingerprint"], "29efcdde4fa8683f");
    assert_eq!(extra.get("shortened"), None);
}

#[test]
fn resolved_alert_has_the_same_id_and_its_end() {
    let resolved = FIRING
        .replace("\"status\":\"firing\"", "\"status\":\"resolved\"")
        .replace("0001-01-01T00:00:00Z", "2026-11-29T00:53:38.873Z");
    let [signal] = &signals(&resolved)[..] else { panic!("one alert") };
    assert_eq!(signal.alert_id, signals(FIRING)[0].alert_id);
    assert_eq!((signal.change, signal.ends_at), (AlertChange::Cleared, Some(1_795_913_618_873)));
}

#[test]
fn equal_alerts_of_two_sources_are_two_alerts() {
    let other = alertmanager("staging", FIRING.as_bytes()).expect("a body");
    assert_ne!(other.reports, parsed(FIRING).reports);
    assert_ne!(alert_id("a", "bc"), alert_id("ab", "c"));
    assert!(alert_id("prometheus", "29efcdde4fa8683f").len() <= 64);
}

#[test]
fn recorded_body_of_grafana_is_read() {
    let [firing, resolved] = &signals(GRAFANA)[..] else { panic!("two alerts") };
    assert_eq!((firing.change, resolved.change), (AlertChange::Raised, AlertChange::Cleared));
    assert_eq!(firing.starts_at, Some(1_634_025_063_157));
    assert_eq!(firing.severity, Severity::Medium, "it says none");
    assert_eq!(firing.source.as_deref(), Some("prometheus"), "the name of the source");
    assert_eq!(extra(firing)["values"], json!({"B": 44.239_437_375_419_08, "C": 1}));
    assert!(
        extra(firing)["silenceUrl"].as_str().is_some_and(|url| url.starts_with("https://play.grafana.org/"))
    );
    assert_eq!(extra(firing).get("dashboardUrl"), None, "an empty link is none");
    assert_eq!(extra(resolved).get("values"), None);
    // Nothing in common: the first alert gives the title.
    assert_eq!(
        firing.group.as_ref().map(|group| &*group.title),
        Some("This alert was triggered for zone us-1")
    );
}

#[test]
fn unusable_alerts_are_named_and_the_others_count() {
    let mut body: Value = serde_json::from_str(FIRING).expect("JSON");
    let good = body["alerts"][0].clone();
    let with = |name: &str, value: Value| {
        let mut alert = good.clone();
        alert[name] = value;
        alert
    };
    let deep: Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
    body["alerts"] = json!([
        with("status", json!("suppressed")),
        good,
        with("labels", json!(["a"])),
        with("labels", json!({"a": 1})),
        with("startsAt", json!("soon")),
        7,
        with("labels", deep),
        with("annotations", Value::Null),
    ]);
    let parsed = parsed(&body.to_string());
    assert_eq!(parsed.reports.len(), 2);
    let unusable: Vec<_> = parsed.unusable.iter().map(ToString::to_string).collect();
    assert_eq!(unusable.len(), 6, "{unusable:?}");
    assert_eq!(unusable[0], "alerts[0].status: expected firing or resolved, found suppressed");
    assert!(unusable[1].starts_with("alerts[2].labels: expected an object"), "{}", unusable[1]);
    assert!(
        unusable[2].starts_with("alerts[3].labels.a: expected a string, found integer `1`"),
        "{}",
        unusable[2]
    );
    assert!(unusable[3].contains("alerts[4].startsAt: expected a time"), "{}", unusable[3]);
    assert!(unusable[4].starts_with("alerts[5]: expected an object"), "{}", unusable[4]);
}

#[test]
fn body_that_is_none_is_named_with_path_expected_and_found() {
    for (body, path, word) in [
        (&b"{\"alerts\": [}"[..], "body", "no JSON"),
        (b"\xff\xfe", "body", "no UTF-8"),
        (b"[]", "body", "an array"),
        (b"{}", "body", "nothing"),
        (b"{\"alerts\": 7}", "alerts", "integer `7`"),
    ] {
        let unusable = alertmanager("p", body).expect_err("refused");
        assert!(unusable.path == path && unusable.found.contains(word), "{path} {word}: {unusable}");
    }
}

#[test]
fn links_are_http_only() {
    let body = FIRING
        .replace("https://example.org/rb", "javascript:alert(1)")
        .replace("http://vm:19090/graph?g0.expr=up+%3D%3D+0&g0.tab=1", "data:text/html,x");
    let extra = extra(&signals(&body)[0]);
    assert_eq!((extra.get("runbookUrl"), extra.get("generatorUrl")), (None, None));
    assert_eq!(extra["annotations"]["runbook_url"], "javascript:alert(1)", "as a text, not as a link");
}

#[test]
fn large_alerts_are_kept_in_16_kib_and_marked() {
    let mut body: Value = serde_json::from_str(FIRING).expect("JSON");
    let labels: BTreeMap<String, String> =
        (0..20_000).map(|n| (format!("label_{n}"), "\u{1}\"x".repeat(20))).collect();
    let alert = &mut body["alerts"][0];
    alert["labels"].as_object_mut().expect("labels").extend(labels.into_iter().map(|(k, v)| (k, v.into())));
    alert["labels"]["service"] = "s".repeat(100_000).into();
    alert["annotations"]["summary"] = "\u{7}".repeat(100_000).into();
    alert["annotations"]["description"] = "long ".repeat(2_000_000).into();
    alert["generatorURL"] = format!("http://vm/{}", "x".repeat(10_000)).into();
    alert["values"] = json!({"v": "y".repeat(100_000)});
    alert["fingerprint"] = "f".repeat(100_000).into();
    let text = body.to_string();
    assert!(text.len() > 10 << 20, "{} bytes", text.len());
    let signal = signals(&text).remove(0);
    let alert = sentinelops_protocol::domain::Alert {
        id: signal.alert_id.clone(),
        change: AlertChange::Raised,
        severity: signal.severity.clone(),
        title: signal.title.clone(),
        source: signal.source.clone(),
        incident_id: Some("i".repeat(64)),
        extra: signal.extra.clone(),
    };
    // The gateway's own fields come to it.
    let bytes = encode_payload(&Payload::Alert(alert)).as_str().len() + 200;
    assert!(bytes <= 16 * 1024, "{bytes}");
    let extra = extra(&signal);
    assert_eq!(extra["shortened"], true);
    assert!(extra["annotations"]["description"].as_str().is_some_and(|text| text.ends_with('…')), "{extra}");
    assert!(extra.get("generatorUrl").is_none() && extra.get("values").is_none());
}

/// A frame with one value nested deeper than the protocol allows is refused as a whole by every client.
#[test]
fn deep_values_are_left_out() {
    let mut body: Value = serde_json::from_str(FIRING).expect("JSON");
    body["alerts"][0]["values"] = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let extra = extra(&signals(&body.to_string())[0]);
    assert_eq!((extra.get("values"), &extra["shortened"]), (None, &true.into()));
}

#[test]
fn answer_of_the_api_names_what_fires() {
    let body = br#"[{"annotations":{},"endsAt":"2026-11-29T00:56:38.873Z","fingerprint":"29efcdde4fa8683f","receivers":[{"name":"so"}],"startsAt":"2026-11-29T00:52:38.873Z","status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-29T00:52:38.873Z","generatorURL":"http://vm","labels":{"alertname":"TargetDown"}}]"#;
    let found = firing("prometheus", body).expect("an answer");
    let id = alert_id("prometheus", "29efcdde4fa8683f");
    assert_eq!(found.ids.iter().collect::<Vec<_>>(), [&id]);
    let [signal] = &found.active[..] else { panic!("{found:?}") };
    assert_eq!((&signal.alert_id, signal.change), (&id, AlertChange::Raised));
    assert_eq!((signal.starts_at, &*signal.title), (Some(1_795_913_558_873), "TargetDown"));
    let silenced = String::from_utf8_lossy(body).replace("active", "suppressed");
    let found = firing("prometheus", silenced.as_bytes()).expect("an answer");
    assert_eq!((found.ids.len(), found.active.len()), (1, 0), "it fires, and is not to be sent");
    assert!(firing("prometheus", b"{}").is_err());
}

#[test]
fn status_says_when_an_alertmanager_was_started() {
    let body = br#"{"cluster":{"peers":[],"status":"disabled"},"config":{"original":""},"uptime":"2026-11-29T00:52:38.873Z","versionInfo":{"version":"0.25.0"}}"#;
    assert_eq!(started_at(body), Ok(1_795_913_558_873));
    assert!(started_at(b"{}").is_err() && started_at(br#"{"uptime":""}"#).is_err());
}

#[test]
fn alerts_that_alertmanager_left_out_are_said() {
    let parsed = parsed(&FIRING.replace("\"truncatedAlerts\":0", "\"truncatedAlerts\":7"));
    assert_eq!((parsed.reports.len(), parsed.unusable.len()), (1, 1));
    assert!(parsed.unusable[0].to_string().contains("max_alerts"), "{}", parsed.unusable[0]);
}

proptest::proptest! {
    /// Recorded bodies with some bytes changed or gone, and bytes that are nothing: no parser panics, and what one takes
    /// has bounds.
    #[test]
    fn no_body_makes_a_parser_panic(
        cuts in proptest::collection::vec((0_usize..2_000, proptest::prelude::any::<u8>()), 0..8),
        end in 0_usize..2_000,
        noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64),
    ) {
        for recorded in [FIRING, GRAFANA] {
            let mut bytes = recorded.as_bytes().to_vec();
            for (at, byte) in &cuts {
                if let Some(place) = bytes.get_mut(*at) {
                    *place = *byte;
                }
            }
            for body in [&bytes[..], &bytes[..end.min(bytes.len())], &noise] {
                for parsed in alertmanager("p", body).into_iter() {
                    assert!(parsed.reports.iter().all(|report| match &report.what {
                        What::Alert(signal) => signal.alert_id.len() <= 64
                            && signal.extra.as_ref().is_none_or(|extra| extra.as_str().len() <= 15 * 1024),
                        What::Event(_) => false,
                    }));
                }
                let _ = firing("p", body).map(|firing| firing.ids.len());
                let _ = crate::ingest::PagerDuty::parse(body).and_then(|event| event.report("p", "k"));
                let envelope = crate::ingest::Envelope {
                    content_type: Some("application/cloudevents-batch+json".to_owned()),
                    attributes: Vec::new(),
                };
                let _ = crate::ingest::cloudevents("p", &envelope, body, 1);
            }
        }
    }
}
