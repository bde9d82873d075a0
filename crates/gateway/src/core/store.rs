//! The store as the core sees it: one sequence for all channels.

use super::durable::Record;
use std::fmt;

/// Keeps records. The core appends one record per accepted command and per published event; every output that
/// depends on a record is held back by [`crate::Gateway::poll_output`] until the record is committed.
pub trait Store: fmt::Debug + Send {
    /// Takes in a record and returns its `seq`, which is above the `seq` of every record before it. The record need
    /// not be committed yet.
    fn append(&mut self, record: Record) -> u64;

    /// The `seq` up to which every record is committed: it survives whatever the store promises to survive.
    fn committed(&self) -> u64;
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
