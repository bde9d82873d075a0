//! What few worlds have: options and bounds that are seldom changed, and what several tabs need.

use sentinelops_engine::{Bounds, OutboxOptions};

/// What only a world of several tabs has.
#[derive(Clone, Debug, Default)]
pub struct TabSetup {
    /// How many tabs are open at the start.
    pub open: usize,
    /// From when on newly opened tabs are of a newer build.
    pub new_build_from: Option<u64>,
    /// Whether a frozen tab keeps its transactions open, and with them everybody waiting.
    pub freeze_blocks: bool,
    /// Whether leases stand in for locks: a thread that does not run for five seconds loses what it has.
    pub leases: bool,
}

/// Options with which most worlds leave the engine and the server alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Rare {
    /// `max_reconnect_attempts`.
    pub max_attempts: Option<u32>,
    /// `reconnect`.
    pub reconnect: bool,
    /// The outbox is stored.
    pub persist: bool,
    /// The outbox queues.
    pub enabled: bool,
    /// `welcome.rate`.
    pub rate: Option<f64>,
    /// The server checks tokens, and these give no right to write to `agents`.
    pub narrow_rights: bool,
    /// The server hands little to a socket at once, so that snapshots and replays take a while.
    pub slow_reads: bool,
    /// The server commits to a disk, later; a crash loses what is not committed.
    pub slow_disk: bool,
    /// How long a token lives, ms.
    pub token_ms: Option<u64>,
    /// Most bytes in the outbox.
    pub max_bytes: u64,
    /// Bounds of consumers and of the failed list.
    pub bounds: Bounds,
}

impl Default for Rare {
    fn default() -> Self {
        Self {
            max_attempts: None,
            reconnect: true,
            persist: true,
            enabled: true,
            rate: None,
            narrow_rights: false,
            slow_reads: false,
            slow_disk: false,
            token_ms: None,
            max_bytes: OutboxOptions::default().max_bytes,
            bounds: Bounds::default(),
        }
    }
}
