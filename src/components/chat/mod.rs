//! A conversation.

mod composer;
mod line;
mod pane;
mod people;
mod text;

pub use composer::Composer;
pub use line::{ChatLine, ChatLineProps};
pub use pane::ChatPane;
