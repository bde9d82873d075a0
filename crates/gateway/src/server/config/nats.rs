//! The log of many gateways.

use super::{ConfigErrors, Settings};
use crate::core::RECORD_VERSION;
use crate::nats::{NAMESPACE, NatsOptions, RECORD_LAYOUT};
use async_nats::ServerAddr;

impl NatsOptions {
    /// The settings of the log alone, as `gateway status`, `export` and `import` need them.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn of(settings: &Settings) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        match nats_options(settings, &mut errors) {
            Some(options) if errors.is_empty() => Ok(options),
            None if errors.is_empty() => {
                Err(ConfigErrors(vec!["give --nats URL: the servers of the log".to_owned()]))
            }
            _ => Err(ConfigErrors(errors)),
        }
    }
}

pub(super) fn nats_options(settings: &Settings, errors: &mut Vec<String>) -> Option<NatsOptions> {
    let before = errors.len();
    if settings.nats.is_empty() {
        let given = [
            ("--nats-namespace", settings.nats_namespace.is_some()),
            ("--nats-replicas", settings.nats_replicas.is_some()),
            ("--nats-record-layout", settings.nats_record_layout.is_some()),
            ("--nats-ca", settings.nats_ca.is_some()),
            ("--nats-cert", settings.nats_cert.is_some()),
            ("--nats-key", settings.nats_key.is_some()),
            ("--nats-creds", settings.nats_creds.is_some()),
            ("--nats-user", settings.nats_user.is_some()),
            ("--nats-password", settings.nats_password.is_some()),
            ("--nats-token", settings.nats_token.is_some()),
        ];
        for (flag, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            errors.push(format!("{flag} goes with --nats URL"));
        }
        return None;
    }
    for (flag, is_given) in [
        ("--data", settings.data.is_some()),
        ("--mock", settings.mock == Some(true)),
        ("--import-journal", settings.import_journal.is_some()),
    ] {
        if is_given {
            errors.push(format!("--nats keeps everything in the log of NATS: leave out {flag}"));
        }
    }
    let mut urls = Vec::new();
    for text in &settings.nats {
        match text.parse::<ServerAddr>() {
            Ok(url) if !matches!(url.scheme(), "nats" | "tls") => errors.push(format!(
                "--nats {}://…: nats:// and tls:// are allowed, such as nats://10.0.0.1:4222",
                url.scheme()
            )),
            Ok(url) if url.has_user_pass() => errors.push(
                "--nats with a password in it would show it to every user of this machine: give --nats-user, and \
                 SENTINELOPS_NATS_PASSWORD in the environment"
                    .to_owned(),
            ),
            Ok(url) => urls.push(url),
            Err(error) => errors.push(format!(
                "--nats is {text:?}: {error}; a URL such as nats://10.0.0.1:4222 is allowed"
            )),
        }
    }
    let namespace = settings.nats_namespace.clone().unwrap_or_else(|| NAMESPACE.to_owned());
    let is_name = |text: &str| {
        (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !is_name(&namespace) {
        errors.push(format!("nats_namespace is {namespace:?}: 1 to 32 letters, digits, - and _ are allowed"));
    }
    let replicas = settings.nats_replicas.unwrap_or(1);
    if !matches!(replicas, 1 | 3 | 5) {
        errors.push(format!("nats_replicas is {replicas}: 1, 3 or 5 are allowed"));
    }
    let newest_layout = settings.test_newest_layout.unwrap_or(RECORD_VERSION);
    let layout = settings.nats_record_layout.unwrap_or(RECORD_LAYOUT);
    if !(1..=newest_layout).contains(&layout) {
        errors.push(format!("nats_record_layout is {layout}: 1 to {newest_layout} are allowed"));
    }
    for (one, other, is_half) in [
        ("--nats-cert", "--nats-key", settings.nats_cert.is_some() != settings.nats_key.is_some()),
        ("--nats-user", "--nats-password", settings.nats_user.is_some() != settings.nats_password.is_some()),
    ] {
        if is_half {
            errors.push(format!("{one} and {other} go together"));
        }
    }
    let ways = [settings.nats_creds.is_some(), settings.nats_user.is_some(), settings.nats_token.is_some()];
    if ways.into_iter().filter(|is_given| *is_given).count() > 1 {
        errors.push("give one of --nats-creds, --nats-user and --nats-token".to_owned());
    }
    (errors.len() == before).then(|| NatsOptions {
        urls,
        namespace,
        replicas,
        ca: settings.nats_ca.clone(),
        certificate: settings.nats_cert.clone(),
        key: settings.nats_key.clone(),
        credentials: settings.nats_creds.clone(),
        user: settings.nats_user.clone(),
        password: settings.nats_password.clone(),
        token: settings.nats_token.clone(),
        layout,
        newest_layout,
    })
}
