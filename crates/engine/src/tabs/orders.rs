//! Retry and discard: what a person decided about a message, kept until the leader has answered.
//! A leader may be dead or frozen when it is asked, and a tab that wants no connection has nobody to ask.

use super::leader::Leader;
use super::link::{LinkMessage, TabId};
use super::types::PageCommand;
use crate::{Delivery, Now};
use std::collections::BTreeMap;

/// Most that wait; a person cannot press more.
const MOST: usize = 1_000;

#[derive(Clone, Copy)]
enum Order {
    Retry { confirm: bool },
    Discard,
}

/// By message; the last decision counts.
#[derive(Default)]
pub(super) struct Orders(BTreeMap<String, Order>);

impl Orders {
    /// If it is one.
    pub(super) fn keep(&mut self, command: &PageCommand) {
        let (id, order) = match command {
            PageCommand::Retry { id, confirm } => (id, Order::Retry { confirm: *confirm }),
            PageCommand::Discard { id } => (id, Order::Discard),
            _ => return,
        };
        if self.0.len() < MOST || self.0.contains_key(id) {
            self.0.insert(id.clone(), order);
        }
    }

    /// Any news of a message answers what was asked about it.
    pub(super) fn answered(&mut self, items: &[Delivery]) {
        if self.0.is_empty() {
            return;
        }
        for item in items {
            if let Delivery::Message(update) = item {
                self.0.remove(&update.id);
            }
        }
    }

    /// To a leader that may not have heard them.
    pub(super) fn say_again(&self, tab: &TabId) -> Vec<LinkMessage> {
        let say = |(id, order): (&String, &Order)| match *order {
            Order::Retry { confirm } => LinkMessage::Retry { tab: tab.clone(), id: id.clone(), confirm },
            Order::Discard => LinkMessage::Discard { tab: tab.clone(), id: id.clone() },
        };
        self.0.iter().map(say).collect()
    }

    /// This tab leads now.
    pub(super) fn carry_out(&self, now: Now, leader: &mut Leader) {
        for (id, order) in &self.0 {
            let id = id.clone();
            leader.page(
                now,
                match *order {
                    Order::Retry { confirm } => PageCommand::Retry { id, confirm },
                    Order::Discard => PageCommand::Discard { id },
                },
            );
        }
    }
}
