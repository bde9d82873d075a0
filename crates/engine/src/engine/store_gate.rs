//! The store as dialling sees it: the first dial of a wish waits for it, because it may have a time that a server gave to
//! an earlier leader.

use super::{Engine, Phase};
use crate::Now;
use crate::liveness::READ_MS;

/// Longest wait (ms) for the store before dialling without it.
pub(crate) const STORE_WAIT_MS: u64 = 5_000;
/// The same (ms) where this tab had the store open until now: only a frozen tab's transaction can block it.
pub(crate) const LOOK_WAIT_MS: u64 = 2_500;

/// See the module's page.
#[derive(Debug)]
pub(super) struct StoreGate {
    answer: Answer,
    /// How long a dial waits for it, ms.
    pub wait_ms: u64,
    /// The term was raised to this: an engine is one leader. 0 before.
    hello_term: u64,
    /// Attempts were forgotten in this life: what an earlier one counted is over.
    pub attempts_over: bool,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Awaited,
    /// It did not answer in time: dial without it.
    Waived,
    /// It was opened: a time that a server gave to an earlier leader is known.
    Opened,
}

impl Default for StoreGate {
    fn default() -> Self {
        Self { answer: Answer::Awaited, wait_ms: STORE_WAIT_MS, hello_term: 0, attempts_over: false }
    }
}

impl Engine {
    /// The first dial of a wish.
    pub(super) fn first_attempt(&mut self, now: Now) {
        if !self.outbox.ready() && self.gate.answer != Answer::Waived {
            let until = now.mono + self.gate.wait_ms - READ_MS;
            self.phase = Phase::Loading { until, last_look: false };
            return;
        }
        let by_server = self.server_delay_left(now);
        if by_server > 0 {
            self.not_before_mono = Some(now.mono.saturating_add(by_server));
            self.again = true;
            self.wait(now, by_server, true, "a server asked an earlier connection to wait");
        } else {
            self.start_attempt(now);
        }
    }

    /// The wait for the store is over.
    pub(super) fn store_wait_over(&mut self, now: Now) {
        if let Phase::Loading { until, last_look: last_look @ false } = &mut self.phase {
            // Its answer may lie behind this timer, on a thread that was held up.
            (*until, *last_look) = (now.mono + READ_MS, true);
        } else {
            self.note("the store does not answer: connecting without it");
            self.gate.answer = Answer::Waived;
            self.store_known(now);
        }
    }

    /// The store opened (or will not): continues if that was waited for.
    pub(super) fn store_known(&mut self, now: Now) {
        self.know_pongs(now);
        if self.outbox.store_is_open() && self.gate.answer != Answer::Opened {
            self.gate.answer = Answer::Opened;
            self.adopt_stored_server_time(now);
        }
        // Before any hello, because the server keeps the connection of the higher term. A store that opens late may have
        // a higher term than this tab had received.
        if self.outbox.stored_term() >= self.gate.hello_term {
            self.outbox.update_meta(|meta| meta.term = meta.term.saturating_add(1));
            self.gate.hello_term = self.outbox.meta().term;
        }
        if matches!(self.phase, Phase::Loading { .. }) {
            self.first_attempt(now);
        }
    }
}
