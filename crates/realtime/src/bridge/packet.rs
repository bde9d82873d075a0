//! How our bytes travel inside yew-agent's own messages.
//!
//! yew-agent wraps what we send in messages of its own and decodes them with a codec that may not
//! fail: its default panics on anything unexpected, which would kill the page. This one frames a
//! message as five bytes of mark, then postcard, and reads everything else as an empty [`Packet`],
//! which [`crate::bridge::decode`] refuses politely. Mark and framing stay the same from build to
//! build; the build id inside a packet says whether the rest can be understood.

use js_sys::Uint8Array;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use wasm_bindgen::{JsCast, JsValue};
use yew_agent::Codec;

/// Heads every message between page and worker; `shim.js` looks for it too.
const MARK: &[u8; 5] = b"SNTL1";

/// An unreadable message as yew-agent sees it: on the page output, in the worker input, of a
/// handler that does not exist, with an empty packet. Variant 1, then the id, then the length.
const FOREIGN: [u8; 7] = [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];

/// Bytes made by [`crate::bridge::encode`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet(pub Vec<u8>);

impl Serialize for Packet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As one run of bytes: serde's own way with a `Vec<u8>` goes element by element.
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Packet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Packet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Packet, E> {
                Ok(Packet(bytes.to_vec()))
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Packet, E> {
                Ok(Packet(bytes))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// The codec of both ends.
#[derive(Debug)]
pub struct PacketCodec;

impl PacketCodec {
    fn read<O: for<'de> Deserialize<'de>>(input: &JsValue) -> Option<O> {
        let bytes = input.dyn_ref::<Uint8Array>()?.to_vec();
        postcard::from_bytes(bytes.strip_prefix(MARK)?).ok()
    }
}

impl Codec for PacketCodec {
    fn encode<I: Serialize>(input: I) -> JsValue {
        match postcard::to_extend(&input, MARK.to_vec()) {
            // Copied, not transferred: transferring small buffers is slower.
            Ok(bytes) => Uint8Array::from(bytes.as_slice()).into(),
            Err(_) => JsValue::NULL,
        }
    }

    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        match Self::read(&input) {
            Some(message) => message,
            None => postcard::from_bytes(&FOREIGN)
                .expect("variant 1 of yew-agent's messages is a handler id and a packet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of yew-agent's private messages, both ways.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Wrapped {
        First,
        Packet(usize, Packet),
    }

    #[test]
    fn a_packet_is_one_run_of_bytes() {
        let bytes = postcard::to_extend(&Wrapped::Packet(3, Packet(vec![7, 8])), Vec::new()).unwrap();
        assert_eq!(bytes, [1, 3, 2, 7, 8]);
        assert_eq!(postcard::from_bytes::<Wrapped>(&bytes).unwrap(), Wrapped::Packet(3, Packet(vec![7, 8])));
        assert_eq!(postcard::from_bytes::<Wrapped>(&[0]).unwrap(), Wrapped::First);
    }

    #[test]
    fn foreign_data_reads_as_an_empty_packet() {
        let read: Wrapped = postcard::from_bytes(&FOREIGN).unwrap();
        assert_eq!(read, Wrapped::Packet(u32::MAX as usize, Packet::default()));
    }
}
