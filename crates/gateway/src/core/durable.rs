//! What outlives a restart, as a value.

use super::history::{History, Logged};
use super::record::{Accepted, Record, StoredEvent};
use super::state::State;
use super::statistics::Progress;
use super::{GatewayConfig, Now};
use sentinelops_protocol::{Channel, Priority, decode_payload};

/// Everything that a store with a complete history kept.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The epoch of the history.
    pub epoch: String,
    /// The seq of the newest record.
    pub seq: u64,
    /// Up to this seq records may be missing in `log`.
    pub gone: u64,
    /// The state, one event per key (with its merged state), oldest change first.
    pub state: Vec<StoredEvent>,
    /// The records after `gone` with their seqs, in order, without a hole up to the newest.
    pub log: Vec<(u64, Record)>,
    /// The ids accepted, oldest first.
    pub accepted: Vec<Accepted>,
    /// How far incidents had come: the open ones, and those of the last week.
    pub progress: Vec<Progress>,
}

impl Loaded {
    /// Whether nothing was ever stored.
    pub fn is_empty(&self) -> bool {
        self.seq == 0
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
        for progress in loaded.progress {
            state.restore_progress(progress);
        }
        let mut history = History::new(loaded.epoch, config.history_events, config.history_ms);
        history.begin_after(loaded.gone);
        for (seq, record) in loaded.log {
            let at = now.mono.saturating_sub(now.wall.saturating_sub(record.at));
            for event in &record.events {
                let logged = Logged::of(&history.epoch, at, seq, event);
                history.push(event.channel, at, logged);
            }
        }
        history.seq = history.seq.max(loaded.seq);
        Self { accepted: loaded.accepted, state, history: Some(history) }
    }

    /// Takes in the record that a store committed next, with its `seq`.
    pub fn take(&mut self, seq: u64, record: &Record, config: &GatewayConfig, now: Now) {
        self.accepted.extend(record.accepted.clone());
        for event in &record.events {
            let (payload, _) = decode_payload(&event.kind, &event.payload);
            self.state.begin(&payload);
            self.state.apply(&payload, event.timestamp, config.max_items);
            if let Some(history) = &mut self.history {
                let logged = Logged::of(&history.epoch, now.mono, seq, event);
                history.push(event.channel, now.mono, logged);
            }
        }
        if let Some(progress) = record.progress.clone() {
            self.state.restore_progress(progress);
        }
        if let Some(history) = &mut self.history {
            history.seq = history.seq.max(seq);
        }
    }

    /// Up to `seq` everything was taken in: what came after the last record is none.
    pub fn read_up_to(&mut self, seq: u64) {
        if let Some(history) = &mut self.history {
            history.seq = history.seq.max(seq);
        }
    }

    /// Folds in a record of a journal (`--import-journal`), which tells of the state, not of the history.
    pub fn replay(&mut self, record: Record, max_items: usize) {
        self.history = None;
        self.accepted.extend(record.accepted);
        for event in record.events {
            let (payload, _) = decode_payload(&event.kind, event.merged.as_ref().unwrap_or(&event.payload));
            self.state.apply(&payload, event.timestamp, max_items);
        }
    }

    /// The fewest records that lead to the same ids and state, oldest first.
    pub fn records(&self) -> Vec<Record> {
        let ids = self.accepted.iter().cloned().map(|id| Record::new(id.at, Some(id), Vec::new()));
        let events = self.state.everything().into_iter().map(|(channel, item)| {
            let timestamp = item.timestamp.unwrap_or_default();
            let event = StoredEvent {
                channel,
                kind: item.kind,
                merged: (channel == Channel::Incidents).then(|| item.payload.clone()),
                payload: item.payload,
                timestamp,
                cause: None,
                priority: Priority::Normal,
                begins: false,
            };
            Record::new(timestamp, None, vec![event])
        });
        ids.chain(events).collect()
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
