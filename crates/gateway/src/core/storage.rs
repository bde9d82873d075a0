//! The store takes nothing for a while: what waits for it, what is refused, who is told.

use super::{Gateway, Now};
use sentinelops_protocol::close;

impl Gateway {
    /// `Some(retryAfterMs)` while the store cannot take anything: every command is refused with a retryable `nack`,
    /// also one that was accepted before, because its record may be one that waits; events are not published. What
    /// depends on records that wait is held back until `None`; connections that have to end do end. Where other gateways
    /// write to the same log, what waits for it is refused for now. Clients are told of the change.
    pub fn set_unavailable(&mut self, now: Now, retry_ms: Option<u64>) {
        let changes = retry_ms.is_some() != self.unavailable.is_some();
        if self.is_shared() {
            self.set_unreachable(now, retry_ms);
            if changes {
                self.tell_storage(now);
            }
            return self.settle(now);
        }
        if retry_ms.is_some() && self.unavailable.is_none() {
            self.flush_everything(now);
            self.outputs.hold(self.store.committed());
        } else if retry_ms.is_none() {
            self.outputs.release();
        }
        self.unavailable = retry_ms;
        if changes {
            self.tell_storage(now);
            self.settle(now);
        }
    }

    /// Tells every welcomed connection whether commands can be stored.
    fn tell_storage(&mut self, now: Now) {
        let storage = super::session::storage(self.unavailable);
        for conn in self.ids_of_connections() {
            let is_welcomed = self.conns.get(&conn).is_some_and(|conn| conn.session().is_some());
            if is_welcomed {
                self.send_system(now, conn, &storage);
            }
        }
    }

    /// Sends at once whatever is owed to anybody, so that no later output depends on an earlier input. A connection
    /// that cannot take it now is closed; it resumes from its cursors.
    fn flush_everything(&mut self, now: Now) {
        for conn in self.ids_of_connections() {
            self.flush(now, conn);
            if self.conns.get(&conn).is_some_and(|conn| conn.is_owed()) {
                self.stats.drops.slow += 1;
                self.close(
                    now,
                    conn,
                    close::SLOW_CONSUMER,
                    "slow consumer: the server cannot store anything",
                );
            }
        }
    }
}
