//! What all connections of a run have in common.

use super::message::Mark;
use super::plan::Plan;
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How far the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Connections are being opened.
    Opening,
    /// Messages are sent as they are due.
    Publishing,
    /// No new ones; what is on its way arrives.
    Settling,
    /// Connections close.
    Over,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Publisher(u64),
    Subscriber,
    Idle,
}

/// Times in µs, up to an hour, with an error of a thousandth.
#[derive(Debug)]
pub(super) struct Times(Mutex<Histogram<u64>>);

const MOST_US: u64 = 3_600_000_000;

impl Times {
    fn new() -> Self {
        Self(Mutex::new(Histogram::new_with_bounds(1, MOST_US, 3).expect("bounds that fit each other")))
    }

    pub fn record(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(MOST_US);
        lock(&self.0).saturating_record(us);
    }

    pub fn with<T>(&self, look: impl FnOnce(&Histogram<u64>) -> T) -> T {
        look(&lock(&self.0))
    }
}

/// Counted by all, for the question whether everything has arrived.
#[derive(Debug, Default)]
pub(super) struct Counters {
    sent: AtomicU64,
    acked: AtomicU64,
    refused: AtomicU64,
    received: AtomicU64,
    delivered: AtomicU64,
    /// Subscribers that are connected.
    listening: AtomicUsize,
}

impl Counters {
    /// A message left for the first time.
    pub fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// A message was refused for good.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// An event came, of whatever kind.
    pub fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// A subscriber is ready.
    pub fn listening(&self) {
        self.listening.fetch_add(1, Ordering::Relaxed);
    }

    /// A subscriber is gone.
    pub fn gone(&self) {
        self.listening.fetch_sub(1, Ordering::Relaxed);
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Grows with every answer and every message received.
    pub fn progress(&self) -> u64 {
        [&self.acked, &self.refused, &self.received].map(|count| count.load(Ordering::Relaxed)).iter().sum()
    }

    /// Every message is answered, and every accepted one has arrived everywhere.
    pub fn is_complete(&self) -> bool {
        let [sent, acked, refused, received] = [&self.sent, &self.acked, &self.refused, &self.received]
            .map(|count| count.load(Ordering::Relaxed));
        acked + refused >= sent && received >= acked * self.listening.load(Ordering::Relaxed) as u64
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub plan: Plan,
    /// Names this run.
    pub run: u32,
    /// When the first message is due.
    pub start: OnceLock<Instant>,
    pub counters: Counters,
    pub connect: Times,
    pub to_ack: Times,
    pub to_event: Times,
    pub late: Times,
}

impl Shared {
    pub fn new(plan: Plan, run: u32) -> Self {
        Self {
            plan,
            run,
            start: OnceLock::new(),
            counters: Counters::default(),
            connect: Times::new(),
            to_ack: Times::new(),
            to_event: Times::new(),
            late: Times::new(),
        }
    }

    pub fn is_ours(&self, mark: &Mark) -> bool {
        mark.run == self.run && self.plan.schedule.has(mark.publisher, mark.number)
    }

    /// When a message is due; `None` before the start.
    pub fn due(&self, publisher: u64, number: u64) -> Option<Instant> {
        Some(*self.start.get()? + self.plan.schedule.due(publisher, number))
    }

    pub fn acked(&self, publisher: u64, number: u64, now: Instant) {
        self.counters.acked.fetch_add(1, Ordering::Relaxed);
        if let Some(due) = self.due(publisher, number) {
            self.to_ack.record(now.saturating_duration_since(due));
        }
    }

    pub fn received(&self, mark: &Mark, now: Instant) {
        self.counters.received.fetch_add(1, Ordering::Relaxed);
        if let Some(due) = self.due(mark.publisher, mark.number) {
            self.to_event.record(now.saturating_duration_since(due));
        }
    }
}

/// What a panic left is still the truth about the other messages.
pub(super) fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
