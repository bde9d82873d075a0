//! How what a connection is owed becomes frames.
//!
//! Answers and live events are queued. Snapshots and replays are not: they are read where they are kept while the
//! socket drains. An event enters the send buffer when it leaves: only then is its `prev` set, so that the chain holds
//! whatever was conflated before.

use super::Gateway;
use super::config::Bug;
use super::conn::{Conn, Timer};
use super::history::{History, Logged, Next};
use super::queue::Item;
use super::subscriptions::Phase;
use super::types::{ConnId, Now, Output};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{
    Channel, Limits, OutboundMeta, Subject, close, encode_batch, encode_server_system,
};
use std::sync::Arc;

/// A frame is closed above this: the client refuses 1 MiB, and a slow link wants to see progress.
const FRAME_BYTES: usize = 256 * 1024;

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
            self.round.dirty.push(conn);
        }
    }

    /// The end of every input that is not part of a batch: send at once to whom nothing was sent for `coalesce_ms`,
    /// collect for the others.
    pub(super) fn settle(&mut self, now: Now) {
        if !self.round.is_batch {
            self.send_or_collect(now, false);
        }
    }

    /// With `acks_leave` a connection that is owed an ack is not made to wait: at the end of a batch everything that
    /// could have joined it is there, and a client with a full window sends nothing until it comes.
    pub(super) fn send_or_collect(&mut self, now: Now, acks_leave: bool) {
        let coalesce = self.config.coalesce_ms.clamp(1, 16);
        for id in std::mem::take(&mut self.round.dirty) {
            let Some(conn) = self.conns.get_mut(&id) else { continue };
            conn.dirty = false;
            if !conn.is_owed() {
                continue;
            }
            // A stream goes on as soon as the socket has room; nothing would be collected meanwhile.
            let leaves = !conn.streaming.is_empty() || acks_leave && conn.queue.acks() > 0;
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
        let count = conn.queue.acks().min(frame.room());
        if count > 0 {
            let ids = conn.queue.take_acks(count);
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
        let Self { conns, index, round, stats, .. } = self;
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
                    round.dirty.push(id);
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
