//! Equal incidents are one row with a count, which opens to its members.

use super::query::service_of;
use crate::letters::lower_sign;
use sentinelops_protocol::domain::{Incident, IncidentStatus};
use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::rc::Rc;

/// Fewer stand by themselves: a pair in one row saves one row, and costs a press.
pub const GROUP_MIN: usize = 3;

/// Equal incidents, in the order of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Group<I> {
    /// What they have in common; unlike that of any other group of the list.
    pub key: Rc<str>,
    /// At least [`GROUP_MIN`].
    pub members: Rc<Vec<I>>,
}

/// A part of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Part<I> {
    /// An incident that is like no other, or like one.
    One(I),
    /// Equal ones.
    Many(Group<I>),
}

impl<I: Deref<Target = Incident>> Group<I> {
    /// What the titles have in common: `Disk of … is full`.
    pub fn title(&self) -> String {
        let title = self.members.first().and_then(|row| row.title.as_deref()).unwrap_or_default();
        title
            .split_whitespace()
            .map(|word| if is_masked(word) { "…" } else { word })
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl<I> Part<I> {
    /// Its incidents.
    pub fn rows(&self) -> &[I] {
        match self {
            Self::One(row) => std::slice::from_ref(row),
            Self::Many(group) => &group.members,
        }
    }

    /// The same with each incident replaced.
    #[must_use]
    pub fn map(&self, change: impl Fn(&I) -> I) -> Self {
        match self {
            Self::One(row) => Self::One(change(row)),
            Self::Many(Group { key, members }) => Self::Many(Group {
                key: key.clone(),
                members: members.iter().map(change).collect::<Vec<_>>().into(),
            }),
        }
    }
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Line<I> {
    /// An incident.
    One(I),
    /// A group, and whether it is open.
    Head(Group<I>, bool),
    /// An incident of the open group above.
    Member(I),
}

impl<I: Deref<Target = Incident>> Line<I> {
    /// What names the row: the incident, or what those of a group have in common.
    pub fn key(&self) -> &str {
        match self {
            Self::One(row) | Self::Member(row) => &row.id,
            Self::Head(group, _) => &group.key,
        }
    }
}

impl<I> Line<I> {
    /// Its incidents: one, or all of a group.
    pub fn rows(&self) -> &[I] {
        match self {
            Self::One(row) | Self::Member(row) => std::slice::from_ref(row),
            Self::Head(group, _) => &group.members,
        }
    }
}

/// Groups of a list that is in order: each stands where its first member does. Incidents are equal that have service,
/// severity and title in common, where words with a digit in them count as the same (hosts, pods, percentages); what is
/// resolved is not equal to what is open.
pub fn group<I>(rows: &[I]) -> Vec<Part<I>>
where
    I: Deref<Target = Incident> + Clone,
{
    let mut sets: HashMap<u64, Vec<usize>> = HashMap::new();
    // Those without a word in common have nothing that people could read.
    let has_word = |word: &str| !is_masked(word) && word.chars().any(char::is_alphabetic);
    let titled = |row: &I| row.title.as_deref().is_some_and(|title| title.split_whitespace().any(has_word));
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| titled(row)) {
        sets.entry(digest(row)).or_default().push(at);
    }
    let mut first: HashMap<usize, (Rc<str>, Vec<usize>)> = HashMap::new();
    let mut later: HashSet<usize> = HashSet::new();
    for set in sets.into_values().filter(|set| set.len() >= GROUP_MIN) {
        let key = key(&rows[set[0]]);
        // Different ones with the same digest stand by themselves.
        let set: Vec<usize> = set.into_iter().filter(|at| is_same(&rows[*at], &key)).collect();
        if set.len() >= GROUP_MIN {
            later.extend(&set[1..]);
            first.insert(set[0], (key.into(), set));
        }
    }
    let part = |(at, row): (usize, &I)| match first.remove(&at) {
        Some((key, set)) => {
            let members: Vec<I> = set.into_iter().map(|at| rows[at].clone()).collect();
            Part::Many(Group { key, members: members.into() })
        }
        None => Part::One(row.clone()),
    };
    rows.iter().enumerate().filter(|(at, _)| !later.contains(at)).map(part).collect()
}

/// The rows of a list, given which groups are open, by key.
pub fn lines<I: Clone>(parts: &[Part<I>], is_open: impl Fn(&str) -> bool) -> Vec<Line<I>> {
    let mut lines = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Part::One(row) => lines.push(Line::One(row.clone())),
            Part::Many(group) => {
                let is_open = is_open(&group.key);
                lines.push(Line::Head(group.clone(), is_open));
                if is_open {
                    lines.extend(group.members.iter().cloned().map(Line::Member));
                }
            }
        }
    }
    lines
}

/// What equal incidents have in common, sign by sign.
fn signs(incident: &Incident) -> impl Iterator<Item = char> {
    let is_resolved = incident.status == Some(IncidentStatus::Resolved);
    let severity = incident.severity.as_ref().map_or("", |severity| severity.as_str());
    let title = incident.title.as_deref().unwrap_or_default();
    let masked = title.split_whitespace().flat_map(|word| {
        let word = if is_masked(word) { "#" } else { word };
        word.chars().map(lower_sign).chain([' '])
    });
    let service = service_of(incident).unwrap_or_default();
    let service: Vec<char> = service.chars().collect();
    let head = [if is_resolved { '-' } else { '+' }].into_iter().chain(severity.chars()).chain(['\n']);
    head.chain(service).chain(['\n']).chain(masked)
}

/// It differs from one of the equal incidents to the next.
fn is_masked(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

fn key(incident: &Incident) -> String {
    signs(incident).collect()
}

fn is_same(incident: &Incident, key: &str) -> bool {
    signs(incident).eq(key.chars())
}

/// FNV-1a: a key for each row, at each change of the board, would be an allocation each.
fn digest(incident: &Incident) -> u64 {
    signs(incident)
        .fold(0xcbf2_9ce4_8422_2325, |hash, sign| (hash ^ u64::from(sign)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sentinelops_protocol::domain::Severity;

    fn incident(id: usize, title: &str, severity: Severity) -> Rc<Incident> {
        let mut incident = Incident::new(format!("inc-{id}"));
        incident.title = Some(title.to_owned());
        incident.severity = Some(severity);
        Rc::new(incident)
    }

    #[test]
    fn a_thousand_equal_alerts_are_one_row_that_opens() {
        let one = |id| incident(id, &format!("Disk of host-{id} is {}% full", id % 100), Severity::High);
        let mut rows = vec![incident(5_000, "Checkout is down", Severity::Critical)];
        rows.extend((0..1_000).map(one));
        rows.push(incident(5_001, "Disk of host-7 is 3% full", Severity::Low));
        let parts = group(&rows);
        assert_eq!(parts.iter().map(|part| part.rows().len()).collect::<Vec<_>>(), [1, 1_000, 1]);
        assert_eq!(lines(&parts, |_| false).len(), 3);
        let Part::Many(found) = &parts[1] else { panic!("{parts:?}") };
        assert_eq!(found.title(), "Disk of … is … full");
        let open = lines(&parts, |key| *key == *found.key);
        assert_eq!(open.len(), 1_003);
        assert_eq!(open[1], Line::Head(found.clone(), true));
        assert_eq!(open[2], Line::Member(rows[1].clone()));
    }

    #[test]
    fn a_pair_and_what_is_resolved_or_has_no_word_in_common_stand_by_themselves() {
        let untitled: Vec<_> = (0..5).map(|id| incident(id, " ", Severity::High)).collect();
        assert_eq!(group(&untitled).len(), 5);
        let names: Vec<_> = (0..5).map(|id| incident(id, &format!("inc-{id} = 1"), Severity::High)).collect();
        assert_eq!(group(&names).len(), 5, "no word in common");
        let mut rows: Vec<_> = (0..2).map(|id| incident(id, "Queue grows", Severity::High)).collect();
        assert_eq!(group(&rows).len(), 2);
        let mut done = (*incident(2, "Queue grows", Severity::High)).clone();
        done.status = Some(IncidentStatus::Resolved);
        rows.push(done.into());
        assert_eq!(group(&rows).len(), 3);
        rows.push(incident(3, "  QUEUE   grows", Severity::High));
        assert_eq!(group(&rows).iter().map(|part| part.rows().len()).collect::<Vec<_>>(), [3, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn groups_hold_every_row_once_in_order(rows in prop::collection::vec((0..4_usize, 0..2_u8), 0..60)) {
            let titles = ["Disk 1 full", "disk 2  full", "Memory", "Queue grows"];
            let severity = |at| if at == 0 { Severity::High } else { Severity::Low };
            let rows: Vec<_> = rows.iter().enumerate()
                .map(|(id, (title, at))| incident(id, titles[*title], severity(*at))).collect();
            let parts = group(&rows);
            let place = |row: &Rc<Incident>| rows.iter().position(|other| other.id == row.id);
            let mut seen: Vec<_> = parts.iter().flat_map(|part| part.rows()).map(place).collect();
            prop_assert!(parts.iter().all(|part| part.rows().windows(2).all(|pair| place(&pair[0]) < place(&pair[1]))));
            prop_assert!(parts.windows(2).all(|pair| place(&pair[0].rows()[0]) < place(&pair[1].rows()[0])));
            seen.sort_unstable();
            prop_assert!(seen.into_iter().eq((0..rows.len()).map(Some)));
            let mut keys: Vec<_> = parts.iter().map(|part| key(&part.rows()[0])).collect();
            for part in &parts {
                prop_assert!(part.rows().iter().all(|row| key(row) == key(&part.rows()[0])));
                prop_assert!(matches!(part, Part::One(_)) || part.rows().len() >= GROUP_MIN);
            }
            // No group was left out: fewer than three of a key stand by themselves.
            keys.sort_unstable();
            prop_assert!(keys.windows(GROUP_MIN).all(|equal| equal[0] != equal[GROUP_MIN - 1]));
        }
    }
}
