//! What a page knows of each message it shows: its own, those an earlier life of it left in `sessionStorage`, and
//! those of other tabs that it adopted from the first outbox list of a worker.

use sentinelops_engine::{DeliveryState, Durability, FailReason, MessageInfo, MessageUpdate};
use std::collections::BTreeMap;

/// What a page shows of a message.
#[derive(Debug)]
pub struct Shown {
    /// The last state that counted.
    pub state: DeliveryState,
    /// That state was saved.
    pub durable: bool,
    /// This page sent it, or took it back after a reload.
    pub own: bool,
    /// An outbox list has the flag that a newer one may replace it.
    pub coalesced: bool,
    /// A person tries it again here: it may change once more.
    pub retried: bool,
}

/// By the number of the message.
#[derive(Debug, Default)]
pub struct SendLog {
    shown: BTreeMap<usize, Shown>,
    /// The next outbox list is the first of this worker.
    pub resumes_outbox: bool,
}

impl SendLog {
    /// The page sends it, or takes it back.
    pub fn add(&mut self, n: usize) {
        let state = DeliveryState::Queued;
        self.shown.insert(n, Shown { state, durable: false, own: true, coalesced: false, retried: false });
    }

    /// A person tries it again.
    pub fn retry(&mut self, n: usize) {
        if let Some(shown) = self.shown.get_mut(&n) {
            shown.retried = true;
        }
    }

    /// Whether the page shows it.
    pub fn knows(&self, n: usize) -> bool {
        self.shown.contains_key(&n)
    }

    /// Whether the page sent it or took it back.
    pub fn is_own(&self, n: usize) -> bool {
        self.shown.get(&n).is_some_and(|shown| shown.own)
    }

    /// The first list of a worker shows it.
    pub fn adopt(&mut self, n: usize, info: &MessageInfo) {
        self.update(n, &info.update);
        if let Some(shown) = self.shown.get_mut(&n) {
            shown.coalesced = info.coalesced;
        }
    }

    /// An update reaches the page. A state that is final stays, unless the message arrived after all or a person tries
    /// it again here.
    pub fn update(&mut self, n: usize, update: &MessageUpdate) {
        let (state, durable) = (update.delivery.clone(), update.durability == Durability::Durable);
        let new =
            || Shown { state: DeliveryState::Queued, durable, own: false, coalesced: false, retried: false };
        let shown = self.shown.entry(n).or_insert_with(new);
        let delivered = |state: &DeliveryState| *state == DeliveryState::Delivered;
        if shown.state.is_final() && !shown.retried && (delivered(&shown.state) || !delivered(&state)) {
            return;
        }
        shown.retried &= !state.is_final();
        (shown.state, shown.durable) = (state, durable);
    }

    /// These end with the session. Answers which.
    pub fn end_where(&mut self, ends: impl Fn(&Shown) -> bool) -> Vec<usize> {
        let open = self.shown.iter_mut().filter(|(_, shown)| !shown.state.is_final() && ends(shown));
        let end = |(n, shown): (&usize, &mut Shown)| {
            shown.state = DeliveryState::Failed(FailReason::SignedOut);
            *n
        };
        open.map(end).collect()
    }

    /// All of them, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Shown)> {
        self.shown.iter().map(|(n, shown)| (*n, shown))
    }
}
