//! Basic servers give no acks. What was written counts as handed over when a pong came for a ping
//! sent after it on the same socket: TCP kept the order, so the server read it.

use std::collections::VecDeque;

/// Pings for the fence's sake are at least so far apart, ms.
const EVERY_MS: u64 = 1_000;
/// Pings remembered without an answer; the oldest is forgotten.
const MAX_PINGS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Fence {
    /// Pings under way: number, last write before it.
    pings: VecDeque<(u64, u64)>,
    covered: u64,
    last: Option<u64>,
}

impl Fence {
    /// Another socket: old pings mean nothing on it.
    pub fn reset(&mut self) {
        self.pings.clear();
        self.covered = 0;
        self.last = None;
    }

    /// When a ping is due for what was written up to `written`.
    pub fn due(&self, written: u64) -> Option<u64> {
        (written > self.covered).then(|| self.last.map_or(0, |last| last.saturating_add(EVERY_MS)))
    }

    pub fn sent(&mut self, now: u64, n: u64, written: u64) {
        if self.pings.len() >= MAX_PINGS {
            self.pings.pop_front();
        }
        self.pings.push_back((n, written));
        self.covered = written;
        self.last = Some(now);
    }

    /// The last write this pong vouches for. Pongs come in the order of the pings, so one without a
    /// number is for the oldest.
    pub fn pong(&mut self, n: Option<u64>) -> Option<u64> {
        let at = match n {
            Some(n) => self.pings.iter().position(|(ping, _)| *ping == n)?,
            None => 0,
        };
        self.pings.drain(..=at.min(self.pings.len().checked_sub(1)?)).next_back().map(|(_, written)| written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_vouches_for_what_was_written_before_its_ping() {
        let mut fence = Fence::default();
        fence.sent(0, 1, 0);
        assert_eq!(fence.pong(Some(1)), Some(0));
        assert_eq!(fence.due(3), Some(1_000));
        fence.sent(1_000, 2, 3);
        fence.sent(1_500, 3, 5);
        assert_eq!(fence.pong(Some(9)), None);
        assert_eq!(fence.pong(Some(3)), Some(5));
        assert_eq!(fence.pong(None), None);
        fence.sent(9_000, 4, 6);
        fence.reset();
        assert_eq!(fence.pong(Some(4)), None, "of another socket");
    }
}
