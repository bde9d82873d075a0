//! What a thread of the browser has beside its engine or node: clocks, a timer, connections.

use crate::clock::Clock;
use std::collections::HashMap;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    /// What its clocks show.
    pub clock: Clock,
    /// Its timer comes late: by up to so many ms, until then.
    pub late: (u64, u64),
    /// Connections by generation.
    pub sockets: HashMap<u64, usize>,
    /// The one that has not ended.
    pub live: Option<usize>,
    /// Its `bufferedAmount`.
    pub buffered: u64,
    timer: u64,
    timer_at: Option<u64>,
}

impl Thread {
    /// Arms the timer for a deadline (monotonic ms), unless it comes earlier anyway: when it comes, and its number. `delay`:
    /// how late it is, where it may be late by up to so many ms.
    pub fn arm(&mut self, now: u64, due: Option<u64>, delay: impl FnOnce(u64) -> u64) -> Option<(u64, u64)> {
        let Some(due) = due else {
            self.timer_at = None;
            return None;
        };
        let mut at = self.clock.time_of(due).max(now);
        if self.timer_at.is_some_and(|armed| armed <= at) {
            return None;
        }
        let (by, until) = self.late;
        if now < until && by > 0 {
            at += delay(by);
        }
        self.timer += 1;
        self.timer_at = Some(at);
        Some((at, self.timer))
    }

    /// A timer comes. `false`: it is not the one that was armed last.
    pub fn expires(&mut self, timer: u64) -> bool {
        let armed = timer == self.timer;
        self.timer_at = self.timer_at.filter(|_| !armed);
        armed
    }

    /// Dials. Returns the connection that was live.
    pub fn dials(&mut self, generation: u64, index: usize) -> Option<usize> {
        self.sockets.insert(generation, index);
        self.buffered = 0;
        self.live.replace(index)
    }

    /// A connection ended.
    pub fn closed(&mut self, index: usize) {
        self.live.take_if(|live| *live == index);
    }

    /// The worker died: timer and connections are gone.
    pub fn dies(&mut self) {
        self.sockets.clear();
        (self.live, self.timer_at) = (None, None);
    }
}
