//! The messages. Plain derives only: postcard knows no flatten, tag or skip.

use sentinelops_engine::tabs::{Inquiry, Role, SignOut};
use sentinelops_engine::{
    Batch, EngineOptions, Hint, RawFrame, SendRequest, StoreError, TokenReason, Trace, UnreadableRecord,
};
use sentinelops_protocol::{Channel, Subject};
use serde::{Deserialize, Serialize};

/// Names a page's tab for life, also over worker respawns: a ULID minted by the page.
pub type PageId = String;

/// What the worker needs to begin. It has no window: everything it cannot see itself is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Init {
    /// Options of engine and outbox; URLs absolute.
    pub engine: EngineOptions,
    /// Name of the scope (app base path, URL, user): database, lock and channels carry it.
    pub scope: String,
    /// The tab.
    pub page: PageId,
    /// Connect at once.
    pub auto_connect: bool,
    /// Whether the page is visible now.
    pub visible: bool,
}

/// From the page to its worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// First message.
    Init(Box<Init>),
    /// Connect (also after `Error`).
    Connect,
    /// Disconnect and stay so.
    Disconnect,
    /// Dial now, whatever the backoff says (once per 5 s).
    Reconnect,
    /// Events and state of a subject, from now on.
    Subscribe(Subject),
    /// No more of it.
    Unsubscribe(Subject),
    /// Messages to send, in order. Handing one in again is harmless.
    Send(Vec<SendRequest>),
    /// How did these end? They were saved when an earlier worker of this page ended.
    Inquire(Vec<Inquiry>),
    /// Try a failed message again; `confirm` allows a new id where it may have arrived already.
    Retry {
        /// Which.
        id: String,
        /// See above.
        confirm: bool,
    },
    /// Drop a message: unsent, or from the failed list.
    Discard {
        /// Which.
        id: String,
    },
    /// The batch of this number was taken.
    Credit(u64),
    /// The answer to [`FromWorker::TokenWanted`], or a new token at any time.
    Token(Result<Option<String>, String>),
    /// Something may have changed.
    Hint(Hint),
    /// Counters once a second.
    WatchMetrics(bool),
    /// The list of messages whenever it changes.
    WatchOutbox(bool),
    /// Frames of a basic server that are none of the protocol's messages.
    WatchRaw(bool),
    /// A frame of the page's own, at once or not at all.
    SendRaw(RawFrame),
    /// Are you there? Answered by [`FromWorker::Heartbeat`].
    Heartbeat(u64),
    /// The page goes into the bfcache or away: close the socket, release the lock.
    PageHide,
    /// End this user's session in all tabs.
    SignOut(SignOut),
    /// The stored records that cannot be read, for a file. Answered by [`FromWorker::Unreadable`].
    ReadUnreadable,
    /// Delete them for good. Answered by [`FromWorker::Unreadable`] with what is left.
    DiscardUnreadable,
    /// The last state of a channel, to be kept on this device in place of the one before; empty: none.
    KeepState(Channel, Vec<u8>),
    /// What is kept. Answered by [`FromWorker::LastState`].
    ReadState,
    /// For the laboratory; ignored unless built with the feature `lab`.
    Lab(String),
}

/// Broadcast by a page for its worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaveNotice {
    /// Name of the BroadcastChannel.
    pub channel: String,
    /// The message, as tabs read it.
    pub bytes: Vec<u8>,
}

/// The last message of a worker that ends itself for the laboratory, in [`FromWorker::Lab`].
#[cfg(feature = "lab")]
pub(crate) const ENDED: &str = r#"{"type":"lab.ended"}"#;

/// From the worker to its page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// The worker runs and took [`ToWorker::Init`].
    Ready,
    /// State, events, updates. Answer with [`ToWorker::Credit`].
    Batch(Batch),
    /// Ask the token provider.
    TokenWanted(TokenReason),
    /// The answer to [`ToWorker::Heartbeat`].
    Heartbeat(u64),
    /// For the flight recorder: states, dials, refused frames, notes.
    Traces(Vec<Trace>),
    /// Whether this tab leads (owns the connection) or follows another.
    Role(Role),
    /// What the page has to tell the other tabs when it goes away, so that they need not wait for a worker
    /// that was frozen before it could give the lock back; `None`: nothing (any more).
    LeaveNotice(Option<LeaveNotice>),
    /// Sign-out is complete; at a wipe, what the session left in the store is deleted.
    SignedOut {
        /// What was to be deleted could not be: another tab holds it.
        left: bool,
    },
    /// The answer to [`ToWorker::ReadUnreadable`] and [`ToWorker::DiscardUnreadable`], in their order.
    Unreadable(Result<Vec<UnreadableRecord>, StoreError>),
    /// The answer to [`ToWorker::ReadState`]: a record for each channel.
    LastState(Vec<Vec<u8>>),
    /// What the laboratory answers, as JSON.
    #[cfg(feature = "lab")]
    Lab(String),
}
