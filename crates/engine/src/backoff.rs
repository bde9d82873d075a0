//! How long to wait before the next dial.

use crate::mutant::{self, Mutant};
use crate::options::Options;
use fastrand::Rng;

/// Longest delay (ms) that a server can impose on a client or a message. Only a user overrides such a delay, and it is kept
/// over reloads: a number in the wrong unit would disconnect a whole fleet for days. A server that is not ready after
/// an hour sends it again.
pub(crate) const LONGEST_SERVER_DELAY_MS: u64 = 60 * 60 * 1_000;

/// Patience after 1013 and 4429 when the reason names no other.
pub(crate) const SLOW_LANE_MS: u64 = 30_000;

/// The delays of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    floor: u64,
    interval: u64,
    longest: u64,
    decay: f64,
}

impl Backoff {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            floor: options.reconnect_floor_ms.min(options.max_reconnect_interval_ms),
            interval: options.reconnect_interval_ms,
            longest: options.max_reconnect_interval_ms,
            // A decay below 1 or not a number would dial faster and faster.
            decay: if options.reconnect_decay >= 1.0 { options.reconnect_decay } else { 1.0 },
        }
    }

    /// Upper end of the random part of delay `n` (from 1): twice the documented interval, so that
    /// the mean is the documented one and 10,000 clients spread over all of it.
    pub(crate) fn spread(&self, n: u32) -> u64 {
        let exponent = n.saturating_sub(1).min(1_000) as i32;
        let spread = 2.0 * self.interval as f64 * self.decay.powi(exponent);
        // `as` saturates: infinity becomes the largest integer, and `min` cuts it.
        (spread as u64).min(self.longest - self.floor)
    }

    /// Delay `n` (from 1): floor + U(0, spread).
    pub(crate) fn delay(&self, n: u32, rng: &mut Rng) -> u64 {
        self.floor + uniform(self.spread(n), rng)
    }

    /// The first dial after a sign that somebody came back: about the floor. Not the floor itself, for
    /// what woke one client (a network that is back) may have woken a whole office.
    pub(crate) fn hinted(&self, rng: &mut Rng) -> u64 {
        self.floor + uniform(self.floor, rng)
    }

    /// U(0, window) where the server gave a window, cut at an hour.
    pub(crate) fn within(&self, window: u64, rng: &mut Rng) -> u64 {
        let planted = if mutant::active(Mutant::WindowIsDoubled) { 2 } else { 1 };
        uniform(window.min(LONGEST_SERVER_DELAY_MS) * planted, rng)
    }

    /// The server asked for a slow retry: at least the delay it named (at most an hour), which may be less than the 30 s
    /// used where it named none, then as spread out as any other dial.
    pub(crate) fn slow(&self, hint: Option<u64>, n: u32, rng: &mut Rng) -> u64 {
        let least = hint.unwrap_or(SLOW_LANE_MS).clamp(self.floor, LONGEST_SERVER_DELAY_MS.max(self.floor));
        least + uniform(self.spread(n).max(self.interval), rng)
    }

    /// While the browser says there is no network a dial can hardly succeed, yet it may be wrong.
    pub(crate) fn offline(&self, rng: &mut Rng) -> u64 {
        self.longest / 2 + uniform(self.longest / 2, rng)
    }
}

fn uniform(up_to: u64, rng: &mut Rng) -> u64 {
    if mutant::active(Mutant::NoJitter) { up_to / 2 } else { rng.u64(0..=up_to) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fastrand::Rng;
    use proptest::prelude::*;

    #[test]
    fn defaults_are_the_documented_ones() {
        let backoff = Backoff::new(&Options::default());
        assert_eq!(backoff.spread(1), 2_000);
        assert_eq!(backoff.spread(2), 3_000);
        assert_eq!(backoff.spread(100), 29_800);
        let mut rng = Rng::with_seed(1);
        let mean = (0..10_000).map(|_| backoff.delay(1, &mut rng)).sum::<u64>() / 10_000;
        assert!((1_150..1_250).contains(&mean), "{mean}");
    }

    #[test]
    fn everything_can_be_zero() {
        let options = Options { reconnect_floor_ms: 0, reconnect_interval_ms: 0, ..Options::default() };
        let backoff = Backoff::new(&options);
        assert_eq!(backoff.delay(50, &mut Rng::with_seed(1)), 0);
    }

    #[test]
    fn the_slow_lane_is_slow() {
        let backoff = Backoff::new(&Options::default());
        let mut rng = Rng::with_seed(1);
        for n in 0..50 {
            assert!(backoff.slow(None, n, &mut rng) >= 30_000);
            assert!(backoff.slow(Some(45_000), n, &mut rng) >= 45_000);
            assert!((5_000..35_000).contains(&backoff.slow(Some(5_000), n, &mut rng)));
            assert!(backoff.slow(Some(0), n, &mut rng) >= 200);
            assert!(backoff.slow(Some(u64::MAX), n, &mut rng) <= LONGEST_SERVER_DELAY_MS + 30_000);
        }
    }

    proptest! {
        #[test]
        fn delays_stay_within_floor_and_longest(
            floor in 0u64..5_000, interval in 0u64..100_000, longest in 0u64..100_000,
            decay in prop_oneof![Just(f64::NAN), Just(f64::INFINITY), -1.0..10.0f64],
            n in any::<u32>(), seed in any::<u64>(),
        ) {
            let backoff = Backoff::new(&Options {
                reconnect_floor_ms: floor,
                reconnect_interval_ms: interval,
                max_reconnect_interval_ms: longest,
                reconnect_decay: decay,
                ..Options::default()
            });
            let delay = backoff.delay(n, &mut Rng::with_seed(seed));
            prop_assert!(delay >= floor.min(longest));
            prop_assert!(delay <= longest);
        }

        #[test]
        fn windows_are_kept(window in any::<u64>(), seed in any::<u64>()) {
            let backoff = Backoff::new(&Options::default());
            let delay = backoff.within(window, &mut Rng::with_seed(seed));
            prop_assert!(delay <= window && delay <= LONGEST_SERVER_DELAY_MS);
        }
    }
}
