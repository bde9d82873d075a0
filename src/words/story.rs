//! Texts of the timeline of an incident.

use crate::story::Kind;

/// Its heading.
pub const TITLE: &str = "Timeline";
/// Between what others did since the person looked last, and what is older.
pub const NEW: &str = "New since you looked";
/// What the list shows.
pub const SHOW: &str = "Show";
/// Nothing is of the kinds that were chosen.
pub const NOTHING: &str = "Nothing of that happened.";
/// The person at this page.
pub const YOU: &str = "You";
/// The incident was created.
pub const CREATED: &str = "created it";
/// It is assigned to nobody.
pub const UNASSIGNED: &str = "unassigned";
/// In place of the time of what waits.
pub const WAITS: &str = "not sent yet";
/// Nothing is known.
pub const EMPTY: &str = "Nothing is known of what happened before.";
/// There was no connection yet.
pub const AWAITED: &str = "The timeline comes with the connection.";
/// Saves it as a file.
pub const EXPORT: &str = "Save as Markdown";
/// The file was not saved.
pub const NOT_SAVED: &str = "The browser refused to save the file.";
/// A fact of the incident.
pub const SEVERITY: &str = "Severity";
/// Another one.
pub const STATUS: &str = "Status";
/// Another one.
pub const ASSIGNEE: &str = "Assigned to";
/// Another one.
pub const OPENED: &str = "Opened";

/// A kind of moments.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Status => "Status",
        Kind::People => "People",
        Kind::Alerts => "Alerts",
        Kind::Messages => "Messages",
    }
}

/// `3 new`.
pub fn new(count: usize) -> String {
    format!("{count} new")
}

/// An alert was raised.
pub fn raised(title: &str) -> String {
    format!("raised an alert: {title}")
}

/// It was cleared.
pub fn cleared(title: &str) -> String {
    format!("cleared an alert: {title}")
}

/// The new status.
pub fn status(status: &str) -> String {
    format!("status {status}")
}

/// The new severity.
pub fn severity(severity: &str) -> String {
    format!("severity {severity}")
}

/// The new assignee.
pub fn assigned(name: &str) -> String {
    format!("assigned to {name}")
}
