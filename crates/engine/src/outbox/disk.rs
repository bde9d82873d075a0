//! The store as the outbox sees it: groups, halving, the ladder down to memory and back up.
//!
//! One group is outstanding; what comes meanwhile makes the next. A group that aborts is halved
//! until the one record that cannot be stored is alone. A dead handle is opened once more; what
//! does not open is tried again every 30 s, and everything held in memory is written then.

mod groups;

pub(super) use groups::Aborted;

use crate::{Meta, Now, OutboxOptions, Row, StorageState, StoreError, StoreGroup, StoreOp};
use std::collections::VecDeque;

/// While there is no store, ms between two tries; also for single records that did not fit.
const RETRY_MS: u64 = 30_000;
/// A store that has not answered an open by then counts as failed (it may still come).
const OPEN_MS: u64 = 10_000;
/// A store that answers nothing for so long hangs: nothing waits for it any more, and people are told that
/// nothing is saved, ms. Rows leave when the socket-open mark is stored, or then.
pub(super) const HANGS_MS: u64 = 5_000;
/// Other tabs' rows are looked for at least so often, ms.
const RESCAN_MS: u64 = 10_000;
/// While a socket is open, every stored row may have been sent: above all orders (2^53 - 1, the
/// largest integer a browser stores exactly).
const EVERY_ORDER: u64 = (1 << 53) - 1;
/// What people are told while it does not answer, whatever else was wrong with it before.
static SILENT: StorageState = StorageState::MemoryOnly(StoreError::Silent);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ladder {
    Off,
    Opening { until: u64 },
    Open,
    Memory { retry_at: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mark {
    Down,
    Wanted { until: u64 },
    Set,
}

#[derive(Debug)]
pub(super) struct Disk {
    ladder: Ladder,
    /// It answered once: opened or failed to.
    pub answered: bool,
    /// Opened once: what it held is in memory.
    pub loaded: bool,
    /// A newer build took the store over: this one must not touch the rows any more.
    pub halted: bool,
    state: StorageState,
    reopened: bool,
    pending: VecDeque<StoreOp>,
    halves: VecDeque<Vec<StoreOp>>,
    outstanding: Option<StoreGroup>,
    /// When that group, or a look, has waited for so long that the store hangs.
    answer_by: Option<u64>,
    /// A look is not answered yet.
    looks: bool,
    groups: u64,
    pub meta: Meta,
    meta_dirty: bool,
    mark: Mark,
    /// It was waited for in vain, and has not answered since.
    hangs: bool,
    /// Deletes that failed alone: tried again later.
    owed: Vec<StoreOp>,
    retry_at: Option<u64>,
    open_wanted: bool,
    rescan_wanted: bool,
    rescan_at: u64,
    max_order: u64,
    /// Of rows taken here.
    first_order: u64,
}

impl Disk {
    pub fn new(options: &OutboxOptions, now: Now) -> Self {
        let on = options.persist;
        // Nobody counts leaders where nothing is stored; by the clock the later one has the higher term.
        let term = if on { 0 } else { now.wall };
        let now = now.mono;
        Self {
            ladder: if on { Ladder::Opening { until: now.saturating_add(OPEN_MS) } } else { Ladder::Off },
            answered: !on,
            loaded: false,
            halted: false,
            state: if on { StorageState::Opening } else { StorageState::Off },
            reopened: false,
            pending: VecDeque::new(),
            halves: VecDeque::new(),
            outstanding: None,
            answer_by: None,
            looks: false,
            // An answer to an earlier engine of this worker must not be taken for one of ours.
            groups: now << 12,
            meta: Meta { term, ..Meta::default() },
            meta_dirty: false,
            mark: Mark::Down,
            hangs: false,
            owed: Vec::new(),
            retry_at: None,
            open_wanted: on,
            rescan_wanted: false,
            rescan_at: 0,
            max_order: 0,
            first_order: 0,
        }
    }

    /// A clock that was set back must not make a later leader the lesser one, nor a store that does not answer.
    pub fn lead_after(&mut self, term: u64) {
        let counted = if self.ladder == Ladder::Off { term.saturating_add(1) } else { term };
        self.meta.term = self.meta.term.max(counted);
    }

    /// This tab had it open until now: only a tab that holds it keeps it from answering.
    pub fn was_open(&mut self, now: u64) {
        if matches!(self.ladder, Ladder::Opening { .. }) {
            self.ladder = Ladder::Opening { until: now.saturating_add(HANGS_MS) };
        }
    }

    pub fn state(&self) -> &StorageState {
        if self.is_silent() { &SILENT } else { &self.state }
    }

    /// What is written now will be there, sooner or later.
    pub fn is_healthy(&self) -> bool {
        self.is_open() && self.state == StorageState::Durable
    }

    pub fn is_open(&self) -> bool {
        self.ladder == Ladder::Open
    }

    /// Memory only, for want of a store.
    pub fn is_away(&self) -> bool {
        matches!(self.ladder, Ladder::Memory { .. })
    }

    /// Whether a row taken now can still become durable.
    pub fn may_store(&self) -> bool {
        matches!(self.ladder, Ladder::Open | Ladder::Opening { .. })
    }

    // Orders: the leader takes even ones, tabs that append take odd ones (see `Row::order`), so
    // that two writers never take the same.

    pub fn next_order(&mut self) -> u64 {
        self.max_order = ((self.max_order / 2 + 1) * 2).max(self.first_order);
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

    /// Dropped unless the store is open: what it lacks is found out when it opens.
    pub fn push(&mut self, op: StoreOp) {
        if self.is_open() {
            self.pending.push_back(op);
        }
    }

    pub fn delete(&mut self, row: &Row) {
        self.push(StoreOp::Delete { priority: row.priority, order: row.order, id: row.id.clone() });
    }

    /// This row's stored copy does not say that it was possibly sent, and cannot be made to.
    pub fn keep_mark(&mut self, order: u64) {
        if self.mark == Mark::Down {
            let before = if self.meta.socket_open { self.meta.last_order } else { 0 };
            self.meta.socket_open = true;
            self.meta.last_order = order.max(before);
            self.meta_dirty = true;
        }
    }

    pub fn touch_meta(&mut self) {
        self.meta_dirty = true;
    }

    /// A socket is open: from the next commit on, every stored row may have been sent.
    pub fn mark(&mut self, now: u64) {
        if self.mark == Mark::Down {
            self.mark = Mark::Wanted { until: if self.hangs { now } else { now.saturating_add(HANGS_MS) } };
            self.meta.socket_open = true;
            self.meta.last_order = EVERY_ORDER;
            self.meta_dirty = true;
        }
    }

    /// A look was answered: those before it were, or never will be.
    pub fn looked(&mut self) {
        self.looks = false;
        self.nothing_due();
    }

    /// Whether it was waited for in vain.
    pub fn is_silent(&self) -> bool {
        if self.is_open() { self.hangs } else { self.state == SILENT }
    }

    fn nothing_due(&mut self) {
        if !self.looks && self.outstanding.is_none() {
            self.answer_by = None;
        }
    }

    fn forget_asked(&mut self) {
        (self.outstanding, self.answer_by, self.looks) = (None, None, false);
    }

    /// It answered something: it may be slow, and does not hang.
    pub fn heard(&mut self, now: u64) {
        self.hangs = false;
        self.answer_by = Some(now.saturating_add(HANGS_MS));
        self.nothing_due();
        if let Mark::Wanted { until } = &mut self.mark {
            *until = now.saturating_add(HANGS_MS);
        }
    }

    /// No socket is open, and the rows themselves say what was sent. Whether there was a mark.
    pub fn unmark(&mut self) -> bool {
        if self.mark == Mark::Down {
            return false;
        }
        self.mark = Mark::Down;
        self.meta.socket_open = false;
        self.meta.last_order = self.max_order;
        self.meta_dirty = true;
        true
    }

    /// Whether rows may leave: the older ones are loaded, and a crash would leave the mark behind.
    pub fn may_send(&self) -> bool {
        let marked = match self.mark {
            Mark::Set => true,
            // Whether it was waited for long enough a timer says: one that is due may be so because this thread
            // slept, with the store's answer unread.
            Mark::Wanted { .. } => self.hangs || !self.may_store(),
            Mark::Down => false,
        };
        self.answered && !self.halted && (marked || !self.may_store())
    }

    /// Tried again later.
    pub fn owe(&mut self, op: StoreOp) {
        self.owed.push(op);
    }

    fn degrade(&mut self, now: u64, error: StoreError) {
        self.state = StorageState::MemoryOnly(error);
        self.retry_at.get_or_insert(now.saturating_add(RETRY_MS));
    }

    /// Nothing is held in memory only any more.
    pub fn healed(&mut self) {
        if self.is_open() && self.retry_at.is_none() {
            self.state = StorageState::Durable;
        }
    }

    // The ladder.

    pub fn opened(&mut self, now: u64) {
        if self.mark != Mark::Down {
            // Rows that were stored all along must not leave before the store knows of the socket.
            self.mark = Mark::Wanted { until: now.saturating_add(HANGS_MS) };
            self.meta_dirty = true;
        }
        self.ladder = Ladder::Open;
        self.rescan_at = now.saturating_add(RESCAN_MS);
        self.answered = true;
        self.loaded = true;
        self.halted = false;
        self.state = StorageState::Durable;
        self.pending.clear();
        self.halves.clear();
        self.owed.clear();
        self.forget_asked();
        self.retry_at = None;
        self.open_wanted = false;
    }

    /// Memory it is, until it opens again.
    pub fn failed(&mut self, now: u64, error: StoreError) {
        if self.ladder == Ladder::Off {
            return;
        }
        self.ladder = Ladder::Memory { retry_at: now.saturating_add(RETRY_MS) };
        self.answered = true;
        self.open_wanted = false;
        self.forget_asked();
        self.state = StorageState::MemoryOnly(error);
    }

    /// The handle is gone.
    pub fn closed(&mut self, now: u64, error: StoreError) {
        match error {
            StoreError::Dead(_) if self.is_open() && !self.reopened => {
                self.reopened = true;
                self.forget_asked();
                self.ladder = Ladder::Opening { until: now.saturating_add(OPEN_MS) };
                self.open_wanted = true;
            }
            StoreError::NewerSchema => {
                self.halted = true;
                self.failed(now, StoreError::NewerSchema);
            }
            error => self.failed(now, error),
        }
    }

    pub fn rescan(&mut self) {
        self.rescan_wanted = true;
    }

    /// Whether the store is to be opened now.
    pub fn take_open(&mut self) -> bool {
        std::mem::take(&mut self.open_wanted)
    }

    /// Whether to look for other tabs' rows now: one look at a time, or they would pile up before a store that is
    /// slow or silent.
    pub fn take_rescan(&mut self, now: u64) -> bool {
        let looks = self.is_open() && !self.looks && std::mem::take(&mut self.rescan_wanted);
        if looks {
            self.looks = true;
            self.answer_by.get_or_insert(now.saturating_add(HANGS_MS));
        }
        looks
    }

    /// Once a group has waited for too long: until the store answers, nothing counts as saved. Whether that
    /// is news.
    pub fn notice_silence(&mut self, now: u64) -> bool {
        if self.answer_by.is_none_or(|by| now < by) {
            return false;
        }
        self.answer_by = None;
        !std::mem::replace(&mut self.hangs, true)
    }

    /// `true`: single records that did not fit are to be tried again. `Err`: the open took too long.
    pub fn timeout(&mut self, now: u64) -> Result<bool, StoreError> {
        match self.ladder {
            Ladder::Opening { until } if now >= until => {
                return Err(StoreError::Silent);
            }
            Ladder::Memory { retry_at } if now >= retry_at => {
                self.ladder = Ladder::Memory { retry_at: now.saturating_add(RETRY_MS) };
                self.open_wanted = true;
            }
            Ladder::Open if now >= self.rescan_at => {
                self.rescan_at = now.saturating_add(RESCAN_MS);
                self.rescan_wanted = true;
            }
            _ => {}
        }
        if self.is_open() && self.retry_at.is_some_and(|at| now >= at) {
            self.retry_at = None;
            for op in std::mem::take(&mut self.owed) {
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
        let ladder = match self.ladder {
            Ladder::Off => None,
            Ladder::Opening { until } => Some(until),
            Ladder::Open => Some(self.rescan_at),
            Ladder::Memory { retry_at } => Some(retry_at),
        };
        let mark = match self.mark {
            Mark::Wanted { until } if self.may_store() => Some(until),
            _ => None,
        };
        let retry = self.retry_at.filter(|_| self.is_open());
        ladder.into_iter().chain(mark).chain(retry).chain(self.answer_by).min()
    }

    /// Called once when a wait for the mark is over, so that its timer does not fire again.
    pub fn give_up_mark(&mut self, now: u64) {
        if matches!(self.mark, Mark::Wanted { until } if now >= until) {
            self.mark = Mark::Set;
            self.hangs = self.may_store();
        }
    }
}
