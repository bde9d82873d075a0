//! Texts on the screen, in one place. Each function is one sentence or label; plurals follow one rule.

use crate::letters::capital;
use sentinelops_protocol::domain::Severity;
use yew::AttrValue;

pub mod board;
#[cfg(feature = "lab")]
pub mod breaks;
pub mod commands;
pub mod inspector;
#[cfg(feature = "lab")]
pub mod load;
pub mod plots;
pub mod scoreboard;
pub mod story;
#[cfg(feature = "lab")]
pub mod tours;
pub mod trend;
pub mod wall;

/// What is counted in texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    /// An incident.
    Incident,
    /// What a search found.
    Result,
    /// Somebody.
    Person,
}

impl Noun {
    /// Of one, and of any other count.
    fn forms(self) -> (&'static str, &'static str) {
        match self {
            Self::Incident => ("incident", "incidents"),
            Self::Result => ("result", "results"),
            Self::Person => ("person", "people"),
        }
    }
}

/// `1 incident`, `2 incidents`.
///
/// ```
/// use sentinelops::words::{Noun, counted};
///
/// assert_eq!(counted(0, Noun::Incident), "0 incidents");
/// assert_eq!(counted(1, Noun::Incident), "1 incident");
/// ```
pub fn counted(count: usize, noun: Noun) -> String {
    let (one, many) = noun.forms();
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The word for a severity; `None`: the server named none.
pub fn severity(severity: Option<&Severity>) -> String {
    match severity {
        None => "Unrated".to_owned(),
        Some(severity) => capital(severity.as_str()),
    }
}

/// `Ann is typing`, `Ann and Ben are typing`, `Ann and 2 others are typing`; nothing of nobody.
///
/// ```
/// use sentinelops::words::doing;
///
/// assert_eq!(doing(["Ann", "Ben"].map(Into::into).into_iter(), "typing"), "Ann and Ben are typing");
/// ```
pub fn doing(mut names: impl ExactSizeIterator<Item = AttrValue>, what: &str) -> String {
    let Some(first) = names.next() else { return String::new() };
    match (names.len(), names.next()) {
        (1, Some(second)) => format!("{first} and {second} are {what}"),
        (0, _) | (_, None) => format!("{first} is {what}"),
        (others, _) => format!("{first} and {others} others are {what}"),
    }
}

/// In place of a title that is missing.
pub const UNTITLED: &str = "Untitled incident";

/// Texts of the offer to load a newer build.
pub mod new_build {
    /// What is there.
    pub const TITLE: &str = "A newer version is ready.";
    /// What to do.
    pub const DETAIL: &str = "Reload this page when it suits you; drafts and unsent changes are kept.";
}

/// Texts of panels.
pub mod panel {
    /// What stands there was kept on this device. `time`: when it was true.
    pub fn as_of(time: &str) -> String {
        format!("As of {time} · not live")
    }
}

/// Texts of notifications, of the title of the tab, and for screen readers.
pub mod attention {
    use super::{Noun, counted};

    /// `Critical: Disk full`.
    pub fn headline(severity: &str, title: &str) -> String {
        format!("{severity}: {title}")
    }

    /// `3 incidents, 1 critical`.
    pub fn summary(count: usize, critical: usize) -> String {
        match critical {
            0 => counted(count, Noun::Incident),
            all if all == count => format!("{count} critical incidents"),
            some => format!("{}, {some} critical", counted(count, Noun::Incident)),
        }
    }

    /// Below a summary, after the first titles.
    pub fn and_more(count: usize) -> String {
        format!("and {count} more")
    }

    /// `(2) Critical: Disk full`, before the title of the page.
    pub fn title(count: usize, headline: &str, page: &str) -> String {
        format!("({count}) {headline} · {page}")
    }

    /// A new incident.
    pub const NEW: &str = "New incident";
    /// Its severity is higher than before.
    pub const RAISED: &str = "Severity raised";
    /// It was escalated.
    pub const ESCALATED: &str = "Escalated";
    /// It was resolved, and is open again.
    pub const REOPENED: &str = "Open again";
    /// It was assigned to the person at this page.
    pub const ASSIGNED: &str = "Assigned to you";
    /// A message names the person at this page.
    pub const NAMED: &str = "A message names you";
}

/// Texts of the dialog in which people say what they want to be called for.
pub mod settings {
    use crate::attention::Way;
    use sentinelops_protocol::domain::Severity;
    use yew::AttrValue;

    /// Its heading.
    pub const TITLE: &str = "Notifications";
    /// Closes it.
    pub const CLOSE: &str = "Close";
    /// What its table says.
    pub const WAYS: &str = "How incidents of each severity call you";
    /// Heading of its first column.
    pub const SEVERITY: &str = "Severity";
    /// Incidents of others do not call.
    pub const MINE_ONLY: &str = "Only incidents that are mine or unassigned";
    /// Who is signed in is not known.
    pub const NOBODY: &str =
        "This page does not know who you are, so only unassigned incidents count as yours.";
    /// The permission is there.
    pub const GRANTED: &str = "Your browser shows notifications while the console is in the background.";
    /// The permission was not asked for.
    pub const NOT_ASKED: &str = "Your browser asks once before it shows notifications of this console.";
    /// The permission was refused.
    pub const DENIED: &str =
        "Your browser blocks notifications of this site. Allow them in its site settings.";
    /// There is no such permission.
    pub const UNAVAILABLE: &str = "This browser shows no notifications for this address: it wants https.";
    /// Asks for the permission.
    pub const ALLOW: &str = "Allow notifications";
    /// Sounds and notifies once.
    pub const TEST: &str = "Test it";
    /// What the try shows.
    pub const TEST_TITLE: &str = "This is a test";
    /// Below it.
    pub const TEST_BODY: &str = "An incident would look like this.";
    /// Switches quiet hours on.
    pub const QUIET: &str = "Quiet hours: no notifications and no sound";
    /// Where they begin.
    pub const FROM: &str = "From";
    /// Where they end.
    pub const TO: &str = "To";
    /// An exception.
    pub const QUIET_CRITICAL: &str = "Critical incidents call all the same";
    /// Nothing is muted.
    pub const NOT_MUTED: &str = "Notifications and sound are on.";
    /// Mutes.
    pub const MUTE: &str = "Mute for 1 hour";
    /// Ends it.
    pub const UNMUTE: &str = "Unmute";

    /// The heading of a column, and the name of a way in tests.
    pub fn way(way: Way) -> &'static str {
        match way {
            Way::Badge => "Badge",
            Way::Notification => "Notify",
            Way::Sound => "Sound",
        }
    }

    /// `Critical: Sound`, for screen readers.
    pub fn way_of(severity: &Severity, of: Way) -> String {
        format!("{}: {}", super::severity(Some(severity)), way(of))
    }

    /// How long the mute lasts: `59 min`; nothing when it is over.
    pub fn muted_left(now: u64, until: u64) -> AttrValue {
        match until.saturating_sub(now).div_ceil(60_000) {
            0 => AttrValue::Static(""),
            minutes => format!("{minutes} min").into(),
        }
    }

    /// `Muted for 59 min`.
    pub fn muted_for(left: &str) -> String {
        format!("Muted for {left}")
    }
}

/// Texts of conversations.
pub mod chat {
    use super::{Noun, counted};

    /// Those whom a message may name.
    pub const PEOPLE: &str = "People";

    /// How many are offered, for screen readers.
    pub fn people(count: usize) -> String {
        counted(count, Noun::Person)
    }
}

/// Texts of the dialogs for title and severity of an incident.
pub mod edit {
    /// Opens it.
    pub const EDIT: &str = "Edit";
    /// A field.
    pub const TITLE: &str = "Title";
    /// A field.
    pub const SEVERITY: &str = "Severity";
    /// There is no title.
    pub const MISSING: &str = "Say in a few words what is wrong.";
    /// Nothing is to be changed.
    pub const CANCEL: &str = "Cancel";
    /// A new one is complete.
    pub const CREATE: &str = "Create";
    /// The changes are.
    pub const SAVE: &str = "Save";

    /// What somebody else changed while the dialog was open.
    pub fn meanwhile(changes: &str) -> String {
        format!("Changed meanwhile: {changes}")
    }

    /// `Edit inc-7`.
    pub fn heading(id: &str) -> String {
        format!("{EDIT} {id}")
    }
}

/// Texts about times.
pub mod time {
    /// Changes the zone.
    pub const TO_UTC: &str = "show times in UTC";
    /// Changes it back.
    pub const TO_LOCAL: &str = "show times in the zone of this device";
}

#[cfg(test)]
mod tests {
    use super::doing;
    use super::settings::muted_left;

    #[test]
    fn mute_counts_down_to_nothing() {
        let left = |now| muted_left(now, 3_600_000).to_string();
        assert_eq!(
            (left(0), left(60_001), left(3_599_999)),
            ("60 min".into(), "59 min".into(), "1 min".into())
        );
        assert_eq!(left(3_600_000), "");
    }

    #[test]
    fn one_or_two_are_named_and_of_more_the_others_are_counted() {
        let of = |names: &[&'static str]| doing(names.iter().map(|name| (*name).into()), "viewing");
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["Ann"]), "Ann is viewing");
        assert_eq!(of(&["Ann", "Ben"]), "Ann and Ben are viewing");
        assert_eq!(of(&["Ann", "Ben", "Cleo"]), "Ann and 2 others are viewing");
    }
}
