//! Texts of the load that a visitor may bring about.

/// Heading of the panel.
pub const TITLE: &str = "Load it";
/// What to do.
pub const INTRO: &str = "Let more happen, send more, and watch frames, round trip and outbox in the plots.";
/// Of the slider.
pub const EVENTS: &str = "Events of the server";
/// Of the slider.
pub const COLLEAGUES: &str = "Colleagues";
/// Of the slider.
pub const SENDS: &str = "Messages of this page";
/// Before the choice of priorities.
pub const MIX: &str = "Priorities";
/// The gateway makes nothing up.
pub const NO_STORY: &str = "Events and colleagues need a gateway started with --scenario and --test-admin.";

/// So many each second.
///
/// ```
/// use sentinelops::words::load::per_second;
///
/// assert_eq!([0.0, 0.5, 10_000.0].map(per_second), ["0/s", "0.5/s", "10 000/s"]);
/// ```
pub fn per_second(count: f64) -> String {
    let whole = count.trunc();
    let thousands = (whole / 1_000.0).trunc();
    if thousands > 0.0 {
        format!("{thousands} {:03}/s", whole - thousands * 1_000.0)
    } else {
        format!("{}/s", (count * 10.0).round() / 10.0)
    }
}
