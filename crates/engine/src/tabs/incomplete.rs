//! Tabs whose first messages went to another leader: what they hand in would pass those.

use super::link::TabId;
use std::collections::{BTreeMap, BTreeSet};

/// A tab missed so often in a row is dead: its lock may just have been on its way.
pub(super) const MISSED: u8 = 2;

/// How far a tab is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Came {
    #[default]
    Unknown,
    /// With this turn. It has to come with another, and with all it has.
    Incomplete(u64),
    /// It is known, and what it has is on its way: all of it comes before the credit for its first batch.
    Whole,
}

#[derive(Default)]
struct Sender {
    came: Came,
    /// It was there when the browser was last asked who is alive.
    asked: bool,
    /// How often in a row it was not among them.
    missed: u8,
}

/// Tabs that handed messages in before this leader knew them, until they come with all they have.
#[derive(Default)]
pub(super) struct Incomplete(BTreeMap<TabId, Sender>);

impl Incomplete {
    pub(super) fn new(tabs: BTreeSet<TabId>) -> Self {
        Self(tabs.into_iter().map(|tab| (tab, Sender::default())).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This tab hands messages in, and is not known.
    pub(super) fn add(&mut self, tab: TabId) {
        self.0.entry(tab).or_default();
    }

    pub(super) fn remove(&mut self, tab: &TabId) {
        self.0.remove(tab);
    }

    /// A tab comes with this turn. Whether what it hands in from now on begins with the first it has: sent on while
    /// it took another for the leader, a later message must not pass an earlier one.
    pub(super) fn is_whole(&mut self, tab: &TabId, turn: u64) -> bool {
        let Some(sender) = self.0.get_mut(tab) else { return true };
        sender.came = match sender.came {
            Came::Unknown => Came::Incomplete(turn),
            Came::Incomplete(before) if before == turn => Came::Incomplete(turn),
            Came::Incomplete(_) | Came::Whole => Came::Whole,
        };
        sender.came == Came::Whole
    }

    /// A tab that is known took a batch.
    pub(super) fn credited(&mut self, tab: &TabId) {
        if self.0.get(tab).is_some_and(|sender| sender.came == Came::Whole) {
            self.0.remove(tab);
        }
    }

    /// The browser is asked who is alive.
    pub(super) fn asked(&mut self) {
        self.0.values_mut().for_each(|sender| sender.asked = true);
    }

    /// These are alive. Forgets the dead.
    pub(super) fn alive(&mut self, alive: &[TabId]) {
        for (tab, sender) in self.0.iter_mut().filter(|(_, sender)| sender.asked) {
            sender.missed = if alive.contains(tab) { 0 } else { sender.missed + 1 };
        }
        self.0.retain(|_, sender| sender.missed < MISSED);
    }
}
