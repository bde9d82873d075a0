//! Commands of the page while this tab has no engine: the leader is asked.

use super::Node;
use crate::Now;
use crate::tabs::link::{LinkMessage, LinkTarget, TabId};
use crate::tabs::types::{NodeOutput, PageCommand};

/// An attachment of this tab to a leader. Nothing of an earlier one counts.
#[derive(Default)]
pub(super) struct Attachment {
    /// Its random id.
    pub id: u64,
    /// The leader has answered it with a batch.
    pub is_answered: bool,
    /// Where credits for its batches go, once there was one.
    pub credits_to: Option<LinkTarget>,
    /// The leader was handed the saved messages.
    pub saved_handed_on: bool,
    /// The leader was asked to end the session.
    pub asked_to_sign_out: bool,
}

impl Node {
    pub(super) fn follow(&mut self, now: Now, command: PageCommand) {
        let tab = self.options.tab.clone();
        match command {
            PageCommand::Subscribe(_)
            | PageCommand::Unsubscribe(_)
            | PageCommand::WatchMetrics(_)
            | PageCommand::WatchOutbox(_)
            | PageCommand::WatchRaw(_) => self.announce(false),
            PageCommand::Retry { id, confirm } => self.broadcast(LinkMessage::Retry { tab, id, confirm }),
            PageCommand::Discard { id } => self.broadcast(LinkMessage::Discard { tab, id }),
            PageCommand::Credit(number) => {
                // Before the first batch of this attachment it is for one of an earlier attachment, or of this tab's own engine.
                let Some(to) = self.attachment.credits_to.clone() else { return };
                let credit = LinkMessage::Credit { tab, attachment: self.attachment.id, number };
                self.out.push_back(NodeOutput::Link(to, credit));
            }
            PageCommand::Token(token) => self.sign_in.give(token),
            PageCommand::SendRaw(frame) => self.broadcast(LinkMessage::Raw { frame }),
            PageCommand::Reconnect => self.urge(now),
            PageCommand::Connect => self.connect_again(now),
            PageCommand::Hint(hint) => self.broadcast(LinkMessage::Hint { hint: Some(hint) }),
            PageCommand::PageHide => self.broadcast(LinkMessage::Detach { tab }),
            PageCommand::Inquire(about) => self.broadcast(LinkMessage::Inquire { tab, about }),
            // `finish_input` hands the messages over; the others are applied by `handle_page`.
            PageCommand::Send(_) | PageCommand::Disconnect | PageCommand::SignOut(_) => {}
        }
    }

    /// Remembers where credits go. Two leaders of one term may both send batches for a moment; then credits go to all tabs.
    pub(super) fn credit_goes_to(&mut self, leader: &TabId) {
        let to = LinkTarget::Tab(leader.clone());
        let another = self.attachment.credits_to.as_ref().is_some_and(|known| *known != to);
        self.attachment.credits_to = Some(if another { LinkTarget::All } else { to });
    }
}
