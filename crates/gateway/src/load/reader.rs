//! What one connection makes of the frames it receives.

use super::ledger::{Received, Sent};
use super::message::Mark;
use super::shared::{Shared, lock};
use sentinelops_protocol::system::{ServerSystem, Welcome};
use sentinelops_protocol::{Code, Decoded, FrameError, Limits, ServerMessage, Subject, decode_server_frame};
use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Bytes;

/// A message to send again: its number, and after how long.
pub(super) type PutOff = (u64, Duration);

/// The publishing half of a connection.
#[derive(Debug)]
pub(super) struct Publisher {
    pub number: u64,
    pub sent: Arc<Mutex<Sent>>,
    pub put_off: mpsc::UnboundedSender<PutOff>,
}

/// Reads what a connection receives.
#[derive(Debug)]
pub(super) struct Reader {
    shared: Arc<Shared>,
    publisher: Option<Publisher>,
    pub received: Received,
    pub welcome: Option<(Instant, Welcome)>,
    /// Subscriptions whose state is not complete yet.
    waiting: Vec<Subject>,
    pub denied: Option<String>,
    /// The first message was something else than a v1 server sends.
    pub is_basic: bool,
}

impl Reader {
    pub fn new(shared: Arc<Shared>, publisher: Option<Publisher>, subjects: Vec<Subject>) -> Self {
        Self {
            shared,
            publisher,
            received: Received::default(),
            welcome: None,
            waiting: subjects,
            denied: None,
            is_basic: false,
        }
    }

    /// Welcomed, and every subscription is complete.
    pub fn is_ready(&self) -> bool {
        self.welcome.is_some() && self.waiting.is_empty()
    }

    pub fn frame(&mut self, bytes: &Bytes) {
        let now = Instant::now();
        let read = decoded(bytes, |decoded| {
            self.received.unreadable += decoded.problems.len() as u64;
            for message in &decoded.messages {
                self.message(message, now);
            }
        });
        self.received.unreadable += u64::from(read.is_err());
    }

    fn message(&mut self, message: &ServerMessage, now: Instant) {
        let system = match message {
            ServerMessage::System(system) => system,
            ServerMessage::Event(event) => {
                self.is_basic |= self.welcome.is_none();
                self.shared.counters.delivered();
                let mark = self.received.event(event, |mark| self.shared.is_ours(mark));
                if let Some(mark) = mark {
                    self.shared.received(&mark, now);
                }
                return;
            }
        };
        match system {
            ServerSystem::Welcome(welcome) => self.welcome = Some((now, welcome.clone())),
            ServerSystem::Subscribed(subscribed) => self.received.chain().subscribed(subscribed),
            ServerSystem::Snapshot(snapshot) if snapshot.last => {
                let of = Subject { channel: snapshot.channel, topic: snapshot.topic.clone() };
                self.waiting.retain(|subject| *subject != of);
            }
            ServerSystem::Denied { subject, code, message } => {
                self.denied = Some(format!("{subject}: {code}: {message}"));
            }
            ServerSystem::Ack { ids } => {
                for id in ids {
                    self.acked(id, now);
                }
            }
            ServerSystem::Nack { id, code, retry_after_ms, .. } => {
                self.refused(Some(id), code, retry_after_ms.map(Duration::from_millis));
            }
            ServerSystem::Error { id, code, .. } => self.refused(id.as_ref(), code, None),
            ServerSystem::Snapshot(_)
            | ServerSystem::Authed { .. }
            | ServerSystem::Goodbye { .. }
            | ServerSystem::Storage { .. }
            | ServerSystem::Pong(_) => {}
        }
    }

    /// The number of a message of this publisher.
    fn own(&self, id: &str) -> Option<(&Publisher, u64)> {
        let publisher = self.publisher.as_ref()?;
        let mark =
            Mark::read(id).filter(|mark| self.shared.is_ours(mark) && mark.publisher == publisher.number)?;
        Some((publisher, mark.number))
    }

    fn acked(&self, id: &str, now: Instant) {
        let Some((publisher, number)) = self.own(id) else { return };
        if lock(&publisher.sent).acked(number) {
            self.shared.acked(publisher.number, number, now);
        }
    }

    fn refused(&self, id: Option<&String>, code: &Code, retry_after: Option<Duration>) {
        let Some(publisher) = &self.publisher else { return };
        let code = code.as_str();
        match id.and_then(|id| self.own(id)) {
            None => lock(&publisher.sent).refused_unnamed(code),
            Some((publisher, number)) => {
                let is_news = lock(&publisher.sent).refused(number, code, retry_after.is_some());
                match retry_after {
                    // Nobody takes it when the connection is ending.
                    Some(after) => drop(publisher.put_off.send((number, after))),
                    None if is_news => self.shared.counters.refused(),
                    None => {}
                }
            }
        }
    }
}

thread_local! {
    static LAST: RefCell<Option<(Bytes, Decoded<ServerMessage>)>> = const { RefCell::new(None) };
}

/// Decodes a frame. Subscribers of the same channels are sent the same bytes, one after the other: they are decoded once,
/// so that the load generator leaves the processor to what it measures.
fn decoded(bytes: &Bytes, take: impl FnOnce(&Decoded<ServerMessage>)) -> Result<(), FrameError> {
    LAST.with_borrow_mut(|last| {
        match last {
            Some((known, decoded)) if known == bytes => take(decoded),
            _ => {
                let decoded = decode_server_frame(bytes, &Limits::to_client())?;
                take(&last.insert((bytes.clone(), decoded)).1);
            }
        }
        Ok(())
    })
}
