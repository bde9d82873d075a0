//! The outbox: what waits, what failed.

mod item;
mod panel;
mod pending;
mod unreadable;
mod words;

pub use item::{OutboxItem, OutboxItemProps};
pub use panel::{OutboxPanel, OutboxView, OutboxViewProps, use_outbox_actions};
pub use pending::PendingChanges;
pub use unreadable::{UnreadableActions, UnreadableView, UnreadableViewProps, unreadable_words};
pub use words::{change_of, message_words};
