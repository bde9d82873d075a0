//! What a node is asked and what it asks.

use super::election::Role;
use super::link::{Inquiry, LinkMessage, LinkTarget};
use super::sign_out::SignOut;
use crate::{Hint, Output, RawFrame, Row, SendRequest};
use sentinelops_protocol::Subject;

/// What a page asks of its worker.
#[derive(Clone, Debug, PartialEq)]
pub enum PageCommand {
    /// Connect (also after `Error`).
    Connect,
    /// Disconnect and stay so. Only this tab: another may lead on.
    Disconnect,
    /// Dial now.
    Reconnect,
    /// Events and state of a subject.
    Subscribe(Subject),
    /// No more of it.
    Unsubscribe(Subject),
    /// Messages to send, in order.
    Send(Vec<SendRequest>),
    /// Try a failed message again.
    Retry {
        /// Which.
        id: String,
        /// A new id is fine.
        confirm: bool,
    },
    /// Drop a message.
    Discard {
        /// Which.
        id: String,
    },
    /// The batch was taken.
    Credit(u64),
    /// The provider's answer, or a new token.
    Token(Result<Option<String>, String>),
    /// A sign from the browser.
    Hint(Hint),
    /// Counters once a second.
    WatchMetrics(bool),
    /// The list of messages.
    WatchOutbox(bool),
    /// Frames of a basic server that are none of the protocol's messages.
    WatchRaw(bool),
    /// A frame of the page's own, at once or not at all.
    SendRaw(RawFrame),
    /// Into the bfcache or away.
    PageHide,
    /// End this user's session in all tabs. Ends with [`NodeOutput::SignedOut`].
    SignOut(SignOut),
    /// To a new worker: how did these end, that were saved when its forerunner died? They are
    /// told like any other news.
    Inquire(Vec<Inquiry>),
}

/// What to do with the scope's lock. A shell has one request at a time: each of these withdraws the one
/// before, and what still comes of that (a late grant, which is given back, or a loss) is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockRequest {
    /// Queue for it.
    Request,
    /// Take it from its holder.
    Steal,
    /// Give it back, or leave the queue.
    Release,
}

/// What a node asks of its shell.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeOutput {
    /// As an engine asks. `Deliver` is for [`super::LOCAL`] only.
    Engine(Output),
    /// The lock.
    Lock(LockRequest),
    /// A message to other tabs.
    Link(LinkTarget, LinkMessage),
    /// One strict transaction that appends rows: each gets [`crate::appended_order`] of the highest
    /// order over all four priorities, read in the same transaction, and of its own `order`; an id that
    /// is already there is skipped. Answer with `Committed` or `Aborted` of this number.
    Append {
        /// Repeated in the answer; never a number an engine uses.
        number: u64,
        /// The rows, with the orders they ask for.
        rows: Vec<Row>,
    },
    /// Read the stored meta record. Answer with [`super::Node::handle_meta`].
    ReadMeta,
    /// Which tabs are alive. Answer with [`super::Node::handle_tabs`].
    QueryTabs,
    /// What this tab is, when it changes.
    Role(Role),
    /// What the page is to tell the other tabs, of itself and at once, when it goes away: the worker may be
    /// frozen before it reads [`PageCommand::PageHide`].
    LeaveNotice(Option<LinkMessage>),
    /// The session is over, for good: nothing follows.
    SignedOut {
        /// Delete the store.
        wipe: bool,
    },
}
