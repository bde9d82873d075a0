//! Texts of the faults that a visitor may bring about.

/// Heading of the panel.
pub const TITLE: &str = "Break it";
/// What to do.
pub const INTRO: &str =
    "Send something, press a fault, and watch what waits, what is noticed and what arrives.";
/// Before the choice of how long a fault lasts.
pub const FOR: &str = "Each lasts";
/// Switches every fault off.
pub const RESET: &str = "Reset all";
/// On a fault that lasts until it is switched off.
pub const ON: &str = "on";
/// Of the slider.
pub const LATENCY: &str = "Latency of “Slow”";
/// Of the slider.
pub const JITTER: &str = "Jitter of “Slow”";
/// Heading of the verdicts.
pub const VERDICTS: &str = "Verdicts";
/// No verdict yet.
pub const NO_VERDICT: &str = "After each fault a line says here what it did.";
/// The gateway takes no requests.
pub const NO_SERVER: &str = "Faults of the server need a gateway started with --test-admin.";

/// Of a verdict.
pub const NOT_NOTICED: &str = "the connection held";
/// Of a verdict.
pub const STILL_AWAY: &str = "still not connected";
/// Of a verdict.
pub const NOTHING_SENT: &str = "nothing was sent meanwhile";
/// Of a verdict.
pub const DELIVERED: &str = "all delivered once";

/// Of a verdict.
pub fn noticed(seconds: f64) -> String {
    format!("noticed after {seconds:.1} s")
}

/// Of a verdict.
pub fn waited(count: u64) -> String {
    match count {
        0 => "no message waited".to_owned(),
        1 => "1 message waited".to_owned(),
        _ => format!("{count} messages waited"),
    }
}

/// Of a verdict.
pub fn broken(count: u64) -> String {
    if count == 1 { "1 promise broken".to_owned() } else { format!("{count} promises broken") }
}

/// Of a verdict.
pub fn ended(count: u64) -> String {
    format!("{count} ended without delivery, as was shown")
}

/// Of a verdict.
pub fn still_waiting(count: u64) -> String {
    format!("{count} still waiting")
}

/// How long a fault lasts; `None`: until it is switched off.
///
/// ```
/// use sentinelops::words::breaks::duration;
///
/// assert_eq!([Some(5), None].map(duration), ["5 s", "until off"]);
/// ```
pub fn duration(seconds: Option<u32>) -> String {
    seconds.map_or_else(|| "until off".to_owned(), |seconds| format!("{seconds} s"))
}
