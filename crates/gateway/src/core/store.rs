//! The store as the core sees it: one sequence for all channels.

use super::record::Record;
use super::shared::{Notice, Proposal};
use std::fmt;

/// Keeps records: one per accepted command and per published event.
///
/// - A store of one gateway ([`Store::append`]) gives each record its `seq` at once; every output that depends on a
///   record is held back by [`crate::Gateway::poll_output`] until the record is committed.
/// - A store that several gateways write to ([`Store::writer`], [`Store::propose`]) is a log that decides the order: a
///   record takes effect when it comes back from it ([`crate::Gateway::fold`]).
pub trait Store: fmt::Debug + Send {
    /// Takes in a record and returns its `seq`, which is above the `seq` of every record before it. The record need
    /// not be committed yet. Not called for a store with a [`Store::writer`].
    fn append(&mut self, record: Record) -> u64;

    /// The `seq` up to which every record is committed: it survives whatever the store promises to survive.
    fn committed(&self) -> u64;

    /// The name of this gateway among those that write to the same log; `None`: nobody else does.
    fn writer(&self) -> Option<&str> {
        None
    }

    /// Sends a record to the log. What becomes of it is reported by [`crate::Gateway::fold`],
    /// [`crate::Gateway::stale`] or [`crate::Gateway::refused`].
    fn propose(&mut self, _: Proposal) {}

    /// Sends a notice to the other gateways. It may be lost.
    fn tell(&mut self, _: Notice) {}
}

/// Keeps nothing: a record counts as committed at once, and the memory of the gateway itself is all there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    seq: u64,
}

impl Memory {
    /// Goes on after `seq`.
    pub fn after(seq: u64) -> Self {
        Self { seq }
    }
}

impl Store for Memory {
    fn append(&mut self, _: Record) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn committed(&self) -> u64 {
        self.seq
    }
}
