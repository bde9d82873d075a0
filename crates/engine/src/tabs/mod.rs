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
//!
//! | file | concern |
//! |---|---|
//! | `node`, `roles` | inputs; what follows from a change of role |
//! | `suspense` | a leader that slept reads the stored term before anything else |
//! | `sends`, `appends` | what the page sent, until it is safe; how a tab without an engine makes it safe |
//! | `hand_on` | what a follower gives to the store and what to the leader |
//! | `follower`, `orders` | what a tab without an engine does with commands |
//! | `sign_in` | which tab has a token, and gets the lock for it |
//! | `sign_out` | the end of a user's session, in all tabs |
//! | `leader`, `incomplete` | the engine, and other tabs as its consumers; tabs that have to come again |
//! | `election` | lock, beats, silence |
//! | `link`, `types` | what tabs say to each other; commands and outputs |

mod appends;
mod election;
mod follower;
mod hand_on;
mod incomplete;
mod leader;
mod link;
mod node;
mod orders;
mod roles;
mod sends;
mod sign_in;
mod sign_out;
mod suspense;
#[cfg(test)]
mod tests;
mod types;

pub use election::{LockEvent, Role};
pub use link::{Inquiry, Interest, LINK_VERSION, LinkMessage, LinkTarget, TabId};
pub use node::{LOCAL, Node};
pub use sign_out::SignOut;
pub use types::{LockRequest, NodeOutput, PageCommand};
