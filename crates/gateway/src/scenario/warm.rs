//! The state in which a visitor finds the room.

use super::{GENERAL, Scenario, event, words};
use crate::{NewEvent, Now};
use sentinelops_protocol::domain::{
    IncidentChange, IncidentEvent, IncidentPatch, IncidentStatus, Patch, Presence,
};
use sentinelops_protocol::{Payload, Priority};

const MINUTE: u64 = 60_000;

impl Scenario {
    /// 9 agents, 12 incidents in all stages, 6 alerts, some chat, the activity that goes with it.
    pub(super) fn before_the_story(&mut self, now: Now) -> Vec<NewEvent> {
        let ago = |minutes: u64| Now { wall: now.wall.saturating_sub(minutes * MINUTE), ..now };
        let mut events = Vec::new();
        for (at, (id, name)) in words::AGENTS.into_iter().enumerate() {
            let status = match at % 9 {
                0..5 => Presence::Online,
                5 | 6 => Presence::Busy,
                7 => Presence::Away,
                _ => Presence::Offline,
            };
            let minutes = if status == Presence::Offline { 190 } else { self.rng.u64(..3) };
            events.extend(self.presence(ago(minutes), id, name, status));
        }
        for at in 0..12_u64 {
            let id = format!("inc-{}", 1_001 + at);
            let began = 150 - at * 12;
            let (title, severity) = (self.title(), self.severity());
            events.extend(self.created(ago(began), &id, title, severity));
            events.extend(self.activity(ago(began), "system", "created", &id));
            let stages: &[IncidentStatus] = match at {
                0..3 => {
                    &[IncidentStatus::Acknowledged, IncidentStatus::Investigating, IncidentStatus::Resolved]
                }
                3..7 => &[IncidentStatus::Acknowledged, IncidentStatus::Investigating],
                7 => &[IncidentStatus::Acknowledged, IncidentStatus::Escalated],
                8 | 9 => &[IncidentStatus::Acknowledged],
                _ => &[],
            };
            let worker = self.somebody().0;
            for (step, status) in stages.iter().enumerate() {
                let when = ago(began - 3 * (step as u64 + 1));
                events.extend(self.stage(when, &id, worker, status));
                let text = self.word(words::about(Some(status)));
                events.extend(self.chat_message(when, &id, worker, text));
            }
        }
        for minutes in [95, 41, 12, 4] {
            let (speaker, text) = (self.somebody().0, self.word(&words::GENERAL));
            events.extend(self.chat_message(ago(minutes), GENERAL, speaker, text));
        }
        for at in 0..6_u64 {
            events.extend(self.raised(ago(30 - at * 5), &format!("alr-{}", 501 + at)));
        }
        // The past in its order, as chat and the activity feed show it.
        events.sort_by_key(|event| event.timestamp);
        events
    }

    fn stage(&mut self, when: Now, id: &str, worker: &str, status: &IncidentStatus) -> Vec<NewEvent> {
        let change = match status {
            IncidentStatus::Resolved => IncidentChange::Resolved,
            IncidentStatus::Escalated => IncidentChange::Escalated,
            _ => IncidentChange::Updated,
        };
        let data = IncidentPatch {
            status: Patch::Set(status.clone()),
            assigned_to: Patch::Set(worker.to_owned()),
            updated_at: Patch::Set(when.wall),
            ..IncidentPatch::default()
        };
        let moved = IncidentEvent { incident_id: id.to_owned(), change, data };
        let mut events = event(Payload::Incident(moved), Priority::Normal, when);
        events.extend(self.activity(when, worker, status.as_str(), id));
        events
    }
}
