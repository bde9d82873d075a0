//! What the shell counts by itself. The core has its own counters ([`crate::Stats`]).

use crate::Histogram;
use crate::server::token::Refusal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Bounds of a round of the hub, µs.
const ROUNDS_US: [u64; 11] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000];

/// Shared by everything that counts.
#[derive(Debug)]
pub(in crate::server) struct Counters(Mutex<Counts>);

/// The counts at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    /// Tokens refused, by [`kind`].
    pub refusals: [u64; KINDS.len()],
    /// Sockets whose page may not connect.
    pub origins: u64,
    /// How long the hub took for one round: judging, applying, fanning out, handing over. µs.
    pub rounds_us: Histogram,
}

/// Names of what a token may be refused for, for a label.
pub(super) const KINDS: [&str; 7] =
    ["malformed", "algorithm", "unknown_key", "signature", "claim", "revoked", "keys_unavailable"];

fn kind(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::Malformed => 0,
        Refusal::Algorithm => 1,
        Refusal::UnknownKey => 2,
        Refusal::Signature => 3,
        Refusal::Claim(..) => 4,
        Refusal::Revoked => 5,
        Refusal::NoKeys => 6,
    }
}

impl Default for Counters {
    fn default() -> Self {
        let rounds_us = Histogram::new(&ROUNDS_US);
        Self(Mutex::new(Counts { refusals: [0; KINDS.len()], origins: 0, rounds_us }))
    }
}

impl Counters {
    pub(in crate::server) fn refused(&self, refusal: &Refusal) {
        self.with(|counts| counts.refusals[kind(refusal)] += 1);
    }

    pub(in crate::server) fn foreign_origin(&self) {
        self.with(|counts| counts.origins += 1);
    }

    pub(in crate::server) fn round(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.with(|counts| counts.rounds_us.observe(us));
    }

    pub(super) fn now(&self) -> Counts {
        self.with(|counts| *counts)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Counts) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
