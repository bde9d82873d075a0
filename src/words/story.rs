//! Texts of the timeline of an incident.

/// Its heading.
pub const TITLE: &str = "Timeline";
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
