//! What the engine asks the shell to do.

#[cfg(feature = "traces")]
use crate::MessageUpdate;
use crate::{Batch, ConnectionState, ConsumerId, Generation, RawFrame, StoreGroup};
#[cfg(feature = "traces")]
use sentinelops_protocol::Problem;
use serde::{Deserialize, Serialize};

/// Something to carry out, in order.
///
/// ```
/// use sentinelops_engine::{Engine, Output};
///
/// fn carry_out(engine: &mut Engine) {
///     while let Some(output) = engine.poll_output() {
///         match output {
///             Output::Dial { .. } => { /* open a socket; the URL may hold a token */ }
///             Output::Transmit { text, .. } => println!("send {} bytes", text.len()),
///             Output::Store(group) => println!("one transaction of {} changes", group.ops.len()),
///             _ => {}
///         }
///     }
/// }
/// ```
#[derive(Clone, PartialEq)]
pub enum Output {
    /// Open a socket. The URL may hold a token in its query: never log it.
    Dial {
        /// Say it with every event of this socket.
        generation: Generation,
        /// The whole URL.
        url: String,
    },
    /// Send a frame.
    Transmit {
        /// On this socket.
        generation: Generation,
        /// UTF-8 JSON.
        text: String,
        /// As a binary frame (v1) or a text frame.
        binary: bool,
    },
    /// Send a frame of the page's own.
    TransmitRaw {
        /// On this socket.
        generation: Generation,
        /// As it is.
        frame: RawFrame,
    },
    /// Close and abandon a socket: detach its handlers first, its events no longer count.
    Abandon {
        /// This socket.
        generation: Generation,
        /// 1000 or 4000-4999.
        code: u16,
        /// At most 123 bytes.
        reason: String,
    },
    /// Ask the page's token provider. Answer with `handle_token`.
    RequestToken {
        /// Why it is asked.
        reason: TokenReason,
    },
    /// One transaction. Answer with `handle_store`.
    Store(StoreGroup),
    /// Open the store (again) as its only writer and read everything, in one transaction: what an earlier writer still
    /// wants to write after it is refused with [`crate::StoreError::TakenOver`]. Answer with `handle_store`.
    OpenStore,
    /// Set aside the records that cannot be read, in one transaction that reads them again.
    SetAsideUnreadable,
    /// A batch for a consumer.
    Deliver {
        /// Who.
        consumer: ConsumerId,
        /// What.
        batch: Batch,
    },
    /// For the flight recorder and debug log; never holds tokens.
    Trace(Trace),
}

/// Why a token is asked for.
///
/// ```
/// use sentinelops_engine::TokenReason;
///
/// let from_cache = |reason| match reason {
///     TokenReason::Dial => true,
///     // The one we have is about to end, or was not taken.
///     _ => false,
/// };
/// assert!(!from_cache(TokenReason::Rejected));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TokenReason {
    /// Before a dial.
    Dial,
    /// At 80 % of its life.
    Refresh,
    /// The server closed with 4401.
    Rejected,
}

/// What happened inside, for people who debug.
///
/// ```
/// use sentinelops_engine::Trace;
///
/// fn line(trace: &Trace) -> String {
///     match trace {
///         Trace::Backoff { attempt, delay_ms, why } => format!("attempt {attempt} in {delay_ms} ms: {why}"),
///         other => format!("{other:?}"),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Trace {
    /// The state changed.
    State {
        /// From.
        from: ConnectionState,
        /// To.
        to: ConnectionState,
        /// In words.
        cause: String,
    },
    /// A dial is planned.
    Backoff {
        /// Which attempt.
        attempt: u32,
        /// Ms from now.
        delay_ms: u64,
        /// In words.
        why: String,
    },
    /// A message of ours went a step further. With the feature `traces` only: a consumer gets it as a delivery.
    #[cfg(feature = "traces")]
    Message(MessageUpdate),
    /// A frame was refused whole.
    RefusedFrame(String),
    /// Part of a frame was refused or repaired. With the feature `traces` only: a consumer gets it as a delivery.
    #[cfg(feature = "traces")]
    Problem(Problem),
    /// Anything else worth a line.
    Note(String),
}
