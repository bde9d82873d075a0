//! What concerns the whole crate.

mod tables;
