//! Severity, status, presence and delivery as shape and word. Colour comes after and repeats what they say.

mod presence;
mod send_state;
mod severity;
mod status;

pub use presence::{presence_mark, presence_word};
pub use send_state::{Say, receipt_mark, send_state_mark};
pub use severity::{severity_mark, severity_rank, severity_word};
pub use status::{status_mark, status_word};

/// A wire word for people: first letter large.
pub(super) use crate::letters::capital;
