//! The open socket as the outbox sees it.

use super::Outbox;
use super::flush_barrier::FlushBarrier;
use crate::OutboxOptions;
use sentinelops_protocol::system::Welcome;
use std::collections::VecDeque;

/// Most messages in one frame.
pub(super) const MAX_BATCH: u32 = 512;

/// What a server takes, once its mode is known and its user fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    /// It acks each message. Of one that does not, pongs tell what it has read.
    pub acks: bool,
    /// Most messages in one frame.
    pub max_batch: u32,
    pub max_in_flight: u32,
    pub max_message_bytes: u64,
    /// Messages per second, if the server limits them.
    pub rate: Option<f64>,
}

impl Connection {
    /// To a v1 server.
    pub fn v1(welcome: &Welcome) -> Self {
        let (max_in_flight, max_message_bytes) = (welcome.max_in_flight, welcome.max_message_bytes);
        Self { acks: true, max_batch: MAX_BATCH, max_in_flight, max_message_bytes, rate: welcome.rate }
    }

    /// To a basic server, which parses one message a frame.
    pub fn basic(options: &OutboxOptions, max_message_bytes: u64) -> Self {
        let max_in_flight = options.window;
        Self { acks: false, max_batch: 1, max_in_flight, max_message_bytes, rate: None }
    }
}

/// What belongs to the open socket.
#[derive(Debug)]
pub(super) struct Link {
    /// Rows may leave; known once the mode is.
    pub connection: Option<Connection>,
    /// Not for a server that acks.
    pub barrier: Option<FlushBarrier>,
    /// Ephemeral messages and when they were taken (monotonic ms).
    pub ephemeral: VecDeque<(u64, String)>,
}

impl Default for Link {
    fn default() -> Self {
        Self { connection: None, barrier: Some(FlushBarrier::default()), ephemeral: VecDeque::new() }
    }
}

impl Outbox {
    pub(super) fn connection(&self) -> Option<&Connection> {
        self.link.as_ref()?.connection.as_ref()
    }

    pub(super) fn barrier(&mut self) -> Option<&mut FlushBarrier> {
        self.link.as_mut()?.barrier.as_mut()
    }
}
