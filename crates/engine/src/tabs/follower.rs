//! Commands of the page while this tab has no engine: the leader is asked.

use super::link::LinkMessage;
use super::node::Node;
use super::types::PageCommand;

impl Node {
    pub(super) fn follow(&mut self, command: PageCommand) {
        let tab = self.tab.clone();
        match command {
            PageCommand::Subscribe(_)
            | PageCommand::Unsubscribe(_)
            | PageCommand::WatchMetrics(_)
            | PageCommand::WatchOutbox(_) => self.announce(false),
            PageCommand::Retry { id, confirm } => self.say(LinkMessage::Retry { tab, id, confirm }),
            PageCommand::Discard { id } => self.say(LinkMessage::Discard { tab, id }),
            PageCommand::Credit(number) => {
                self.say(LinkMessage::Credit { tab, turn: self.turn, number });
            }
            PageCommand::Token(token) => self.token = Some(token),
            PageCommand::TryNow => self.say(LinkMessage::Hint { hint: None }),
            PageCommand::Hint(hint) => self.say(LinkMessage::Hint { hint: Some(hint) }),
            PageCommand::SignOut(_) => {}
            PageCommand::PageHide | PageCommand::Disconnect => self.say(LinkMessage::Detach { tab }),
            PageCommand::Inquire(about) => self.say(LinkMessage::Inquire { tab, about }),
            // `settle` hands over what was sent.
            PageCommand::Send(_) | PageCommand::Connect => {}
        }
    }
}
