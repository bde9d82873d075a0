//! Texts of the scoreboard of promises.

/// Its heading.
pub const TITLE: &str = "Scoreboard of promises";
/// A figure.
pub const SENT: &str = "sent by this page";
/// A figure.
pub const DELIVERED: &str = "confirmed by the server";
/// A figure.
pub const OPEN: &str = "waiting or on their way";
/// A figure.
pub const ENDED: &str = "ended otherwise, and said so";
/// A figure.
pub const ONCE: &str = "applied exactly once";
/// A figure.
pub const LOST: &str = "lost";
/// A figure.
pub const DOUBLED: &str = "doubled";
/// A figure.
pub const DISORDERED: &str = "out of order";
/// A figure.
pub const UNCHECKED: &str = "sent before the count began";
/// A figure.
pub const GAPS: &str = "gaps this page was told of";
/// Of the verdict.
pub const GAPS_SILENT: &str = "gaps not told";

/// This build cannot ask.
pub const CHECK_NONE: &str = "From this page's own receipts. The laboratory also compares them with the gateway's count of \
    effects, and can break the connection: run “cargo xtask dev”, or “cargo xtask build --lab” with a gateway started with \
    --test-admin.";
/// No answer yet.
pub const CHECK_AWAITED: &str = "The gateway's count of effects is awaited.";
/// The figures are compared.
pub const CHECK_COUNTED: &str = "Compared with the gateway's own count of effects, once a second.";
/// The gateway does not know the question.
pub const CHECK_REFUSED: &str =
    "Not compared: the gateway does not tell its count of effects. Start it with --test-admin.";
/// The page could not follow.
pub const MISSES: &str = "More was sent at once than this page can follow; the rest is not counted here.";

/// Whether every promise is kept; `broken`: which are not, counted.
///
/// ```
/// use sentinelops::words::scoreboard::verdict;
///
/// assert_eq!(verdict(0, &[]), "Nothing sent yet: send a message, and break the connection meanwhile");
/// assert_eq!(verdict(2, &[]), "Every promise kept");
/// assert_eq!(verdict(2, &["1 lost".to_owned(), "2 doubled".to_owned()]), "A promise is broken: 1 lost, 2 doubled");
/// ```
pub fn verdict(sent: u64, broken: &[String]) -> String {
    match (sent, broken) {
        (_, [_, ..]) => format!("A promise is broken: {}", broken.join(", ")),
        (0, []) => "Nothing sent yet: send a message, and break the connection meanwhile".to_owned(),
        _ => "Every promise kept".to_owned(),
    }
}
