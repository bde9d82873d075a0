//! A time the server gave (goodbye, 1012, 1013, 4429), an hour of it at most: no tab dials before it.

use super::{Engine, Goodbye};
use crate::Now;
use crate::backoff::LONGEST_SERVER_DELAY_MS;
use crate::mutant::{self, Mutant};

/// Two clocks that drift apart by less were not set.
const CLOCK_SET_MS: u64 = 1_000;
/// A close still belongs to a goodbye for so long after its window, which may be none.
const CLOSES_WITHIN_MS: u64 = 10_000;

impl Engine {
    /// The server is about to close. Our moment is drawn and stored now: the socket may end in other ways
    /// than by a close, and this worker before it.
    pub(super) fn goodbye(&mut self, now: Now, reason: String, window: u64) {
        let window = window.min(LONGEST_SERVER_DELAY_MS);
        let ms = self.backoff.within(window, &mut self.rng);
        self.hold(now, ms);
        let until = now.mono.saturating_add(window + CLOSES_WITHIN_MS);
        self.link.goodbye = Some(Goodbye { reason, window, until });
    }

    /// A server forbids dialling for so long. What it said before stands while it lasts longer.
    pub(super) fn hold(&mut self, now: Now, ms: u64) {
        if mutant::active(Mutant::IgnoreServerTime) {
            return;
        }
        let ms = ms.max(self.held_for(now));
        self.held_until = Some(now.mono.saturating_add(ms));
        self.store_held(now, ms);
    }

    fn store_held(&mut self, now: Now, ms: u64) {
        self.outbox.update_meta(|meta| {
            meta.not_before = now.wall.saturating_add(ms);
            meta.not_before_since = now.wall;
        });
    }

    /// Ms for which a server's word forbids dialling.
    pub(super) fn held_for(&self, now: Now) -> u64 {
        if mutant::active(Mutant::IgnoreServerTime) {
            return 0;
        }
        let by_wall = self.held_by_store(now);
        // Two clocks: the stored time survives reloads but the wall clock may be set back by hours;
        // the monotonic one may stand still during sleep. The shorter wait is the true one.
        match self.held_until {
            Some(until) => by_wall.min(until.saturating_sub(now.mono)),
            None => by_wall,
        }
    }

    /// By what is stored. A clock that stands before the moment it was stored was set back: then it is
    /// the whole time at most.
    fn held_by_store(&self, now: Now) -> u64 {
        let meta = self.outbox.meta();
        let from = now.wall.max(meta.not_before_since);
        meta.not_before.saturating_sub(from).min(LONGEST_SERVER_DELAY_MS)
    }

    /// A store that opens late knows a time that the server gave to an earlier leader. From here on it runs on the
    /// monotonic clock: by a wall clock that was set back it would last until that clock has caught up.
    pub(super) fn heard_of_held_time(&mut self, now: Now) {
        let held = self.held_by_store(now);
        if held > 0 {
            let until = now.mono.saturating_add(held);
            self.held_until = Some(self.held_until.map_or(until, |known| known.max(until)));
        }
    }

    /// At every input: what is stored is put by the wall clock, and a clock that was set back meanwhile
    /// would make it last for as much longer, for the leader next. And a server that said goodbye and
    /// is still there long after its window has changed its mind.
    pub(super) fn keep_held_time(&mut self, now: Now) {
        if self.link.goodbye.as_ref().is_some_and(|goodbye| now.mono >= goodbye.until) {
            self.link.goodbye = None;
            if self.held_for(now) == 0 {
                self.forget_held_time();
            }
        }
        let Some(until) = self.held_until else { return };
        let left = until.saturating_sub(now.mono);
        let at = now.wall.saturating_add(left);
        if self.outbox.meta().not_before > at.saturating_add(CLOCK_SET_MS) {
            self.store_held(now, left);
        }
    }

    /// It is spent, whatever becomes of the wall clock.
    pub(super) fn forget_held_time(&mut self) {
        self.held_until = None;
        self.outbox.update_meta(|meta| {
            meta.not_before = 0;
            meta.not_before_since = 0;
        });
    }
}
