//! Alerts: what the machines say.

mod about;
mod item;
mod labels;
mod panel;
mod silent;

pub use about::About;
pub use item::{AlertItem, AlertItemProps};
pub use labels::{Labels, LabelsProps, LinkTemplates};
pub use panel::{AlertsPanel, by_urgency};
pub use silent::SilentSources;
