//! What outlives a restart, as a value.

use super::history::History;
use super::state::State;
use sentinelops_protocol::system::SnapshotItem;
use sentinelops_protocol::{Channel, Json, Subject, decode_payload};
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

/// An event as the journal keeps it.
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
}

/// One entry of the journal: what was accepted, and what changed with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The accepted command, if one brought the events about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// The events, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<StoredEvent>,
}

/// The memory of a gateway.
///
/// A restart may keep all of it, or lose parts: [`Durable::forget_history`] makes the next start
/// one that cannot prove a complete history (it takes a new epoch), [`Durable::forget_ids`] one
/// that has lost its promise of one effect per id.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    pub(super) accepted: Vec<Accepted>,
    pub(super) state: State,
    pub(super) history: Option<History>,
}

impl Durable {
    /// Forgets the history: the next start takes a new epoch and answers every `since` by state.
    #[must_use]
    pub fn forget_history(mut self) -> Self {
        self.history = None;
        self
    }

    /// Forgets which ids were accepted.
    #[must_use]
    pub fn forget_ids(mut self) -> Self {
        self.accepted.clear();
        self
    }

    /// Forgets the state, and with it the history that leads to it.
    #[must_use]
    pub fn forget_state(mut self) -> Self {
        self.state = State::default();
        self.history = None;
        self
    }

    /// Folds in one entry of a journal. A journal tells of the state, not of the whole history.
    pub fn replay(&mut self, record: Record, max_items: usize) {
        self.history = None;
        self.accepted.extend(record.accepted);
        for event in record.events {
            let (payload, _) = decode_payload(&event.kind, &event.payload);
            self.state.apply(&payload, event.timestamp, max_items);
        }
    }

    /// The shortest journal that leads to the same ids and state: what a journal is compacted to.
    pub fn records(&self) -> Vec<Record> {
        let ids =
            self.accepted.iter().cloned().map(|accepted| Record { accepted: Some(accepted), events: vec![] });
        let channels = Channel::ALL.into_iter().map(|channel| {
            let store = |item: SnapshotItem| StoredEvent {
                channel,
                kind: item.kind,
                payload: item.payload,
                timestamp: item.timestamp.unwrap_or_default(),
            };
            let events = self.state.items(&Subject::channel(channel)).into_iter().map(store).collect();
            Record { accepted: None, events }
        });
        ids.chain(channels.filter(|record| !record.events.is_empty())).collect()
    }

    /// The ids remembered.
    pub fn accepted(&self) -> &[Accepted] {
        &self.accepted
    }

    /// The state remembered.
    pub fn state(&self) -> &State {
        &self.state
    }
}
