//! What an earlier life of this page left in the outbox is shown like what was sent just now: own
//! chat messages and edits do not vanish from view because somebody reloaded.
//!
//! The worker tells news of a message to the page that sent it, and that page is gone. So the list
//! of the outbox is watched until none of these messages is in it any more, and how it ended that is in
//! it no more is asked.

use super::Client;
use super::news::Interest;
use crate::bridge::ToWorker;
use crate::realtime::MessageId;
use sentinelops_engine::MessageInfo;
use sentinelops_engine::tabs::Inquiry;
use std::collections::HashSet;
use std::rc::Rc;

impl Client {
    /// Asks the new worker what there is.
    pub(super) fn begin_adoption(&self) {
        self.state_mut().adopting = true;
        self.post(ToWorker::WatchOutbox(true));
    }

    /// The list came, or came again.
    pub(super) fn adopt(&self, list: &[Rc<MessageInfo>], now: u64) {
        if std::mem::take(&mut self.state_mut().adopting) {
            for info in list {
                let id = MessageId::from(info.update.id.as_str());
                // What failed earlier is for the outbox panel, not for the conversation.
                if self.send_state(&id).is_none() && !info.update.delivery.is_final() {
                    self.show_at_once(&id, (info.channel, &info.kind), &info.payload, info.created_at);
                    self.state_mut().adopted.insert(id);
                }
            }
        }
        let adopted: Vec<MessageId> = self.state().adopted.iter().cloned().collect();
        if adopted.is_empty() {
            if self.state().watchers(&Interest::Outbox) == 0 {
                self.post(ToWorker::WatchOutbox(false));
            }
            return;
        }
        let listed: HashSet<&str> = list.iter().map(|info| info.update.id.as_str()).collect();
        for info in list.iter().filter(|info| adopted.iter().any(|id| id.as_str() == info.update.id)) {
            self.take_update(&info.update, now);
        }
        // What is listed no more has arrived, or was dropped in another tab, or replaced: whoever leads
        // remembers which.
        let gone = adopted.iter().filter(|id| !listed.contains(id.as_str()));
        let about: Vec<Inquiry> = {
            let mut state = self.state_mut();
            let state = &mut *state;
            let ended = |id: &MessageId| state.ledger.state(id).is_some_and(|known| known.is_final());
            state.adopted.retain(|id| listed.contains(id.as_str()) && !ended(id));
            gone.filter(|id| !ended(id)).map(|id| state.ledger.inquiry(id)).collect()
        };
        if !about.is_empty() {
            self.post(ToWorker::Inquire(about));
        }
    }
}
