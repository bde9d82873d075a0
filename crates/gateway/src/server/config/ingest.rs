//! `[[ingest]]`: where alerts come from.

use crate::{IncidentRule, Source};
use sentinelops_protocol::domain::Severity;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// After this time without a repeat an alert of Alertmanager is marked stale: twice its default `repeat_interval` and
/// something over.
const STALE_ALERTMANAGER_MS: u64 = 9 * 3_600_000;
/// Between two looks at the alerts of an Alertmanager.
const RECONCILE_EVERY: Duration = Duration::from_secs(60);
/// Longest name, characters.
const MOST_NAME: usize = 40;

/// A table `[[ingest]]` as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestSettings {
    /// Path of its URL (`/ingest/NAME`), and how the source is called.
    pub name: Option<String>,
    /// `alertmanager` (Grafana, too), `pagerduty` or `cloudevents`.
    pub kind: Option<String>,
    /// File with the token that the source has to bring; read again at SIGHUP.
    pub token_file: Option<PathBuf>,
    /// `group` (the default), `alert` or `none`.
    pub incident: Option<String>,
    /// Least severity of an alert that opens an incident; `high` by default.
    pub min_severity: Option<String>,
    /// Whether an incident nobody touched is resolved with its last alert; `true` by default.
    pub auto_resolve: Option<bool>,
    /// The source sends at least this often; else an alert says so. By default nothing is expected.
    pub expect_every: Option<String>,
    /// An alert not repeated for this long is marked stale; `9h` by default for `alertmanager`, else never.
    pub stale_after: Option<String>,
    /// Address of the Alertmanager, for finding clears that got lost.
    pub reconcile_url: Option<String>,
    /// How often it is asked; `1m` by default.
    pub reconcile_every: Option<String>,
}

/// What a source speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IngestKind {
    /// The webhook of Alertmanager and of Grafana.
    Alertmanager,
    /// PagerDuty's Events API v2.
    PagerDuty,
    /// CloudEvents 1.0 over HTTP.
    CloudEvents,
}

/// Where the alerts that fire can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconcile {
    /// Address of the Alertmanager, without a slash at its end.
    pub url: String,
    /// Between two questions.
    pub every: Duration,
}

/// A source of alerts, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestOptions {
    /// Its rules.
    pub source: Source,
    /// What it speaks.
    pub kind: IngestKind,
    /// File with its token. `None` with `--dev` only.
    pub token_file: Option<PathBuf>,
    /// Where the alerts that fire can be asked for.
    pub reconcile: Option<Reconcile>,
}

/// Checks the tables. `open` is the flag with which no tokens are checked.
pub(super) fn ingest_options(
    tables: &[IngestSettings],
    open: Option<&str>,
    errors: &mut Vec<String>,
) -> Vec<IngestOptions> {
    if open == Some("--mock") && !tables.is_empty() {
        errors.push("[[ingest]] goes with the v1 protocol: leave it out, or leave out --mock".to_owned());
    }
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let name = table.name.clone().unwrap_or_default();
        let place =
            if name.is_empty() { format!("[[ingest]] number {}", at + 1) } else { format!("ingest {name}") };
        let mut table = Table { place, errors: &mut *errors };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if !(1..=MOST_NAME).contains(&name.len()) || !name.chars().all(is_name) {
            table.wrong("name", &name, "1 to 40 letters, digits, - and _");
        } else if !names.insert(name.clone()) {
            table.wrong("name", &name, "another name, because one stands for one source");
        }
        all.extend(table.read(name, &tables[at], open.is_some()));
    }
    all
}

struct Table<'a> {
    place: String,
    errors: &'a mut Vec<String>,
}

impl Table<'_> {
    fn wrong(&mut self, key: &str, found: &str, allowed: &str) {
        self.errors.push(format!("{}: {key} is {found:?}: {allowed} is allowed", self.place));
    }

    fn read(&mut self, name: String, table: &IngestSettings, is_open: bool) -> Option<IngestOptions> {
        let kinds = [
            ("alertmanager", IngestKind::Alertmanager),
            ("pagerduty", IngestKind::PagerDuty),
            ("cloudevents", IngestKind::CloudEvents),
        ];
        let rules =
            [("group", IncidentRule::Group), ("alert", IncidentRule::Alert), ("none", IncidentRule::None)];
        let severities =
            [Severity::Low, Severity::Medium, Severity::High, Severity::Critical].map(|s| (s.clone(), s));
        let severities = severities.each_ref().map(|(name, severity)| (name.as_str(), severity.clone()));
        let kind = self.one_of("kind", table.kind.as_deref(), &kinds);
        if kind.is_none() && table.kind.is_none() {
            self.errors.push(format!(
                "{}: kind is missing: alertmanager, pagerduty or cloudevents is allowed",
                self.place
            ));
        }
        if table.token_file.is_none() && !is_open {
            self.errors.push(format!(
                "{}: token_file is missing: name a file with the token that the source has to bring",
                self.place
            ));
        }
        let incident = self.one_of("incident", table.incident.as_deref(), &rules).unwrap_or_default();
        let min_severity = self.one_of("min_severity", table.min_severity.as_deref(), &severities);
        let expect_every = self.duration("expect_every", table.expect_every.as_deref());
        let stale_after = self.duration("stale_after", table.stale_after.as_deref());
        let reconcile_every = self.duration("reconcile_every", table.reconcile_every.as_deref());
        let url = table.reconcile_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &url {
            if !url.starts_with("http://") && !url.starts_with("https://") {
                self.wrong("reconcile_url", url, "a URL that begins with http:// or https://");
            }
            if kind.is_some_and(|kind| kind != IngestKind::Alertmanager) {
                self.wrong("reconcile_url", url, "this key with kind = \"alertmanager\" only");
            }
        }
        let kind = kind?;
        let stale_default = (kind == IngestKind::Alertmanager).then_some(STALE_ALERTMANAGER_MS);
        let source = Source {
            incident,
            min_severity: min_severity.unwrap_or(Severity::High),
            auto_resolve: table.auto_resolve.unwrap_or(true),
            expect_every_ms: expect_every.map(ms),
            stale_after_ms: stale_after.map(ms).or(stale_default),
            ..Source::new(name)
        };
        let every = reconcile_every.unwrap_or(RECONCILE_EVERY);
        let reconcile = url.map(|url| Reconcile { url, every });
        Some(IngestOptions { source, kind, token_file: table.token_file.clone(), reconcile })
    }

    fn one_of<T: Clone>(&mut self, key: &str, found: Option<&str>, allowed: &[(&str, T)]) -> Option<T> {
        let found = found?;
        let known = allowed.iter().find(|(name, _)| *name == found).map(|(_, value)| value.clone());
        if known.is_none() {
            let names: Vec<_> = allowed.iter().map(|(name, _)| *name).collect();
            self.wrong(key, found, &names.join(", "));
        }
        known
    }

    fn duration(&mut self, key: &str, found: Option<&str>) -> Option<Duration> {
        let found = found?;
        let duration = duration(found).filter(|duration| !duration.is_zero());
        if duration.is_none() {
            self.wrong(key, found, "a number with s, m, h or d, such as 90s or 5m,");
        }
        duration
    }
}

fn duration(text: &str) -> Option<Duration> {
    let (digits, unit_s) = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let seconds = digits.parse::<u32>().ok().filter(|_| is_number)?;
    Some(Duration::from_secs(u64::from(seconds) * unit_s))
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for IngestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alertmanager => "alertmanager",
            Self::PagerDuty => "pagerduty",
            Self::CloudEvents => "cloudevents",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(kind: &str) -> IngestSettings {
        IngestSettings {
            name: Some("prom-1".to_owned()),
            kind: Some(kind.to_owned()),
            token_file: Some("token".into()),
            ..IngestSettings::default()
        }
    }

    fn errors(tables: &[IngestSettings], open: Option<&str>) -> Vec<String> {
        let mut errors = Vec::new();
        ingest_options(tables, open, &mut errors);
        errors
    }

    #[test]
    fn table_has_defaults() {
        let mut errors = Vec::new();
        let all = ingest_options(
            &[table("alertmanager"), IngestSettings { name: Some("pd".to_owned()), ..table("pagerduty") }],
            None,
            &mut errors,
        );
        assert_eq!(errors, [""; 0]);
        let [am, pd] = &all[..] else { panic!("{all:?}") };
        assert_eq!((am.kind, am.source.incident), (IngestKind::Alertmanager, IncidentRule::Group));
        assert_eq!((&am.source.min_severity, am.source.auto_resolve), (&Severity::High, true));
        assert_eq!((am.source.stale_after_ms, pd.source.stale_after_ms), (Some(32_400_000), None));
        assert_eq!((am.source.expect_every_ms, &am.reconcile), (None, &None));
    }

    #[test]
    fn everything_that_is_wrong_names_key_found_and_allowed() {
        let mut wrong = table("nagios");
        wrong.name = Some("a b".to_owned());
        wrong.incident = Some("all".to_owned());
        wrong.min_severity = Some("warning".to_owned());
        wrong.expect_every = Some("5".to_owned());
        wrong.stale_after = Some("0s".to_owned());
        wrong.reconcile_url = Some("vm:9093".to_owned());
        wrong.token_file = None;
        let all = errors(&[wrong, IngestSettings::default()], None);
        for words in [
            "name is \"a b\": 1 to 40 letters",
            "kind is \"nagios\": alertmanager, pagerduty, cloudevents is allowed",
            "incident is \"all\": group, alert, none is allowed",
            "min_severity is \"warning\": low, medium, high, critical is allowed",
            "expect_every is \"5\": a number with s, m, h or d",
            "stale_after is \"0s\"",
            "reconcile_url is \"vm:9093\"",
            "ingest a b: token_file is missing",
            "[[ingest]] number 2: kind is missing",
        ] {
            assert!(all.iter().any(|error| error.contains(words)), "{words}: {all:#?}");
        }
    }

    #[test]
    fn names_are_used_once_and_other_kinds_have_no_api_to_ask() {
        let asked = IngestSettings { reconcile_url: Some("http://a".to_owned()), ..table("pagerduty") };
        let all = errors(&[asked, table("alertmanager")], None);
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all[0].contains("alertmanager") && all[1].contains("another name"), "{all:?}");
    }

    #[test]
    fn token_may_be_left_out_on_this_machine_only() {
        let without = IngestSettings { token_file: None, ..table("alertmanager") };
        assert_eq!(errors(std::slice::from_ref(&without), Some("--dev")), [""; 0]);
        assert_eq!(errors(std::slice::from_ref(&without), Some("--mock")).len(), 1);
        assert_eq!(errors(&[without], None).len(), 1);
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7_200)));
        for text in ["", "s", "5", "-1s", "+1s", "1.5h", "5 m", "1w"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
