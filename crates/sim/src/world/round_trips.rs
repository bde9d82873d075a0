//! How long answers took, measured by the world itself: what the engine makes of it is judged by this.

use std::collections::VecDeque;

/// So many of the last.
const SAMPLES: usize = 64;

/// Of the pings of one worker.
#[derive(Debug, Default)]
pub(super) struct RoundTrips {
    /// Without an answer yet: socket, number, and when it left.
    out: VecDeque<(u64, Option<u64>, u64)>,
    recent: VecDeque<u64>,
}

impl RoundTrips {
    /// A ping left on a socket.
    pub(super) fn ping(&mut self, socket: u64, n: Option<u64>, at: u64) {
        self.out.retain(|ping| ping.0 == socket);
        self.out.push_back((socket, n, at));
    }

    /// An answer came; one that may have waited for the worker to wake up, `awake_since`, tells nothing.
    pub(super) fn pong(&mut self, socket: u64, n: Option<u64>, now: u64, awake_since: u64) {
        let fits = |ping: &(u64, Option<u64>, u64)| ping.0 == socket && (n.is_none() || ping.1 == n);
        let Some((_, _, at)) = self.out.iter().position(fits).and_then(|place| self.out.remove(place)) else {
            return;
        };
        if at < awake_since {
            return;
        }
        if self.recent.len() == SAMPLES {
            self.recent.pop_front();
        }
        self.recent.push_back(now - at);
    }

    /// The longest of the last, ms.
    pub(super) fn longest(&self) -> u64 {
        self.recent.iter().copied().max().unwrap_or_default()
    }
}
