//! Texts on the screen, in one place. Each function is one sentence or label; plurals follow one rule.

use crate::letters::capital;
use sentinelops_protocol::domain::Severity;

pub mod board;
pub mod story;
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

/// Texts about times.
pub mod time {
    /// Changes the zone.
    pub const TO_UTC: &str = "show times in UTC";
    /// Changes it back.
    pub const TO_LOCAL: &str = "show times in the zone of this device";
}

/// Texts of actions, commands and keys.
pub mod commands {
    use super::Noun;
    use crate::actions::Action;
    use crate::commands::Section;

    /// Somebody has seen the incident.
    pub const ACKNOWLEDGE: &str = "Acknowledge";
    /// Assigns the incident to the person at this page.
    pub const TAKE: &str = "Take it";
    /// Somebody works on the incident.
    pub const INVESTIGATE: &str = "Investigate";
    /// Hands the incident upwards.
    pub const ESCALATE: &str = "Escalate";
    /// Ends the incident.
    pub const RESOLVE: &str = "Resolve";
    /// Goes to the field for messages of the incident.
    pub const COMMENT: &str = "Write a message";
    /// Takes the last action back.
    pub const UNDO: &str = "Undo";
    /// Opens the dialog for a new incident.
    pub const NEW: &str = "New incident";
    /// Moves to the next row of the list.
    pub const NEXT: &str = "Next row";
    /// Moves to the row before.
    pub const PREVIOUS: &str = "Previous row";
    /// Opens the detail of the row.
    pub const OPEN: &str = "Open the row";
    /// Closes the detail.
    pub const CLOSE: &str = "Close the incident";
    /// Goes to the search field of the list.
    pub const SEARCH: &str = "Search incidents";
    /// Shows the panel of incidents.
    pub const GO_INCIDENTS: &str = "Go to the incidents";
    /// Shows the panel of alerts.
    pub const GO_ALERTS: &str = "Go to the alerts";
    /// Shows the panel of activity.
    pub const GO_ACTIVITY: &str = "Go to the activity";
    /// Shows the panel of the team.
    pub const GO_TEAM: &str = "Go to the team";
    /// Shows the realtime demo.
    pub const GO_DEMO: &str = "Go to the realtime demo";
    /// Shows the display on a wall.
    pub const GO_WALL: &str = "Go to the wall display";
    /// Everything that the page shows at first.
    pub const VIEW_ALL: &str = "Show all, and clear the filter";
    /// What is assigned to the person at this page.
    pub const VIEW_MINE: &str = "Show mine";
    /// What is assigned to nobody.
    pub const VIEW_UNASSIGNED: &str = "Show unassigned";
    /// The two upper severities.
    pub const VIEW_URGENT: &str = "Show critical and high";
    /// Equal incidents are one row, or not.
    pub const GROUP: &str = "Group equal incidents, or not";
    /// By severity.
    pub const SORT_URGENCY: &str = "Sort by urgency";
    /// The newest first.
    pub const SORT_NEWEST: &str = "Sort by age, newest first";
    /// The oldest first.
    pub const SORT_OLDEST: &str = "Sort by age, oldest first";
    /// What changed last first.
    pub const SORT_CHANGED: &str = "Sort by last change";
    /// Opens the palette.
    pub const PALETTE: &str = "Find a command, an incident or a person";
    /// Opens the sheet of keys.
    pub const SHEET: &str = "Keys";
    /// Opens the preferences of notifications.
    pub const NOTIFICATIONS: &str = "Notifications";
    /// Mutes notifications, or ends the mute.
    pub const MUTE: &str = "Mute notifications for 1 hour, or end it";
    /// Switches the theme.
    pub const THEME: &str = "Switch between dark and light";
    /// Switches the time zone.
    pub const ZONE: &str = "Switch between local time and UTC";
    /// Switches single letters on.
    pub const LETTERS: &str = "Single-letter keys";
    /// What is typed in the palette.
    pub const TYPE: &str = "Type a command, an incident or a person";
    /// Nothing fits.
    pub const NOTHING: &str = "Nothing fits.";
    /// Heading of the incidents in the palette.
    pub const INCIDENTS: &str = "Incidents";
    /// Heading of the people in the palette.
    pub const PEOPLE: &str = "People";
    /// Between two keys.
    pub const THEN: &str = "then";

    /// The heading of a section.
    pub fn section(section: Section) -> &'static str {
        match section {
            Section::Incident => "Incident",
            Section::List => "List",
            Section::View => "Views",
            Section::Go => "Go to",
            Section::Console => "Console",
        }
    }

    /// `Acknowledge inc-7`.
    pub fn of_incident(title: &str, id: &str) -> String {
        format!("{title}: {id}")
    }

    /// `Assign inc-7 to Ann`.
    pub fn assign(id: &str, name: &str) -> String {
        format!("Assign {id} to {name}")
    }

    /// `Show Payments`.
    pub fn show_view(name: &str) -> String {
        format!("Show {name}")
    }

    /// How many entries the palette shows, for screen readers.
    pub fn results(count: usize) -> String {
        super::counted(count, Noun::Result)
    }

    /// What was done, for the offer to undo it. `name`: of the assignee.
    pub fn done(action: &Action, id: &str, name: &str) -> String {
        match action {
            Action::Acknowledge => format!("Acknowledged {id}"),
            Action::Investigate => format!("Investigating {id}"),
            Action::Escalate => format!("Escalated {id}"),
            Action::Resolve => format!("Resolved {id}"),
            Action::Reopen => format!("Reopened {id}"),
            Action::Take(_) => format!("Took {id}"),
            Action::Assign(_) => format!("Assigned {id} to {name}"),
            Action::Unassign => format!("Unassigned {id}"),
        }
    }

    /// The label of an action, in its send line.
    pub fn label(action: &Action, name: &str) -> String {
        match action {
            Action::Acknowledge => ACKNOWLEDGE.to_owned(),
            Action::Investigate => INVESTIGATE.to_owned(),
            Action::Escalate => ESCALATE.to_owned(),
            Action::Resolve => RESOLVE.to_owned(),
            Action::Reopen => "Reopen".to_owned(),
            Action::Take(_) => TAKE.to_owned(),
            Action::Assign(_) => format!("Assign to {name}"),
            Action::Unassign => "Unassign".to_owned(),
        }
    }

    /// It was taken back.
    pub fn undone(id: &str) -> String {
        format!("Undone: {id} is as it was before")
    }

    /// The change to be taken back failed.
    pub fn nothing_to_undo(id: &str) -> String {
        format!("Nothing to undo: the change of {id} failed")
    }

    /// It was not: somebody was faster. `name`: who, where that is known.
    pub fn not_undone(id: &str, name: Option<&str>) -> String {
        format!("Not undone: {} changed {id} meanwhile", name.unwrap_or("somebody"))
    }

    /// `Signed in as Ann`.
    pub fn signed_in_as(name: &str) -> String {
        format!("Signed in as {name}")
    }
}

#[cfg(test)]
mod tests {
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
}
