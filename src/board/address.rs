//! A query as the parameters of an address: an address that a colleague can be sent.

use super::arrange::SEVERITIES;
use super::query::{BoardQuery, Scope, Sort, Who};

/// Names and values, as they stand in the address.
pub type Pairs = Vec<(String, String)>;

const STATUS: &str = "status";
const SEVERITY: &str = "sev";
const WHO: &str = "who";
const SERVICE: &str = "service";
const TEXT: &str = "q";
const SORT: &str = "sort";
const GROUP: &str = "group";
const OFF: &str = "off";
const ME: &str = "me";
const NOBODY: &str = "nobody";
/// Before the id of a person, who may be called `me`.
const PERSON: char = '@';

/// An address is no place for more characters of a value.
const LENGTH_MAX: usize = 200;

/// Whether a parameter belongs to the board.
pub fn is_of_board(name: &str) -> bool {
    [STATUS, SEVERITY, WHO, SERVICE, TEXT, SORT, GROUP].contains(&name)
}

impl Scope {
    fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::Investigating => "investigating",
            Self::Escalated => "escalated",
            Self::Resolved => "resolved",
            Self::All => "all",
        }
    }
}

impl Sort {
    fn code(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Changed => "changed",
        }
    }
}

impl BoardQuery {
    /// As parameters; what is as on the page at first is left out. `first`: the scope of then.
    pub fn print(&self, first: Scope) -> Pairs {
        let severities: Vec<_> = SEVERITIES.iter().filter(|one| self.severities.contains(one)).collect();
        let who = match &self.who {
            Who::Anyone => String::new(),
            Who::Me => ME.to_owned(),
            Who::Nobody => NOBODY.to_owned(),
            Who::Person(id) => format!("{PERSON}{id}"),
        };
        [
            (STATUS, if self.scope == first { String::new() } else { self.scope.code().to_owned() }),
            (SEVERITY, severities.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(",")),
            (WHO, who),
            (SERVICE, self.service.clone()),
            (TEXT, self.text.clone()),
            (SORT, if self.sort == Sort::default() { "" } else { self.sort.code() }.to_owned()),
            (GROUP, if self.is_grouped { "" } else { OFF }.to_owned()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// Of parameters; others, and values that mean nothing here, count as left out.
    pub fn parse(pairs: &[(String, String)], first: Scope) -> Self {
        let mut query = Self::of_scope(first);
        for (name, value) in pairs {
            let short: String = value.chars().take(LENGTH_MAX).collect();
            match &**name {
                STATUS => {
                    query.scope = Scope::ALL.into_iter().find(|one| one.code() == value).unwrap_or(first);
                }
                SEVERITY => {
                    let is_named = |code: &str| value.split(',').any(|named| named == code);
                    query.severities =
                        SEVERITIES.into_iter().filter(|severity| is_named(severity.as_str())).collect();
                }
                WHO => {
                    query.who = match (&*short, short.strip_prefix(PERSON)) {
                        (ME, _) => Who::Me,
                        (NOBODY, _) => Who::Nobody,
                        (_, Some(id)) if !id.is_empty() => Who::Person(id.to_owned()),
                        _ => Who::Anyone,
                    }
                }
                SERVICE => query.service = short,
                TEXT => query.text = short,
                SORT => {
                    query.sort = Sort::ALL.into_iter().find(|one| one.code() == value).unwrap_or_default()
                }
                GROUP => query.is_grouped = value != OFF,
                _ => {}
            }
        }
        query
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Any query that the page can make.
    pub(in crate::board) fn queries() -> impl Strategy<Value = BoardQuery> {
        let who = prop_oneof![
            Just(Who::Anyone),
            Just(Who::Me),
            Just(Who::Nobody),
            "\\PC{1,20}".prop_map(Who::Person),
            Just(Who::Person(ME.to_owned())),
        ];
        let scope = prop::sample::select(Scope::ALL.to_vec());
        let sort = prop::sample::select(Sort::ALL.to_vec());
        let severities = prop::sample::subsequence(SEVERITIES.to_vec(), 0..=4);
        (scope, severities, who, "\\PC{0,20}", "\\PC{0,200}", sort, any::<bool>()).prop_map(
            |(scope, severities, who, service, text, sort, is_grouped)| BoardQuery {
                scope,
                severities,
                who,
                service,
                text,
                sort,
                is_grouped,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_printed_is_read_again(query in queries(), first in prop::sample::select(Scope::ALL.to_vec())) {
            let pairs = query.print(first);
            prop_assert!(pairs.iter().all(|(name, _)| is_of_board(name)));
            prop_assert_eq!(BoardQuery::parse(&pairs, first), query);
        }

        #[test]
        fn no_address_breaks_the_page(pairs in prop::collection::vec(("\\PC{0,8}|sev|who|q|sort|group|status", "\\PC{0,300}"), 0..8)) {
            let query = BoardQuery::parse(&pairs, Scope::Open);
            prop_assert_eq!(BoardQuery::parse(&query.print(Scope::Open), Scope::Open), query);
        }
    }

    fn pairs(list: &[(&str, &str)]) -> Pairs {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn address_reads_as_people_would_write_it() {
        let given = pairs(&[("status", "all"), ("sev", "high,critical"), ("who", "me"), ("q", "disk")]);
        let query = BoardQuery::parse(&given, Scope::Open);
        assert_eq!(query.severities, SEVERITIES[..2]);
        assert_eq!(
            (query.scope, &query.who, &*query.text, query.is_grouped),
            (Scope::All, &Who::Me, "disk", true)
        );
        let mut expected = given;
        expected[1].1 = "critical,high".to_owned();
        assert_eq!(query.print(Scope::Open), expected);
        assert_eq!(BoardQuery::default().print(Scope::Open), []);
    }

    #[test]
    fn what_means_nothing_counts_as_left_out() {
        let given = pairs(&[
            ("status", "gone"),
            ("sev", "worst"),
            ("who", "ann"),
            ("sort", "up"),
            ("group", "on"),
            ("x", "y"),
        ]);
        assert_eq!(BoardQuery::parse(&given, Scope::All), BoardQuery::of_scope(Scope::All));
    }
}
