//! An endless, seeded operations day on all five channels.
//!
//! Incidents live (created, acknowledged, investigated, perhaps escalated, resolved), agents come
//! and go, people talk about the incidents (one conversation each, named after it, and `general`),
//! alerts lead to incidents and are cleared. The scenario reads the gateway's state instead of
//! keeping its own, so what clients change is part of the story.
//!
//! Pure: what happens follows from the seed, the times it is asked and the state it is shown.

mod load;
mod people;
mod story;
mod warm;
mod words;

use crate::{NewEvent, Now, State};
use sentinelops_protocol::domain::Activity;
use sentinelops_protocol::{Payload, Priority};

/// The conversation that belongs to no incident.
pub const GENERAL: &str = "general";

/// Makes up what happens next, from a seed and the state it is to happen to.
#[derive(Debug)]
pub struct Scenario {
    rng: fastrand::Rng,
    /// Ms from one event to the next, on average; `None` is silence.
    interval: Option<f64>,
    next: Option<f64>,
    last_id: u64,
    colleagues: load::Colleagues,
}

impl Scenario {
    /// `rate` is events per second on average; 0 is silence after the warm start.
    pub fn new(seed: u64, rate: f64) -> Self {
        let rng = fastrand::Rng::with_seed(seed);
        Self {
            rng,
            interval: interval(rate),
            next: None,
            last_id: 0,
            colleagues: load::Colleagues::default(),
        }
    }

    /// What has happened before the story begins, so that no first snapshot is empty: nothing, if
    /// the state already holds incidents (a gateway that remembers). Starts the story.
    pub fn warm_up(&mut self, now: Now, state: &State) -> Vec<NewEvent> {
        #[allow(clippy::cast_precision_loss)]
        let start = now.mono as f64;
        self.next = self.interval.map(|interval| start + interval);
        if state.incidents().next().is_some() { Vec::new() } else { self.before_the_story(now) }
    }

    /// When to call [`Scenario::step`] next, on the monotonic clock; `None` before the warm start
    /// and at rate 0.
    pub fn poll_timeout(&self) -> Option<u64> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        [self.next, self.colleagues.next].into_iter().flatten().map(|next| next.ceil() as u64).min()
    }

    /// The next thing that happens, if one is due. Publish it and ask again until
    /// [`Scenario::poll_timeout`] lies ahead: each thing sees what the last one left.
    pub fn step(&mut self, now: Now, state: &State) -> Vec<NewEvent> {
        if let Some(events) = self.colleague_acts(now, state) {
            return events;
        }
        let (Some(interval), Some(next)) = (self.interval, self.next) else { return Vec::new() };
        #[allow(clippy::cast_precision_loss)]
        let present = now.mono as f64;
        if next.ceil() > present {
            return Vec::new();
        }
        let events = self.something(now, state);
        #[allow(clippy::cast_precision_loss)]
        let pause = interval * events.len().max(1) as f64 * (0.5 + self.rng.f64());
        // After a sleep the story goes on; it does not make up for what was missed.
        self.next = Some((next + pause).max(present - 1_000.0));
        events
    }

    fn something(&mut self, now: Now, state: &State) -> Vec<NewEvent> {
        match self.rng.u32(..100) {
            0..40 => self.incident_goes_on(now, state),
            40..54 => self.agent_changes(now, state),
            54..76 => self.somebody_talks(now, state),
            76..80 => self.somebody_reads(state),
            80..95 => self.alert_changes(now, state),
            _ => self.chore(now),
        }
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() { None } else { from.get(self.rng.usize(..from.len())) }
    }

    fn word(&mut self, from: &[&'static str]) -> &'static str {
        self.pick(from).copied().unwrap_or_default()
    }

    /// Unique over restarts too, because the wall clock is part of it.
    fn fresh_id(&mut self, prefix: &str, now: Now) -> String {
        self.last_id += 1;
        format!("{prefix}-{:x}-{}", now.wall, self.last_id)
    }

    fn activity(&mut self, now: Now, actor: &str, action: &str, target: &str) -> Vec<NewEvent> {
        let activity = Activity {
            id: self.fresh_id("act", now),
            actor: actor.to_owned(),
            action: action.to_owned(),
            target: Some(target.to_owned()),
            timestamp: now.wall,
            extra: None,
        };
        event(Payload::Activity(activity), Priority::Low, now)
    }

    fn chore(&mut self, now: Now) -> Vec<NewEvent> {
        let actor = self.somebody().0;
        let (action, service) = (self.word(&words::CHORES), self.word(&words::SERVICES));
        self.activity(now, actor, action, service)
    }

    fn somebody(&mut self) -> (&'static str, &'static str) {
        self.pick(&words::AGENTS).copied().unwrap_or_default()
    }
}

/// Ms from one event to the next; `None`: there is none.
fn interval(rate: f64) -> Option<f64> {
    (rate > 0.0).then(|| 1_000.0 / rate)
}

fn event(payload: Payload, priority: Priority, now: Now) -> Vec<NewEvent> {
    let stamped = |event| NewEvent { priority, timestamp: Some(now.wall), ..event };
    NewEvent::of(payload).map(stamped).into_iter().collect()
}

/// The number at the end of an id like `inc-1042`.
fn number(id: &str) -> u64 {
    id.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
