//! Times of rows: the server's clock as far as it is known, and ours. They are compared, because either may be wrong.

use crate::Now;
use crate::mutant::{self, Mutant};

#[derive(Debug)]
pub(super) struct Clock {
    /// Server time minus the monotonic clock (ms), once a server has sent its time.
    offset: Option<i128>,
    /// Wall clock minus the monotonic clock (ms) when ages were last checked.
    local_offset: i128,
}

impl Clock {
    pub fn new(now: Now) -> Self {
        Self { offset: None, local_offset: offset_of(now.wall, now) }
    }

    pub fn set(&mut self, now: Now, server_now: u64) {
        self.offset = Some(offset_of(server_now, now));
        self.check(now);
    }

    /// Whether the server's time is known.
    pub fn is_known(&self) -> bool {
        self.offset.is_some()
    }

    /// Ages are checked now.
    pub fn check(&mut self, now: Now) {
        self.local_offset = offset_of(now.wall, now);
    }

    pub fn server_now(&self, now: Now) -> u64 {
        self.offset.map_or(now.wall, |offset| clamped(i128::from(now.mono) + offset))
    }

    /// The later of the server's clock and ours. New rows are dated with it, so that a slow clock makes no row old.
    pub fn latest(&self, now: Now) -> u64 {
        self.server_now(now).max(now.wall)
    }

    /// The earlier of the two: a row is over its age when both say so.
    pub fn earliest(&self, now: Now) -> u64 {
        let wall = if mutant::active(Mutant::TrustOneClock) { u64::MAX } else { now.wall };
        self.server_now(now).min(wall)
    }

    /// Monotonic ms at which both clocks are past this time.
    pub fn passes(&self, time: u64) -> Option<u64> {
        let offset = self.offset?;
        Some(clamped(i128::from(time) + 1 - offset.min(self.local_offset)))
    }
}

fn offset_of(time: u64, now: Now) -> i128 {
    i128::from(time) - i128::from(now.mono)
}

fn clamped(time: i128) -> u64 {
    u64::try_from(time.max(0)).unwrap_or(u64::MAX)
}
