//! Texts of actions, commands and keys.

use super::{Noun, counted};
use crate::actions::Action;
use crate::commands::Section;
use sentinelops_protocol::domain::{IncidentStatus, Patch, TimelineEntry};

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
/// In the field for messages.
pub const SEND: &str = "Send the message";
/// There, too.
pub const NEW_LINE: &str = "New line in the message";
/// Opens the dialog for title and severity.
pub const EDIT: &str = "Change title and severity";
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
pub const CLOSE: &str = "Clear the selection, close the incident";
/// Picks the row.
pub const PICK: &str = "Select the row, or not";
/// Picks the rows between.
pub const PICK_RANGE: &str = "Select to the next row";
/// Where there is no mouse: a press picks rows instead of opening them.
pub const PICK_ROWS: &str = "Select";
/// Picks nothing.
pub const CLEAR: &str = "Clear";
/// Behind how many are picked.
pub const SELECTED: &str = " selected";
/// The incidents that are picked.
pub const SELECTION: &str = "Selected incidents";
/// Of a row that is picked, for screen readers.
pub const IS_SELECTED: &str = "Selected: ";
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
    counted(count, Noun::Result)
}

/// `3 selected`, for screen readers.
pub fn selected(count: usize) -> String {
    format!("{count}{SELECTED}")
}

/// `Select inc-7`, `Select 30: Disk of … is full`.
pub fn select(what: &str) -> String {
    format!("Select {what}")
}

/// What an action was about: the one incident, or how many.
pub fn what(ids: &[&str]) -> String {
    match ids {
        [id] => (*id).to_owned(),
        ids => counted(ids.len(), Noun::Incident),
    }
}

/// What was done to `what`, for the offer to undo it. `name`: of the assignee.
pub fn done(action: &Action, what: &str, name: &str) -> String {
    match action {
        Action::Acknowledge => format!("Acknowledged {what}"),
        Action::Investigate => format!("Investigating {what}"),
        Action::Escalate => format!("Escalated {what}"),
        Action::Resolve => format!("Resolved {what}"),
        Action::Reopen => format!("Reopened {what}"),
        Action::Take(_) => format!("Took {what}"),
        Action::Assign(_) => format!("Assigned {what} to {name}"),
        Action::Unassign => format!("Unassigned {what}"),
    }
}

/// The server refused some of the changes: `. 2 failed: inc-7, inc-9`.
pub fn failed(ids: &[&str]) -> String {
    format!(". {} failed: {}", ids.len(), listed(ids))
}

/// The first of them.
fn listed(ids: &[&str]) -> String {
    let shown = &ids[..ids.len().min(NAMED_MAX)];
    let more = ids.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// So many incidents are named at most.
pub const NAMED_MAX: usize = 3;

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

/// They were taken back.
pub fn undone(ids: &[&str]) -> String {
    match ids {
        [id] => format!("Undone: {id} is as it was before"),
        ids => format!("Undone: {} are as they were before", what(ids)),
    }
}

/// The changes to be taken back failed.
pub fn nothing_to_undo(ids: &[&str]) -> String {
    format!("Nothing to undo: the change of {} failed", listed(ids))
}

/// The server refused to take them back.
pub fn undo_failed(ids: &[&str]) -> String {
    format!("Not undone: the server refused it for {}", listed(ids))
}

/// Not all that were not taken back are named.
pub fn more_not_undone(count: usize) -> String {
    format!("Nor were {count} more")
}

/// It was not: somebody was faster, `bob resolved`, where that is known.
pub fn not_undone(id: &str, who: Option<String>) -> String {
    match who {
        Some(who) => format!("Not undone: {who} {id} "),
        None => format!("Not undone: somebody changed {id} meanwhile"),
    }
}

/// `bob resolved`: what an entry of a timeline made of status or assignee.
pub fn did(entry: &TimelineEntry, name: &str) -> String {
    let verb = match (&entry.status, &entry.assigned_to) {
        (Some(IncidentStatus::Acknowledged), _) => "acknowledged",
        (Some(IncidentStatus::Investigating), _) => "investigated",
        (Some(IncidentStatus::Escalated), _) => "escalated",
        (Some(IncidentStatus::Resolved), _) => "resolved",
        (None, Patch::Set(who)) if *who == entry.actor => "took",
        (None, Patch::Set(_)) => "assigned",
        (None, Patch::Clear) => "unassigned",
        _ => "changed",
    };
    format!("{name} {verb}")
}

/// `bob resolved inc-7 4 s before your change`; without a time: meanwhile. `who`: see [`did`].
pub fn overtaken(who: &str, id: &str, before_ms: Option<u64>) -> String {
    let when = match before_ms.map(|ms| ms / 1_000) {
        None => "meanwhile".to_owned(),
        Some(0) => "just before your change".to_owned(),
        Some(seconds @ 1..120) => format!("{seconds} s before your change"),
        Some(seconds) => format!("{} min before your change", seconds / 60),
    };
    format!("{who} {id} {when}")
}

/// Others worked on more incidents than are named.
pub fn more_contested(count: usize) -> String {
    format!("Others worked on {count} more meanwhile")
}

/// `Signed in as Ann`.
pub fn signed_in_as(name: &str) -> String {
    format!("Signed in as {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_to_many_names_three_of_them() {
        let ids = ["a", "b", "c", "d", "e"];
        assert_eq!(what(&ids[..1]), "a");
        assert_eq!(what(&ids), "5 incidents");
        assert_eq!(failed(&ids[..2]), ". 2 failed: a, b");
        assert_eq!(failed(&ids), ". 5 failed: a, b, c and 2 more");
        assert_eq!(undone(&ids[..1]), "Undone: a is as it was before");
        assert_eq!(undone(&ids), "Undone: 5 incidents are as they were before");
        assert_eq!(nothing_to_undo(&ids[..3]), "Nothing to undo: the change of a, b, c failed");
    }

    #[test]
    fn who_was_faster_is_said_with_the_time_between() {
        let said = |ms| overtaken("bob resolved", "inc-7", ms);
        assert_eq!(said(Some(4_900)), "bob resolved inc-7 4 s before your change");
        assert_eq!(said(Some(900)), "bob resolved inc-7 just before your change");
        assert_eq!(said(Some(180_000)), "bob resolved inc-7 3 min before your change");
        assert_eq!(said(None), "bob resolved inc-7 meanwhile");
    }
}
