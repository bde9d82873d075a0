//! How often changes from outside reach the screen. Nobody reads sixty states a second, and each of them costs a frame: so
//! events wait for the next multiple of [`PACE_MS`], while their batch is not credited and the worker collects the next
//! ones. What this page caused, the connection's state, snapshots and refusals do not wait.

use super::Client;
use crate::platform::Timer;
use sentinelops_engine::{Batch, Delivery};

/// Interval (ms) between flushes of changes that nobody on this page caused.
pub(crate) const PACE_MS: u64 = 100;
/// The last flush and the rendering after it took longer than this (ms): the interval is twice as long.
const SLOW_MS: u64 = 25;
/// For this long (ms) after a person sent something here, answers do not wait.
const OWN_MS: u64 = 1_000;

/// See the module. All times are of the monotonic clock, ms.
#[derive(Default)]
pub(super) struct Pace {
    flushed_at: Option<u64>,
    is_slow: bool,
    own_until: u64,
    /// The flush that is waited for.
    pub(super) timer: Option<Timer>,
    /// Measures the rendering after a flush.
    rendering: Option<Timer>,
}

impl Pace {
    /// When changes that came now are to be shown; `None`: at the next frame.
    fn due_at(&self, now: u64, pace_ms: u64) -> Option<u64> {
        let interval = if self.is_slow { 2 * pace_ms } else { pace_ms };
        let due = self.flushed_at?.saturating_add(interval);
        (now < due && now >= self.own_until).then_some(due)
    }
}

/// Whether this reaches the screen at once.
fn is_urgent(delivery: &Delivery) -> bool {
    matches!(
        delivery,
        Delivery::Status(_) | Delivery::Snapshot(_) | Delivery::Denied(..) | Delivery::Problem(_)
    )
}

impl Client {
    /// A batch came: has it shown at the next frame, or when it is due.
    pub(super) fn schedule_paced(&self, batch: &Batch) {
        // A hidden page has a slow timer of its own.
        if batch.items.iter().any(is_urgent) || !self.platform().visible() {
            return self.schedule_flush();
        }
        let now = self.platform().mono();
        let due = {
            let state = self.state();
            if state.pace.timer.is_some() || state.flush_timers.is_some() {
                return;
            }
            state.pace.due_at(now, self.platform().pace_ms())
        };
        let Some(due) = due else { return self.schedule_flush() };
        let client = self.downgrade();
        let flush = Box::new(move || {
            client.with(|client| {
                let timer = client.state_mut().pace.timer.take();
                drop(timer);
                client.schedule_flush();
            });
        });
        let timer = self.platform().after(u32::try_from(due - now).unwrap_or(u32::MAX), flush);
        self.state_mut().pace.timer = Some(timer);
    }

    /// A person did something whose answer is waited for.
    pub(super) fn note_own_send(&self, now: u64) {
        self.state_mut().pace.own_until = now + OWN_MS;
    }

    /// A flush that began at `began` has called its listeners: a task later the components have rendered.
    pub(super) fn note_flush(&self, began: u64) {
        let client = self.downgrade();
        let measure = Box::new(move || {
            client.with(|client| {
                let took = client.platform().mono().saturating_sub(began);
                let mut state = client.state_mut();
                state.pace.is_slow = took > SLOW_MS;
                let timer = state.pace.rendering.take();
                drop(state);
                drop(timer);
            });
        });
        let timer = self.platform().after(0, measure);
        let mut state = self.state_mut();
        state.pace.flushed_at = Some(began);
        let before = state.pace.rendering.replace(timer);
        drop(state);
        drop(before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_change_is_due_at_once_and_the_next_after_the_interval() {
        let mut pace = Pace::default();
        assert_eq!(pace.due_at(5, PACE_MS), None);
        pace.flushed_at = Some(5);
        assert_eq!((pace.due_at(20, PACE_MS), pace.due_at(104, PACE_MS)), (Some(105), Some(105)));
        assert_eq!(pace.due_at(105, PACE_MS), None);
        pace.is_slow = true;
        assert_eq!((pace.due_at(105, PACE_MS), pace.due_at(205, PACE_MS)), (Some(205), None));
        pace.own_until = 150;
        assert_eq!((pace.due_at(149, PACE_MS), pace.due_at(150, PACE_MS)), (None, Some(205)));
    }
}
