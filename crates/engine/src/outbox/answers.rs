//! Answers of the server. Only they end a possibly sent row.

use super::Outbox;
use super::queue::Place;
use super::removal::AGAIN_MS;
use crate::backoff::LONGEST_SERVER_DELAY_MS;
use crate::mutant::{self, Mutant};
use crate::{DeliveryState, FailReason, Now};
use sentinelops_protocol::{Code, close};

/// After this time (ms) a lost socket can deliver no more copies: a server closes a connection that is silent for 75 s.
const COPY_COMES_MS: u64 = 80_000;

impl Outbox {
    /// The server accepted and stored these. Ids that are unknown or were never sent are ignored.
    pub fn ack(&mut self, now: Now, ids: &[String]) {
        for id in ids {
            self.cause(now, id);
        }
    }

    /// An event caused by one of our messages arrived: equal to its ack.
    pub fn cause(&mut self, now: Now, id: &str) {
        if let Some(mut seq) = self.sent(id) {
            if mutant::active(Mutant::AckRemovesWrongRow)
                && let Some((first, _)) = self.queue.first_in_flight()
            {
                seq = first;
            }
            self.end(now, seq, DeliveryState::Delivered);
        }
    }

    /// The server refused a message, for good or (with `retry_after_ms`) for now. Then no row of its key may pass it.
    pub fn nack(&mut self, now: Now, id: &str, code: Code, message: String, retry_after_ms: Option<u64>) {
        let Some(seq) = self.sent(id) else { return };
        let Some(wait) = retry_after_ms else {
            return self.end(now, seq, DeliveryState::Failed(FailReason::Refused { code, message }));
        };
        if !self.queue.get(seq).is_some_and(|entry| matches!(entry.place, Place::InFlight { .. })) {
            return;
        }
        // Only the head of a key is refused for its own sake; later rows are refused because of it.
        let own = self.queue.is_head(seq);
        let mut attempts = 0;
        if let Some(entry) = self.queue.get_mut(seq) {
            entry.row.attempts += u32::from(own);
            attempts = entry.row.attempts;
        }
        self.queue.requeue(seq);
        let too_often = own && attempts >= self.options.max_attempts.max(1);
        if too_often && self.can_be_ended(seq) && !self.copy_may_come(now, seq) {
            let reason = FailReason::TooManyAttempts { attempts, code, message };
            return self.end(now, seq, DeliveryState::Failed(reason));
        }
        // A row that has to stay is not sent again soon, and no wait exceeds an hour.
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
        self.report(seq);
    }

    /// An `error` that names a message: final. `false`: it is not one of ours.
    pub fn server_error(&mut self, now: Now, id: &str, code: Code, message: String) -> bool {
        let sent = self.sent(id);
        if let Some(seq) = sent {
            self.end(now, seq, DeliveryState::Failed(FailReason::Refused { code, message }));
        }
        sent.is_some()
    }

    /// The server closed with this code. `true`: the code blames a message and rows were in flight, so the caller redials
    /// instead of going to Error. From then on one row is in flight at a time, and the row that was alone in flight at
    /// two such closes goes to the failed list.
    pub fn closed_on_us(&mut self, now: Now, code: u16, reason: &str) -> bool {
        let blames =
            matches!(code, close::TOO_BIG | close::INVALID_DATA | close::POLICY | close::BAD_REQUEST);
        let in_flight: Vec<u64> = self.queue.in_flight_rows().map(|(_, seq)| seq).collect();
        if !blames || in_flight.is_empty() {
            return false;
        }
        self.window.suspect(in_flight.iter().copied());
        if let [alone] = in_flight[..]
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

    /// Whether the network may still carry a copy that the server would accept after we reported the failure.
    fn copy_may_come(&self, now: Now, seq: u64) -> bool {
        let Some(entry) = self.queue.get(seq) else { return false };
        let since = entry.lost_at.or(entry.sent_before.then_some(self.earlier.until));
        since.is_some_and(|at| now.mono < at.saturating_add(COPY_COMES_MS))
    }

    fn sent(&self, id: &str) -> Option<u64> {
        self.queue.find(id).filter(|seq| self.queue.get(*seq).is_some_and(|entry| entry.row.possibly_sent))
    }
}
