//! Alerts: what the machines say.

mod item;
mod panel;

pub use item::{AlertItem, AlertItemProps};
pub use panel::AlertsPanel;
