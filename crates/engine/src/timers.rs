//! Every timer of the engine: one enum, one table.
//!
//! `docs/architecture.md` shows the same list; a test compares them.

/// A timer, and what its expiry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The connection has lasted: look for proof of health, then forget the attempts.
    Stable,
    /// A message is unacked for 30 s although pings are answered: reconnect, once.
    Stuck,
    /// Bytes lie in the socket's buffer and more wait behind them: look again.
    Buffer,
    /// Housekeeping; coming far too late means that the machine slept.
    Tick,
    /// The outbox: hand-over pings, `retryAfterMs`, the server's rate, age, rescan, store.
    Outbox,
    /// The subscriptions: what was asked for and not answered.
    Subscriptions,
    /// The consumers: metrics and message lists for those who watch.
    Consumers,
}

/// One row of the table in the documentation.
pub(crate) struct TimerRow {
    /// Which.
    pub(crate) timer: Timer,
    /// Its name there.
    pub(crate) name: &'static str,
    /// When it is set.
    pub(crate) set: &'static str,
    /// How long it runs.
    pub(crate) runs: &'static str,
}

const fn row(timer: Timer, name: &'static str, set: &'static str, runs: &'static str) -> TimerRow {
    TimerRow { timer, name, set, runs }
}

/// The table, in the order of the enum.
pub(crate) const TABLE: [TimerRow; 15] = [
    row(Timer::StoreWait, "StoreWait", "connect before the store opened", "5 s"),
    row(Timer::Dial, "Dial", "an attempt failed or a connection dropped", "backoff or server window"),
    row(Timer::Connect, "Connect", "dial", "timeout (10 s)"),
    row(Timer::Token, "Token", "the token provider is asked", "10 s"),
    row(Timer::Refresh, "Refresh", "welcome or authed with expiresInMs", "80 % of it"),
    row(Timer::Ping, "Ping", "open, and after each ping", "30 s"),
    row(Timer::Unacked, "Unacked", "a message is in flight", "max(2 s, srtt + 4 rttvar)"),
    row(
        Timer::Verdict,
        "Verdict",
        "a ping is out; again at any inbound byte",
        "max(2 s, srtt + 4 rttvar), doubled, at most 10 s",
    ),
    row(Timer::Stable, "Stable", "connected", "10 s"),
    row(Timer::Stuck, "Stuck", "a message is in flight", "30 s"),
    row(Timer::Buffer, "Buffer", "bufferedAmount is above 0", "25 ms to 1 s"),
    row(Timer::Tick, "Tick", "a connection is wanted", "2 s; late by more than 4 s is a wake"),
    row(Timer::Outbox, "Outbox", "the outbox waits for something", "its next deadline"),
    row(Timer::Subscriptions, "Subscriptions", "a subscription waits for its answer", "its next deadline"),
    row(Timer::Consumers, "Consumers", "a consumer watches", "100 ms for lists, 1 s for metrics"),
];

/// Deadlines on the monotonic clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    due: [Option<u64>; TABLE.len()],
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

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<u64> {
        self.due.iter().flatten().min().copied()
    }

    /// Takes the earliest expired timer, with its deadline.
    pub(crate) fn expired(&mut self, now: u64) -> Option<(Timer, u64)> {
        let (at, due) = self
            .due
            .iter()
            .enumerate()
            .filter_map(|(at, due)| due.filter(|due| *due <= now).map(|due| (at, due)))
            .min_by_key(|(_, due)| *due)?;
        self.due[at] = None;
        Some((TABLE[at].timer, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_follows_the_enum() {
        for (at, row) in TABLE.iter().enumerate() {
            assert_eq!(row.timer as usize, at);
            assert_eq!(format!("{:?}", row.timer), row.name);
        }
    }

    #[test]
    fn the_earliest_expires_first_and_once() {
        let mut timers = Timers::default();
        timers.set(Timer::Ping, 20);
        timers.set(Timer::Consumers, 10);
        timers.ensure(Timer::Consumers, 5);
        assert_eq!(timers.next(), Some(10));
        assert_eq!(timers.expired(9), None);
        assert_eq!(timers.expired(30), Some((Timer::Consumers, 10)));
        assert_eq!(timers.expired(30), Some((Timer::Ping, 20)));
        assert_eq!(timers.expired(30), None);
    }
}
