//! The network: what happens to bytes between a browser and a server.
//!
//! Every connection is two pipes. A pipe keeps order and loses nothing, as TCP does, until a fault
//! changes that: held (a stall), swallowed (nothing arrives any more, without a report), slow.

use crate::lies::Lie;
use fastrand::Rng;
use std::collections::VecDeque;

/// What travels through a pipe.
#[derive(Clone, Debug)]
pub enum Item {
    /// A frame.
    Frame {
        /// UTF-8 JSON.
        bytes: Vec<u8>,
        /// Binary or text.
        binary: bool,
    },
    /// The handshake was answered.
    Opened,
    /// The other end closed.
    Close {
        /// The close code as it will be seen.
        code: u16,
        /// The reason.
        reason: String,
    },
}

impl Item {
    fn bytes(&self) -> u64 {
        match self {
            Self::Frame { bytes, .. } => bytes.len() as u64 + 6,
            _ => 8,
        }
    }
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Pipe {
    items: VecDeque<(u64, Item)>,
    /// When the last bytes leave the sender.
    free_at: u64,
    last_arrival: u64,
    /// Bytes that have not left yet: when they will, and how many.
    leaving: VecDeque<(u64, u64)>,
    /// Nothing arrives before this time.
    pub held_until: u64,
    /// Nothing arrives any more.
    pub swallow: bool,
}

impl Pipe {
    /// Takes something in; answers when it arrives (`None`: never).
    pub fn send(&mut self, now: u64, item: Item, link: &Link, rng: &mut Rng) -> Option<u64> {
        let bytes = item.bytes();
        if self.swallow {
            // It stays in the sender's kernel for ever.
            self.leaving.push_back((u64::MAX, bytes));
            return None;
        }
        let start = now.max(self.free_at).max(if self.held_until > now { self.held_until } else { 0 });
        let leaves = start + bytes.checked_div(link.rate).unwrap_or_default();
        self.free_at = leaves;
        self.leaving.push_back((leaves, bytes));
        let jitter = if link.jitter == 0 { 0 } else { rng.u64(0..=link.jitter) };
        let arrives = (leaves + link.latency + jitter).max(self.last_arrival);
        self.last_arrival = arrives;
        self.items.push_back((arrives, item));
        Some(arrives)
    }

    /// The next item that has arrived by now, or when to look again.
    pub fn receive(&mut self, now: u64) -> Result<Item, Option<u64>> {
        if self.swallow {
            self.items.clear();
            return Err(None);
        }
        let Some((arrives, _)) = self.items.front() else { return Err(None) };
        let at = (*arrives).max(self.held_until);
        if at > now {
            return Err(Some(at));
        }
        self.items.pop_front().map(|(_, item)| item).ok_or(None)
    }

    /// When the last bytes given to it leave, or left.
    pub fn leaves_at(&self) -> u64 {
        self.free_at
    }

    /// Whether something arrived before this very moment and was not taken out.
    pub fn receive_ready(&self, now: u64) -> bool {
        !self.swallow && self.held_until < now && self.items.front().is_some_and(|(at, _)| *at < now)
    }

    /// Bytes that have not left the sender.
    pub fn unsent(&mut self, now: u64) -> u64 {
        while self.leaving.front().is_some_and(|(leaves, _)| *leaves <= now) {
            self.leaving.pop_front();
        }
        self.leaving.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Whether something is on its way.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What is on its way is gone.
    pub fn clear(&mut self) {
        self.items.clear();
    }
}

/// How good the link is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// One way, ms.
    pub latency: u64,
    /// On top, up to so many ms.
    pub jitter: u64,
    /// Bytes a ms; 0 is no limit.
    pub rate: u64,
}

/// How one end sees a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Not yet.
    Waiting,
    /// Open.
    Open,
    /// Closed or abandoned.
    Closed,
}

/// What the browser received on a connection.
#[derive(Debug, Default)]
pub struct Seen {
    /// When the browser saw it open.
    pub opened_at: Option<u64>,
    /// When the browser last got a frame.
    pub received_at: u64,
    /// Whether any frame has come.
    pub spoken: bool,
    /// The window of the goodbye that was read.
    pub goodbye: Option<u64>,
    /// When the browser last received the life of the token.
    pub token_reported_at: Option<u64>,
    /// Whether a welcome reached the browser.
    pub welcomed: bool,
    /// A pong has reached the browser.
    pub ponged: bool,
}

/// A connection between a worker and the server.
#[derive(Debug)]
pub struct Conn {
    /// Whose it is: the worker's instance.
    pub instance: u32,
    /// The engine's number of it.
    pub generation: u64,
    /// To the server.
    pub up: Pipe,
    /// To the browser.
    pub down: Pipe,
    /// How the browser sees it.
    pub client: End,
    /// How the server sees it.
    pub server: End,
    /// The server's name of it, and in which life of the server.
    pub server_id: Option<(u32, u64)>,
    /// Jitter of this connection.
    pub rng: Rng,
    /// What the browser received.
    pub seen: Seen,
    /// When the last `auth` left.
    pub refreshed_at: u64,
    /// A look at how long it is silent is due.
    pub watched: bool,
    /// When the server closes with a reason that asks for patience.
    pub slow_code: Option<u16>,
    /// What the server still has to read waits this long (a slow login).
    pub slow_server_until: u64,
    /// What is wrong in its welcome.
    pub lie: Option<Lie>,
    /// Bytes handed to the server's kernel since the gateway last got a report of how many wait there.
    pub unreported: usize,
}

impl Conn {
    /// A dial begins.
    pub fn new(instance: u32, generation: u64, rng: Rng) -> Self {
        Self {
            instance,
            generation,
            up: Pipe::default(),
            down: Pipe::default(),
            client: End::Waiting,
            server: End::Waiting,
            server_id: None,
            rng,
            seen: Seen::default(),
            refreshed_at: 0,
            watched: false,
            slow_code: None,
            slow_server_until: 0,
            lie: None,
            unreported: 0,
        }
    }
}

/// How the network is now.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// The link as set up.
    pub base: Link,
    /// Until when `worse` holds instead.
    pub worse_until: u64,
    /// A worse link.
    pub worse: Link,
    /// Dials fail at once until then.
    pub refuse_until: u64,
    /// Dials get no answer until then.
    pub silent_until: u64,
    /// Bytes the kernel takes before `bufferedAmount` shows any.
    pub kernel: u64,
}

impl Conditions {
    /// As set up.
    pub fn new(base: Link, kernel: u64) -> Self {
        Self { base, worse_until: 0, worse: base, refuse_until: 0, silent_until: 0, kernel }
    }

    /// The link now.
    pub fn link(&self, now: u64) -> Link {
        if now < self.worse_until { self.worse } else { self.base }
    }

    /// No fault any more.
    pub fn heal(&mut self) {
        *self = Self::new(self.base, self.kernel);
    }
}
