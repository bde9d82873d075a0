//! Texts of the guided tours.

/// Heading of the panel.
pub const TITLE: &str = "Guided tours";
/// What to do.
pub const INTRO: &str =
    "Half a minute each: the tour breaks something, points at what to see, and ends with a verdict.";
/// Begins a tour.
pub const START: &str = "Start";
/// Begins it once more.
pub const AGAIN: &str = "Again";
/// Ends it.
pub const STOP: &str = "Stop";
/// Puts it away.
pub const CLOSE: &str = "Close";
/// Its address.
pub const LINK: &str = "Link to this tour";
/// Opens the second window.
pub const SECOND: &str = "Open the second window";
/// One of two windows is open.
pub const ONE_OPEN: &str =
    "One window is open. Browsers open one at a press: come back here and press once more.";
/// While the verdict is awaited.
pub const LAST: &str = "Nearly done: as soon as everything has arrived, the verdict stands here.";
/// The gateway makes nothing up.
pub const NEEDS_STORY: &str = "This tour needs a gateway started with --scenario and --test-admin.";
/// The browser opened no window.
pub const BLOCKED: &str =
    "The browser opened no windows. Allow pop-ups for this page, and start the tour again.";

/// The button of the next tour.
pub fn next(name: &str) -> String {
    format!("Next: {name}")
}

/// How long it goes on.
pub fn left(seconds: u64) -> String {
    format!("{seconds} s left")
}

/// Of the verdict: how smooth the page was; `p99` and `longest` in ms.
///
/// ```
/// use sentinelops::words::tours::frames;
///
/// assert_eq!(frames(16.7, 48.2), "99 of 100 frames within 17 ms, the longest 48 ms");
/// ```
pub fn frames(p99: f64, longest: f64) -> String {
    format!("99 of 100 frames within {p99:.0} ms, the longest {longest:.0} ms")
}
