//! The following tab: appends to the shared store, asks the leader for the rest.

use super::election::Role;
use super::link::{LinkMessage, LinkTarget};
use super::node::{Node, NodeOutput, PageCommand};
use crate::{DeliveryState, Durability, FailReason, Now, SendRequest, StoreEvent, outbox};
use std::collections::BTreeMap;

/// Numbers of a node's own transactions; an engine counts from 0 and never gets here.
const FIRST_APPEND: u64 = 1 << 52;
/// With nobody known to lead, sends wait so long for the lock to be granted to this very tab.
const SETTLE_MS: u64 = 500;

#[derive(Default)]
pub(super) struct Follower {
    pub(super) store_works: Option<bool>,
    /// A token the page gave while nobody could use it.
    pub(super) token: Option<Result<Option<String>, String>>,
    /// Ids of each append under way.
    appending: BTreeMap<u64, Vec<SendRequest>>,
    appends: u64,
    /// Sends that wait for the role to settle, until when.
    settle_at: Option<u64>,
}

impl Follower {
    pub(super) fn next_timeout(&self) -> Option<u64> {
        self.settle_at
    }
}

impl Node {
    /// A command while this tab has no engine.
    pub(super) fn follow(&mut self, now: Now, command: PageCommand) {
        match command {
            PageCommand::Subscribe(_)
            | PageCommand::Unsubscribe(_)
            | PageCommand::WatchMetrics(_)
            | PageCommand::WatchOutbox(_) => self.announce(),
            PageCommand::Send(requests) => self.hand_over(now, requests),
            PageCommand::Retry { id, confirm } => {
                let tab = self.tab.clone();
                self.say_to_leader(LinkMessage::Retry { tab, id, confirm });
            }
            PageCommand::Discard { id } => {
                let tab = self.tab.clone();
                self.say_to_leader(LinkMessage::Discard { tab, id });
            }
            PageCommand::Credit(number) => {
                let tab = self.tab.clone();
                self.say_to_leader(LinkMessage::Credit { tab, number });
            }
            PageCommand::Token(token) => self.follower.token = Some(token),
            PageCommand::TryNow => self.say_to_leader(LinkMessage::Hint { hint: None }),
            PageCommand::Hint(hint) => self.say_to_leader(LinkMessage::Hint { hint: Some(hint) }),
            PageCommand::PageHide | PageCommand::Disconnect => {
                let tab = self.tab.clone();
                self.say_to_leader(LinkMessage::Detach { tab });
            }
            PageCommand::Connect => {}
        }
    }

    /// Says to whoever leads what this page looks at.
    pub(super) fn announce(&mut self) {
        if self.role() == Role::Follower {
            let attach = LinkMessage::Attach { tab: self.tab.clone(), interest: self.interest() };
            self.say_to_leader(attach);
        }
    }

    pub(super) fn follower_timeout(&mut self, now: Now) {
        if self.follower.settle_at.is_some_and(|at| now.mono >= at) {
            self.follower.settle_at = None;
            let waiting = self.unsaved.clone();
            self.append(now, waiting);
        }
    }

    /// Whoever leads now may know nothing of what was handed to another, or to nobody.
    pub(super) fn hand_in_again(&mut self, now: Now) {
        let waited = self.follower.settle_at.take().is_some();
        let appending = &self.follower.appending;
        let under_way = |id: &str| appending.values().flatten().any(|request| request.id == id);
        let mut lost = Vec::new();
        for request in self.unsaved.iter_mut().filter(|request| !under_way(&request.id)) {
            // What only waited here was never given to anybody.
            request.again |= !waited;
            lost.push(request.clone());
        }
        if !lost.is_empty() {
            self.hand_over(now, lost);
        }
    }

    /// The answer to an append of ours, if it is one.
    pub(super) fn appended(&mut self, now: Now, event: &StoreEvent) -> bool {
        let (number, saved) = match event {
            StoreEvent::Committed { number } => (*number, true),
            StoreEvent::Aborted { number, .. } => (*number, false),
            _ => return false,
        };
        let Some(requests) = self.follower.appending.remove(&number) else { return number >= FIRST_APPEND };
        if !saved {
            // Not storable: whoever leads may still deliver it, or keep it in memory.
            match &mut self.leader {
                Some(leader) => leader.page(now, PageCommand::Send(requests)),
                None => self.say_to_leader(LinkMessage::Send { tab: self.tab.clone(), requests }),
            }
            return true;
        }
        for request in &requests {
            self.unsaved.retain(|kept| kept.id != request.id);
            self.tell_update(&request.id, Durability::Durable, DeliveryState::Queued);
        }
        match &mut self.leader {
            Some(leader) => leader.engine.rescan(now),
            None => self.say_to_leader(LinkMessage::Poke),
        }
        true
    }

    fn hand_over(&mut self, now: Now, requests: Vec<SendRequest>) {
        if self.role() == Role::Idle {
            // Kept for the next connection if queueing is on, refused at once if not.
            let (kept, refused): (Vec<_>, Vec<_>) =
                requests.into_iter().partition(|r| r.queue && !r.ephemeral && self.options.outbox.enabled);
            for request in refused {
                self.unsaved.retain(|kept| kept.id != request.id);
                if !request.ephemeral {
                    let failed = DeliveryState::Failed(FailReason::NotConnected);
                    self.tell_update(&request.id, Durability::MemoryOnly, failed);
                }
            }
            return self.append(now, kept);
        }
        let storable = self.options.outbox.enabled
            && self.options.outbox.persist
            && self.follower.store_works != Some(false);
        let (stored, direct): (Vec<_>, Vec<_>) =
            requests.into_iter().partition(|r| storable && r.queue && !r.ephemeral);
        if !direct.is_empty() {
            self.unsaved.retain(|kept| !kept.ephemeral);
            self.say_to_leader(LinkMessage::Send { tab: self.tab.clone(), requests: direct });
        }
        if stored.is_empty() {
            return;
        }
        if self.term == 0 {
            // Probably the lock is about to be ours: the engine then takes them from `unsaved`.
            self.follower.settle_at.get_or_insert(now.mono + SETTLE_MS);
        } else {
            self.append(now, stored);
        }
    }

    fn append(&mut self, now: Now, requests: Vec<SendRequest>) {
        let mut rows = Vec::with_capacity(requests.len());
        let mut taken = Vec::with_capacity(requests.len());
        for request in requests {
            match outbox::row_of(&request, now.wall, &self.tab) {
                Ok(row) => {
                    rows.push(row);
                    taken.push(request);
                }
                Err(reason) => {
                    self.unsaved.retain(|kept| kept.id != request.id);
                    self.tell_update(&request.id, Durability::MemoryOnly, DeliveryState::Failed(reason));
                }
            }
        }
        if rows.is_empty() {
            return;
        }
        let number = FIRST_APPEND + self.follower.appends;
        self.follower.appends += 1;
        self.follower.appending.insert(number, taken);
        self.out.push_back(NodeOutput::Append { number, rows });
    }

    fn say_to_leader(&mut self, message: LinkMessage) {
        self.out.push_back(NodeOutput::Link(LinkTarget::All, message));
    }
}
