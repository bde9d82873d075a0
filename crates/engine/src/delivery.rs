//! What consumers (pages, tabs) get.

use crate::{MessageCounts, MessageInfo, MessageUpdate, Metrics, RawFrame, Status};
use sentinelops_protocol::{Event, Problem, Subject, system::Continuity};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Names a consumer: a page behind a bridge, or another tab.
///
/// ```
/// use sentinelops_engine::{ConsumerId, Engine, EngineOptions, Now};
///
/// let now = Now::default();
/// let mut engine = Engine::new(EngineOptions::default(), 7, now);
/// engine.attach(now, ConsumerId(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsumerId(pub u64);

/// The state of a subject at a seq; it replaces what the consumer had of it.
///
/// ```
/// use sentinelops_engine::SnapshotDelivery;
/// use sentinelops_protocol::system::Continuity;
///
/// fn line(snapshot: &SnapshotDelivery) -> String {
///     let lost = if snapshot.continuity == Continuity::Gap { ", some events are gone" } else { "" };
///     format!("{}: {} things{lost}", snapshot.subject, snapshot.items.len())
/// }
/// ```
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

/// One item delivered to a consumer.
///
/// ```
/// use sentinelops_engine::Delivery;
///
/// fn events(items: &[Delivery]) -> usize {
///     items.iter().filter(|item| matches!(item, Delivery::Event(..))).count()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
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
    /// An update of a message this consumer sent.
    Message(MessageUpdate),
    /// Everything not answered yet and the failed list, for who watches the outbox: the latest, at
    /// most every 100 ms.
    Outbox(Vec<MessageInfo>, MessageCounts),
    /// A message that does not fit its type.
    Problem(Problem),
    /// A frame of a basic server that is none of the protocol's messages, for who watches them.
    Raw(Rc<RawFrame>),
    /// So many such frames were dropped before the next one: they came faster than they were taken.
    RawLost(u32),
}

/// One batch. The consumer answers with [`crate::Engine::credit`] when its router took it; until
/// then it gets no other.
///
/// ```
/// use sentinelops_engine::{Batch, ConsumerId, Engine, Now};
///
/// /// What a page does with a batch: take it in, then ask for the next.
/// fn took(engine: &mut Engine, now: Now, consumer: ConsumerId, batch: Batch) {
///     println!("{} things", batch.items.len());
///     engine.credit(now, consumer, batch.number);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Counts the batches of this consumer.
    pub number: u64,
    /// In order.
    pub items: Vec<Delivery>,
}
