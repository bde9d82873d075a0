//! Commands of clients.
use super::Gateway;
use super::types::{ConnId, Now};
use sentinelops_protocol::Command;

impl Gateway {
    pub(super) fn command(&mut self, _now: Now, _conn: ConnId, _command: &Command) {
        let _ = (&self.effects, self.commands);
    }
}
