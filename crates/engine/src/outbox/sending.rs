//! Sending: connections, frames, rows in flight, and the hand-over to basic servers.

use super::link::{Connection, Link};
use super::queue::Place;
use super::{OutFrame, Outbox};
use crate::mutant::{self, Mutant};
use crate::{DeliveryState, FailReason, Now, Row};
use sentinelops_protocol::encode_batch;

/// Most bytes in the socket's buffer. Above that pongs are late although the server is fine.
const BUFFER_BYTES: u64 = 64 * 1024;
/// An ephemeral message that waited longer than this (ms) is dropped.
const EPHEMERAL_MS: u64 = 250;

impl Outbox {
    /// The handshake succeeded: the store's socket-open mark is written ahead of the first send.
    pub fn socket_opened(&mut self, now: Now) {
        self.link = Some(Link::default());
        self.store.mark(now.mono);
    }

    /// The mode is known and the user fits: rows may leave. Again with other limits after an upgrade.
    pub fn connected(&mut self, now: Now, link: Connection) {
        self.store.mark(now.mono);
        self.window.connected(now.mono, &link);
        self.queue.release_connection_holds();
        let socket = self.link.get_or_insert_default();
        socket.connection = Some(link);
        if link.acks {
            socket.barrier = None;
        } else if !self.clock.is_known() {
            // It never sends its time: uses our clock, from now on without jumps.
            self.set_server_time(now, now.wall);
        }
        self.expire(now);
        self.version += 1;
    }

    /// The socket is gone: rows in flight may have arrived. Call `closed_on_us` first.
    pub fn disconnected(&mut self, now: Now) {
        self.link = None;
        let in_flight: Vec<u64> = self.queue.in_flight_rows().map(|(_, seq)| seq).collect();
        for seq in in_flight {
            self.queue.requeue(seq);
            if let Some(entry) = self.queue.get_mut(seq) {
                entry.unconfirmed = true;
                entry.lost_at = Some(now.mono);
            }
            self.report(seq);
        }
        for seq in self.queue.volatile() {
            if self.queue.get(seq).is_some_and(|entry| !entry.row.possibly_sent) {
                self.end(now, seq, DeliveryState::Failed(FailReason::NotConnected));
            }
        }
        // Until the next socket the rows carry their own flags, so that rows queued from now on stay evictable over a
        // reload.
        if self.store.unmark() && self.store.is_open() {
            // Also where a row without it is being stored now.
            let lacks_flag = |row: &Row| row.possibly_sent && self.store.stored.flag_of(row) != Some(true);
            let rows = self.queue.iter().filter(|(_, entry)| lacks_flag(&entry.row));
            let rows: Vec<u64> = rows.map(|(seq, _)| seq).collect();
            rows.into_iter().for_each(|seq| self.put(seq));
        }
        self.version += 1;
    }

    pub(super) fn may_send(&self) -> bool {
        self.connection().is_some() && self.store.may_send()
    }

    /// The next frame, if anything may leave. `buffered` is `bufferedAmount` and what is pending: with the
    /// frame it is 64 KiB at most, unless there is nothing and a single message is more than that.
    pub fn next_frame(&mut self, now: Now, buffered: u64) -> Option<OutFrame> {
        let link = *self.connection()?;
        let room = BUFFER_BYTES.saturating_sub(buffered);
        if room == 0 || !self.may_send() {
            return None;
        }
        self.expire(now);
        let may_be_first = |size: u64| size <= room || buffered == 0;
        if let Some(frame) = self.ephemeral_frame(now, link.max_message_bytes, may_be_first) {
            return Some(frame);
        }
        self.queue.wake(now.mono);
        let mut texts: Vec<String> = Vec::new();
        // Brackets, and a comma each.
        let mut bytes = 2u64;
        while texts.len() < link.max_batch as usize {
            let (all, common) = self.window.limits(&self.options, &link);
            let in_flight = self.queue.in_flight();
            if in_flight >= all {
                break;
            }
            let Some(seq) = self.queue.next(in_flight >= common) else { break };
            let Some(entry) = self.queue.get(seq) else { break };
            let size = entry.size();
            if size > link.max_message_bytes {
                self.too_big(now, seq, size, link.max_message_bytes);
                continue;
            }
            let with = bytes + size + 1;
            let fits = match texts.is_empty() {
                true => may_be_first(size),
                false => with <= link.max_message_bytes.min(room),
            };
            if !fits {
                break;
            }
            if !self.window.take(now.mono) {
                break;
            }
            bytes = with;
            texts.push(self.mark_in_flight(now, seq));
        }
        let count = texts.len() as u32;
        (count > 0).then(|| OutFrame { text: encode_batch(&texts), count })
    }

    fn mark_in_flight(&mut self, now: Now, seq: u64) -> String {
        let mut text = String::new();
        if let Some(entry) = self.queue.get(seq) {
            text.clone_from(&entry.row.bytes);
            if entry.row.possibly_sent && mutant::active(Mutant::NewIdOnResend) {
                let id = format!("{}~", entry.row.id);
                text = super::row::under_new_id(&entry.row, id, entry.row.created_at).bytes;
            }
        }
        self.queue.mark_in_flight(seq, now.mono);
        if mutant::active(Mutant::ForgetBeforeAck) {
            self.end(now, seq, DeliveryState::Delivered);
        }
        self.report(seq);
        text
    }

    fn ephemeral_frame(&mut self, now: Now, allowed: u64, fits: impl Fn(u64) -> bool) -> Option<OutFrame> {
        let ephemeral = &mut self.link.as_mut()?.ephemeral;
        while let Some((at, text)) = ephemeral.front() {
            let size = text.len() as u64;
            // It was taken under this server's limit, unless the mode became known only since.
            let stale = now.mono.saturating_sub(*at) > EPHEMERAL_MS || size > allowed;
            if !stale && !fits(size) {
                return None;
            }
            let (_, text) = ephemeral.pop_front()?;
            if !stale && self.window.take(now.mono) {
                return Some(OutFrame { text, count: 1 });
            }
        }
        None
    }

    /// A row too big for this server. A possibly sent one (to a server that allowed more) cannot fail here, so it waits for
    /// another connection.
    fn too_big(&mut self, now: Now, seq: u64, found: u64, allowed: u64) {
        if self.queue.get(seq).is_some_and(|entry| entry.row.possibly_sent) {
            self.queue.hold_for_connection(seq);
        } else {
            self.end(now, seq, DeliveryState::Failed(FailReason::TooBig { found, allowed }));
        }
    }

    // Basic hand-over.

    /// Whether a ping is due for what was written since the last one.
    pub fn wants_flush_ping(&self, now: Now) -> bool {
        self.flush_due().is_some_and(|at| now.mono >= at)
    }

    pub(super) fn flush_due(&self) -> Option<u64> {
        let barrier = self.link.as_ref()?.barrier.as_ref().filter(|_| self.meta().pongs)?;
        barrier.due(self.queue.last_in_flight()?)
    }

    /// A ping was sent on this socket, after everything `next_frame` returned so far.
    pub fn flush_ping_sent(&mut self, now: Now, n: u64) {
        let written = self.queue.writes();
        if let Some(barrier) = self.barrier() {
            barrier.sent(now.mono, n, written);
        }
    }

    /// A pong of this socket; `None` when the server did not send the ping's content back. From now on
    /// only pongs count on this URL.
    pub fn pong(&mut self, now: Now, n: Option<u64>) {
        self.update_meta(|meta| meta.pongs = true);
        if let Some(written) = self.barrier().and_then(|barrier| barrier.pong(n)) {
            self.hand_over(now, written);
        }
    }

    /// `bufferedAmount` is 0 and nothing is pending. For a server that never answered a ping, that counts as handed over.
    pub fn written_out(&mut self, now: Now) {
        if !self.meta().pongs && self.barrier().is_some() {
            self.hand_over(now, self.queue.writes());
        }
    }

    fn hand_over(&mut self, now: Now, written: u64) {
        let over: Vec<u64> = self
            .queue
            .in_flight_rows()
            .take_while(|(write, _)| *write <= written)
            .map(|(_, seq)| seq)
            .collect();
        for seq in over {
            self.end(now, seq, DeliveryState::HandedOver);
        }
    }

    /// Planted bugs that act on their own.
    pub(super) fn planted(&mut self, now: Now) {
        let old = |since: u64, age: u64| now.mono.saturating_sub(since) >= age;
        let Some((seq, since)) = self.queue.first_in_flight().and_then(|(seq, entry)| match entry.place {
            Place::InFlight { since, .. } => Some((seq, since)),
            Place::Waiting => None,
        }) else {
            return;
        };
        if mutant::active(Mutant::ResendOnSameSocket) && old(since, 1_000) {
            self.queue.requeue(seq);
        }
        if mutant::active(Mutant::FailByTimeout) && old(since, 5_000) {
            let failed = FailReason::Invalid { detail: "no answer".to_owned() };
            self.end(now, seq, DeliveryState::Failed(failed));
        }
    }
}
