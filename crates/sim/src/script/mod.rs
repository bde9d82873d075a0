//! A schedule as data: everything that will be done to the world, made from the seed before
//! anything runs, so that entries can be taken out of it.

mod generate;
mod keep;
mod rare;

pub use generate::{CHANNELS, generate, lies, pick, restart, send_of};
pub use keep::{format_keep, parse_keep};
pub use rare::{Rare, TabSetup};

use crate::lies::Lie;
use crate::net::Link;
use sentinelops_engine::tabs::SignOut;
use sentinelops_engine::{Hint, ModeOption};
use sentinelops_protocol::{Channel, Priority};

/// Until when things are done to the world, ms.
pub const FAULTS_END: u64 = 185_000;
/// The quiet part begins: whatever was broken is whole again.
pub const QUIET: u64 = 190_000;
/// By then everything has to be settled.
pub const SETTLED_BY: u64 = QUIET + 150_000;

/// Which server stands at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKind {
    /// The gateway's real core.
    V1,
    /// The documented mock, which also writes down what it gets.
    Basic,
    /// A basic server that never answers a ping.
    Mute,
}

/// The world at its start.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The seed it was made from.
    pub seed: u64,
    /// The server.
    pub server: ServerKind,
    /// The client's mode option.
    pub mode: ModeOption,
    /// The network.
    pub link: Link,
    /// What the kernel buffers.
    pub kernel: u64,
    /// Pages on the worker, or places for tabs.
    pub pages: usize,
    /// The outbox's window.
    pub window: u32,
    /// Its reserve.
    pub reserve: u32,
    /// Its capacity.
    pub capacity: u32,
    /// Its maximum age, ms.
    pub max_age: u64,
    /// Whether there is a token provider.
    pub tokens: bool,
    /// Events the server keeps per channel.
    pub history: usize,
    /// The server's `maxInFlight`.
    pub in_flight: u32,
    /// The server's `reconnectWindowMs`.
    pub window_ms: u64,
    /// Whether the wall clock is left alone.
    pub steady_clock: bool,
    /// What few worlds have.
    pub rare: Rare,
    /// What only a world of several tabs has.
    pub tabs: TabSetup,
}

/// A message to send.
#[derive(Clone, Debug)]
pub struct SendSpec {
    /// By which page.
    pub page: usize,
    /// What.
    pub what: What,
    /// How urgent.
    pub priority: Priority,
    /// Replaces an unsent one of the same page and number.
    pub coalesce: Option<u8>,
    /// Kept while disconnected.
    pub queue: bool,
    /// Extra bytes of content.
    pub size: usize,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// `incident.update` of one of a few incidents.
    Incident(u8),
    /// `chat.message` in one of a few conversations.
    Chat(u8),
    /// `agent.status`: no ordering key.
    Agent,
    /// `chat.read` or, with `false`, `chat.delivered` of one of a few conversations, up to a time. Those of a
    /// conversation, who sends them, replace each other while unsent.
    Receipt(u8, bool, u8),
    /// `chat.typing`, ephemeral.
    Typing(u8),
    /// A type no server knows: a final nack.
    Unknown,
    /// Something in the way closes the socket at the sight of it.
    Poison(u16),
}

/// Which tab something happens to, found out when it happens. A single worker is the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The one in this place.
    Place(usize),
    /// The leader.
    Leader,
    /// One of those that follow.
    Follower(usize),
}

/// What is done to the world.
#[derive(Clone, Debug)]
pub enum Action {
    /// A page sends.
    Send(SendSpec),
    /// Something happens at the server.
    Publish(Channel, u16),
    /// The browser gives a sign.
    Hint(Who, Hint),
    /// Somebody presses "try now".
    Reconnect(Who),
    /// Somebody disconnects, and connects again after so many ms.
    Away(Who, u64),
    /// A page subscribes.
    Subscribe(usize, Channel, Option<u8>),
    /// A page unsubscribes.
    Unsubscribe(usize, Channel, Option<u8>),
    /// A person retries what failed.
    Retry(usize),
    /// A person discards what waits.
    Discard(usize),
    /// Something breaks.
    Fault(Fault),
    /// What is done to a single worker only.
    One(OneAction),
    /// What is done to several tabs only.
    Tabs(TabAction),
}

/// What is done to the world of a single worker only.
#[derive(Clone, Debug)]
pub enum OneAction {
    /// So many incidents and alerts come and are over, each another one.
    Finish(u16),
    /// A page closes and another one takes its place.
    NewPage(usize),
}

/// What is done to a world of several tabs only.
#[derive(Clone, Debug)]
pub enum TabAction {
    /// A person looks at the list of messages, or no more.
    WatchOutbox(usize, bool),
    /// A tab is opened in this place, if there is none.
    Open(usize),
    /// Somebody signs out, and in again later.
    SignOut(Who, SignOut),
    /// A tab is closed.
    Close(Who),
    /// A tab is reloaded.
    Reload(Who),
}

/// What breaks.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Network or server.
    Net(NetFault),
    /// Writes abort by quota for so many ms.
    Quota(u64),
    /// A database handle dies; opening fails for so many ms.
    StoreDies(Who, u64),
    /// Transactions take so many ms longer for so many ms.
    StoreSlow(u64, u64),
    /// A worker dies; its page starts another one after so many ms.
    WorkerCrash(Who, u64),
    /// The browser dies, pages and all; it is started again after so many ms.
    BrowserCrash(u64),
    /// The machine sleeps for so many ms; its monotonic clock runs on or not.
    Sleep(u64, bool),
    /// The timers of a worker are late by so many ms for so many ms.
    LateTicks(Who, u64, u64),
    /// A page returns no credit for so many ms.
    HungPage(Who, u64),
    /// What breaks in the world of a single worker only.
    One(OneFault),
    /// What breaks among several tabs only.
    Tabs(TabFault),
}

/// What breaks in the world of a single worker only.
#[derive(Clone, Debug)]
pub enum OneFault {
    /// The wall clock jumps.
    WallJump(i64),
    /// A sign makes the engine ask; then the machine dozes over the answer for so many ms, and the
    /// timer that waited for it runs before what was received is read.
    Doze(u64),
    /// The token provider answers late, badly or never for so many ms.
    Tokens(u64),
}

/// What breaks among several tabs only.
#[derive(Clone, Debug)]
pub enum TabFault {
    /// A tab dies without a word.
    Crash(Who),
    /// A worker's thread is busy for so many ms; after 10 s its page ends it and starts another.
    Hang(Who, u64),
    /// The browser freezes a tab for so many ms; its socket is closed by it or not.
    Freeze(Who, u64, bool),
    /// A page goes into the bfcache for so many ms, and comes back or is dropped.
    Cache(Who, u64, bool),
    /// The channel between tabs delivers so many ms later for so many ms.
    LinkSlow(u64, u64),
}

/// What breaks in network or server.
#[derive(Clone, Debug)]
pub enum NetFault {
    /// The connection breaks; the server may learn of it later or never.
    Reset(Option<u64>),
    /// The connection goes silent without any report: up, down, or both.
    Zombie(bool, bool),
    /// What the server says is lost; then the connection breaks.
    AckLoss(u64),
    /// Nothing moves for so many ms.
    Stall(u64),
    /// No network for so many ms: connections stall, dials fail at once (`true`) or hang.
    Cut(u64, bool),
    /// Dials fail at once for so many ms.
    Refuse(u64),
    /// The link gets worse for so many ms.
    Worse(Link, u64),
    /// The next connection's server thinks for so many ms first.
    SlowLogin(u64),
    /// The server is gone for `down` ms; it forgets its history or not; it says so or not.
    Restart {
        /// How long.
        down: u64,
        /// A new epoch.
        forget: bool,
        /// With close frames.
        polite: bool,
    },
    /// Goodbye with a window, then gone for `down` ms.
    Drain {
        /// `reconnectWindowMs`.
        window: u64,
        /// How long.
        down: u64,
    },
    /// The server closes every connection with a code.
    Close(u16),
    /// Every connection is closed shortly after its welcome, for so many ms.
    Flap(u64),
    /// The server drops its connections, and for so many ms its welcomes are wrong.
    Lies(Lie, u64),
    /// Every n-th command is nacked retryably for so many ms.
    Nacks(u32, u64),
    /// What the server sends of events arrives twice, for so many ms.
    Twice(u64),
    /// The next event of a channel arrives undecodable, as often as it is sent.
    Curse(Channel),
}

/// One line of a script.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When, ms.
    pub at: u64,
    /// What.
    pub action: Action,
}

/// A schedule of a world.
#[derive(Clone, Debug)]
pub struct Script {
    /// The world at its start.
    pub setup: Setup,
    /// What is done to it, by time; the number is the line's name for `--keep`.
    pub entries: Vec<(usize, Entry)>,
}

impl SendSpec {
    /// Whether it is to wait for a connection where there is none.
    pub fn is_queued(&self) -> bool {
        self.queue && !matches!(self.what, What::Typing(_))
    }
}

impl Script {
    /// The same schedule with these lines only.
    #[must_use]
    pub fn kept(&self, keep: &[usize]) -> Self {
        let entries = self.entries.iter().filter(|(n, _)| keep.contains(n)).cloned().collect();
        Self { setup: self.setup.clone(), entries }
    }

    /// The numbers of its lines.
    pub fn numbers(&self) -> Vec<usize> {
        self.entries.iter().map(|(n, _)| *n).collect()
    }

    /// How many of its actions are like this.
    pub fn count(&self, is: impl Fn(&Action) -> bool) -> usize {
        self.entries.iter().filter(|(_, entry)| is(&entry.action)).count()
    }

    /// Queued sends, faults and restarts in it.
    pub fn counts(&self) -> (usize, usize, usize) {
        (
            self.count(|a| matches!(a, Action::Send(spec) if spec.is_queued())),
            self.count(|a| matches!(a, Action::Fault(_))),
            self.count(|a| matches!(a, Action::Fault(Fault::Net(fault)) if fault.is_restart())),
        )
    }
}

impl NetFault {
    /// Whether the server stops and starts again.
    pub fn is_restart(&self) -> bool {
        matches!(self, Self::Restart { .. } | Self::Drain { .. })
    }
}
