//! What the states of a connection are called, and what a person can do about them.

use sentinelops_engine::{Cause, ConnectionState, Mode, Quality, StorageState, StoreError, close_meaning};
use sentinelops_protocol::close;

/// The documented word for a state.
pub fn state_label(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Disconnected => "Disconnected",
        ConnectionState::Connecting => "Connecting",
        ConnectionState::Connected => "Connected",
        ConnectionState::Reconnecting => "Reconnecting",
        ConnectionState::Error => "Error",
    }
}

/// Why the connection is in its state, in a sentence; `None` when there is nothing to explain.
///
/// ```
/// use sentinelops_realtime::connection_status::cause_label;
/// use sentinelops_realtime::engine::Cause;
///
/// assert_eq!(cause_label(&Cause::Unreachable).as_deref(), Some("No server answers."));
/// assert_eq!(cause_label(&Cause::None), None);
/// ```
pub fn cause_label(cause: &Cause) -> Option<String> {
    Some(match cause {
        Cause::None => return None,
        Cause::NotAsked => "Not connected yet.".into(),
        Cause::Lost => "The connection broke.".into(),
        Cause::Unreachable => "No server answers.".into(),
        Cause::TimedOut => "The server took too long to answer.".into(),
        Cause::Silent => "The server went silent on an open connection.".into(),
        Cause::Stuck => "The server answers, but not everything it was asked.".into(),
        Cause::Woke => "This device was asleep.".into(),
        Cause::Offline => "This device has no network.".into(),
        Cause::Draining(reason) if reason.is_empty() => "The server is restarting.".into(),
        Cause::Draining(reason) => format!("The server is restarting ({reason})."),
        Cause::Overloaded { code: code @ close::RATE_LIMITED, reason } => {
            format!("The server takes no more for now: {}.", of_server(*code, reason))
        }
        Cause::Overloaded { code, reason } => {
            format!("The server is busy: {}.", of_server(*code, reason))
        }
        Cause::TooSlow { reason } if reason.is_empty() => {
            "This tab could not keep up, so the server closed the connection.".into()
        }
        Cause::TooSlow { reason } => format!("The server closed the connection: {reason}."),
        Cause::NeedsAuth => "You are signed out, or your session has expired.".into(),
        Cause::WrongUser { expected, found } => {
            format!("The server knows you as {found}, this page belongs to {expected}.")
        }
        Cause::Superseded => "Another tab holds the connection now.".into(),
        Cause::SignedOut => "This session was signed out.".into(),
        Cause::Outdated => "A newer version of this app runs in another tab.".into(),
        Cause::GaveUp { attempts } => format!("Stopped trying after {attempts} attempts."),
        Cause::NoWelcome => "The reply is not from a SentinelOps server.".into(),
        Cause::Closed { code, reason } => {
            format!("The server closed the connection: {} (code {code}).", of_server(*code, reason))
        }
        Cause::BadUrl(detail) => format!("The server's address cannot be used: {detail}."),
        other => format!("{other}."),
    })
}

/// What a person can do about a cause; `None` when waiting is enough.
///
/// ```
/// use sentinelops_realtime::connection_status::cause_advice;
/// use sentinelops_realtime::engine::Cause;
///
/// assert_eq!(cause_advice(&Cause::Outdated), Some("Reload this page to update it."));
/// ```
pub fn cause_advice(cause: &Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::NeedsAuth => "Sign in again; unsent changes are kept.",
        Cause::WrongUser { .. } => "Sign in as that user: what waits here is sent for nobody else.",
        Cause::Superseded => "Go on there, or try again here.",
        Cause::GaveUp { .. } => "Check network and server, then try again.",
        Cause::Offline => "It reconnects by itself once the network is back.",
        Cause::BadUrl(_) => "Set the `url` that this page connects to, for example wss://ops.example.com/ws.",
        Cause::NoWelcome => "A proxy may be in the way. Check that the address leads to the gateway.",
        Cause::Closed { code, .. } => closed_advice(*code),
        Cause::Overloaded { code: close::RATE_LIMITED, .. } => {
            "It goes on by itself, at the time the server gave. Fewer open tabs and devices may help."
        }
        Cause::Overloaded { .. } => "It goes on by itself, at the time the server gave.",
        Cause::TooSlow { .. } => "It reconnects by itself and fetches what was missed.",
        Cause::Outdated => "Reload this page to update it.",
        Cause::NotAsked => "Connect when you are ready.",
        Cause::SignedOut => "What is sent now is refused. Connect to begin a new session.",
        _ => return None,
    })
}

/// The server's own words without the time for the client, else what the code means.
fn of_server(code: u16, reason: &str) -> &str {
    let words = match reason.split_once(';') {
        Some((hint, rest)) if hint.starts_with("retry after ") => rest,
        None if reason.starts_with("retry after ") => "",
        _ => reason,
    };
    match words.trim() {
        "" => close_meaning(code),
        words => words,
    }
}

/// What to do about a code that ended a connection.
fn closed_advice(code: u16) -> &'static str {
    match code {
        close::FORBIDDEN => {
            "Ask the operator of the server to allow this page's address (--origin) and this user, then try again."
        }
        close::NOT_FOUND => "Check the `url` that this page connects to, then try again.",
        close::TOO_BIG => {
            "It tries again by itself. Shorten what was sent; a sign-in token may be too long as well."
        }
        1002 | 1003 | 1010 | close::INVALID_DATA | close::POLICY | close::BAD_REQUEST => {
            "Reload the page: it may be of another version than the server. If that does not help, show this to the \
             operator of the server."
        }
        close::CONFLICT => "Reload the page, then try again.",
        _ => "It tries again by itself. If that does not help, show this to the operator of the server.",
    }
}

/// The word for a quality.
pub fn quality_label(quality: Quality) -> &'static str {
    match quality {
        Quality::Excellent => "Excellent",
        Quality::Good => "Good",
        Quality::Fair => "Fair",
        Quality::Poor => "Poor",
    }
}

/// Whether what waits survives a reload, in words.
///
/// ```
/// use sentinelops_realtime::connection_status::storage_label;
/// use sentinelops_realtime::engine::StorageState;
///
/// assert_eq!(storage_label(&StorageState::Durable), "Saved on this device");
/// ```
pub fn storage_label(storage: &StorageState) -> String {
    match storage {
        StorageState::Opening => "Opening the store on this device".into(),
        StorageState::Durable => "Saved on this device".into(),
        StorageState::Off => "Not saved on this device (switched off)".into(),
        StorageState::MemoryOnly(why) => format!("Not saved on this device: {}", store_error_label(why)),
    }
}

/// Why the store does not work.
pub fn store_error_label(error: &StoreError) -> &'static str {
    match error {
        StoreError::Quota => "its storage is full",
        StoreError::Unavailable(_) => "the browser offers no storage here (private window?)",
        StoreError::Blocked => "an older tab blocks the store; close it",
        StoreError::NewerSchema => "a newer version of this app wrote here; reload to update",
        StoreError::Dead(_) => "the browser closed the store",
        StoreError::Silent => "the store does not answer",
        _ => "the store failed",
    }
}

/// How the server speaks.
pub fn mode_label(mode: Mode) -> &'static str {
    match mode {
        Mode::Basic => "Best effort (basic protocol)",
        Mode::V1 => "Confirmed (protocol v1)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinelops_engine::{
        Engine, EngineOptions, Generation, Now, Output, SocketEvent, Status, StoreEvent,
    };

    /// What a page shows after a server closed its connection before the welcome.
    fn after(code: u16, reason: &str) -> Status {
        let now = Now { mono: 1, wall: 1 };
        let mut engine = Engine::new(EngineOptions::default(), 7, now);
        engine.connect(now);
        engine.handle_store(now, StoreEvent::Opened(Box::default()));
        let dialled =
            std::iter::from_fn(|| engine.poll_output()).any(|out| matches!(out, Output::Dial { .. }));
        assert!(dialled, "{code}");
        let generation = Generation(1);
        engine.handle_socket(now, generation, SocketEvent::Opened);
        engine.handle_socket(now, generation, SocketEvent::Closed { code, reason: reason.to_owned() });
        engine.status()
    }

    /// Code, the gateway's reason, what names it on the page, what to do.
    const CLOSES: [(u16, &str, &str, &str); 18] = [
        (1002, "Received an unmasked frame from client", "Received an unmasked frame", "Reload the page"),
        (1007, "text that is not UTF-8", "text that is not UTF-8", "Reload the page"),
        (1009, "4242 bytes before the welcome; at most 4096 are read until then", "at most 4096", "Shorten"),
        (1012, "the server restarts", "restarting", ""),
        (
            1013,
            "retry after 10000 ms; the gateway cannot fetch the keys",
            "cannot fetch the keys",
            "by itself",
        ),
        (1013, "retry after 5 s", "overloaded", "by itself"),
        (4400, "the first message must be hello", "the first message must be hello", "Reload the page"),
        (4401, "the token's claim aud does not name the gateway", "session has expired", "Sign in again"),
        (
            4403,
            "pages of https://x may not connect: see --origin of the gateway",
            "pages of https://x",
            "--origin",
        ),
        (4403, "", "this page or user may not connect", "--origin"),
        (4404, "", "no such endpoint", "`url`"),
        (4408, "nothing received for 75 s", "nothing received for 75 s", "by itself"),
        (4409, "", "conflict", "Reload"),
        (4410, "a newer leader of this session is connected", "Another tab", "Go on there"),
        (
            4429,
            "retry after 30 s; 100 connections of this user are open, the most allowed",
            "for now: 100 connections of this user are open, the most allowed",
            "Fewer",
        ),
        (
            4429,
            "retry after 30 s; more than ten times the 1000 messages a second allowed",
            "for now: more than ten times the 1000 messages a second allowed",
            "Fewer",
        ),
        (4429, "", "too many requests", "Fewer"),
        (4429, "more than 32 frames before the welcome", "more than 32 frames", "Fewer"),
    ];

    #[test]
    fn every_code_of_the_server_is_a_sentence_that_says_what_to_do() {
        for (code, reason, what, advice) in CLOSES {
            let cause = after(code, reason).cause;
            let words = cause_label(&cause).unwrap_or_default();
            assert!(words.contains(what) && words.ends_with('.'), "{code}: {words}");
            let found = cause_advice(&cause).unwrap_or_default();
            assert!(found.contains(advice), "{code}: {found}");
            assert!(!words.contains("retry after") && !words.contains("()"), "{code}: {words}");
        }
    }

    #[test]
    fn advice_says_that_it_tries_again_only_where_it_does() {
        for code in (1000..=1015).chain(4400..=4430) {
            let status = after(code, "");
            let advice = cause_advice(&status.cause).unwrap_or_default();
            if status.state == ConnectionState::Error {
                assert!(!advice.is_empty() && !advice.contains("by itself"), "{code}: {advice}");
            } else {
                assert!(!advice.contains("try again"), "{code}: {advice}");
            }
        }
    }
}
