//! Whether the log still sends what it stores.

use std::time::{Duration, Instant};

/// A stored record that does not come back within this ends the connection: its consumer is dead.
pub(super) const MOST: Duration = Duration::from_secs(8);

/// What was sent, and what is waited for.
#[derive(Debug)]
pub(super) struct Delivery {
    /// Up to this `seq` everything was sent.
    sent: u64,
    /// A message that is stored and was not sent, and since when.
    awaited: Option<(u64, Instant)>,
}

impl Delivery {
    /// Everything up to `sent` was sent before.
    pub(super) fn after(sent: u64) -> Self {
        Self { sent, awaited: None }
    }

    /// A message came from the log.
    pub(super) fn sent(&mut self, seq: u64) {
        self.sent = seq;
        self.awaited = self.awaited.filter(|(awaited, _)| *awaited > seq);
    }

    /// The server says that it has stored a message. That may come after the message itself.
    pub(super) fn stored(&mut self, seq: u64, now: Instant) {
        if seq > self.sent {
            self.awaited.get_or_insert((seq, now));
        }
    }

    /// A message was stored and not sent for too long.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.awaited.is_some_and(|(_, since)| now.saturating_duration_since(since) > MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_and_not_sent_is_late_after_8_s() {
        let (mut delivery, now) = (Delivery::after(4), Instant::now());
        delivery.stored(5, now);
        delivery.stored(6, now + MOST);
        assert!(!delivery.is_late(now + MOST));
        assert!(delivery.is_late(now + MOST + Duration::from_millis(1)));
        delivery.sent(5);
        assert!(!delivery.is_late(now + MOST * 3));
    }

    #[test]
    fn what_was_sent_before_the_server_said_so_is_not_waited_for() {
        let (mut delivery, now) = (Delivery::after(4), Instant::now());
        delivery.sent(5);
        delivery.stored(5, now);
        assert!(!delivery.is_late(now + MOST * 3));
    }
}
