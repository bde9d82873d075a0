//! What must hold of sockets, dials and what is given to them.

use super::messages::SocketName;
use super::{Checker, message_id, numbers_after};
use sentinelops_protocol::system::ServerSystem;
use sentinelops_protocol::{Limits, Priority, ServerMessage, decode_server_frame};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// In 30 s no more dials than this, signs from the browser aside: with backoff there are about 8.
const DIALS_PER_30_S: usize = 16;

/// Sockets and dials.
#[derive(Debug, Default)]
pub struct Wire {
    /// The socket that is open or being opened.
    pub live: Option<SocketName>,
    /// Given to it and unanswered, and since when.
    in_flight: BTreeMap<usize, u64>,
    /// What was in flight when the server closed over it: one at a time while any of it is unanswered.
    suspects: BTreeSet<usize>,
    /// So many of them since the faults were over.
    pub suspected: u64,
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
    /// What a person dialled in spite of: it holds again when that dial is lost.
    spared_until: u64,
    /// When it was asked, if its store could keep it.
    pub patience_reported: Option<u64>,
    /// The window that the server gave with the close that was just reported.
    pub window_given: Option<u64>,
    /// With that close it asked for patience; how much more than the least is the engine's choice.
    pub slow_given: bool,
    /// `welcome.rate`: messages a second.
    pub rate: Option<f64>,
    /// How many may leave now, and since when that is so.
    tokens: (f64, u64),
    /// The worker has not read its store: an answer to what lies there tells it nothing.
    pub without_store: bool,
    /// Planned delays by attempt.
    delays: HashMap<u32, Vec<u64>>,
}

impl Wire {
    /// Something allows a dial at once.
    pub fn excuse(&mut self, now: u64) {
        self.excuses.push_back(now);
    }

    /// A user asks for a dial although the server gave a time.
    pub fn dial_anyway(&mut self) {
        self.spared_until = self.spared_until.max(self.patience_until);
        self.patience_until = 0;
    }

    /// The worker is gone, and its socket with it.
    pub fn reset(&mut self) {
        self.live = None;
        self.in_flight.clear();
        self.suspects.clear();
    }

    /// The faults are over: from here on the world comes to rest.
    pub fn quiet(&mut self) {
        self.suspected = self.suspects.len() as u64;
    }

    /// Since when the oldest message in flight waits for its answer.
    pub fn waits_since(&self) -> Option<u64> {
        self.in_flight.values().min().copied()
    }

    /// What is in flight.
    pub fn in_flight(&self) -> impl Iterator<Item = usize> {
        self.in_flight.keys().copied()
    }

    /// A welcome was read: the rate counts from here.
    pub fn welcomed(&mut self, now: u64) {
        self.tokens = (self.rate.unwrap_or_default().max(1.0), now);
    }

    /// Whether the rate lets one more leave.
    fn take_token(&mut self, now: u64) -> bool {
        let Some(rate) = self.rate else { return true };
        let (tokens, since) = self.tokens;
        let tokens = (tokens + (now - since) as f64 / 1_000.0 * rate).min(rate.max(1.0)) - 1.0;
        self.tokens = (tokens, now);
        // Two clocks round to a millisecond each.
        tokens > -0.01 * rate.max(1.0)
    }
}

impl Checker {
    /// The engine dials.
    pub fn dial(&mut self, socket: SocketName) {
        let now = self.now;
        if let Some(live) = self.wire.live {
            self.fail("one-live-socket", || format!("dials {socket:?} while {live:?} lives"));
        }
        self.may_dial();
        let wire = &mut self.wire;
        wire.live = Some(socket);
        wire.in_flight.clear();
        wire.window_given = None;
        wire.slow_given = false;
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
        if let Some(window) = self.wire.window_given.take()
            && self.now >= self.wire.patience_until.max(self.wire.spared_until)
        {
            if delay > window {
                self.fail("window-kept", || format!("dials in {delay} ms, the server gave {window}"));
            }
            // Where in the window is the engine's choice; what it chose holds against hints and reloads.
            self.wire.patience_until = self.now + delay;
        }
        if std::mem::take(&mut self.wire.slow_given) {
            self.wire.patience_until = self.wire.patience_until.max(self.now + delay);
        }
        let delays = self.wire.delays.entry(attempt).or_default();
        delays.push(delay);
        let same = delays.iter().all(|d| *d == delay);
        if delay > 0 && delays.len() >= 4 && same {
            self.fail("jitter", || format!("four times in a row {delay} ms before attempt {attempt}"));
        }
    }

    /// The engine abandoned a socket, or received its close.
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
            let again = message.wire.on == Some(socket) && !message.wire.nacked;
            let answered = message.wire.answered;
            let critical = message.priority == Priority::Critical;
            // What is dropped when it cannot leave at once is not waited for.
            let row = message.promised || self.turns.has(n);
            message.wire.sent += 1;
            message.wire.unfenced |= !self.messages.pongs;
            message.wire.on = Some(socket);
            message.wire.nacked = false;
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
            if !self.wire.take_token(self.now) {
                let rate = self.wire.rate;
                self.fail("rate", || format!("{} leaves above the rate {rate:?}", id()));
            }
            if !row {
                continue;
            }
            self.wire.in_flight.insert(n, self.now);
            let all = self.wire.in_flight.len();
            if all > 1 && !self.wire.suspects.is_empty() {
                let suspects = self.wire.suspects.len();
                self.fail("window", || {
                    format!("{all} in flight, one at a time is allowed: {suspects} may kill the socket")
                });
            }
            let others = self.wire.in_flight.keys();
            let mut others = others.filter(|n| self.messages.all[**n].priority != Priority::Critical).count();
            let (window, reserve) = (self.wire.window, self.wire.reserve);
            if others > window.saturating_sub(reserve) {
                // A message in the way of a critical one of its key inherits its priority.
                let inherits = |n: &&usize| self.messages.in_the_way(**n);
                others -= self.wire.in_flight.keys().filter(inherits).count();
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
                        self.ends.refused(n);
                        self.answered(n);
                        continue;
                    }
                    self.ends.nacked(n);
                    self.wire.suspects.remove(&n);
                    if let Some(message) = self.messages.all.get_mut(n)
                        && message.wire.on == Some(socket)
                    {
                        message.wire.nacked = true;
                        self.turns.nacked(n);
                        self.wire.in_flight.remove(&n);
                    }
                }
                ServerMessage::System(ServerSystem::Error { id: Some(id), .. }) => {
                    if let Some(n) = super::message_number(&id) {
                        self.ends.refused(n);
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
            self.wire.suspects.remove(&n);
            self.turns.end(n);
            self.ends.leave(n);
        }
    }

    /// The live socket was closed with a code that blames what was sent on it.
    pub fn closed_over(&mut self) {
        let flying: Vec<usize> = self.wire.in_flight().collect();
        if let [alone] = flying[..] {
            self.ends.blamed(alone);
        }
        for n in flying {
            self.wire.suspected += u64::from(self.wire.suspects.insert(n));
        }
    }

    fn answered(&mut self, n: usize) {
        self.wire.in_flight.remove(&n);
        self.wire.suspects.remove(&n);
        let unknown =
            |message: &super::messages::Message| message.wire.on.is_none() && self.wire.without_store;
        if let Some(message) = self.messages.all.get_mut(n).filter(|message| !unknown(message)) {
            message.wire.answered = true;
        }
    }
}
