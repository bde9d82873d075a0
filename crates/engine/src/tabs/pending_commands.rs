//! Retry and discard commands of the user, kept until a leader has answered them. A leader may be dead or frozen when the
//! command is sent, and an idle tab has no leader.

use super::leader::Leader;
use super::link::{LinkMessage, TabId};
use super::types::PageCommand;
use crate::{Delivery, Now};
use std::collections::BTreeMap;

/// Most commands kept.
const MOST: usize = 1_000;

/// Commands by message id; the last one counts.
#[derive(Default)]
pub(super) struct PendingCommands(BTreeMap<String, PageCommand>);

impl PendingCommands {
    /// Keeps the command if it is a retry or discard.
    pub(super) fn keep(&mut self, command: &PageCommand) {
        let (PageCommand::Retry { id, .. } | PageCommand::Discard { id }) = command else { return };
        if self.0.len() < MOST || self.0.contains_key(id) {
            self.0.insert(id.clone(), command.clone());
        }
    }

    /// Any update of a message answers its command.
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

    /// The commands as messages to a leader that may not have received them.
    pub(super) fn messages(&self, tab: &TabId) -> Vec<LinkMessage> {
        let say = |command: &PageCommand| match command.clone() {
            PageCommand::Retry { id, confirm } => Some(LinkMessage::Retry { tab: tab.clone(), id, confirm }),
            PageCommand::Discard { id } => Some(LinkMessage::Discard { tab: tab.clone(), id }),
            _ => None,
        };
        self.0.values().filter_map(say).collect()
    }

    /// Carries the commands out; this tab leads now.
    pub(super) fn carry_out(&self, now: Now, leader: &mut Leader) {
        self.0.values().for_each(|command| leader.page(now, command.clone()));
    }
}
