//! A page: a consumer with its own fold and cursor, and the keeper of what it sent until it is saved.

use crate::check::stream::Stream;
use crate::fold::Fold;
use sentinelops_engine::{Batch, ConsumerId, Delivery, Durability, MessageUpdate, SendRequest};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Channel, Event, Subject};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a page has of a subject.
#[derive(Debug, Default)]
pub struct View {
    /// The state.
    pub fold: Fold,
    /// It includes everything up to here.
    pub cursor: u64,
    /// The epoch, once a snapshot or an event has named it.
    pub epoch: Option<String>,
    /// Whether a snapshot came.
    pub based: bool,
    /// The batch that was under way when it was subscribed to: what that one contains of it is older.
    pub since: Option<u64>,
    /// It had it before, by way of another tab: until the snapshot comes, events may belong to that earlier
    /// subscription.
    pub resubscribed: bool,
    /// Events are gone for good: the first snapshot in a batch after this one has to say so.
    pub gap: Option<u64>,
    /// A gap was reported while its first snapshot may have been on the way: the page gets it with that snapshot, or has
    /// no state that could have a gap.
    pub perhaps_gap: bool,
}

/// One page.
#[derive(Debug)]
pub struct Page {
    /// Its name at the engine.
    pub id: ConsumerId,
    /// What it is subscribed to.
    pub views: BTreeMap<Subject, View>,
    /// What it was subscribed to and is no more, where another tab may not have received that yet.
    pub left: BTreeSet<Subject>,
    /// Sent and not yet known to be saved or done: handed in again to a new worker.
    pub unsaved: VecDeque<(usize, SendRequest)>,
    /// Ended badly and in memory only: an engine that is gone has forgotten them, so to try one again it is
    /// handed in again.
    pub failed: BTreeMap<usize, SendRequest>,
    /// Epochs of the snapshots in the batch that is on its way.
    pub epochs: BTreeMap<Subject, String>,
    /// It returns no credit before then.
    pub hung_until: u64,
    /// Batches it has not answered.
    pub owed: u32,
    /// Ms from taking a batch to returning the credit.
    pub pace: u64,
    /// Whether the engine may conflate agents on the way (the link or the page is slow).
    pub whole_chain: bool,
}

/// What a page found wrong, or learned.
#[derive(Debug, Default)]
pub struct Taken {
    /// News of messages.
    pub updates: Vec<MessageUpdate>,
    /// What is wrong with the batch.
    pub wrong: Option<(&'static str, String)>,
}

impl Page {
    /// A page that has just been opened.
    pub fn new(id: u64, pace: u64) -> Self {
        Self {
            id: ConsumerId(id),
            views: BTreeMap::new(),
            left: BTreeSet::new(),
            unsaved: VecDeque::new(),
            failed: BTreeMap::new(),
            epochs: BTreeMap::new(),
            hung_until: 0,
            owed: 0,
            pace,
            whole_chain: true,
        }
    }

    /// News of the n-th message of the world. Answers with what has to be handed in again.
    pub fn note(&mut self, n: usize, update: &MessageUpdate) -> Option<SendRequest> {
        let saved = update.durability == Durability::Durable;
        if !saved && !update.delivery.is_final() {
            // Somebody else tries it again.
            return self.retry(n);
        }
        self.failed.remove(&n);
        let at = self.unsaved.iter().position(|(unsaved, _)| *unsaved == n)?;
        let (_, mut request) = self.unsaved.remove(at)?;
        if !saved && update.delivery.allows_another_try() {
            request.again &= !update.delivery.was_refused();
            self.failed.insert(n, request);
        }
        None
    }

    /// A message that ended badly is tried again: if nobody else may have it, it is handed in again.
    pub fn retry(&mut self, n: usize) -> Option<SendRequest> {
        let request = self.failed.remove(&n)?;
        self.unsaved.push_back((n, request.clone()));
        Some(request)
    }

    /// The router takes a batch.
    pub fn take(&mut self, batch: Batch) -> Taken {
        self.take_beside(batch, None)
    }

    /// The same, compared with what the wire reports.
    pub fn take_beside(&mut self, batch: Batch, wire: Option<&Stream>) -> Taken {
        let mut taken = Taken::default();
        let number = batch.number;
        let old = |view: &View| view.since.is_some_and(|since| number <= since);
        for item in batch.items {
            match item {
                Delivery::Snapshot(snapshot) => {
                    let Some(view) = self.views.get_mut(&snapshot.subject) else { continue };
                    if old(view) {
                        continue;
                    }
                    let reported = snapshot.continuity == Continuity::Gap;
                    let due = view.gap.is_some_and(|after| number > after);
                    let found = wire.is_some_and(|wire| wire.holes);
                    let subject = &snapshot.subject;
                    if wire.is_some() && due && !reported {
                        let wrong = format!("{subject}: events are gone for good, and that is not reported");
                        taken.wrong.get_or_insert(("gap-reported", wrong));
                    } else if wire.is_some()
                        && reported
                        && view.based
                        && view.gap.is_none()
                        && !view.perhaps_gap
                        && !found
                    {
                        let wrong = format!("{subject}: a gap is reported, and there is none");
                        taken.wrong.get_or_insert(("gap-reported", wrong));
                    }
                    if due {
                        view.gap = None;
                    }
                    view.perhaps_gap &= !reported;
                    view.fold = Fold::of(snapshot.items.iter().map(|event| &event.payload));
                    view.cursor = snapshot.seq;
                    view.epoch = self.epochs.remove(subject);
                    view.based = true;
                }
                Delivery::Event(subject, _) if self.views.get(&subject).is_some_and(old) => {}
                Delivery::Event(subject, event) => {
                    let wrong = self.event(&subject, &event, wire);
                    if taken.wrong.is_none() {
                        taken.wrong = wrong.map(|detail| ("no-hole", format!("{subject}: {detail}")));
                    }
                }
                Delivery::Message(update) => taken.updates.push(update),
                Delivery::Denied(subject, why) => {
                    taken.wrong.get_or_insert(("no-hole", format!("{subject} was denied: {why}")));
                }
                _ => {}
            }
        }
        taken
    }

    fn event(&mut self, subject: &Subject, event: &Event, wire: Option<&Stream>) -> Option<String> {
        let view = self.views.get_mut(subject)?;
        let Some(seq) = event.seq else {
            view.fold.apply(&event.payload);
            return None;
        };
        if !view.based && view.resubscribed {
            return None;
        }
        if !view.based {
            return Some(format!("event {seq} before any snapshot"));
        }
        let epoch = event.id.as_deref().and_then(|id| id.split('-').next()).unwrap_or_default();
        if let Some(before) = &view.epoch
            && before != epoch
        {
            return Some(format!("event {seq} of epoch {epoch} on top of the state of {before}"));
        }
        if seq <= view.cursor {
            return Some(format!("event {seq} at cursor {}: a repeat", view.cursor));
        }
        // A channel's events follow each other without a hole; only agents may be conflated on the way.
        let whole = subject.topic.is_none() && subject.channel != Channel::Agents;
        if whole && event.prev != Some(view.cursor) {
            let prev = event.prev;
            return Some(format!("event {seq} after {prev:?} at cursor {}: a hole", view.cursor));
        }
        // What is conflated on the way still makes a chain; a topic's events are those that were read.
        let chain = subject.channel == Channel::Agents;
        if let Some(prev) = event.prev.filter(|prev| chain && *prev > view.cursor) {
            return Some(format!("event {seq} after {prev} at cursor {}: a hole", view.cursor));
        }
        let between = |topic: &String| wire?.between(topic, view.cursor, seq);
        if let Some(missing) = subject.topic.as_ref().and_then(between) {
            return Some(format!("event {seq} at cursor {}: {missing} is missing", view.cursor));
        }
        view.epoch = Some(epoch.to_owned());
        view.cursor = seq;
        view.fold.apply(&event.payload);
        None
    }
}
