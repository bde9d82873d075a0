//! What the engine asks of the store, and what the store answers.

use crate::FailReason;
use sentinelops_protocol::{Channel, Priority};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A message as stored. `bytes` is what goes over the wire, unchanged at every resend.
///
/// ```
/// use sentinelops_engine::Row;
///
/// /// First in, first out within a priority.
/// fn order(rows: &mut [Row]) {
///     rows.sort_by_key(|row| (row.priority, row.order));
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The idempotency key.
    pub id: String,
    /// Position among all rows: first in, first out.
    pub order: u64,
    /// How urgent.
    pub priority: Priority,
    /// The exact envelope.
    pub bytes: String,
    /// The dotted type, for lists.
    pub kind: String,
    /// The channel, for lists.
    pub channel: Channel,
    /// What it stays in order with.
    pub ordering_key: Option<String>,
    /// What replaces it while unsent.
    pub coalesce: Option<String>,
    /// Server time (ms since the epoch) when it was taken; ages run on server time.
    pub created_at: u64,
    /// Retryable nacks so far.
    pub attempts: u32,
    /// Whether any socket may have carried it.
    pub possibly_sent: bool,
    /// The tab that took it.
    pub owner: String,
}

/// The lowest order for rows of a leader that begins at this time. No other leader takes the same ones: the time, and what
/// tells leaders of one millisecond apart. Below 2^53, which is the largest integer a browser stores exactly.
pub(crate) const fn first_order(wall: u64, salt: u64) -> u64 {
    ((wall & ((1 << 42) - 1)) << 11) | (salt & 0x7ff)
}

/// A row that ended badly: kept for people, with the reason.
///
/// ```
/// use sentinelops_engine::FailedRow;
///
/// fn line(failed: &FailedRow) -> String {
///     format!("{}: {:?}", failed.row.kind, failed.state)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedRow {
    /// The row as it was.
    pub row: Row,
    /// Its final state.
    pub state: crate::DeliveryState,
    /// Ms since the epoch.
    pub ended_at: u64,
}

impl FailedRow {
    /// The reason, when it failed (rather than expired or was evicted).
    ///
    /// ```
    /// use sentinelops_engine::{FailReason, FailedRow};
    ///
    /// fn too_big(failed: &FailedRow) -> bool {
    ///     matches!(failed.reason(), Some(FailReason::TooBig { .. }))
    /// }
    /// ```
    pub fn reason(&self) -> Option<&FailReason> {
        match &self.state {
            crate::DeliveryState::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}

/// Metadata that outlives the leader.
///
/// ```
/// use sentinelops_engine::Meta;
///
/// /// How long no leader of this browser may dial, ms.
/// fn held(meta: &Meta, wall: u64) -> u64 {
///     meta.not_before.saturating_sub(wall)
/// }
/// assert_eq!(held(&Meta::default(), 5), 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// No dial before this wall clock (ms): a server gave this time.
    pub not_before: u64,
    /// The wall clock (ms) when that was written. A clock that shows less was set back.
    pub not_before_since: u64,
    /// Dials since the last proved health.
    pub attempts: u32,
    /// A leader had a socket open when it last wrote: rows up to `last_order` are possibly sent.
    pub socket_open: bool,
    /// Highest order that existed when a socket was last open.
    pub last_order: u64,
    /// Counts leaders.
    pub term: u64,
    /// The URL welcomed once: never basic again.
    pub welcomed: bool,
    /// The URL answered a ping once: from then on silence means something.
    pub pongs: bool,
    /// The user seen first, for the anonymous scope.
    pub user: Option<String>,
}

impl Meta {
    /// Stands for a record that cannot be read: everything stored may have been sent, and the clock is
    /// above any count of leaders, so that nobody takes this one for an earlier one.
    pub(crate) fn lost(wall: u64) -> Self {
        let mut meta = Self { term: wall, ..Self::default() };
        meta.mark_all();
        meta
    }

    /// Everything stored may have been sent.
    pub(crate) fn mark_all(&mut self) {
        (self.socket_open, self.last_order) = (true, u64::MAX);
    }
}

/// One change.
///
/// ```
/// use sentinelops_engine::{StoreOp, StoreSnapshot};
///
/// /// A store in memory.
/// fn apply(store: &mut StoreSnapshot, op: StoreOp) {
///     match op {
///         StoreOp::Put(row) => store.rows.push(row),
///         StoreOp::Delete { id, .. } => store.rows.retain(|row| row.id != id),
///         StoreOp::PutFailed(row) => store.failed.push(row),
///         StoreOp::DeleteFailed { id } => store.failed.retain(|failed| failed.row.id != id),
///         StoreOp::PutMeta(meta) => store.meta = meta,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum StoreOp {
    /// Insert or replace a row.
    Put(Row),
    /// Remove a row.
    Delete {
        /// Its priority and order (the key).
        priority: Priority,
        /// See above.
        order: u64,
        /// Its id.
        id: String,
    },
    /// Add to the failed list.
    PutFailed(FailedRow),
    /// Remove from the failed list.
    DeleteFailed {
        /// Its id.
        id: String,
    },
    /// Replace the meta record.
    PutMeta(Meta),
}

/// One transaction: all or nothing.
///
/// ```
/// use sentinelops_engine::{StoreEvent, StoreGroup};
///
/// /// Once the whole transaction is on disk, not earlier.
/// fn committed(group: &StoreGroup) -> StoreEvent {
///     StoreEvent::Committed { number: group.number }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct StoreGroup {
    /// Repeated in the answer.
    pub number: u64,
    /// In order.
    pub ops: Vec<StoreOp>,
    /// `strict` durability: rows people were promised. Deletes alone may be relaxed.
    pub strict: bool,
}

/// The object stores whose records are read.
///
/// ```
/// use sentinelops_engine::StoreName;
///
/// let names = StoreName::ALL.map(StoreName::as_str);
/// assert_eq!(names, ["outbox", "failed", "meta"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreName {
    /// Messages not answered yet.
    Outbox,
    /// The failed list.
    Failed,
    /// The metadata record.
    Meta,
}

impl StoreName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Outbox, Self::Failed, Self::Meta];

    /// Its name in the database.
    ///
    /// ```
    /// assert_eq!(sentinelops_engine::StoreName::Outbox.as_str(), "outbox");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outbox => "outbox",
            Self::Failed => "failed",
            Self::Meta => "meta",
        }
    }
}

/// A stored record that this build cannot read. It is kept until a person deletes it.
///
/// ```
/// use sentinelops_engine::{StoreName, UnreadableRecord};
///
/// let record = UnreadableRecord {
///     store: StoreName::Outbox,
///     key: "[2,4]".to_owned(),
///     bytes: vec![0xff],
///     set_aside_at: None,
/// };
/// assert!(record.set_aside_at.is_none(), "it still lies where it was");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadableRecord {
    /// Where it lay.
    pub store: StoreName,
    /// Its key there, as JSON.
    pub key: String,
    /// Its bytes as they lay there; of a value that is no bytes, its JSON.
    pub bytes: Vec<u8>,
    /// When it was set aside, ms since the epoch; `None`: it still lies where it was.
    pub set_aside_at: Option<u64>,
}

impl UnreadableRecord {
    /// Whether it names this message. Every layout holds ids as plain text.
    pub(crate) fn names(&self, id: &str) -> bool {
        let id = id.as_bytes();
        let holds = |text: &[u8]| !id.is_empty() && text.windows(id.len()).any(|part| part == id);
        holds(&self.bytes) || holds(self.key.as_bytes())
    }

    /// Found just now, and possibly a message: one that is nowhere else may not have arrived.
    pub(crate) fn is_new_doubt(&self) -> bool {
        self.set_aside_at.is_none() && self.store != StoreName::Meta
    }
}

/// What a store holds when opened.
///
/// ```
/// use sentinelops_engine::{StoreEvent, StoreSnapshot};
///
/// // A device that was never used.
/// let opened = StoreEvent::Opened(Box::new(StoreSnapshot::default()));
/// # let _ = opened;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoreSnapshot {
    /// By priority, then order.
    pub rows: Vec<Row>,
    /// The failed list.
    pub failed: Vec<FailedRow>,
    /// The metadata record.
    pub meta: Meta,
    /// Records that cannot be read: found just now, and those that were set aside earlier.
    pub unreadable: Vec<UnreadableRecord>,
}

/// Why the store could not do it.
///
/// ```
/// use sentinelops_engine::StoreError;
///
/// let words = |error: &StoreError| match error {
///     StoreError::Quota => "The disk is full.",
///     StoreError::NewerSchema => "A newer version runs in another tab: reload.",
///     _ => "Nothing can be saved on this device.",
/// };
/// assert_eq!(words(&StoreError::Quota), "The disk is full.");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StoreError {
    /// The quota is exhausted.
    #[error("the storage is full")]
    Quota,
    /// There is no store (private mode, blocked, broken).
    #[error("the browser offers no storage here{}", in_brackets(.0))]
    Unavailable(String),
    /// Another tab holds an older version open.
    #[error("an older tab holds it open; close that tab")]
    Blocked,
    /// A newer build changed the schema: nothing is saved before a reload brings that build, or one that
    /// can read what it wrote.
    #[error("a newer version wrote there; reload to update")]
    NewerSchema,
    /// The handle died (the browser closed it).
    #[error("it is closed{}", in_brackets(.0))]
    Dead(String),
    /// Anything else.
    #[error("it failed{}", in_brackets(.0))]
    Other(String),
    /// Another tab has opened the store as its writer since this one did: nothing of the group is stored, and this tab
    /// leads no longer.
    #[error("another tab writes there now")]
    TakenOver,
    /// It has not answered for 5 s to a write, for 10 s to an opening. It may still.
    #[error("it does not answer")]
    Silent,
}

/// The detail that a browser gave, behind the sentence; nothing where there is none.
fn in_brackets(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

/// What the store says.
///
/// ```
/// use sentinelops_engine::{Engine, Now, StoreError, StoreEvent};
///
/// /// There is no store in a private window: everything goes on in memory.
/// fn no_store(engine: &mut Engine, now: Now) {
///     let error = StoreError::Unavailable("private window".to_owned());
///     engine.handle_store(now, StoreEvent::OpenFailed(error));
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum StoreEvent {
    /// Opened; what it holds.
    Opened(Box<StoreSnapshot>),
    /// Could not be opened.
    OpenFailed(StoreError),
    /// The transaction's `complete` came.
    Committed {
        /// The group.
        number: u64,
    },
    /// The transaction aborted: nothing of the group is stored.
    Aborted {
        /// The group.
        number: u64,
        /// Why.
        error: StoreError,
    },
    /// So many unreadable records there are now: a person deleted some.
    Unreadable(u32),
    /// The database closed under us, or a newer build asked for it (`versionchange`).
    Closed(StoreError),
}

/// Whether what is queued survives a reload.
///
/// ```
/// use sentinelops_engine::StorageState;
///
/// /// Whether to warn before the page is closed.
/// fn loses_what_waits(storage: &StorageState) -> bool {
///     matches!(storage, StorageState::MemoryOnly(_) | StorageState::Off)
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorageState {
    /// Not opened yet.
    #[default]
    Opening,
    /// Saved on this device.
    Durable,
    /// Kept in memory only: "not saved on this device".
    MemoryOnly(StoreError),
    /// Switched off by configuration.
    Off,
}
