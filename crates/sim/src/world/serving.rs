//! Network and server as this world sees them: what is checked at the server, and what arrives at the browser.

use super::{Happening, World};
use crate::check::number_after;
use crate::check::standing::blames;
use crate::clock::WALL_START;
use crate::internet::{Internet, Note, Traffic};
use crate::net::{End, Item};
use crate::story::clip;
use sentinelops_engine::{Engine, Generation, SocketEvent, StorageState};
use sentinelops_protocol::{Subject, close};

/// How long after an abandon events of a socket may still reach the engine.
const LATE_EVENTS_MS: u64 = 5_000;

/// A connection that lasted this long (ms) resets the doubling of the patience.
const FORGIVEN_AFTER_MS: u64 = 60_000;

impl World {
    /// Does something in network or server, and takes note of what came of it.
    pub(super) fn net<R>(&mut self, act: impl FnOnce(&mut Internet) -> R) -> R {
        let done = act(self.internet.at(self.now));
        for (at, traffic) in self.internet.soon.drain(..) {
            self.queue.push(at, Happening::Net(traffic));
        }
        for note in std::mem::take(&mut self.internet.notes) {
            self.note(note);
        }
        if let Some(wrong) = self.internet.server.wrong.take() {
            self.check.fail("state-kept", || wrong);
        }
        done
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Effect(id, kind) => {
                self.log(|| format!("server: {id} takes effect"));
                self.check.effect(&id);
                if kind == "agent.status" && self.internet.server.has_narrow_rights() {
                    self.check.fail("effect-allowed", || format!("{id} took effect without the right to it"));
                }
            }
            Note::Read(numbers) => {
                for n in numbers {
                    if let Some(message) = self.check.messages.all.get_mut(n) {
                        message.wire.received += 1;
                    }
                }
            }
            Note::RateLimited => {
                self.check.fail("rate-kept", || "a client that keeps to the rate is refused for it".into());
            }
            Note::TokenOver(index) => self.token_is_over(index),
            Note::Spoilt => self.log(|| "the network spoils an event".to_owned()),
        }
    }

    pub(super) fn traffic(&mut self, traffic: Traffic) {
        if matches!(traffic, Traffic::ServerUp) && self.internet.server.gateway.is_none() {
            self.log(|| "the server is back".to_owned());
        }
        // A dead worker's connections concern nobody.
        let worker = self.worker.instance;
        if traffic.client().is_some_and(|index| self.internet.conns[index].instance != worker) {
            return;
        }
        match (self.net(|internet| internet.step(traffic)), traffic) {
            (Some((index, Item::Close { code, reason })), Traffic::ClientReset(_)) => {
                self.client_closed(index, code, reason);
            }
            (Some((index, item)), _) => self.down(index, item),
            (None, _) => {}
        }
    }

    /// Something has arrived at the browser.
    fn down(&mut self, index: usize, item: Item) {
        let now = self.now;
        let conn = &mut self.internet.conns[index];
        let live = conn.client != End::Closed;
        let socket = (conn.instance, conn.generation);
        let generation = Generation(conn.generation);
        // Handlers are detached at an abandon; an event that was queued before may still come.
        if !live && (conn.rng.u8(0..4) == 0 || now > conn.seen.received_at + LATE_EVENTS_MS) {
            return;
        }
        match item {
            Item::Opened => {
                if conn.client == End::Waiting {
                    conn.client = End::Open;
                    conn.seen.opened_at = Some(now);
                }
                conn.seen.received_at = now;
                self.input(|engine, now| engine.handle_socket(now, generation, SocketEvent::Opened));
            }
            Item::Frame { bytes, binary } => {
                if live {
                    conn.seen.received_at = now;
                    let healthy = conn
                        .seen
                        .opened_at
                        .is_some_and(|at| self.worker.asleep_until < at && at + FORGIVEN_AFTER_MS <= now);
                    if healthy {
                        self.worker.judged = false;
                    }
                    self.note_frame(index, &bytes);
                    self.check.read(socket, &bytes);
                }
                self.log(|| {
                    let text = String::from_utf8_lossy(&bytes);
                    format!("#{} -> {}{}", generation.0, if live { "" } else { "(late) " }, clip(&text, 200))
                });
                self.input(|engine, now| {
                    engine.handle_socket(now, generation, SocketEvent::Frame { bytes: &bytes, binary });
                });
            }
            Item::Close { code, reason } => self.client_closed(index, code, reason),
        }
    }

    fn note_frame(&mut self, index: usize, bytes: &[u8]) {
        let now = self.now;
        let conn = &mut self.internet.conns[index];
        conn.seen.spoken = true;
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if !conn.seen.welcomed && text.contains("\"type\":\"welcome\"") {
            conn.seen.welcomed = true;
            let (lie, opened_at) = (conn.lie, conn.seen.opened_at.unwrap_or(now));
            self.set_window(true);
            self.check.messages.welcomed = true;
            self.check.wire.welcomed(now);
            self.worker.answers_since = now;
            // How long it was on its way; of one whose clock is wrong, at most since the connection opened.
            let reported = number_after(text, "\"now\":").filter(|_| lie.is_none());
            let sent = reported.map_or(now - opened_at, |wall| now - (wall - WALL_START));
            self.check.ends.clock_error = self.check.ends.clock_error.max(2 * sent);
        }
        let conn = &mut self.internet.conns[index];
        for pong in text.split("\"type\":\"pong\"").skip(1) {
            // Of a server that does not send it back, the next number is another message's.
            let n = pong.split("\"type\"").next().and_then(|pong| number_after(pong, "\"n\":"));
            let moment = self.worker.moment(now);
            self.worker.round_trips.pong(conn.generation, n, moment, self.worker.counted_sleep_until);
        }
        if text.contains("\"type\":\"goodbye\"") {
            conn.seen.goodbye = number_after(text, "\"reconnectWindowMs\":");
        }
        if text.contains("\"expiresInMs\":") {
            conn.seen.token_reported_at = Some(now);
        }
        if text.contains("\"type\":\"pong\"") {
            conn.seen.ponged = true;
            self.knows_pongs(now);
        }
        for gap in self.check.stream.read(bytes, text) {
            self.gap_is_due(&gap);
        }
    }

    /// Pages that had the state of a subject must receive that some events are gone for good.
    fn gap_is_due(&mut self, gap: &Subject) {
        for page in &mut self.pages {
            let under_way = self.worker.outstanding.get(&page.id.0).copied().unwrap_or(0);
            for (subject, view) in &mut page.views {
                if subject == gap || gap.covers(subject) {
                    if view.based {
                        view.gap = Some(under_way);
                    } else {
                        view.perhaps_gap = true;
                    }
                }
            }
        }
    }

    fn client_closed(&mut self, index: usize, code: u16, reason: String) {
        let conn = &mut self.internet.conns[index];
        let (generation, socket) = (Generation(conn.generation), (conn.instance, conn.generation));
        let live = conn.client != End::Closed;
        if live {
            conn.client = End::Closed;
            let goodbye = conn.seen.goodbye;
            self.note_end(index, Some(code));
            self.note_server_time(code, goodbye);
            if blames(code) {
                self.check.closed_over();
            }
            self.check.gone(socket);
            self.worker.thread.closed(index);
        }
        self.log(|| {
            format!("#{} {}closed: {code} {reason}", generation.0, if live { "" } else { "(late) " })
        });
        self.input(|engine, now| {
            engine.handle_socket(now, generation, SocketEvent::Closed { code, reason });
        });
    }

    /// A close may say when to dial again.
    fn note_server_time(&mut self, code: u16, goodbye: Option<u64>) {
        let slow = matches!(code, close::TRY_LATER | close::RATE_LIMITED);
        // Where the close asks for something else, it counts more than the goodbye.
        let other = blames(code)
            || matches!(code, 1002 | 1003 | 1010 | close::UNAUTHENTICATED)
            || matches!(code, close::FORBIDDEN | close::NOT_FOUND | close::CONFLICT | close::SUPERSEDED);
        let window = goodbye.filter(|_| !slow && !other);
        if !self.script.setup.steady_clock || (!slow && window.is_none()) {
            return;
        }
        let wire = &mut self.check.wire;
        wire.window_given = window;
        wire.slow_given = slow;
        if slow {
            // 30 s, and a little less for rounding between two clocks.
            wire.patience_until = self.now + 29_900;
        }
        wire.patience_of = self.worker.instance;
        let durable = |engine: &Engine| engine.status().storage == StorageState::Durable;
        wire.patience_reported = self.worker.engine.as_ref().is_some_and(durable).then_some(self.now);
    }
}
