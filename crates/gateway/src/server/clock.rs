//! The two clocks passed to the core.

use crate::Now;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Counts from its making.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { start: Instant::now() }
    }

    pub(super) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono: millis(self.start.elapsed()), wall: millis(wall) }
    }

    /// A deadline of the core as the runtime wants it.
    pub(super) fn instant(&self, mono: u64) -> Instant {
        // Far enough for a sleep, near enough not to overflow.
        self.start + Duration::from_millis(mono.min(1 << 40))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
