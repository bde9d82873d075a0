//! Things by id. Open ones always stay; of the finished ones the oldest is dropped for the newest.

use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept<T> {
    by_id: BTreeMap<String, T>,
    /// Counts changes: orders the finished ones.
    changes: u64,
    /// When a finished one was changed last.
    finished_at: HashMap<String, u64>,
    /// The same, oldest change first.
    finished: BTreeMap<u64, String>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        let (by_id, finished_at, finished) = Default::default();
        Self { by_id, changes: 0, finished_at, finished }
    }
}

impl<T> Kept<T> {
    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.by_id.get(id)
    }

    /// In the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.by_id.values()
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    pub(super) fn is_open(&self, id: &str) -> bool {
        self.by_id.contains_key(id) && !self.finished_at.contains_key(id)
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.by_id.len() - self.finished.len()
    }

    /// Puts in what changed last. Above `max_finished` the finished ones that were changed before the others leave.
    /// Answers their ids.
    pub(super) fn put(&mut self, id: &str, value: T, is_open: bool, max_finished: usize) -> Vec<String> {
        self.by_id.insert(id.to_owned(), value);
        if let Some(at) = self.finished_at.remove(id) {
            self.finished.remove(&at);
        }
        if !is_open {
            self.changes += 1;
            self.finished_at.insert(id.to_owned(), self.changes);
            self.finished.insert(self.changes, id.to_owned());
        }
        let mut gone = Vec::new();
        while self.finished.len() > max_finished
            && let Some((_, id)) = self.finished.pop_first()
        {
            self.finished_at.remove(&id);
            self.by_id.remove(&id);
            gone.push(id);
        }
        gone
    }
}
