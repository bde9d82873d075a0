//! Up to when a person has seen what happened to an incident, of those looked at last. Pure.

/// So many incidents are remembered.
const LOOKED_MAX: usize = 200;

/// Incident and time (ms since the epoch, by the server's clock), the one looked at last at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked(Vec<(String, u64)>);

impl Looked {
    /// One a line: the time, then the id. Lines that say nothing are left out.
    pub fn parse(text: &str) -> Self {
        let mut looked = Self::default();
        for (at, id) in text.lines().filter_map(|line| line.split_once(' ')) {
            if let Ok(at) = at.parse() {
                looked.note(id, at);
            }
        }
        looked
    }

    /// See [`Self::parse`].
    pub fn print(&self) -> String {
        self.0.iter().map(|(id, at)| format!("{at} {id}\n")).collect()
    }

    /// Up to when it has been seen; `None`: it was never looked at, or long ago.
    pub fn until(&self, id: &str) -> Option<u64> {
        self.0.iter().find(|(known, _)| known == id).map(|(_, at)| *at)
    }

    /// It has been seen up to this time. `true`: that is news.
    pub fn note(&mut self, id: &str, at: u64) -> bool {
        if self.until(id).is_some_and(|known| known >= at) || id.is_empty() || id.contains(['\n', '\r']) {
            return false;
        }
        self.0.retain(|(known, _)| known != id);
        self.0.push((id.to_owned(), at));
        let surplus = self.0.len().saturating_sub(LOOKED_MAX);
        self.0.drain(..surplus);
        true
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn time_of_an_incident_only_grows_and_the_last_200_are_remembered() {
        let mut looked = Looked::default();
        assert!(looked.note("inc-0", 5) && !looked.note("inc-0", 5) && !looked.note("inc-0", 4));
        assert_eq!(looked.until("inc-0"), Some(5));
        for n in 1..LOOKED_MAX {
            assert!(looked.note(&format!("inc-{n}"), 5));
        }
        assert!(looked.note("inc-0", 6));
        looked.note("one more", 7);
        assert_eq!(
            (looked.until("inc-1"), looked.until("inc-0")),
            (None, Some(6)),
            "the one looked at longest ago went"
        );
        assert_eq!(looked.0.len(), LOOKED_MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn read_as_it_was_kept_whatever_the_ids(notes in prop::collection::vec(("\\PC{0,12}[ \n]?\\PC{0,3}", any::<u64>()), 0..30), text in "\\PC{0,60}(\n\\PC{0,60}){0,3}") {
            let mut looked = Looked::parse(&text);
            for (id, at) in &notes {
                looked.note(id, *at);
            }
            prop_assert_eq!(Looked::parse(&looked.print()), looked);
        }
    }
}
