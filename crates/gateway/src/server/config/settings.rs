//! What one source (flags and environment, or the file) says. Absent means: this source does not say.

use super::LogFormat;
use super::ingest::IngestSettings;
use super::keys::KeySettings;
use super::limits::LimitSettings;
use super::nats::NatsSettings;
use super::origin::PageSettings;
use super::scenario::ScenarioSettings;
use super::storage::StorageSettings;
use super::values::list;
use clap::builder::BoolishValueParser;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Every setting, once: a flag `--jwt-key`, an environment variable `SENTINELOPS_JWT_KEY` and a key `jwt_key`
/// of the file are the same. A flag wins over the environment, the environment over the file.
///
/// Each group is read from the file by itself: serde loses the line of an error inside flattened structs.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
pub struct Settings {
    /// Read settings from this TOML file; flags and the environment win over it
    #[arg(long, env = "SENTINELOPS_CONFIG", value_name = "FILE", global = true)]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, env = "SENTINELOPS_HOST", value_name = "ADDR")]
    pub host: Option<IpAddr>,
    /// Port to listen on; 0 takes a free one [default: 3001]
    #[arg(long, env = "SENTINELOPS_PORT", value_name = "N")]
    pub port: Option<u16>,
    /// Development: no tokens, `?user=` of the URL says who it is, on a loopback address only
    #[arg(long, env = "SENTINELOPS_DEV", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub dev: Option<bool>,
    /// Speak the basic protocol, exactly as the documented mock server does; on a loopback address only
    #[arg(long, env = "SENTINELOPS_MOCK", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub mock: Option<bool>,
    /// What tokens are checked with.
    #[command(flatten)]
    #[serde(skip)]
    pub keys: KeySettings,
    /// Which pages may connect, and through which proxies.
    #[command(flatten)]
    #[serde(skip)]
    pub pages: PageSettings,
    /// The made-up operations day.
    #[command(flatten)]
    #[serde(skip)]
    pub scenario: ScenarioSettings,
    /// On SIGTERM or Ctrl-C clients are asked to spread their return over this many ms [default: 2000]
    #[arg(long, env = "SENTINELOPS_DRAIN_WINDOW_MS", value_name = "MS")]
    pub drain_window_ms: Option<u64>,
    /// After any other loss clients spread their return over this many ms; 0 leaves it to their backoff [default: 0]
    #[arg(long, env = "SENTINELOPS_RECONNECT_WINDOW_MS", value_name = "MS")]
    pub reconnect_window_ms: Option<u64>,
    /// What the gateway takes on.
    #[command(flatten)]
    #[serde(skip)]
    pub limits: LimitSettings,
    /// What is kept, and for how long.
    #[command(flatten)]
    #[serde(skip)]
    pub storage: StorageSettings,
    /// The log of many gateways.
    #[command(flatten)]
    #[serde(skip)]
    pub nats: NatsSettings,
    /// Health and metrics (/healthz, /readyz, /metrics) on this address and port alone, such as 127.0.0.1:9464; port 0
    /// takes a free one [default: /healthz on the port of the gateway]
    #[arg(long, env = "SENTINELOPS_OPS_ADDR", value_name = "ADDR:PORT")]
    pub ops_addr: Option<SocketAddr>,
    /// What a line of the log looks like [default: text]
    #[arg(long, env = "SENTINELOPS_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What is logged: error, warn, info, debug or trace, or directives such as `info,hyper=debug` [default: info]
    #[arg(long, env = "SENTINELOPS_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// Take `?user=` of the URL for who it is; part of --dev
    #[arg(long, env = "SENTINELOPS_TRUST_USER", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub trust_user: Option<bool>,
    /// For tests: requests under /admin close, drain, nack, publish and show figures; on a loopback address only
    #[arg(long, env = "SENTINELOPS_TEST_ADMIN", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub test_admin: Option<bool>,
    /// Where alerts come from: tables `[[ingest]]` of the file of --config only
    #[arg(skip)]
    #[serde(default)]
    pub ingest: Vec<IngestSettings>,
}

impl Settings {
    /// What this source says, and for the rest what the one below it says.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            config: self.config.or(below.config),
            host: self.host.or(below.host),
            port: self.port.or(below.port),
            dev: self.dev.or(below.dev),
            mock: self.mock.or(below.mock),
            keys: self.keys.over(below.keys),
            pages: self.pages.over(below.pages),
            scenario: self.scenario.over(below.scenario),
            drain_window_ms: self.drain_window_ms.or(below.drain_window_ms),
            reconnect_window_ms: self.reconnect_window_ms.or(below.reconnect_window_ms),
            limits: self.limits.over(below.limits),
            storage: self.storage.over(below.storage),
            nats: self.nats.over(below.nats),
            ops_addr: self.ops_addr.or(below.ops_addr),
            log_format: self.log_format.or(below.log_format),
            log: self.log.or(below.log),
            trust_user: self.trust_user.or(below.trust_user),
            test_admin: self.test_admin.or(below.test_admin),
            ingest: list(self.ingest, below.ingest),
        }
    }
}
