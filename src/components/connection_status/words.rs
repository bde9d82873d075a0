//! What the states of a connection are called, and what a person can do about them.

use sentinelops_engine::{Cause, ConnectionState, Mode, Quality, StorageState, StoreError};

/// The documented word for a state.
pub fn state_word(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Disconnected => "Disconnected",
        ConnectionState::Connecting => "Connecting",
        ConnectionState::Connected => "Connected",
        ConnectionState::Reconnecting => "Reconnecting",
        ConnectionState::Error => "Error",
    }
}

/// Why, in a sentence; `None` when there is nothing to explain.
pub fn cause_words(cause: &Cause) -> Option<String> {
    Some(match cause {
        Cause::None => return None,
        Cause::NotAsked => "Nobody asked for a connection.".into(),
        Cause::Lost => "The connection broke.".into(),
        Cause::Unreachable => "No server answers.".into(),
        Cause::TimedOut => "The server took too long to answer.".into(),
        Cause::Silent => "The server went silent on an open connection.".into(),
        Cause::Stuck => "The server answers, but not everything it was asked.".into(),
        Cause::Woke => "This device was asleep.".into(),
        Cause::Offline => "This device has no network.".into(),
        Cause::Draining(reason) if reason.is_empty() => "The server is restarting.".into(),
        Cause::Draining(reason) => format!("The server is restarting ({reason})."),
        Cause::Overloaded => "The server is busy and asked for patience.".into(),
        Cause::TooSlow => "This page was too slow for the stream of events.".into(),
        Cause::NeedsAuth => "You are signed out, or your session has expired.".into(),
        Cause::WrongUser { expected, found } => {
            format!("The server knows you as {found}, this page belongs to {expected}.")
        }
        Cause::Superseded => "Another tab holds the connection now.".into(),
        Cause::SignedOut => "This session was signed out.".into(),
        Cause::Outdated => "A newer version of this app runs in another tab.".into(),
        Cause::GaveUp { attempts } => format!("Gave up after {attempts} attempts."),
        Cause::NoWelcome => "The server did not greet as it did before.".into(),
        Cause::Closed { code, reason } if reason.is_empty() => {
            format!("The server closed the connection (code {code}).")
        }
        Cause::Closed { code, reason } => {
            format!("The server closed the connection: {reason} (code {code}).")
        }
        Cause::BadUrl(detail) => format!("The server's address cannot be used: {detail}."),
    })
}

/// What to do about it; `None` when waiting is enough.
pub fn cause_advice(cause: &Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::NeedsAuth => "Sign in again; unsent changes are kept.",
        Cause::WrongUser { .. } => "Sign in as that user, or reload the page to start over.",
        Cause::GaveUp { .. } => "Check network and server, then try again.",
        Cause::Offline => "It reconnects by itself once the network is back.",
        Cause::BadUrl(_) => "Set `url` in the page's configuration, for example wss://ops.example.com/ws.",
        Cause::NoWelcome => "A proxy may answer in its place. Check that the address leads to the gateway.",
        Cause::Closed { .. } => "It will not try again by itself: the server's reason says what is wrong.",
        Cause::Outdated => "Reload this page to update it.",
        Cause::NotAsked => "Connect when you are ready.",
        Cause::SignedOut => "What is sent now is refused. Connect to begin a new session.",
        _ => return None,
    })
}

/// The word for a quality.
pub fn quality_word(quality: Quality) -> &'static str {
    match quality {
        Quality::Excellent => "Excellent",
        Quality::Good => "Good",
        Quality::Fair => "Fair",
        Quality::Poor => "Poor",
    }
}

/// Whether what waits survives a reload.
pub fn storage_words(storage: &StorageState) -> String {
    match storage {
        StorageState::Opening => "Opening the store on this device".into(),
        StorageState::Durable => "Saved on this device".into(),
        StorageState::Off => "Not saved on this device (switched off)".into(),
        StorageState::MemoryOnly(why) => format!("Not saved on this device: {}", store_error_words(why)),
    }
}

/// Why the store does not work.
pub fn store_error_words(error: &StoreError) -> &'static str {
    match error {
        StoreError::Quota => "its storage is full",
        StoreError::Unavailable(_) => "the browser offers no storage here (private window?)",
        StoreError::Blocked => "an older tab blocks the store; close it",
        StoreError::NewerSchema => "a newer version of this app wrote here; reload to update",
        StoreError::Dead(_) => "the browser closed the store",
        StoreError::Other(_) => "the store failed",
        StoreError::Silent => "the store does not answer",
    }
}

/// How the server speaks.
pub fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Basic => "Basic (the server confirms nothing)",
        Mode::V1 => "Full (every message is confirmed)",
    }
}
