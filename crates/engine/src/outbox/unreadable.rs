//! Stored records that cannot be read. They are counted, and remembered for inquiries about a message that is nowhere else.

use super::{Outbox, OutboxOutput};
use crate::UnreadableRecord;

#[derive(Debug, Default)]
pub(super) struct Unreadable {
    pub count: u32,
    /// As they were when the store was opened, also after the user deleted them.
    records: Vec<UnreadableRecord>,
    /// Some were found at the last opening, so a missing message may be among them.
    doubt: bool,
}

impl Unreadable {
    /// Whether a message that is nowhere else may be among them.
    pub fn may_hold(&self, id: &str) -> bool {
        self.doubt || self.records.iter().any(|record| record.names(id))
    }
}

impl Outbox {
    /// Takes the unreadable records of an opening. Only a leader has an outbox, so only it sets records aside.
    pub(super) fn found_unreadable(&mut self, records: Vec<UnreadableRecord>) {
        let new = records.iter().filter(|record| record.set_aside_at.is_none()).count();
        if new > 0 {
            self.out.push_back(OutboxOutput::Note(format!(
                "{new} stored records cannot be read and are set aside"
            )));
            self.out.push_back(OutboxOutput::SetAside);
        }
        self.unreadable = Unreadable {
            count: u32::try_from(records.len()).unwrap_or(u32::MAX),
            doubt: records.iter().any(UnreadableRecord::is_new_doubt),
            records,
        };
    }

    pub(super) fn count_unreadable(&mut self, count: u32) {
        self.unreadable.count = count;
    }
}
