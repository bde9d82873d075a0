//! The flight recorder and the counters.

mod meters;
mod panel;

pub use meters::Meters;
pub use panel::DiagnosticsPanel;
