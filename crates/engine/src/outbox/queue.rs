//! The rows in memory, with an index for each question asked of them: nothing here scans.
//!
//! Rows of one ordering key form a lane: first in, first out. Lanes that may send stand in one
//! ordered index by the highest priority waiting in them, then by age; its first entry is the next
//! message. A row without a key is a lane of its own.

mod entry;
mod lane;

pub(super) use entry::{Entry, Place};

use crate::mutant::{self, Mutant};
use lane::{Lane, LaneKey};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Rows by seq: the order in which they were taken, over all priorities.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: BTreeMap<u64, Entry>,
    ids: HashMap<String, u64>,
    lanes: HashMap<LaneKey, Lane>,
    ready: BTreeMap<(usize, u64), LaneKey>,
    wake: BTreeSet<(u64, LaneKey)>,
    flights: BTreeMap<u64, u64>,
    /// Never given to a socket, by priority: what may be evicted.
    unsent: [BTreeSet<u64>; 4],
    unsent_bytes: [u64; 4],
    coalesce: HashMap<String, BTreeSet<u64>>,
    ages: BTreeSet<(u64, u64)>,
    unflagged: BTreeSet<u64>,
    volatile: BTreeSet<u64>,
    held: Vec<LaneKey>,
    by_rank: [u32; 4],
    bytes: u64,
    writes: u64,
}

impl Queue {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn by_rank(&self) -> [u32; 4] {
        self.by_rank
    }

    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    pub fn find(&self, id: &str) -> Option<u64> {
        self.ids.get(id).copied()
    }

    pub fn get(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(&seq)
    }

    /// To change what no index knows of: neither place, priority, age, bytes nor what was sent.
    pub fn get_mut(&mut self, seq: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&seq)
    }

    /// All rows in the order they were taken.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries.iter().map(|(seq, entry)| (*seq, entry))
    }

    /// Puts a row in its place. The seq must be free.
    pub fn insert(&mut self, seq: u64, mut entry: Entry) {
        entry.place = Place::Waiting;
        entry.lane = match entry.row.ordering_key.as_deref() {
            Some(key) => LaneKey::Key(key.into()),
            None => LaneKey::Alone(seq),
        };
        let rank = entry.rank();
        self.ids.insert(entry.row.id.clone(), seq);
        self.ages.insert((entry.row.created_at, seq));
        self.by_rank[rank] += 1;
        self.bytes += entry.size();
        if entry.volatile {
            self.volatile.insert(seq);
        }
        if entry.unflagged {
            self.unflagged.insert(seq);
        }
        if !entry.row.possibly_sent {
            self.unsent[rank].insert(seq);
            self.unsent_bytes[rank] += entry.size();
            if let Some(value) = &entry.row.coalesce {
                self.coalesce.entry(value.clone()).or_default().insert(seq);
            }
        }
        let lane = self.lanes.entry(entry.lane.clone()).or_default();
        lane.waiting.insert(seq);
        lane.ranks[rank] += 1;
        let key = entry.lane.clone();
        self.entries.insert(seq, entry);
        self.refresh(&key);
    }

    /// Takes a row out.
    pub fn remove(&mut self, seq: u64) -> Option<Entry> {
        let entry = self.entries.remove(&seq)?;
        let rank = entry.rank();
        if self.ids.get(&entry.row.id) == Some(&seq) {
            self.ids.remove(&entry.row.id);
        }
        self.ages.remove(&(entry.row.created_at, seq));
        self.by_rank[rank] = self.by_rank[rank].saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(entry.size());
        self.volatile.remove(&seq);
        self.unflagged.remove(&seq);
        self.forget_unsent(seq, &entry);
        if let Some(lane) = self.lanes.get_mut(&entry.lane) {
            match entry.place {
                Place::Waiting => {
                    lane.waiting.remove(&seq);
                    lane.ranks[rank] = lane.ranks[rank].saturating_sub(1);
                }
                Place::Flying { write, .. } => {
                    lane.flying.remove(&seq);
                    self.flights.remove(&write);
                }
            }
        }
        self.refresh(&entry.lane);
        Some(entry)
    }

    /// Takes a row out whose end is not certain yet: nothing behind it in its lane is sent before
    /// [`Queue::left`].
    pub fn leave(&mut self, seq: u64) -> Option<Entry> {
        self.bar(seq);
        self.remove(seq)
    }

    /// It is certain, one way or the other.
    pub fn left(&mut self, seq: u64, entry: &Entry) {
        if let Some(lane) = self.lanes.get_mut(&entry.lane) {
            lane.barred.remove(&seq);
        }
        self.refresh(&entry.lane);
    }

    /// Neither this row nor what is behind it in its lane is sent before [`Queue::unbar`].
    pub fn bar(&mut self, seq: u64) {
        let Some(key) = self.entries.get(&seq).map(|entry| entry.lane.clone()) else { return };
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.barred.insert(seq);
        }
        self.refresh(&key);
    }

    pub fn unbar(&mut self, seq: u64) {
        let Some(key) = self.entries.get(&seq).map(|entry| entry.lane.clone()) else { return };
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.barred.remove(&seq);
        }
        self.refresh(&key);
    }

    /// The row that is to be sent next; with `critical_only`, if a critical message waits for it.
    pub fn next(&self, critical_only: bool) -> Option<u64> {
        let (&(rank, head), _) = self.ready.first_key_value()?;
        (!critical_only || rank == 0).then_some(head)
    }

    /// It was given to the socket.
    pub fn fly(&mut self, seq: u64, since: u64) {
        let Some(mut entry) = self.entries.remove(&seq) else { return };
        if entry.place == Place::Waiting {
            self.writes += 1;
            let write = self.writes;
            entry.place = Place::Flying { write, since };
            entry.unconfirmed = false;
            self.flights.insert(write, seq);
            if !mutant::active(Mutant::EvictPossiblySent) {
                self.forget_unsent(seq, &entry);
            }
            if !entry.row.possibly_sent {
                entry.row.possibly_sent = true;
                if !entry.volatile {
                    entry.unflagged = true;
                    self.unflagged.insert(seq);
                }
            }
            if let Some(lane) = self.lanes.get_mut(&entry.lane) {
                lane.waiting.remove(&seq);
                let rank = entry.rank();
                lane.ranks[rank] = lane.ranks[rank].saturating_sub(1);
                lane.flying.insert(seq);
            }
        }
        let lane = entry.lane.clone();
        self.entries.insert(seq, entry);
        self.refresh(&lane);
    }

    /// It flies no more: it takes its old place in its lane.
    pub fn land(&mut self, seq: u64) {
        let Some(entry) = self.entries.get_mut(&seq) else { return };
        let Place::Flying { write, .. } = entry.place else { return };
        entry.place = Place::Waiting;
        let (rank, key) = (entry.rank(), entry.lane.clone());
        self.flights.remove(&write);
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.flying.remove(&seq);
            lane.waiting.insert(seq);
            lane.ranks[rank] += 1;
        }
        self.refresh(&key);
    }

    /// Nothing of this row's lane leaves before `until`, nor before all that flies of it is back.
    pub fn block(&mut self, seq: u64, until: u64) {
        let head = self.is_head(seq);
        let Some(key) = self.entries.get(&seq).map(|entry| entry.lane.clone()) else { return };
        if let Some(lane) = self.lanes.get_mut(&key) {
            // The head's own time counts; one behind it can only ask for more patience.
            let until = if head { until } else { lane.blocked.unwrap_or(0).max(until) };
            if let Some(before) = lane.blocked.replace(until) {
                self.wake.remove(&(before, key.clone()));
            }
            lane.draining = !lane.flying.is_empty();
            self.wake.insert((until, key.clone()));
        }
        self.refresh(&key);
    }

    /// Nothing of this row's lane leaves on this connection.
    pub fn hold(&mut self, seq: u64) {
        let Some(key) = self.entries.get(&seq).map(|entry| entry.lane.clone()) else { return };
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.held = true;
            self.held.push(key.clone());
        }
        self.refresh(&key);
    }

    /// Another connection: what was held may try again.
    pub fn release_held(&mut self) {
        for key in std::mem::take(&mut self.held) {
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.held = false;
            }
            self.refresh(&key);
        }
    }

    /// Opens the lanes whose time has come.
    pub fn wake(&mut self, now: u64) {
        while self.wake.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, key)) = self.wake.pop_first() else { return };
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.blocked = None;
            }
            self.refresh(&key);
        }
    }

    pub fn next_wake(&self) -> Option<u64> {
        self.wake.first().map(|(at, _)| *at)
    }

    /// Whether these two have one ordering key.
    pub fn in_one_lane(&self, one: u64, other: u64) -> bool {
        let lane = |seq| self.entries.get(&seq).map(|entry| &entry.lane);
        lane(one).is_some() && lane(one) == lane(other)
    }

    /// Whether it is the oldest of its lane that is still alive.
    pub fn is_head(&self, seq: u64) -> bool {
        let lane = self.entries.get(&seq).and_then(|entry| self.lanes.get(&entry.lane));
        lane.is_some_and(|lane| {
            lane.waiting.first().into_iter().chain(lane.flying.first()).min() == Some(&seq)
        })
    }

    /// What flies, in the order it was written: (write, seq).
    pub fn flights(&self) -> impl Iterator<Item = (u64, u64)> {
        self.flights.iter().map(|(write, seq)| (*write, *seq))
    }

    pub fn first_flight(&self) -> Option<(u64, &Entry)> {
        let (_, seq) = self.flights.first_key_value()?;
        Some((*seq, self.entries.get(seq)?))
    }

    /// The last write that is still unanswered.
    pub fn last_flight(&self) -> Option<u64> {
        self.flights.last_key_value().map(|(write, _)| *write)
    }

    /// The last write so far.
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// Unsent rows of lower priority than `rank`: how many, and their bytes.
    pub fn unsent_below(&self, rank: usize) -> (usize, u64) {
        let lower = rank + 1..4;
        (self.unsent[lower.clone()].iter().map(BTreeSet::len).sum(), self.unsent_bytes[lower].iter().sum())
    }

    /// The same of the rows that `may` be dropped. It looks at each: for the time while the store is broken.
    pub fn droppable_below(&self, rank: usize, may: impl Fn(&Entry) -> bool) -> (usize, u64) {
        let lower = self.unsent[rank + 1..].iter().flatten();
        let entries = lower.filter_map(|seq| self.entries.get(seq)).filter(|entry| may(entry));
        entries.fold((0, 0), |(rows, bytes), entry| (rows + 1, bytes + entry.size()))
    }

    /// The oldest of the lowest priority below `rank` that was never sent.
    /// `may` says no only while the store is broken: then, and only then, this looks at many.
    pub fn victim(&self, rank: usize, may: impl Fn(&Entry) -> bool) -> Option<u64> {
        let fits = |seq: &&u64| self.entries.get(seq).is_some_and(&may);
        self.unsent[rank + 1..].iter().rev().find_map(|seqs| seqs.iter().find(fits).copied())
    }

    /// The unsent rows with this `coalesce`, in the order they were taken.
    pub fn rivals(&self, coalesce: Option<&str>) -> impl Iterator<Item = (u64, &Entry)> {
        let rivals = coalesce.and_then(|value| self.coalesce.get(value)).into_iter().flatten();
        rivals.filter_map(|seq| Some((*seq, self.entries.get(seq)?)))
    }

    pub fn oldest(&self) -> Option<(u64, u64)> {
        self.ages.first().copied()
    }

    pub fn youngest(&self) -> Option<(u64, u64)> {
        self.ages.last().copied()
    }

    pub fn set_created_at(&mut self, seq: u64, at: u64) {
        if let Some(entry) = self.entries.get_mut(&seq) {
            self.ages.remove(&(entry.row.created_at, seq));
            entry.row.created_at = at;
            self.ages.insert((at, seq));
        }
    }

    /// Rows whose stored copy does not know that they were possibly sent; from now on it does.
    pub fn take_unflagged(&mut self) -> Vec<u64> {
        let rows: Vec<u64> = std::mem::take(&mut self.unflagged).into_iter().collect();
        for seq in &rows {
            if let Some(entry) = self.entries.get_mut(seq) {
                entry.unflagged = false;
            }
        }
        rows
    }

    /// Its copy in the store lies there.
    pub fn moved_to(&mut self, seq: u64, order: u64) {
        if let Some(entry) = self.entries.get_mut(&seq) {
            entry.row.order = order;
        }
    }

    pub fn set_unflagged(&mut self, seq: u64) {
        if let Some(entry) = self.entries.get_mut(&seq) {
            entry.unflagged = true;
            self.unflagged.insert(seq);
        }
    }

    pub fn volatile(&self) -> Vec<u64> {
        self.volatile.iter().copied().collect()
    }

    fn forget_unsent(&mut self, seq: u64, entry: &Entry) {
        let rank = entry.rank();
        if self.unsent[rank].remove(&seq) {
            self.unsent_bytes[rank] = self.unsent_bytes[rank].saturating_sub(entry.size());
        }
        if let Some(value) = &entry.row.coalesce
            && let Some(rivals) = self.coalesce.get_mut(value)
        {
            rivals.remove(&seq);
            if rivals.is_empty() {
                self.coalesce.remove(value);
            }
        }
    }

    /// Brings the index of ready lanes up to date with one lane.
    fn refresh(&mut self, key: &LaneKey) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        if lane.flying.is_empty() {
            lane.draining = false;
        }
        let free = lane.blocked.is_none() && !lane.held && !lane.draining;
        let mut rank = lane.ranks.iter().position(|count| *count > 0);
        if mutant::active(Mutant::IgnorePriority) {
            // Critical ones still use their reserve: only the order is wrong.
            rank = rank.map(|rank| rank.min(1));
        }
        let ready = if free { rank.zip(lane.head()) } else { None };
        if ready != lane.ready {
            if let Some(before) = lane.ready {
                self.ready.remove(&before);
            }
            if let Some(ready) = ready {
                self.ready.insert(ready, key.clone());
            }
            lane.ready = ready;
        }
        if lane.waiting.is_empty() && lane.flying.is_empty() && lane.barred.is_empty() {
            if let Some(at) = lane.blocked {
                self.wake.remove(&(at, key.clone()));
            }
            self.lanes.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
