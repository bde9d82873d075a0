//! Configuration of a gateway.

use super::identity::Auth;
use super::rate::{Rate, Rates};
use sentinelops_protocol::Limits;

/// How many times its rate a connection may exceed before it is closed.
const FLOOD: f64 = 10.0;

/// Which wire the gateway speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Exactly the documented mock: one incident two seconds after each connect, ping and pong.
    Basic,
    /// The whole protocol of `docs/protocol.md`.
    #[default]
    V1,
}

/// Bugs that the simulator plants here, to see that it finds them (feature `mutants`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Commands are taken without the right to write.
    IgnoreRights,
    /// A subscription is live as soon as its snapshot has left: what happened meanwhile is not sent.
    SkipMeantime,
    /// Nothing waits until its record is committed.
    LeaveEarly,
    /// A message counts three times against the rate.
    CountThrice,
}

/// How much may be sent and opened. By default there are no limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrafficLimits {
    /// Messages per second of one connection (`welcome.rate`), on average. A client that keeps to it is never refused:
    /// the messages of 2 s and `max_in_flight` more may come at once. Beyond that commands get a retryable
    /// `nack rate_limited`; ten times beyond, counting everything it sends, the connection is closed with 4429.
    /// Default `None`: as many as it likes.
    pub rate: Option<f64>,
    /// Messages per second of all connections of one user, likewise: beyond that its commands get a retryable
    /// `nack rate_limited`. Default `None`: as many as it likes.
    pub user_rate: Option<f64>,
    /// Open connections: one more is closed with 4429. Default `None`: as many as there are.
    pub max_connections: Option<usize>,
    /// Open connections of one user, likewise. Default `None`.
    pub max_connections_per_user: Option<usize>,
}

/// What tests and simulations ask of a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestConfig {
    /// Effects kept in [`crate::Gateway::effects`], for checking. Default 0: none.
    pub effects_kept: usize,
    /// A planted bug; without the feature `mutants` it is ignored. Default `None`.
    pub bug: Option<Bug>,
    /// Fault for tests: every n-th new command is refused with a retryable `nack`. Default `None`.
    pub nack_every: Option<u32>,
    /// `retryAfterMs` of those. Default 200.
    pub nack_retry_ms: u64,
}

impl Default for TestConfig {
    fn default() -> Self {
        Self { effects_kept: 0, bug: None, nack_every: None, nack_retry_ms: 200 }
    }
}

/// Options of a [`crate::Gateway`]; every time is in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayConfig {
    /// Which wire. Default [`Mode::V1`].
    pub mode: Mode,
    /// Whether connections need a token. v1 only; basic knows no tokens. Default [`Auth::Open`].
    pub auth: Auth,
    /// Events kept per channel for resuming. Default 10,000.
    pub history_events: usize,
    /// Age up to which they are kept. Default 1 h.
    pub history_ms: u64,
    /// How long accepted ids are remembered. Default 48 h: twice the age at which a client gives up.
    pub dedupe_ms: u64,
    /// What a connection is owed is collected this long into one frame. 1 to 16, default 4.
    pub coalesce_ms: u64,
    /// Largest frame accepted (`welcome.maxMessageBytes`). Default 64 KiB.
    pub max_message_bytes: usize,
    /// `welcome.maxInFlight`: what clients keep to. Nothing here counts it: each message is answered as it
    /// is read, before the next. Default 64.
    pub max_in_flight: u32,
    /// `welcome.reconnectWindowMs`: spread of the first dial after a drop. Default 0 (the client's own backoff).
    pub reconnect_window_ms: u64,
    /// What one connection, one user and all together may send and open.
    pub traffic: TrafficLimits,
    /// A connection that says nothing for this long is closed with 4408. Default 75 s.
    pub silent_close_ms: u64,
    /// While the shell holds this many unwritten bytes for a connection it gets no more frames, and
    /// what it is owed is conflated. Default 256 KiB.
    pub high_water_bytes: usize,
    /// A connection owed more than this of answers and live events is closed with 4408: a slow consumer. Snapshots and
    /// replays do not count. Default 1 MiB.
    pub send_buffer_bytes: usize,
    /// Most live subscriptions of one connection. Default 256.
    pub max_subscriptions: usize,
    /// Resolved incidents kept in the state: those changed last; as many cleared alerts. Default 200.
    pub max_items: usize,
    /// Open incidents, and alerts that are not cleared: beyond so many of each a new one is refused. None of
    /// them is ever dropped. Default 10,000.
    pub max_open: usize,
    /// Accepted ids remembered per user: beyond it the user's commands are refused for now. Default 100,000.
    pub max_ids_per_user: usize,
    /// For tests and simulations.
    pub test: TestConfig,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            mode: Mode::V1,
            auth: Auth::Open,
            history_events: 10_000,
            history_ms: 3_600_000,
            dedupe_ms: 48 * 3_600_000,
            coalesce_ms: 4,
            max_message_bytes: Limits::to_server().max_bytes,
            max_in_flight: 64,
            reconnect_window_ms: 0,
            traffic: TrafficLimits::default(),
            silent_close_ms: 75_000,
            high_water_bytes: 256 * 1024,
            send_buffer_bytes: 1024 * 1024,
            max_subscriptions: 256,
            max_items: 200,
            max_open: 10_000,
            max_ids_per_user: 100_000,
            test: TestConfig::default(),
        }
    }
}

impl GatewayConfig {
    /// Whether this bug is planted.
    pub(super) fn has(&self, bug: Bug) -> bool {
        cfg!(feature = "mutants") && self.test.bug == Some(bug)
    }

    /// The limits on messages.
    pub(super) fn rates(&self) -> Rates {
        let of = |rate: f64| Rate::new(rate, self.burst(rate));
        let per_connection = self.traffic.rate.and_then(|rate| {
            let rate = if self.has(Bug::CountThrice) { rate / 3.0 } else { rate };
            Some((of(rate)?, Rate::new(rate * FLOOD, self.burst(rate) * FLOOD)?))
        });
        Rates { per_connection, per_user: self.traffic.user_rate.and_then(of) }
    }

    /// What may come at once at so many messages a second.
    fn burst(&self, rate: f64) -> f64 {
        2.0 * rate + f64::from(self.max_in_flight)
    }

    /// The limits on frames from clients.
    pub(crate) fn limits(&self) -> Limits {
        Limits { max_bytes: self.max_message_bytes, ..Limits::to_server() }
    }
}
