//! One connection per browser: tabs of one scope elect a leader, whose [`Engine`](crate::Engine) owns
//! socket and outbox; the others follow it.
//!
//! [`Node`] is what a tab's worker drives instead of a bare engine. It keeps the same invariant: after
//! every input drain [`Node::poll_output`], then wait until [`Node::poll_timeout`].
//!
//! * **Leader**: has an engine, and alone opens the store. Its own page is consumer [`LOCAL`]; every following tab is
//!   another. It connects if its page wants to; if only another tab's page does, it gives way to that tab.
//! * **Follower**: has none. It hands what its page sends to the leader and keeps it until the leader reports it durable,
//!   sends the leader what the page watches, and passes batches on.
//! * **Solo**: connects alone, because there are no locks or no store to share.
//! * **Idle**: neither leads nor follows: its page is away, outdated or signed out.
//!
//! | file | concern |
//! |---|---|
//! | `node`, `node/roles` | inputs; what follows from a change of role |
//! | `node/term_check` | a leader that was paused reads the stored term before anything else |
//! | `node/sends` | what the page sent, until it is final |
//! | `node/hand_on` | how a follower hands it to the leader |
//! | `page_state` | what the page wants and watches |
//! | `node/follower`, `pending_commands` | what a tab without an engine does with commands |
//! | `node/sign_in` | which tab has a token, and gets the lock for it |
//! | `node/sign_out` | the end of a user's session, in all tabs |
//! | `leader`, `incomplete` | the engine, and other tabs as its consumers; tabs that must resend everything |
//! | `election` | lock, heartbeats, silence |
//! | `link`, `types` | messages between tabs; commands and outputs |

mod election;
mod incomplete;
mod leader;
mod link;
mod node;
mod page_state;
mod pending_commands;
mod types;

pub use election::{LockEvent, Role};
pub use link::{Inquiry, Interest, LINK_VERSION, LinkMessage, LinkTarget, TabId};
pub use node::Node;
pub use types::{LOCAL, LockRequest, NodeOutput, PageCommand, SignOut};
