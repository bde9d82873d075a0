//! The outbox: what people sent and no server has answered for yet.

use crate::{
    ConsumerId, MessageCounts, MessageInfo, MessageUpdate, Meta, Mode, Now, OutboxOptions, SendRequest,
    StorageState, StoreEvent, StoreGroup,
};
use sentinelops_protocol::Code;

/// What the outbox needs to know of a connection whose mode is known and whose user fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub mode: Mode,
    pub max_in_flight: u32,
    pub max_message_bytes: u64,
    /// Messages per second, if the server limits them.
    pub rate: Option<f64>,
}

/// One frame to transmit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutFrame {
    pub text: String,
    /// Messages in it.
    pub count: u32,
}

/// What the outbox wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OutboxOutput {
    Store(StoreGroup),
    OpenStore,
    Rescan,
    /// `to` is the consumer that handed the message in; `None` for rows of earlier lives and other tabs.
    Update {
        to: Option<ConsumerId>,
        update: MessageUpdate,
    },
    Note(String),
}

pub(crate) struct Outbox {
    meta: Meta,
    storage: StorageState,
}

#[allow(unused_variables, dead_code)]
impl Outbox {
    pub fn new(options: OutboxOptions, tab: String, now: Now) -> Self {
        Self { meta: Meta::default(), storage: StorageState::Opening }
    }
    // Commands.
    pub fn enqueue(&mut self, now: Now, to: ConsumerId, request: SendRequest) {}
    /// `new_id` is used only where the old one must not be (over age, may have arrived).
    pub fn retry(&mut self, now: Now, to: ConsumerId, id: &str, confirm: bool, new_id: String) {}
    pub fn discard(&mut self, now: Now, to: ConsumerId, id: &str) {}
    // Socket.
    /// The handshake succeeded: the store's socket-open mark is written ahead of the first send.
    pub fn socket_opened(&mut self, now: Now) {}
    /// The mode is known and the user fits: rows may leave. Again with other limits after an upgrade.
    pub fn connected(&mut self, now: Now, link: Link) {}
    /// Harmless when not connected. Call `closed_on_us` before it.
    pub fn disconnected(&mut self, now: Now) {}
    /// Call while `bufferedAmount` + what is pending is below 64 KiB; `room` is what is left of it.
    pub fn next_frame(&mut self, now: Now, room: usize) -> Option<OutFrame> {
        None
    }
    pub fn ack(&mut self, now: Now, ids: &[String]) {}
    pub fn cause(&mut self, now: Now, id: &str) {}
    pub fn nack(&mut self, now: Now, id: &str, code: Code, message: String, retry_after_ms: Option<u64>) {}
    /// `error` naming a message. Whether it was one of ours.
    pub fn server_error(&mut self, now: Now, id: &str, code: Code, message: String) -> bool {
        false
    }
    /// Whether the poison rule takes the case (1009, 1007, 1008, 4400 with rows in flight): then the
    /// caller redials instead of going to Error.
    pub fn closed_on_us(&mut self, now: Now, code: u16, reason: &str) -> bool {
        false
    }
    // Basic hand-over.
    /// A ping should go out now for what was written since the last one.
    pub fn wants_fence(&self, now: Now) -> bool {
        false
    }
    /// Any ping of this socket, given to it after everything `next_frame` answered so far.
    pub fn fence_sent(&mut self, now: Now, n: u64) {}
    /// A pong of this socket; `None` when the server did not send the ping's content back.
    pub fn pong(&mut self, now: Now, n: Option<u64>) {}
    /// `bufferedAmount` is 0 and nothing is pending.
    pub fn written_out(&mut self, now: Now) {}
    // Store and time.
    pub fn store_event(&mut self, now: Now, event: StoreEvent) {}
    pub fn timeout(&mut self, now: Now) {}
    /// Monotonic ms.
    pub fn next_timeout(&self) -> Option<u64> {
        None
    }
    /// `welcome.now`.
    pub fn set_server_time(&mut self, now: Now, server_now: u64) {}
    // Getters.
    /// Monotonic ms of the send that waits longest for its answer on this socket.
    pub fn oldest_unacked(&self) -> Option<u64> {
        None
    }
    /// The store opened or failed to open: `meta` is what it holds.
    pub fn ready(&self) -> bool {
        false
    }
    pub fn storage(&self) -> &StorageState {
        &self.storage
    }
    pub fn meta(&self) -> &Meta {
        &self.meta
    }
    pub fn update_meta(&mut self, change: impl FnOnce(&mut Meta)) {}
    pub fn counts(&self) -> MessageCounts {
        MessageCounts::default()
    }
    pub fn list(&self) -> Vec<MessageInfo> {
        Vec::new()
    }
    /// Grows with every visible change: whether watchers need a new list.
    pub fn version(&self) -> u64 {
        0
    }
    pub fn poll(&mut self) -> Option<OutboxOutput> {
        None
    }
}
