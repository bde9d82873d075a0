//! The rows in memory, with an index for each query, so that none scans.
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

/// Rows by sequence number: the order in which they were taken, over all priorities.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: BTreeMap<u64, Entry>,
    ids: HashMap<String, u64>,
    lanes: HashMap<LaneKey, Lane>,
    ready: BTreeMap<(usize, u64), LaneKey>,
    wake: BTreeSet<(u64, LaneKey)>,
    in_flight_rows: BTreeMap<u64, u64>,
    /// Rows never given to a socket, by priority. They may be evicted.
    unsent: [BTreeSet<u64>; 4],
    unsent_bytes: [u64; 4],
    coalesce: HashMap<String, BTreeSet<u64>>,
    ages: BTreeSet<(u64, u64)>,
    volatile: BTreeSet<u64>,
    held_lanes: Vec<LaneKey>,
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
        self.in_flight_rows.len()
    }

    pub fn find(&self, id: &str) -> Option<u64> {
        self.ids.get(id).copied()
    }

    pub fn get(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(&seq)
    }

    /// For changes that no index depends on: not place, priority, age, bytes or `possibly_sent`.
    pub fn get_mut(&mut self, seq: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&seq)
    }

    /// All rows in the order they were taken.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.entries.iter().map(|(seq, entry)| (*seq, entry))
    }

    /// Inserts a row. The sequence number must be free.
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

    /// Removes a row.
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
        self.forget_unsent(seq, &entry);
        if let Some(lane) = self.lanes.get_mut(&entry.lane) {
            match entry.place {
                Place::Waiting => {
                    lane.waiting.remove(&seq);
                    lane.ranks[rank] = lane.ranks[rank].saturating_sub(1);
                }
                Place::InFlight { write, .. } => {
                    lane.in_flight.remove(&seq);
                    self.in_flight_rows.remove(&write);
                }
            }
        }
        self.refresh(&entry.lane);
        Some(entry)
    }

    /// Removes a row whose removal is pending: later rows of its lane are not sent before [`Queue::removal_settled`].
    pub fn remove_pending(&mut self, seq: u64) -> Option<Entry> {
        self.hold_lane(seq);
        self.remove(seq)
    }

    /// The removal is complete or rolled back.
    pub fn removal_settled(&mut self, seq: u64, entry: &Entry) {
        if let Some(lane) = self.lanes.get_mut(&entry.lane) {
            lane.holds.remove(&seq);
        }
        self.refresh(&entry.lane);
    }

    /// This row and later ones of its lane are not sent before [`Queue::release_lane`].
    pub fn hold_lane(&mut self, seq: u64) {
        self.change_lane(seq, |lane| _ = lane.holds.insert(seq));
    }

    pub fn release_lane(&mut self, seq: u64) {
        self.change_lane(seq, |lane| _ = lane.holds.remove(&seq));
    }

    /// The row to send next. With `critical_only`: only if a critical message waits in its lane.
    pub fn next(&self, critical_only: bool) -> Option<u64> {
        let (&(rank, head), _) = self.ready.first_key_value()?;
        (!critical_only || rank == 0).then_some(head)
    }

    /// The row was given to the socket.
    pub fn mark_in_flight(&mut self, seq: u64, since: u64) {
        let Some(mut entry) = self.entries.remove(&seq) else { return };
        if entry.place == Place::Waiting {
            self.writes += 1;
            let write = self.writes;
            entry.place = Place::InFlight { write, since };
            entry.unconfirmed = false;
            self.in_flight_rows.insert(write, seq);
            if !mutant::active(Mutant::EvictPossiblySent) {
                self.forget_unsent(seq, &entry);
            }
            entry.row.possibly_sent = true;
            if let Some(lane) = self.lanes.get_mut(&entry.lane) {
                lane.waiting.remove(&seq);
                let rank = entry.rank();
                lane.ranks[rank] = lane.ranks[rank].saturating_sub(1);
                lane.in_flight.insert(seq);
            }
        }
        let lane = entry.lane.clone();
        self.entries.insert(seq, entry);
        self.refresh(&lane);
    }

    /// The row is no longer in flight: it takes its old place in its lane.
    pub fn requeue(&mut self, seq: u64) {
        let Some(entry) = self.entries.get_mut(&seq) else { return };
        let Place::InFlight { write, .. } = entry.place else { return };
        entry.place = Place::Waiting;
        let (rank, key) = (entry.rank(), entry.lane.clone());
        self.in_flight_rows.remove(&write);
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.in_flight.remove(&seq);
            lane.waiting.insert(seq);
            lane.ranks[rank] += 1;
        }
        self.refresh(&key);
    }

    /// Pauses the row's lane until `until` (monotonic ms), and until all of its rows in flight are back.
    pub fn block(&mut self, seq: u64, until: u64) {
        let head = self.is_head(seq);
        let Some(key) = self.entries.get(&seq).map(|entry| entry.lane.clone()) else { return };
        if let Some(lane) = self.lanes.get_mut(&key) {
            // The head sets the time; a later row can only extend it.
            let until = if head { until } else { lane.blocked.unwrap_or(0).max(until) };
            if let Some(before) = lane.blocked.replace(until) {
                self.wake.remove(&(before, key.clone()));
            }
            lane.draining = !lane.in_flight.is_empty();
            self.wake.insert((until, key.clone()));
        }
        self.refresh(&key);
    }

    /// Pauses the row's lane for the rest of this connection.
    pub fn hold_for_connection(&mut self, seq: u64) {
        self.held_lanes.extend(self.entries.get(&seq).map(|entry| entry.lane.clone()));
        self.change_lane(seq, |lane| lane.held_for_connection = true);
    }

    /// A new connection: releases these lanes.
    pub fn release_connection_holds(&mut self) {
        for key in std::mem::take(&mut self.held_lanes) {
            if let Some(lane) = self.lanes.get_mut(&key) {
                lane.held_for_connection = false;
            }
            self.refresh(&key);
        }
    }

    /// Releases the lanes whose wait is over.
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

    /// Whether both rows have the same ordering key.
    pub fn in_one_lane(&self, one: u64, other: u64) -> bool {
        let lane = |seq| self.entries.get(&seq).map(|entry| &entry.lane);
        lane(one).is_some() && lane(one) == lane(other)
    }

    /// Whether it is the oldest row of its lane.
    pub fn is_head(&self, seq: u64) -> bool {
        let lane = self.entries.get(&seq).and_then(|entry| self.lanes.get(&entry.lane));
        lane.is_some_and(|lane| {
            lane.waiting.first().into_iter().chain(lane.in_flight.first()).min() == Some(&seq)
        })
    }

    /// Rows in flight in the order of writing: (write, seq).
    pub fn in_flight_rows(&self) -> impl Iterator<Item = (u64, u64)> {
        self.in_flight_rows.iter().map(|(write, seq)| (*write, *seq))
    }

    pub fn first_in_flight(&self) -> Option<(u64, &Entry)> {
        let (_, seq) = self.in_flight_rows.first_key_value()?;
        Some((*seq, self.entries.get(seq)?))
    }

    /// The last unanswered write.
    pub fn last_in_flight(&self) -> Option<u64> {
        self.in_flight_rows.last_key_value().map(|(write, _)| *write)
    }

    /// Number of the last write.
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// Count and bytes of the unsent rows below priority `rank`.
    pub fn unsent_below(&self, rank: usize) -> (usize, u64) {
        let lower = rank + 1..4;
        (self.unsent[lower.clone()].iter().map(BTreeSet::len).sum(), self.unsent_bytes[lower].iter().sum())
    }

    /// The same for rows that `may` be dropped. Visits each of them; used only while the store is broken.
    pub fn droppable_below(&self, rank: usize, may: impl Fn(&Entry) -> bool) -> (usize, u64) {
        let lower = self.unsent[rank + 1..].iter().flatten();
        let entries = lower.filter_map(|seq| self.entries.get(seq)).filter(|entry| may(entry));
        entries.fold((0, 0), |(rows, bytes), entry| (rows + 1, bytes + entry.size()))
    }

    /// The oldest unsent row of the lowest priority below `rank`. `may` is `false` only while the store is broken; only then
    /// does this visit many rows.
    pub fn victim(&self, rank: usize, may: impl Fn(&Entry) -> bool) -> Option<u64> {
        let fits = |seq: &&u64| self.entries.get(seq).is_some_and(&may);
        self.unsent[rank + 1..].iter().rev().find_map(|seqs| seqs.iter().find(fits).copied())
    }

    /// The unsent rows with this `coalesce`, in the order they were taken.
    pub fn coalesce_group(&self, coalesce: Option<&str>) -> impl Iterator<Item = (u64, &Entry)> {
        let coalesce_group = coalesce.and_then(|value| self.coalesce.get(value)).into_iter().flatten();
        coalesce_group.filter_map(|seq| Some((*seq, self.entries.get(seq)?)))
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

    /// The stored copy of the row has this order.
    pub fn moved_to(&mut self, seq: u64, order: u64) {
        if let Some(entry) = self.entries.get_mut(&seq) {
            entry.row.order = order;
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
            && let Some(coalesce_group) = self.coalesce.get_mut(value)
        {
            coalesce_group.remove(&seq);
            if coalesce_group.is_empty() {
                self.coalesce.remove(value);
            }
        }
    }

    /// Changes the lane of this row.
    fn change_lane(&mut self, seq: u64, change: impl FnOnce(&mut Lane)) {
        let Some(key) = self.entries.get(&seq).map(|entry| entry.lane.clone()) else { return };
        if let Some(lane) = self.lanes.get_mut(&key) {
            change(lane);
        }
        self.refresh(&key);
    }

    /// Updates the index of ready lanes for one lane.
    fn refresh(&mut self, key: &LaneKey) {
        let Some(lane) = self.lanes.get_mut(key) else { return };
        if lane.in_flight.is_empty() {
            lane.draining = false;
        }
        let mut ready = lane.next();
        if mutant::active(Mutant::IgnorePriority) {
            // Critical ones still use their reserve: only the order is wrong.
            ready = ready.map(|(rank, head)| (rank.min(1), head));
        }
        if ready != lane.ready {
            if let Some(before) = lane.ready {
                self.ready.remove(&before);
            }
            if let Some(ready) = ready {
                self.ready.insert(ready, key.clone());
            }
            lane.ready = ready;
        }
        if lane.waiting.is_empty() && lane.in_flight.is_empty() && lane.holds.is_empty() {
            if let Some(at) = lane.blocked {
                self.wake.remove(&(at, key.clone()));
            }
            self.lanes.remove(key);
        }
    }
}

#[cfg(test)]
mod tests;
