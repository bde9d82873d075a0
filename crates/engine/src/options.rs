//! Options: the eight documented ones and ours, with unit and default.

use serde::{Deserialize, Serialize};

/// Connection options. The first eight are the documented ones.
///
/// ```
/// use sentinelops_engine::Options;
///
/// let options = Options { reconnect_interval_ms: 500, max_reconnect_attempts: Some(20), ..Options::default() };
/// assert_eq!(options.max_reconnect_interval_ms, 30_000);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// WebSocket server URL. Default `ws://localhost:3001`.
    pub url: String,
    /// Reconnect by itself. Default `true`.
    pub reconnect: bool,
    /// Initial reconnect delay, ms. Default 1,000. 0 is allowed (tests).
    pub reconnect_interval_ms: u64,
    /// Longest reconnect delay, ms. Default 30,000.
    pub max_reconnect_interval_ms: u64,
    /// Backoff multiplier. Default 1.5.
    pub reconnect_decay: f64,
    /// Most dials without proved health, then Error. Default `None`: no limit.
    pub max_reconnect_attempts: Option<u32>,
    /// Connection timeout, ms: handshake, and with it the wait for the first answer. Default 10,000.
    pub timeout_ms: u64,
    /// Readable log lines. Default `false`.
    pub debug: bool,
    /// Lower bound under every reconnect delay, ms. Default 200. 0 is allowed (tests).
    pub reconnect_floor_ms: u64,
    /// Which mode. Default [`ModeOption::Auto`].
    pub mode: ModeOption,
    /// Where a token travels. Default [`TokenIn::Auto`].
    pub token_in: TokenIn,
    /// Ms between pings. Default 30,000.
    pub ping_interval_ms: u64,
    /// Attempts are forgotten after so many ms of proved health. Default 10,000.
    pub stable_after_ms: u64,
    /// Subprotocols offered in the handshake, the preferred one first. The one the server chose is in
    /// [`Status::protocol`](crate::Status::protocol). Default: none.
    pub protocols: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: "ws://localhost:3001".to_owned(),
            reconnect: true,
            reconnect_interval_ms: 1_000,
            max_reconnect_interval_ms: 30_000,
            reconnect_decay: 1.5,
            max_reconnect_attempts: None,
            timeout_ms: 10_000,
            debug: false,
            reconnect_floor_ms: 200,
            mode: ModeOption::Auto,
            token_in: TokenIn::Auto,
            ping_interval_ms: 30_000,
            stable_after_ms: 10_000,
            protocols: Vec::new(),
        }
    }
}

/// Which mode the client speaks.
///
/// ```
/// use sentinelops_engine::{ModeOption, Options};
///
/// // A server that is known to speak the full protocol: without a welcome the attempt failed.
/// let options = Options { mode: ModeOption::Full, ..Options::default() };
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModeOption {
    /// Find out; once welcomed, v1 for good.
    #[default]
    Auto,
    /// v1 only: no welcome is a failed attempt.
    Full,
    /// As documented, never anything else.
    Basic,
    /// A server with a protocol of its own: connected as soon as the socket is open. It is sent the page's raw frames and
    /// messages and nothing else: no `hello`, `auth`, `subscribe` or `ping`, so that only the browser notices a dead
    /// connection. Every frame it sends is a raw frame.
    Raw,
}

/// Where a token travels.
///
/// ```
/// use sentinelops_engine::{Options, TokenIn};
///
/// // No token in a URL, where proxies may log it.
/// let options = Options { token_in: TokenIn::Frame, ..Options::default() };
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenIn {
    /// Query in modes auto and basic, frame in full.
    #[default]
    Auto,
    /// `?token=` on the URL, as documented.
    Query,
    /// An `auth` frame in the first flight.
    Frame,
}

/// Options of the outbox.
///
/// ```
/// use sentinelops_engine::OutboxOptions;
///
/// // No message is written to this device; what is queued lives as long as the tab.
/// let outbox = OutboxOptions { persist: false, ..OutboxOptions::default() };
/// assert_eq!((outbox.capacity, outbox.enabled), (1_000, true));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboxOptions {
    /// `false`: sending while disconnected is an error at once. Default `true`.
    pub enabled: bool,
    /// `false`: rows are kept in memory only, and the database is neither made nor opened. What an
    /// earlier `true` left there stays until sign-out deletes it. Default `true`.
    pub persist: bool,
    /// Most rows; critical ones may exceed it. Default 1,000.
    pub capacity: u32,
    /// Most bytes of all rows. Default 32 MiB.
    pub max_bytes: u64,
    /// Most messages in flight. Default 64; the server may say fewer.
    pub window: u32,
    /// Of the window, kept for critical messages; a quarter of the window at most, so that others leave, too.
    /// Default 8.
    pub critical_reserve: u32,
    /// Retryable nacks until a message fails. Default 3.
    pub max_attempts: u32,
    /// Maximum age, ms on server time. Default [`OutboxOptions::MOST_AGE_MS`]: more counts as that.
    pub max_age_ms: u64,
}

impl OutboxOptions {
    /// Longest maximum age, ms: 24 h, half of what servers remember (48 h). A message that is sent again
    /// later could take effect twice.
    pub const MOST_AGE_MS: u64 = 24 * 60 * 60 * 1_000;
}

impl Default for OutboxOptions {
    fn default() -> Self {
        Self {
            enabled: true,
            persist: true,
            capacity: 1_000,
            max_bytes: 32 * 1024 * 1024,
            window: 64,
            critical_reserve: 8,
            max_attempts: 3,
            max_age_ms: Self::MOST_AGE_MS,
        }
    }
}

/// Everything an engine is made from.
///
/// ```
/// use sentinelops_engine::{EngineOptions, Options};
///
/// let options = EngineOptions {
///     connection: Options { url: "wss://ops.example.com/ws".to_owned(), ..Options::default() },
///     user: Some("ann".to_owned()),
///     has_token_provider: true,
///     ..EngineOptions::default()
/// };
/// assert_eq!(options.outbox.capacity, 1_000);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineOptions {
    /// The connection.
    pub connection: Options,
    /// The outbox.
    pub outbox: OutboxOptions,
    /// The scope's user; rows leave only under it. `None` is anonymous.
    pub user: Option<String>,
    /// Name of the browser's scope, sent in `hello`.
    pub session: String,
    /// Name and version of the client, sent in `hello`.
    pub client: String,
    /// Name of this tab, written into rows.
    pub tab: String,
    /// Whether a token provider exists: then a token is asked for before each dial.
    pub has_token_provider: bool,
}
