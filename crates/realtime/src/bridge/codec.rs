//! Bytes of a message: a mark, 16 characters of build id, then postcard.

use js_sys::Uint8Array;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, throw_str};
use yew_agent::Codec;

/// Hash of everything both bins are built from; set by `build.rs`.
pub const BUILD_ID: &str = env!("SENTINELOPS_BUILD_ID");

/// How every message begins: five characters of mark, the same in all builds, and the build id. `shim.js` passes on what
/// begins with exactly this, and reports anything else as another build or as no message of ours.
pub(super) const HEAD: &str = concat!("SNTL2", env!("SENTINELOPS_BUILD_ID"));

/// The codec of both ends: encodes yew-agent's messages with ours inside, in one go.
#[derive(Debug)]
pub struct BridgeCodec;

impl Codec for BridgeCodec {
    fn encode<I: Serialize>(input: I) -> JsValue {
        match write(&input) {
            // Copied, not transferred: transferring small buffers is slower.
            Ok(bytes) => Uint8Array::from(bytes.as_slice()).into(),
            // Our messages are plain data, so only memory can fail. The other end reports that this is no message.
            Err(_) => JsValue::NULL,
        }
    }

    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        let bytes = input.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
        match read(&bytes) {
            Ok(message) => message,
            // yew-agent leaves no other way to refuse a message. An exception drops this one and is reported by the
            // browser; a panic would end the program.
            Err(why) => throw_str(&format!("unreadable message between page and worker: {why}")),
        }
    }
}

fn write<T: Serialize>(message: &T) -> postcard::Result<Vec<u8>> {
    postcard::to_extend(message, HEAD.as_bytes().to_vec())
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let body = bytes
        .strip_prefix(HEAD.as_bytes())
        .ok_or_else(|| format!("{} bytes without our head", bytes.len()))?;
    postcard::from_bytes(body).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::ToWorker;

    #[test]
    fn messages_are_read_as_written_and_others_refused() {
        let bytes = write(&ToWorker::Credit(7)).unwrap();
        assert_eq!(read::<ToWorker>(&bytes).unwrap(), ToWorker::Credit(7));
        for at in [0, HEAD.len() - 1] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(read::<ToWorker>(&other).unwrap_err().contains("head"));
        }
        assert!(read::<ToWorker>(&bytes[..3]).unwrap_err().contains("3 bytes"));
        assert!(read::<ToWorker>(&bytes[..HEAD.len()]).is_err());
    }

    #[test]
    fn head_is_a_mark_and_the_build() {
        assert_eq!(HEAD.strip_suffix(BUILD_ID), Some("SNTL2"));
        assert_eq!(BUILD_ID.len(), 16);
    }
}
