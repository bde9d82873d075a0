//! Agents: who is there.

mod item;
mod panel;

pub use item::{AgentItem, AgentItemProps};
pub use panel::{AgentsPanel, by_presence};
