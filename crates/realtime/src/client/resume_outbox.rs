//! What an earlier life of this page left in the outbox is shown like what was sent just now: own
//! chat messages and edits do not disappear from view after a reload.
//!
//! The first list of a worker shows what waits, whichever tab sent it. The page asks how each of these messages
//! ends: from then on it receives their updates beside the page that sent them, and needs no further list.

use super::Client;
use super::changes::Dependency;
use crate::MessageId;
use crate::bridge::ToWorker;
use sentinelops_engine::tabs::Inquiry;
use sentinelops_engine::{Durability, MessageInfo};
use std::rc::Rc;

impl Client {
    /// Asks the new worker what there is.
    pub(super) fn begin_resuming_outbox(&self) {
        self.state_mut().sends.resumes_outbox = true;
        self.post(ToWorker::WatchOutbox(true));
    }

    /// Takes over what the first list of a worker shows.
    pub(super) fn resume_outbox(&self, list: &[Rc<MessageInfo>], now: u64) {
        if !std::mem::take(&mut self.state_mut().sends.resumes_outbox) {
            return;
        }
        let mut about: Vec<Inquiry> = Vec::new();
        for info in list {
            let id = MessageId::from(info.update.id.as_str());
            // What failed earlier is for the outbox panel, not for the conversation. After what is in a leader's
            // memory nobody can ask once that leader is gone.
            let lasts = info.update.durability == Durability::Durable && !info.update.delivery.is_final();
            if lasts && self.send_state(&id).is_none() {
                self.show_at_once(&id, (info.channel, &info.kind), &info.payload, info.created_at);
                self.take_update(&info.update, now);
                let send_log = &mut self.state_mut().sends.log;
                send_log.listed(info);
                about.extend(send_log.inquiry(&id));
            }
        }
        if !about.is_empty() {
            self.post(ToWorker::Inquire(about));
        }
        if self.state().listeners.watchers(&Dependency::Outbox) == 0 {
            self.post(ToWorker::WatchOutbox(false));
        }
    }
}
