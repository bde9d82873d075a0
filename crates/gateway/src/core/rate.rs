//! How often something may happen: the generic cell rate algorithm, with 8 bytes a meter.

/// A rate and what may come at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate {
    /// Between two messages at the full rate, µs.
    interval_us: u64,
    /// How far ahead of that a message may come, µs.
    tolerance_us: u64,
}

impl Rate {
    /// `per_second` messages on average, `burst` of them at once. `None` for no limit (not above 0).
    pub(super) fn new(per_second: f64, burst: f64) -> Option<Self> {
        let interval = 1e6 / per_second;
        // Casts from a float saturate.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let us = |value: f64| value.ceil() as u64;
        (per_second > 0.0).then(|| Self {
            interval_us: us(interval).max(1),
            tolerance_us: us(interval * (burst.max(1.0) - 1.0)),
        })
    }
}

/// The limits on messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// Of one connection: its commands, and everything it sends. `None`: no limit.
    pub per_connection: Option<(Rate, Rate)>,
    /// Of all connections of one user: their commands. `None`: no limit.
    pub per_user: Option<Rate>,
}

/// Counts against a [`Rate`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    /// When a message at the full rate would come next, µs on the monotonic clock.
    next_us: u64,
}

impl Meter {
    /// Takes one message in.
    ///
    /// # Errors
    /// It comes too early: after so many ms it would not. Then it does not count.
    pub(super) fn take(&mut self, rate: Rate, now_ms: u64) -> Result<(), u64> {
        let now_us = now_ms.saturating_mul(1_000);
        let next_us = self.next_us.max(now_us);
        let early_us = next_us - now_us;
        if early_us > rate.tolerance_us {
            return Err((early_us - rate.tolerance_us).div_ceil(1_000));
        }
        self.next_us = next_us.saturating_add(rate.interval_us);
        Ok(())
    }

    /// Whether it holds nothing against what comes now.
    pub(super) fn is_idle(&self, now_ms: u64) -> bool {
        self.next_us <= now_ms.saturating_mul(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(meter: &mut Meter, rate: Rate, now_ms: u64) -> usize {
        (0..1_000).take_while(|_| meter.take(rate, now_ms).is_ok()).count()
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let rate = Rate::new(10.0, 5.0).expect("a rate");
        let mut meter = Meter::default();
        assert_eq!(taken(&mut meter, rate, 1_000), 5);
        assert_eq!(taken(&mut meter, rate, 1_050), 0);
        assert_eq!(taken(&mut meter, rate, 1_200), 2);
        assert_eq!(taken(&mut meter, rate, 60_000), 5, "a pause saves up no more than the burst");
    }

    #[test]
    fn a_refused_message_is_told_when_it_may_come() {
        let rate = Rate::new(10.0, 1.0).expect("a rate");
        let mut meter = Meter::default();
        assert_eq!(meter.take(rate, 0), Ok(()));
        assert_eq!(meter.take(rate, 30), Err(70));
        assert_eq!(meter.take(rate, 100), Ok(()));
    }

    #[test]
    fn no_rate_is_no_limit() {
        assert_eq!(Rate::new(0.0, 5.0), None);
    }
}
