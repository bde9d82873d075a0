//! An endless, seeded operations day.

use crate::{NewEvent, Now, State};

/// Makes up what happens next, from a seed and the state it is to happen to.
#[derive(Debug)]
pub struct Scenario {
    rng: fastrand::Rng,
}

impl Scenario {
    /// `rate` is events per second on average; 0 is silence after the warm start.
    pub fn new(seed: u64, _rate: f64) -> Self {
        Self { rng: fastrand::Rng::with_seed(seed) }
    }

    /// What has happened before the story begins, so that no first snapshot is empty. Nothing, if
    /// the state already holds something.
    pub fn warm_up(&mut self, _now: Now, _state: &State) -> Vec<NewEvent> {
        let _ = self.rng.u64(..);
        Vec::new()
    }

    /// When to call [`Scenario::step`] next, on the monotonic clock; `None` before the warm start
    /// and at rate 0.
    pub fn poll_timeout(&self) -> Option<u64> {
        None
    }

    /// What is due by now.
    pub fn step(&mut self, _now: Now, _state: &State) -> Vec<NewEvent> {
        Vec::new()
    }
}
