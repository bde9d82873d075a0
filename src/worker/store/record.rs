//! Bytes of a record: one that names the layout, then postcard.
//!
//! A test holds the layout fast. Whoever changes a stored type raises `LAYOUT` and
//! [`super::LINK_VERSION`] together, and teaches [`decode`] to read the old layout: rows of an
//! older build are read as they lie there and written in the new layout when they change.

use serde::{Serialize, de::DeserializeOwned};

/// The layout that is written.
const LAYOUT: u8 = 1;

/// Bytes of a record, `None` only when memory fails.
pub fn encode<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    postcard::to_extend(value, vec![LAYOUT]).ok()
}

/// Reads a record; `None` if it is of no layout known here, or damaged.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let body = bytes.strip_prefix(&[LAYOUT])?;
    let (value, rest) = postcard::take_from_bytes(body).ok()?;
    rest.is_empty().then_some(value)
}
