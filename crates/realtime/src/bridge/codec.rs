//! Bytes of a packet: 16 characters of build id, then postcard.

use serde::{Serialize, de::DeserializeOwned};

/// Hash of everything both bins are built from; set by `build.rs`.
pub const BUILD_ID: &str = env!("SENTINELOPS_BUILD_ID");

/// A packet that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The other side is of another build: reload the page.
    #[error("page is build {BUILD_ID}, worker is build {found}: reload the page to update")]
    OtherBuild {
        /// The build id found.
        found: String,
    },
    /// Not one of our packets.
    #[error("unreadable packet between page and worker: {0}")]
    Malformed(String),
}

/// Writes a packet.
///
/// # Errors
/// What postcard says; our messages are plain, so only memory can fail.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, DecodeError> {
    postcard::to_extend(message, BUILD_ID.as_bytes().to_vec())
        .map_err(|error| DecodeError::Malformed(error.to_string()))
}

/// Reads a packet of the same build.
///
/// # Errors
/// [`DecodeError::OtherBuild`] or [`DecodeError::Malformed`].
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let Some((build, body)) = bytes.split_at_checked(BUILD_ID.len()) else {
        return Err(DecodeError::Malformed(format!("{} bytes", bytes.len())));
    };
    if build != BUILD_ID.as_bytes() {
        return Err(DecodeError::OtherBuild { found: String::from_utf8_lossy(build).into_owned() });
    }
    postcard::from_bytes(body).map_err(|error| DecodeError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::ToWorker;

    #[test]
    fn round_trip_and_refusals() {
        let bytes = encode(&ToWorker::Credit(7)).unwrap();
        assert_eq!(decode::<ToWorker>(&bytes).unwrap(), ToWorker::Credit(7));
        let mut other = bytes.clone();
        other[0] ^= 1;
        assert!(matches!(decode::<ToWorker>(&other), Err(DecodeError::OtherBuild { .. })));
        assert!(matches!(decode::<ToWorker>(&bytes[..3]), Err(DecodeError::Malformed(_))));
        let mut cut = bytes;
        cut.truncate(BUILD_ID.len());
        assert!(matches!(decode::<ToWorker>(&cut), Err(DecodeError::Malformed(_))));
    }
}
