//! How much is held for those who are slow, or do not look.

/// Bounds of what waits for a consumer and of the failed list. Set with [`crate::Engine::set_bounds`] before
/// anything is held; the defaults are what a browser can bear.
///
/// ```
/// use sentinelops_engine::{Bounds, Engine, EngineOptions, Now};
///
/// let mut engine = Engine::new(EngineOptions::default(), 1, Now { mono: 0, wall: 0 });
/// engine.set_bounds(Bounds { consumer_events: 100, ..Bounds::default() });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most events behind a consumer's outstanding batch; with more it starts over. Default 10,000.
    pub consumer_events: usize,
    /// Most bytes of them, every text and a frame of each event counted. Default 8 MiB.
    pub consumer_bytes: usize,
    /// Most messages in the failed list; the oldest goes. Default 1,000.
    pub failed: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { consumer_events: 10_000, consumer_bytes: 8 * 1024 * 1024, failed: 1_000 }
    }
}
