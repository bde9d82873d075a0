//! What consumers (pages, tabs) get.

use crate::{MessageCounts, MessageInfo, MessageUpdate, Metrics, Status};
use sentinelops_protocol::{Event, Problem, Subject, system::Continuity};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Names a consumer: a page behind a bridge, or another tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerId(pub u64);

/// The state of a subject at a seq; it replaces what the consumer had of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotDelivery {
    /// What the consumer subscribed to.
    pub subject: Subject,
    /// Whether something may have been missed since what the consumer had.
    pub continuity: Continuity,
    /// The state includes everything up to here (0 in basic mode).
    pub seq: u64,
    /// One event a key, or the newest N: each carries full state.
    pub items: Vec<Rc<Event>>,
}

/// One thing told to a consumer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Delivery {
    /// The connection changed (only the latest of a batch is sent).
    Status(Box<Status>),
    /// Counters, on request or once a second while somebody looks.
    Metrics(Box<Metrics>),
    /// The state of a subject, first.
    Snapshot(SnapshotDelivery),
    /// An event after it, with the subscription it is for.
    Event(Subject, Rc<Event>),
    /// A subscription was refused by the server.
    Denied(Subject, String),
    /// News of a message this consumer sent.
    Message(MessageUpdate),
    /// Everything not answered yet and the failed list, for who watches the outbox: the latest, at
    /// most every 100 ms.
    Outbox(Vec<MessageInfo>, MessageCounts),
    /// Something wrong came in.
    Problem(Problem),
}

/// One batch. The consumer answers with [`crate::Engine::credit`] when its router took it; until
/// then it gets no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Counts the batches of this consumer.
    pub number: u64,
    /// In order.
    pub items: Vec<Delivery>,
}
