//! What a person can do with a key or by the palette: one table, from which shortcuts, the sheet of keys and the palette
//! are made. Pure.

mod fuzzy;
mod keys;

pub use fuzzy::score;
pub use keys::{Keys, Matcher, Press};

use crate::words::commands as texts;

/// Something a person can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The palette.
    Palette,
    /// The sheet of keys.
    Sheet,
    /// The search field of the list.
    Search,
    /// The next row.
    Next,
    /// The row before.
    Previous,
    /// The detail of the row.
    Open,
    /// Back to the list.
    Close,
    /// Picks the row, or not any more.
    Pick,
    /// Picks the rows between.
    PickRange,
    /// See [`crate::actions::Action`].
    Acknowledge,
    /// See there.
    Investigate,
    /// See there.
    Escalate,
    /// See there.
    Resolve,
    /// See there.
    Take,
    /// The field for messages of the incident.
    Comment,
    /// The message that is written is sent.
    Send,
    /// A new line in it.
    NewLine,
    /// The dialog for title and severity of the incident.
    Edit,
    /// Takes back the last action.
    Undo,
    /// The dialog for a new incident.
    NewIncident,
    /// See [`crate::board::View`].
    ViewAll,
    /// See there.
    ViewMine,
    /// See there.
    ViewUnassigned,
    /// See there.
    ViewUrgent,
    /// Equal incidents are one row, or not.
    Group,
    /// See [`crate::board::Sort`].
    SortUrgency,
    /// See there.
    SortNewest,
    /// See there.
    SortOldest,
    /// See there.
    SortChanged,
    /// The panel of incidents.
    GoIncidents,
    /// The panel of alerts.
    GoAlerts,
    /// The panel of activity.
    GoActivity,
    /// The panel of the team.
    GoTeam,
    /// The realtime demo.
    GoDemo,
    /// The display on a wall.
    GoWall,
    /// The preferences of notifications.
    Notifications,
    /// No notifications for an hour, or again.
    Mute,
    /// Dark or light.
    Theme,
    /// The device's time zone, or UTC.
    Zone,
}

/// Where a command stands in sheet and palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The list and the detail.
    List,
    /// What is done to an incident.
    Incident,
    /// What the list shows.
    View,
    /// From one place to another.
    Go,
    /// Everything else.
    Console,
}

impl Section {
    /// Every section, in order.
    pub const ALL: [Self; 5] = [Self::Incident, Self::List, Self::View, Self::Go, Self::Console];
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub command: Command,
    /// In words.
    pub title: &'static str,
    /// Where it stands.
    pub section: Section,
    /// Its keys.
    pub keys: Keys,
}

const fn entry(command: Command, title: &'static str, section: Section, keys: Keys) -> Entry {
    Entry { command, title, section, keys }
}

/// The table.
pub const COMMANDS: [Entry; 39] = [
    entry(Command::Acknowledge, texts::ACKNOWLEDGE, Section::Incident, Keys::Letter('a')),
    entry(Command::Take, texts::TAKE, Section::Incident, Keys::Letter('m')),
    entry(Command::Investigate, texts::INVESTIGATE, Section::Incident, Keys::Letter('i')),
    entry(Command::Escalate, texts::ESCALATE, Section::Incident, Keys::Letter('e')),
    // Not a bare letter: it is the last step.
    entry(Command::Resolve, texts::RESOLVE, Section::Incident, Keys::Shift('r')),
    entry(Command::Comment, texts::COMMENT, Section::Incident, Keys::Letter('c')),
    entry(Command::Send, texts::SEND, Section::Incident, Keys::Named("Enter")),
    entry(Command::NewLine, texts::NEW_LINE, Section::Incident, Keys::Named("Shift Enter")),
    entry(Command::Edit, texts::EDIT, Section::Incident, Keys::Letter('s')),
    entry(Command::Undo, texts::UNDO, Section::Incident, Keys::Letter('u')),
    entry(Command::NewIncident, texts::NEW, Section::Incident, Keys::Letter('n')),
    entry(Command::Next, texts::NEXT, Section::List, Keys::Letter('j')),
    entry(Command::Previous, texts::PREVIOUS, Section::List, Keys::Letter('k')),
    entry(Command::Open, texts::OPEN, Section::List, Keys::Letter('o')),
    entry(Command::Pick, texts::PICK, Section::List, Keys::Letter('x')),
    entry(Command::PickRange, texts::PICK_RANGE, Section::List, Keys::Named("Shift ↓")),
    entry(Command::Close, texts::CLOSE, Section::List, Keys::Named("Esc")),
    entry(Command::Search, texts::SEARCH, Section::List, Keys::Letter('/')),
    entry(Command::ViewAll, texts::VIEW_ALL, Section::View, Keys::After('v', 'a')),
    entry(Command::ViewMine, texts::VIEW_MINE, Section::View, Keys::After('v', 'm')),
    entry(Command::ViewUnassigned, texts::VIEW_UNASSIGNED, Section::View, Keys::After('v', 'u')),
    entry(Command::ViewUrgent, texts::VIEW_URGENT, Section::View, Keys::After('v', 'c')),
    entry(Command::Group, texts::GROUP, Section::View, Keys::After('v', 'g')),
    entry(Command::SortUrgency, texts::SORT_URGENCY, Section::View, Keys::None),
    entry(Command::SortNewest, texts::SORT_NEWEST, Section::View, Keys::None),
    entry(Command::SortOldest, texts::SORT_OLDEST, Section::View, Keys::None),
    entry(Command::SortChanged, texts::SORT_CHANGED, Section::View, Keys::None),
    entry(Command::GoIncidents, texts::GO_INCIDENTS, Section::Go, Keys::After('g', 'i')),
    entry(Command::GoAlerts, texts::GO_ALERTS, Section::Go, Keys::After('g', 'a')),
    entry(Command::GoActivity, texts::GO_ACTIVITY, Section::Go, Keys::After('g', 'f')),
    entry(Command::GoTeam, texts::GO_TEAM, Section::Go, Keys::After('g', 't')),
    entry(Command::GoDemo, texts::GO_DEMO, Section::Go, Keys::After('g', 'd')),
    entry(Command::GoWall, texts::GO_WALL, Section::Go, Keys::After('g', 'w')),
    entry(Command::Palette, texts::PALETTE, Section::Console, Keys::Mod('k')),
    entry(Command::Sheet, texts::SHEET, Section::Console, Keys::Letter('?')),
    entry(Command::Notifications, texts::NOTIFICATIONS, Section::Console, Keys::None),
    entry(Command::Mute, texts::MUTE, Section::Console, Keys::None),
    entry(Command::Theme, texts::THEME, Section::Console, Keys::None),
    entry(Command::Zone, texts::ZONE, Section::Console, Keys::Letter('z')),
];

/// The row of a command.
pub fn entry_of(command: Command) -> Entry {
    COMMANDS.into_iter().find(|entry| entry.command == command).unwrap_or(COMMANDS[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_command_and_no_key_stands_twice() {
        let commands: HashSet<_> = COMMANDS.iter().map(|entry| entry.command).collect();
        assert_eq!(commands.len(), COMMANDS.len());
        let keys: Vec<_> =
            COMMANDS.iter().map(|entry| entry.keys).filter(|keys| *keys != Keys::None).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        // A first key of two is no key of its own.
        assert!(!keys.contains(&Keys::Letter('g')) && !keys.contains(&Keys::Letter('v')));
    }

    #[test]
    fn each_command_is_found_by_its_name() {
        for entry in COMMANDS {
            assert_eq!(entry_of(entry.command), entry);
        }
    }
}
