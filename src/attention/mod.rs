//! Calls a person when something needs one. Pure: incidents, preferences and the clock in, cues out.
//!
//! What the board shows when it is loaded first is not news. Afterwards everything that appears on it is, whether an
//! event or a snapshot brought it. What arrives together, or soon after a call, is one summary.

mod call;
mod cue;
mod preferences;
#[cfg(test)]
mod tests;

pub use call::{Reason, own_change};
pub use cue::{Badge, Cue, SUMMARY_TAG};
pub use preferences::{LEVELS, Preferences, QuietHours, Way, level};

use crate::words::UNTITLED;
use call::{Call, Known, is_own, may_be_own, reason};
use cue::{notification, summary};
use sentinelops_protocol::domain::{Incident, IncidentStatus};
use std::collections::BTreeMap;
use std::mem;

/// What arrives within this time of the first is one call, ms.
const GATHER_MS: u64 = 700;
/// After a call the next one waits this long, ms, unless it is more urgent.
const REST_MS: u64 = 10_000;
/// An own change is known for this long, ms: a tab in the background, which may be the one that calls, looks at the board
/// late.
const OWN_MS: u64 = 60_000;

/// What is so when an input arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Ms since the epoch.
    pub ms: u64,
    /// Minute of the day, by the clock of this device.
    pub minute: u16,
    /// This page is in front of the person.
    pub is_here: bool,
    /// A page of the console is in front of the person, in this tab or in another one.
    pub is_attended: bool,
    /// This tab notifies and sounds for all tabs.
    pub speaks: bool,
}

/// An incident as it stands on the board.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// A change by this user that the server has not confirmed is laid over it.
    pub is_own_edit: bool,
}

/// A message that names the person at this page.
#[derive(Clone, Copy, Debug)]
pub struct Mention<'a> {
    /// Tells it from others.
    pub key: &'a str,
    /// The incident it is about.
    pub id: &'a str,
    /// As it stands on the board, where it stands there.
    pub incident: Option<&'a Incident>,
}

/// Whether a call is on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing calls, and nothing called lately.
    #[default]
    Idle,
    /// These call together at a time.
    Gathering { due_ms: u64, calls: Vec<Call> },
    /// Something called; what is not more urgent waits until then.
    Resting { until_ms: u64, level: usize },
}

/// The reducer. See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attention {
    preferences: Preferences,
    /// `None`: the board was not loaded yet.
    known: Option<BTreeMap<String, Known>>,
    /// The keys of messages that name the person; `None`: they were not loaded yet.
    mentions: Option<Vec<String>>,
    /// Those the badge counts, oldest first.
    unseen: Vec<Call>,
    /// Those with a notification, and why it was shown.
    notified: Vec<(String, Reason)>,
    /// What this user has made of incidents, in this tab or in another one: [`own_change`], and until when it is known, ms.
    own: Vec<(String, u64)>,
    phase: Phase,
    badge: Badge,
}

impl Attention {
    /// With what is kept on this device.
    pub fn new(preferences: Preferences) -> Self {
        Self { preferences, ..Self::default() }
    }

    /// Other preferences. What was gathered under the old ones is judged by the new ones.
    pub fn set_preferences(&mut self, preferences: Preferences) -> Vec<Cue> {
        self.preferences = preferences;
        let Self { preferences, unseen, .. } = self;
        unseen.retain(|call| preferences.calls(call.urgency(), Way::Badge));
        self.show()
    }

    /// When [`Attention::handle_timeout`] has something to do, ms since the epoch.
    pub fn poll_timeout(&self) -> Option<u64> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Gathering { due_ms, .. } => Some(*due_ms),
            Phase::Resting { until_ms, .. } => Some(*until_ms),
        }
    }

    /// The loaded board as it stands now. `me`: the person at this page.
    pub fn handle_board<'a>(
        &mut self,
        now: Now,
        rows: impl Iterator<Item = Seen<'a>>,
        me: Option<&str>,
    ) -> Vec<Cue> {
        let is_first = self.known.is_none();
        self.own.retain(|(_, until)| now.ms < *until);
        let before = self.known.take().unwrap_or_default();
        let mut after = BTreeMap::new();
        let mut calls = Vec::new();
        for Seen { incident, is_own_edit } in rows {
            let known = Known::of(incident);
            let is_own =
                is_own_edit || !self.own.is_empty() && is_own(&self.own, &known.change(&incident.id));
            let reason =
                reason(before.get(&incident.id), &known, me).filter(|reason| !is_own || !may_be_own(*reason));
            if let Some(reason) = reason.filter(|_| !is_first && self.concerns(&known, me)) {
                calls.push(Call {
                    id: incident.id.clone(),
                    title: incident.title.clone().unwrap_or_else(|| UNTITLED.to_owned()),
                    severity: incident.severity.clone(),
                    reason,
                });
            }
            after.insert(incident.id.clone(), known);
        }
        let mut cues = self.forget_handled(&after);
        self.known = Some(after);
        self.add(now, calls);
        cues.extend(self.show());
        cues
    }

    /// All loaded messages that name the person at this page. Those loaded first are not news.
    pub fn handle_mentions<'a>(&mut self, now: Now, all: impl Iterator<Item = Mention<'a>>) -> Vec<Cue> {
        let before = self.mentions.take();
        let mut calls = Vec::new();
        let mut keys = Vec::new();
        for Mention { key, id, incident } in all {
            keys.push(key.to_owned());
            if before.as_ref().is_some_and(|before| before.iter().all(|known| known != key)) {
                calls.push(Call {
                    id: id.to_owned(),
                    title: incident
                        .and_then(|incident| incident.title.clone())
                        .unwrap_or_else(|| id.to_owned()),
                    severity: incident.and_then(|incident| incident.severity.clone()),
                    reason: Reason::Named,
                });
            }
        }
        self.mentions = Some(keys);
        self.add(now, calls);
        self.show()
    }

    /// This user makes this of incidents ([`own_change`]), or the server has just confirmed it; in this tab or in another
    /// one. What came of it before is no call any more.
    pub fn handle_own(&mut self, now: Now, changes: &[String]) -> Vec<Cue> {
        self.own.retain(|(change, _)| !changes.contains(change));
        self.own.extend(changes.iter().map(|change| (change.clone(), now.ms + OWN_MS)));
        let Self { own, known, unseen, phase, .. } = self;
        let known = known.as_ref();
        let is_call = |call: &Call| {
            let change = known.and_then(|known| known.get(&call.id)).map(|known| known.change(&call.id));
            !may_be_own(call.reason) || !change.is_some_and(|change| is_own(own, &change))
        };
        unseen.retain(is_call);
        if let Phase::Gathering { calls, .. } = phase {
            calls.retain(is_call);
        }
        self.show()
    }

    /// The person does something on a page of the console: nothing is unseen any more.
    pub fn handle_presence(&mut self) -> Vec<Cue> {
        self.unseen.clear();
        self.show()
    }

    /// [`Attention::poll_timeout`] is reached.
    pub fn handle_timeout(&mut self, now: Now) -> Vec<Cue> {
        match mem::take(&mut self.phase) {
            Phase::Gathering { due_ms, calls } if due_ms <= now.ms => {
                let level = calls.iter().map(|call| level(call.urgency())).min();
                if let Some(level) = level {
                    self.phase = Phase::Resting { until_ms: now.ms + REST_MS, level };
                }
                self.call(now, &calls)
            }
            Phase::Resting { until_ms, .. } if until_ms <= now.ms => Vec::new(),
            other => {
                self.phase = other;
                Vec::new()
            }
        }
    }

    fn concerns(&self, known: &Known, me: Option<&str>) -> bool {
        let mine = known.assigned_to.is_none() || known.assigned_to.as_deref() == me;
        mine || !self.preferences.mine_only
    }

    /// Takes out what somebody took up, or what is gone.
    fn forget_handled(&mut self, now: &BTreeMap<String, Known>) -> Vec<Cue> {
        let needs = |id: &str, reason: Reason| match now.get(id).map(|known| &known.status) {
            // Whatever becomes of the incident, somebody waits for an answer.
            _ if reason == Reason::Named => true,
            None | Some(Some(IncidentStatus::Resolved)) => false,
            Some(Some(IncidentStatus::Acknowledged | IncidentStatus::Investigating)) => {
                matches!(reason, Reason::Assigned | Reason::Raised | Reason::Reopened)
            }
            Some(_) => true,
        };
        self.unseen.retain(|call| needs(&call.id, call.reason));
        if let Phase::Gathering { calls, .. } = &mut self.phase {
            calls.retain(|call| needs(&call.id, call.reason));
        }
        let (stay, gone): (_, Vec<_>) =
            mem::take(&mut self.notified).into_iter().partition(|(id, reason)| needs(id, *reason));
        self.notified = stay;
        gone.into_iter().map(|(id, _)| Cue::Withdraw(id)).collect()
    }

    fn add(&mut self, now: Now, calls: Vec<Call>) {
        for call in &calls {
            self.unseen.retain(|known| known.id != call.id);
            if self.preferences.calls(call.urgency(), Way::Badge) {
                self.unseen.push(call.clone());
            }
        }
        let Some(urgency) = calls.iter().map(|call| level(call.urgency())).min() else { return };
        let soon = now.ms + GATHER_MS;
        self.phase = match mem::take(&mut self.phase) {
            Phase::Idle => Phase::Gathering { due_ms: soon, calls },
            Phase::Resting { level, .. } if urgency < level => Phase::Gathering { due_ms: soon, calls },
            Phase::Resting { until_ms, .. } => Phase::Gathering { due_ms: soon.max(until_ms), calls },
            Phase::Gathering { due_ms, calls: mut before } => {
                let waiting = before.iter().map(|call| level(call.urgency())).min();
                let due_ms =
                    if waiting.is_some_and(|waiting| urgency < waiting) { due_ms.min(soon) } else { due_ms };
                before.retain(|call| calls.iter().all(|new| new.id != call.id));
                before.extend(calls);
                Phase::Gathering { due_ms, calls: before }
            }
        };
    }

    fn call(&mut self, now: Now, calls: &[Call]) -> Vec<Cue> {
        let by = |way: Way| {
            let preferences = &self.preferences;
            calls
                .iter()
                .filter(|call| {
                    let severity = call.urgency();
                    preferences.calls(severity, way) && preferences.may_disturb(severity, now.ms, now.minute)
                })
                .collect::<Vec<_>>()
        };
        let (shown, notified, sounded) = (by(Way::Badge), by(Way::Notification), by(Way::Sound));
        let mut cues = Vec::new();
        if now.is_here && !shown.is_empty() {
            let is_urgent = shown.iter().any(|call| level(call.urgency()) == 0);
            let text = match &*shown {
                [one] => format!("{}: {}", one.reason.words(), one.headline()),
                many => summary(many),
            };
            cues.push(Cue::Announce { text, is_urgent });
        }
        if !now.speaks {
            return cues;
        }
        if let Some(urgency) = sounded.iter().map(|call| level(call.urgency())).min() {
            cues.push(Cue::Sound(urgency));
        }
        if !now.is_attended && !notified.is_empty() {
            cues.push(notification(&notified));
            if let [one] = &*notified {
                let call = (one.id.clone(), one.reason);
                // The later notification of an incident replaces the one before.
                self.notified.retain(|(id, _)| *id != call.0);
                self.notified.push(call);
            }
        }
        cues
    }

    /// The badge, when it differs from the one shown.
    fn show(&mut self) -> Vec<Cue> {
        let worst = self.unseen.iter().rev().min_by_key(|call| level(call.urgency()));
        let badge = worst.map_or_else(Badge::default, |worst| Badge {
            count: self.unseen.len(),
            level: level(worst.urgency()),
            headline: worst.headline(),
        });
        if badge == self.badge {
            return Vec::new();
        }
        self.badge = badge.clone();
        vec![Cue::Badge(badge)]
    }
}
