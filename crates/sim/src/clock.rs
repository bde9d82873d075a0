//! The two clocks of a browser, which are not the world's.

use sentinelops_engine::Now;

/// The wall clock at the start of the world, ms since the epoch.
pub const WALL_START: u64 = 1_780_000_000_000;

/// What one machine's clocks show at a moment of simulated time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// How much sleep the monotonic clock did not count.
    slept: u64,
    /// How far the wall clock is off.
    skew: i64,
    /// Where the monotonic clock of this worker starts.
    start: u64,
}

impl Clock {
    /// The time an engine sees.
    pub fn now(&self, time: u64) -> Now {
        Now { mono: self.mono(time), wall: (WALL_START + time).saturating_add_signed(self.skew) }
    }

    /// The monotonic clock.
    pub fn mono(&self, time: u64) -> u64 {
        (time - self.start).saturating_sub(self.slept)
    }

    /// The simulated time at which the monotonic clock shows `mono`, unless the machine sleeps.
    pub fn time_of(&self, mono: u64) -> u64 {
        mono.saturating_add(self.slept).saturating_add(self.start)
    }

    /// The machine slept and its monotonic clock stood still.
    pub fn sleep(&mut self, ms: u64) {
        self.slept += ms;
    }

    /// Somebody (or NTP) set the wall clock.
    pub fn jump(&mut self, ms: i64) {
        self.skew += ms;
    }

    /// A new worker: `performance.now()` starts over.
    pub fn restart(&mut self, time: u64) {
        self.start = time;
        self.slept = 0;
    }
}
