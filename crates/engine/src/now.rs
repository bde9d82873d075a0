//! Time as an argument.

/// The two clocks at the moment of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Monotonic ms since some start (`performance.now()`). May or may not run on during sleep.
    pub mono: u64,
    /// Wall clock, ms since the epoch (`Date.now()`). May jump either way.
    pub wall: u64,
}
