//! Queries with a name: those that everybody has, and those that a person keeps on this device.

use super::address::Pairs;
use super::query::{BoardQuery, Scope, Who};
use sentinelops_protocol::domain::Severity;
use yew_router::query::{FromQuery, ToQuery};

/// A query that everybody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What the page shows at first.
    All,
    /// Assigned to the person at this page.
    Mine,
    /// Assigned to nobody.
    Unassigned,
    /// Of the two upper severities.
    Urgent,
}

impl View {
    /// Every one, in order.
    pub const ALL: [Self; 4] = [Self::All, Self::Mine, Self::Unassigned, Self::Urgent];

    /// What it shows, on a page that shows the scope `first` at first.
    pub fn query(self, first: Scope) -> BoardQuery {
        let query = BoardQuery::of_scope(first);
        match self {
            Self::All => query,
            Self::Mine => BoardQuery { who: Who::Me, ..query },
            Self::Unassigned => BoardQuery { who: Who::Nobody, ..query },
            Self::Urgent => BoardQuery { severities: vec![Severity::Critical, Severity::High], ..query },
        }
    }
}

/// The queries a person keeps: name and parameters, in the order they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Views(Vec<(String, Pairs)>);

/// More names than fit beside each other are no help.
const VIEWS_MAX: usize = 20;
/// The parameter that holds the name.
const NAME: &str = "name";

impl Views {
    /// One a line, each the query part of an address. Lines that say nothing are left out.
    pub fn parse(text: &str) -> Self {
        let view = |line: &str| {
            let mut pairs = Pairs::from_query(line).ok()?;
            let at = pairs.iter().position(|(name, value)| name == NAME && !value.trim().is_empty())?;
            Some((pairs.remove(at).1, pairs))
        };
        let mut views = Self::default();
        for (name, pairs) in text.lines().filter_map(view) {
            views.set(&name, pairs);
        }
        views
    }

    /// See [`Self::parse`].
    pub fn print(&self) -> String {
        let line = |(name, pairs): &(String, Pairs)| {
            let mut all = vec![(NAME.to_owned(), name.clone())];
            all.extend(pairs.iter().cloned());
            // Pairs of texts can always be written.
            all.to_query().ok().map(|text| text.into_owned())
        };
        self.0.iter().filter_map(line).collect::<Vec<_>>().join("\n")
    }

    /// Name and parameters of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Pairs)> {
        self.0.iter().map(|(name, pairs)| (&**name, pairs))
    }

    /// The name under which these parameters are kept.
    pub fn name_of(&self, pairs: &Pairs) -> Option<&str> {
        self.iter().find(|(_, kept)| *kept == pairs).map(|(name, _)| name)
    }

    /// Keeps parameters under a name, in place of those that had it. `false`: there are too many.
    pub fn set(&mut self, name: &str, pairs: Pairs) -> bool {
        let name = name.trim();
        let is_full = self.0.len() >= VIEWS_MAX;
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some(known) => known.1 = pairs,
            None if is_full => return false,
            None => self.0.push((name.to_owned(), pairs)),
        }
        true
    }

    /// Forgets a name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::address::tests::queries;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn views_are_read_as_they_were_kept(kept in prop::collection::vec(("[a-z]\\PC{0,20}", queries()), 0..30)) {
            let mut views = Views::default();
            for (name, query) in &kept {
                let is_full = views.0.len() == VIEWS_MAX;
                let is_known = views.iter().any(|(known, _)| known == name.trim());
                prop_assert_eq!(views.set(name, query.print(Scope::Open)), is_known || !is_full);
            }
            prop_assert_eq!(Views::parse(&views.print()), views);
        }

        #[test]
        fn no_stored_text_breaks_the_page(text in "\\PC{0,80}(\n\\PC{0,80}){0,3}") {
            let views = Views::parse(&text);
            prop_assert_eq!(Views::parse(&views.print()), views);
        }
    }

    #[test]
    fn view_is_found_by_what_it_shows_and_forgotten_by_its_name() {
        let mut views = Views::parse("name=Payments&service=payments\nnothing=1\nname=+&q=x");
        let payments = vec![("service".to_owned(), "payments".to_owned())];
        assert_eq!(views.name_of(&payments), Some("Payments"));
        assert_eq!(views.iter().count(), 1);
        views.set("Payments", View::Mine.query(Scope::Open).print(Scope::Open));
        assert_eq!(views.name_of(&payments), None);
        views.remove("Payments");
        assert_eq!(views, Views::default());
    }
}
