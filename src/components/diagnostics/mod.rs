//! The flight recorder and the counters.

mod meters;
mod panel;
mod traces;

pub use meters::Meters;
pub use panel::DiagnosticsPanel;
pub use traces::Traces;

use sentinelops_realtime::time_text::time_of_day;

/// The time of day, to the ms: what happens here happens fast.
pub(super) fn clock(at: u64) -> String {
    format!("{}.{:03}", time_of_day(at), at % 1_000)
}
