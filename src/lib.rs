//! SentinelOps.
