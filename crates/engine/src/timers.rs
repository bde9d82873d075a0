//! Every timer of the engine: one enum, one table.
//!
//! `docs/connection.md` shows the same list; a test compares them.

/// A timer, and what its expiry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub(crate) enum Timer {
    /// The store has not opened: dial without knowing what it holds.
    StoreWait,
    /// The wait before the next dial is over.
    Dial,
    /// Handshake or first answer took too long: a basic server, or a failed attempt.
    Connect,
    /// The token provider did not answer.
    Token,
    /// 80 % of the token's life are over.
    Refresh,
    /// Time for a regular ping.
    Ping,
    /// A send is unacked for longer than a round trip explains: probe.
    Unacked,
    /// A ping was not answered in time: the socket is dead.
    Verdict,
    /// A round trip is being measured: see whether our own timers are late.
    Watch,
    /// The connection has lasted: look for proof of health, then forget the attempts.
    Stable,
    /// A message is unacked for 30 s although pings are answered: reconnect, once.
    Stuck,
    /// Bytes lie in the socket's buffer and more wait behind them: look again.
    Buffer,
    /// Housekeeping; coming far too late means that the machine slept.
    Tick,
    /// The outbox: hand-over pings, `retryAfterMs`, the server's rate, age, store.
    Outbox,
    /// The subscriptions: what was asked for and not answered.
    Subscriptions,
    /// The consumers: metrics and message lists for those who watch.
    Consumers,
}

/// All of them, in the order of the enum.
pub(crate) const ALL: [Timer; 16] = [
    Timer::StoreWait,
    Timer::Dial,
    Timer::Connect,
    Timer::Token,
    Timer::Refresh,
    Timer::Ping,
    Timer::Unacked,
    Timer::Verdict,
    Timer::Watch,
    Timer::Stable,
    Timer::Stuck,
    Timer::Buffer,
    Timer::Tick,
    Timer::Outbox,
    Timer::Subscriptions,
    Timer::Consumers,
];

/// How many there are.
pub(crate) const COUNT: usize = ALL.len();

/// Deadlines on the monotonic clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    due: [Option<u64>; COUNT],
}

impl Timers {
    /// (Re-)arms a timer.
    pub(crate) fn set(&mut self, timer: Timer, at: u64) {
        self.due[timer as usize] = Some(at);
    }

    /// Arms a timer unless it is already armed.
    pub(crate) fn ensure(&mut self, timer: Timer, at: u64) {
        self.due[timer as usize].get_or_insert(at);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.due[timer as usize] = None;
    }

    pub(crate) fn get(&self, timer: Timer) -> Option<u64> {
        self.due[timer as usize]
    }

    /// Arms a timer, or stops it where there is nothing to wait for.
    pub(crate) fn set_or_stop(&mut self, timer: Timer, at: Option<u64>) {
        self.due[timer as usize] = at;
    }

    /// The next deadline and its timer; of several at once the first in the table.
    pub(crate) fn next(&self) -> Option<(u64, Timer)> {
        self.due.iter().zip(ALL).filter_map(|(due, timer)| due.map(|at| (at, timer))).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_follows_the_enum() {
        for (at, timer) in ALL.iter().enumerate() {
            assert_eq!(*timer as usize, at);
        }
    }

    #[test]
    fn the_earliest_comes_first() {
        let mut timers = Timers::default();
        timers.set(Timer::Ping, 20);
        timers.set(Timer::Consumers, 10);
        timers.ensure(Timer::Consumers, 5);
        assert_eq!(timers.next(), Some((10, Timer::Consumers)));
        timers.stop(Timer::Consumers);
        timers.set(Timer::Stable, 20);
        assert_eq!(timers.next(), Some((20, Timer::Ping)), "the first in the table");
        timers.set_or_stop(Timer::Ping, None);
        timers.set_or_stop(Timer::Stable, Some(7));
        assert_eq!(timers.next(), Some((7, Timer::Stable)));
        timers.stop(Timer::Stable);
        assert_eq!(timers.next(), None);
    }
}
