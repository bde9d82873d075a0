//! What one source (flags and environment, or the file) says. Absent means: this source does not say.

use super::LogFormat;
use super::ingest::IngestSettings;
use super::net::Network;
use clap::builder::BoolishValueParser;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Every setting, once: a flag `--jwt-key`, an environment variable `SENTINELOPS_JWT_KEY` and a key `jwt_key`
/// of the file are the same. A flag wins over the environment, the environment over the file.
#[derive(Clone, Debug, Default, PartialEq, clap::Args, Deserialize)]
#[serde(deny_unknown_fields)]
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

    /// Key that tokens are checked with: a file with a secret, a PEM key or a JWKS
    #[arg(long, env = "SENTINELOPS_JWT_KEY", value_name = "FILE", global = true)]
    pub jwt_key: Option<PathBuf>,
    /// Use only keys of this algorithm: HS256, RS256, ES256 or EdDSA [default: as each key says]
    #[arg(long, env = "SENTINELOPS_JWT_ALG", value_name = "ALG", global = true)]
    pub jwt_alg: Option<String>,
    /// Fetch the keys (a JWKS) from this http or https URL
    #[arg(long, env = "SENTINELOPS_JWKS_URL", value_name = "URL", global = true)]
    pub jwks_url: Option<String>,
    /// Take tokens whose `aud` names this audience; may be repeated
    #[arg(long, env = "SENTINELOPS_AUDIENCE", value_name = "AUD", value_delimiter = ',', global = true)]
    #[serde(default)]
    pub audience: Vec<String>,
    /// Take tokens whose `iss` is this issuer
    #[arg(long, env = "SENTINELOPS_ISSUER", value_name = "ISS", global = true)]
    pub issuer: Option<String>,
    /// File of revoked tokens and users, one a line: `jti ID` or `sub USER`; read again at SIGHUP
    #[arg(long, env = "SENTINELOPS_REVOKED", value_name = "FILE", global = true)]
    pub revoked: Option<PathBuf>,

    /// Take connections of pages of this origin, such as `https://ops.example.com`; may be repeated
    #[arg(long, env = "SENTINELOPS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    #[serde(default)]
    pub origin: Vec<String>,
    /// Serve the console from this folder, as `cargo xtask build` wrote it; its pages connect to this gateway and need
    /// no --origin
    #[arg(long, env = "SENTINELOPS_SERVE", value_name = "DIR")]
    pub serve: Option<PathBuf>,
    /// Believe `X-Forwarded-For`, `-Proto` and `-Host` of these addresses or networks (10.0.0.0/8); may be repeated
    #[arg(long, env = "SENTINELOPS_TRUSTED_PROXIES", value_name = "NET", value_delimiter = ',')]
    #[serde(default)]
    pub trusted_proxies: Vec<Network>,

    /// Publish a made-up operations day: incidents, alerts, agents and talk, for development and demonstrations
    #[arg(long, env = "SENTINELOPS_SCENARIO", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub scenario: Option<bool>,
    /// With --scenario: events per second on average; 0 for silence after the warm start [default: 2]
    #[arg(long, env = "SENTINELOPS_RATE", value_name = "N")]
    pub rate: Option<f64>,
    /// With --scenario: its seed; the same seed gives the same story [default: 1]
    #[arg(long, env = "SENTINELOPS_SEED", value_name = "N")]
    pub seed: Option<u64>,
    /// On SIGTERM or Ctrl-C clients are asked to spread their return over this many ms [default: 2000]
    #[arg(long, env = "SENTINELOPS_DRAIN_WINDOW_MS", value_name = "MS")]
    pub drain_window_ms: Option<u64>,
    /// After any other loss clients spread their return over this many ms; 0 leaves it to their backoff [default: 0]
    #[arg(long, env = "SENTINELOPS_RECONNECT_WINDOW_MS", value_name = "MS")]
    pub reconnect_window_ms: Option<u64>,
    /// Messages a second that one connection may send on average; beyond that its commands are refused for now, ten
    /// times beyond it is closed with 4429; 0 for no limit [default: 1000]
    #[arg(long, env = "SENTINELOPS_MESSAGE_RATE", value_name = "N")]
    pub message_rate: Option<f64>,
    /// Messages a second that all connections of one user may send on average; beyond that its commands are refused for
    /// now; 0 for no limit [default: four times --message-rate, with --dev none]
    #[arg(long, env = "SENTINELOPS_USER_MESSAGE_RATE", value_name = "N")]
    pub user_message_rate: Option<f64>,
    /// Open connections; one more is closed with 4429; 0 for no limit [default: 20000]
    #[arg(long, env = "SENTINELOPS_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Open connections of one user, likewise; 0 for no limit [default: 200, with --dev none]
    #[arg(long, env = "SENTINELOPS_MAX_CONNECTIONS_PER_USER", value_name = "N")]
    pub max_connections_per_user: Option<usize>,
    /// Requests with a body (alerts of sources, events of PagerDuty's format, commands of backends) in progress at once, of
    /// each kind; one more is answered 503 and comes again; 0 for no limit [default: 32]
    #[arg(long, env = "SENTINELOPS_MAX_INGEST", value_name = "N")]
    pub max_ingest: Option<usize>,
    /// Bytes of answers and live events that may wait for a connection; with more it is closed with 4408 and resumes
    /// [default: 1048576]
    #[arg(long, env = "SENTINELOPS_SEND_BUFFER", value_name = "BYTES")]
    pub send_buffer: Option<usize>,
    /// Keep everything that was acknowledged in this folder: history, state and accepted ids survive restarts, crashes
    /// and power loss; created if it is not there
    #[arg(long, env = "SENTINELOPS_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
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
    /// With --data: hours for which clients that come back resume without a gap, at most the newest 10,000 events of a
    /// channel [default: 24]
    #[arg(long, env = "SENTINELOPS_KEEP_HISTORY", value_name = "HOURS")]
    pub keep_history: Option<u64>,
    /// With --data: resolved incidents and cleared alerts kept, of each; open ones are always kept [default: 200]
    #[arg(long, env = "SENTINELOPS_KEEP_FINISHED", value_name = "N")]
    pub keep_finished: Option<u64>,
    /// With a new --data folder: take over the file in which an earlier version kept ids and state
    #[arg(long, env = "SENTINELOPS_IMPORT_JOURNAL", value_name = "FILE")]
    pub import_journal: Option<PathBuf>,
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
    /// For tests: plays a later version, which reads layouts of records up to this one
    #[arg(long, value_name = "N", hide = true)]
    #[serde(skip)]
    pub test_newest_layout: Option<u8>,

    /// Where alerts come from: tables `[[ingest]]` of the file of --config only
    #[arg(skip)]
    #[serde(default)]
    pub ingest: Vec<IngestSettings>,
}

impl Settings {
    /// What this source says, and for the rest what the one below it says.
    pub(super) fn over(self, below: Self) -> Self {
        fn list<T>(above: Vec<T>, below: Vec<T>) -> Vec<T> {
            if above.is_empty() { below } else { above }
        }
        Self {
            config: self.config.or(below.config),
            host: self.host.or(below.host),
            port: self.port.or(below.port),
            dev: self.dev.or(below.dev),
            mock: self.mock.or(below.mock),
            jwt_key: self.jwt_key.or(below.jwt_key),
            jwt_alg: self.jwt_alg.or(below.jwt_alg),
            jwks_url: self.jwks_url.or(below.jwks_url),
            audience: list(self.audience, below.audience),
            issuer: self.issuer.or(below.issuer),
            revoked: self.revoked.or(below.revoked),
            origin: list(self.origin, below.origin),
            serve: self.serve.or(below.serve),
            trusted_proxies: list(self.trusted_proxies, below.trusted_proxies),
            scenario: self.scenario.or(below.scenario),
            rate: self.rate.or(below.rate),
            seed: self.seed.or(below.seed),
            drain_window_ms: self.drain_window_ms.or(below.drain_window_ms),
            reconnect_window_ms: self.reconnect_window_ms.or(below.reconnect_window_ms),
            message_rate: self.message_rate.or(below.message_rate),
            user_message_rate: self.user_message_rate.or(below.user_message_rate),
            max_connections: self.max_connections.or(below.max_connections),
            max_connections_per_user: self.max_connections_per_user.or(below.max_connections_per_user),
            max_ingest: self.max_ingest.or(below.max_ingest),
            send_buffer: self.send_buffer.or(below.send_buffer),
            data: self.data.or(below.data),
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
            keep_history: self.keep_history.or(below.keep_history),
            keep_finished: self.keep_finished.or(below.keep_finished),
            import_journal: self.import_journal.or(below.import_journal),
            ops_addr: self.ops_addr.or(below.ops_addr),
            log_format: self.log_format.or(below.log_format),
            log: self.log.or(below.log),
            trust_user: self.trust_user.or(below.trust_user),
            test_admin: self.test_admin.or(below.test_admin),
            test_newest_layout: self.test_newest_layout.or(below.test_newest_layout),
            ingest: list(self.ingest, below.ingest),
        }
    }
}
