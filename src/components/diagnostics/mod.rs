//! The flight recorder and the counters.

mod meters;
mod panel;
mod traces;

pub use meters::Meters;
pub use panel::DiagnosticsPanel;
pub use traces::Traces;

/// The time of day, to the ms: what happens here happens fast.
fn clock(at: u64) -> String {
    let date = js_sys::Date::new(&(at as f64).into());
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
        date.get_milliseconds()
    )
}
