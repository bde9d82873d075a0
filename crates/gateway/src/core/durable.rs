//! What outlives a restart, as a value.

use super::history::{History, Logged};
use super::state::State;
use super::{GatewayConfig, Now};
use sentinelops_protocol::system::SnapshotItem;
use sentinelops_protocol::{Channel, Json, Priority, Subject, decode_payload};
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
    /// Its place in the history of its channel; 0 in a journal, which keeps no history.
    #[serde(default)]
    pub seq: u64,
    /// The command behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Its urgency.
    #[serde(default)]
    pub priority: Priority,
    /// What the state holds of its key afterwards, where that is more than the event: of incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Json>,
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

/// Everything that a store with a complete history kept.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The epoch of the history.
    pub epoch: String,
    /// The seq of the newest event of each channel that ever had one.
    pub seqs: Vec<(Channel, u64)>,
    /// The state, one event per key (with its merged state), oldest change first.
    pub state: Vec<StoredEvent>,
    /// The events of the history with their time of acceptance (ms since the epoch), in order, each
    /// channel without a hole up to its newest.
    pub log: Vec<(u64, StoredEvent)>,
    /// The ids accepted, oldest first.
    pub accepted: Vec<Accepted>,
}

impl Loaded {
    /// Whether nothing was ever stored.
    pub fn is_empty(&self) -> bool {
        self.seqs.is_empty() && self.state.is_empty() && self.accepted.is_empty()
    }
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

    /// The memory of a gateway whose store lost nothing: the next start goes on in the same epoch.
    pub fn loaded(loaded: Loaded, config: &GatewayConfig, now: Now) -> Self {
        let mut state = State::default();
        for event in loaded.state {
            let (payload, _) = decode_payload(&event.kind, event.merged.as_ref().unwrap_or(&event.payload));
            state.apply(&payload, event.timestamp, config.max_items);
        }
        let mut history = History::new(loaded.epoch, config.history_events, config.history_ms);
        for (at, event) in loaded.log {
            let at = now.mono.saturating_sub(now.wall.saturating_sub(at));
            let channel = event.channel;
            let logged = Logged::of(&history.epoch, at, event);
            history.load(channel, logged);
        }
        for (channel, seq) in loaded.seqs {
            history.reach(channel, seq);
        }
        Self { accepted: loaded.accepted, state, history: Some(history) }
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
                seq: 0,
                cause: None,
                priority: Priority::Normal,
                merged: None,
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
