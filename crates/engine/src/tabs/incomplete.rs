//! Tabs whose earlier messages went to another leader. Until such a tab resends everything, nothing of it is accepted.

use super::link::TabId;
use std::collections::{BTreeMap, BTreeSet};

/// A tab missing this often in a row is dead. Once is not enough: its lock may not have been granted yet.
pub(super) const MISSED: u8 = 2;

/// How far a tab is with resending.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Came {
    #[default]
    Unknown,
    /// This was its attachment. It must attach once more and resend everything.
    Incomplete(u64),
    /// It attached again. Everything it has arrives before the credit for its first batch.
    Whole,
}

#[derive(Default)]
struct Sender {
    came: Came,
    /// It was known when the browser was last asked which tabs are alive.
    asked: bool,
    /// How often in a row it was missing.
    missed: u8,
}

/// Tabs that sent messages before this leader knew them, until they resend everything.
#[derive(Default)]
pub(super) struct Incomplete(BTreeMap<TabId, Sender>);

impl Incomplete {
    pub(super) fn new(tabs: BTreeSet<TabId>) -> Self {
        let mut senders = BTreeMap::new();
        senders.extend(tabs.into_iter().map(|tab| (tab, Sender::default())));
        Self(senders)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An unknown tab sent messages.
    pub(super) fn add(&mut self, tab: TabId) {
        self.0.entry(tab).or_default();
    }

    pub(super) fn remove(&mut self, tab: &TabId) {
        self.0.remove(tab);
    }

    /// A tab attaches with this id. `true`: from now on it sends everything it has from the beginning, so no later
    /// message can pass an earlier one.
    pub(super) fn is_whole(&mut self, tab: &TabId, attachment: u64) -> bool {
        let Some(sender) = self.0.get_mut(tab) else { return true };
        sender.came = match sender.came {
            Came::Unknown => Came::Incomplete(attachment),
            Came::Incomplete(before) if before == attachment => Came::Incomplete(attachment),
            Came::Incomplete(_) | Came::Whole => Came::Whole,
        };
        sender.came == Came::Whole
    }

    /// A known tab gave the credit for a batch.
    pub(super) fn credited(&mut self, tab: &TabId) {
        if self.0.get(tab).is_some_and(|sender| sender.came == Came::Whole) {
            self.0.remove(tab);
        }
    }

    /// The browser is asked which tabs are alive.
    pub(super) fn asked(&mut self) {
        self.0.values_mut().for_each(|sender| sender.asked = true);
    }

    /// These tabs are alive; forgets the dead ones.
    pub(super) fn alive(&mut self, alive: &[TabId]) {
        for (tab, sender) in self.0.iter_mut().filter(|(_, sender)| sender.asked) {
            sender.missed = if alive.contains(tab) { 0 } else { sender.missed + 1 };
        }
        self.0.retain(|_, sender| sender.missed < MISSED);
    }
}
