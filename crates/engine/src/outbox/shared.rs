//! What a leader and its tabs need of the outbox, because they share one store.

use super::Outbox;
use crate::{ConsumerId, Now, SendRequest, StoreGroup};

impl Outbox {
    /// Rows taken from now on come after this one.
    pub fn number_from(&mut self, order: u64) {
        self.disk.number_from(order);
    }

    /// There is a store.
    pub fn store_is_open(&self) -> bool {
        self.disk.is_open()
    }

    /// There is no store, for now.
    pub fn store_is_away(&self) -> bool {
        self.disk.is_away()
    }

    /// The store is there and does not answer.
    pub fn store_is_silent(&self) -> bool {
        self.disk.is_silent()
    }

    /// See [`crate::Engine::store_was_open`].
    pub fn store_was_open(&mut self, now: Now) {
        self.disk.was_open(now.mono);
    }

    /// See [`crate::Engine::store_was_silent`].
    pub fn store_was_silent(&mut self) {
        self.unmarked = true;
    }

    /// See [`crate::Engine::vouch`].
    pub fn vouch(&mut self, to: ConsumerId, requests: Vec<SendRequest>) {
        if !self.disk.answered {
            self.vouched.extend(requests.into_iter().map(|request| (to, request)));
        }
    }

    /// The term that the store had when it was first read, 0 before.
    pub fn stored_term(&self) -> u64 {
        self.stored_term
    }

    /// See [`crate::Engine::lead_after`].
    pub fn lead_after(&mut self, term: u64) {
        self.disk.lead_after(term);
    }

    /// See [`crate::Engine::last_group`].
    pub fn last_group(&mut self) -> Option<StoreGroup> {
        self.disk.last_group()
    }

    /// See [`crate::Engine::group_under_way`].
    pub fn group_under_way(&self) -> Option<&StoreGroup> {
        self.disk.group_under_way()
    }

    /// Another tab appended rows: look for them.
    pub fn rescan(&mut self) {
        self.disk.rescan();
    }

    /// Who is told of rows that this tab took and others stored; `None` when the tab is gone.
    pub fn name_owner(&mut self, tab: String, consumer: Option<ConsumerId>) {
        match consumer {
            Some(consumer) => self.owners.insert(tab, consumer),
            None => self.owners.remove(&tab),
        };
    }

    /// The tab that a consumer is, or else the own one: later leaders tell its page, not ours.
    pub(super) fn tab_of(&self, consumer: ConsumerId) -> &str {
        let named = self.owners.iter().find(|(_, known)| **known == consumer);
        named.map_or(&self.tab, |(tab, _)| tab)
    }
}
