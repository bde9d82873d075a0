//! Pings of a socket and the verdict over it. Decides; the engine sends and closes.

use crate::latency::Latency;
use crate::mutant::{self, Mutant};
use std::collections::VecDeque;

/// Shortest and, with all doublings, longest wait (ms) for an answer.
pub(crate) const LEAST_MS: u64 = 2_000;
pub(crate) const MOST_MS: u64 = 10_000;
/// A connection that lasts this long (ms) resets the doubling.
const FORGIVEN_AFTER_MS: u64 = 60_000;
/// A timer that comes later than this was held up; what was received meanwhile is read first.
const LATE_MS: u64 = 250;
/// Ours may be the first task of a thread that was held up: what was received meanwhile waits in the
/// queue behind it and is read before the verdict falls.
pub(crate) const READ_MS: u64 = 50;
/// Longer than timers are late on a thread that runs (ms): it was asleep.
const HOLD_UP_MS: u64 = 2_000;
/// How often it is read again because the thread was held up before it could be.
const MOST_READINGS: u8 = 4;
/// Interval and duration (ms) of the checks for our own late timers while a sample is under way; later other timers show
/// it.
pub(crate) const WATCH_MS: u64 = 100;
pub(crate) const WATCHED_MS: u64 = 2_000;
/// Pings kept to match pongs with. More can only be out on a socket that is dead anyway.
const MOST_OUT: usize = 32;

#[derive(Clone, Copy, Debug)]
struct Out {
    n: u64,
    sent_at: u64,
    /// Bytes given to this socket up to and with this ping.
    offset: u64,
    /// The clock was held up while it was out: no sample.
    is_invalid: bool,
}

/// What an expired verdict timer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing is out: no timer needed.
    Fine,
    /// Look again then.
    At(u64),
    /// The timer came late: ask again, look again then.
    AskAgain(u64),
    /// The socket is dead.
    Dead,
}

/// A pong that was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Which ping; `None` when the server did not send it back.
    pub(crate) n: Option<u64>,
    /// The round trip, unless it was tainted.
    pub(crate) rtt: Option<u64>,
    /// When that ping left.
    pub(crate) sent_at: u64,
}

/// Whether what was received is read before the verdict falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    #[default]
    No,
    /// It is read now.
    Yes,
    /// The thread was held up before anything was read: it is read once more, for the nth time. From the second time on
    /// only after a hold-up longer than [`HOLD_UP_MS`], and [`MOST_READINGS`] times at most: a thread whose timers are
    /// always late would never judge.
    Again(u8),
}

/// Liveness over the sockets of one URL.
#[derive(Clone, Debug, Default)]
pub(crate) struct Liveness {
    pub(crate) latency: Latency,
    /// Some socket of this URL answered a ping, or the protocol promises that it will.
    answers: bool,
    doublings: u32,
    // of the present socket
    connected_at: u64,
    next_n: u64,
    out: VecDeque<Out>,
    deadline: Option<u64>,
    /// The patience began again after a late timer, or after a wake-up; once each until a byte comes.
    rearmed: bool,
    woken: bool,
    reading: Reading,
    written: u64,
    buffered: u64,
}

impl Liveness {
    /// A new socket opened.
    pub(crate) fn opened(&mut self, now: u64) {
        self.connected_at = now;
        self.next_n = 0;
        self.out.clear();
        self.deadline = None;
        self.rearmed = false;
        self.woken = false;
        self.reading = Reading::No;
        self.written = 0;
        self.buffered = 0;
    }

    /// A verdict on this URL's sockets is possible from now on.
    pub(crate) fn promise(&mut self, now: u64) {
        if !self.answers {
            self.answers = true;
            if !self.out.is_empty() {
                self.restart(now);
            }
        }
    }

    pub(crate) fn answers(&self) -> bool {
        self.answers
    }

    /// The number of the ping that is sent now.
    pub(crate) fn ping(&mut self, now: u64) -> u64 {
        self.next_n += 1;
        if self.out.len() == MOST_OUT {
            self.out.pop_front();
        }
        self.out.push_back(Out { n: self.next_n, sent_at: now, offset: u64::MAX, is_invalid: false });
        self.next_n
    }

    /// `bytes` went to the socket; a ping numbered before now ends there.
    pub(crate) fn wrote(&mut self, now: u64, bytes: usize) {
        self.written += bytes as u64;
        self.buffered += bytes as u64;
        let written = self.written;
        let mut new = false;
        for out in self.out.iter_mut().filter(|out| out.offset == u64::MAX) {
            out.offset = written;
            new = true;
        }
        if new && self.answers && self.deadline.is_none() {
            self.restart(now);
        }
    }

    /// Bytes believed to lie in the socket's buffer.
    pub(crate) fn buffered(&self) -> u64 {
        self.buffered
    }

    /// `bufferedAmount` was read. A fall restarts the deadline only while the oldest ping still
    /// lies in it: what the kernel swallows after that says nothing about the other end.
    pub(crate) fn buffer_read(&mut self, now: u64, bytes: u64) {
        let fell = bytes < self.buffered;
        let gone_before = self.written.saturating_sub(self.buffered);
        if fell && self.out.front().is_some_and(|out| out.offset > gone_before) {
            self.restart(now);
        }
        self.buffered = bytes;
    }

    /// Any byte came in.
    pub(crate) fn received(&mut self, now: u64) {
        self.rearmed = false;
        self.woken = false;
        // Also for the next socket: this one may end in another way than by a verdict.
        self.doublings = self.doublings(now);
        if !self.out.is_empty() {
            self.restart(now);
        }
    }

    /// A pong came. `None`: the server did not send the ping's content back.
    pub(crate) fn pong(&mut self, now: u64, n: Option<u64>) -> Option<Answered> {
        self.answers = true;
        let at = match n {
            Some(n) => self.out.iter().position(|out| out.n == n)?,
            // Without a number only the order tells; ambiguous ones give no sample.
            None => 0,
        };
        let alone = self.out.len() == 1;
        let out = *self.out.get(at)?;
        self.out.drain(..=at);
        if self.out.is_empty() {
            self.deadline = None;
        }
        let clean = (!out.is_invalid || mutant::active(Mutant::TaintedSamples)) && (n.is_some() || alone);
        Some(Answered { n, rtt: clean.then(|| now.saturating_sub(out.sent_at)), sent_at: out.sent_at })
    }

    /// When the youngest unanswered ping left.
    pub(crate) fn asked_at(&self) -> Option<u64> {
        self.out.back().map(|out| out.sent_at)
    }

    /// The clock was held up: what is out gives no sample.
    pub(crate) fn invalidate_samples(&mut self) {
        self.out.iter_mut().for_each(|out| out.is_invalid = true);
    }

    /// A timer that comes later than this was held up, and so was the answer that is measured.
    pub(crate) fn too_late(&self) -> u64 {
        self.latency.srtt().map_or(0, |srtt| srtt as u64).max(LATE_MS)
    }

    /// When to see whether we are held up, while a sample is under way.
    pub(crate) fn watch_at(&self, now: u64) -> Option<u64> {
        let youngest = self.out.back().filter(|out| !out.is_invalid)?;
        (now < youngest.sent_at + WATCHED_MS).then_some(now + WATCH_MS)
    }

    /// What is out may never be answered (a v1 server reads no ping before its welcome).
    pub(crate) fn forget(&mut self) {
        self.out.clear();
        self.deadline = None;
        self.rearmed = false;
        self.woken = false;
    }

    /// The machine slept or the network changed: the wait starts again. Once: such signs may come
    /// more often than the patience lasts.
    pub(crate) fn woke(&mut self, now: u64) {
        if self.out.is_empty() || self.woken || mutant::active(Mutant::JudgeBeforeReading) {
            return;
        }
        self.woken = true;
        self.restart(now);
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// How long an answer may take: max(2 s, srtt + 4 rttvar).
    pub(crate) fn patience(&self) -> u64 {
        self.latency.too_long().max(LEAST_MS)
    }

    fn doublings(&self, now: u64) -> u32 {
        if now.saturating_sub(self.connected_at) >= FORGIVEN_AFTER_MS { 0 } else { self.doublings }
    }

    fn restart(&mut self, now: u64) {
        self.reading = Reading::No;
        if self.answers {
            let doubled = self.patience() << self.doublings(now).min(8);
            self.deadline = Some(now + doubled.min(MOST_MS));
        }
    }

    /// The verdict timer expired.
    pub(crate) fn judge(&mut self, now: u64) -> Verdict {
        let Some(deadline) = self.deadline else { return Verdict::Fine };
        if now < deadline {
            return Verdict::At(deadline);
        }
        let late_ms = now - deadline;
        let late = late_ms > LATE_MS && !mutant::active(Mutant::JudgeBeforeReading);
        if late && !self.rearmed {
            self.restart(now);
            self.rearmed = true;
            return self.deadline.map_or(Verdict::Fine, Verdict::AskAgain);
        }
        let next = match self.reading {
            Reading::No if !mutant::active(Mutant::JudgeBeforeReading) => Some(Reading::Yes),
            Reading::Yes if late => Some(Reading::Again(1)),
            Reading::Again(n) if late && late_ms > HOLD_UP_MS && n < MOST_READINGS => {
                Some(Reading::Again(n + 1))
            }
            _ => None,
        };
        if let Some(reading) = next {
            self.reading = reading;
            self.deadline = Some(now + READ_MS);
            return Verdict::At(now + READ_MS);
        }
        self.reading = Reading::No;
        if mutant::active(Mutant::NoVerdict) {
            self.deadline = None;
            return Verdict::Fine;
        }
        self.doublings = self.doublings(now).saturating_add(1).min(8);
        self.deadline = None;
        Verdict::Dead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinged() -> Liveness {
        let mut liveness = Liveness::default();
        liveness.opened(0);
        liveness.promise(0);
        liveness.ping(0);
        liveness.wrote(0, 50);
        liveness.buffer_read(0, 0);
        liveness
    }

    #[test]
    fn silence_is_death_after_two_seconds() {
        let mut liveness = pinged();
        assert_eq!(liveness.judge(1_999), Verdict::At(2_000));
        assert_eq!(liveness.judge(2_000), Verdict::At(2_050), "first what was received is read");
        assert_eq!(liveness.judge(2_050), Verdict::Dead);
    }

    #[test]
    fn what_is_read_in_the_last_moment_counts() {
        let mut liveness = pinged();
        assert_eq!(liveness.judge(2_199), Verdict::At(2_249));
        liveness.received(2_200);
        assert_eq!(liveness.judge(2_249), Verdict::At(4_200));
    }

    #[test]
    fn any_byte_restarts_it_and_a_pong_ends_it() {
        let mut liveness = pinged();
        liveness.received(1_500);
        assert_eq!(liveness.judge(2_000), Verdict::At(3_500));
        assert_eq!(liveness.pong(2_100, Some(1)).and_then(|a| a.rtt), Some(2_100));
        assert_eq!(liveness.judge(9_000), Verdict::Fine);
    }

    #[test]
    fn a_late_timer_is_armed_once_more() {
        let mut liveness = pinged();
        assert_eq!(liveness.judge(60_000), Verdict::AskAgain(62_000));
        assert_eq!(liveness.judge(90_000), Verdict::At(90_050));
        assert_eq!(liveness.judge(90_050), Verdict::Dead);
    }

    #[test]
    fn reading_that_was_held_up_is_done_once_more() {
        let mut liveness = pinged();
        assert_eq!(liveness.judge(60_000), Verdict::AskAgain(62_000));
        assert_eq!(liveness.judge(62_000), Verdict::At(62_050));
        assert_eq!(liveness.judge(66_000), Verdict::At(66_050), "asleep since before anything was read");
        assert_eq!(liveness.judge(66_500), Verdict::Dead, "timers that are always late end, too");
    }

    /// Timers that are a little late use no grant up that sleeps right after them need.
    #[test]
    fn reading_is_done_again_after_longer_hold_ups() {
        let mut liveness = pinged();
        assert_eq!(liveness.judge(3_000), Verdict::AskAgain(5_000));
        assert_eq!(liveness.judge(5_600), Verdict::At(5_650));
        assert_eq!(liveness.judge(6_250), Verdict::At(6_300), "600 ms late");
        assert_eq!(liveness.judge(10_000), Verdict::At(10_050), "asleep for 3,700 ms");
        let mut late_again = liveness.clone();
        assert_eq!(late_again.judge(10_700), Verdict::Dead, "timers that are always late end");
        let mut asleep_again = liveness.clone();
        assert_eq!(asleep_again.judge(13_000), Verdict::At(13_050), "asleep for 2,950 ms");
        assert_eq!(asleep_again.judge(16_000), Verdict::At(16_050));
        assert_eq!(asleep_again.judge(19_000), Verdict::Dead, "so often and no more");
        liveness.received(10_001);
        assert_eq!(liveness.judge(10_050), Verdict::At(12_001), "what lay unread counts");
    }

    #[test]
    fn signs_of_waking_restart_the_wait_once() {
        let mut liveness = pinged();
        for now in [1_500, 3_000] {
            liveness.woke(now);
            assert_eq!(liveness.deadline(), Some(3_500));
        }
        liveness.received(3_100);
        liveness.woke(4_000);
        assert_eq!(liveness.deadline(), Some(6_000), "something came meanwhile");
    }

    #[test]
    fn a_falling_buffer_counts_only_while_the_ping_lies_in_it() {
        let mut liveness = pinged();
        liveness.wrote(1_000, 100);
        liveness.buffer_read(1_500, 0);
        assert_eq!(liveness.deadline(), Some(2_000), "the ping left long ago");
        let mut liveness = Liveness::default();
        liveness.opened(0);
        liveness.promise(0);
        liveness.wrote(0, 60_000);
        liveness.ping(0);
        liveness.wrote(0, 50);
        liveness.buffer_read(1_500, 30_000);
        assert_eq!(liveness.deadline(), Some(3_500));
    }

    #[test]
    fn no_verdict_where_pings_are_never_answered() {
        let mut liveness = Liveness::default();
        liveness.opened(0);
        liveness.ping(0);
        liveness.wrote(0, 50);
        assert_eq!(liveness.deadline(), None);
        assert_eq!(liveness.judge(1_000_000), Verdict::Fine);
    }

    #[test]
    fn patience_doubles_until_health_lasted() {
        let mut liveness = pinged();
        let mut waits = Vec::new();
        let mut now = 2_000;
        for _ in 0..4 {
            assert_eq!(liveness.judge(now), Verdict::At(now + 50));
            now += 50;
            assert_eq!(liveness.judge(now), Verdict::Dead);
            liveness.opened(now);
            liveness.ping(now);
            liveness.wrote(now, 50);
            let deadline = liveness.deadline().unwrap_or_default();
            waits.push(deadline - now);
            now = deadline;
        }
        assert_eq!(waits, [4_000, 8_000, 10_000, 10_000]);
        let mut healthy = liveness.clone();
        healthy.received(now + 60_000);
        healthy.opened(now + 60_001);
        healthy.ping(now + 60_001);
        healthy.wrote(now + 60_001, 50);
        assert_eq!(healthy.deadline(), Some(now + 62_001), "the health of the socket before counts");
        liveness.opened(now);
        liveness.ping(now + 60_000);
        liveness.wrote(now + 60_000, 50);
        assert_eq!(liveness.deadline(), Some(now + 62_000));
    }

    #[test]
    fn tainted_and_foreign_pongs_give_no_sample() {
        let mut liveness = pinged();
        liveness.invalidate_samples();
        assert_eq!(liveness.pong(100, Some(7)), None);
        assert_eq!(liveness.pong(100, Some(1)).map(|a| a.rtt), Some(None));
    }
}
