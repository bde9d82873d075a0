//! The end of a session: the question what becomes of unsent messages, the wait for them, and the page afterwards.

mod button;
mod choices;
mod over;
mod progress;

pub use button::SignOutButton;
pub use choices::{SignOutChoices, SignOutChoicesProps};
pub use over::SessionGate;
pub use progress::{SignOutProgress, SignOutProgressProps};

/// "1 message", "2 messages".
fn messages(count: u32) -> String {
    format!("{count} {}", if count == 1 { "message" } else { "messages" })
}
