//! A tab: a page, and the worker behind it.

use super::disk::Answer;
use super::locks::Turn;
use super::send_log::SendLog;
use crate::net::Item;
use crate::page::Page;
use crate::thread::Thread;
use sentinelops_engine::tabs::{LinkMessage, LockEvent, Node, PageCommand, Role, SignOut, TabId};
use sentinelops_engine::{Delivery, Durability, MessageInfo, SendRequest, Status};

/// Something for a worker. What waits while its thread does not run is sorted by [`Inbox::class`].
#[derive(Debug)]
pub(super) enum Inbox {
    /// Of its page.
    Page(PageCommand),
    /// Of another tab.
    Link(LinkMessage),
    /// Something arrived on a connection.
    Socket(usize, Item),
    /// The store's answer.
    Store(Answer),
    /// The lock, for this turn.
    Lock(Turn, LockEvent),
    /// Who is alive.
    Tabs(Vec<TabId>),
    /// A newer build wants the database.
    VersionChange,
    /// Its timer.
    Timer(u64),
}

impl Inbox {
    /// After a freeze broadcasts run first, then sockets, timers, the rest, and the lock's loss last.
    pub(super) fn class(&self) -> u8 {
        match self {
            Self::Link(_) => 0,
            Self::Socket(..) => 1,
            Self::Timer(_) => 2,
            Self::Store(_) | Self::Tabs(_) | Self::VersionChange => 3,
            Self::Page(_) => 4,
            Self::Lock(..) => 5,
        }
    }
}

/// The store is being opened for a worker.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) as_writer: bool,
    /// It was asked for once more meanwhile.
    pub(super) again: bool,
}

/// Since when a worker has been what it is.
#[derive(Debug)]
pub(super) struct Since {
    /// Its page is visible, as far as it has received that; `u64::MAX`: it is not.
    pub(super) visible: u64,
    /// Its thread runs.
    pub(super) runs: u64,
    pub(super) role: u64,
    pub(super) leads: Option<u64>,
    /// Its engine is connected.
    pub(super) connected: Option<u64>,
    /// It acts as leader without the lock; 0: it must know.
    pub(super) robbed: Option<u64>,
}

impl Since {
    /// A worker that starts now.
    pub(super) fn start(now: u64) -> Self {
        Self { visible: u64::MAX, runs: now, role: now, leads: None, connected: None, robbed: None }
    }
}

/// A worker: the node and what surrounds it in its thread.
pub(super) struct Worker {
    pub(super) node: Node,
    /// Counts the workers of the world.
    pub(super) number: u32,
    pub(super) thread: Thread,
    pub(super) turn: Option<Turn>,
    /// Its thread does not run before then; 0: it runs.
    pub(super) blocked_until: u64,
    /// What waits for it.
    pub(super) backlog: Vec<Inbox>,
    /// Since when it has been blocked.
    pub(super) blocked_since: u64,
    /// When the store last refused to open for it.
    pub(super) refused_at: Option<u64>,
    /// The store is being opened.
    pub(super) opening: Option<Opening>,
    /// The shell holds no channel: the page is put away.
    pub(super) has_left: bool,
    pub(super) role: Role,
    pub(super) since: Since,
    /// A newer build took the store, and it has received that.
    pub(super) outdated: bool,
    /// Its engine sends without the store, or did when it last had one.
    pub(super) without_store: bool,
    /// What its page says for it when it goes away, and when it last did.
    pub(super) leave_notice: Option<LinkMessage>,
    pub(super) leave_notice_at: Option<u64>,
}

/// How far a page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Session {
    #[default]
    Open,
    /// Asked for, and by when the worker gets it at the latest.
    Closing { how: SignOut, reported: bool, save_by: u64 },
    /// There is no worker until somebody signs in.
    Over,
}

/// A place for a tab, and the tab in it.
pub(super) struct Tab {
    /// Its name; a reloaded page is another.
    pub(super) name: TabId,
    pub(super) life: u32,
    /// Whether there is a page.
    pub(super) open: bool,
    pub(super) page: Page,
    pub(super) send_log: SendLog,
    /// In its `sessionStorage`: what nobody had saved when the page was reloaded.
    pub(super) kept: Vec<(usize, SendRequest)>,
    /// It is being reloaded or closed: its page takes nothing any more.
    pub(super) unloads: bool,
    pub(super) session: Session,
    /// Which session of the browser it belongs to.
    pub(super) of_session: u32,
    pub(super) build: u32,
    pub(super) status: Option<Status>,
    pub(super) worker: Option<Worker>,
    /// The page does not run before then.
    pub(super) frozen_until: u64,
    /// It is in the bfcache, or on its way there.
    pub(super) hidden: bool,
    /// A person disconnected it, from then until then.
    pub(super) away_since: u64,
    pub(super) away_until: u64,
    pub(super) watches_outbox: bool,
}

impl Tab {
    /// A place without a tab.
    pub(super) fn none() -> Self {
        Self {
            name: String::new(),
            life: 0,
            open: false,
            page: Page::new(0, 16),
            send_log: SendLog::default(),
            kept: Vec::new(),
            unloads: false,
            session: Session::Open,
            of_session: 0,
            build: 1,
            status: None,
            worker: None,
            frozen_until: 0,
            hidden: false,
            away_since: 0,
            away_until: 0,
            watches_outbox: false,
        }
    }

    /// Its engine has this message in memory only.
    pub(super) fn holds_in_memory(&self, id: &str) -> bool {
        let Some(engine) = self.worker.as_ref().and_then(|worker| worker.node.engine()) else { return false };
        let in_memory = |row: &MessageInfo| row.update.durability == Durability::MemoryOnly;
        engine.messages().iter().any(|row| row.update.id == id && in_memory(row))
    }

    pub(super) fn note_status(&mut self, items: &[Delivery]) {
        for item in items {
            if let Delivery::Status(status) = item {
                self.status = Some((**status).clone());
            }
        }
    }
}
