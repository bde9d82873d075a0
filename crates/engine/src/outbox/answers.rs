//! What the server answers. Only it ends what was possibly sent.

use super::Outbox;
use super::leaving::AGAIN_MS;
use super::queue::Place;
use crate::backoff::LONGEST_SERVER_DELAY_MS;
use crate::mutant::{self, Mutant};
use crate::{DeliveryState, FailReason, Now};
use sentinelops_protocol::{Code, close};

/// A server closes a connection that it hears nothing from for 75 s: what a lost socket still carries has
/// come by then, or never will, ms.
const COPY_COMES_MS: u64 = 80_000;

impl Outbox {
    /// Accepted and stored. Ids that are not ours, or were never sent, mean nothing.
    pub fn ack(&mut self, now: Now, ids: &[String]) {
        for id in ids {
            self.cause(now, id);
        }
    }

    /// An event that one of our messages brought about: as good as its ack.
    pub fn cause(&mut self, now: Now, id: &str) {
        if let Some(mut seq) = self.sent(id) {
            if mutant::active(Mutant::AckRemovesWrongRow)
                && let Some((first, _)) = self.queue.first_flight()
            {
                seq = first;
            }
            self.end(now, seq, DeliveryState::Delivered);
        }
    }

    /// Refused: for good, or for now. Then nothing of its key may pass it.
    pub fn nack(&mut self, now: Now, id: &str, code: Code, message: String, retry_after_ms: Option<u64>) {
        let Some(seq) = self.sent(id) else { return };
        let Some(wait) = retry_after_ms else {
            return self.end(now, seq, DeliveryState::Failed(FailReason::Refused { code, message }));
        };
        if !self.queue.get(seq).is_some_and(|entry| matches!(entry.place, Place::Flying { .. })) {
            return;
        }
        // Of a key only the first is refused for its own sake; the rest is turned away behind it.
        let own = self.queue.is_head(seq);
        let mut attempts = 0;
        if let Some(entry) = self.queue.get_mut(seq) {
            entry.row.attempts += u32::from(own);
            attempts = entry.row.attempts;
        }
        self.queue.land(seq);
        let too_often = own && attempts >= self.options.max_attempts.max(1);
        if too_often && self.can_be_ended(seq) && !self.copy_may_come(now, seq) {
            let reason = FailReason::TooManyAttempts { attempts, code, message };
            return self.end(now, seq, DeliveryState::Failed(reason));
        }
        // What has to stay is not tried again soon, and nothing holds its key up for days.
        let wait = if too_often { wait.max(AGAIN_MS) } else { wait }.min(LONGEST_SERVER_DELAY_MS);
        self.window.clear(seq);
        if !mutant::active(Mutant::ReorderAfterNack) {
            self.queue.block(seq, now.mono.saturating_add(wait));
        } else if let Some(mut entry) = self.queue.remove(seq) {
            entry.row.ordering_key = None;
            self.queue.insert(seq, entry);
            self.queue.block(seq, now.mono.saturating_add(wait));
        }
        if own {
            self.put(seq);
        }
        self.tell(seq);
    }

    /// `error` naming a message: it decides at once. Whether it was one of ours.
    pub fn server_error(&mut self, now: Now, id: &str, code: Code, message: String) -> bool {
        let sent = self.sent(id);
        if let Some(seq) = sent {
            self.end(now, seq, DeliveryState::Failed(FailReason::Refused { code, message }));
        }
        sent.is_some()
    }

    /// The server closed with a code that blames what it was sent. With rows in flight the poison rule
    /// takes the case, and the caller redials instead of going to Error: one at a time, and the one
    /// that was alone in flight twice goes to the failed list.
    pub fn closed_on_us(&mut self, now: Now, code: u16, reason: &str) -> bool {
        let blames =
            matches!(code, close::TOO_BIG | close::INVALID_DATA | close::POLICY | close::BAD_REQUEST);
        let flying: Vec<u64> = self.queue.flights().map(|(_, seq)| seq).collect();
        if !blames || flying.is_empty() {
            return false;
        }
        self.window.suspect(flying.iter().copied());
        if let [alone] = flying[..]
            && let Some(entry) = self.queue.get_mut(alone)
        {
            entry.alone += 1;
            if entry.alone >= 2 {
                let reason = FailReason::Poison { code, reason: reason.to_owned() };
                self.end(now, alone, DeliveryState::Failed(reason));
            }
        }
        true
    }

    /// Whether the network may still hold a copy that the server would take, after this one was told to fail.
    fn copy_may_come(&self, now: Now, seq: u64) -> bool {
        let Some(entry) = self.queue.get(seq) else { return false };
        let since = entry.lost_at.or(entry.sent_before.then_some(self.started));
        since.is_some_and(|at| now.mono < at.saturating_add(COPY_COMES_MS))
    }

    fn sent(&self, id: &str) -> Option<u64> {
        self.queue.find(id).filter(|seq| self.queue.get(*seq).is_some_and(|entry| entry.row.possibly_sent))
    }
}
