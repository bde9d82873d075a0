//! Severity, status, presence and delivery as shape and word. Colour comes after and repeats what they say.

mod presence;
mod send_state;
mod severity;
mod status;

pub use presence::{PresenceMark, presence_word};
pub use send_state::{SendStateMark, SendStateMarkProps};
pub use severity::{SeverityMark, severity_rank, severity_word};
pub use status::{StatusMark, status_word};

/// A wire word for people: first letter large.
pub(super) use crate::letters::capital;
