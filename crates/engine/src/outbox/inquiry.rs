//! Inquiries about saved messages without a known end: a leader may die between an ack and the report of it.

use super::{Outbox, OutboxOutput};
use crate::tabs::Inquiry;
use crate::{ConsumerId, DeliveryState, Durability, FailReason, MessageUpdate};

/// An inquiry that waits for the store: to be read, or for a later transaction than this one to commit. That proves that
/// this tab was still its writer, so no message that another one stored is missing here.
#[derive(Debug)]
pub(super) struct WaitingInquiry {
    to: ConsumerId,
    about: Inquiry,
    after: u64,
}

impl Outbox {
    /// A consumer asks how these messages ended.
    pub fn inquire(&mut self, to: ConsumerId, about: Vec<Inquiry>) {
        let after = self.store.last_number();
        self.inquiries.extend(about.into_iter().map(|about| WaitingInquiry { to, about, after }));
        if !self.inquiries.is_empty() {
            self.store.touch_meta();
        }
    }

    /// The transaction of this number has committed, or (`None`) the store was read. A saved message that is nowhere has
    /// arrived, because bad ends are kept; unless unreadable records may hold it.
    pub(super) fn answer_inquiries(&mut self, committed: Option<u64>) {
        let is_due = |inquiry: &mut WaitingInquiry| committed.is_none_or(|number| number > inquiry.after);
        let due: Vec<WaitingInquiry> = self.inquiries.extract_if(.., is_due).collect();
        for WaitingInquiry { to, about: Inquiry { id, coalesced, discarded }, .. } in due {
            if self.known(&[to], &id) {
                continue;
            }
            let delivery = match self.connection() {
                _ if self.unreadable.may_hold(&id) => DeliveryState::Failed(FailReason::Unreadable),
                // It may have arrived before it was discarded; that is no longer known.
                _ if discarded => DeliveryState::Failed(FailReason::Discarded),
                // Arrived, or replaced by a newer one.
                _ if coalesced => DeliveryState::Superseded,
                Some(link) if !link.acks => DeliveryState::HandedOver,
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
