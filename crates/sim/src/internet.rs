//! Network and server together: connections between any number of workers and the one server, and
//! what goes wrong on the way.
//!
//! A world gives it what is due ([`Internet::step`]), puts what it wants to happen ([`Internet::soon`])
//! into its own queue, and receives what there is to check ([`Internet::notes`]).

mod faults;

use crate::check::numbers_after;
use crate::disk::Disk;
use crate::net::{Conditions, Conn, End, Item};
use crate::script::ServerKind;
use crate::server::{Server, USER};
use fastrand::Rng;
use sentinelops_gateway::{ConnId, Output, Token};
use sentinelops_protocol::{Channel, close};

/// The gateway counts bytes handed to a socket as unsent until the shell reports them, after this many bytes at the
/// latest.
const REPORT_BYTES: usize = 100_000;
/// How long (ms) the disk of a server takes to commit.
const COMMIT_MS: u64 = 25;

/// Something that will happen to a connection or to the server.
#[derive(Clone, Copy, Debug)]
pub enum Traffic {
    /// Something may have arrived at the server.
    Up(usize),
    /// Something may have arrived at the browser.
    Down(usize),
    /// A dial reaches the server.
    Accept(usize),
    /// The browser learns that a connection broke.
    ClientReset(usize),
    /// The server learns that a connection broke.
    ServerReset(usize),
    /// A flapping server closes what it has just taken.
    Flap(usize),
    /// The server's send buffer may have drained.
    Drained(usize),
    /// The disk of the server has committed what waited.
    Committed,
    /// The server's timer.
    ServerTimer(u64),
    /// The server starts again.
    ServerUp,
}

impl Traffic {
    /// The connection whose browser end it concerns.
    pub fn client(self) -> Option<usize> {
        match self {
            Self::Down(index) | Self::ClientReset(index) => Some(index),
            _ => None,
        }
    }
}

/// What a world may want to check.
#[derive(Debug)]
pub enum Note {
    /// This message took effect: its id and type.
    Effect(String, String),
    /// A basic server read the messages of these numbers.
    Read(Vec<usize>),
    /// A client is refused for its rate.
    RateLimited,
    /// The server closed this connection because its token is over.
    TokenOver(usize),
    /// An event arrives broken.
    Spoilt,
}

/// See the module.
#[derive(Debug)]
pub struct Internet {
    now: u64,
    seed: u64,
    /// How the network is.
    pub net: Conditions,
    /// Every connection there ever was.
    pub conns: Vec<Conn>,
    /// The server.
    pub server: Server,
    timer: u64,
    slow_login: u64,
    /// What is to happen, and when.
    pub soon: Vec<(u64, Traffic)>,
    /// What happened at the server since somebody looked.
    pub notes: Vec<Note>,
}

impl Internet {
    /// A network with a server.
    pub fn new(seed: u64, net: Conditions, server: Server) -> Self {
        Self {
            now: 0,
            seed,
            net,
            conns: Vec::new(),
            server,
            timer: 0,
            slow_login: 0,
            soon: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Time runs on.
    pub fn at(&mut self, now: u64) -> &mut Self {
        self.now = now;
        self
    }

    /// Something due happens. Answers what reaches the browser, and on which connection.
    pub fn step(&mut self, traffic: Traffic) -> Option<(usize, Item)> {
        match traffic {
            Traffic::Up(index) => self.up(index),
            Traffic::Down(index) => return self.down(index),
            Traffic::Accept(index) => self.accept(index),
            Traffic::ClientReset(index) => {
                self.conns[index].down.clear();
                return Some((index, Item::Close { code: 1006, reason: String::new() }));
            }
            Traffic::ServerReset(index) => self.server_reset(index),
            Traffic::Flap(index) => self.server_closes(index, close::INTERNAL, "flap"),
            Traffic::Drained(index) => self.drained(index),
            Traffic::Committed => {
                if let Some(disk) = &self.server.disk {
                    disk.commit(Server::now(self.now));
                }
                self.serve();
            }
            Traffic::ServerTimer(token) => {
                if token == self.timer {
                    if let Some(gateway) = &mut self.server.gateway {
                        gateway.timeout(Server::now(self.now));
                    }
                    self.serve();
                }
            }
            Traffic::ServerUp => self.server_up(),
        }
        None
    }

    // The browser's end.

    /// A dial begins; answers the connection.
    pub fn dial(&mut self, instance: u32, generation: u64) -> usize {
        let index = self.conns.len();
        let rng = Rng::with_seed(self.seed ^ ((index as u64 + 1) << 20));
        let mut conn = Conn::new(instance, generation, rng);
        conn.slow_server_until = std::mem::take(&mut self.slow_login);
        self.conns.push(conn);
        let latency = self.net.link(self.now).latency;
        if self.now < self.net.refuse_until {
            self.soon.push((self.now + latency + 1, Traffic::ClientReset(index)));
        } else if self.now >= self.net.silent_until {
            self.soon.push((self.now + latency, Traffic::Accept(index)));
        }
        index
    }

    /// A frame leaves the browser.
    pub fn send(&mut self, index: usize, bytes: Vec<u8>, binary: bool) {
        self.send_up(index, Item::Frame { bytes, binary });
    }

    /// `bufferedAmount`.
    pub fn buffered(&mut self, index: usize) -> u64 {
        self.conns[index].up.unsent(self.now).saturating_sub(self.net.kernel)
    }

    /// The browser's end is closed: the server will receive that after what was sent before.
    pub fn close_client(&mut self, index: usize, code: u16) {
        if self.conns[index].client != End::Closed {
            self.conns[index].client = End::Closed;
            self.send_up(index, Item::Close { code, reason: String::new() });
        }
    }

    /// A worker is gone, and with it its end of each connection.
    pub fn close_clients_of(&mut self, instance: u32) {
        for index in 0..self.conns.len() {
            if self.conns[index].instance == instance {
                self.close_client(index, 1006);
            }
        }
    }

    fn send_up(&mut self, index: usize, item: Item) {
        let link = self.net.link(self.now);
        let conn = &mut self.conns[index];
        if let Some(at) = conn.up.send(self.now, item, &link, &mut conn.rng) {
            self.soon.push((at, Traffic::Up(index)));
        }
    }

    fn down(&mut self, index: usize) -> Option<(usize, Item)> {
        match self.conns[index].down.receive(self.now) {
            Ok(item) => Some((index, item)),
            Err(at) => {
                self.soon.extend(at.map(|at| (at, Traffic::Down(index))));
                None
            }
        }
    }

    // The server's end.

    fn accept(&mut self, index: usize) {
        if self.conns[index].server == End::Closed {
            return;
        }
        let Some(gateway) = &mut self.server.gateway else {
            let latency = self.net.link(self.now).latency;
            return self.soon.push((self.now + latency + 1, Traffic::ClientReset(index)));
        };
        let now = Server::now(self.now);
        let id = gateway.connect(now, USER);
        gateway.buffered(now, id, 0);
        gateway.offer_token(now, id, Token::new("of the URL"));
        self.server.conns.insert(id.0, index);
        let life = self.server.life;
        let conn = &mut self.conns[index];
        conn.server = End::Open;
        conn.server_id = Some((life, id.0));
        self.send_down(index, Item::Opened);
        if self.now < self.server.faults.flap_until {
            self.soon.push((self.now + 300, Traffic::Flap(index)));
        }
        self.serve();
    }

    fn send_down(&mut self, index: usize, item: Item) {
        let link = self.net.link(self.now);
        let conn = &mut self.conns[index];
        if let Some(at) = conn.down.send(self.now, item, &link, &mut conn.rng) {
            self.soon.push((at, Traffic::Down(index)));
        }
    }

    fn up(&mut self, index: usize) {
        let conn = &mut self.conns[index];
        if conn.slow_server_until > self.now {
            let at = conn.slow_server_until;
            return self.soon.push((at, Traffic::Up(index)));
        }
        match conn.up.receive(self.now) {
            Ok(Item::Frame { bytes, .. }) => self.server_reads(index, &bytes),
            Ok(Item::Close { .. }) => {
                if conn.server == End::Waiting {
                    conn.server = End::Closed;
                }
                self.server_reset(index);
            }
            Ok(Item::Opened) => {}
            Err(at) => self.soon.extend(at.map(|at| (at, Traffic::Up(index)))),
        }
    }

    fn server_reads(&mut self, index: usize, bytes: &[u8]) {
        let Some(id) = self.server_side(index) else { return };
        let text = String::from_utf8_lossy(bytes);
        if let Some(code) = poison(&text) {
            return self.server_closes(index, code, "poison");
        }
        if self.server.kind != ServerKind::V1 {
            self.notes.push(Note::Read(numbers_after(&text, "\"id\":\"").collect()));
            if self.server.kind == ServerKind::Mute {
                return;
            }
        }
        let over = self.now >= self.server.faults.nacks_until;
        if let Some(gateway) = &mut self.server.gateway {
            if over {
                gateway.set_nack_every(None);
            }
            gateway.receive(Server::now(self.now), id, bytes);
        }
        self.serve();
    }

    /// The gateway's name of a connection that is alive at the server.
    fn server_side(&self, index: usize) -> Option<ConnId> {
        let conn = &self.conns[index];
        let (life, id) = conn.server_id?;
        (life == self.server.life && conn.server == End::Open && self.server.gateway.is_some())
            .then_some(ConnId(id))
    }

    /// Carries out what the gateway wants, and notes what took effect.
    pub fn serve(&mut self) {
        self.note_effects();
        while let Some(output) = self.server.gateway.as_mut().and_then(|g| g.poll_output()) {
            match output {
                Output::Send { conn, mut frame, binary } => {
                    let Some(index) = self.server.conn(conn) else { continue };
                    if holds(&frame, "\"code\":\"rate_limited\"") {
                        self.notes.push(Note::RateLimited);
                    }
                    if !self.server.faults.cursed.is_empty() && self.server.spoil(&mut frame) {
                        self.notes.push(Note::Spoilt);
                    }
                    if self.now < self.server.faults.twice_until && is_only_events(&frame) {
                        self.send_down(index, Item::Frame { bytes: frame.clone(), binary });
                    }
                    self.server.faults.lies.spoil(self.now, &mut self.conns[index].lie, &mut frame);
                    let bytes = frame.len();
                    self.send_down(index, Item::Frame { bytes: frame, binary });
                    self.conns[index].unreported += bytes;
                    if self.server.reads_slowly() {
                        self.soon.push((self.now + 40, Traffic::Drained(index)));
                    } else if self.conns[index].unreported > REPORT_BYTES {
                        self.soon.push((self.now, Traffic::Drained(index)));
                    }
                }
                Output::Close { conn, code, reason } => {
                    let Some(index) = self.server.conns.remove(&conn.0) else { continue };
                    self.conns[index].server = End::Closed;
                    if code == close::UNAUTHENTICATED {
                        self.notes.push(Note::TokenOver(index));
                    }
                    self.send_down(index, Item::Close { code, reason });
                }
                Output::CheckToken { conn, .. } => {
                    let identity = self.server.identity(self.now);
                    if let Some(gateway) = &mut self.server.gateway {
                        gateway.authenticated(Server::now(self.now), conn, Ok(identity));
                    }
                }
                // No source sends anything here.
                Output::Answer { .. } => {}
            }
        }
        if self.server.gateway.is_some() && self.server.disk.as_ref().is_some_and(Disk::is_busy) {
            self.soon.push((self.now + COMMIT_MS, Traffic::Committed));
        }
        let Some(due) = self.server.gateway.as_ref().and_then(|g| g.poll_timeout()) else { return };
        self.timer += 1;
        self.soon.push((due.max(self.now), Traffic::ServerTimer(self.timer)));
    }

    fn note_effects(&mut self) {
        let effects = self.server.new_effects().into_iter();
        self.notes.extend(effects.map(|(id, kind)| Note::Effect(id, kind)));
    }

    fn drained(&mut self, index: usize) {
        let Some(id) = self.server_side(index) else { return };
        self.conns[index].unreported = 0;
        let unsent = self.conns[index].down.unsent(self.now);
        if let Some(gateway) = &mut self.server.gateway {
            gateway.buffered(Server::now(self.now), id, unsent as usize);
        }
        if unsent > 0 {
            self.soon.push((self.now + 100, Traffic::Drained(index)));
        }
        self.serve();
    }

    /// The server closes one connection with a code, by other means than the gateway.
    pub fn server_closes(&mut self, index: usize, code: u16, reason: &str) {
        if self.server_side(index).is_some() {
            self.send_down(index, Item::Close { code, reason: reason.to_owned() });
            self.server_reset(index);
        }
    }

    fn server_reset(&mut self, index: usize) {
        let Some(id) = self.server_side(index) else { return };
        self.conns[index].server = End::Closed;
        self.server.conns.remove(&id.0);
        if let Some(gateway) = &mut self.server.gateway {
            gateway.disconnected(Server::now(self.now), id);
        }
        self.serve();
    }

    fn server_up(&mut self) {
        self.server.start(self.now);
        self.serve();
    }

    /// Events happen at the server.
    pub fn publish(&mut self, channel: Channel, count: u16) {
        for _ in 0..count {
            if let Some(payload) = self.server.payload(self.now, channel) {
                self.server.publish(self.now, payload);
            }
        }
        self.serve();
    }
}

/// Something between browser and server that closes the connection at the sight of some messages: with which code.
fn poison(text: &str) -> Option<u16> {
    let at = text.find("\"poison\":")?;
    text[at + 9..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

/// Whether a frame may come twice: a repeated answer would be counted as a second one.
fn is_only_events(frame: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(frame) else { return false };
    text.contains("\"seq\":") && !text.contains("\"channel\":\"system\"")
}

fn holds(frame: &[u8], text: &str) -> bool {
    frame.windows(text.len()).any(|part| part == text.as_bytes())
}
