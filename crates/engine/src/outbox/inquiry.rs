//! Inquiries about saved messages without a known end: a leader may die between an ack and the report of it.

use super::{Outbox, OutboxOutput};
use crate::tabs::Inquiry;
use crate::{ConsumerId, DeliveryState, Durability, FailReason, MessageUpdate, Mode};
use std::collections::VecDeque;

/// Inquiries and the rescans they wait for, because a row that another tab just saved may not have been found yet.
#[derive(Debug, Default)]
pub(super) struct Inquiries {
    waiting: VecDeque<(u64, ConsumerId, Inquiry)>,
    asked: u64,
    answered: u64,
}

impl Inquiries {
    /// A rescan was requested.
    pub fn rescan_began(&mut self) {
        self.asked += 1;
    }

    /// A rescan was answered.
    pub fn rescan_answered(&mut self) {
        self.answered = (self.answered + 1).min(self.asked);
    }

    /// The store was opened and read again. Earlier rescans are no longer answered, so inquiries wait for the next.
    pub fn reopened(&mut self) {
        self.answered = self.asked;
        for (look, ..) in &mut self.waiting {
            *look = self.asked + 1;
        }
    }

    pub fn wait(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn due(&mut self) -> Option<(ConsumerId, Inquiry)> {
        let (look, ..) = self.waiting.front()?;
        if *look > self.answered {
            return None;
        }
        self.waiting.pop_front().map(|(_, to, inquiry)| (to, inquiry))
    }
}

impl Outbox {
    /// A consumer asks how these messages ended.
    pub fn inquire(&mut self, to: ConsumerId, about: Vec<Inquiry>) {
        let look = self.inquiries.asked + 1;
        self.inquiries.waiting.extend(about.into_iter().map(|inquiry| (look, to, inquiry)));
        if self.inquiries.wait() {
            self.disk.rescan();
        }
    }

    /// Answers the inquiries whose rescan is done. A saved message that is nowhere has arrived, because bad ends are kept;
    /// unless unreadable records may hold it.
    pub(super) fn answer_inquiries(&mut self) {
        while let Some((to, Inquiry { id, coalesced, discarded })) = self.inquiries.due() {
            if self.known(&[to], &id) {
                continue;
            }
            let delivery = match self.connection.map(|link| link.mode) {
                _ if self.unreadable.may_hold(&id) => DeliveryState::Failed(FailReason::Unreadable),
                // It may have arrived before it was discarded; that is no longer known.
                _ if discarded => DeliveryState::Failed(FailReason::Discarded),
                // Arrived, or replaced by a newer one.
                _ if coalesced => DeliveryState::Superseded,
                Some(Mode::Basic) => DeliveryState::HandedOver,
                _ => DeliveryState::Delivered,
            };
            let update = MessageUpdate { id, durability: Durability::Durable, delivery };
            if update.delivery == DeliveryState::Failed(FailReason::Discarded) {
                // For another tab that asks later.
                self.ended.add(update.clone());
            }
            self.out.push_back(OutboxOutput::Update { to: vec![to], update });
        }
    }
}
