//! Texts of the figures above the list.

use sentinelops_protocol::domain::Spread;

/// Nobody waits.
pub const NONE_WAITS: &str = "Nothing waits for an acknowledgement";
/// Of the button that opens the tables.
pub const TABLES: &str = "Figures";
/// Heading of the table behind the plot.
pub const OPEN: &str = "Open incidents at the end of each hour";
/// Heading of the other one.
pub const TIMES: &str = "How long it took";
/// A column.
pub const UNTIL: &str = "Until";
/// A column.
pub const DAY: &str = "24 hours";
/// A column.
pub const WEEK: &str = "7 days";
/// A row.
pub const ACKNOWLEDGE: &str = "To acknowledge";
/// A row.
pub const RESOLVE: &str = "To resolve";
/// In place of what is not known.
pub const UNKNOWN: &str = "–";

/// `40 s`, `14 min`, `1 h 20 min`, `2 d 3 h`.
///
/// ```
/// use sentinelops::words::trend::duration;
///
/// assert_eq!([40_000, 840_000, 4_800_000, 183_600_000].map(duration), ["40 s", "14 min", "1 h 20 min", "2 d 3 h"]);
/// ```
pub fn duration(ms: u64) -> String {
    let minutes = ms / 60_000;
    match minutes {
        0 => format!("{} s", ms / 1_000),
        1..60 => format!("{minutes} min"),
        60..1_440 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} d {} h", minutes / 1_440, minutes % 1_440 / 60),
    }
}

/// Half of them took that long or less.
pub fn median(of: &Spread) -> String {
    of.median_ms.map_or_else(|| UNKNOWN.to_owned(), duration)
}

/// `median 14 min, p90 40 min, of 12`.
pub fn spread(of: &Spread) -> String {
    match of.p90_ms {
        None => UNKNOWN.to_owned(),
        Some(p90) => format!("median {}, p90 {}, of {}", median(of), duration(p90), of.count),
    }
}

/// What the plot shows, for those who do not see it.
pub fn plot(now: u32, most: u32) -> String {
    format!("Open incidents over 24 hours: {now} now, {most} at most")
}

/// Which incident has waited for longest; after the time.
pub fn oldest(id: &str) -> String {
    format!("unacknowledged: {id}")
}

/// Compared with seven days.
pub fn in_week(median: &str) -> String {
    format!("7 days {median}")
}
