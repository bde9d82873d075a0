//! What waits for one consumer.

use crate::mutant::{self, Mutant};
use crate::{Batch, Bounds, ConnectionState, Delivery, MessageUpdate, RawFrame, SnapshotDelivery, Status};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Event, Problem, Subject};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;

/// Most events and bytes in one batch, so that no batch blocks a page for long; the rest follows.
const BATCH_EVENTS: usize = 2_000;
const BATCH_BYTES: usize = 1024 * 1024;
/// Most problems that wait: they are diagnostics, the latest tell enough.
const MAX_PROBLEMS: usize = 100;
/// Most statuses that wait: the oldest go, and with them the news of a connection that broke long ago.
const MAX_STATUSES: usize = 16;

/// How far a consumer is with a subject.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Progress {
    /// The next batch brings a snapshot, if the state is held; until then events are in it.
    Due(Continuity),
    /// There is no state yet; [`super::Consumers::resync`] comes with it.
    Waiting(Continuity),
    /// Had its snapshot: events follow.
    Live,
}

#[derive(Debug, Default)]
pub(super) struct Consumer {
    subjects: BTreeMap<Subject, Progress>,
    /// Subjects that are due, so that a batch looks at no other.
    due: BTreeMap<Subject, Continuity>,
    events: VecDeque<(Subject, Rc<Event>, usize)>,
    bytes: usize,
    /// Subjects that the server refused, and its latest reason.
    denied: BTreeMap<Subject, String>,
    problems: VecDeque<Problem>,
    updates: BTreeMap<u64, MessageUpdate>,
    update_at: HashMap<String, u64>,
    updates_seen: u64,
    /// Those of the outstanding batch: what starts over before its credit came may not have read them.
    unread: Vec<MessageUpdate>,
    /// Those at which the connection came up or broke, and the latest.
    statuses: VecDeque<Status>,
    /// The connection neither came up nor broke with the last of them; a newer one replaces it.
    replaceable: bool,
    /// Since when the connection is up, by the latest status; `None` inside: it is not.
    up_since: Option<Option<u64>>,
    pub metrics: Option<Delivery>,
    pub outbox: Option<Delivery>,
    raw: RawQueue,
    outstanding: Option<u64>,
    batches: u64,
}

/// Raw frames that wait: no snapshot repeats them, so over the bound the oldest are dropped and counted.
#[derive(Debug, Default)]
struct RawQueue {
    frames: VecDeque<Rc<RawFrame>>,
    bytes: usize,
    lost: u32,
}

impl RawQueue {
    fn push(&mut self, frame: &Rc<RawFrame>, most: &Bounds) {
        self.bytes += frame.len();
        self.frames.push_back(frame.clone());
        while self.frames.len() > most.consumer_events || self.bytes > most.consumer_bytes {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.bytes -= oldest.len();
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// As many as fit into one batch, ahead of them how many were dropped.
    fn take(&mut self, items: &mut Vec<Delivery>) {
        let lost = std::mem::take(&mut self.lost);
        items.extend((lost > 0).then_some(Delivery::RawLost(lost)));
        let (mut count, mut bytes) = (0, 0);
        while let Some(frame) = self.frames.front() {
            if count >= BATCH_EVENTS || bytes + frame.len() > BATCH_BYTES && bytes > 0 {
                break;
            }
            let Some(frame) = self.frames.pop_front() else { break };
            (count, bytes) = (count + 1, bytes + frame.len());
            self.bytes -= frame.len();
            items.push(Delivery::Raw(frame));
        }
    }
}

/// Problems already delivered in this batch. The problem of an event is delivered right before it, once per batch.
#[derive(Default)]
struct ReportedProblems(Vec<Problem>);

impl ReportedProblems {
    fn add(&mut self, event: &Event, items: &mut Vec<Delivery>) {
        if let Some(problem) = event.mismatch()
            && !self.0.contains(&problem)
        {
            items.push(Delivery::Problem(problem.clone()));
            self.0.push(problem);
        }
    }
}

impl Consumer {
    pub fn subjects(&self) -> Vec<Subject> {
        self.subjects.keys().cloned().collect()
    }

    /// `true` when it is new.
    pub fn subscribe(&mut self, subject: Subject) -> bool {
        let new = !self.subjects.contains_key(&subject);
        self.set_due(subject, Continuity::Snapshot);
        new
    }

    pub fn unsubscribe(&mut self, subject: &Subject) -> bool {
        self.due.remove(subject);
        self.denied.remove(subject);
        self.subjects.remove(subject).is_some()
    }

    fn set_due(&mut self, subject: Subject, continuity: Continuity) {
        // A gap that is not delivered yet stays one.
        let unreported_gap = self.due.get(&subject) == Some(&Continuity::Gap);
        let continuity = if unreported_gap { Continuity::Gap } else { continuity };
        self.due.insert(subject.clone(), continuity);
        self.subjects.insert(subject, Progress::Due(continuity));
    }

    /// The state was replaced: what is queued of it is history.
    pub fn resync(&mut self, subject: &Subject, continuity: Continuity) {
        if let Some(progress) = self.subjects.get(subject) {
            let continuity = match progress {
                _ if mutant::active(Mutant::NeverGap) => Continuity::Snapshot,
                // Its first snapshot: it had nothing that could have a gap.
                Progress::Waiting(first) => *first,
                Progress::Due(_) | Progress::Live => continuity,
            };
            self.set_due(subject.clone(), continuity);
        }
    }

    /// `true` when the queue overflowed and was dropped.
    pub fn event(&mut self, subject: &Subject, event: &Rc<Event>, bytes: usize, most: &Bounds) -> bool {
        if self.subjects.get(subject) != Some(&Progress::Live) {
            return false;
        }
        self.events.push_back((subject.clone(), event.clone(), bytes));
        self.bytes += bytes;
        if self.events.len() <= most.consumer_events && self.bytes <= most.consumer_bytes
            || mutant::active(Mutant::UnboundedConsumers)
        {
            return false;
        }
        let missed: std::collections::BTreeSet<Subject> =
            self.events.drain(..).map(|(subject, _, _)| subject).collect();
        self.bytes = 0;
        if !mutant::active(Mutant::OverflowWithoutResync) {
            for subject in missed {
                if self.subjects.contains_key(&subject) {
                    self.set_due(subject, Continuity::Snapshot);
                }
            }
        }
        true
    }

    /// The latest status replaces the one before, unless the connection came up or broke with that: a page
    /// that takes its batches slowly still learns of each break and its cause.
    pub fn status(&mut self, status: Status) {
        let up = status.state == ConnectionState::Connected;
        let up_since = Some(up.then(|| status.connected_since.unwrap_or_default()));
        let same = self.up_since == up_since;
        if same && self.replaceable {
            self.statuses.pop_back();
        } else if self.statuses.len() == MAX_STATUSES {
            self.statuses.pop_front();
        }
        self.statuses.push_back(status);
        (self.replaceable, self.up_since) = (same, up_since);
    }

    /// Of one message only the latest counts; it keeps the place of the first.
    pub fn update(&mut self, update: MessageUpdate) {
        if let Some(at) = self.update_at.get(&update.id) {
            self.updates.insert(*at, update);
            return;
        }
        self.updates_seen += 1;
        self.update_at.insert(update.id.clone(), self.updates_seen);
        self.updates.insert(self.updates_seen, update);
    }

    pub fn take_updates(&mut self) -> Vec<MessageUpdate> {
        self.update_at.clear();
        std::mem::take(&mut self.updates).into_values().collect()
    }

    /// Message updates that the consumer may not have taken, in order.
    pub fn news(mut self) -> Vec<MessageUpdate> {
        let mut news = std::mem::take(&mut self.unread);
        news.extend(self.take_updates());
        news
    }

    pub fn raw(&mut self, frame: &Rc<RawFrame>, most: &Bounds) {
        self.raw.push(frame, most);
    }

    pub fn denied(&mut self, subject: &Subject, message: &str) {
        if self.subjects.contains_key(subject) {
            self.denied.insert(subject.clone(), message.to_owned());
        }
    }

    pub fn problem(&mut self, problem: &Problem) {
        if self.problems.len() >= MAX_PROBLEMS {
            self.problems.pop_front();
        }
        self.problems.push_back(problem.clone());
    }

    /// Whether this credit is for the outstanding batch.
    pub fn credit(&mut self, number: u64) -> bool {
        let fits = self.outstanding == Some(number);
        if fits {
            self.outstanding = None;
            self.unread.clear();
        }
        fits
    }

    /// What there is, unless a batch is outstanding.
    pub fn batch(&mut self, folds: &impl super::Folds) -> Option<Batch> {
        if self.outstanding.is_some() {
            return None;
        }
        let mut items: Vec<Delivery> = Vec::new();
        self.replaceable = false;
        items.extend(self.statuses.drain(..).map(|status| Delivery::Status(Box::new(status))));
        items.extend(self.metrics.take());
        self.unread = self.take_updates();
        items.extend(self.unread.iter().cloned().map(Delivery::Message));
        items.extend(self.outbox.take());
        let due = std::mem::take(&mut self.due);
        // Events queued before a subject became due again are older than its snapshot.
        let replaced = |subject: &Subject| due.contains_key(subject);
        let mut bytes = 0;
        let mut taken = Vec::new();
        let mut reported = ReportedProblems::default();
        while let Some((_, _, size)) = self.events.front() {
            if taken.len() >= BATCH_EVENTS || bytes + size > BATCH_BYTES && bytes > 0 {
                break;
            }
            let Some((subject, event, size)) = self.events.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(size);
            if replaced(&subject) || !self.subjects.contains_key(&subject) {
                continue;
            }
            bytes += size;
            reported.add(&event, &mut taken);
            taken.push(Delivery::Event(subject, event));
        }
        if !due.is_empty() {
            // The rest of the queue must not come after the snapshot either.
            let before = self.events.len();
            self.events.retain(|(subject, _, _)| !due.contains_key(subject));
            if self.events.len() != before {
                self.bytes = self.events.iter().map(|(_, _, size)| size).sum();
            }
        }
        for (subject, continuity) in due {
            match folds.state(&subject) {
                Some((seq, state)) => {
                    self.subjects.insert(subject.clone(), Progress::Live);
                    let snapshot = SnapshotDelivery { subject, continuity, seq, items: state };
                    items.push(Delivery::Snapshot(snapshot));
                }
                None => {
                    self.subjects.insert(subject, Progress::Waiting(continuity));
                }
            }
        }
        items.extend(taken);
        self.raw.take(&mut items);
        let denied = std::mem::take(&mut self.denied).into_iter();
        items.extend(denied.map(|(subject, message)| Delivery::Denied(subject, message)));
        // The others belong to messages that no state holds, or to none.
        let others = self.problems.drain(..).filter(|problem| !reported.0.contains(problem));
        items.extend(others.map(Delivery::Problem));
        if items.is_empty() {
            return None;
        }
        self.batches += 1;
        self.outstanding = Some(self.batches);
        Some(Batch { number: self.batches, items })
    }

    #[cfg(test)]
    pub fn queued(&self) -> (usize, usize) {
        (self.events.len(), self.bytes)
    }
}
