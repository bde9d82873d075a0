//! The activity feed.

mod item;
mod panel;

pub use item::{ActivityItem, ActivityItemProps};
pub use panel::ActivityPanel;
