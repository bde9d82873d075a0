//! A time the server gave (goodbye, 1012, 1013, 4429), an hour of it at most: no tab dials before it.

use super::Engine;
use super::phase::Goodbye;
use crate::Now;
use crate::backoff::LONGEST_SERVER_DELAY_MS;
use crate::mutant::{self, Mutant};

/// Two clocks that drift apart by less were not set.
const CLOCK_SET_MS: u64 = 1_000;
/// How long (ms) after its window (which may be 0) a close still belongs to a goodbye.
const CLOSES_WITHIN_MS: u64 = 10_000;

impl Engine {
    /// The server is about to close. Our moment is drawn and stored now: the socket may end in other ways
    /// than by a close, and this worker before it.
    pub(super) fn goodbye(&mut self, now: Now, reason: String, window: u64) {
        let window = window.min(LONGEST_SERVER_DELAY_MS);
        let ms = self.backoff.within(window, &mut self.rng);
        self.delay_by_server(now, ms);
        let until = now.mono.saturating_add(window + CLOSES_WITHIN_MS);
        if let Some(socket) = self.phase.socket_mut() {
            socket.goodbye = Some(Goodbye { reason, window, until });
        }
    }

    /// A server forbids dialling for `ms`. An earlier time that lasts longer stays in force.
    pub(super) fn delay_by_server(&mut self, now: Now, ms: u64) {
        if mutant::active(Mutant::IgnoreServerTime) {
            return;
        }
        let ms = ms.max(self.server_delay_left(now));
        self.not_before_mono = Some(now.mono.saturating_add(ms));
        self.store_server_time(now, ms);
    }

    fn store_server_time(&mut self, now: Now, ms: u64) {
        self.outbox.update_meta(|meta| {
            meta.not_before = now.wall.saturating_add(ms);
            meta.not_before_since = now.wall;
        });
    }

    /// Ms for which a server's word forbids dialling.
    pub(super) fn server_delay_left(&self, now: Now) -> u64 {
        if mutant::active(Mutant::IgnoreServerTime) {
            return 0;
        }
        let by_wall = self.stored_delay_left(now);
        // Two clocks: the stored time survives reloads but the wall clock may be set back by hours;
        // the monotonic one may stand still during sleep. The shorter wait is the true one.
        match self.not_before_mono {
            Some(until) => by_wall.min(until.saturating_sub(now.mono)),
            None => by_wall,
        }
    }

    /// By what is stored. A clock that stands before the moment it was stored was set back: then it is
    /// the whole time at most.
    fn stored_delay_left(&self, now: Now) -> u64 {
        let meta = self.outbox.meta();
        let from = now.wall.max(meta.not_before_since);
        meta.not_before.saturating_sub(from).min(LONGEST_SERVER_DELAY_MS)
    }

    /// A store that opens late knows a time that the server gave to an earlier leader. From here on it runs on the
    /// monotonic clock: by a wall clock that was set back it would last until that clock has caught up.
    pub(super) fn adopt_stored_server_time(&mut self, now: Now) {
        let by_server = self.stored_delay_left(now);
        if by_server > 0 {
            let until = now.mono.saturating_add(by_server);
            self.not_before_mono = Some(self.not_before_mono.map_or(until, |known| known.max(until)));
        }
    }

    /// Runs at every input. The stored time is by the wall clock; if that was set back, it is stored again, or it would
    /// last longer for the next leader. A goodbye is dropped when the server is still there long after its window.
    pub(super) fn maintain_server_time(&mut self, now: Now) {
        if let Some(socket) = self.phase.socket_mut()
            && socket.goodbye.take_if(|goodbye| now.mono >= goodbye.until).is_some()
            && self.server_delay_left(now) == 0
        {
            self.forget_server_time();
        }
        let Some(until) = self.not_before_mono else { return };
        let left = until.saturating_sub(now.mono);
        let at = now.wall.saturating_add(left);
        if self.outbox.meta().not_before > at.saturating_add(CLOCK_SET_MS) {
            self.store_server_time(now, left);
        }
    }

    /// It is spent, whatever becomes of the wall clock.
    pub(super) fn forget_server_time(&mut self) {
        self.not_before_mono = None;
        self.outbox.update_meta(|meta| {
            meta.not_before = 0;
            meta.not_before_since = 0;
        });
    }
}
