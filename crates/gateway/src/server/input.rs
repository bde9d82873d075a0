//! What goes between the hub and everything else: inputs to it, and what sockets are to write.

use super::log::TraceId;
use crate::{Answer, ConnId, Denied, Gateway, Identity, Now, Part, Report, Token};
use sentinelops_protocol::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, oneshot};
use tokio_tungstenite::tungstenite::Bytes;
use tracing::field;

/// Who opened it.
pub(super) struct Opened {
    pub user: String,
    /// The token of the URL.
    pub token: Option<Token>,
    /// Where from, for the log.
    pub from: String,
    /// The trace that its request belongs to, for the log.
    pub trace: Option<TraceId>,
}

/// A look at the core, or a hand on it.
pub(super) type Call = Box<dyn FnOnce(&mut Gateway, Now) + Send>;

/// What the hub receives.
pub(super) enum Input {
    Connect {
        opened: Box<Opened>,
        link: Arc<Link>,
        reply: oneshot::Sender<ConnId>,
    },
    Frame {
        conn: ConnId,
        bytes: Bytes,
    },
    /// A token was checked.
    Checked {
        conn: ConnId,
        result: Result<Identity, Denied>,
    },
    /// The socket can take more again.
    Relieved {
        conn: ConnId,
    },
    Gone {
        conn: ConnId,
    },
    /// What a source sent.
    Ingest {
        source: Arc<str>,
        reports: Vec<Report>,
        part: Part,
        reply: oneshot::Sender<Answer>,
    },
    /// What a backend sent.
    Publish {
        identity: Identity,
        commands: Vec<Command>,
        reply: oneshot::Sender<Answer>,
    },
    /// Something an operator or a test asks for.
    Call(Call),
    /// What waits for the connections.
    Queues(oneshot::Sender<Queues>),
}

/// Bytes that are queued, or handed over and not written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queues {
    /// Of all connections.
    pub bytes: usize,
    /// Of the one with the most.
    pub bytes_max: usize,
}

/// What a socket is to write.
pub(super) enum Write {
    Frame { bytes: Vec<u8>, binary: bool },
    Close { code: u16, reason: String },
}

/// From the hub to a socket. The queue needs no bound: the core hands nothing over above its high-water mark. Empty,
/// it has no memory of its own.
#[derive(Default)]
pub(super) struct Link {
    writes: Mutex<Vec<Write>>,
    wake: Notify,
    /// Bytes handed over and not written yet.
    unwritten: AtomicUsize,
    /// The hub waits for a report when they are fewer.
    waiting: AtomicBool,
    /// Frames of this connection that the hub has not taken yet.
    frames: AtomicUsize,
    /// For the log. Few connections have one.
    trace: Option<Box<TraceId>>,
}

impl Link {
    pub(super) fn new(trace: Option<TraceId>) -> Self {
        Self { trace: trace.map(Box::new), ..Self::default() }
    }

    /// For the socket: returns when there is something to take.
    pub(super) async fn wait(&self) {
        self.wake.notified().await;
    }

    /// For the socket: everything to write, in order.
    pub(super) fn take(&self) -> Vec<Write> {
        std::mem::take(&mut *self.writes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// For the socket: these bytes are written. `true` when the hub needs a report.
    pub(super) fn written(&self, bytes: usize, low_water: usize) -> bool {
        let left = self.unwritten.fetch_sub(bytes, Ordering::SeqCst).saturating_sub(bytes);
        left <= low_water && self.waiting.swap(false, Ordering::SeqCst)
    }

    /// For the socket: another frame waits for the hub.
    pub(super) fn frame_waits(&self) {
        self.frames.fetch_add(1, Ordering::SeqCst);
    }

    /// For the socket: how many do. It is woken when one is taken.
    pub(super) fn waiting_frames(&self) -> usize {
        self.frames.load(Ordering::SeqCst)
    }

    /// For the hub: it has taken one.
    pub(super) fn frame_taken(&self) {
        // With one of them the socket goes on reading by itself.
        if self.frames.fetch_sub(1, Ordering::SeqCst) > 1 {
            self.wake.notify_one();
        }
    }

    pub(super) fn trace(&self) -> Option<field::DisplayValue<TraceId>> {
        self.trace.as_deref().copied().map(field::display)
    }

    pub(super) fn put(&self, write: Write) {
        if let Write::Frame { bytes, .. } = &write {
            self.unwritten.fetch_add(bytes.len(), Ordering::SeqCst);
        }
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).push(write);
        self.wake.notify_one();
    }

    /// Bytes that are not written yet.
    pub(super) fn bytes(&self) -> usize {
        self.unwritten.load(Ordering::SeqCst)
    }

    /// Bytes that are not written yet. Above `high_water` the socket will say when they are fewer: the flag is set
    /// before the count is read, so that no fall in between goes unnoticed.
    pub(super) fn unwritten(&self, high_water: usize) -> usize {
        let bytes = self.unwritten.load(Ordering::SeqCst);
        if bytes <= high_water {
            return bytes;
        }
        self.waiting.store(true, Ordering::SeqCst);
        self.unwritten.load(Ordering::SeqCst)
    }
}
