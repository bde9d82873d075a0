//! What a connection is owed, and how it becomes frames.
//!
//! Answers and live events are queued. Snapshots and replays are not: they are read where they are kept while the
//! socket drains. An event enters the send buffer when it leaves: only then is its `prev` set, so that the chain holds
//! whatever was conflated before.

use super::Gateway;
use super::config::Bug;
use super::conn::{Conn, Timer};
use super::history::{History, Logged, Next};
use super::subscriptions::Phase;
use super::types::{ConnId, Now, Output};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{
    Channel, Limits, OutboundMeta, Subject, close, encode_batch, encode_server_system,
};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// A frame is closed above this: the client refuses 1 MiB, and a slow link wants to see progress.
const FRAME_BYTES: usize = 256 * 1024;
/// Items for which an empty queue keeps its memory.
const KEPT_ITEMS: usize = 16;

#[derive(Debug)]
enum Item {
    /// An envelope ready to go; with the subscription it belongs to, if it dies with it.
    Text(String, Option<Subject>),
    Event(Subject, Arc<Logged>),
    /// Was conflated or unsubscribed.
    Gone,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    /// Number of the first item since the connection began.
    first: u64,
    bytes: usize,
    acks: Vec<String>,
    /// Where the last event of a conflation key stands.
    conflated: HashMap<(Subject, String), u64>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.acks.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn ack(&mut self, id: String) {
        self.bytes += id.len();
        self.acks.push(id);
    }

    pub(super) fn text(&mut self, text: String, subject: Option<Subject>) {
        self.bytes += text.len();
        self.items.push_back(Item::Text(text, subject));
    }

    pub(super) fn event(&mut self, subject: Subject, event: Arc<Logged>) {
        if let Some(key) = &event.conflate {
            let number = self.first + self.items.len() as u64;
            if let Some(old) = self.conflated.insert((subject.clone(), key.clone()), number) {
                self.remove(old);
            }
        }
        self.bytes += event.head.len();
        self.items.push_back(Item::Event(subject, event));
    }

    fn remove(&mut self, number: u64) {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(item) = at.and_then(|at| self.items.get_mut(at)) {
            self.bytes -= size(item);
            *item = Item::Gone;
        }
    }

    /// Drops what waits for a subscription that ends or starts over.
    pub(super) fn drop_subscription(&mut self, subject: &Subject) {
        for item in &mut self.items {
            if let Item::Text(_, Some(of)) | Item::Event(of, _) = item
                && of == subject
            {
                self.bytes -= size(item);
                *item = Item::Gone;
            }
        }
        self.conflated.retain(|(of, _), _| of != subject);
    }

    fn pop(&mut self) -> Option<Item> {
        let item = self.items.pop_front()?;
        self.first += 1;
        self.bytes -= size(&item);
        if self.items.is_empty() {
            self.conflated = HashMap::new();
            if self.items.capacity() > KEPT_ITEMS {
                self.items = VecDeque::new();
            }
        }
        Some(item)
    }
}

fn size(item: &Item) -> usize {
    match item {
        Item::Text(text, _) => text.len(),
        Item::Event(_, event) => event.head.len(),
        Item::Gone => 0,
    }
}

impl Gateway {
    pub(super) fn send_system(&mut self, now: Now, conn: ConnId, message: &ServerSystem) {
        self.send_for(now, conn, message, None);
    }

    /// A system message that dies with a subscription.
    pub(super) fn send_for(&mut self, now: Now, conn: ConnId, message: &ServerSystem, of: Option<&Subject>) {
        let text = encode_server_system(message, OutboundMeta { id: None, timestamp: Some(now.wall) });
        if let Some(state) = self.conns.get_mut(&conn) {
            state.queue.text(text, of.cloned());
            self.touch(conn);
        }
    }

    pub(super) fn touch(&mut self, conn: ConnId) {
        if let Some(state) = self.conns.get_mut(&conn)
            && !state.dirty
        {
            state.dirty = true;
            self.dirty.push(conn);
        }
    }

    /// The end of every input that is not part of a batch: send at once to whom nothing was sent for `coalesce_ms`,
    /// collect for the others.
    pub(super) fn settle(&mut self, now: Now) {
        if !self.batching {
            self.send_or_collect(now, false);
        }
    }

    /// With `acks_leave` a connection that is owed an ack is not made to wait: at the end of a batch everything that
    /// could have joined it is there, and a client with a full window sends nothing until it comes.
    pub(super) fn send_or_collect(&mut self, now: Now, acks_leave: bool) {
        let coalesce = self.config.coalesce_ms.clamp(1, 16);
        for id in std::mem::take(&mut self.dirty) {
            let Some(conn) = self.conns.get_mut(&id) else { continue };
            conn.dirty = false;
            if !conn.is_owed() {
                continue;
            }
            // A stream goes on as soon as the socket has room; nothing would be collected meanwhile.
            let leaves = !conn.streaming.is_empty() || acks_leave && !conn.queue.acks.is_empty();
            match conn.last_flush.map(|at| at + coalesce) {
                Some(due) if due > now.mono && !leaves => {
                    if !self.armed(id, Timer::Flush) {
                        self.arm(due, id, Timer::Flush);
                    }
                }
                _ => self.flush(now, id),
            }
        }
    }

    /// Sends what is owed as far as the shell can take it.
    pub(super) fn flush(&mut self, now: Now, id: ConnId) {
        let high_water = self.config.high_water_bytes;
        loop {
            let Some(conn) = self.conns.get_mut(&id) else { return };
            if !conn.is_owed() {
                return;
            }
            if conn.backed_up(high_water) {
                break;
            }
            if !self.send_frame(now, id, true) {
                self.stats.drops.slow += 1;
                let reason = "slow consumer: the history no longer reaches back to what was sent last";
                return self.close(now, id, close::SLOW_CONSUMER, reason);
            }
        }
        let owed = self.conns.get(&id).map_or(0, |conn| conn.queue.bytes());
        if owed > self.config.send_buffer_bytes {
            self.stats.drops.slow += 1;
            let reason =
                format!("slow consumer: {owed} bytes waiting, {} allowed", self.config.send_buffer_bytes);
            self.close(now, id, close::SLOW_CONSUMER, &reason);
        }
    }

    /// Sends everything queued, whatever the shell holds: the connection is about to be closed.
    pub(super) fn flush_all(&mut self, now: Now, id: ConnId) {
        while self.conns.get(&id).is_some_and(|conn| !conn.queue.is_empty()) {
            self.send_frame(now, id, false);
        }
    }

    /// `false` when a subscription cannot go on, because the history lost what comes next.
    fn send_frame(&mut self, now: Now, id: ConnId, streams: bool) -> bool {
        let skips = self.config.has(Bug::SkipMeantime);
        let Self { conns, history, .. } = self;
        let Some(conn) = conns.get_mut(&id) else { return true };
        let mut frame = Frame { most: FRAME_BYTES.min(self.config.high_water_bytes), ..Frame::default() };
        if !conn.queue.acks.is_empty() {
            let count = conn.queue.acks.len().min(frame.room());
            let ids: Vec<String> = conn.queue.acks.drain(..count).collect();
            conn.queue.bytes -= ids.iter().map(String::len).sum::<usize>();
            let meta = OutboundMeta { id: None, timestamp: Some(now.wall) };
            frame.push(encode_server_system(&ServerSystem::Ack { ids }, meta));
        }
        while frame.has_room() {
            let envelope = match conn.queue.pop() {
                None => break,
                Some(Item::Gone) => continue,
                Some(Item::Text(text, _)) => text,
                Some(Item::Event(subject, event)) => {
                    let Some(subscription) = conn.subscriptions.get_mut(&subject) else { continue };
                    let prev = std::mem::replace(&mut subscription.last, event.seq);
                    event.envelope(&subject, prev)
                }
            };
            frame.push(envelope);
        }
        // What is queued comes first: the `subscribed` of a stream among it.
        let is_whole = !streams || stream(conn, history, now, &mut frame, skips);
        conn.last_flush = Some(now.mono);
        if !frame.envelopes.is_empty() {
            let frame = encode_batch(&frame.envelopes).into_bytes();
            if let Some(buffered) = &mut conn.buffered {
                *buffered += frame.len();
            }
            self.stats.frames_out += 1;
            self.output(Output::Send { conn: id, frame, binary: true });
        }
        is_whole
    }

    /// Queues an event for every live subscription that covers it. The others read it from the history.
    pub(super) fn fan_out(&mut self, channel: Channel, event: &Arc<Logged>) {
        let Self { conns, index, dirty, stats, .. } = self;
        let mut receivers = 0;
        // At most one of them covers it on any connection: a connection never holds overlapping subscriptions.
        let whole = Some(Subject::channel(channel));
        let narrow = event.topic.as_ref().map(|topic| Subject::topic(channel, topic.clone()));
        for subject in [whole, narrow].into_iter().flatten() {
            for id in index.subscribers(&subject) {
                let Some(conn) = conns.get_mut(&id) else { continue };
                let phase = conn.subscriptions.get_mut(&subject).map(|subscription| &subscription.phase);
                if matches!(phase, Some(Phase::Live)) {
                    conn.queue.event(subject.clone(), event.clone());
                    receivers += 1;
                }
                if !std::mem::replace(&mut conn.dirty, true) {
                    dirty.push(id);
                }
            }
        }
        stats.fan_out.observe(receivers);
    }
}

/// Reads what streams of this connection have for the frame. `false` when the history lost what comes next.
fn stream(conn: &mut Conn, history: &mut History, now: Now, frame: &mut Frame, skips: bool) -> bool {
    while frame.has_room()
        && let Some(subject) = conn.streaming.first()
    {
        let Some(subscription) = conn.subscriptions.get_mut(subject) else {
            conn.streaming.remove(0);
            continue;
        };
        match &mut subscription.phase {
            Phase::Snapshot { parts, next } => match parts.get(*next) {
                Some(part) => {
                    frame.push(part.to_string());
                    *next += 1;
                }
                None if skips => subscription.phase = Phase::Live,
                None => subscription.phase = Phase::Replay,
            },
            Phase::Replay => match history.next(subject, subscription.last, now.mono) {
                Next::Event(event) => {
                    frame.push(event.envelope(subject, subscription.last));
                    subscription.last = event.seq;
                }
                Next::End => {
                    subscription.phase = Phase::Live;
                    conn.streaming.remove(0);
                }
                Next::Lost => return false,
            },
            Phase::Live => drop(conn.streaming.remove(0)),
        }
    }
    if conn.streaming.is_empty() {
        conn.streaming = Vec::new();
    }
    true
}

#[derive(Default)]
struct Frame {
    envelopes: Vec<String>,
    bytes: usize,
    /// It is closed above this.
    most: usize,
}

impl Frame {
    fn room(&self) -> usize {
        Limits::to_client().max_batch - self.envelopes.len()
    }

    fn has_room(&self) -> bool {
        self.room() > 0 && self.bytes < self.most
    }

    fn push(&mut self, envelope: String) {
        self.bytes += envelope.len();
        self.envelopes.push(envelope);
    }
}
