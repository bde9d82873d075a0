//! How a follower passes on what its page sent: storable messages to the store, the others to the leader.

use super::election::Role;
use super::link::LinkMessage;
use super::node::Node;
use super::sends::{Custody, PendingSend, Sends};
use crate::mutant::{self, Mutant};
use crate::{Now, SendRequest};
use std::collections::{BTreeMap, BTreeSet};

/// While no leader is known, messages wait this long (ms) in case the lock is granted to this tab.
const SETTLE_MS: u64 = 500;

impl Sends {
    /// Every message without an end, in order, for a leader that cannot read the store.
    fn everything(&mut self) -> Vec<SendRequest> {
        let mut all: Vec<_> = self.saved().collect();
        for pending in self.pending.iter_mut().filter(|pending| !pending.request.ephemeral) {
            match pending.custody {
                Custody::Ending(_) | Custody::Engine => continue,
                Custody::Nobody => pending.custody = Custody::Leader,
                // May be in the store, or known.
                Custody::Store(_) | Custody::Leader => pending.request.again = true,
            }
            all.push((pending.number, pending.request.clone()));
        }
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, request)| request).collect()
    }

    /// Takes the messages that go to the leader now: those that cannot be stored or are not queued, each behind the
    /// earlier ones of its ordering key and coalesce name. The others go to the store or wait. `storable`: the store
    /// accepts messages.
    fn take_for_leader(&mut self, storable: bool) -> Vec<SendRequest> {
        // While the store has refused a queued message, all of them go to the leader, so that they keep their order.
        let stores =
            storable && !self.pending.iter().any(|pending| pending.is_queued() && pending.unstorable);
        let mut last: BTreeMap<OrderedBy, Whereabouts> = BTreeMap::new();
        let mut requests = Vec::new();
        for pending in &mut self.pending {
            let queued = pending.is_queued();
            let names = ordered_by(pending);
            if let Custody::Ending(_) = pending.custody {
                // A store that does not answer is not waited for.
                last.extend(names.into_iter().filter(|_| storable).map(|name| (name, Whereabouts::Blocked)));
                continue;
            }
            let is_before = |state| names.iter().any(|name| last.get(name) == Some(&state));
            let (stored, blocked) = (is_before(Whereabouts::Stored), is_before(Whereabouts::Blocked));
            let handed = is_before(Whereabouts::Handed);
            pending.behind_another = false;
            let state = match (pending.custody, queued) {
                (Custody::Nobody, false) if stored || blocked => Whereabouts::Blocked,
                // While an earlier one is on its way to the store, and this one may not follow it there or has another
                // one before it at the leader, either way could overtake one of them.
                (Custody::Nobody, true) if blocked || (storable && stored && (handed || !stores)) => {
                    pending.behind_another = true;
                    Whereabouts::Blocked
                }
                (Custody::Nobody, true) if stores && !handed => Whereabouts::Stored,
                (Custody::Nobody, _) => {
                    pending.custody = Custody::Leader;
                    requests.push(pending.request.clone());
                    Whereabouts::Handed
                }
                (Custody::Leader, _) => Whereabouts::Handed,
                (Custody::Store(_) | Custody::Ending(_) | Custody::Engine, _) => Whereabouts::Stored,
            };
            last.extend(names.into_iter().map(|name| (name, state)));
        }
        requests
    }

    /// Without a leader: messages behind one whose end is being stored wait for the answer. If the store refuses that end,
    /// the earlier message is sent first.
    pub(super) fn wait_for_endings(&mut self) {
        let mut waiting = BTreeSet::new();
        for pending in &mut self.pending {
            let names = ordered_by(pending);
            pending.behind_another = names.iter().any(|name| waiting.contains(name));
            if pending.behind_another || matches!(pending.custody, Custody::Ending(_)) {
                waiting.extend(names);
            }
        }
    }
}

/// What keeps messages in order on their way to the leader. Messages of one ordering key take effect in this order; of
/// one coalesce name the last counts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum OrderedBy {
    Key(String),
    Coalesce(String),
}

/// An ephemeral message has none.
fn ordered_by(pending: &PendingSend) -> Vec<OrderedBy> {
    if pending.request.ephemeral || !pending.request.queue && mutant::active(Mutant::UnqueuedFirst) {
        return Vec::new();
    }
    let key = pending.key.clone().map(OrderedBy::Key);
    key.into_iter().chain(pending.request.coalesce.clone().map(OrderedBy::Coalesce)).collect()
}

/// Where a follower's last message of a key or name is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    /// On its way to the store, where the leader finds it.
    Stored,
    /// Waits for stored ones (an unqueued message), or its end is being stored. Later ones wait as well.
    Blocked,
    /// Handed to the leader.
    Handed,
}

impl Node {
    /// Appends what can be stored and sends the rest to the leader.
    pub(super) fn hand_to_others(&mut self, now: Now) {
        if !self.sends.linked {
            self.refuse_unqueued();
        }
        if self.term == 0 && !self.sends.settled {
            // The lock may be granted to this tab, or a leader may answer, within this time.
            self.sends.settle_at.get_or_insert(now.mono + SETTLE_MS);
            return;
        }
        let storable = self.can_store() && !self.sends.silent;
        let requests = self.sends.take_for_leader(storable);
        if !requests.is_empty() {
            self.broadcast(LinkMessage::Send { tab: self.tab.clone(), requests, whole: false });
        }
        self.append(now);
    }

    /// The leader cannot read the store (a frozen tab may hold it): sends it everything this tab has, stored or not.
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
        // Sent even when empty: it shows that later messages have no earlier ones.
        let requests = self.sends.everything();
        self.broadcast(LinkMessage::Send { tab: self.tab.clone(), requests, whole: true });
    }
}
