//! Frames of one's own, to and from a basic server.

use serde::{Deserialize, Serialize};

/// A whole WebSocket frame that is none of the protocol's messages.
///
/// ```
/// use sentinelops_engine::RawFrame;
///
/// let frame = RawFrame::Binary(vec![1, 2, 3]);
/// assert_eq!(frame.len(), 3);
/// ```
// Closed: WebSocket has these two kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RawFrame {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
}

impl RawFrame {
    /// Most bytes of a frame, in either direction: 1 MiB. A larger one is not sent, and one that arrives counts as refused.
    pub const BYTES_MAX: usize = 1024 * 1024;

    /// Its bytes.
    ///
    /// ```
    /// use sentinelops_engine::RawFrame;
    ///
    /// assert_eq!(RawFrame::Text("é".to_owned()).len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it has no bytes.
    ///
    /// ```
    /// use sentinelops_engine::RawFrame;
    ///
    /// assert!(RawFrame::Text(String::new()).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn of(bytes: &[u8], binary: bool) -> Self {
        if binary {
            Self::Binary(bytes.to_vec())
        } else {
            Self::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}
