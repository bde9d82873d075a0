//! How long answers took, measured by the world itself: what the engine makes of it is judged by this.

use std::collections::VecDeque;

/// So many of the last.
const SAMPLES: usize = 64;

/// A moment: the world's time, and what the monotonic clock of the worker shows then. A clock that stands still while the
/// machine sleeps measures the line all the same, as the engine does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub time: u64,
    pub mono: u64,
}

/// A ping without an answer.
#[derive(Debug)]
struct Ping {
    socket: u64,
    n: Option<u64>,
    left: Moment,
}

/// Of the pings of one worker.
#[derive(Debug, Default)]
pub(super) struct RoundTrips {
    out: VecDeque<Ping>,
    recent: VecDeque<u64>,
}

impl RoundTrips {
    /// A ping left on a socket.
    pub(super) fn ping(&mut self, socket: u64, n: Option<u64>, left: Moment) {
        self.out.retain(|ping| ping.socket == socket);
        self.out.push_back(Ping { socket, n, left });
    }

    /// An answer came. It tells nothing if the clock counted a sleep meanwhile, which was over at `slept_until`: the answer
    /// may have waited for the worker to wake up.
    pub(super) fn pong(&mut self, socket: u64, n: Option<u64>, now: Moment, slept_until: u64) {
        let fits = |ping: &Ping| ping.socket == socket && (n.is_none() || ping.n == n);
        let Some(ping) = self.out.iter().position(fits).and_then(|place| self.out.remove(place)) else {
            return;
        };
        if ping.left.time < slept_until {
            return;
        }
        if self.recent.len() == SAMPLES {
            self.recent.pop_front();
        }
        self.recent.push_back(now.mono - ping.left.mono);
    }

    /// The longest of the last, ms.
    pub(super) fn longest(&self) -> u64 {
        self.recent.iter().copied().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_measured_over_a_sleep_that_the_clock_does_not_count() {
        let ping = Moment { time: 100, mono: 100 };
        let mut stood_still = RoundTrips::default();
        stood_still.ping(1, Some(1), ping);
        // Asleep from 200 to 3,200, then a slow line.
        stood_still.pong(1, Some(1), Moment { time: 6_500, mono: 3_500 }, 0);
        assert_eq!(stood_still.longest(), 3_400);
        let mut ran_on = RoundTrips::default();
        ran_on.ping(1, Some(1), ping);
        ran_on.pong(1, Some(1), Moment { time: 6_500, mono: 6_500 }, 3_200);
        assert_eq!(ran_on.longest(), 0);
    }
}
