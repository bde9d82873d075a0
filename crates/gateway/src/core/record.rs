//! What is stored at once.

use super::statistics::Progress;
use sentinelops_protocol::{Channel, Json, Priority};
use serde::{Deserialize, Serialize};

/// An accepted id: its bearer, and a hash of what it stood for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Whose message.
    pub user: String,
    /// The id of the message.
    pub id: String,
    /// Of type, channel and payload.
    pub hash: u64,
    /// When it was accepted, ms since the epoch.
    pub at: u64,
}

/// An event of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Its channel.
    pub channel: Channel,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its payload.
    pub payload: Json,
    /// Its time, ms since the epoch.
    pub timestamp: u64,
    /// The id of the command behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Its urgency.
    #[serde(default)]
    pub priority: Priority,
    /// What the state holds of its key afterwards, where that is more than the event: of incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Json>,
    /// Whether it begins an incident: the state held none of this id before. What is stored of an earlier one goes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begins: bool,
}

/// The newest layout of a [`Record`] that this version reads.
pub const RECORD_VERSION: u8 = 1;

/// What is stored at once: an accepted command with everything that changed with it, or one published event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its layout, at most [`RECORD_VERSION`].
    #[serde(default = "record_version")]
    pub v: u8,
    /// Time of acceptance, ms since the epoch.
    #[serde(default)]
    pub at: u64,
    /// The accepted command, if one brought the events about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// The events, in order; at most one of each channel, because all of them get the `seq` of the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<StoredEvent>,
    /// How far the incident has come that the record is about, if that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

fn record_version() -> u8 {
    RECORD_VERSION
}

impl Record {
    /// A record of the present layout.
    pub fn new(at: u64, accepted: Option<Accepted>, events: Vec<StoredEvent>) -> Self {
        Self { v: RECORD_VERSION, at, accepted, events, progress: None }
    }
}
