//! Many engines and one server that is there or not.

use super::Scene;
use crate::clock::WALL_START;
use crate::queue::Queue;
use sentinelops_engine::{
    ConnectionState, Engine, EngineOptions, Generation, Now, Output, SocketEvent, StoreEvent,
};
use sentinelops_protocol::system::{ClientSystem, ServerSystem, Welcome};
use sentinelops_protocol::{
    ClientMessage, Limits, OutboundMeta, PROTOCOL_VERSION, close, decode_client_frame, encode_server_system,
};

/// One way, ms. The same for everybody: what spreads the dials must be the engines.
const DELAY_MS: u64 = 20;
/// The server is lost at this time: everybody's health is proved by then.
const LOST_AT_MS: u64 = 60_000;
/// How long after the server's return clients are waited for.
const PATIENCE_MS: u64 = 180_000;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Share of the clients accepted in the worst 100 ms, per cent.
    pub worst_percent: f64,
    /// When 99 of 100 were back, ms after the server's return.
    pub t99_ms: u64,
    /// Dials, on average.
    pub dials_per_client: f64,
    /// Clients that did not come back.
    pub given_up: usize,
    /// Clients that dialled first outside the window that the server gave.
    pub outside: usize,
}

enum Event {
    Begin,
    Timer(u64),
    Arrives(Generation),
    Opened(Generation),
    Refused(Generation),
    Frame(Generation, Vec<u8>),
    Stored(StoreEvent),
    Lost(u16),
}

struct Client {
    engine: Engine,
    socket: Option<Generation>,
    timer: u64,
    timer_at: Option<u64>,
    dials: u32,
    dialled_at: Option<u64>,
    accepted_at: Option<u64>,
}

impl Client {
    fn is_connected(&self) -> bool {
        self.engine.status().state == ConnectionState::Connected
    }
}

/// See the module.
pub struct Crowd {
    clients: Vec<Client>,
    queue: Queue<(usize, Event)>,
    now: u64,
    back_at: u64,
}

impl Crowd {
    /// So many clients that will connect within the first seconds.
    pub fn new(count: u32, seed: u64) -> Self {
        let mut queue = Queue::default();
        let mut rng = fastrand::Rng::with_seed(seed);
        let now = at(0);
        let clients = (0..count)
            .map(|n| {
                queue.push(rng.u64(0..10_000), (n as usize, Event::Begin));
                let engine = Engine::new(EngineOptions::default(), rng.u64(..), now);
                Client {
                    engine,
                    socket: None,
                    timer: 0,
                    timer_at: None,
                    dials: 0,
                    dialled_at: None,
                    accepted_at: None,
                }
            })
            .collect();
        Self { clients, queue, now: 0, back_at: 0 }
    }

    /// Loses the server and waits until everybody is back, or long enough.
    pub fn play(mut self, scene: &Scene) -> Tally {
        self.back_at = LOST_AT_MS + scene.down_ms;
        self.run_until(LOST_AT_MS, 0);
        for client in &mut self.clients {
            client.dials = 0;
            client.dialled_at = None;
            client.accepted_at = None;
        }
        for n in 0..self.clients.len() {
            let Some(generation) = self.clients[n].socket else { continue };
            if scene.window_ms > 0 {
                let reconnect_window_ms = scene.window_ms;
                let goodbye = ServerSystem::Goodbye { reason: "deploy".to_owned(), reconnect_window_ms };
                let frame = encode_server_system(&goodbye, OutboundMeta::default()).into_bytes();
                self.queue.push(self.now, (n, Event::Frame(generation, frame)));
            }
            let code = if scene.window_ms > 0 { close::RESTART } else { close::ABNORMAL };
            self.queue.push(self.now, (n, Event::Lost(code)));
        }
        let back_at = self.back_at;
        self.run_until(back_at + PATIENCE_MS, back_at);
        self.tally(scene.window_ms)
    }

    fn tally(&self, window_ms: u64) -> Tally {
        let mut accepted: Vec<u64> = self.clients.iter().filter_map(|client| client.accepted_at).collect();
        accepted.sort_unstable();
        let (mut worst, mut from) = (0, 0);
        for (to, time) in accepted.iter().enumerate() {
            while accepted[from] + 100 <= *time {
                from += 1;
            }
            worst = worst.max(to + 1 - from);
        }
        let count = self.clients.len();
        let inside = |client: &&Client| {
            client.dialled_at.is_some_and(|at| (LOST_AT_MS..=LOST_AT_MS + window_ms).contains(&at))
        };
        let outside = if window_ms > 0 { count - self.clients.iter().filter(inside).count() } else { 0 };
        let t99 = accepted.get((count * 99 / 100).saturating_sub(1)).copied();
        Tally {
            worst_percent: 100.0 * worst as f64 / count as f64,
            t99_ms: t99.map_or(u64::MAX, |time| time.saturating_sub(self.back_at)),
            dials_per_client: self.clients.iter().map(|client| f64::from(client.dials)).sum::<f64>()
                / count as f64,
            given_up: self.clients.iter().filter(|client| !client.is_connected()).count(),
            outside,
        }
    }

    /// `down_until`: no dial is taken from [`LOST_AT_MS`] to then.
    fn run_until(&mut self, end: u64, down_until: u64) {
        while let Some((time, (n, event))) = self.queue.pop() {
            if time > end {
                self.queue.push(time, (n, event));
                break;
            }
            self.now = time;
            self.step(n, event, down_until);
            // Nobody is left to wait for: accepted is not enough, the welcome may be under way.
            if down_until > 0
                && time.is_multiple_of(1_000)
                && self.clients.iter().all(|client| client.accepted_at.is_some() && client.is_connected())
            {
                break;
            }
        }
        self.now = end.max(self.now);
    }

    fn step(&mut self, n: usize, event: Event, down_until: u64) {
        let now = at(self.now);
        let client = &mut self.clients[n];
        match event {
            Event::Begin => client.engine.connect(now),
            Event::Timer(timer) => {
                if client.timer != timer {
                    return;
                }
                client.timer_at = None;
                client.engine.handle_timeout(now);
            }
            Event::Arrives(generation) => {
                let there = self.now < LOST_AT_MS || self.now >= down_until;
                if there {
                    client.accepted_at = Some(self.now);
                }
                let answer = if there { Event::Opened(generation) } else { Event::Refused(generation) };
                self.queue.push(self.now + DELAY_MS, (n, answer));
                return;
            }
            Event::Opened(generation) => client.engine.handle_socket(now, generation, SocketEvent::Opened),
            Event::Refused(generation) => lose(client, now, generation, close::ABNORMAL),
            Event::Frame(generation, bytes) => {
                let frame = SocketEvent::Frame { bytes: &bytes, binary: true };
                client.engine.handle_socket(now, generation, frame);
            }
            Event::Stored(event) => client.engine.handle_store(now, event),
            Event::Lost(code) => {
                if let Some(generation) = client.socket {
                    lose(client, now, generation, code);
                }
            }
        }
        self.carry_out(n);
    }

    fn carry_out(&mut self, n: usize) {
        let now = self.now;
        while let Some(output) = self.clients[n].engine.poll_output() {
            let client = &mut self.clients[n];
            match output {
                Output::Dial { generation, .. } => {
                    client.dials += 1;
                    client.dialled_at.get_or_insert(now);
                    client.socket = Some(generation);
                    self.queue.push(now + DELAY_MS, (n, Event::Arrives(generation)));
                }
                Output::Abandon { .. } => client.socket = None,
                Output::Transmit { generation, text, .. } => {
                    for frame in answers(now, &text) {
                        self.queue.push(now + 2 * DELAY_MS, (n, Event::Frame(generation, frame)));
                    }
                }
                Output::OpenStore => {
                    let opened = StoreEvent::Opened(Box::default());
                    self.queue.push(now + 1, (n, Event::Stored(opened)));
                }
                Output::Store(group) => {
                    let committed = StoreEvent::Committed { number: group.number };
                    self.queue.push(now + 1, (n, Event::Stored(committed)));
                }
                _ => {}
            }
        }
        let client = &mut self.clients[n];
        let Some(due) = client.engine.poll_timeout() else { return };
        let due = due.max(now);
        if client.timer_at.is_none_or(|armed| due != armed) {
            client.timer += 1;
            client.timer_at = Some(due);
            self.queue.push(due, (n, Event::Timer(client.timer)));
        }
    }
}

fn at(time: u64) -> Now {
    Now { mono: time, wall: WALL_START + time }
}

fn lose(client: &mut Client, now: Now, generation: Generation, code: u16) {
    client.socket = None;
    client.engine.handle_socket(now, generation, SocketEvent::Closed { code, reason: String::new() });
}

/// What a v1 server answers to a frame.
fn answers(now: u64, text: &str) -> Vec<Vec<u8>> {
    let Ok(decoded) = decode_client_frame(text.as_bytes(), &Limits::to_server()) else { return Vec::new() };
    let answer = |message| {
        let ClientMessage::System(_, system) = message else { return None };
        Some(match system {
            ClientSystem::Hello(hello) => ServerSystem::Welcome(Welcome {
                protocol: PROTOCOL_VERSION,
                session: hello.session,
                user: "ana".to_owned(),
                now: WALL_START + now,
                max_message_bytes: 65_536,
                max_in_flight: 64,
                reconnect_window_ms: 0,
                rate: None,
                expires_in_ms: None,
            }),
            ClientSystem::Ping(ping) => ServerSystem::Pong(Some(ping)),
            _ => return None,
        })
    };
    decoded
        .messages
        .into_iter()
        .filter_map(answer)
        .map(|system| encode_server_system(&system, OutboundMeta::default()).into_bytes())
        .collect()
}
