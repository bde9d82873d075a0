//! Bytes of a record: one that names the layout, then postcard.
//!
//! A test holds the layout fast. Who changes a stored type raises [`LAYOUT`] and
//! [`super::LINK_VERSION`] together and adds the layout before to [`OLDER`]. The first tab of the newer
//! build then rewrites every record while it upgrades the database, so that nothing but the present
//! layout is ever met afterwards.

use sentinelops_engine::{FailedRow, Meta, Row, StoreName};
use serde::{Serialize, de::DeserializeOwned};

/// The layout that is written.
pub const LAYOUT: u8 = 1;

/// How an older build's records are read: what follows the byte that names the layout, whole.
#[derive(Clone, Copy, Debug)]
pub struct Older {
    /// The byte.
    pub layout: u8,
    /// A message.
    pub row: fn(&[u8]) -> Option<Row>,
    /// A message that ended badly.
    pub failed: fn(&[u8]) -> Option<FailedRow>,
    /// The metadata record.
    pub meta: fn(&[u8]) -> Option<Meta>,
}

/// The layouts of older builds. There are none: no other was ever released.
pub const OLDER: &[Older] = &[];

/// Bytes of a record, `None` only when memory fails.
pub fn encode<T: Serialize>(value: &T) -> Option<Vec<u8>> {
    postcard::to_extend(value, vec![LAYOUT]).ok()
}

/// Reads a record; `None` if it is of no layout known here, or damaged.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    whole(bytes.strip_prefix(&[LAYOUT])?)
}

/// A postcard value and nothing behind it: what the functions of an [`Older`] begin with.
pub fn whole<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(body).ok()?;
    rest.is_empty().then_some(value)
}

/// A record of an older build in the present layout; `None` if it is of none of these layouts, or
/// damaged.
pub(super) fn renewed(older: &[Older], store: StoreName, bytes: &[u8]) -> Option<Vec<u8>> {
    let (layout, body) = bytes.split_first()?;
    let older = older.iter().find(|older| older.layout == *layout)?;
    match store {
        StoreName::Outbox => encode(&(older.row)(body)?),
        StoreName::Failed => encode(&(older.failed)(body)?),
        StoreName::Meta => encode(&(older.meta)(body)?),
    }
}
