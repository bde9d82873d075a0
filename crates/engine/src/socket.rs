//! What the shell says about sockets and about the world around them.

use serde::{Deserialize, Serialize};

/// Numbers the sockets of one engine. Events of any but the latest generation are ignored.
///
/// ```
/// use sentinelops_engine::Generation;
///
/// assert!(Generation(2) > Generation(1), "the later socket");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Generation(pub u64);

/// What happened to a socket.
///
/// ```
/// use sentinelops_engine::{Engine, Generation, Now, SocketEvent};
///
/// /// The browser's `close` event.
/// fn on_close(engine: &mut Engine, now: Now, generation: Generation, code: u16, reason: String) {
///     engine.handle_socket(now, generation, SocketEvent::Closed { code, reason });
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum SocketEvent<'a> {
    /// The server chose this subprotocol. Before `Opened`, and only where one was chosen.
    Protocol(String),
    /// The handshake succeeded.
    Opened,
    /// A frame arrived.
    Frame {
        /// Its bytes (UTF-8 JSON either way).
        bytes: &'a [u8],
        /// Whether it came as a binary frame.
        binary: bool,
    },
    /// `bufferedAmount` as last read, in bytes. Read after each transmit and while it is above 0
    /// at each [`crate::Engine::poll_timeout`].
    Buffered(usize),
    /// The socket closed, or could not be opened (1006).
    Closed {
        /// The close code; 1006 when there was none.
        code: u16,
        /// The reason text, possibly empty.
        reason: String,
    },
    /// The constructor refused (bad URL, mixed content): no retry helps.
    Refused {
        /// Text of the browser's error.
        reason: String,
    },
}

/// Signs from the browser that something may have changed. None of them proves anything.
///
/// ```
/// use sentinelops_engine::{Engine, Hint, Now};
///
/// fn on_visibility(engine: &mut Engine, now: Now, visible: bool) {
///     engine.handle_hint(now, if visible { Hint::Visible } else { Hint::Hidden });
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hint {
    /// `online` event.
    Online,
    /// `offline` event: slows dialling, declares nothing.
    Offline,
    /// The page became visible.
    Visible,
    /// The page became hidden.
    Hidden,
    /// The window got focus.
    Focus,
    /// `pageshow` (also out of the bfcache).
    PageShow,
    /// `resume` after a freeze.
    Resume,
    /// A timer fired far too late: the machine slept. The engine also finds this out by itself.
    LateTick,
}
