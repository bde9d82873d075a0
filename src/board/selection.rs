//! Incidents picked to do one thing to all of them. Pure.

use super::group::Line;
use sentinelops_protocol::domain::Incident;
use std::collections::HashSet;
use std::ops::Deref;

/// How much of a row is picked: of a group, a part is possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picked {
    /// Nothing.
    #[default]
    None,
    /// Some incidents of a group.
    Some,
    /// All of it.
    All,
}

/// Those picked, by id, and where a range of them begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    picked: HashSet<String>,
    /// Picked before the present range; it grows and shrinks beside these.
    before: HashSet<String>,
    /// The key of the row where the range begins.
    anchor: Option<String>,
}

impl Selection {
    /// Nothing is picked.
    pub fn is_empty(&self) -> bool {
        self.picked.is_empty()
    }

    /// Whether this incident is picked.
    pub fn has(&self, id: &str) -> bool {
        self.picked.contains(id)
    }

    /// How much of these incidents is picked.
    pub fn of<I: Deref<Target = Incident>>(&self, rows: &[I]) -> Picked {
        match rows.iter().filter(|row| self.has(&row.id)).count() {
            0 => Picked::None,
            all if all == rows.len() => Picked::All,
            _ => Picked::Some,
        }
    }

    /// Picks a row, with all incidents of a group, or picks it no more where all of it is picked. A range begins there.
    pub fn toggle<I: Deref<Target = Incident>>(&mut self, line: &Line<I>) {
        let is_picked = self.of(line.rows()) == Picked::All;
        for row in line.rows() {
            if is_picked {
                self.picked.remove(&row.id);
            } else {
                self.picked.insert(row.id.clone());
            }
        }
        self.before = self.picked.clone();
        self.anchor = Some(line.key().to_owned());
    }

    /// Picks everything between the row where the range begins and the row with the key `to`. A range that has not begun,
    /// or whose first row is gone, begins at `from`.
    pub fn extend<I: Deref<Target = Incident>>(&mut self, lines: &[Line<I>], from: &str, to: &str) {
        let place = |key: &str| lines.iter().position(|line| line.key() == key);
        let anchor = self.anchor.as_deref().and_then(place);
        if anchor.is_none() {
            self.before = self.picked.clone();
            self.anchor = Some(from.to_owned());
        }
        let (Some(one), Some(other)) = (anchor.or_else(|| place(from)), place(to)) else { return };
        self.picked = self.before.clone();
        let range = &lines[one.min(other)..=one.max(other)];
        self.picked.extend(range.iter().flat_map(Line::rows).map(|row| row.id.clone()));
    }

    /// What is shown no more is picked no more.
    pub fn keep(&mut self, shown: &HashSet<String>) {
        self.picked.retain(|id| shown.contains(id));
        self.before.retain(|id| shown.contains(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::{group, lines};
    use std::rc::Rc;

    fn rows() -> Vec<Rc<Incident>> {
        let title = |id: &str, title: &str| {
            let mut incident = Incident::new(id);
            incident.title = Some(title.to_owned());
            Rc::new(incident)
        };
        vec![
            title("a", "Checkout"),
            title("d1", "Disk 1 full"),
            title("b", "Search"),
            title("d2", "Disk 2 full"),
            title("c", "Mail"),
            title("d3", "Disk 3 full"),
        ]
    }

    /// `a`, the group of `d1` to `d3`, `b`, `c`.
    fn shown() -> Vec<Line<Rc<Incident>>> {
        lines(&group(&rows()), |_| false)
    }

    fn picked(selection: &Selection) -> Vec<&str> {
        let mut ids: Vec<_> = selection.picked.iter().map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn a_group_is_picked_whole_and_its_members_one_by_one() {
        let lines = shown();
        let mut selection = Selection::default();
        selection.toggle(&lines[1]);
        assert_eq!(picked(&selection), ["d1", "d2", "d3"]);
        assert_eq!(selection.of(lines[1].rows()), Picked::All);
        selection.toggle(&Line::Member(lines[1].rows()[1].clone()));
        assert_eq!((picked(&selection), selection.of(lines[1].rows())), (vec!["d1", "d3"], Picked::Some));
        selection.toggle(&lines[1]);
        assert_eq!(selection.of(lines[1].rows()), Picked::All, "what was missing comes first");
        selection.toggle(&lines[1]);
        assert!(selection.is_empty() && selection.of(lines[1].rows()) == Picked::None);
    }

    #[test]
    fn a_range_grows_and_shrinks_beside_what_was_picked_before() {
        let (lines, key) = (shown(), shown()[1].key().to_owned());
        let mut selection = Selection::default();
        selection.toggle(&lines[3]);
        selection.toggle(&lines[0]);
        selection.extend(&lines, "a", &key);
        assert_eq!(picked(&selection), ["a", "c", "d1", "d2", "d3"]);
        selection.extend(&lines, &key, "b");
        assert_eq!(picked(&selection), ["a", "b", "c", "d1", "d2", "d3"]);
        selection.extend(&lines, "b", &key);
        selection.extend(&lines, &key, "a");
        assert_eq!(picked(&selection), ["a", "c"], "and back");

        let mut selection = Selection::default();
        selection.extend(&lines, "c", "b");
        assert_eq!(picked(&selection), ["b", "c"], "upwards, from the row one leaves");
    }

    #[test]
    fn what_is_shown_no_more_is_picked_no_more_and_grouping_changes_nothing() {
        let lines = shown();
        let mut selection = Selection::default();
        selection.toggle(&lines[1]);
        selection.toggle(&lines[0]);
        let ungrouped: Vec<_> = rows().into_iter().map(Line::One).collect();
        assert!(
            ungrouped
                .iter()
                .all(|line| selection.has(line.key()) == ["a", "d1", "d2", "d3"].contains(&line.key()))
        );
        selection.keep(&["b", "c", "d1"].map(str::to_owned).into());
        assert_eq!(picked(&selection), ["d1"]);
        // The row where the range began is gone.
        selection.extend(&ungrouped[1..], "b", "c");
        assert_eq!(picked(&selection), ["b", "c", "d1", "d2"]);
    }
}
