//! What outlives a client whose options change: what was sent, what is shown of it, and what a person
//! asked for. The successor has the same URL and user, and takes it over.

use super::orders::Order;
use super::receipts::Told;
use super::session::Session;
use super::state::State;
use super::{Client, Settings};
use crate::MessageId;
use crate::bridge::PageId;
use crate::edits::Edits;
use crate::fold::OwnChat;
use crate::ledger::Ledger;
use std::collections::{BTreeMap, HashMap};

/// See the module.
pub(crate) struct Heritage {
    page: PageId,
    auto_connect: bool,
    wanted: Option<bool>,
    session: Session,
    ledger: Ledger,
    orders: BTreeMap<MessageId, Order>,
    edits: Edits,
    own_chat: Vec<OwnChat>,
    read_up_to: HashMap<String, u64>,
    received: HashMap<String, Told>,
}

impl Client {
    /// Takes everything out of this client, and ends it.
    pub(crate) fn bequeath(&self) -> Heritage {
        let heritage = {
            let mut state = self.state_mut();
            let state = &mut *state;
            Heritage {
                page: self.0.page.clone(),
                auto_connect: self.0.settings.auto_connect,
                wanted: state.wanted,
                session: state.session,
                ledger: std::mem::take(&mut state.ledger),
                orders: std::mem::take(&mut state.orders),
                edits: std::mem::take(&mut state.edits),
                own_chat: std::mem::take(&mut state.own_chat),
                read_up_to: std::mem::take(&mut state.read_up_to),
                received: std::mem::take(&mut state.received),
            }
        };
        self.close();
        heritage
    }
}

impl Heritage {
    /// Into a new client's state; the page's name, which stays.
    pub(super) fn settle(self, state: &mut State, settings: &Settings) -> PageId {
        // A provider that says something new about connecting is heard.
        state.wanted = self.wanted.filter(|_| self.auto_connect == settings.auto_connect);
        // What was over begins again with a new client.
        state.session = if self.session == Session::Over { Session::Open } else { self.session };
        state.ledger = self.ledger;
        state.orders = self.orders;
        state.edits = self.edits;
        state.own_chat = self.own_chat;
        state.own_chat_version += 1;
        state.read_up_to = self.read_up_to;
        state.received = self.received;
        self.page
    }
}
