//! What people want of messages that were sent before: try again, drop.
//!
//! Only the outbox can do it, and while its worker is down, or has not read its store, it cannot. Then
//! the page remembers it until the list of the outbox shows the message.

use super::Client;
use crate::MessageId;
use crate::bridge::ToWorker;
use crate::recorder::RecordKind;
use sentinelops_engine::{FailReason, MessageInfo};
use std::rc::Rc;

/// What is wanted of one message; the last wish counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PendingAction {
    Retry { confirm: bool },
    Discard,
}

impl PendingAction {
    fn post(self, id: &MessageId) -> ToWorker {
        let id = id.to_string();
        match self {
            Self::Retry { confirm } => ToWorker::Retry { id, confirm },
            Self::Discard => ToWorker::Discard { id },
        }
    }
}

impl Client {
    /// Tries a failed message again; `confirm` allows a new id where it may have arrived already.
    /// While the worker is down it is remembered, and done by the next one.
    ///
    /// ```
    /// use sentinelops_realtime::engine::DeliveryState;
    /// use sentinelops_realtime::{Client, MessageId};
    ///
    /// /// One that is too old to be known to the server may have arrived: the person confirmed that.
    /// fn again(client: &Client, id: &MessageId, confirmed: bool) {
    ///     let state = client.send_state(id).map(|state| state.delivery);
    ///     let uncertain = matches!(state, Some(DeliveryState::Expired { may_have_arrived: true }));
    ///     if confirmed || !uncertain {
    ///         client.retry(id, confirmed);
    ///     }
    /// }
    /// ```
    pub fn retry(&self, id: &MessageId, confirm: bool) {
        self.record(RecordKind::Send, format!("retry {id}"));
        {
            let mut state = self.state_mut();
            let listed = state.view.outbox.0.iter().find(|info| info.update.id == id.as_str()).cloned();
            if let Some(info) = listed {
                state.sends.log.listed(&info);
            }
            state.sends.log.retry(id);
        }
        self.request_action(id, PendingAction::Retry { confirm });
        if !confirm {
            self.resubmit(id);
        }
    }

    /// What is tried again and on no disk is handed in again: the tab that had it in memory may be gone.
    pub(super) fn resubmit(&self, id: &MessageId) {
        let request = {
            let mut state = self.state_mut();
            let Some(request) = state.sends.log.resubmit(id) else { return };
            if state.worker.port.is_some() {
                state.sends.log.mark_handed_over(id);
            }
            request
        };
        self.post(ToWorker::Send(vec![request]));
    }

    /// Drops a message: unsent, or from the failed list. While the worker is down it is remembered: the
    /// next one is not handed the message, and drops what it finds of it.
    ///
    /// ```
    /// use sentinelops_realtime::{Client, Message, MessageId, SentMessage};
    ///
    /// /// Takes back what has not left yet and says it differently.
    /// fn reword(client: &Client, id: &MessageId, words: &str) -> SentMessage {
    ///     client.discard(id);
    ///     client.send(Message::chat("conv-1", words))
    /// }
    /// ```
    pub fn discard(&self, id: &MessageId) {
        self.record(RecordKind::Send, format!("discard {id}"));
        let (page_s_own, now) = {
            let mut state = self.state_mut();
            let down = state.worker.port.is_none();
            (state.sends.log.discard(id, down), self.platform().mono())
        };
        if page_s_own {
            // No worker ever had it, or what had it is gone with its memory.
            self.refuse(id, FailReason::Discarded, now);
            return self.schedule_flush();
        }
        self.request_action(id, PendingAction::Discard);
    }

    fn request_action(&self, id: &MessageId, action: PendingAction) {
        {
            let mut state = self.state_mut();
            // A worker that has delivered its list knows what it has.
            if state.worker.port.is_none() || state.sends.resumes_outbox {
                state.sends.pending_actions.insert(id.clone(), action);
            } else {
                state.sends.pending_actions.remove(id);
            }
        }
        self.post(action.post(id));
    }

    /// The list of a worker that has read its store: what is in it can be done, of the rest there is
    /// nothing to do.
    pub(super) fn replay_actions(&self, list: &[Rc<MessageInfo>]) {
        let actions = std::mem::take(&mut self.state_mut().sends.pending_actions);
        for (id, action) in actions {
            if list.iter().any(|info| info.update.id == id.as_str()) {
                self.post(action.post(&id));
            }
        }
    }
}
