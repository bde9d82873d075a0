//! What goes into the core and what comes out of it.

use crate::core::Histogram;
use sentinelops_protocol::domain::{AlertChange, IncidentChange, ReceiptKind};
use sentinelops_protocol::{Channel, Code, Payload, Priority};
use std::fmt;

/// The two clocks at the moment of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Monotonic ms since some start. Every deadline is on this clock.
    pub mono: u64,
    /// Wall clock, ms since the epoch: timestamps, and the age of remembered ids over a restart.
    pub wall: u64,
}

/// Names a connection from [`crate::Gateway::connect`] until it is closed. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What the shell has to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Write a frame.
    Send {
        /// To whom.
        conn: ConnId,
        /// UTF-8 JSON.
        frame: Vec<u8>,
        /// As a binary frame (v1) or a text frame (basic).
        binary: bool,
    },
    /// Write what was sent before, then close. The connection is forgotten already.
    Close {
        /// Whom.
        conn: ConnId,
        /// The close code.
        code: u16,
        /// At most 123 bytes.
        reason: String,
    },
    /// Check a token and answer with [`crate::Gateway::authenticated`], at any later time. At most one check of a
    /// connection is open at a time.
    CheckToken {
        /// Whose.
        conn: ConnId,
        /// As the client sent it.
        token: crate::Token,
    },
    /// Answer a request: everything it brought about is committed.
    Answer {
        /// The number the request came with.
        request: u64,
        /// What became of it.
        answer: Answer,
    },
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Of [`crate::Gateway::ingest`].
    Ingested {
        /// What became of each report.
        counts: crate::core::IngestCounts,
        /// Something could not be taken in: the whole body may come again after so many ms.
        retry_after_ms: Option<u64>,
    },
    /// Of [`crate::Gateway::publish_as`]: what became of each command.
    Judged(Vec<Verdict>),
}

/// Something to publish.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// On which channel.
    pub channel: Channel,
    /// The dotted type.
    pub kind: String,
    /// What happened.
    pub payload: Payload,
    /// How urgent.
    pub priority: Priority,
    /// Ms since the epoch; `None` is now.
    pub timestamp: Option<u64>,
}

impl NewEvent {
    /// The event of a typed payload: channel and type follow from it. `None` for a raw one.
    pub fn of(payload: Payload) -> Option<Self> {
        let (channel, kind) = match &payload {
            Payload::Incident(event) => (
                Channel::Incidents,
                match event.change {
                    IncidentChange::Created => "incident.created",
                    IncidentChange::Updated => "incident.updated",
                    IncidentChange::Resolved => "incident.resolved",
                    IncidentChange::Escalated => "incident.escalated",
                },
            ),
            Payload::Agent(_) => (Channel::Agents, "agent.status"),
            Payload::Chat(_) => (Channel::Chat, "chat.message"),
            Payload::Receipt(receipt) => (
                Channel::Chat,
                match receipt.kind {
                    ReceiptKind::Delivered => "chat.delivered",
                    ReceiptKind::Read => "chat.read",
                },
            ),
            Payload::Typing(_) => (Channel::Chat, "chat.typing"),
            Payload::Alert(alert) => (
                Channel::Alerts,
                match alert.change {
                    AlertChange::Raised => "alert.raised",
                    AlertChange::Acknowledged => "alert.acknowledged",
                    AlertChange::Cleared => "alert.cleared",
                },
            ),
            Payload::Activity(_) => (Channel::Activity, "activity.event"),
            Payload::Viewing(_) => (Channel::Incidents, "incident.viewing"),
            Payload::Timeline(_) => (Channel::Timeline, "timeline.entry"),
            Payload::Raw(_) => return None,
        };
        Some(Self { channel, kind: kind.to_owned(), payload, priority: Priority::Normal, timestamp: None })
    }
}

/// One command that took effect, for tests and the simulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Whose command.
    pub user: String,
    /// Its id: the idempotency key.
    pub id: String,
    /// Its ordering key ([`sentinelops_protocol::ordering_key`]).
    pub key: Option<String>,
    /// Its type.
    pub kind: String,
    /// Counts effects from 0, over the life of this gateway.
    pub index: u64,
    /// When, on the server's wall clock.
    pub at: u64,
}

/// Counters for `/healthz`, tests and curious people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Open connections.
    pub connections: usize,
    /// Live subscriptions of all of them.
    pub subscriptions: usize,
    /// Connections ever.
    pub connections_ever: u64,
    /// Events published.
    pub events: u64,
    /// Frames received.
    pub frames_in: u64,
    /// Frames sent.
    pub frames_out: u64,
    /// Commands that took effect.
    pub accepted: u64,
    /// Commands that were known already and only acked again.
    pub repeated: u64,
    /// Commands refused for good.
    pub refused: u64,
    /// Commands refused for now.
    pub deferred: u64,
    /// Frames or messages that broke the rules.
    pub bad: u64,
    /// Connections that the gateway ended or did not take, for their load.
    pub drops: Drops,
    /// Connections that were refused or ended for their token, beside those whose token the shell refused.
    pub auth_ends: AuthEnds,
    /// How subscriptions began.
    pub begun: Begun,
    /// Live subscribers that each published event was queued for.
    pub fan_out: Histogram,
}

/// Connections that were ended, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// More waits than may wait.
    pub slow: u64,
    /// Nothing came for too long.
    pub silent: u64,
    /// Far above the rate.
    pub flood: u64,
    /// Too many are open.
    pub crowded: u64,
    /// The user has too many open.
    pub crowded_user: u64,
}

impl Drops {
    /// All of them.
    pub fn total(&self) -> u64 {
        let Self { slow, silent, flood, crowded, crowded_user } = self;
        slow + silent + flood + crowded + crowded_user
    }
}

/// Connections that ended for their token, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthEnds {
    /// None came in time.
    pub missing: u64,
    /// It could not be checked in time.
    pub unchecked: u64,
    /// It expired.
    pub expired: u64,
    /// It was revoked while it was in use.
    pub revoked: u64,
    /// The new one was of another user.
    pub other_user: u64,
}

/// Subscriptions, by [`sentinelops_protocol::system::Continuity`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// Went on exactly where they were.
    pub exact: u64,
    /// Began with a snapshot.
    pub snapshot: u64,
    /// Began with a snapshot, and events in between are lost.
    pub gap: u64,
}

/// What became of a command that no connection sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It took effect.
    Accepted,
    /// It had taken effect before, with the same content.
    Repeated,
    /// Refused for good.
    Refused {
        /// Why, for programs.
        code: Code,
        /// Why, for people.
        message: String,
    },
    /// Refused for now.
    Deferred {
        /// Why, for programs.
        code: Code,
        /// Why, for people.
        message: String,
        /// When it may come again, ms.
        retry_after_ms: u64,
    },
}
