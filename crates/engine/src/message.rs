//! What a sender submits, and the updates it gets.

use sentinelops_protocol::{Channel, Code, Json, Priority};
use serde::{Deserialize, Serialize};

/// A message to send.
///
/// ```
/// use sentinelops_engine::SendRequest;
/// use sentinelops_protocol::{Channel, Json, Priority};
///
/// let payload = Json::parse(r#"{"conversationId": "c1"}"#)?;
/// let typing = SendRequest {
///     priority: Priority::Low,
///     queue: false,
///     ephemeral: true,
///     ..SendRequest::new("01JD9Q5X5WQ4M3R6K9V1B7T2C8", "chat.typing", Channel::Chat, payload)
/// };
/// # let _ = typing;
/// # Ok::<(), sentinelops_protocol::JsonError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SendRequest {
    /// Minted by the sender (a ULID, 1 to 64 chars): the idempotency key. Handing the same id in
    /// again is harmless.
    pub id: String,
    /// The dotted type.
    pub kind: String,
    /// The channel; not `system`.
    pub channel: Channel,
    /// The payload.
    pub payload: Json,
    /// How urgent.
    pub priority: Priority,
    /// `None`: derived with [`sentinelops_protocol::ordering_key`].
    pub ordering_key: Option<String>,
    /// An unsent row with the same value is replaced (Superseded). Of receipts (see
    /// [`sentinelops_protocol::Watermark`]) the one that says more stays, whichever was sent last.
    pub coalesce: Option<String>,
    /// `false`: never stored, never kept while disconnected (refused at once instead).
    pub queue: bool,
    /// `true`: dropped silently when it cannot leave at once (typing).
    pub ephemeral: bool,
    /// Handed in again after a worker or a leader was lost: what is not in the store may have been
    /// sent all the same, so it is never evicted, replaced or refused.
    pub again: bool,
}

impl SendRequest {
    /// One of normal priority that waits for a connection; its ordering key is derived.
    ///
    /// ```
    /// use sentinelops_engine::SendRequest;
    /// use sentinelops_protocol::{Channel, Json, Priority};
    ///
    /// let request = SendRequest::new("m1", "activity.note", Channel::Activity, Json::parse("{}")?);
    /// assert_eq!((request.priority, request.queue), (Priority::Normal, true));
    /// # Ok::<(), sentinelops_protocol::JsonError>(())
    /// ```
    pub fn new(id: impl Into<String>, kind: impl Into<String>, channel: Channel, payload: Json) -> Self {
        Self {
            id: id.into(),
            kind: kind.into(),
            channel,
            payload,
            priority: Priority::Normal,
            ordering_key: None,
            coalesce: None,
            queue: true,
            ephemeral: false,
            again: false,
        }
    }
}

/// Whether it survives a reload.
///
/// ```
/// use sentinelops_engine::Durability;
///
/// let may_close_the_page = |durability| durability == Durability::Durable;
/// assert!(!may_close_the_page(Durability::MemoryOnly));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Durability {
    /// Handed to the store, not yet complete.
    Pending,
    /// The store's strict transaction completed.
    Durable,
    /// There is no working store.
    MemoryOnly,
}

/// How far it got.
///
/// ```
/// use sentinelops_engine::DeliveryState;
///
/// assert!(DeliveryState::Delivered.is_final());
/// // Possibly sent, no answer yet: it is sent again and takes effect once.
/// assert!(!DeliveryState::Unconfirmed.is_final());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DeliveryState {
    /// Waiting for a connection, the window, or `retryAfterMs`.
    Queued,
    /// Given to a socket that is still open.
    Sent,
    /// Possibly sent, no answer, the socket is gone. It will be sent again.
    Unconfirmed,
    /// Acked: final.
    Delivered,
    /// Basic servers: a pong came after it. Final.
    HandedOver,
    /// Final.
    Failed(FailReason),
    /// Over the maximum age. Final.
    Expired {
        /// It was given to a socket before.
        may_have_arrived: bool,
    },
    /// Dropped for a more urgent one; it was never sent. Final.
    Evicted,
    /// Another message of the same `coalesce` replaced it; it was never sent. Final.
    Superseded,
}

impl DeliveryState {
    /// Whether nothing more will happen to it.
    ///
    /// ```
    /// use sentinelops_engine::DeliveryState;
    ///
    /// assert!(DeliveryState::Evicted.is_final());
    /// assert!(!DeliveryState::Queued.is_final());
    /// ```
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Queued | Self::Sent | Self::Unconfirmed)
    }

    /// Whether it was turned away at once: no queue ever held it, nothing of it was sent.
    ///
    /// ```
    /// use sentinelops_engine::{DeliveryState, FailReason};
    ///
    /// assert!(DeliveryState::Failed(FailReason::QueueFull { capacity: 1_000 }).was_refused());
    /// assert!(!DeliveryState::Evicted.was_refused());
    /// ```
    pub fn was_refused(&self) -> bool {
        use FailReason::{Invalid, NotConnected, QueueFull, TooBig};
        matches!(self, Self::Failed(QueueFull { .. } | NotConnected | TooBig { .. } | Invalid { .. }))
    }

    /// Whether it ended badly in a way that allows the same message, under the same id, to be handed in
    /// once more: the server answered for it, or has never seen it.
    ///
    /// ```
    /// use sentinelops_engine::{DeliveryState, FailReason};
    /// use sentinelops_protocol::Code;
    ///
    /// let put_off =
    ///     FailReason::TooManyAttempts { attempts: 3, code: Code::RateLimited, message: "send fewer".to_owned() };
    /// assert!(DeliveryState::Failed(put_off).allows_another_try());
    /// assert!(!DeliveryState::Expired { may_have_arrived: true }.allows_another_try());
    /// ```
    pub fn allows_another_try(&self) -> bool {
        use FailReason::{Discarded, SignedOut, Unreadable};
        match self {
            Self::Evicted => true,
            Self::Failed(reason) => !matches!(reason, Discarded | SignedOut | Unreadable),
            _ => false,
        }
    }
}

/// Why a message failed for good.
///
/// ```
/// use sentinelops_engine::FailReason;
///
/// /// Whether sending the same again can help.
/// fn worth_a_retry(reason: &FailReason) -> bool {
///     matches!(reason, FailReason::TooManyAttempts { .. } | FailReason::NotConnected | FailReason::QueueFull { .. })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FailReason {
    /// The server's final nack, or its `error` naming this message.
    Refused {
        /// Why.
        code: Code,
        /// Why, for people.
        message: String,
    },
    /// `max_attempts` retryable nacks.
    TooManyAttempts {
        /// How many.
        attempts: u32,
        /// Why, in the last of them.
        code: Code,
        /// The same, for people.
        message: String,
    },
    /// Larger than the server accepts; never sent.
    TooBig {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// It was alone in flight twice when the server closed with this code.
    Poison {
        /// The close code.
        code: u16,
        /// The server's reason.
        reason: String,
    },
    /// The outbox is full of messages at least as urgent; it was not taken.
    QueueFull {
        /// Messages allowed.
        capacity: u32,
    },
    /// Not connected, and the message (or the configuration) says not to queue.
    NotConnected,
    /// The request itself is wrong (id, type, channel).
    Invalid {
        /// What was found and what is allowed.
        detail: String,
    },
    /// A person discarded it; it was never sent.
    Discarded,
    /// The session was ended (signed out) before it was known to have arrived.
    SignedOut,
    /// It was saved, and may be among the stored records that cannot be read.
    Unreadable,
}

/// A change in what is known of a message.
///
/// ```
/// use sentinelops_engine::{DeliveryState, Durability, MessageUpdate};
///
/// let update = MessageUpdate {
///     id: "01JD9Q5X5WQ4M3R6K9V1B7T2C8".to_owned(),
///     durability: Durability::Durable,
///     delivery: DeliveryState::Delivered,
/// };
/// assert!(update.delivery.is_final());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageUpdate {
    /// Which message.
    pub id: String,
    /// Whether it survives a reload.
    pub durability: Durability,
    /// How far it got.
    pub delivery: DeliveryState,
}

/// One row of the outbox as listed to people.
///
/// ```
/// use sentinelops_engine::{DeliveryState, MessageInfo};
///
/// fn failed(messages: &[MessageInfo]) -> impl Iterator<Item = &MessageInfo> {
///     messages.iter().filter(|message| matches!(message.update.delivery, DeliveryState::Failed(_)))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageInfo {
    /// Its present state.
    pub update: MessageUpdate,
    /// The dotted type.
    pub kind: String,
    /// The channel.
    pub channel: Channel,
    /// How urgent.
    pub priority: Priority,
    /// When it was sent by the person, ms since the epoch.
    pub created_at: u64,
    /// Retryable nacks so far.
    pub attempts: u32,
    /// A newer one may replace it: it was sent with a `coalesce`.
    pub coalesced: bool,
    /// The payload as JSON text.
    pub payload: Json,
}

/// How many messages are in which state.
///
/// ```
/// use sentinelops_engine::MessageCounts;
/// use sentinelops_protocol::Priority;
///
/// let counts = MessageCounts { queued: [1, 0, 2, 0], ..MessageCounts::default() };
/// assert_eq!(counts.queued[usize::from(Priority::Critical.rank())], 1);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageCounts {
    /// Waiting or in flight, by priority rank.
    pub queued: [u32; 4],
    /// Of these, in flight.
    pub in_flight: u32,
    /// In the failed list.
    pub failed: u32,
}
