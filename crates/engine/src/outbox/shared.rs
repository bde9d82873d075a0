//! What a leader needs of the outbox because other tabs send through it, and led before.

use super::{Outbox, wanted};
use crate::{ConsumerId, Now, SendRequest, StoreGroup};

impl Outbox {
    /// Rows get numbers that no other leader gives: two may lead for a moment, and a row is replaced by priority and order.
    pub fn number_from(&mut self, wall: u64, salt: u64) {
        self.store.number_from(crate::store::first_order(wall, salt));
    }

    /// Whether the store is open.
    pub fn store_is_open(&self) -> bool {
        self.store.is_open()
    }

    /// Whether the store cannot be opened now.
    pub fn store_is_away(&self) -> bool {
        self.store.is_away()
    }

    /// See [`crate::Engine::store_was_open`].
    pub fn store_was_open(&mut self, now: Now) {
        self.store.was_open(now.mono);
    }

    /// The store did not answer the leader before, which may have sent without a mark of it.
    pub fn store_was_silent(&mut self) {
        self.earlier.mark_missing = true;
    }

    /// See [`crate::Engine::assume_stored`].
    pub fn assume_stored(&mut self, now: Now, to: ConsumerId, requests: Vec<SendRequest>) {
        if !self.store.has_answered() {
            self.earlier.assumed_stored.extend(requests.into_iter().map(|request| (to, request)));
        } else if !self.store.is_loaded() && self.store.is_silent() {
            requests.into_iter().for_each(|request| self.enqueue(now, to, request));
        }
    }

    /// The term that the store had when it was first read, 0 before.
    pub fn stored_term(&self) -> u64 {
        self.earlier.term
    }

    /// Another led with this term. Where nothing is stored, nobody else remembers it.
    pub fn lead_after(&mut self, term: u64) {
        self.store.lead_after(term);
    }

    /// Everything that is still to be stored, for an engine that ends, behind what is being stored now: once more, should
    /// that abort.
    pub fn last_group(&mut self) -> Option<StoreGroup> {
        let Self { store, queue, removals, failed, .. } = self;
        store.last_group(&|id| wanted(queue, removals, failed, id))
    }

    /// What is being stored now.
    pub fn group_under_way(&self) -> Option<&StoreGroup> {
        self.store.group_under_way()
    }

    /// Names the consumer that gets the updates of a tab's rows; `None` when the tab is gone.
    pub fn name_owner(&mut self, tab: String, consumer: Option<ConsumerId>) {
        match consumer {
            Some(consumer) => self.owners.insert(tab, consumer),
            None => self.owners.remove(&tab),
        };
    }

    /// The tab of a consumer, by default our own. It owns the row, so later leaders report to its page.
    pub(super) fn tab_of(&self, consumer: ConsumerId) -> &str {
        let named = self.owners.iter().find(|(_, known)| **known == consumer);
        named.map_or(&self.tab, |(tab, _)| tab)
    }
}
