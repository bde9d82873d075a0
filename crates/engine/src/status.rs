//! What people see of the connection.

use serde::{Deserialize, Serialize};

/// The five documented states.
///
/// ```
/// use sentinelops_engine::ConnectionState;
///
/// let lamp = |state| match state {
///     ConnectionState::Connected => "green",
///     ConnectionState::Error => "red",
///     _ => "amber",
/// };
/// assert_eq!(lamp(ConnectionState::Reconnecting), "amber");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConnectionState {
    /// Not connected and not trying to be: nobody asked for it, or somebody ended it (disconnect,
    /// sign-out).
    #[default]
    Disconnected,
    /// First dial under way.
    Connecting,
    /// Open, and the mode is known (v1: welcomed).
    Connected,
    /// Was connected or failed to; waiting for the next dial, or dialling again.
    Reconnecting,
    /// Gave up, or only a person can help. See the [`Cause`].
    Error,
}

/// Why the connection is in its state, for people. `Display` is the text shown.
///
/// ```
/// use sentinelops_engine::{Cause, Status};
///
/// let status = Status { cause: Cause::NeedsAuth, ..Status::default() };
/// // Only a person can help here; everything else heals or says what is wrong.
/// assert!(matches!(status.cause, Cause::NeedsAuth | Cause::WrongUser { .. }));
/// println!("{}", status.cause);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Cause {
    /// Nothing to explain.
    #[default]
    None,
    /// `disconnect()` was called, or auto-connect is off.
    NotAsked,
    /// The network or the server broke the connection.
    Lost,
    /// No server answered.
    Unreachable,
    /// The handshake took longer than `timeout`.
    TimedOut,
    /// The server stopped answering on an open socket.
    Silent,
    /// The server stayed silent about one message for 30 s, or about one subscription, although it
    /// answers pings.
    Stuck,
    /// The machine woke up.
    Woke,
    /// The browser says there is no network.
    Offline,
    /// The server restarts or drains.
    Draining(String),
    /// The server asked for patience (1013, 4429).
    Overloaded {
        /// Which of the two codes.
        code: u16,
        /// The server's reason.
        reason: String,
    },
    /// This consumer was too slow, or silent (4408).
    TooSlow {
        /// The server's reason.
        reason: String,
    },
    /// Waiting for a token.
    NeedsAuth,
    /// `welcome.user` is not the user of this scope.
    WrongUser {
        /// Who the scope belongs to.
        expected: String,
        /// Who the server says.
        found: String,
    },
    /// Another tab leads now (4410).
    Superseded,
    /// `max_reconnect_attempts` are spent.
    GaveUp {
        /// How many there were.
        attempts: u32,
    },
    /// A URL that was v1 did not welcome.
    NoWelcome,
    /// A terminal close code.
    Closed {
        /// The code.
        code: u16,
        /// The server's reason.
        reason: String,
    },
    /// The URL cannot be dialled.
    BadUrl(String),
    /// A newer build took the store over while this one had it open.
    Outdated,
    /// The session was ended (signed out); `connect()` begins a new one.
    SignedOut,
}

/// How the server speaks.
///
/// ```
/// use sentinelops_engine::{Mode, Status};
///
/// /// Whether "delivered" means that the server stored it.
/// fn acknowledges(status: &Status) -> bool {
///     status.mode == Some(Mode::V1)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// As documented: no acks, no seq.
    Basic,
    /// The full protocol.
    V1,
}

/// Connection quality by smoothed round trip: below 80, 200, 500 ms and above, with hysteresis.
///
/// ```
/// use sentinelops_engine::Quality;
///
/// let warn = |quality: Option<Quality>| quality.is_some_and(|quality| quality >= Quality::Fair);
/// assert!(warn(Some(Quality::Poor)) && !warn(Some(Quality::Good)) && !warn(None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Quality {
    /// Below 80 ms.
    Excellent,
    /// Below 200 ms.
    Good,
    /// Below 500 ms.
    Fair,
    /// 500 ms and above.
    Poor,
}

/// The connection as shown.
///
/// ```
/// use sentinelops_engine::{ConnectionState, Status};
///
/// fn line(status: &Status) -> String {
///     match status.latency_ms.filter(|_| status.state == ConnectionState::Connected) {
///         Some(ms) => format!("Connected, {ms:.0} ms"),
///         None => format!("{:?}: {}", status.state, status.cause),
///     }
/// }
/// assert!(line(&Status::default()).starts_with("Disconnected"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// One of five.
    pub state: ConnectionState,
    /// Why.
    pub cause: Cause,
    /// Known once the server spoke.
    pub mode: Option<Mode>,
    /// Smoothed round trip, ms.
    pub latency_ms: Option<f64>,
    /// Round-trip variation (RFC 6298 rttvar), ms.
    pub jitter_ms: Option<f64>,
    /// 95th percentile of the last 64 samples, ms.
    pub p95_ms: Option<f64>,
    /// From the smoothed round trip.
    pub quality: Option<Quality>,
    /// Dials since the last proved health.
    pub attempts: u32,
    /// Wall clock (ms) of the next dial while waiting.
    pub next_dial_at: Option<u64>,
    /// Wall clock (ms) since when it is connected.
    pub connected_since: Option<u64>,
    /// Messages not yet answered, by priority (critical, high, normal, low).
    pub queued: [u32; 4],
    /// Whether what is queued survives a reload.
    pub storage: crate::StorageState,
    /// Saved records that cannot be read: they are set aside until somebody deletes them.
    pub unreadable: u32,
    /// The last error, in words; kept until the next healthy connection.
    pub last_error: Option<String>,
    /// The subprotocol the server chose, while connected; see [`Options::protocols`](crate::Options::protocols).
    pub protocol: Option<String>,
}

/// Counters since the engine started.
///
/// ```
/// use sentinelops_engine::Metrics;
///
/// fn average_frame(metrics: &Metrics) -> Option<u64> {
///     metrics.bytes_in.checked_div(metrics.frames_in)
/// }
/// assert_eq!(average_frame(&Metrics::default()), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// Frames received.
    pub frames_in: u64,
    /// Messages received.
    pub messages_in: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Frames sent.
    pub frames_out: u64,
    /// Messages sent.
    pub messages_out: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Dials.
    pub dials: u64,
    /// Connections that followed an earlier one.
    pub reconnects: u64,
    /// Ms connected, all connections together.
    pub uptime_ms: u64,
    /// Frames refused whole.
    pub refused_frames: u64,
    /// Envelopes refused, payloads delivered raw, unknown channels, repaired fields.
    pub problems: u64,
    /// Events dropped as repeats.
    pub repeats: u64,
    /// Holes noticed.
    pub holes: u64,
    /// Consumers whose queue overflowed and were resynced.
    pub resyncs: u64,
    /// Dead verdicts.
    pub verdicts: u64,
    /// Keys, receipts and messages that fell out of a full fold to make room.
    pub dropped_keys: u64,
    /// Messages not answered yet, now.
    pub queued: u32,
    /// Of these, in flight.
    pub in_flight: u32,
    /// Messages in the failed list, now.
    pub failed: u32,
    /// Smoothed round trip now, microseconds.
    pub rtt_us: Option<u64>,
}
