//! Commands to a node and its outputs.

use super::election::Role;
use super::link::{Inquiry, LinkMessage, LinkTarget};
use crate::{ConsumerId, Hint, Output, RawFrame, SendRequest};
use sentinelops_protocol::Subject;
use serde::{Deserialize, Serialize};

/// The tab's own page, as a consumer of its engine.
pub const LOCAL: ConsumerId = ConsumerId(0);

/// A command of a page to its worker.
#[derive(Clone, Debug, PartialEq)]
pub enum PageCommand {
    /// Connect (also after `Error`).
    Connect,
    /// Disconnect this tab and stay disconnected. Other tabs are not affected.
    Disconnect,
    /// Dial now.
    Reconnect,
    /// Subscribe to the events and state of a subject.
    Subscribe(Subject),
    /// End a subscription.
    Unsubscribe(Subject),
    /// Messages to send, in order.
    Send(Vec<SendRequest>),
    /// Retry a failed message.
    Retry {
        /// Id of the message.
        id: String,
        /// The user accepts a new id (the message may then arrive twice).
        confirm: bool,
    },
    /// Discard a message.
    Discard {
        /// Id of the message.
        id: String,
    },
    /// The page took the batch of this number.
    Credit(u64),
    /// The provider's answer, or a new token.
    Token(Result<Option<String>, String>),
    /// A hint from the browser.
    Hint(Hint),
    /// Whether the page wants counters, once a second.
    WatchMetrics(bool),
    /// Whether the page wants the outbox list.
    WatchOutbox(bool),
    /// Whether the page wants frames of a basic server that are no protocol messages.
    WatchRaw(bool),
    /// Send a raw frame, at once or not at all.
    SendRaw(RawFrame),
    /// The page goes into the bfcache or is closed.
    PageHide,
    /// End this user's session in all tabs. Ends with [`NodeOutput::SignedOut`].
    SignOut(SignOut),
    /// Ask how these messages ended, which were saved when an earlier worker of this page died. The answers are delivered
    /// like any other update.
    Inquire(Vec<Inquiry>),
}

/// What to do with unsent messages at sign-out.
///
/// ```
/// use sentinelops_engine::tabs::SignOut;
///
/// /// On a shared machine nothing stays behind.
/// fn how(shared_machine: bool) -> SignOut {
///     if shared_machine { SignOut::Wipe } else { SignOut::SendFirst }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignOut {
    /// Send everything first, then close. Waits for a connection.
    SendFirst,
    /// Keep them on this device for the next login of the same user.
    Keep,
    /// Delete everything of this user on this device.
    Wipe,
}

/// What to do with the scope's lock. A shell has one request at a time. Each of these withdraws the one before; late
/// events of a withdrawn request (a grant, which the shell releases, or a loss) are not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockRequest {
    /// Queue for the lock.
    Request,
    /// Steal the lock from its holder.
    Steal,
    /// Release the lock, or leave its queue.
    Release,
}

/// What a node's shell has to carry out.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeOutput {
    /// An output of the engine. `Deliver` is for [`LOCAL`] only.
    Engine(Output),
    /// A request for the lock.
    Lock(LockRequest),
    /// A message to other tabs.
    Link(LinkTarget, LinkMessage),
    /// Open the store without becoming its writer, to learn whether it can be opened. Answer with `Opened` or
    /// `OpenFailed`.
    ProbeStore,
    /// Read the stored meta record. Answer with [`super::Node::handle_meta`].
    ReadMeta,
    /// Which tabs are alive. Answer with [`super::Node::handle_tabs`].
    QueryTabs,
    /// The role of this tab has changed.
    Role(Role),
    /// What the page broadcasts itself when it goes away, because the worker may be frozen before it reads
    /// [`PageCommand::PageHide`]. `None`: nothing.
    LeaveNotice(Option<LinkMessage>),
    /// The session has ended. It is the last output.
    SignedOut {
        /// Delete the store.
        wipe: bool,
    },
}
