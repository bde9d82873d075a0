//! Questions after messages that were saved and of which nobody heard again: a leader may die between
//! an ack and the news of it.

use super::{Outbox, OutboxOutput};
use crate::tabs::Inquiry;
use crate::{ConsumerId, DeliveryState, Durability, FailReason, MessageUpdate, Mode};
use std::collections::VecDeque;

/// Questions, and the looks into the store they wait for: what another tab saved a moment ago may not
/// have been found yet.
#[derive(Debug, Default)]
pub(super) struct Inquiries {
    waiting: VecDeque<(u64, ConsumerId, Inquiry)>,
    asked: u64,
    answered: u64,
}

impl Inquiries {
    /// The store is being read.
    pub fn looking(&mut self) {
        self.asked += 1;
    }

    /// What it held is known now.
    pub fn looked(&mut self) {
        self.answered = (self.answered + 1).min(self.asked);
    }

    /// It was opened and read anew; what was asked of it before is not answered any more.
    pub fn anew(&mut self) {
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
    /// Somebody asks how these ended.
    pub fn inquire(&mut self, to: ConsumerId, about: Vec<Inquiry>) {
        let look = self.inquiries.asked + 1;
        self.inquiries.waiting.extend(about.into_iter().map(|inquiry| (look, to, inquiry)));
        if self.inquiries.wait() {
            self.disk.rescan();
        }
    }

    /// The store was read: what is in it no more has arrived, for bad ends are kept. Unless it cannot be
    /// read.
    pub(super) fn answer_inquiries(&mut self) {
        while let Some((to, Inquiry { id, coalesced, discarded })) = self.inquiries.due() {
            if self.known(&[to], &id) {
                continue;
            }
            let delivery = match self.link.map(|link| link.mode) {
                _ if self.unreadable.may_hold(&id) => DeliveryState::Failed(FailReason::Unreadable),
                // Or it arrived before it could be dropped; nobody remembers.
                _ if discarded => DeliveryState::Failed(FailReason::Discarded),
                // Arrived, or gone for a newer one that says the same and more.
                _ if coalesced => DeliveryState::Superseded,
                Some(Mode::Basic) => DeliveryState::HandedOver,
                _ => DeliveryState::Delivered,
            };
            let update = MessageUpdate { id, durability: Durability::Durable, delivery };
            if update.delivery == DeliveryState::Failed(FailReason::Discarded) {
                // Another tab that asks later does not know it.
                self.ended.add(update.clone());
            }
            self.out.push_back(OutboxOutput::Update { to: vec![to], update });
        }
    }
}
