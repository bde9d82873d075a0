//! What the client does about each close code: one table, as data.
//!
//! `docs/connection.md` shows the same table; a test compares them.

use crate::mutant::{self, Mutant};
use sentinelops_protocol::close;

/// What to do after a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Dial again with backoff; inside the window if the server sent a goodbye.
    Retry,
    /// Dial again inside the window of the goodbye or of the reason.
    Restart,
    /// Dial again after the hint in the reason, also a shorter one, or after 30 s at least.
    SlowLane,
    /// Dial again and resume from the cursors: this consumer was too slow.
    TooSlow,
    /// Ask the token provider.
    Auth,
    /// Another leader is newer: stop.
    Superseded,
    /// With rows in flight: go on with a window of one. Without: dial again with backoff.
    PoisonOrRetry,
    /// With rows in flight: go on with a window of one. Without: stop.
    PoisonOrStop,
    /// No dial helps: Error, with the reason shown.
    Stop,
}

/// One row: a code, what is done about it, and what people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CloseRow {
    /// The code; the row of 0 stands for every unlisted code.
    pub(crate) code: u16,
    /// What is done.
    pub(crate) action: Action,
    /// What it means, for people.
    pub(crate) meaning: &'static str,
}

const fn row(code: u16, action: Action, meaning: &'static str) -> CloseRow {
    CloseRow { code, action, meaning }
}

/// The table. A code not in it is treated as the last row says.
pub(crate) const TABLE: [CloseRow; 24] = [
    row(close::NORMAL, Action::Retry, "closed by the server without an error"),
    row(close::GOING_AWAY, Action::Retry, "the server goes away"),
    row(1002, Action::Stop, "the two ends speak different protocols"),
    row(1003, Action::Stop, "the server does not take this kind of data"),
    row(close::NO_STATUS, Action::Retry, "closed without a code"),
    row(close::ABNORMAL, Action::Retry, "the connection broke"),
    row(close::INVALID_DATA, Action::PoisonOrStop, "the server could not read a message as text"),
    row(close::POLICY, Action::PoisonOrStop, "a message broke a policy of the server"),
    row(close::TOO_BIG, Action::PoisonOrRetry, "a message was too big for the server"),
    row(1010, Action::Stop, "the server lacks an extension"),
    row(close::INTERNAL, Action::Retry, "the server had an internal error"),
    row(close::RESTART, Action::Restart, "the server restarts"),
    row(close::TRY_LATER, Action::SlowLane, "the server is overloaded"),
    row(1014, Action::Retry, "a gateway on the way got a bad answer"),
    row(1015, Action::Retry, "the TLS handshake failed"),
    row(close::BAD_REQUEST, Action::PoisonOrStop, "a frame broke the protocol"),
    row(close::UNAUTHENTICATED, Action::Auth, "the token is missing or expired"),
    row(close::FORBIDDEN, Action::Stop, "this page or user may not connect"),
    row(close::NOT_FOUND, Action::Stop, "there is no such endpoint"),
    row(close::SLOW_CONSUMER, Action::TooSlow, "this client took messages too slowly or was silent"),
    row(close::CONFLICT, Action::Stop, "a conflict that retrying cannot mend"),
    row(close::SUPERSEDED, Action::Superseded, "a newer connection of this browser took over"),
    row(close::RATE_LIMITED, Action::SlowLane, "too many requests"),
    row(0, Action::Retry, "an unlisted code"),
];

/// What a close code of the server means, for people; a code that is not in the table is "an unlisted code".
///
/// ```
/// use sentinelops_engine::close_meaning;
///
/// assert_eq!(close_meaning(4429), "too many requests");
/// ```
pub fn close_meaning(code: u16) -> &'static str {
    lookup(code).meaning
}

/// The row of a code.
pub(crate) fn lookup(code: u16) -> CloseRow {
    let unlisted = TABLE[TABLE.len() - 1];
    let row = TABLE.iter().find(|row| row.code == code && code != 0).copied();
    let row = row.unwrap_or(CloseRow { code, ..unlisted });
    let lost = matches!(code, close::ABNORMAL | close::INTERNAL);
    if lost && mutant::active(Mutant::GiveUpOnLoss) {
        return CloseRow { action: Action::Stop, ..row };
    }
    row
}

/// What a close reason may say of the time: the phrase, a number, `ms` or `s`; anywhere in the text.
/// A number without its phrase and unit is part of some other sentence and means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReasonHint {
    /// `window 5000 ms` (1012): come back at any time within it.
    Window,
    /// `retry after 45 s` (1013, 4429): come back then.
    RetryAfter,
}

impl ReasonHint {
    fn phrase(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::RetryAfter => "retry after",
        }
    }

    /// The first well-formed one in `reason`, ms.
    pub(crate) fn ms_in(self, reason: &str) -> Option<u64> {
        let reason = reason.to_ascii_lowercase();
        reason.match_indices(self.phrase()).find_map(|(at, phrase)| {
            let begins_a_word = !reason[..at].ends_with(is_part_of_word);
            begins_a_word.then(|| duration_ms(&reason[at + phrase.len()..])).flatten()
        })
    }
}

/// Any sign beyond ASCII counts: what is a letter there takes a table.
fn is_part_of_word(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || !sign.is_ascii()
}

/// ` 45 s`, ` 500ms`: what follows the phrase.
fn duration_ms(text: &str) -> Option<u64> {
    let digits = text.strip_prefix(' ')?;
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = digits[..end].parse().ok()?;
    let unit = digits[end..].strip_prefix(' ').unwrap_or(&digits[end..]);
    let (factor, rest) = match unit.strip_prefix("ms") {
        Some(rest) => (1, rest),
        None => (1_000, unit.strip_prefix('s')?),
    };
    (!rest.starts_with(is_part_of_word)).then(|| number.saturating_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_protocol_text() {
        for code in [1000, 1001, 1005, 1006, 1011, 1014, 1015, 4999, 3000, 0, 1004] {
            assert_eq!(lookup(code).action, Action::Retry, "{code}");
        }
        assert_eq!(lookup(1012).action, Action::Restart);
        for code in [1013, 4429] {
            assert_eq!(lookup(code).action, Action::SlowLane, "{code}");
        }
        assert_eq!(lookup(4408).action, Action::TooSlow);
        assert_eq!(lookup(4401).action, Action::Auth);
        assert_eq!(lookup(4410).action, Action::Superseded);
        assert_eq!(lookup(1009).action, Action::PoisonOrRetry);
        for code in [1007, 1008, 4400] {
            assert_eq!(lookup(code).action, Action::PoisonOrStop, "{code}");
        }
        for code in [1002, 1003, 1010, 4403, 4404, 4409] {
            assert_eq!(lookup(code).action, Action::Stop, "{code}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_ends_with_the_unlisted() {
        let codes: Vec<u16> = TABLE[..TABLE.len() - 1].iter().map(|row| row.code).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(TABLE[TABLE.len() - 1].code, 0);
    }

    #[test]
    fn hints_are_a_phrase_a_number_and_a_unit() {
        let after = |reason| ReasonHint::RetryAfter.ms_in(reason);
        assert_eq!(after("retry after 45 s"), Some(45_000));
        assert_eq!(after("busy: Retry after 500ms, please"), Some(500));
        assert_eq!(after("retry after all; retry after 2 s"), Some(2_000));
        assert_eq!(ReasonHint::Window.ms_in("window 10000 ms; the server restarts"), Some(10_000));
        assert_eq!(ReasonHint::Window.ms_in("(window 10 s)"), Some(10_000));
    }

    #[test]
    fn any_other_number_is_no_hint() {
        for reason in [
            "",
            "429 Too Many Requests",
            "pod web-7f9c4 restarts",
            "in 45 s",
            "retry after 45",
            "retry after 45 seconds",
            "retry after 45 sheep",
            "retry after  45 s",
            "retry after -4 s",
            "retry after 99999999999999999999999 s",
            "rewindow 5 s",
            "window: 5 s",
            "windows 5 s",
        ] {
            assert_eq!(ReasonHint::RetryAfter.ms_in(reason), None, "{reason}");
            assert_eq!(ReasonHint::Window.ms_in(reason), None, "{reason}");
        }
        assert_eq!(ReasonHint::Window.ms_in("retry after 5 s"), None);
        assert_eq!(ReasonHint::RetryAfter.ms_in("window 5 s"), None);
    }
}
