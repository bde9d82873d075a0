//! What the settings amount to, checked together.

use super::ingest::{IngestOptions, ingest_options};
use super::keys::{KeyOptions, key_options};
use super::limits::{LimitOptions, limits};
use super::nats::nats_options;
use super::scenario::{ScenarioOptions, scenario_options};
use super::storage::{StorageOptions, storage_options};
use super::{ConfigErrors, LogFormat, Network, Origin, Origins, Settings};
use crate::nats::NatsOptions;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use tracing_subscriber::filter::EnvFilter;

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Who is asked for a token.
    pub entry: Entry,
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
    /// What is kept.
    pub storage: StorageOptions,
    /// Keep it in the log of many gateways instead.
    pub nats: Option<NatsOptions>,
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

/// Who may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Those with a token that these keys confirm.
    Tokens(KeyOptions),
    /// Everybody on this machine (`--dev`).
    Dev,
    /// Everybody on this machine, and the gateway speaks the basic protocol (`--mock`).
    Mock,
}

impl Entry {
    /// How tokens are checked, if they are.
    pub fn keys(&self) -> Option<&KeyOptions> {
        match self {
            Self::Tokens(keys) => Some(keys),
            Self::Dev | Self::Mock => None,
        }
    }

    /// Where nobody is asked for a token: the flag that says so.
    fn flag(&self) -> Option<&'static str> {
        match self {
            Self::Tokens(_) => None,
            Self::Dev => Some("--dev"),
            Self::Mock => Some("--mock"),
        }
    }
}

const NO_KEY: &str = "there is no key to check tokens with, so nobody could connect. Give --jwt-key FILE (a secret, a \
    PEM key or a JWKS) or --jwks-url URL, and with it --audience, --issuer and --origin; or, to try it on this machine \
    only, --dev (no tokens) or --mock (basic protocol)";
const NO_ORIGIN: &str = "no page could connect: serve the console from here with --serve DIR, or name its origin with \
    --origin, such as --origin https://ops.example.com";

impl NatsOptions {
    /// The settings of the log alone, as `gateway status`, `export` and `import` need them.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn of(settings: &Settings) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        match log_options(settings, &mut errors) {
            Some(options) if errors.is_empty() => Ok(options),
            None if errors.is_empty() => {
                Err(ConfigErrors(vec!["give --nats URL: the servers of the log".to_owned()]))
            }
            _ => Err(ConfigErrors(errors)),
        }
    }
}

fn log_options(settings: &Settings, errors: &mut Vec<String>) -> Option<NatsOptions> {
    let others = [
        ("--data", settings.storage.data.is_some()),
        ("--mock", settings.mock == Some(true)),
        ("--import-journal", settings.storage.import_journal.is_some()),
    ];
    let others = others.into_iter().filter(|(_, is_given)| *is_given).map(|(flag, _)| flag);
    nats_options(&settings.nats, others, errors)
}

impl Options {
    /// Checks settings together.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn new(settings: Settings) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let host = settings.host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let has_key = settings.keys.jwt_key.is_some() || settings.keys.jwks_url.is_some();
        // `None`: what would have to be asked for is missing or wrong.
        let entry = match (settings.dev == Some(true), settings.mock == Some(true)) {
            (_, true) => Some(Entry::Mock),
            (true, false) => Some(Entry::Dev),
            (false, false) if has_key => key_options(&settings.keys, &mut errors).map(Entry::Tokens),
            (false, false) => {
                errors.push(NO_KEY.to_owned());
                None
            }
        };
        let open = entry.as_ref().and_then(Entry::flag);
        if let Some(flag) = open {
            if has_key {
                errors.push(format!(
                    "{flag} checks no tokens: leave it out, or leave out --jwt-key and --jwks-url"
                ));
            }
            loopback_only(flag, host, &mut errors);
        }
        let serves = settings.pages.serve.is_some();
        if open.is_none() && has_key && settings.pages.origin.is_empty() && !serves {
            errors.push(NO_ORIGIN.to_owned());
        }
        let origins = Origins {
            listed: origins(&settings.pages.origin, &mut errors),
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
        let nats = log_options(&settings, &mut errors);
        let ingest = ingest_options(&settings.ingest, open, &mut errors);
        let scenario = scenario_options(&settings.scenario, settings.mock == Some(true), &mut errors);
        let limits = limits(&settings.limits, open.is_some(), &mut errors);
        let storage = storage_options(settings.storage, &mut errors);
        let entry = match entry {
            Some(entry) if errors.is_empty() => entry,
            _ => return Err(ConfigErrors(errors)),
        };
        Ok(Self {
            host,
            entry,
            port: settings.port.unwrap_or(3001),
            trust_user: open.is_some() && settings.trust_user != Some(false),
            origins,
            serve: settings.pages.serve,
            trusted_proxies: settings.pages.trusted_proxies,
            scenario,
            drain_window_ms: settings.drain_window_ms.unwrap_or(2_000),
            reconnect_window_ms: settings.reconnect_window_ms.unwrap_or(0),
            limits,
            storage,
            nats,
            ops_addr: settings.ops_addr,
            log_format: settings.log_format.unwrap_or_default(),
            log,
            test_admin,
            ingest,
        })
    }
}

fn origins(texts: &[String], errors: &mut Vec<String>) -> Vec<Origin> {
    let read = |text: &String| Origin::parse(text).map_err(|error| errors.push(error)).ok();
    texts.iter().filter_map(read).collect()
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
    use super::super::keys::KeySettings;
    use super::super::limits::LimitSettings;
    use super::super::origin::PageSettings;
    use super::super::scenario::ScenarioSettings;
    use super::super::storage::StorageSettings;
    use super::*;

    fn errors(settings: Settings) -> Vec<String> {
        Options::new(settings)
            .map(|options| panic!("accepted: {options:?}"))
            .unwrap_or_else(|errors| errors.0)
    }

    fn pages(origin: &str) -> PageSettings {
        PageSettings { origin: vec![origin.to_owned()], ..PageSettings::default() }
    }

    fn with_key() -> Settings {
        Settings {
            keys: KeySettings {
                jwt_key: Some("key".into()),
                audience: vec!["ops".to_owned()],
                issuer: Some("https://id.example".to_owned()),
                ..KeySettings::default()
            },
            pages: pages("https://ops.example"),
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
            keys: KeySettings {
                jwt_alg: Some("none".to_owned()),
                jwt_key: Some("key".into()),
                ..KeySettings::default()
            },
            pages: pages("ops"),
            scenario: ScenarioSettings { rate: Some(-1.0), ..ScenarioSettings::default() },
            storage: StorageSettings { keep_history: Some(0), ..StorageSettings::default() },
            limits: LimitSettings {
                message_rate: Some(-2.0),
                user_message_rate: Some(-3.0),
                send_buffer: Some(1),
                ..LimitSettings::default()
            },
            trust_user: Some(true),
            ..Settings::default()
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
        let one = errors(Settings { pages: PageSettings::default(), ..with_key() });
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
            scenario: ScenarioSettings { scenario: Some(true), seed: Some(7), ..ScenarioSettings::default() },
            dev: Some(false),
            ..Settings::default()
        };
        let options = Options::new(flags.over(file)).expect("a configuration");
        assert_eq!((options.port, options.entry), (1, Entry::Dev));
        assert_eq!(options.scenario, Some(ScenarioOptions { rate: 2.0, seed: 7 }));
        assert!(options.trust_user && options.origins.loopback);
    }
}
