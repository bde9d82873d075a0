//! What must hold of sockets, dials and what is given to them.

use super::messages::SocketName;
use super::{Checker, message_id, numbers_after};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Limits, Priority, ServerMessage, decode_server_frame};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// In 30 s no more dials than this, signs from the browser aside: with backoff there are about 8.
const DIALS_PER_30_S: usize = 16;

/// Sockets and dials.
#[derive(Debug, Default)]
pub struct Wire {
    /// The socket that is open or being opened.
    pub live: Option<SocketName>,
    /// Given to it and unanswered.
    in_flight: BTreeSet<usize>,
    /// Most that may be.
    pub window: usize,
    /// Of these for critical ones only.
    pub reserve: usize,
    /// Times of dials.
    dials: VecDeque<u64>,
    /// Times of signs and commands that allow one more dial.
    excuses: VecDeque<u64>,
    /// The server asked not to be dialled before this time.
    pub patience_until: u64,
    /// The worker that was asked.
    pub patience_of: u32,
    /// Planned delays by attempt.
    delays: HashMap<u32, Vec<u64>>,
}

impl Wire {
    /// Something allows a dial at once.
    pub fn excuse(&mut self, now: u64) {
        self.excuses.push_back(now);
    }

    /// The worker is gone, and its socket with it.
    pub fn reset(&mut self) {
        self.live = None;
        self.in_flight.clear();
    }
}

impl Checker {
    /// The engine dials.
    pub fn dial(&mut self, socket: SocketName) {
        let now = self.now;
        if let Some(live) = self.wire.live {
            self.fail("one-live-socket", || format!("dials {socket:?} while {live:?} lives"));
        }
        self.wire.live = Some(socket);
        self.wire.in_flight.clear();
        let wire = &mut self.wire;
        wire.dials.push_back(now);
        for times in [&mut wire.dials, &mut wire.excuses] {
            while times.front().is_some_and(|at| at + 30_000 < now) {
                times.pop_front();
            }
        }
        let (dials, excuses) = (wire.dials.len(), wire.excuses.len());
        if dials > DIALS_PER_30_S + 2 * excuses {
            self.fail("backoff", || format!("{dials} dials in 30 s, {excuses} of them with an excuse"));
        }
        let until = self.wire.patience_until;
        if now < until {
            self.fail("server-time", || {
                format!("dials {} ms before the time that the server gave", until - now)
            });
        }
    }

    /// The engine planned a dial.
    pub fn backoff(&mut self, attempt: u32, delay: u64) {
        let delays = self.wire.delays.entry(attempt).or_default();
        delays.push(delay);
        let same = delays.iter().all(|d| *d == delay);
        if delay > 0 && delays.len() >= 4 && same {
            self.fail("jitter", || format!("four times in a row {delay} ms before attempt {attempt}"));
        }
    }

    /// The engine abandoned a socket, or was told that it closed.
    pub fn gone(&mut self, socket: SocketName) {
        if self.wire.live == Some(socket) {
            self.wire.live = None;
            self.wire.in_flight.clear();
            self.turns.landed();
        }
    }

    /// The engine gave a frame to a socket.
    pub fn transmit(&mut self, socket: SocketName, text: &str, mode_known: bool) {
        for n in numbers_after(text, "\"id\":\"") {
            let Some(message) = self.messages.all.get_mut(n) else { continue };
            let again = message.on == Some(socket) && !message.nacked;
            let answered = message.answered;
            let (promised, critical) = (message.promised, message.priority == Priority::Critical);
            message.sent += 1;
            message.unfenced |= !self.messages.pongs;
            message.on = Some(socket);
            message.nacked = false;
            self.turns.sent(n);
            let id = || message_id(n);
            if again {
                self.fail("resend-on-new-socket", || format!("{} is sent twice on {socket:?}", id()));
            }
            if !mode_known {
                self.fail("mode-first", || format!("{} leaves before the mode is known", id()));
            }
            if answered {
                self.fail("answered-is-done", || format!("{} is sent after its answer was read", id()));
            }
            if self.messages.basic || !promised {
                continue;
            }
            self.wire.in_flight.insert(n);
            let all = self.wire.in_flight.len();
            let others = self.wire.in_flight.iter();
            let mut others = others.filter(|n| self.messages.all[**n].priority != Priority::Critical).count();
            let (window, reserve) = (self.wire.window, self.wire.reserve);
            if others > window.saturating_sub(reserve) {
                // A message in the way of a critical one of its key inherits its priority.
                let inherits = |n: &&usize| self.messages.in_the_way(**n);
                others -= self.wire.in_flight.iter().filter(inherits).count();
            }
            if all > window || (!critical && others > window.saturating_sub(reserve)) {
                self.fail("window", || {
                    format!("{all} in flight, {others} not critical; {window} allowed, {reserve} reserved")
                });
            }
        }
    }

    /// A frame of the live socket was read by the engine.
    pub fn read(&mut self, socket: SocketName, bytes: &[u8]) {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        for n in numbers_after(text, "\"cause\":\"") {
            self.answered(n);
        }
        if !["\"type\":\"ack\"", "\"type\":\"nack\"", "\"type\":\"error\""].iter().any(|t| text.contains(t)) {
            return;
        }
        let Ok(decoded) = decode_server_frame(bytes, &Limits::to_client()) else { return };
        for message in decoded.messages {
            match message {
                ServerMessage::System(ServerSystem::Ack { ids }) => {
                    for n in ids.iter().filter_map(|id| super::message_number(id)) {
                        self.answered(n);
                    }
                }
                ServerMessage::System(ServerSystem::Nack { id, retry_after_ms, .. }) => {
                    let Some(n) = super::message_number(&id) else { continue };
                    if retry_after_ms.is_none() {
                        self.answered(n);
                    } else if let Some(message) = self.messages.all.get_mut(n)
                        && message.on == Some(socket)
                    {
                        message.nacked = true;
                        self.turns.nacked(n);
                        self.wire.in_flight.remove(&n);
                    }
                }
                ServerMessage::System(ServerSystem::Error { id: Some(id), .. }) => {
                    if let Some(n) = super::message_number(&id) {
                        self.answered(n);
                    }
                }
                _ => {}
            }
        }
    }

    /// The engine says that a message is done with.
    pub fn ended(&mut self, id: &str) {
        if let Some(n) = super::message_number(id) {
            self.wire.in_flight.remove(&n);
            self.turns.end(n);
        }
    }

    fn answered(&mut self, n: usize) {
        self.wire.in_flight.remove(&n);
        if let Some(message) = self.messages.all.get_mut(n) {
            message.answered = true;
        }
    }
}
