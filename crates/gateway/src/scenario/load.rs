//! What a laboratory changes while the story goes on: how much happens, and how many colleagues there are.

use super::{GENERAL, Scenario, event, interval, words};
use crate::{NewEvent, Now, State};
use sentinelops_protocol::domain::{IncidentStatus, Presence, Typing, Viewing};
use sentinelops_protocol::{Payload, Priority};

/// Ms from one thing that a colleague does to the next, on average.
const PACE_MS: f64 = 4_000.0;

/// Agents beside those of the story.
#[derive(Debug, Default)]
pub(super) struct Colleagues {
    count: u32,
    /// When one of them does something.
    pub next: Option<f64>,
}

impl Scenario {
    /// Events a second on average.
    pub fn rate(&self) -> f64 {
        self.interval.map_or(0.0, |interval| 1_000.0 / interval)
    }

    /// See [`Scenario::set_colleagues`].
    pub fn colleagues(&self) -> u32 {
        self.colleagues.count
    }

    /// From now on so many events a second on average; 0: none.
    pub fn set_rate(&mut self, now: Now, rate: f64) {
        self.interval = interval(rate);
        #[allow(clippy::cast_precision_loss)]
        let start = now.mono as f64;
        self.next = self.interval.map(|interval| start + interval);
    }

    /// From now on so many colleagues: agents beside those of the story, each of whom writes, types or looks at an incident every
    /// 4 s. Publish what comes back: they come or go.
    pub fn set_colleagues(&mut self, now: Now, count: u32) -> Vec<NewEvent> {
        let before = std::mem::replace(&mut self.colleagues.count, count);
        #[allow(clippy::cast_precision_loss)]
        let start = now.mono as f64;
        self.colleagues.next = (count > 0).then(|| start + PACE_MS / f64::from(count));
        let (few, many) = (before.min(count), before.max(count));
        let status = if count > before { Presence::Online } else { Presence::Offline };
        let changed = (few + 1..=many).map(|n| (format!("colleague-{n}"), format!("Colleague {n}")));
        changed.flat_map(|(id, name)| self.presence(now, &id, &name, status.clone())).collect()
    }

    /// What a colleague does, if it is time.
    pub(super) fn colleague_acts(&mut self, now: Now, state: &State) -> Option<Vec<NewEvent>> {
        let next = self.colleagues.next?;
        #[allow(clippy::cast_precision_loss)]
        let present = now.mono as f64;
        if next.ceil() > present {
            return None;
        }
        let pause = PACE_MS / f64::from(self.colleagues.count.max(1)) * (0.5 + self.rng.f64());
        // After a sleep they go on; they do not make up for what they missed.
        self.colleagues.next = Some((next + pause).max(present - 1_000.0));
        let who = format!("colleague-{}", self.rng.u32(0..self.colleagues.count.max(1)) + 1);
        let open: Vec<_> = state.incidents().filter(|i| i.status != Some(IncidentStatus::Resolved)).collect();
        Some(match (self.rng.u32(..3), self.pick(&open)) {
            (0, Some(incident)) => {
                let viewing = Viewing { incident_id: incident.id.clone(), user_id: who };
                event(Payload::Viewing(viewing), Priority::Low, now)
            }
            (1, _) => {
                let typing = Typing { conversation_id: GENERAL.to_owned(), user_id: who };
                event(Payload::Typing(typing), Priority::Low, now)
            }
            _ => {
                let text = self.word(&words::GENERAL);
                self.chat_message(now, GENERAL, &who, text)
            }
        })
    }
}
