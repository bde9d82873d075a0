//! How much may be in flight: the window, its reserve, the server's rate, and one row at a time after the server closed
//! because of a message.

use super::link::Connection;
use crate::OutboxOptions;
use crate::backoff::LONGEST_SERVER_DELAY_MS;
use crate::mutant::{self, Mutant};
use std::collections::HashSet;

#[derive(Debug, Default)]
pub(super) struct Window {
    /// Rows in flight when the server closed with a code that blames a message. While one of them is unanswered, one row
    /// is in flight at a time, so that a further close identifies the poison message.
    suspects: HashSet<u64>,
    bucket: Option<Bucket>,
}

/// `welcome.rate` as a token bucket that holds one second of it.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    at: u64,
}

impl Bucket {
    fn size(&self) -> f64 {
        self.per_second.max(1.0)
    }

    fn fill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.at) as f64 / 1_000.0;
        self.tokens = (self.tokens + passed * self.per_second).min(self.size());
        self.at = now;
    }
}

impl Window {
    pub fn connected(&mut self, now: u64, link: &Connection) {
        let counts = |rate: &f64| rate.is_finite() && *rate > 0.0 && !mutant::active(Mutant::IgnoreRate);
        self.bucket = link.rate.filter(counts).map(|per_second| {
            let mut bucket = Bucket { per_second, tokens: 0.0, at: now };
            bucket.tokens = bucket.size();
            bucket
        });
    }

    /// Most in flight, for critical messages and for others. The reserve is a quarter of the window at most: of a
    /// window of 8, a reserve of 8 would leave no room for anything else, and a window of 1 has none.
    pub fn limits(&self, options: &OutboxOptions, link: &Connection) -> (usize, usize) {
        if !self.suspects.is_empty() {
            return (1, 1);
        }
        let all = options.window.min(link.max_in_flight).max(1);
        let reserve = options.critical_reserve.min(all / 4);
        (all as usize, (all - reserve) as usize)
    }

    /// Takes one message from the rate; `false`: the rate allows none now.
    pub fn take(&mut self, now: u64) -> bool {
        let Some(bucket) = &mut self.bucket else { return true };
        bucket.fill(now);
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        allowed
    }

    /// Adds the tokens for the time passed.
    pub fn refill(&mut self, now: u64) {
        if let Some(bucket) = &mut self.bucket {
            bucket.fill(now);
        }
    }

    /// When (monotonic ms) the rate allows the next message; `None`: now.
    pub fn next_token(&self) -> Option<u64> {
        let bucket = self.bucket.as_ref().filter(|bucket| bucket.tokens < 1.0)?;
        let wait = (1.0 - bucket.tokens) / bucket.per_second * 1_000.0;
        // The cast saturates where a broken server's number makes it longer than any time.
        Some(bucket.at.saturating_add((wait.ceil() as u64).clamp(1, LONGEST_SERVER_DELAY_MS)))
    }

    pub fn suspect(&mut self, seqs: impl IntoIterator<Item = u64>) {
        self.suspects.extend(seqs);
    }

    /// A row has a new sequence number.
    pub fn renumbered(&mut self, old: u64, new: u64) {
        if self.suspects.remove(&old) {
            self.suspects.insert(new);
        }
    }

    /// The row was answered or ended.
    pub fn clear(&mut self, seq: u64) {
        self.suspects.remove(&seq);
    }
}

#[cfg(test)]
mod tests {
    use super::super::link::MAX_BATCH;
    use super::*;

    fn link(max_in_flight: u32, rate: Option<f64>) -> Connection {
        Connection { acks: true, max_batch: MAX_BATCH, max_in_flight, max_message_bytes: 65_536, rate }
    }

    #[test]
    fn the_reserve_shrinks_with_the_window() {
        let (window, options) = (Window::default(), OutboxOptions::default());
        assert_eq!(window.limits(&options, &link(1_000, None)), (64, 56));
        assert_eq!(window.limits(&options, &link(8, None)), (8, 6));
        assert_eq!(window.limits(&options, &link(1, None)), (1, 1));
        assert_eq!(window.limits(&options, &link(0, None)), (1, 1));
    }

    #[test]
    fn the_rate_is_kept_on_average() {
        let mut window = Window::default();
        window.connected(0, &link(64, Some(10.0)));
        let sent = (0..10_000).step_by(10).filter(|now| window.take(*now)).count();
        assert!((105..=110).contains(&sent), "{sent} in 10 s at 10 a second with a burst of 10");
        assert!(window.next_token().is_some_and(|at| at > 9_990 && at <= 10_100));
        window.refill(10_100);
        assert_eq!(window.next_token(), None, "who still waits then waits for something else");
    }
}
