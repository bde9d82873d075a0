//! The outbox: what waits, what failed.

mod item;
mod panel;
mod unreadable;

pub use item::{OutboxItem, OutboxItemProps};
pub use panel::{OutboxPanel, OutboxView, OutboxViewProps};
pub use unreadable::{UnreadableActions, UnreadableView, UnreadableViewProps, unreadable_words};
