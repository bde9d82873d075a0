//! Bytes of a record: one of version, then postcard. The layout is fixed for [`super::LINK_VERSION`]
//! by a test; whoever changes a stored type raises the version and keeps reading the old one.

use super::LINK_VERSION;
use serde::{Serialize, de::DeserializeOwned};

/// The version as it heads a record.
const VERSION: u8 = LINK_VERSION as u8;

/// Bytes of a record, `None` only when memory fails.
pub fn encode<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    postcard::to_extend(value, vec![VERSION]).ok()
}

/// Reads a record; `None` if it is of no version known here, or damaged.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let body = bytes.strip_prefix(&[VERSION])?;
    let (value, rest) = postcard::take_from_bytes(body).ok()?;
    rest.is_empty().then_some(value)
}
