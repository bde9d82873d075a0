//! How a follower passes on what its page sent: the leader stores and sends it.

use super::Node;
use super::sends::{Custody, PendingSend, Sends};
use crate::SendRequest;
use crate::mutant::{self, Mutant};
use crate::tabs::link::LinkMessage;
use std::collections::BTreeSet;

impl Sends {
    /// Takes the messages that go to the leader now. Behind one whose end is being stored nothing of its ordering key or
    /// coalesce name goes: if the store refuses that end, the earlier message is sent first.
    fn take_for_leader(&mut self) -> Vec<SendRequest> {
        let mut waiting = BTreeSet::new();
        let mut requests = Vec::new();
        for pending in &mut self.pending {
            let names = ordered_by(pending);
            if matches!(pending.custody, Custody::Ending(_))
                || names.iter().any(|name| waiting.contains(name))
            {
                waiting.extend(names);
            } else if pending.custody == Custody::Nobody {
                pending.custody = Custody::Leader;
                requests.push(pending.request.clone());
            }
        }
        requests
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
    if pending.request.ephemeral {
        return Vec::new();
    }
    let key = pending.key.clone().map(OrderedBy::Key);
    key.into_iter().chain(pending.request.coalesce.clone().map(OrderedBy::Coalesce)).collect()
}

impl Node {
    /// Hands everything this page sent to a leader that has answered this attachment: first, once, what is saved.
    pub(super) fn hand_to_leader(&mut self) {
        if !self.sends.linked {
            self.refuse_unqueued();
        }
        if !self.attachment.is_answered {
            return;
        }
        let first = !std::mem::replace(&mut self.attachment.saved_handed_on, true);
        let trusts = mutant::active(Mutant::TrustASilentStore);
        let saved = if first && !trusts { self.sends.saved_in_order() } else { Vec::new() };
        let requests = self.sends.take_for_leader();
        if !saved.is_empty() || !requests.is_empty() {
            self.broadcast(LinkMessage::Send { tab: self.options.tab.clone(), saved, requests });
        }
    }
}
