//! The outbox: what waits, what failed.

mod item;
mod panel;

pub use item::{OutboxItem, OutboxItemProps};
pub use panel::{OutboxPanel, OutboxView, OutboxViewProps};
