//! One connection, and the timers of all.

use super::identity::{Identity, Token};
use super::index::SessionKey;
use super::queue::Queue;
use super::rate::Meter;
use super::subscriptions::Subscriptions;
use super::types::{ConnId, Now, Output};
use super::{Gateway, basic};
use sentinelops_protocol::system::{Ping, SubscribeEntry};
use sentinelops_protocol::{Subject, close};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a deadline means. At most one of each kind per connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Send what was collected.
    Flush,
    /// Check whether the connection has sent anything since.
    Silent,
    /// Basic: the one incident of the documented mock.
    Incident,
    /// The token has to have come, or it expires.
    Access,
}

/// A command of this ordering key was refused for now: what comes behind it must wait for it.
#[derive(Debug)]
pub(super) struct Block {
    /// The id that has to come back.
    pub head: String,
    /// When it may, on the monotonic clock.
    pub until: u64,
    /// What was turned away behind it.
    pub behind: HashSet<String>,
}

/// Most messages noted behind a refused one, and most refused ones; more than a client may have in flight.
const MAX_BLOCKED: usize = 1024;

impl Block {
    /// Notes a command that waits for the head; `false` if it waited already and came back before the head.
    pub(super) fn wait_behind(&mut self, id: &str) -> bool {
        self.behind.len() >= MAX_BLOCKED || self.behind.insert(id.to_owned())
    }
}

/// A connection whose user is not known yet.
#[derive(Debug, Default)]
pub(super) struct Opening {
    pub frames: u8,
    /// Answered after the welcome, which is the first message a client of unknown protocol may get.
    pub pings: Vec<Ping>,
    /// Likewise.
    pub wanted: Vec<SubscribeEntry>,
}

/// A check that the shell has not answered.
#[derive(Debug)]
pub(super) struct Check {
    /// A token that came meanwhile: it counts, the earlier one does not.
    pub next: Option<Token>,
    /// `authed` is owed: the token came in an `auth`.
    pub by_frame: bool,
}

#[derive(Debug)]
pub(super) struct Conn {
    /// `None` until a token was accepted.
    pub identity: Option<Identity>,
    /// What was asked for before that.
    pub opening: Option<Box<Opening>>,
    /// A token that is being checked.
    pub check: Option<Box<Check>>,
    /// Session and term of its `hello`; `None` before it.
    pub hello: Option<(Arc<str>, u64)>,
    pub last_heard: u64,
    /// Its commands.
    pub commands: Meter,
    /// Everything it sends.
    pub messages: Meter,
    pub subscriptions: Subscriptions,
    /// Those whose snapshot or replay is being sent, one after the other.
    pub streaming: Vec<Subject>,
    pub blocks: HashMap<String, Block>,
    pub queue: Queue,
    pub last_flush: Option<u64>,
    /// Bytes the shell has not written; `None` when it does not say.
    pub buffered: Option<usize>,
    pub dirty: bool,
    timers: [Option<u64>; 4],
}

impl Conn {
    pub(super) fn new(identity: Option<Identity>, now: u64) -> Self {
        Self {
            opening: identity.is_none().then(Box::default),
            identity,
            check: None,
            hello: None,
            last_heard: now,
            commands: Meter::default(),
            messages: Meter::default(),
            subscriptions: Subscriptions::default(),
            streaming: Vec::new(),
            blocks: HashMap::new(),
            queue: Queue::default(),
            last_flush: None,
            buffered: None,
            dirty: false,
            timers: [None; 4],
        }
    }

    /// Whose connection it is; nobody before a token was accepted.
    pub(super) fn user(&self) -> &str {
        self.identity.as_ref().map_or("", |identity| &identity.user)
    }

    /// A command of this key has to come back first. The one that may come back soonest makes room.
    pub(super) fn block(&mut self, key: &str, block: Block) {
        if self.blocks.len() >= MAX_BLOCKED
            && let Some(soonest) = self.blocks.iter().min_by_key(|(_, block)| block.until)
        {
            let soonest = soonest.0.clone();
            self.blocks.remove(&soonest);
        }
        self.blocks.insert(key.to_owned(), block);
    }

    /// Whether there is something to send.
    pub(super) fn is_owed(&self) -> bool {
        !self.queue.is_empty() || !self.streaming.is_empty()
    }

    /// User and session, once they are known.
    pub(super) fn session(&self) -> Option<SessionKey> {
        let (session, _) = self.hello.as_ref()?;
        Some((self.identity.as_ref()?.user.clone(), session.clone()))
    }

    /// Whether the shell cannot keep up: it gets nothing more for now.
    pub(super) fn backed_up(&self, high_water: usize) -> bool {
        self.buffered.is_some_and(|bytes| bytes > high_water)
    }
}

impl Gateway {
    pub(super) fn arm(&mut self, at: u64, id: ConnId, timer: Timer) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        if let Some(old) = conn.timers[timer as usize].replace(at) {
            self.timers.remove(&(old, id, timer));
        }
        self.timers.insert((at, id, timer));
    }

    pub(super) fn disarm(&mut self, id: ConnId, timer: Timer) {
        if let Some(conn) = self.conns.get_mut(&id)
            && let Some(at) = conn.timers[timer as usize].take()
        {
            self.timers.remove(&(at, id, timer));
        }
    }

    pub(super) fn armed(&self, id: ConnId, timer: Timer) -> bool {
        self.conns.get(&id).is_some_and(|conn| conn.timers[timer as usize].is_some())
    }

    /// The deadline has left the table already.
    pub(super) fn fire(&mut self, now: Now, id: ConnId, timer: Timer) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        conn.timers[timer as usize] = None;
        match timer {
            Timer::Flush => self.flush(now, id),
            Timer::Silent => {
                let due = conn.last_heard + self.config.silent_close_ms;
                if due > now.mono {
                    self.arm(due, id, Timer::Silent);
                } else {
                    self.stats.drops.silent += 1;
                    let silent = self.config.silent_close_ms / 1000;
                    self.close(now, id, close::SLOW_CONSUMER, &format!("nothing received for {silent} s"));
                }
            }
            Timer::Access => self.on_access_timer(now, id),
            Timer::Incident => {
                let frame = basic::incident(now.wall).into_bytes();
                self.stats.frames_out += 1;
                self.output(Output::Send { conn: id, frame, binary: false });
            }
        }
    }

    /// Sends what is owed, closes, forgets.
    pub(super) fn close(&mut self, now: Now, id: ConnId, code: u16, reason: &str) {
        if !self.conns.contains_key(&id) {
            return;
        }
        if code != close::SLOW_CONSUMER {
            self.flush_all(now, id);
        }
        self.forget(id);
        self.output(Output::Close { conn: id, code, reason: clip(reason) });
    }

    pub(super) fn forget(&mut self, id: ConnId) {
        let Some(conn) = self.conns.remove(&id) else { return };
        for subject in conn.subscriptions.subjects() {
            self.index.unsubscribe(subject, id);
        }
        if let Some(session) = conn.session() {
            self.index.leave(&session, id);
        }
        for timer in [Timer::Flush, Timer::Silent, Timer::Incident, Timer::Access] {
            if let Some(at) = conn.timers[timer as usize] {
                self.timers.remove(&(at, id, timer));
            }
        }
    }
}

/// A close frame has room for 123 bytes.
fn clip(reason: &str) -> String {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason[..end].to_owned()
}
