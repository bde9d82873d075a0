//! The log of many gateways.

use super::values::list;
use crate::core::RECORD_VERSION;
use crate::nats::{NAMESPACE, NatsOptions, RECORD_LAYOUT};
use async_nats::ServerAddr;
use serde::Deserialize;
use std::path::PathBuf;

/// The log of many gateways.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
pub struct NatsSettings {
    /// Keep everything in the JetStream of these NATS servers, such as `nats://10.0.0.1:4222`, and be one service with every
    /// other gateway that does; several servers of one NATS separated by commas
    #[arg(long, env = "SENTINELOPS_NATS", value_name = "URL", value_delimiter = ',', global = true)]
    #[serde(default)]
    pub nats: Vec<String>,
    /// With --nats: gateways of one namespace are one service; letters, digits, `-` and `_` [default: main]
    #[arg(long, env = "SENTINELOPS_NATS_NAMESPACE", value_name = "NAME", global = true)]
    pub nats_namespace: Option<String>,
    /// With --nats: copies of each stream when it is made: 1, 3 or 5 [default: 1]
    #[arg(long, env = "SENTINELOPS_NATS_REPLICAS", value_name = "N", global = true)]
    pub nats_replicas: Option<usize>,
    /// With --nats: layout of the records that are written [default: 1]; name a later one when no gateway of an earlier
    /// version works on the log any more
    #[arg(long, env = "SENTINELOPS_NATS_RECORD_LAYOUT", value_name = "N", global = true)]
    pub nats_record_layout: Option<u8>,
    /// With --nats: the authority that signed the servers' certificates, a PEM file; asks for TLS
    #[arg(long, env = "SENTINELOPS_NATS_CA", value_name = "FILE", global = true)]
    pub nats_ca: Option<PathBuf>,
    /// With --nats: the certificate that this gateway shows, a PEM file; goes with --nats-key
    #[arg(long, env = "SENTINELOPS_NATS_CERT", value_name = "FILE", global = true)]
    pub nats_cert: Option<PathBuf>,
    /// With --nats: the key of --nats-cert, a PEM file
    #[arg(long, env = "SENTINELOPS_NATS_KEY", value_name = "FILE", global = true)]
    pub nats_key: Option<PathBuf>,
    /// With --nats: a credentials file (JWT and seed)
    #[arg(long, env = "SENTINELOPS_NATS_CREDS", value_name = "FILE", global = true)]
    pub nats_creds: Option<PathBuf>,
    /// With --nats: a user; goes with --nats-password
    #[arg(long, env = "SENTINELOPS_NATS_USER", value_name = "USER", global = true)]
    pub nats_user: Option<String>,
    /// With --nats: the password of --nats-user; better given by the environment, where other users do not see it
    #[arg(
        long,
        env = "SENTINELOPS_NATS_PASSWORD",
        hide_env_values = true,
        value_name = "TEXT",
        global = true
    )]
    pub nats_password: Option<String>,
    /// With --nats: a token; better given by the environment
    #[arg(long, env = "SENTINELOPS_NATS_TOKEN", hide_env_values = true, value_name = "TEXT", global = true)]
    pub nats_token: Option<String>,
    /// For tests: plays a later version, which reads layouts of records up to this one
    #[arg(long, value_name = "N", hide = true)]
    #[serde(skip)]
    pub test_newest_layout: Option<u8>,
}

impl NatsSettings {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            nats: list(self.nats, below.nats),
            nats_namespace: self.nats_namespace.or(below.nats_namespace),
            nats_replicas: self.nats_replicas.or(below.nats_replicas),
            nats_record_layout: self.nats_record_layout.or(below.nats_record_layout),
            nats_ca: self.nats_ca.or(below.nats_ca),
            nats_cert: self.nats_cert.or(below.nats_cert),
            nats_key: self.nats_key.or(below.nats_key),
            nats_creds: self.nats_creds.or(below.nats_creds),
            nats_user: self.nats_user.or(below.nats_user),
            nats_password: self.nats_password.or(below.nats_password),
            nats_token: self.nats_token.or(below.nats_token),
            test_newest_layout: self.test_newest_layout.or(below.test_newest_layout),
        }
    }
}

/// `others`: flags that are given and keep something elsewhere.
pub(super) fn nats_options(
    log: &NatsSettings,
    others: impl Iterator<Item = &'static str>,
    errors: &mut Vec<String>,
) -> Option<NatsOptions> {
    let before = errors.len();
    if log.nats.is_empty() {
        let given = [
            ("--nats-namespace", log.nats_namespace.is_some()),
            ("--nats-replicas", log.nats_replicas.is_some()),
            ("--nats-record-layout", log.nats_record_layout.is_some()),
            ("--nats-ca", log.nats_ca.is_some()),
            ("--nats-cert", log.nats_cert.is_some()),
            ("--nats-key", log.nats_key.is_some()),
            ("--nats-creds", log.nats_creds.is_some()),
            ("--nats-user", log.nats_user.is_some()),
            ("--nats-password", log.nats_password.is_some()),
            ("--nats-token", log.nats_token.is_some()),
        ];
        for (flag, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            errors.push(format!("{flag} goes with --nats URL"));
        }
        return None;
    }
    for flag in others {
        errors.push(format!("--nats keeps everything in the log of NATS: leave out {flag}"));
    }
    let mut urls = Vec::new();
    for text in &log.nats {
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
    let namespace = log.nats_namespace.clone().unwrap_or_else(|| NAMESPACE.to_owned());
    let is_name = |text: &str| {
        (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if !is_name(&namespace) {
        errors.push(format!("nats_namespace is {namespace:?}: 1 to 32 letters, digits, - and _ are allowed"));
    }
    let replicas = log.nats_replicas.unwrap_or(1);
    if !matches!(replicas, 1 | 3 | 5) {
        errors.push(format!("nats_replicas is {replicas}: 1, 3 or 5 are allowed"));
    }
    let newest_layout = log.test_newest_layout.unwrap_or(RECORD_VERSION);
    let layout = log.nats_record_layout.unwrap_or(RECORD_LAYOUT);
    if !(1..=newest_layout).contains(&layout) {
        errors.push(format!("nats_record_layout is {layout}: 1 to {newest_layout} are allowed"));
    }
    for (one, other, is_half) in [
        ("--nats-cert", "--nats-key", log.nats_cert.is_some() != log.nats_key.is_some()),
        ("--nats-user", "--nats-password", log.nats_user.is_some() != log.nats_password.is_some()),
    ] {
        if is_half {
            errors.push(format!("{one} and {other} go together"));
        }
    }
    let ways = [log.nats_creds.is_some(), log.nats_user.is_some(), log.nats_token.is_some()];
    if ways.into_iter().filter(|is_given| *is_given).count() > 1 {
        errors.push("give one of --nats-creds, --nats-user and --nats-token".to_owned());
    }
    (errors.len() == before).then(|| NatsOptions {
        urls,
        namespace,
        replicas,
        ca: log.nats_ca.clone(),
        certificate: log.nats_cert.clone(),
        key: log.nats_key.clone(),
        credentials: log.nats_creds.clone(),
        user: log.nats_user.clone(),
        password: log.nats_password.clone(),
        token: log.nats_token.clone(),
        layout,
        newest_layout,
    })
}
