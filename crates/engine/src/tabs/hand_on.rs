//! A follower hands on what its page sent: to the store what can be stored, to the leader the rest.

use super::election::Role;
use super::link::LinkMessage;
use super::node::Node;
use super::sends::{Kept, Sends, With};
use crate::mutant::{self, Mutant};
use crate::{Now, SendRequest};
use std::collections::{BTreeMap, BTreeSet};

/// With nobody known to lead, sends wait so long, ms, for the lock to be granted to this very tab.
const SETTLE_MS: u64 = 500;

impl Sends {
    /// Everything that has no end yet, in order, for a leader that cannot read the store.
    fn everything(&mut self) -> Vec<SendRequest> {
        let mut all: Vec<_> = self.saved().collect();
        for kept in self.kept.iter_mut().filter(|kept| !kept.request.ephemeral) {
            match kept.with {
                With::Ending(_) | With::Engine => continue,
                With::Nobody => kept.with = With::Leader,
                // May be in the store, or known.
                With::Store(_) | With::Leader => kept.request.again = true,
            }
            all.push((kept.number, kept.request.clone()));
        }
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, request)| request).collect()
    }

    /// What goes to the leader now: what cannot be stored (`storable`: the store takes messages) or is not to be
    /// queued, each behind the earlier ones of its ordering key and of its coalesce name. The rest goes to the store or
    /// waits.
    fn take_for_leader(&mut self, storable: bool) -> Vec<SendRequest> {
        // Behind what the store refused nothing goes another way: it keeps its order.
        let stores = storable && !self.kept.iter().any(|kept| kept.is_queued() && kept.unstorable);
        let mut last: BTreeMap<OrderedBy, Whereabouts> = BTreeMap::new();
        let mut requests = Vec::new();
        for kept in &mut self.kept {
            let queued = kept.is_queued();
            let names = ordered_by(kept);
            if let With::Ending(_) = kept.with {
                // A store that does not answer is not waited for.
                last.extend(names.into_iter().filter(|_| storable).map(|name| (name, Whereabouts::Blocked)));
                continue;
            }
            let is_before = |state| names.iter().any(|name| last.get(name) == Some(&state));
            let (stored, blocked) = (is_before(Whereabouts::Stored), is_before(Whereabouts::Blocked));
            let handed = is_before(Whereabouts::Handed);
            kept.behind_another = false;
            let state = match (kept.with, queued) {
                (With::Nobody, false) if stored || blocked => Whereabouts::Blocked,
                // While an earlier one is on its way to the store, and this one may not follow it there or has another
                // one before it at the leader, either way could overtake one of them.
                (With::Nobody, true) if blocked || (storable && stored && (handed || !stores)) => {
                    kept.behind_another = true;
                    Whereabouts::Blocked
                }
                (With::Nobody, true) if stores && !handed => Whereabouts::Stored,
                (With::Nobody, _) => {
                    kept.with = With::Leader;
                    requests.push(kept.request.clone());
                    Whereabouts::Handed
                }
                (With::Leader, _) => Whereabouts::Handed,
                (With::Store(_) | With::Ending(_) | With::Engine, _) => Whereabouts::Stored,
            };
            last.extend(names.into_iter().map(|name| (name, state)));
        }
        requests
    }

    /// Without a leader: what is behind a message whose end is being stored waits for the answer. Refused, that message
    /// goes on, before it.
    pub(super) fn wait_for_endings(&mut self) {
        let mut waiting = BTreeSet::new();
        for kept in &mut self.kept {
            let names = ordered_by(kept);
            kept.behind_another = names.iter().any(|name| waiting.contains(name));
            if kept.behind_another || matches!(kept.with, With::Ending(_)) {
                waiting.extend(names);
            }
        }
    }
}

/// What messages have in common that reach the leader in the order in which they were sent: those of one ordering key
/// take effect in this order, and of those of one coalesce name the last counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum OrderedBy {
    Key(String),
    Coalesce(String),
}

/// An ephemeral message has none.
fn ordered_by(kept: &Kept) -> Vec<OrderedBy> {
    if kept.request.ephemeral || !kept.request.queue && mutant::active(Mutant::UnqueuedFirst) {
        return Vec::new();
    }
    let key = kept.key.clone().map(OrderedBy::Key);
    key.into_iter().chain(kept.request.coalesce.clone().map(OrderedBy::Coalesce)).collect()
}

/// Where the last message of a key or name is, of those that a follower has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    /// On its way to the store, where the leader finds it.
    Stored,
    /// A message that waits for those, as an unqueued one does, or one whose end is being stored; what comes after it
    /// waits, too.
    Blocked,
    /// Handed to the leader.
    Handed,
}

impl Node {
    /// To the store what can be stored, to the leader the rest.
    pub(super) fn hand_to_others(&mut self, now: Now) {
        if !self.sends.linked {
            self.refuse_unqueued();
        }
        if self.term == 0 && !self.sends.settled {
            // Probably the lock is about to be ours, or a leader about to answer.
            self.sends.settle_at.get_or_insert(now.mono + SETTLE_MS);
            return;
        }
        let storable = self.can_store() && !self.sends.silent;
        let requests = self.sends.take_for_leader(storable);
        if !requests.is_empty() {
            self.say(LinkMessage::Send { tab: self.tab.clone(), requests, whole: false });
        }
        self.append(now);
    }

    /// A tab that does not run may hold the store: what lies there, or was to go there, goes another way, if
    /// somebody who sent it is still there.
    pub(super) fn hand_in(&mut self) {
        if self.role() != Role::Follower || !self.sends.silent || self.sends.handed_in {
            return;
        }
        self.sends.handed_in = true;
        if !self.sends.linked {
            self.refuse_unqueued();
        }
        if mutant::active(Mutant::TrustASilentStore) {
            return;
        }
        // Also when there is nothing: what comes from now on has nothing before it.
        let requests = self.sends.everything();
        self.say(LinkMessage::Send { tab: self.tab.clone(), requests, whole: true });
    }
}
