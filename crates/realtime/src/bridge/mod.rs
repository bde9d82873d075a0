//! What page and worker say to each other.
//!
//! Typed messages ([`ToWorker`], [`FromWorker`]) as postcard in one byte string a batch, headed by
//! the build id, so that a page and a worker of different builds notice at the first packet
//! instead of misreading each other. [`Port`] is the way there: a real worker, the engine in the
//! page, or a fake for tests.

mod codec;
mod message;
mod packet;
mod port;
mod worker_port;

pub use codec::{BUILD_ID, DecodeError, decode, encode};
pub use message::{Farewell, FromWorker, Init, PageId, ToWorker};
pub use packet::{Packet, PacketCodec};
pub use port::{Port, PortEvent, PortFailure, PortListener};
pub use sentinelops_engine::tabs::SignOut;
pub use worker_port::WorkerPort;
