//! Last per key, and newest N.

use crate::realtime::List;
use std::{collections::HashMap, rc::Rc};

/// The last value of each key, in order of first appearance.
pub(crate) struct Keyed<T> {
    rows: Rc<Vec<Rc<T>>>,
    places: HashMap<String, usize>,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self { rows: Rc::default(), places: HashMap::new() }
    }
}

impl<T> Keyed<T> {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn put(&mut self, key: &str, value: Rc<T>) {
        // Copies pointers when somebody shows the list, at most once a frame.
        let rows = Rc::make_mut(&mut self.rows);
        match self.places.get(key) {
            Some(at) => rows[*at] = value,
            None => {
                self.places.insert(key.to_owned(), rows.len());
                rows.push(value);
            }
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Rc<T>> {
        self.places.get(key).map(|at| &self.rows[*at])
    }

    pub(crate) fn list(&self) -> List<Rc<T>> {
        self.rows.clone().into()
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
    fn feed_keeps_the_newest_once() {
        let mut feed = Feed::default();
        for n in [1, 2, 2, 3, 4] {
            feed.push(&n.to_string(), Rc::new(n), 3);
        }
        assert_eq!(feed.list().iter().map(|row| **row).collect::<Vec<_>>(), [2, 3, 4]);
    }
}
