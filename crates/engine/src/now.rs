//! Time as an argument.

/// The two clocks at the moment of an input.
///
/// ```
/// use sentinelops_engine::Now;
///
/// // In a browser: `performance.now()` and `Date.now()`; in a test: whatever time it shall be.
/// let now = Now { mono: 5_000, wall: 1_700_000_000_000 };
/// let later = Now { mono: now.mono + 30_000, wall: now.wall + 30_000 };
/// # let _ = later;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Monotonic ms since some start (`performance.now()`). May or may not run on during sleep.
    pub mono: u64,
    /// Wall clock, ms since the epoch (`Date.now()`). May jump either way.
    pub wall: u64,
}
