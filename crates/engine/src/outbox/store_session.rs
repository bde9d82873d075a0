//! The store as the outbox sees it: what it holds ([`stored`]), its transactions ([`groups`]), falling back to memory and
//! recovering.
//!
//! One group (transaction) is outstanding; changes made meanwhile are in the next. After an abort groups are smaller, until
//! the one message that cannot be stored is alone. A dead handle is reopened once; a store that does not open is tried
//! again every 30 s, and everything in memory is written then.

mod groups;
mod stored;

pub(super) use stored::{Stored, Wanted, place_of};

use crate::{Meta, Now, OutboxOptions, StorageState, StoreError};

/// Interval (ms) at which a failed open is tried again, and a single record that did not fit.
const RETRY_MS: u64 = 30_000;
/// An open unanswered for this long (ms) counts as failed; the answer may still come.
const OPEN_MS: u64 = 10_000;
/// A store that answers nothing for this long (ms) is unresponsive: nothing waits for it any more, and the status shows
/// that nothing is saved. Rows may leave when the socket-open mark is stored, or then.
pub(super) const UNRESPONSIVE_MS: u64 = 5_000;
/// `Meta::last_order` while a socket is open: every stored row may have been sent. Above all orders (2^53 - 1 is the
/// largest integer a browser stores exactly).
const EVERY_ORDER: u64 = (1 << 53) - 1;
/// The state shown while the store is unresponsive, whatever failed before.
static SILENT: StorageState = StorageState::MemoryOnly(StoreError::Silent);

/// The handle of the database.
#[derive(Debug)]
enum StoreHandle {
    Off,
    Opening {
        until: u64,
    },
    Open(OpenStore),
    /// It cannot be opened: rows are in memory only.
    Memory {
        retry_at: u64,
    },
}

/// What belongs to an open store.
#[derive(Debug)]
struct OpenStore {
    outstanding: Option<groups::Outstanding>,
    /// Most messages in the next group.
    most: usize,
    /// When (monotonic ms) what was refused is tried again.
    retry_at: Option<u64>,
}

/// What this engine knows of the rows in the store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Contents {
    /// The store has not answered yet.
    Unknown,
    /// It could not be opened so far.
    Unavailable,
    /// It was opened at least once: its rows are in memory.
    Loaded,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum SocketMark {
    Down,
    Wanted { until: u64 },
    Set,
}

/// Whether the metadata is to be written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum MetaWrite {
    Done,
    Due,
    /// It could not be written: it waits for the next retry, or for its next change.
    Refused,
}

#[derive(Debug)]
pub(super) struct StoreSession {
    handle: StoreHandle,
    contents: Contents,
    /// A newer build upgraded the database: this one must not write to it any more.
    pub has_newer_schema: bool,
    state: StorageState,
    /// A dead handle was reopened, and nothing has committed since.
    reopened: bool,
    pub stored: Stored,
    groups: u64,
    pub meta: Meta,
    meta_write: MetaWrite,
    mark: SocketMark,
    /// The store has not answered for [`UNRESPONSIVE_MS`].
    unresponsive: bool,
    open_wanted: bool,
    max_order: u64,
    /// Lowest order for rows of this engine.
    first_order: u64,
}

impl StoreSession {
    pub fn new(options: &OutboxOptions, now: Now) -> Self {
        let on = options.persist;
        // Without a store there is no counter of leaders; by the clock the later one has the higher term.
        let term = if on { 0 } else { now.wall };
        let now = now.mono;
        Self {
            handle: if on {
                StoreHandle::Opening { until: now.saturating_add(OPEN_MS) }
            } else {
                StoreHandle::Off
            },
            contents: if on { Contents::Unknown } else { Contents::Unavailable },
            has_newer_schema: false,
            state: if on { StorageState::Opening } else { StorageState::Off },
            reopened: false,
            stored: Stored::default(),
            // Numbers differ from those of earlier engines of this worker, whose answers may still come.
            groups: now << 12,
            meta: Meta { term, ..Meta::default() },
            meta_write: MetaWrite::Done,
            mark: SocketMark::Down,
            unresponsive: false,
            open_wanted: on,
            max_order: 0,
            first_order: 0,
        }
    }

    /// Raises the term to (without a store: above) the highest one received. A clock that was set back, or a silent
    /// store, must not give a later leader a lower term.
    pub fn lead_after(&mut self, term: u64) {
        let counted = if matches!(self.handle, StoreHandle::Off) { term.saturating_add(1) } else { term };
        self.meta.term = self.meta.term.max(counted);
    }

    /// This tab had the store open until now, so the wait is shorter: only a frozen tab's transaction can block it.
    pub fn was_open(&mut self, now: u64) {
        if let StoreHandle::Opening { until } = &mut self.handle {
            *until = now.saturating_add(UNRESPONSIVE_MS);
        }
    }

    pub fn state(&self) -> &StorageState {
        if self.is_silent() { &SILENT } else { &self.state }
    }

    /// Whether what is written now will be durable.
    pub fn is_healthy(&self) -> bool {
        self.is_open() && self.state == StorageState::Durable
    }

    /// The store opened or failed to at least once.
    pub fn has_answered(&self) -> bool {
        self.contents != Contents::Unknown
    }

    /// It was opened at least once: its rows are in memory.
    pub fn is_loaded(&self) -> bool {
        self.contents == Contents::Loaded
    }

    pub fn is_open(&self) -> bool {
        matches!(self.handle, StoreHandle::Open(_))
    }

    /// Whether rows are in memory only because the store cannot be opened.
    pub fn is_away(&self) -> bool {
        matches!(self.handle, StoreHandle::Memory { .. })
    }

    /// Whether a row taken now can still become durable.
    pub fn may_store(&self) -> bool {
        matches!(self.handle, StoreHandle::Open(_) | StoreHandle::Opening { .. })
    }

    pub fn next_order(&mut self) -> u64 {
        self.max_order = (self.max_order + 1).max(self.first_order);
        self.max_order
    }

    pub fn number_from(&mut self, order: u64) {
        self.first_order = order;
    }

    pub fn highest_order(&self) -> u64 {
        self.max_order
    }

    pub fn saw_order(&mut self, order: u64) {
        self.max_order = self.max_order.max(order);
    }

    // Changes.

    /// What the store should hold of this message has changed. Nothing to do unless the store is open: an open finds out
    /// what it lacks.
    pub fn changed(&mut self, id: &str) {
        if self.is_open() {
            self.stored.mark(id);
        }
    }

    /// An entry of the failed list is gone. A store that is closed may list it: an open deletes it then.
    pub fn unlisted(&mut self, id: &str) {
        match self.handle {
            StoreHandle::Off => {}
            StoreHandle::Open(_) => self.stored.mark(id),
            StoreHandle::Opening { .. } | StoreHandle::Memory { .. } => self.stored.found_listed(id),
        }
    }

    /// The stored copy of this row lacks the possibly-sent flag and cannot get it: the socket-open mark covers it.
    pub fn keep_socket_mark(&mut self, order: u64) {
        if self.mark == SocketMark::Down {
            let before = if self.meta.socket_open { self.meta.last_order } else { 0 };
            self.meta.socket_open = true;
            self.meta.last_order = order.max(before);
            self.touch_meta();
        }
    }

    pub fn touch_meta(&mut self) {
        self.meta_write = MetaWrite::Due;
    }

    /// A socket is open: requests the mark that every stored row may have been sent.
    pub fn mark(&mut self, now: u64) {
        if self.mark == SocketMark::Down {
            self.mark = SocketMark::Wanted {
                until: if self.unresponsive { now } else { now.saturating_add(UNRESPONSIVE_MS) },
            };
            self.meta.socket_open = true;
            self.meta.last_order = EVERY_ORDER;
            self.touch_meta();
        }
    }

    /// Whether the store exists and does not answer.
    pub fn is_silent(&self) -> bool {
        if self.is_open() { self.unresponsive } else { self.state == SILENT }
    }

    /// The store answered something: it is at most slow.
    pub fn on_answer(&mut self, now: u64) {
        self.unresponsive = false;
        if let Some(outstanding) = self.outstanding_mut() {
            outstanding.answer_by = Some(now.saturating_add(UNRESPONSIVE_MS));
        }
        if let SocketMark::Wanted { until } = &mut self.mark {
            *until = now.saturating_add(UNRESPONSIVE_MS);
        }
    }

    /// No socket is open, and the rows carry their own flags: takes the mark down. `false`: there was none.
    pub fn unmark(&mut self) -> bool {
        if self.mark == SocketMark::Down {
            return false;
        }
        self.mark = SocketMark::Down;
        self.meta.socket_open = false;
        self.meta.last_order = self.max_order;
        self.touch_meta();
        true
    }

    /// Whether rows may leave: older ones are loaded, and a crash would leave the mark in the store.
    pub fn may_send(&self) -> bool {
        let marked = match self.mark {
            SocketMark::Set => true,
            // Only a timer ends the wait: after a pause of this thread the store's answer may still be unread.
            SocketMark::Wanted { .. } => self.unresponsive || !self.may_store(),
            SocketMark::Down => false,
        };
        self.has_answered() && !self.has_newer_schema && (marked || !self.may_store())
    }

    // The handle.

    /// Nothing that was known of its contents counts any more; returns it.
    pub fn opened(&mut self, now: u64) -> Stored {
        if self.mark != SocketMark::Down {
            // Stored rows must not leave before the store has the mark of this socket.
            self.mark = SocketMark::Wanted { until: now.saturating_add(UNRESPONSIVE_MS) };
            self.touch_meta();
        }
        self.handle =
            StoreHandle::Open(OpenStore { outstanding: None, most: groups::MOST_MESSAGES, retry_at: None });
        self.contents = Contents::Loaded;
        self.has_newer_schema = false;
        self.state = StorageState::Durable;
        self.open_wanted = false;
        std::mem::take(&mut self.stored)
    }

    /// The store cannot be opened: rows are in memory only until it opens again.
    pub fn failed(&mut self, now: u64, error: StoreError) {
        if matches!(self.handle, StoreHandle::Off) {
            return;
        }
        self.handle = StoreHandle::Memory { retry_at: now.saturating_add(RETRY_MS) };
        if self.contents == Contents::Unknown {
            self.contents = Contents::Unavailable;
        }
        self.open_wanted = false;
        self.state = StorageState::MemoryOnly(error);
    }

    /// The database handle died or was taken away.
    pub fn closed(&mut self, now: u64, error: StoreError) {
        match error {
            StoreError::Dead(_) if self.is_open() && !self.reopened => {
                self.reopened = true;
                self.handle = StoreHandle::Opening { until: now.saturating_add(OPEN_MS) };
                self.open_wanted = true;
            }
            StoreError::NewerSchema => {
                self.has_newer_schema = true;
                self.failed(now, StoreError::NewerSchema);
            }
            error => self.failed(now, error),
        }
    }

    /// Whether the store is to be opened now.
    pub fn take_open(&mut self) -> bool {
        std::mem::take(&mut self.open_wanted)
    }

    /// Marks the store as unresponsive when its answer is overdue. `true`: that is new.
    pub fn notice_silence(&mut self, now: u64) -> bool {
        let overdue =
            |outstanding: &&mut groups::Outstanding| outstanding.answer_by.is_some_and(|by| now >= by);
        let Some(outstanding) = self.outstanding_mut().filter(overdue) else { return false };
        outstanding.answer_by = None;
        !std::mem::replace(&mut self.unresponsive, true)
    }

    /// `Err`: the open took too long.
    pub fn timeout(&mut self, now: u64) -> Result<(), StoreError> {
        match &mut self.handle {
            StoreHandle::Opening { until } if now >= *until => return Err(StoreError::Silent),
            StoreHandle::Memory { retry_at } if now >= *retry_at => {
                *retry_at = now.saturating_add(RETRY_MS);
                self.open_wanted = true;
            }
            StoreHandle::Open(open) if open.retry_at.is_some_and(|at| now >= at) => {
                open.retry_at = None;
                if self.meta_write == MetaWrite::Refused {
                    self.meta_write = MetaWrite::Due;
                }
                self.stored.retry_refused();
                self.state = StorageState::Durable;
            }
            _ => {}
        }
        Ok(())
    }

    pub fn next_timeout(&self) -> Option<u64> {
        let handle = match &self.handle {
            StoreHandle::Off => None,
            StoreHandle::Opening { until } => Some(*until),
            StoreHandle::Open(open) => open.next_timeout(),
            StoreHandle::Memory { retry_at } => Some(*retry_at),
        };
        let mark = match self.mark {
            SocketMark::Wanted { until } if self.may_store() => Some(until),
            _ => None,
        };
        handle.into_iter().chain(mark).min()
    }

    /// Ends an overdue wait for the mark.
    pub fn give_up_mark(&mut self, now: u64) {
        if matches!(self.mark, SocketMark::Wanted { until } if now >= until) {
            self.mark = SocketMark::Set;
            self.unresponsive = self.may_store();
        }
    }
}
