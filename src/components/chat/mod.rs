//! A conversation.

mod composer;
mod line;
mod pane;
mod text;

pub use composer::Composer;
pub use line::{ChatLine, ChatLineProps};
pub use pane::ChatPane;
