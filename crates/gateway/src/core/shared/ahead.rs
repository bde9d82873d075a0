//! Clients whose cursor is ahead of this gateway: they read from another one, which has read more of the log. They are
//! answered when this gateway has read as far.

use super::super::Gateway;
use super::super::types::{ConnId, Now};
use sentinelops_protocol::Subject;
use sentinelops_protocol::system::SubscribeEntry;

/// After this time such a client is shown the state as this gateway has it.
const WAIT_MS: u64 = 5_000;

#[derive(Debug)]
pub(super) struct Ahead {
    conn: ConnId,
    entry: SubscribeEntry,
    until: u64,
}

impl Ahead {
    fn seq(&self) -> u64 {
        self.entry.since.as_ref().map_or(0, |since| since.seq)
    }
}

impl Gateway {
    /// Takes `entry` back when its cursor is ahead; `None`: it is answered later.
    pub(in crate::core) fn unless_ahead(
        &mut self,
        now: Now,
        conn: ConnId,
        entry: SubscribeEntry,
    ) -> Option<SubscribeEntry> {
        let history = &self.history;
        let is_ahead =
            entry.since.as_ref().is_some_and(|since| since.epoch == history.epoch && since.seq > history.seq);
        let most = self.config.max_subscriptions;
        let Some(shared) = self.shared.as_mut().filter(|_| is_ahead) else { return Some(entry) };
        if shared.ahead.iter().filter(|ahead| ahead.conn == conn).count() >= most {
            return Some(entry);
        }
        shared.ahead.push(Ahead { conn, entry, until: now.mono + WAIT_MS });
        None
    }

    /// The subscription is ended, or begun in another way.
    pub(in crate::core) fn not_ahead(&mut self, conn: ConnId, subject: &Subject) {
        if let Some(shared) = &mut self.shared {
            shared.ahead.retain(|ahead| ahead.conn != conn || ahead.entry.subject() != *subject);
        }
    }

    /// Answers those whose cursor was reached, and those who waited too long.
    pub(in crate::core) fn answer_ahead(&mut self, now: Now) {
        let seq = self.history.seq;
        let Some(shared) = self.shared.as_mut().filter(|shared| !shared.ahead.is_empty()) else { return };
        let is_over = |ahead: &mut Ahead| ahead.seq() <= seq || ahead.until <= now.mono;
        let over: Vec<_> = shared.ahead.extract_if(.., is_over).collect();
        for Ahead { conn, entry, .. } in over {
            self.begin_subscription(now, conn, entry);
        }
    }

    pub(in crate::core) fn ahead_due(&self) -> Option<u64> {
        self.shared.as_ref()?.ahead.iter().map(|ahead| ahead.until).min()
    }

    /// A message of the log that is no record.
    pub fn passed(&mut self, now: Now, seq: u64) {
        self.history.seq = self.history.seq.max(seq);
        self.answer_ahead(now);
        self.judge_stale(now);
        self.settle(now);
    }
}
