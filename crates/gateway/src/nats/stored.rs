//! Own records that the log has, and that were not read from it yet.

use std::collections::BTreeMap;

/// By their `seq`.
#[derive(Debug)]
pub(super) struct Stored<T>(BTreeMap<u64, T>);

impl<T> Stored<T> {
    pub(super) fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(super) fn insert(&mut self, seq: u64, record: T) {
        self.0.insert(seq, record);
    }

    /// The one that comes next after everything up to `position` was handed over. What is not behind the position was
    /// read already, or is of another log: it is forgotten.
    pub(super) fn next(&mut self, position: u64) -> Option<(u64, T)> {
        while let Some(first) = self.0.first_entry()
            && *first.key() <= position.saturating_add(1)
        {
            let (seq, record) = first.remove_entry();
            if seq > position {
                return Some((seq, record));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Stored;

    #[test]
    fn an_own_record_is_next_when_everything_before_it_was_handed_over() {
        let mut stored = Stored::new();
        for seq in [8, 6, 5, 3] {
            stored.insert(seq, seq * 10);
        }
        assert_eq!(stored.next(4), Some((5, 50)), "3 was read already");
        assert_eq!(stored.next(5), Some((6, 60)));
        assert_eq!(stored.next(6), None, "7 is of another gateway");
        assert_eq!(stored.next(7), Some((8, 80)));
        assert_eq!(stored.next(8), None);
    }
}
