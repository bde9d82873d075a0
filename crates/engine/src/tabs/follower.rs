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
            PageCommand::Retry { id, confirm } => self.say(LinkMessage::Retry { tab, id, confirm }),
            PageCommand::Discard { id } => self.say(LinkMessage::Discard { tab, id }),
            PageCommand::Credit(number) => {
                let credit = LinkMessage::Credit { tab, turn: self.turn, number };
                let to = self.credits_to.clone().unwrap_or(LinkTarget::All);
                self.out.push_back(NodeOutput::Link(to, credit));
            }
            PageCommand::Token(token) => self.sign_in.give(token),
            PageCommand::SendRaw(frame) => self.say(LinkMessage::Raw { frame }),
            PageCommand::Reconnect => self.urge(now),
            PageCommand::Connect => self.connect_again(now),
            PageCommand::Hint(hint) => self.say(LinkMessage::Hint { hint: Some(hint) }),
            PageCommand::SignOut(_) => {}
            PageCommand::PageHide | PageCommand::Disconnect => self.say(LinkMessage::Detach { tab }),
            PageCommand::Inquire(about) => self.say(LinkMessage::Inquire { tab, about }),
            // `settle` hands over what was sent.
            PageCommand::Send(_) => {}
        }
    }

    /// Of two leaders that send batches of one turn, both of one term, one is about to stop: which one, nobody knows.
    pub(super) fn credit_goes_to(&mut self, leader: &TabId) {
        let to = LinkTarget::Tab(leader.clone());
        let another = self.credits_to.as_ref().is_some_and(|known| *known != to);
        self.credits_to = Some(if another { LinkTarget::All } else { to });
    }

    /// Nobody else shows a tab that wants no connection what waits to be sent. A page on its way into the bfcache
    /// begins no transaction: browsers evict one that keeps others from the store.
    pub(super) fn look_at_stored(&mut self) {
        let idle = self.role() == Role::Idle && !self.wanted && !self.away;
        if idle && self.store_works == Some(true) {
            self.out.push_back(NodeOutput::Engine(Output::OpenStore));
        }
    }

    /// What the store holds, as the outbox of an engine would show it.
    pub(super) fn show_stored(&mut self, now: Now, snapshot: &StoreSnapshot) {
        if self.role() != Role::Idle || self.leader.is_some() {
            return;
        }
        let kept = self.sends.kept.iter().map(|kept| kept.request.clone());
        let (list, counts) = outbox::preview(&self.options.outbox, &self.tab, now, snapshot.clone(), kept);
        self.stored = counts.queued;
        self.show_waiting();
        if self.watch.1 {
            self.tell(vec![Delivery::Outbox(list, counts)]);
        }
    }
}
