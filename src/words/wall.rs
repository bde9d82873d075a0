//! Texts of the display on a wall.

use super::severity;
use crate::board::{Pairs, SEVERITIES};
use crate::components::marks::presence_word;
use crate::letters::{capital, lower};
use crate::wall::Freshness;
use sentinelops_protocol::domain::Presence;

/// The title of the page.
pub const TITLE: &str = "Wall · SentinelOps";
/// Its heading, for screen readers.
pub const HEADING: &str = "Incident wall";
/// The data are current.
pub const LIVE: &str = "Live";
/// Nothing came yet.
pub const AWAITED: &str = "Waiting for data";
/// Nothing came at all.
pub const NEVER: &str = "No data";
/// Heading of the one that has waited for longest.
pub const OLDEST: &str = "Longest without acknowledgement";
/// There is none.
pub const NONE_WAITS: &str = "Nothing waits for an acknowledgement";
/// No incident is open.
pub const NOTHING: &str = "No open incidents";
/// The list is not known.
pub const UNKNOWN: &str = "–";
/// Heading of the list.
pub const OPEN: &str = "Open incidents";
/// Heading of the people.
pub const TEAM: &str = "Team";
/// Nobody works on it.
pub const NOBODY: &str = "Nobody";
/// Leads to the console.
pub const CONSOLE: &str = "Console";
/// The screen may go dark.
pub const MAY_SLEEP: &str = "This screen may turn off: the browser does not keep it on.";

/// The headline: how old the data are. `since`: the time they were true at, where there is one.
pub fn headline(freshness: Freshness, since: Option<&str>) -> String {
    match (freshness, since) {
        (Freshness::Live, _) => LIVE.to_owned(),
        (Freshness::Late, None) => AWAITED.to_owned(),
        (Freshness::Late, Some(time)) => format!("Data as of {time}"),
        (Freshness::Lost, None) => NEVER.to_owned(),
        (Freshness::Lost, Some(time)) => format!("No data since {time}"),
    }
}

/// Below it: why, and for how long. `cause`: of the connection; `age`: of the data, where there are some.
pub fn detail(freshness: Freshness, cause: &str, age: &str) -> String {
    match freshness {
        Freshness::Live => format!("Data {age} old"),
        Freshness::Lost if !age.is_empty() && !cause.is_empty() => {
            format!("What you see is {age} old: {cause}")
        }
        Freshness::Lost if !age.is_empty() => format!("What you see is {age} old"),
        _ => capital(cause),
    }
}

/// The name of a tile: `Critical`; the last one is of everything else.
pub fn tile(place: usize) -> String {
    SEVERITIES.get(place).map_or_else(|| "Other".to_owned(), |one| severity(Some(one)))
}

/// `2 unacknowledged`.
pub fn unacknowledged(count: u32) -> String {
    format!("{count} unacknowledged")
}

/// `+ 12 more`.
pub fn more(count: usize) -> String {
    format!("+ {count} more")
}

/// `5 online`.
pub fn presence(presence: &Presence, count: usize) -> String {
    format!("{count} {}", lower(&presence_word(presence)))
}

/// A wall that leaves something out says so: `Shown: sev critical,high · service payments`.
pub fn filter(pairs: &Pairs) -> String {
    let all: Vec<_> = pairs.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("Shown: {}", all.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headline_says_since_when_there_is_no_data() {
        let of = |freshness| [None, Some("03:12")].map(|since| headline(freshness, since));
        assert_eq!(of(Freshness::Live), ["Live", "Live"]);
        assert_eq!(of(Freshness::Late), ["Waiting for data", "Data as of 03:12"]);
        assert_eq!(of(Freshness::Lost), ["No data", "No data since 03:12"]);
        let lost = |cause, age| detail(Freshness::Lost, cause, age);
        assert_eq!(lost("no server answers", "14 min"), "What you see is 14 min old: no server answers");
        assert_eq!(lost("no server answers", ""), "No server answers");
        assert_eq!(lost("", "14 min"), "What you see is 14 min old", "a connection that is up and silent");
        assert_eq!(detail(Freshness::Late, "no server answers", "5 s"), "No server answers");
    }
}
