//! A schedule of several tabs, as data.

use crate::net::Link;
use crate::script::{Fault, Script, SendSpec};
use sentinelops_engine::Hint;
use sentinelops_engine::tabs::SignOut;
use sentinelops_protocol::Channel;

/// Until when things are done to the world, ms.
pub const FAULTS_END: u64 = 90_000;
/// The quiet part begins: whatever was broken is whole again.
pub const QUIET: u64 = 95_000;
/// By then everything has to be settled.
pub const SETTLED_BY: u64 = QUIET + 100_000;

/// A schedule of several tabs.
pub type TabScript = Script<TabSetup, TabAction>;

/// The world at its start.
#[derive(Clone, Debug)]
pub struct TabSetup {
    /// The seed it was made from.
    pub seed: u64,
    /// Places for tabs.
    pub tabs: usize,
    /// How many of them are open at the start.
    pub open: usize,
    /// The network.
    pub link: Link,
    /// What the kernel buffers.
    pub kernel: u64,
    /// The outbox's window.
    pub window: u32,
    /// Its reserve.
    pub reserve: u32,
    /// Its capacity.
    pub capacity: u32,
    /// Its maximum age, ms.
    pub max_age: u64,
    /// Events the server keeps per channel.
    pub history: usize,
    /// The server's `maxInFlight`.
    pub in_flight: u32,
    /// The server's `reconnectWindowMs`.
    pub window_ms: u64,
    /// From when on newly opened tabs are of a newer build.
    pub new_build_from: Option<u64>,
    /// Whether a frozen tab keeps its transactions open, and with them everybody waiting.
    pub freeze_blocks: bool,
    /// Whether messages are kept on the disk; else each lives as long as its tab.
    pub persist: bool,
    /// Whether leases stand in for locks: a thread that does not run for five seconds loses what it has.
    pub leases: bool,
}

/// Which tab something happens to, found out when it happens.
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
pub enum TabAction {
    /// The page in place `spec.page` sends.
    Send(SendSpec),
    /// Something happens at the server.
    Publish(Channel, u16),
    /// The browser gives a page a sign.
    Hint(Who, Hint),
    /// Somebody presses "try now".
    Reconnect(Who),
    /// Somebody disconnects, and connects again after so many ms.
    Away(Who, u64),
    /// A page subscribes.
    Subscribe(usize, Channel, Option<u8>),
    /// A page unsubscribes.
    Unsubscribe(usize, Channel, Option<u8>),
    /// A person looks at the list of messages, or no more.
    WatchOutbox(usize, bool),
    /// A person retries what failed.
    Retry(usize),
    /// A person discards what waits.
    Discard(usize),
    /// A tab is opened in this place, if there is none.
    Open(usize),
    /// Somebody signs out, and in again later.
    SignOut(Who, SignOut),
    /// A tab is closed.
    Close(Who),
    /// A tab is reloaded.
    Reload(Who),
    /// Something breaks.
    Fault(TabFault),
}

/// What breaks.
#[derive(Clone, Debug)]
pub enum TabFault {
    /// Network or server.
    Net(Fault),
    /// A tab dies without a word.
    Crash(Who),
    /// A worker dies; its page starts another one after so many ms.
    WorkerCrash(Who, u64),
    /// A worker's thread is busy for so many ms; after 10 s its page ends it and starts another.
    Hang(Who, u64),
    /// The browser freezes a tab for so many ms; its socket is closed by it or not.
    Freeze(Who, u64, bool),
    /// A page goes into the bfcache for so many ms, and comes back or is dropped.
    Cache(Who, u64, bool),
    /// The whole browser dies and is started again after so many ms, with as many tabs.
    BrowserCrash(u64),
    /// The machine sleeps for so many ms; its monotonic clock runs on or not.
    Sleep(u64, bool),
    /// The timers of a worker are late by so many ms for so many ms.
    LateTicks(Who, u64, u64),
    /// A page returns no credit for so many ms.
    HungPage(Who, u64),
    /// Writes abort by quota for so many ms.
    Quota(u64),
    /// A tab's database handle dies; opening fails for so many ms.
    StoreDies(Who, u64),
    /// Transactions take so many ms longer for so many ms.
    StoreSlow(u64, u64),
    /// The channel between tabs delivers so many ms later for so many ms.
    LinkSlow(u64, u64),
}

/// Sends, faults and those among them that hit leaders.
pub fn counts(script: &TabScript) -> (usize, usize, usize) {
    let count = |f: fn(&TabAction) -> bool| script.entries.iter().filter(|(_, e)| f(&e.action)).count();
    (
        count(|a| matches!(a, TabAction::Send(_))),
        count(|a| matches!(a, TabAction::Fault(_))),
        count(|a| {
            matches!(
                a,
                TabAction::Close(Who::Leader)
                    | TabAction::Reload(Who::Leader)
                    | TabAction::Fault(
                        TabFault::Crash(Who::Leader)
                            | TabFault::WorkerCrash(Who::Leader, _)
                            | TabFault::Hang(Who::Leader, _)
                            | TabFault::Freeze(Who::Leader, ..)
                            | TabFault::Cache(Who::Leader, ..)
                    )
            )
        }),
    )
}
