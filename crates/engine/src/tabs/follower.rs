//! Commands of the page while this tab has no engine: the leader is asked.

use super::election::Role;
use super::link::{LinkMessage, LinkTarget, TabId};
use super::node::Node;
use super::types::{NodeOutput, PageCommand};
use crate::{Delivery, Now, Output, StoreSnapshot, outbox};

impl Node {
    pub(super) fn follow(&mut self, now: Now, command: PageCommand) {
        let tab = self.tab.clone();
        match command {
            PageCommand::Subscribe(_)
            | PageCommand::Unsubscribe(_)
            | PageCommand::WatchMetrics(_)
            | PageCommand::WatchRaw(_) => {
                self.announce(false);
            }
            PageCommand::WatchOutbox(_) => {
                self.announce(false);
                self.look_at_stored();
            }
            PageCommand::Retry { id, confirm } => self.broadcast(LinkMessage::Retry { tab, id, confirm }),
            PageCommand::Discard { id } => self.broadcast(LinkMessage::Discard { tab, id }),
            PageCommand::Credit(number) => {
                let credit = LinkMessage::Credit { tab, turn: self.turn, number };
                let to = self.credits_to.clone().unwrap_or(LinkTarget::All);
                self.out.push_back(NodeOutput::Link(to, credit));
            }
            PageCommand::Token(token) => self.sign_in.give(token),
            PageCommand::SendRaw(frame) => self.broadcast(LinkMessage::Raw { frame }),
            PageCommand::Reconnect => self.urge(now),
            PageCommand::Connect => self.connect_again(now),
            PageCommand::Hint(hint) => self.broadcast(LinkMessage::Hint { hint: Some(hint) }),
            PageCommand::SignOut(_) => {}
            PageCommand::PageHide | PageCommand::Disconnect => self.broadcast(LinkMessage::Detach { tab }),
            PageCommand::Inquire(about) => self.broadcast(LinkMessage::Inquire { tab, about }),
            // `finish_input` hands the messages over.
            PageCommand::Send(_) => {}
        }
    }

    /// Remembers where credits go. Two leaders of one term may both send batches for a moment; then credits go to all tabs.
    pub(super) fn credit_goes_to(&mut self, leader: &TabId) {
        let to = LinkTarget::Tab(leader.clone());
        let another = self.credits_to.as_ref().is_some_and(|known| *known != to);
        self.credits_to = Some(if another { LinkTarget::All } else { to });
    }

    /// Reads the store for a tab that wants no connection, because no leader reports to it what waits. A page on its way
    /// into the bfcache begins no transaction: browsers evict a page that blocks the store.
    pub(super) fn look_at_stored(&mut self) {
        let idle = self.role() == Role::Idle && !self.wanted && !self.away;
        if idle && self.store_works == Some(true) {
            self.out.push_back(NodeOutput::Engine(Output::OpenStore));
        }
    }

    /// Shows the page the stored rows as an engine's outbox would list them.
    pub(super) fn show_stored(&mut self, now: Now, snapshot: &StoreSnapshot) {
        if self.role() != Role::Idle || self.leader.is_some() {
            return;
        }
        let pending = self.sends.pending.iter().map(|pending| pending.request.clone());
        let (list, counts) = outbox::preview(&self.options.outbox, &self.tab, now, snapshot.clone(), pending);
        self.stored = counts.queued;
        self.show_waiting();
        if self.watch.1 {
            self.deliver_items(vec![Delivery::Outbox(list, counts)]);
        }
    }
}
