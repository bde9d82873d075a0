//! Lines to stderr: a time and a sentence. Never a token, never a URL's query.

use std::time::{SystemTime, UNIX_EPOCH};

/// Writes one line.
pub(super) fn line(text: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (now.as_secs() % 86_400, now.subsec_millis());
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    eprintln!("{hours:02}:{minutes:02}:{seconds:02}.{millis:03} {text}");
}

/// A frame of a client for the log: cut short, and without what may be a token.
pub(super) fn frame(bytes: &[u8]) -> String {
    const SHOWN: usize = 300;
    let text = String::from_utf8_lossy(bytes);
    if text.contains("\"auth\"") || text.contains("token") {
        return format!("{} bytes (not shown: may hold a token)", bytes.len());
    }
    let clean: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > SHOWN { format!("{clean}… ({} bytes)", bytes.len()) } else { clean }
}
