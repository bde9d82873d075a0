//! SentinelOps.
#![deny(missing_docs)]

pub mod bridge;
pub mod worker;
