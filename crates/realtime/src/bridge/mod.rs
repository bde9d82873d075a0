//! What page and worker say to each other.
//!
//! Typed messages ([`ToWorker`], [`FromWorker`]) inside those of yew-agent, as postcard behind a head with the build id:
//! a page refuses a worker of another build at its first message instead of misreading it. [`Port`] is the way there: a
//! real worker, its code in the page, or a fake for tests.

mod codec;
mod message;
mod port;
mod worker_port;

pub use codec::{BUILD_ID, BridgeCodec};
#[cfg(feature = "lab")]
pub(crate) use message::ENDED;
pub use message::{FromWorker, Init, LeaveNotice, PageId, ToWorker};
pub use port::{Port, PortEvent, PortFailure, PortListener};
pub use sentinelops_engine::tabs::SignOut;
pub use worker_port::WorkerPort;
