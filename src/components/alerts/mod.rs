//! Alerts, and the sources they come from.

mod about;
mod item;
mod labels;
mod list;
mod panel;
mod silent;
mod sources;

pub use about::About;
pub use item::{AlertItem, AlertItemProps};
pub use labels::{LinkTemplates, Links, labels};
pub use list::{AlertList, AlertListProps};
pub use panel::{AlertsPanel, AlertsPanelProps, by_urgency};
pub use silent::SilentSources;
