//! The flight recorder and the counters.

mod meters;
mod panel;
mod traces;

pub use meters::Meters;
pub use panel::DiagnosticsPanel;
pub use traces::Traces;
