//! What the page of this tab wants and how it is shown.

use super::link::Interest;
use crate::{Batch, Cause, ConnectionState, Delivery, Status};
use sentinelops_protocol::Subject;
use std::collections::BTreeSet;

pub(super) struct PageState {
    /// It wants a connection. A tab whose page wants none follows or leads all the same: its messages are stored.
    pub connects: bool,
    pub subjects: BTreeSet<Subject>,
    /// It watches counters.
    pub metrics: bool,
    /// It watches the outbox list.
    pub outbox: bool,
    /// It watches frames that are no protocol messages.
    pub raw: bool,
    pub visible: bool,
    /// It is in the bfcache, or on its way there.
    pub away: bool,
}

impl Default for PageState {
    fn default() -> Self {
        let (connects, metrics, outbox, raw, away) = (false, false, false, false, false);
        Self { connects, subjects: BTreeSet::new(), metrics, outbox, raw, visible: true, away }
    }
}

impl PageState {
    /// What it watches.
    pub fn interest(&self) -> Interest {
        Interest {
            subjects: self.subjects.iter().cloned().collect(),
            metrics: self.metrics,
            outbox: self.outbox,
            raw: self.raw,
            connect: self.connects,
        }
    }

    /// What a leader in another tab is to send. A page that wants no connection receives nothing of one.
    pub fn interest_elsewhere(&self) -> Interest {
        let outbox = self.outbox;
        if self.connects { self.interest() } else { Interest { outbox, ..Interest::default() } }
    }

    /// A leader's batch as this page sees it: one that wants no connection has none.
    pub fn view(&self, mut batch: Batch) -> Batch {
        let statuses = batch.items.iter_mut().filter_map(|item| match item {
            Delivery::Status(status) if !self.connects => Some(status),
            _ => None,
        });
        for status in statuses {
            **status = Status {
                state: ConnectionState::Disconnected,
                cause: Cause::NotAsked,
                queued: status.queued,
                unreadable: status.unreadable,
                storage: status.storage.clone(),
                ..Status::default()
            };
        }
        batch
    }
}
