//! A row in memory.

use super::lane::LaneKey;
use crate::mutant::{self, Mutant};
use crate::{ConsumerId, Durability, Row};

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::outbox) enum Place {
    Waiting,
    /// Given to the open socket: the write counter at which it was sent, and the time (monotonic ms).
    InFlight {
        write: u64,
        since: u64,
    },
}

/// A row with what is known beyond the stored record.
#[derive(Clone, Debug)]
pub(in crate::outbox) struct Entry {
    pub row: Row,
    /// Consumers that receive its updates besides the tab that owns it: those that sent, inquired, retried or discarded it.
    pub observers: Vec<ConsumerId>,
    pub durability: Durability,
    pub place: Place,
    /// Possibly sent, unanswered, and not on the open socket.
    pub unconfirmed: bool,
    /// Unqueued: never stored, and refused while disconnected.
    pub volatile: bool,
    /// Resubmitted after another outbox was lost, which may have stored it.
    pub elsewhere: bool,
    /// When (monotonic ms) a socket was lost that had been given the row and had not answered.
    pub lost_at: Option<u64>,
    /// An earlier engine may have given it to a socket.
    pub sent_before: bool,
    /// How often it was alone in flight when the server closed because of a message.
    pub alone: u8,
    /// The message of the failed list that is tried again as this new one. Its entry goes when this row is stored.
    pub retry_of: Option<String>,
    pub(super) lane: LaneKey,
}

impl Entry {
    pub fn new(row: Row, observers: Vec<ConsumerId>, durability: Durability) -> Self {
        let (unconfirmed, sent_before, lost_at) = (row.possibly_sent, row.possibly_sent, None);
        let (volatile, alone) = (false, 0);
        let lane = LaneKey::Alone(0);
        let (elsewhere, retry_of, place) = (false, None, Place::Waiting);
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
            retry_of,
            lane,
        }
    }

    /// Adds consumers that receive its updates.
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
