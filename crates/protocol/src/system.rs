//! System messages: the protocol's own talk.
//!
//! Their JSON (`payload`) is read in `decode/system.rs` and written in `encode.rs`; the type name is the envelope's.

use crate::{Channel, Code, Json, Subject};
use serde::{Deserialize, Serialize};

/// `hello`: the first frame of a client. A basic server ignores it.
///
/// ```
/// use sentinelops_protocol::PROTOCOL_VERSION;
/// use sentinelops_protocol::system::Hello;
///
/// let hello = Hello {
///     protocol: PROTOCOL_VERSION,
///     client: "console/1.0".to_owned(),
///     session: "one-browser".to_owned(),
///     term: 1,
/// };
/// # let _ = hello;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Hello {
    /// [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// Name and version of the client, for the server's log.
    pub client: String,
    /// The browser's scope: of two connections of one session the lower term is closed (4410).
    pub session: String,
    /// Counts the leaders of a session.
    pub term: u64,
}

/// `ping` and `pong`: what the ping held comes back unchanged.
///
/// ```
/// use sentinelops_protocol::system::Ping;
///
/// /// Of a pong that sends our ping back.
/// fn round_trip(ping: Ping, now: u64) -> u64 {
///     now.saturating_sub(ping.sent_at)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ping {
    /// Counts the pings of one socket.
    pub n: u64,
    /// The client's monotonic clock, ms.
    pub sent_at: u64,
}

/// How far a client has seen a subscription.
///
/// ```
/// use sentinelops_protocol::Channel;
/// use sentinelops_protocol::system::{Since, SubscribeEntry};
///
/// // After a reconnect: only what came after seq 41 of this epoch.
/// let since = Some(Since { epoch: "e1".to_owned(), seq: 41 });
/// let entry = SubscribeEntry { channel: Channel::Incidents, topic: None, since };
/// # let _ = entry;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// Epoch the `seq` belongs to.
    pub epoch: String,
    /// Last seq folded.
    pub seq: u64,
}

/// One entry of `subscribe`.
///
/// ```
/// use sentinelops_protocol::system::{ClientSystem, SubscribeEntry};
/// use sentinelops_protocol::{Channel, OutboundMeta, encode_client_system};
///
/// let entry = SubscribeEntry { channel: Channel::Incidents, topic: None, since: None };
/// let text = encode_client_system(&ClientSystem::Subscribe(vec![entry]), OutboundMeta::default());
/// assert!(text.contains(r#""payload":{"channels":[{"channel":"incidents"}]}"#), "{text}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeEntry {
    /// The channel.
    pub channel: Channel,
    /// The topic, if narrowed.
    pub topic: Option<String>,
    /// Where to go on; without it a snapshot is sent.
    pub since: Option<Since>,
}

impl SubscribeEntry {
    /// What is subscribed.
    ///
    /// ```
    /// use sentinelops_protocol::system::SubscribeEntry;
    /// use sentinelops_protocol::{Channel, Subject};
    ///
    /// let entry = SubscribeEntry { channel: Channel::Chat, topic: Some("c1".to_owned()), since: None };
    /// assert_eq!(entry.subject(), Subject::topic(Channel::Chat, "c1"));
    /// ```
    pub fn subject(&self) -> Subject {
        Subject { channel: self.channel, topic: self.topic.clone() }
    }
}

/// What a client says on the system channel.
///
/// ```
/// use sentinelops_protocol::system::ClientSystem;
/// use sentinelops_protocol::{ClientMessage, Limits, decode_client_frame};
///
/// let frame = br#"{"type":"unsubscribe","channel":"system","payload":{"channels":[{"channel":"chat"}]}}"#;
/// let decoded = decode_client_frame(frame, &Limits::to_server())?;
/// assert!(matches!(&decoded.messages[..], [ClientMessage::System(None, ClientSystem::Unsubscribe(_))]));
/// # Ok::<(), sentinelops_protocol::FrameError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum ClientSystem {
    /// First frame.
    Hello(Hello),
    /// First-message authentication, or refresh in place.
    Auth {
        /// The token. Never log it.
        token: String,
    },
    /// Latency and liveness.
    Ping(Ping),
    /// Start (or start over) subscriptions.
    Subscribe(Vec<SubscribeEntry>),
    /// End subscriptions.
    Unsubscribe(Vec<Subject>),
}

/// How a subscription goes on after `subscribed`.
///
/// ```
/// use sentinelops_protocol::system::Continuity;
///
/// let warning = |continuity| match continuity {
///     Continuity::Exact | Continuity::Snapshot => None,
///     Continuity::Gap => Some("Some events were missed."),
/// };
/// assert_eq!(warning(Continuity::Exact), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Continuity {
    /// Everything after `since` follows.
    Exact,
    /// The current state follows, then what comes after.
    Snapshot,
    /// Some events are gone for good; the current state follows.
    Gap,
}

impl Continuity {
    /// The name on the wire.
    ///
    /// ```
    /// use sentinelops_protocol::system::Continuity;
    ///
    /// assert_eq!(Continuity::Exact.as_str(), "exact");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Snapshot => "snapshot",
            Self::Gap => "gap",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Exact, Self::Snapshot, Self::Gap].into_iter().find(|continuity| continuity.as_str() == name)
    }
}

/// `welcome`: before anything else, after authentication.
///
/// ```
/// use sentinelops_protocol::system::Welcome;
///
/// /// How far the server's clock is ahead of ours, ms.
/// fn clock_offset(welcome: &Welcome, now: u64) -> i64 {
///     welcome.now as i64 - now as i64
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Welcome {
    /// [`crate::PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The session of `hello`.
    pub session: String,
    /// Who the server takes the client for.
    pub user: String,
    /// Server time, ms since the epoch.
    pub now: u64,
    /// Largest frame the server accepts, bytes.
    pub max_message_bytes: u64,
    /// Most unacked messages it wants in flight.
    pub max_in_flight: u32,
    /// After a drop, spread the first dial over this many ms.
    pub reconnect_window_ms: u64,
    /// Messages per second it accepts, if limited.
    pub rate: Option<f64>,
    /// The token's life, ms, if it ends.
    pub expires_in_ms: Option<u64>,
}

/// `subscribed`: the answer to one entry of `subscribe`.
///
/// ```
/// use sentinelops_protocol::system::{Since, Subscribed};
///
/// /// Where to go on after the next reconnect.
/// fn cursor(subscribed: &Subscribed) -> Since {
///     Since { epoch: subscribed.epoch.clone(), seq: subscribed.seq }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Subscribed {
    /// The channel.
    pub channel: Channel,
    /// The topic, if narrowed.
    pub topic: Option<String>,
    /// The epoch from here on.
    pub epoch: String,
    /// Base of the chain: the next event's `prev` (for `exact` the client's own `since.seq`).
    pub seq: u64,
    /// What follows.
    pub continuity: Continuity,
}

/// One item of a snapshot: an event without its place in the history.
///
/// ```
/// use sentinelops_protocol::{Payload, decode_payload, system::SnapshotItem};
///
/// fn payload(item: &SnapshotItem) -> Payload {
///     decode_payload(&item.kind, &item.payload).0
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotItem {
    /// The type, as an event would have it. It carries the full state.
    pub kind: String,
    /// The payload.
    pub payload: Json,
    /// When it happened, ms since the epoch.
    pub timestamp: Option<u64>,
}

/// `snapshot`: one part of the state of a (channel, topic). All parts together replace it.
///
/// ```
/// use sentinelops_protocol::system::{Snapshot, SnapshotItem};
///
/// /// All parts together replace the state.
/// fn take(parts: &mut Vec<SnapshotItem>, part: Snapshot) -> bool {
///     if part.part == 0 {
///         parts.clear();
///     }
///     parts.extend(part.items);
///     part.last
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The channel.
    pub channel: Channel,
    /// The topic, if narrowed.
    pub topic: Option<String>,
    /// The epoch of `seq`.
    pub epoch: String,
    /// The state includes everything up to here.
    pub seq: u64,
    /// Counts the parts from 0.
    pub part: u32,
    /// Whether this is the last part.
    pub last: bool,
    /// At most 64 KiB of items.
    pub items: Vec<SnapshotItem>,
}

/// What a server says on the system channel.
///
/// ```
/// use sentinelops_protocol::system::ServerSystem;
/// use sentinelops_protocol::{Limits, ServerMessage, decode_server_frame};
///
/// let frame = br#"{"type":"ack","channel":"system","payload":{"ids":["m1"]}}"#;
/// let decoded = decode_server_frame(frame, &Limits::to_client())?;
/// let [ServerMessage::System(ServerSystem::Ack { ids })] = &decoded.messages[..] else { panic!() };
/// assert_eq!(ids, &["m1"]);
/// # Ok::<(), sentinelops_protocol::FrameError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum ServerSystem {
    /// Opens a v1 connection.
    Welcome(Welcome),
    /// A token was accepted.
    Authed {
        /// Its life in ms; `None` when it does not end.
        expires_in_ms: Option<u64>,
    },
    /// A subscription starts.
    Subscribed(Subscribed),
    /// Part of its state.
    Snapshot(Snapshot),
    /// A subscription was refused.
    Denied {
        /// What was asked for.
        subject: Subject,
        /// Why.
        code: Code,
        /// Why, for people.
        message: String,
    },
    /// Accepted and stored.
    Ack {
        /// The ids of the client's messages.
        ids: Vec<String>,
    },
    /// Not accepted.
    Nack {
        /// The id of the client's message.
        id: String,
        /// Why.
        code: Code,
        /// Why, for people.
        message: String,
        /// With it: try again after so many ms. Without: final.
        retry_after_ms: Option<u64>,
    },
    /// Something the client sent was wrong.
    Error {
        /// Why.
        code: Code,
        /// Why, for people.
        message: String,
        /// The message to blame, if one is.
        id: Option<String>,
    },
    /// About to close.
    Goodbye {
        /// Why, for people.
        reason: String,
        /// Spread the next dial over so many ms.
        reconnect_window_ms: u64,
    },
    /// Whether commands can be stored: when that changes, and after `welcome` while they cannot.
    Storage {
        /// Whether they can.
        available: bool,
        /// Why, for people.
        message: String,
        /// When it is worth asking again, ms.
        retry_after_ms: Option<u64>,
    },
    /// The answer to a ping; `None` when the server did not send our ping's content back.
    Pong(Option<Ping>),
}
