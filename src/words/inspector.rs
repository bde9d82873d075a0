//! Texts of the inspector.

/// Heading of the panel.
pub const TITLE: &str = "Inspector";
/// What is listed: what the page received and what it sent.
pub const MESSAGES: &str = "Messages of this page";
/// What is listed: what passes the socket.
pub const FRAMES: &str = "Frames on the socket";
/// Of the choice between them.
pub const LIST: &str = "List";
/// Of the filter.
pub const FILTER: &str = "Filter: out chat, ack, delivered …";
/// Stops the list.
pub const PAUSE: &str = "Pause";
/// The list goes on.
pub const RESUME: &str = "Resume";
/// Columns.
pub const COLUMNS: [&str; 8] = ["time", "way", "channel", "type", "id", "seq", "bytes", "state"];
/// From the server.
pub const IN: &str = "in";
/// To the server.
pub const OUT: &str = "out";
/// State of an event that the page received.
pub const RECEIVED: &str = "received";
/// In place of what is not known.
pub const UNKNOWN: &str = "–";
/// Nothing is listed yet.
pub const NOTHING: &str = "Nothing yet";
/// The filter fits none.
pub const NONE_FIT: &str = "Nothing fits the filter";
/// No row is selected.
pub const SELECT: &str = "Select a row to see more of it: press it, or use the arrow keys in the list.";
/// Heading of a message's life.
pub const LIFE: &str = "Life of a message";
/// No message was sent.
pub const NO_LIFE: &str = "Send a message to see how long it takes to be saved, sent, confirmed and shown.";
/// It is of another page, or older than the newest 200.
pub const LIFE_UNKNOWN: &str =
    "This page knows no more of it: it did not send it, or has sent 200 messages since.";
/// Heading of the contents.
pub const CONTENTS: &str = "Contents";
/// They are not shown.
pub const HIDDEN: &str = "Contents are shown only where the configuration has debugContents.";
/// Heading of the tabs.
pub const TABS: &str = "Tabs";
/// The browser does not say which there are.
pub const TABS_UNKNOWN: &str = "This browser lists tabs only on https and localhost.";
/// No tab is listed yet.
pub const TABS_NONE: &str = "The tabs are being counted.";
/// Of a tab.
pub const LEADS: &str = "leads: it holds the socket and writes the outbox";
/// Of a tab.
pub const FOLLOWS: &str = "follows: its messages go through the leader";
/// Of a tab.
pub const THIS: &str = "this tab";
/// Opens another one.
pub const OPEN_TAB: &str = "Open another tab";

/// How many rows are listed of those there are.
///
/// ```
/// use sentinelops::words::inspector::rows;
///
/// assert_eq!(rows(3, 3, 0), "3");
/// assert_eq!(rows(1, 3, 40), "1 of 3, 40 frames not looked into");
/// ```
pub fn rows(shown: usize, all: usize, more: u64) -> String {
    let count = if shown == all { all.to_string() } else { format!("{shown} of {all}") };
    match more {
        0 => count,
        1 => format!("{count}, 1 frame not looked into"),
        _ => format!("{count}, {more} frames not looked into"),
    }
}
