//! Final states remembered for a while, and the failed list.

use crate::{FailedRow, MessageUpdate};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Most final states remembered, so that a resubmitted id is answered with its end.
const MAX_ENDED: usize = 4_096;

#[derive(Debug, Default)]
pub(super) struct Ended {
    states: HashMap<String, MessageUpdate>,
    order: VecDeque<String>,
}

impl Ended {
    pub fn add(&mut self, update: MessageUpdate) {
        if self.states.len() >= MAX_ENDED
            && let Some(oldest) = self.order.pop_front()
        {
            self.states.remove(&oldest);
        }
        let id = update.id.clone();
        if self.states.insert(id.clone(), update).is_none() {
            self.order.push_back(id);
        }
    }

    pub fn get(&self, id: &str) -> Option<&MessageUpdate> {
        self.states.get(id)
    }

    /// Forgets the end of a message that was refused at once, so that it can be tried again. `false`: it was not refused.
    pub fn forget_refusal(&mut self, id: &str) -> bool {
        let refused = self.get(id).is_some_and(|ended| ended.delivery.was_refused());
        if refused {
            self.forget(id);
        }
        refused
    }

    /// Forgets the end of a message (it is retried).
    pub fn forget(&mut self, id: &str) {
        if self.states.remove(id).is_some() {
            self.order.retain(|kept| kept != id);
        }
    }
}

/// The failed list, oldest first.
#[derive(Debug)]
pub(super) struct Failed {
    /// Most entries; above that the oldest is dropped.
    pub most: usize,
    rows: BTreeMap<u64, FailedRow>,
    ids: HashMap<String, u64>,
    seen: u64,
}

impl Default for Failed {
    fn default() -> Self {
        let (rows, ids, seen) = Default::default();
        Self { most: crate::Bounds::default().failed, rows, ids, seen }
    }
}

impl Failed {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn get(&self, id: &str) -> Option<&FailedRow> {
        self.rows.get(self.ids.get(id)?)
    }

    pub fn iter(&self) -> impl Iterator<Item = &FailedRow> {
        self.rows.values()
    }

    /// Adds a row; returns the id of the entry dropped for it.
    pub fn add(&mut self, row: FailedRow) -> Option<String> {
        self.remove(&row.row.id);
        self.seen += 1;
        self.ids.insert(row.row.id.clone(), self.seen);
        self.rows.insert(self.seen, row);
        if self.rows.len() <= self.most {
            return None;
        }
        let (_, oldest) = self.rows.pop_first()?;
        self.ids.remove(&oldest.row.id);
        Some(oldest.row.id)
    }

    pub fn remove(&mut self, id: &str) -> Option<FailedRow> {
        self.rows.remove(&self.ids.remove(id)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeliveryState, Durability};

    #[test]
    fn the_memory_of_ends_is_bounded() {
        let mut ended = Ended::default();
        for n in 0..MAX_ENDED + 10 {
            let (durability, delivery) = (Durability::Durable, DeliveryState::Delivered);
            ended.add(MessageUpdate { id: n.to_string(), durability, delivery });
        }
        assert!(ended.get("9").is_none() && ended.get("10").is_some());
        ended.forget("10");
        assert!(ended.get("10").is_none());
        assert_eq!(ended.order.len(), ended.states.len());
    }
}
