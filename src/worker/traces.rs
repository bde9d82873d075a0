//! Traces on their way to the flight recorder: collected for a moment, because a busy connection
//! makes thousands a second and each message to the page costs more than what is in it.

use sentinelops_engine::Trace;

/// Ms that traces are collected.
pub(super) const COLLECT_MS: u32 = 100;
/// A batch this long leaves at once.
const ENOUGH: usize = 500;

/// Traces that wait.
#[derive(Default)]
pub(super) struct Traces {
    waiting: Vec<Trace>,
}

impl Traces {
    pub(super) fn push(&mut self, trace: Trace) {
        self.waiting.push(trace);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn is_enough(&self) -> bool {
        self.waiting.len() >= ENOUGH
    }

    pub(super) fn take(&mut self) -> Vec<Trace> {
        std::mem::take(&mut self.waiting)
    }
}
