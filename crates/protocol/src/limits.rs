//! What a frame may weigh, at either end.

/// Limits on one inbound frame.
///
/// ```
/// use sentinelops_protocol::{FrameError, Limits, decode_server_frame};
///
/// let strict = Limits { max_bytes: 10, ..Limits::to_client() };
/// let error = decode_server_frame(br#"{"type":"a.b"}"#, &strict);
/// assert_eq!(error, Err(FrameError::TooBig { found: 14, allowed: 10 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest frame, in bytes.
    pub max_bytes: usize,
    /// Deepest nesting of arrays and objects.
    pub max_depth: usize,
    /// Most envelopes in one array.
    pub max_batch: usize,
}

impl Limits {
    /// Frames towards the client: 1 MiB, depth 64, 512 envelopes.
    ///
    /// ```
    /// use sentinelops_protocol::Limits;
    ///
    /// assert_eq!(Limits::to_client().max_bytes, 1024 * 1024);
    /// ```
    pub const fn to_client() -> Self {
        Self { max_bytes: 1024 * 1024, max_depth: 64, max_batch: 512 }
    }

    /// Frames towards the server: 64 KiB (`welcome.maxMessageBytes`), depth 64, 512 envelopes.
    ///
    /// ```
    /// use sentinelops_protocol::Limits;
    ///
    /// assert_eq!(Limits::to_server().max_bytes, 64 * 1024);
    /// ```
    pub const fn to_server() -> Self {
        Self { max_bytes: 64 * 1024, max_depth: 64, max_batch: 512 }
    }
}
