//! A row in memory.

use super::lane::LaneKey;
use crate::mutant::{self, Mutant};
use crate::{ConsumerId, Durability, Row};

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::outbox) enum Place {
    Waiting,
    /// Given to the socket that is open: the how-manieth write of this engine, and when.
    Flying {
        write: u64,
        since: u64,
    },
}

/// A row and what is known of it beyond what is stored.
#[derive(Clone, Debug)]
pub(in crate::outbox) struct Entry {
    pub row: Row,
    /// Consumers that receive its updates besides the tab that owns it: who handed it in, asked after it,
    /// retried or discarded it.
    pub observers: Vec<ConsumerId>,
    pub durability: Durability,
    pub place: Place,
    /// Possibly sent, and neither answered nor on a socket that is open.
    pub unconfirmed: bool,
    /// Never stored; refused rather than kept while disconnected.
    pub volatile: bool,
    /// Another outbox may have stored it: it was handed in again after one was lost.
    pub elsewhere: bool,
    /// When a socket was lost that had been given it and had not answered (monotonic ms).
    pub lost_at: Option<u64>,
    /// An earlier life may have given it to one.
    pub sent_before: bool,
    /// How often it was alone in flight when the server closed over what it was sent.
    pub alone: u8,
    /// The stored copy does not say yet that it was possibly sent.
    pub unflagged: bool,
    pub(super) lane: LaneKey,
}

impl Entry {
    pub fn new(row: Row, observers: Vec<ConsumerId>, durability: Durability) -> Self {
        let (unconfirmed, sent_before, lost_at) = (row.possibly_sent, row.possibly_sent, None);
        let (volatile, alone) = (false, 0);
        let lane = LaneKey::Alone(0);
        let (elsewhere, unflagged, place) = (false, false, Place::Waiting);
        Self {
            row,
            observers,
            durability,
            place,
            unconfirmed,
            volatile,
            elsewhere,
            lost_at,
            sent_before,
            alone,
            unflagged,
            lane,
        }
    }

    /// From now on these receive its updates, too.
    pub fn observed_by(&mut self, observers: &[ConsumerId]) {
        if mutant::active(Mutant::AskerTakesOver) && !observers.is_empty() {
            self.observers = observers.to_vec();
            return;
        }
        let new = observers.iter().filter(|new| !self.observers.contains(new)).copied();
        let new: Vec<ConsumerId> = new.collect();
        self.observers.extend(new);
    }

    pub fn rank(&self) -> usize {
        usize::from(self.row.priority.rank())
    }

    pub fn size(&self) -> u64 {
        self.row.bytes.len() as u64
    }
}
