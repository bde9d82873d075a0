//! What the settings amount to, checked together.

use super::ingest::{IngestOptions, ingest_options};
use super::keys::{KeyOptions, key_options};
use super::limits::{LimitOptions, limits};
use super::nats::nats_options;
use super::{ConfigErrors, LogFormat, Network, Origin, Origins, Settings};
use crate::nats::NatsOptions;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use tracing_subscriber::filter::EnvFilter;

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// How tokens are checked. `None` with `--dev` and `--mock`: anybody on this machine may connect.
    pub keys: Option<KeyOptions>,
    /// Speak the basic protocol.
    pub mock: bool,
    /// `?user=` of the URL says who it is.
    pub trust_user: bool,
    /// Which pages may connect.
    pub origins: Origins,
    /// Serve the console that was built into this folder.
    pub serve: Option<PathBuf>,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<Network>,
    /// The made-up operations day, if it is to run.
    pub scenario: Option<ScenarioOptions>,
    /// Spread of the clients' return after a planned stop, ms.
    pub drain_window_ms: u64,
    /// The same after any other loss, ms.
    pub reconnect_window_ms: u64,
    /// What it takes on.
    pub limits: LimitOptions,
    /// Keep everything that was acknowledged in this folder.
    pub data: Option<PathBuf>,
    /// Keep it in the log of many gateways instead.
    pub nats: Option<NatsOptions>,
    /// With `data`: hours of history.
    pub keep_history: u64,
    /// With `data`: resolved incidents and cleared alerts kept.
    pub keep_finished: u64,
    /// With a new `data`: the journal to take over.
    pub import_journal: Option<PathBuf>,
    /// Where health and metrics are; `None`: `/healthz` is on the gateway's own port, metrics are nowhere.
    pub ops_addr: Option<SocketAddr>,
    /// What a line of the log looks like.
    pub log_format: LogFormat,
    /// What is logged: directives of `tracing_subscriber::EnvFilter`.
    pub log: String,
    /// Requests under `/admin`, for tests.
    pub test_admin: bool,
    /// Where alerts come from.
    pub ingest: Vec<IngestOptions>,
}

/// How the made-up operations day runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScenarioOptions {
    /// Events per second on average.
    pub rate: f64,
    /// The same seed gives the same story.
    pub seed: u64,
}

const NO_KEY: &str = "there is no key to check tokens with, so nobody could connect. Give --jwt-key FILE (a secret, a \
    PEM key or a JWKS) or --jwks-url URL, and with it --audience, --issuer and --origin; or, to try it on this machine \
    only, --dev (no tokens) or --mock (basic protocol)";
const NO_ORIGIN: &str = "no page could connect: serve the console from here with --serve DIR, or name its origin with \
    --origin, such as --origin https://ops.example.com";

impl Options {
    /// Checks settings together.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn new(settings: Settings) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let host = settings.host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let (dev, mock) = (settings.dev == Some(true), settings.mock == Some(true));
        let open = match (dev, mock) {
            (_, true) => Some("--mock"),
            (true, false) => Some("--dev"),
            _ => None,
        };
        let has_key = settings.jwt_key.is_some() || settings.jwks_url.is_some();
        let mut keys = None;
        match open {
            Some(flag) => {
                if has_key {
                    errors.push(format!(
                        "{flag} checks no tokens: leave it out, or leave out --jwt-key and --jwks-url"
                    ));
                }
                loopback_only(flag, host, &mut errors);
            }
            None if has_key => keys = key_options(&settings, &mut errors),
            None => errors.push(NO_KEY.to_owned()),
        }
        let serves = settings.serve.is_some();
        if open.is_none() && has_key && settings.origin.is_empty() && !serves {
            errors.push(NO_ORIGIN.to_owned());
        }
        let origins = Origins {
            listed: origins(&settings.origin, &mut errors),
            loopback: open.is_some(),
            // Where no token is asked for, a foreign name that leads to this machine must not do.
            own: serves && open.is_none(),
        };
        if settings.trust_user == Some(true) && open.is_none() {
            errors.push("--trust-user lets anybody be anybody: it goes with --dev only".to_owned());
        }
        let test_admin = settings.test_admin == Some(true);
        if test_admin {
            loopback_only("--test-admin", host, &mut errors);
        }
        let log = settings.log.clone().unwrap_or_else(|| "info".to_owned());
        if let Err(error) = EnvFilter::try_new(&log) {
            errors.push(format!(
                "log is {log:?}: {error}; a level (error, warn, info, debug, trace) or directives such as \
                 info,hyper=debug are allowed"
            ));
        }
        if settings.import_journal.is_some() && settings.data.is_none() {
            errors.push(
                "--import-journal goes with --data DIR: the journal is taken over into that folder"
                    .to_owned(),
            );
        }
        let nats = nats_options(&settings, &mut errors);
        let ingest = ingest_options(&settings.ingest, open, &mut errors);
        let scenario = scenario_options(&settings, &mut errors);
        let limits = limits(&settings, open.is_some(), &mut errors);
        let keep_history =
            within("keep_history", settings.keep_history.unwrap_or(24), &(1..=8_760), &mut errors);
        let keep_finished =
            within("keep_finished", settings.keep_finished.unwrap_or(200), &(1..=100_000), &mut errors);
        if !errors.is_empty() {
            return Err(ConfigErrors(errors));
        }
        Ok(Self {
            host,
            port: settings.port.unwrap_or(3001),
            keys,
            mock,
            trust_user: open.is_some() && settings.trust_user != Some(false),
            origins,
            serve: settings.serve,
            trusted_proxies: settings.trusted_proxies,
            scenario,
            drain_window_ms: settings.drain_window_ms.unwrap_or(2_000),
            reconnect_window_ms: settings.reconnect_window_ms.unwrap_or(0),
            limits,
            data: settings.data,
            nats,
            keep_history,
            keep_finished,
            import_journal: settings.import_journal,
            ops_addr: settings.ops_addr,
            log_format: settings.log_format.unwrap_or_default(),
            log,
            test_admin,
            ingest,
        })
    }
}

fn scenario_options(settings: &Settings, errors: &mut Vec<String>) -> Option<ScenarioOptions> {
    let runs = settings.scenario == Some(true);
    for (key, is_given) in [("rate", settings.rate.is_some()), ("seed", settings.seed.is_some())] {
        if is_given && !runs {
            errors.push(format!("--{key} is about the made-up operations day: it goes with --scenario"));
        }
    }
    if runs && settings.mock == Some(true) {
        errors.push("--mock has no scenario: leave out --scenario".to_owned());
    }
    let rate = within("rate", settings.rate.unwrap_or(2.0), &(0.0..=100_000.0), errors);
    runs.then(|| ScenarioOptions { rate, seed: settings.seed.unwrap_or(1) })
}

fn origins(texts: &[String], errors: &mut Vec<String>) -> Vec<Origin> {
    let read = |text: &String| Origin::parse(text).map_err(|error| errors.push(error)).ok();
    texts.iter().filter_map(read).collect()
}

pub(super) fn within<T: PartialOrd + Copy + fmt::Display>(
    key: &str,
    value: T,
    range: &RangeInclusive<T>,
    errors: &mut Vec<String>,
) -> T {
    if !range.contains(&value) {
        errors.push(format!(
            "{key} is {value}: a number from {} to {} is allowed",
            range.start(),
            range.end()
        ));
    }
    value
}

fn loopback_only(flag: &str, host: IpAddr, errors: &mut Vec<String>) {
    if !host.to_canonical().is_loopback() {
        errors.push(format!(
            "{flag} with --host {host} would let anybody on the network in: it is for a loopback address (127.0.0.1) only"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(settings: Settings) -> Vec<String> {
        Options::new(settings)
            .map(|options| panic!("accepted: {options:?}"))
            .unwrap_or_else(|errors| errors.0)
    }

    fn with_key() -> Settings {
        Settings {
            jwt_key: Some("key".into()),
            audience: vec!["ops".to_owned()],
            issuer: Some("https://id.example".to_owned()),
            origin: vec!["https://ops.example".to_owned()],
            ..Settings::default()
        }
    }

    #[test]
    fn without_a_key_it_says_what_to_do() {
        let all = errors(Settings::default());
        assert!(all.len() == 1 && all[0].contains("--jwt-key") && all[0].contains("--dev"), "{all:?}");
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let all = errors(Settings {
            jwt_alg: Some("none".to_owned()),
            audience: Vec::new(),
            issuer: None,
            origin: vec!["ops".to_owned()],
            rate: Some(-1.0),
            keep_history: Some(0),
            message_rate: Some(-2.0),
            user_message_rate: Some(-3.0),
            send_buffer: Some(1),
            trust_user: Some(true),
            ..with_key()
        });
        let words = [
            "jwt_alg",
            "--audience",
            "--issuer",
            "origin \"ops\"",
            "--trust-user",
            "--rate is about",
            "rate is -1",
            "keep_history is 0",
            "message_rate is -2",
            "user_message_rate is -3",
            "send_buffer is 1",
        ];
        for word in words {
            assert!(all.iter().any(|error| error.contains(word)), "{word}: {all:?}");
        }
        let one = errors(Settings { origin: Vec::new(), ..with_key() });
        assert!(one.len() == 1 && one[0].contains("--origin https://"), "{one:?}");
    }

    #[test]
    fn what_asks_for_no_token_stays_on_this_machine() {
        let host = Some("0.0.0.0".parse().expect("ip"));
        for settings in [
            Settings { dev: Some(true), host, ..Settings::default() },
            Settings { mock: Some(true), host, ..Settings::default() },
            Settings { test_admin: Some(true), host, ..with_key() },
        ] {
            let all = errors(settings);
            assert!(all.len() == 1 && all[0].contains("loopback"), "{all:?}");
        }
        assert!(Options::new(Settings { host, ..with_key() }).is_ok());
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let flags = Settings { port: Some(1), dev: Some(true), ..Settings::default() };
        let file = Settings {
            port: Some(2),
            scenario: Some(true),
            seed: Some(7),
            dev: Some(false),
            ..Settings::default()
        };
        let options = Options::new(flags.over(file)).expect("a configuration");
        assert_eq!((options.port, options.keys), (1, None));
        assert_eq!(options.scenario, Some(ScenarioOptions { rate: 2.0, seed: 7 }));
        assert!(options.trust_user && options.origins.loopback);
    }
}
