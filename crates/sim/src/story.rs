//! What happened, line by line, when somebody wants to know.

use sentinelops_engine::Trace;
use std::fmt::Write as _;

/// A log that costs nothing unless it is kept.
#[derive(Debug, Default)]
pub struct Story {
    lines: Option<Vec<String>>,
}

impl Story {
    /// Keeps every line.
    pub fn kept() -> Self {
        Self { lines: Some(Vec::new()) }
    }

    /// Whether lines are kept.
    pub fn is_kept(&self) -> bool {
        self.lines.is_some()
    }

    /// One line at a simulated time. The text is made only when it is kept.
    pub fn log(&mut self, time: u64, text: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            let mut line = String::new();
            let _ = write!(line, "{:>9} s  {}", Seconds(time), text());
            lines.push(line);
        }
    }

    /// The lines.
    pub fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.pad(&text)
    }
}

/// The beginning of a text, for a line of a story.
pub fn clip(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max).collect();
    short.push('…');
    short
}

/// What an engine says that it does.
pub fn of_trace(trace: &Trace) -> String {
    match trace {
        Trace::State { from, to, cause } => format!("state {from:?} -> {to:?}: {cause}"),
        Trace::Backoff { attempt, delay_ms, why } => format!("attempt {attempt} in {delay_ms} ms: {why}"),
        Trace::Message(update) => format!("{} {:?} {:?}", update.id, update.durability, update.delivery),
        other => clip(&format!("{other:?}"), 160),
    }
}
