//! The store as the outbox sees it: groups, their bisection, falling back to memory and recovering.
//!
//! One group (transaction) is outstanding; changes made meanwhile are in the next. A group that aborts is bisected until
//! the one record that cannot be stored is alone. A dead handle is reopened once; a store that does not open is tried
//! again every 30 s, and everything in memory is written then.

mod groups;

pub(super) use groups::Aborted;

use crate::{Meta, Now, OutboxOptions, Row, StorageState, StoreError, StoreGroup, StoreOp};
use std::collections::VecDeque;

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

#[derive(Clone, Copy, Debug, PartialEq)]
enum StoreHandle {
    Off,
    Opening { until: u64 },
    Open,
    Memory { retry_at: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum SocketMark {
    Down,
    Wanted { until: u64 },
    Set,
}

#[derive(Debug)]
pub(super) struct StoreSession {
    handle: StoreHandle,
    /// The store has answered at least once: it opened or failed to.
    pub answered: bool,
    /// It was opened at least once: its rows are in memory.
    pub loaded: bool,
    /// A newer build upgraded the database: this one must not write to it any more.
    pub has_newer_schema: bool,
    state: StorageState,
    reopened: bool,
    pending: VecDeque<StoreOp>,
    bisected: VecDeque<Vec<StoreOp>>,
    outstanding: Option<StoreGroup>,
    /// When (monotonic ms) the outstanding group makes the store count as unresponsive.
    answer_by: Option<u64>,
    groups: u64,
    pub meta: Meta,
    meta_dirty: bool,
    mark: SocketMark,
    /// The store has not answered for [`UNRESPONSIVE_MS`].
    unresponsive: bool,
    /// Changes that failed alone, to be tried again later.
    retry_later: Vec<StoreOp>,
    retry_at: Option<u64>,
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
            answered: !on,
            loaded: false,
            has_newer_schema: false,
            state: if on { StorageState::Opening } else { StorageState::Off },
            reopened: false,
            pending: VecDeque::new(),
            bisected: VecDeque::new(),
            outstanding: None,
            answer_by: None,
            // Numbers differ from those of earlier engines of this worker, whose answers may still come.
            groups: now << 12,
            meta: Meta { term, ..Meta::default() },
            meta_dirty: false,
            mark: SocketMark::Down,
            unresponsive: false,
            retry_later: Vec::new(),
            retry_at: None,
            open_wanted: on,
            max_order: 0,
            first_order: 0,
        }
    }

    /// Raises the term to (without a store: above) the highest one received. A clock that was set back, or a silent
    /// store, must not give a later leader a lower term.
    pub fn lead_after(&mut self, term: u64) {
        let counted = if self.handle == StoreHandle::Off { term.saturating_add(1) } else { term };
        self.meta.term = self.meta.term.max(counted);
    }

    /// This tab had the store open until now, so the wait is shorter: only a frozen tab's transaction can block it.
    pub fn was_open(&mut self, now: u64) {
        if matches!(self.handle, StoreHandle::Opening { .. }) {
            self.handle = StoreHandle::Opening { until: now.saturating_add(UNRESPONSIVE_MS) };
        }
    }

    pub fn state(&self) -> &StorageState {
        if self.is_silent() { &SILENT } else { &self.state }
    }

    /// Whether what is written now will be durable.
    pub fn is_healthy(&self) -> bool {
        self.is_open() && self.state == StorageState::Durable
    }

    pub fn is_open(&self) -> bool {
        self.handle == StoreHandle::Open
    }

    /// Whether rows are in memory only because the store cannot be opened.
    pub fn is_away(&self) -> bool {
        matches!(self.handle, StoreHandle::Memory { .. })
    }

    /// Whether a row taken now can still become durable.
    pub fn may_store(&self) -> bool {
        matches!(self.handle, StoreHandle::Open | StoreHandle::Opening { .. })
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

    /// Queues a change. Dropped unless the store is open: an open finds out what the store lacks.
    pub fn push(&mut self, op: StoreOp) {
        if self.is_open() {
            self.pending.push_back(op);
        }
    }

    pub fn delete(&mut self, row: &Row) {
        self.push(StoreOp::Delete { priority: row.priority, order: row.order, id: row.id.clone() });
    }

    /// The stored copy of this row lacks the possibly-sent flag and cannot get it: the socket-open mark covers it.
    pub fn keep_socket_mark(&mut self, order: u64) {
        if self.mark == SocketMark::Down {
            let before = if self.meta.socket_open { self.meta.last_order } else { 0 };
            self.meta.socket_open = true;
            self.meta.last_order = order.max(before);
            self.meta_dirty = true;
        }
    }

    pub fn touch_meta(&mut self) {
        self.meta_dirty = true;
    }

    /// A socket is open: requests the mark that every stored row may have been sent.
    pub fn mark(&mut self, now: u64) {
        if self.mark == SocketMark::Down {
            self.mark = SocketMark::Wanted {
                until: if self.unresponsive { now } else { now.saturating_add(UNRESPONSIVE_MS) },
            };
            self.meta.socket_open = true;
            self.meta.last_order = EVERY_ORDER;
            self.meta_dirty = true;
        }
    }

    /// Whether the store exists and does not answer.
    pub fn is_silent(&self) -> bool {
        if self.is_open() { self.unresponsive } else { self.state == SILENT }
    }

    fn nothing_due(&mut self) {
        if self.outstanding.is_none() {
            self.answer_by = None;
        }
    }

    fn forget_asked(&mut self) {
        (self.outstanding, self.answer_by) = (None, None);
    }

    /// The store answered something: it is at most slow.
    pub fn on_answer(&mut self, now: u64) {
        self.unresponsive = false;
        self.answer_by = Some(now.saturating_add(UNRESPONSIVE_MS));
        self.nothing_due();
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
        self.meta_dirty = true;
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
        self.answered && !self.has_newer_schema && (marked || !self.may_store())
    }

    /// Queues a change for the next retry.
    pub fn retry_op_later(&mut self, op: StoreOp) {
        self.retry_later.push(op);
    }

    fn degrade(&mut self, now: u64, error: StoreError) {
        self.state = StorageState::MemoryOnly(error);
        self.retry_at.get_or_insert(now.saturating_add(RETRY_MS));
    }

    /// No row is in memory only any more.
    pub fn healed(&mut self) {
        if self.is_open() && self.retry_at.is_none() {
            self.state = StorageState::Durable;
        }
    }

    // The handle.

    pub fn opened(&mut self, now: u64) {
        if self.mark != SocketMark::Down {
            // Stored rows must not leave before the store has the mark of this socket.
            self.mark = SocketMark::Wanted { until: now.saturating_add(UNRESPONSIVE_MS) };
            self.meta_dirty = true;
        }
        self.handle = StoreHandle::Open;
        self.answered = true;
        self.loaded = true;
        self.has_newer_schema = false;
        self.state = StorageState::Durable;
        self.pending.clear();
        self.bisected.clear();
        self.retry_later.clear();
        self.forget_asked();
        self.retry_at = None;
        self.open_wanted = false;
    }

    /// The store cannot be opened: rows are in memory only until it opens again.
    pub fn failed(&mut self, now: u64, error: StoreError) {
        if self.handle == StoreHandle::Off {
            return;
        }
        self.handle = StoreHandle::Memory { retry_at: now.saturating_add(RETRY_MS) };
        self.answered = true;
        self.open_wanted = false;
        self.forget_asked();
        self.state = StorageState::MemoryOnly(error);
    }

    /// The database handle died or was taken away.
    pub fn closed(&mut self, now: u64, error: StoreError) {
        match error {
            StoreError::Dead(_) if self.is_open() && !self.reopened => {
                self.reopened = true;
                self.forget_asked();
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
        if self.answer_by.is_none_or(|by| now < by) {
            return false;
        }
        self.answer_by = None;
        !std::mem::replace(&mut self.unresponsive, true)
    }

    /// `Ok(true)`: single records that did not fit are to be tried again. `Err`: the open took too long.
    pub fn timeout(&mut self, now: u64) -> Result<bool, StoreError> {
        match self.handle {
            StoreHandle::Opening { until } if now >= until => {
                return Err(StoreError::Silent);
            }
            StoreHandle::Memory { retry_at } if now >= retry_at => {
                self.handle = StoreHandle::Memory { retry_at: now.saturating_add(RETRY_MS) };
                self.open_wanted = true;
            }
            _ => {}
        }
        if self.is_open() && self.retry_at.is_some_and(|at| now >= at) {
            self.retry_at = None;
            for op in std::mem::take(&mut self.retry_later) {
                match op {
                    StoreOp::PutMeta(_) => self.meta_dirty = true,
                    op => self.pending.push_back(op),
                }
            }
            return Ok(true);
        }
        Ok(false)
    }

    pub fn next_timeout(&self) -> Option<u64> {
        let handle = match self.handle {
            StoreHandle::Off | StoreHandle::Open => None,
            StoreHandle::Opening { until } => Some(until),
            StoreHandle::Memory { retry_at } => Some(retry_at),
        };
        let mark = match self.mark {
            SocketMark::Wanted { until } if self.may_store() => Some(until),
            _ => None,
        };
        let retry = self.retry_at.filter(|_| self.is_open());
        handle.into_iter().chain(mark).chain(retry).chain(self.answer_by).min()
    }

    /// Ends an overdue wait for the mark.
    pub fn give_up_mark(&mut self, now: u64) {
        if matches!(self.mark, SocketMark::Wanted { until } if now >= until) {
            self.mark = SocketMark::Set;
            self.unresponsive = self.may_store();
        }
    }
}
