//! The outbox as shown to users.

use super::{Outbox, row, update_of};
use crate::{MessageCounts, MessageInfo, MessageUpdate, Row};

impl Outbox {
    pub fn counts(&self) -> MessageCounts {
        MessageCounts {
            queued: self.queue.by_rank(),
            in_flight: self.queue.in_flight() as u32,
            failed: self.failed.len() as u32,
        }
    }

    /// All unanswered messages in the order they were taken, then the failed list.
    pub fn list(&self) -> Vec<MessageInfo> {
        let info = |row: &Row, update: MessageUpdate| MessageInfo {
            update,
            kind: row.kind.clone(),
            channel: row.channel,
            priority: row.priority,
            created_at: row.created_at,
            attempts: row.attempts,
            coalesced: row.coalesce.is_some(),
            payload: row::payload_of(row),
        };
        let live = self.queue.iter().map(|(_, entry)| info(&entry.row, update_of(entry)));
        let failed = self.failed.iter().map(|failed| {
            let durability = self.failed_durability(&failed.row.id);
            let (id, delivery) = (failed.row.id.clone(), failed.state.clone());
            info(&failed.row, MessageUpdate { id, durability, delivery })
        });
        live.chain(failed).collect()
    }

    /// How many stored records cannot be read.
    pub fn unreadable(&self) -> u32 {
        self.unreadable.count
    }

    /// Grows with every visible change, so that watchers know when they need a new list.
    pub fn version(&self) -> u64 {
        self.version
    }
}
