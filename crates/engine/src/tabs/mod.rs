//! One connection per browser: tabs of one scope elect a leader, whose [`Engine`](crate::Engine) owns
//! socket and outbox; the others follow it.
//!
//! [`Node`] is what a tab's worker drives instead of a bare engine. It keeps the same invariant: after
//! every input drain [`Node::poll_output`], then wait until [`Node::poll_timeout`].
//!
//! * **Leader**: has an engine. Its own page is consumer [`LOCAL`]; every following tab is another.
//! * **Follower**: has none. It appends what its page sends to the shared store (or hands over what
//!   cannot be stored), tells the leader what the page looks at, and passes batches on. It never
//!   updates, deletes, evicts or expires a row: only the leader does.
//! * **Solo**: connects for itself, because there are no locks or no store to share.

mod election;
mod follower;
mod leader;
mod link;
mod node;

pub use election::{LockEvent, Role};
pub use link::{Interest, LINK_VERSION, LinkMessage, LinkTarget, TabId};
pub use node::{LOCAL, LockRequest, Node, NodeOutput, PageCommand};
