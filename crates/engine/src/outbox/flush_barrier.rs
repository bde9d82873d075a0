//! Basic servers send no acks. A row counts as handed over when a pong arrives for a ping that was sent after it on the same
//! socket: TCP keeps the order, so the server has read it.

use std::collections::VecDeque;

/// Shortest interval (ms) between two pings sent for this purpose.
const EVERY_MS: u64 = 1_000;
/// Most unanswered pings remembered; above that the oldest is forgotten.
const MAX_PINGS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct FlushBarrier {
    /// Unanswered pings: number, and the last write before it.
    pings: VecDeque<(u64, u64)>,
    covered: u64,
    last: Option<u64>,
}

impl FlushBarrier {
    /// When (monotonic ms) a ping is due for the writes up to `written`.
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

    /// The last write this pong covers. Pongs come in the order of the pings, so one without a number answers the
    /// oldest.
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
    fn pong_covers_what_was_written_before_its_ping() {
        let mut flush_barrier = FlushBarrier::default();
        flush_barrier.sent(0, 1, 0);
        assert_eq!(flush_barrier.pong(Some(1)), Some(0));
        assert_eq!(flush_barrier.due(3), Some(1_000));
        flush_barrier.sent(1_000, 2, 3);
        flush_barrier.sent(1_500, 3, 5);
        assert_eq!(flush_barrier.pong(Some(9)), None);
        assert_eq!(flush_barrier.pong(Some(3)), Some(5));
        assert_eq!(flush_barrier.pong(None), None);
    }
}
