//! Last per key, and newest N.

use crate::List;
use sentinelops_engine::MAX_KEYS;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// The last value of each key, in order of first appearance. Over [`MAX_KEYS`] the key that did not change for
/// longest goes: the same as in the worker's fold, which tabs opened later are given.
pub(crate) struct Keyed<T> {
    values: HashMap<Rc<str>, Entry>,
    /// By first appearance.
    rows: BTreeMap<u64, Rc<T>>,
    /// By last change.
    changed: BTreeMap<u64, Rc<str>>,
    puts: u64,
    /// The rows as last handed out; void when one changed.
    shown: RefCell<Option<List<Rc<T>>>>,
}

/// Where a key stands in both orders.
struct Entry {
    place: u64,
    changed: u64,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            rows: BTreeMap::new(),
            changed: BTreeMap::new(),
            puts: 0,
            shown: RefCell::default(),
        }
    }
}

impl<T> Keyed<T> {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn put(&mut self, key: &str, value: Rc<T>) {
        *self.shown.get_mut() = None;
        self.puts += 1;
        let now = self.puts;
        if let Some(entry) = self.values.get_mut(key) {
            self.rows.insert(entry.place, value);
            let key = self.changed.remove(&entry.changed);
            entry.changed = now;
            self.changed.extend(key.map(|key| (now, key)));
            return;
        }
        let key: Rc<str> = key.into();
        self.values.insert(key.clone(), Entry { place: now, changed: now });
        self.rows.insert(now, value);
        self.changed.insert(now, key);
        if self.values.len() > MAX_KEYS
            && let Some((_, oldest)) = self.changed.pop_first()
            && let Some(entry) = self.values.remove(&oldest)
        {
            self.rows.remove(&entry.place);
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Rc<T>> {
        self.rows.get(&self.values.get(key)?.place)
    }

    /// All rows; the same list until something changed.
    pub(crate) fn list(&self) -> List<Rc<T>> {
        let mut shown = self.shown.borrow_mut();
        shown.get_or_insert_with(|| self.rows.values().cloned().collect::<Vec<_>>().into()).clone()
    }
}

/// The newest values, oldest first.
pub(crate) struct Feed<T> {
    rows: Rc<Vec<Rc<T>>>,
    /// Basic servers and resends may repeat one; each is shown once.
    ids: std::collections::HashSet<String>,
    order: std::collections::VecDeque<String>,
}

impl<T> Default for Feed<T> {
    fn default() -> Self {
        Self { rows: Rc::default(), ids: Default::default(), order: Default::default() }
    }
}

impl<T> Feed<T> {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn push(&mut self, id: &str, value: Rc<T>, keep: usize) {
        if !self.ids.insert(id.to_owned()) {
            return;
        }
        self.order.push_back(id.to_owned());
        let rows = Rc::make_mut(&mut self.rows);
        rows.push(value);
        if rows.len() > keep {
            rows.remove(0);
            if let Some(id) = self.order.pop_front() {
                self.ids.remove(&id);
            }
        }
    }

    pub(crate) fn list(&self) -> List<Rc<T>> {
        self.rows.clone().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyed_keeps_the_place_and_shares_the_list() {
        let mut keyed = Keyed::default();
        keyed.put("a", Rc::new(1));
        keyed.put("b", Rc::new(2));
        let shown = keyed.list();
        assert_eq!(shown, keyed.list());
        keyed.put("a", Rc::new(3));
        assert_ne!(shown, keyed.list());
        assert_eq!(keyed.list().iter().map(|row| **row).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(*shown[0], 1, "what is shown does not change under the component");
    }

    #[test]
    fn the_key_that_did_not_change_for_longest_makes_room() {
        let mut keyed = Keyed::default();
        for n in 0..MAX_KEYS {
            keyed.put(&n.to_string(), Rc::new(n));
        }
        keyed.put("0", Rc::new(0));
        keyed.put("new", Rc::new(MAX_KEYS));
        let list = keyed.list();
        assert_eq!((list.len(), *list[0], *list[1], *list[MAX_KEYS - 1]), (MAX_KEYS, 0, 2, MAX_KEYS));
        assert!(keyed.get("1").is_none() && keyed.get("0").is_some());
        assert_eq!((keyed.values.len(), keyed.changed.len()), (MAX_KEYS, MAX_KEYS));
    }

    #[test]
    fn feed_keeps_the_newest_once() {
        let mut feed = Feed::default();
        for n in [1, 2, 2, 3, 4] {
            feed.push(&n.to_string(), Rc::new(n), 3);
        }
        assert_eq!(feed.list().iter().map(|row| **row).collect::<Vec<_>>(), [2, 3, 4]);
    }
}
