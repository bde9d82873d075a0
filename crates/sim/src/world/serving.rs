//! The wire and the server: what arrives where, and what the gateway does with it.

use super::{Happening, World};
use crate::check::standing::blames;
use crate::check::{number_after, numbers_after};
use crate::clock::WALL_START;
use crate::disk::Disk;
use crate::net::{End, Item};
use crate::script::{ServerKind, What};
use crate::server::{Server, USER};
use crate::story::clip;
use sentinelops_engine::{Engine, Generation, SocketEvent, StorageState};
use sentinelops_gateway::{ConnId, Output, Token};
use sentinelops_protocol::{Subject, close};

/// How long after an abandon events of a socket may still reach the engine.
const LATE_EVENTS_MS: u64 = 5_000;

/// The gateway counts bytes handed to a socket as unsent until the shell reports them, after this many bytes at the
/// latest.
const REPORT_BYTES: usize = 100_000;

/// How long the disk of a server takes to commit.
const COMMIT_MS: u64 = 25;

/// A connection that lasted this long (ms) resets the doubling of the patience.
const FORGIVEN_AFTER_MS: u64 = 60_000;

/// Whether a frame may come twice: a repeated answer would be counted as a second one.
fn is_only_events(frame: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(frame) else { return false };
    text.contains("\"seq\":") && !text.contains("\"channel\":\"system\"")
}

fn holds(frame: &[u8], text: &str) -> bool {
    frame.windows(text.len()).any(|part| part == text.as_bytes())
}

impl World {
    /// A dial reaches the server.
    pub(super) fn accept(&mut self, index: usize) {
        let now = self.now;
        if self.conns[index].server == End::Closed {
            return;
        }
        let Some(gateway) = &mut self.server.gateway else {
            let latency = self.net.link(now).latency;
            return self.queue.push(now + latency + 1, Happening::ClientReset(index));
        };
        let id = gateway.connect(Server::now(now), USER);
        gateway.buffered(Server::now(now), id, 0);
        gateway.offer_token(Server::now(now), id, Token::new("of the URL"));
        self.server.conns.insert(id.0, index);
        let life = self.server.life;
        let conn = &mut self.conns[index];
        conn.server = End::Open;
        conn.server_id = Some((life, id.0));
        self.send_down(index, Item::Opened);
        if now < self.server.flap_until {
            self.queue.push(now + 300, Happening::Flap(index));
        }
        self.serve();
    }

    /// Something goes from the server to the browser.
    fn send_down(&mut self, index: usize, item: Item) {
        let link = self.net.link(self.now);
        let conn = &mut self.conns[index];
        if let Some(at) = conn.down.send(self.now, item, &link, &mut conn.rng) {
            self.queue.push(at, Happening::Down(index));
        }
    }

    /// Something may have arrived at the server.
    pub(super) fn up(&mut self, index: usize) {
        let now = self.now;
        let conn = &mut self.conns[index];
        if conn.slow_server_until > now {
            let at = conn.slow_server_until;
            return self.queue.push(at, Happening::Up(index));
        }
        let item = match conn.up.receive(now) {
            Ok(item) => item,
            Err(Some(at)) => return self.queue.push(at, Happening::Up(index)),
            Err(None) => return,
        };
        match item {
            Item::Frame { bytes, .. } => self.server_reads(index, &bytes),
            Item::Close { .. } => {
                if self.conns[index].server == End::Waiting {
                    self.conns[index].server = End::Closed;
                }
                self.server_reset(index);
            }
            Item::Opened => {}
        }
    }

    fn server_reads(&mut self, index: usize, bytes: &[u8]) {
        let Some(id) = self.server_side(index) else { return };
        let text = String::from_utf8_lossy(bytes);
        if let Some(code) = self.poison(&text) {
            return self.server_closes(index, code, "poison");
        }
        if self.server.kind != ServerKind::V1 {
            for n in numbers_after(&text, "\"id\":\"") {
                if let Some(message) = self.check.messages.all.get_mut(n) {
                    message.received += 1;
                }
            }
            if self.server.kind == ServerKind::Mute {
                return;
            }
        }
        let now = self.now;
        if now >= self.server.nacks_until
            && let Some(gateway) = &mut self.server.gateway
        {
            gateway.set_nack_every(None);
        }
        if let Some(gateway) = &mut self.server.gateway {
            gateway.receive(Server::now(now), id, bytes);
        }
        self.serve();
    }

    /// Something between browser and server that cannot bear the sight of some messages.
    fn poison(&self, text: &str) -> Option<u16> {
        let at = text.find("\"poison\":")?;
        text[at + 9..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
    }

    /// The gateway's name of a connection that is alive at the server.
    fn server_side(&self, index: usize) -> Option<ConnId> {
        let conn = &self.conns[index];
        let (life, id) = conn.server_id?;
        (life == self.server.life && conn.server == End::Open && self.server.gateway.is_some())
            .then_some(ConnId(id))
    }

    /// Carries out what the gateway wants, and notes what took effect.
    pub(super) fn serve(&mut self) {
        let now = self.now;
        for (id, kind) in self.server.new_effects() {
            self.log(|| format!("server: {id} takes effect"));
            self.check.effect(&id);
            if kind == "agent.status" && self.server.has_narrow_rights() {
                self.check.fail("effect-allowed", || format!("{id} took effect without the right to it"));
            }
        }
        if let Some(wrong) = self.server.wrong.take() {
            self.check.fail("state-kept", || wrong);
        }
        while let Some(output) = self.server.gateway.as_mut().and_then(|g| g.poll_output()) {
            match output {
                Output::Send { conn, mut frame, binary } => {
                    let Some(index) = self.server.conn(conn) else { continue };
                    if holds(&frame, "\"code\":\"rate_limited\"") {
                        self.check
                            .fail("rate-kept", || "a client that keeps to the rate is refused for it".into());
                    }
                    if !self.server.cursed.is_empty() && self.server.spoil(&mut frame) {
                        self.log(|| "the network spoils an event".to_owned());
                    }
                    if now < self.server.twice_until && is_only_events(&frame) {
                        self.send_down(index, Item::Frame { bytes: frame.clone(), binary });
                    }
                    self.server.lies.spoil(now, &mut self.conns[index], &mut frame);
                    let bytes = frame.len();
                    self.send_down(index, Item::Frame { bytes: frame, binary });
                    let conn = &mut self.conns[index];
                    conn.unreported += bytes;
                    if self.server.reads_slowly() {
                        self.queue.push(now + 40, Happening::Drained(index));
                    } else if conn.unreported > REPORT_BYTES {
                        self.queue.push(now, Happening::Drained(index));
                    }
                }
                Output::Close { conn, code, reason } => {
                    let Some(index) = self.server.conns.remove(&conn.0) else { continue };
                    self.conns[index].server = End::Closed;
                    if code == close::UNAUTHENTICATED {
                        self.token_is_over(index);
                    }
                    self.send_down(index, Item::Close { code, reason });
                }
                Output::CheckToken { conn, .. } => {
                    let identity = self.server.identity(now);
                    if let Some(gateway) = &mut self.server.gateway {
                        gateway.authenticated(Server::now(now), conn, Ok(identity));
                    }
                }
                // No source sends anything here.
                Output::Answer { .. } => {}
            }
        }
        self.arm_server();
    }

    pub(super) fn server_committed(&mut self) {
        if let Some(disk) = &self.server.disk {
            disk.commit(Server::now(self.now));
        }
        self.serve();
    }

    fn arm_server(&mut self) {
        if self.server.gateway.is_some() && self.server.disk.as_ref().is_some_and(Disk::is_busy) {
            self.queue.push(self.now + COMMIT_MS, Happening::Committed);
        }
        let Some(due) = self.server.gateway.as_ref().and_then(|g| g.poll_timeout()) else { return };
        self.server_timer += 1;
        self.queue.push(due.max(self.now), Happening::ServerTimer(self.server_timer));
    }

    pub(super) fn server_tick(&mut self) {
        let now = self.now;
        if let Some(gateway) = &mut self.server.gateway {
            gateway.timeout(Server::now(now));
        }
        self.serve();
    }

    /// The server's kernel accepts bytes again, or not yet.
    pub(super) fn drained(&mut self, index: usize) {
        let Some(id) = self.server_side(index) else { return };
        let now = self.now;
        let conn = &mut self.conns[index];
        conn.unreported = 0;
        let unsent = conn.down.unsent(now);
        if let Some(gateway) = &mut self.server.gateway {
            gateway.buffered(Server::now(now), id, unsent as usize);
        }
        if unsent > 0 {
            self.queue.push(now + 100, Happening::Drained(index));
        }
        self.serve();
    }

    /// The server closes one connection with a code, by other means than the gateway.
    pub(super) fn server_closes(&mut self, index: usize, code: u16, reason: &str) {
        let Some(id) = self.server_side(index) else { return };
        let now = self.now;
        self.conns[index].server = End::Closed;
        self.server.conns.remove(&id.0);
        self.send_down(index, Item::Close { code, reason: reason.to_owned() });
        if let Some(gateway) = &mut self.server.gateway {
            gateway.disconnected(Server::now(now), id);
        }
        self.serve();
    }

    /// The server learns that a connection is gone.
    pub(super) fn server_reset(&mut self, index: usize) {
        let Some(id) = self.server_side(index) else { return };
        let now = self.now;
        self.conns[index].server = End::Closed;
        self.server.conns.remove(&id.0);
        if let Some(gateway) = &mut self.server.gateway {
            gateway.disconnected(Server::now(now), id);
        }
        self.serve();
    }

    /// Something may have arrived at the browser.
    pub(super) fn down(&mut self, index: usize) {
        let now = self.now;
        let conn = &mut self.conns[index];
        let item = match conn.down.receive(now) {
            Ok(item) => item,
            Err(Some(at)) => return self.queue.push(at, Happening::Down(index)),
            Err(None) => return,
        };
        if conn.instance != self.worker.instance {
            return;
        }
        let live = conn.client != End::Closed;
        let socket = (conn.instance, conn.generation);
        let generation = Generation(conn.generation);
        // Handlers are detached at an abandon; an event that was queued before may still come.
        if !live && (conn.rng.u8(0..4) == 0 || now > conn.received_at + LATE_EVENTS_MS) {
            return;
        }
        match item {
            Item::Opened => {
                if conn.client == End::Waiting {
                    conn.client = End::Open;
                    conn.opened_at = Some(now);
                }
                conn.received_at = now;
                self.input(|engine, now| engine.handle_socket(now, generation, SocketEvent::Opened));
            }
            Item::Frame { bytes, binary } => {
                if live {
                    conn.received_at = now;
                    let healthy = conn
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
        let conn = &mut self.conns[index];
        conn.spoken = true;
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if !conn.welcomed && text.contains("\"type\":\"welcome\"") {
            conn.welcomed = true;
            let (lie, opened_at) = (conn.lie, conn.opened_at.unwrap_or(now));
            self.set_window(true);
            self.check.messages.welcomed = true;
            self.check.wire.welcomed(now);
            self.worker.answers_since = now;
            // How long it was on its way; of one whose clock is wrong, at most since the connection opened.
            let reported = number_after(text, "\"now\":").filter(|_| lie.is_none());
            let sent = reported.map_or(now - opened_at, |wall| now - (wall - WALL_START));
            self.check.ends.clock_error = self.check.ends.clock_error.max(2 * sent);
        }
        let conn = &mut self.conns[index];
        for pong in text.split("\"type\":\"pong\"").skip(1) {
            // Of a server that does not send it back, the next number is another message's.
            let n = pong.split("\"type\"").next().and_then(|pong| number_after(pong, "\"n\":"));
            self.worker.round_trips.pong(conn.generation, n, now, self.worker.asleep_until);
        }
        if !conn.ponged && text.contains("\"type\":\"pong\"") {
            conn.ponged = true;
            if !self.check.messages.pongs {
                self.check.messages.pongs = true;
                self.worker.answers_since = now;
            }
        }
        if text.contains("\"type\":\"goodbye\"") {
            conn.goodbye = number_after(text, "\"reconnectWindowMs\":");
        }
        if text.contains("\"expiresInMs\":") {
            conn.token_reported_at = Some(now);
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

    /// The browser learns that a connection broke.
    pub(super) fn client_reset(&mut self, index: usize) {
        if self.conns[index].instance == self.worker.instance {
            self.conns[index].down.clear();
            self.client_closed(index, 1006, String::new());
        }
    }

    fn client_closed(&mut self, index: usize, code: u16, reason: String) {
        let conn = &mut self.conns[index];
        let (generation, socket) = (Generation(conn.generation), (conn.instance, conn.generation));
        let live = conn.client != End::Closed;
        if live {
            conn.client = End::Closed;
            let goodbye = conn.goodbye;
            self.note_end(index, Some(code));
            self.note_server_time(code, goodbye);
            if blames(code) {
                self.check.closed_over();
            }
            self.check.gone(socket);
            if self.worker.live == Some(index) {
                self.worker.live = None;
            }
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

    pub(super) fn server_up(&mut self) {
        if self.server.gateway.is_none() {
            self.log(|| "the server is back".to_owned());
        }
        self.server.start(self.now);
        self.arm_server();
    }

    /// Whether anything can come of a message of this kind.
    pub(super) fn hopeless(what: What) -> bool {
        matches!(what, What::Unknown | What::Poison(_))
    }
}
