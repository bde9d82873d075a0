//! An own message, from the click to the server's confirmation and beyond.
//!
//! A v1 server shows it with its `cause`. A basic one says nothing of it at all, or sends it to
//! everybody under an id of its own.

use crate::{MessageId, SendState};
use sentinelops_engine::DeliveryState;
use sentinelops_protocol::domain::ChatMessage;
use std::rc::Rc;

/// How far the clocks of page and server may be apart for a message to be taken for an echo, ms.
const CLOCKS_MS: u64 = 60_000;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct OwnChat {
    pub id: MessageId,
    /// Its time is a guess at the server's: when it was written, then when it last left.
    pub message: Rc<ChatMessage>,
    pub state: SendState,
}

impl OwnChat {
    /// News of it. `now` is wall clock; `newest` the server's time of the newest message shown with it.
    pub(crate) fn update(&mut self, state: SendState, now: u64, newest: Option<u64>) {
        let gone = |state: &SendState| state.delivery == DeliveryState::Sent || state.is_delivered();
        // A second `Sent` is a second sending. Without a first one it left unseen just now.
        if state.delivery == DeliveryState::Sent || state.is_delivered() && !gone(&self.state) {
            // The server takes it after what it has shown, also where its clock is ahead.
            let after = newest.map_or(0, |newest| newest + 1);
            Rc::make_mut(&mut self.message).timestamp = now.max(after);
        }
        self.state = state;
    }

    /// Nobody will ever say more of it than that it left: it stands where it probably belongs.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.state.delivery == DeliveryState::HandedOver
    }

    /// Whether it may come back without a cause. `basic`: the server never names one.
    pub(crate) fn may_be_echoed(&self, basic: bool) -> bool {
        let on_its_way = matches!(self.state.delivery, DeliveryState::Sent | DeliveryState::Unconfirmed);
        self.is_handed_over() || basic && on_its_way
    }

    /// Whether `message` is this one come back. Without a `user` only the id tells.
    pub(crate) fn is_echoed_by(&self, message: &ChatMessage, user: Option<&str>) -> bool {
        message.id == self.id.as_str()
            || user == Some(&*message.sender_id)
                && message.conversation_id == self.message.conversation_id
                && message.content == self.message.content
                && message.timestamp.abs_diff(self.message.timestamp) <= CLOCKS_MS
    }
}
