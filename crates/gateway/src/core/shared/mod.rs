//! A store that several gateways write to: a record takes effect when the log has it and everything before it was folded.
//!
//! ```text
//! command -> judged on the folded state -> Store::propose -> the log -> Gateway::fold (every gateway) -> ack
//!                    ^                                        |
//!                    +---- folded that far, judged again <----+ Gateway::stale: another record of the key came first
//! ```
//!
//! Nothing is applied, sent or acknowledged before [`Gateway::fold`]. A command that follows one of its ordering key waits
//! until that one has come back. What was proposed while the log became unreachable is refused for now: its id decides
//! later whether it took effect.

mod ahead;
mod jobs;
mod key;
mod lease;
mod missing;
mod notices;
mod place;

pub(crate) use key::key_of_record;
pub use notices::Notice;
pub use place::{Place, Position};

use super::durable::Durable;
use super::history::{History, Logged};
use super::record::{Accepted, Record, StoredEvent};
use super::types::{NewEvent, Now};
use super::{Gateway, Snapshots, ids::Ids};
use jobs::Job;
use sentinelops_protocol::{decode_payload, encode_payload};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Keys whose newest record is remembered; one that is not is asked for by a first refusal.
const KEYS_KNOWN: usize = 100_000;

/// A record on its way into the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Counts from 1 over the life of this gateway.
    pub number: u64,
    /// What the record competes for: the log takes it only when no record of this key came after `after`.
    pub key: String,
    /// The `seq` of the newest record of the key that it was judged on; 0: none.
    pub after: u64,
    /// The record.
    pub record: Record,
}

/// What became of proposals so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proposed {
    /// Handed to the store.
    pub sent: u64,
    /// Come back from the log.
    pub folded: u64,
    /// Refused because another record of the key came first, or one of the same id.
    pub stale: u64,
    /// Judged again after that.
    pub judged_again: u64,
}

/// A proposal that the log has not answered.
#[derive(Debug)]
struct Open {
    key: String,
    /// `None`: nobody waits, and it is not proposed again.
    job: Option<Job>,
}

/// A record that is ready to be proposed.
#[derive(Debug)]
struct Draft {
    key: String,
    record: Record,
}

#[derive(Debug, Default)]
enum Judging {
    /// What is appended is proposed at once.
    #[default]
    Nothing,
    /// The first record that the job appends is proposed; the job is carried out again when that is folded.
    Job(Option<Box<Draft>>),
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    number: u64,
    judging: Judging,
    /// Of each key the newest record known.
    newest: HashMap<String, u64>,
    open: BTreeMap<u64, Open>,
    /// Jobs to be judged again once this `seq` is folded.
    stale: BTreeMap<u64, Vec<Job>>,
    /// Jobs that wait for the one before them, by queue. A queue is there while one of its jobs is open.
    queues: BTreeMap<String, VecDeque<Job>>,
    ready: VecDeque<Job>,
    proposed: Proposed,
    leases: lease::Leases,
    ahead: Vec<ahead::Ahead>,
}

impl Gateway {
    /// A record of the log, in order; `key` is the one it was proposed with. `own`: the number of the proposal, when this
    /// gateway proposed it. A record that was folded already is ignored.
    pub fn fold(&mut self, now: Now, seq: u64, key: &str, record: &Record, own: Option<u64>) {
        if seq <= self.history.seq {
            return;
        }
        for event in &record.events {
            let (payload, _) = decode_payload(&event.kind, &event.payload);
            self.look_for_lost_agent(&payload);
            self.state.begin(&payload);
            self.state.apply(&payload, event.timestamp, self.config.max_items);
            let logged = Logged::new(&self.history.epoch, now.mono, seq, event, &payload);
            // Outputs from here on show this record.
            self.history.seq = seq;
            if let Some(logged) = self.history.push(event.channel, now.mono, logged) {
                self.stats.events += 1;
                self.fan_out(event.channel, &logged);
            }
        }
        self.history.seq = seq;
        if let Some(accepted) = &record.accepted {
            self.ids.insert(now.mono, accepted.clone());
        }
        self.know(key, seq);
        let Some(shared) = &mut self.shared else { return };
        if let Some(open) = own.and_then(|number| shared.open.remove(&number)) {
            shared.proposed.folded += 1;
            if let Some(job) = open.job {
                self.proceed(now, job);
            }
        }
        self.answer_ahead(now);
        self.judge_stale(now);
        self.work(now);
        self.settle(now);
    }

    /// The log did not take a proposal, because `newest` is the newest record of its key (0: there is none), or the one that
    /// has its id. It is judged again when that is folded.
    pub fn stale(&mut self, now: Now, number: u64, newest: u64) {
        let Some(shared) = &mut self.shared else { return };
        let Some(open) = shared.open.remove(&number) else { return };
        shared.proposed.stale += 1;
        if let Some(job) = open.job {
            shared.stale.entry(newest).or_default().push(job);
        }
        self.know(&open.key, newest);
        self.judge_stale(now);
        self.work(now);
        self.settle(now);
    }

    /// The log does not take a proposal for another reason, or did not answer: refused for now.
    pub fn refused(&mut self, now: Now, number: u64, retry_ms: u64) {
        let open = self.shared.as_mut().and_then(|shared| shared.open.remove(&number));
        if let Some(job) = open.and_then(|open| open.job) {
            self.give_up(now, job, retry_ms);
        }
        self.work(now);
        self.settle(now);
    }

    /// What was proposed, and what became of it.
    pub fn proposed(&self) -> Proposed {
        self.shared.as_ref().map(|shared| shared.proposed).unwrap_or_default()
    }

    /// Jobs that wait for the log or for each other.
    pub fn waiting(&self) -> usize {
        let Some(shared) = &self.shared else { return 0 };
        let queued: usize = shared.queues.values().map(VecDeque::len).sum();
        let stale: usize = shared.stale.values().map(Vec::len).sum();
        shared.open.len() + queued + stale + shared.ready.len()
    }

    /// Goes on with what another log holds, in another epoch: every connection is asked to come back, and shown what is
    /// lost.
    pub fn reset(&mut self, now: Now, durable: Durable) {
        self.give_up_all(now, 1);
        let window = self.config.reconnect_window_ms.max(1_000);
        self.drain(now, "the history was lost; a new snapshot follows", window);
        let Durable { accepted, state, history } = durable;
        let config = &self.config;
        self.history = history.unwrap_or_else(|| {
            History::new(self.history.epoch.clone(), config.history_events, config.history_ms)
        });
        self.state = state;
        self.ids = Ids::default();
        self.ids.restore(accepted, now, self.config.dedupe_ms);
        self.snapshots = Snapshots::new();
        if let Some(shared) = &mut self.shared {
            shared.newest.clear();
        }
        self.settle(now);
    }

    /// Of a store that others write to: as [`Gateway::set_unavailable`].
    pub(super) fn set_unreachable(&mut self, now: Now, retry_ms: Option<u64>) {
        if let Some(wait) = retry_ms {
            self.give_up_all(now, wait);
        }
        self.unavailable = retry_ms;
        self.leases_begin_again(now);
    }

    /// A number for ids of events: no other gateway gives the same.
    pub(super) fn event_number(&self) -> String {
        match (self.store.writer(), &self.shared) {
            (Some(writer), Some(shared)) => format!("{writer}-{}", shared.number + 1),
            _ => (self.history.seq + 1).to_string(),
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Instead of appending: builds the record from the state as it is, and changes nothing.
    pub(super) fn draft(&mut self, now: Now, accepted: Option<Accepted>, events: Vec<(NewEvent, bool)>) {
        let stored: Vec<_> = events
            .into_iter()
            .map(|(event, is_caused)| StoredEvent {
                channel: event.channel,
                kind: event.kind,
                payload: encode_payload(&event.payload),
                timestamp: event.timestamp.unwrap_or(now.wall),
                cause: accepted.as_ref().filter(|_| is_caused).map(|accepted| accepted.id.clone()),
                priority: event.priority,
                merged: self.state.merged_after(&event.payload),
                begins: self.state.begins(&event.payload),
            })
            .collect();
        let record = Record::new(now.wall, accepted, stored);
        let draft = Draft { key: key_of_record(&record), record };
        match self.shared.as_mut().map(|shared| &mut shared.judging) {
            Some(Judging::Job(slot)) => drop(slot.get_or_insert(Box::new(draft))),
            _ => self.propose(draft, None),
        }
    }

    fn propose(&mut self, Draft { key, record }: Draft, job: Option<Job>) {
        let Some(shared) = &mut self.shared else { return };
        shared.number += 1;
        shared.proposed.sent += 1;
        let number = shared.number;
        let after = shared.newest.get(&key).copied().unwrap_or(0);
        shared.open.insert(number, Open { key: key.clone(), job });
        self.store.propose(Proposal { number, key, after, record });
    }

    fn know(&mut self, key: &str, seq: u64) {
        let Some(shared) = &mut self.shared else { return };
        if shared.newest.len() >= KEYS_KNOWN {
            shared.newest.clear();
        }
        match shared.newest.get_mut(key) {
            Some(newest) => *newest = seq,
            None => drop(shared.newest.insert(key.to_owned(), seq)),
        }
    }

    fn judge_stale(&mut self, now: Now) {
        let folded = self.history.seq;
        let Some(shared) = &mut self.shared else { return };
        while let Some(first) = shared.stale.first_entry().filter(|first| *first.key() <= folded) {
            let jobs = first.remove();
            shared.proposed.judged_again += jobs.len() as u64;
            shared.ready.extend(jobs);
        }
        self.work(now);
    }

    fn work(&mut self, now: Now) {
        while let Some(job) = self.shared.as_mut().and_then(|shared| shared.ready.pop_front()) {
            self.judge_job(now, job);
        }
    }
}
