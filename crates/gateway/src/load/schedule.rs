//! When each message is due. Pure.

use std::time::Duration;

/// An open loop: message `n` of the run is due `n / rate` seconds after its start, whatever the answers do. The messages
/// go round the publishers: message `n` is number `n / publishers` of publisher `n % publishers`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Messages a second of all publishers together.
    rate: f64,
    publishers: u64,
    total: u64,
}

impl Schedule {
    /// `rate` messages a second over `publishers`, for `seconds`.
    pub fn new(rate: f64, publishers: usize, seconds: f64) -> Self {
        let publishers = publishers as u64;
        let total = if publishers == 0 { 0 } else { whole(rate * seconds) };
        Self { rate, publishers, total }
    }

    /// Messages of all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Messages of one publisher.
    pub fn count(&self, publisher: u64) -> u64 {
        self.total.saturating_sub(publisher).div_ceil(self.publishers.max(1))
    }

    /// Whether there is such a message.
    pub fn has(&self, publisher: u64, number: u64) -> bool {
        publisher < self.publishers && number < self.count(publisher)
    }

    /// When message `number` of a publisher is due, counted from the start. It is computed from the number and not from
    /// the message before, so that no error adds up.
    pub fn due(&self, publisher: u64, number: u64) -> Duration {
        let place = number.saturating_mul(self.publishers).saturating_add(publisher);
        Duration::from_secs_f64(place as f64 / self.rate)
    }
}

/// Messages that are due before the end; a product that misses a whole number by less than rounding is that number.
fn whole(of: f64) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and never negative")]
    let whole = (of - 1e-6).ceil() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_does_not_drift() {
        // 1/3 ms is no whole number of nanoseconds: steps that were added up would be 1 s late after 10^9 of them.
        let schedule = Schedule::new(3_000.0, 1, 4e5);
        for seconds in [1_u64, 7, 3_600, 333_333] {
            assert_eq!(schedule.due(0, seconds * 3_000), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn publishers_take_turns_and_share_the_rate() {
        let schedule = Schedule::new(100.0, 3, 0.1);
        let counts: Vec<_> = (0..3).map(|publisher| schedule.count(publisher)).collect();
        assert_eq!(counts, [4, 3, 3], "10 messages");
        let due = |publisher, number| schedule.due(publisher, number).as_millis();
        assert_eq!([due(0, 0), due(1, 0), due(2, 0), due(0, 1), due(1, 1)], [0, 10, 20, 30, 40]);
    }

    #[test]
    fn every_message_is_due_before_the_end() {
        assert_eq!(Schedule::new(100.0, 1, 0.3).count(0), 30);
        assert_eq!(Schedule::new(100.0, 1, 0.301).count(0), 31);
        assert_eq!(Schedule::new(100.0, 0, 1.0).count(0), 0);
    }
}
