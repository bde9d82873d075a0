//! The store that tabs share: one line of transactions, each of one worker, each answered later.

use crate::store::{Request, Store};
use sentinelops_engine::mutant::{self, Mutant};
use sentinelops_engine::{Meta, StoreError, StoreEvent};
use std::collections::{BTreeMap, VecDeque};

/// What a worker's shell asks of the database.
#[derive(Clone, Debug)]
pub enum Ask {
    /// What an engine asks.
    Plain(Request),
    /// Open it without becoming its writer.
    Probe,
    /// The metadata record.
    ReadMeta,
    /// Delete everything.
    Wipe,
}

/// What it answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// For [`sentinelops_engine::tabs::Node::handle_store`].
    Event(StoreEvent),
    /// For [`sentinelops_engine::tabs::Node::handle_meta`].
    Meta(Option<Meta>),
}

/// A transaction that was begun.
#[derive(Debug)]
struct Waiting {
    worker: u32,
    at: u64,
    ask: Ask,
    /// The handle was open: it runs, whatever becomes of the handle.
    open: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Disk {
    /// What lies there.
    pub store: Store,
    /// The version of the database.
    pub version: u32,
    waiting: VecDeque<Waiting>,
    /// Open handles: worker and its build.
    handles: BTreeMap<u32, u32>,
    /// The worker that opened it last as its writer.
    writer: Option<u32>,
    /// Workers that wait for older builds to let go, and those who asked to open it after them: a
    /// browser keeps them in line.
    blocked: Vec<(u32, u32)>,
    last_done: u64,
    /// Workers that do not run and hold it: since when, and until when.
    held: BTreeMap<u32, (u64, u64)>,
}

impl Disk {
    /// Takes something in; answers when it will be done.
    pub fn ask(&mut self, now: u64, worker: u32, ask: Ask, pace: u64) -> u64 {
        let slow = if now < self.store.slow_until { self.store.slow_by } else { 0 };
        let at = (now + 1 + pace + slow).max(self.last_done);
        self.last_done = at;
        let open = self.is_open(worker);
        self.waiting.push_back(Waiting { worker, at, ask, open });
        at
    }

    /// Whether a transaction is due.
    pub fn is_due(&mut self, now: u64) -> bool {
        self.held.retain(|_, (_, until)| *until > now);
        if !self.held.is_empty() {
            return false;
        }
        self.waiting.front().is_some_and(|next| next.at <= now)
    }

    /// A worker that does not run until then has a transaction open: everybody waits for it.
    pub fn hold(&mut self, worker: u32, now: u64, until: u64) {
        self.held.insert(worker, (now, until));
    }

    /// Since when the store answers nobody.
    pub fn held_since(&self) -> Option<u64> {
        self.held.values().map(|(since, _)| *since).min()
    }

    /// Whether anything is under way.
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next transaction is carried out. Answers for whom, and what; nothing where a shell is
    /// silent.
    pub fn carry_out(&mut self, now: u64) -> Option<(u32, Answer)> {
        let Waiting { worker, ask, open, .. } = self.waiting.pop_front()?;
        let dead = |number| {
            let error = StoreError::Dead("the store is not open".to_owned());
            Answer::Event(StoreEvent::Aborted { number, error })
        };
        let answer = match ask {
            Ask::Wipe => {
                self.store.wipe();
                return None;
            }
            Ask::ReadMeta => Answer::Meta(open.then(|| self.store.meta().clone())),
            Ask::Plain(Request::Write(group)) if !open => dead(group.number),
            Ask::Plain(Request::Write(group))
                if self.writer != Some(worker) && !mutant::active(Mutant::DeposedLeaderWrites) =>
            {
                let (number, error) = (group.number, StoreError::TakenOver);
                Answer::Event(StoreEvent::Aborted { number, error })
            }
            Ask::Probe => Answer::Event(self.store.carry_out(now, Request::Open)),
            Ask::Plain(request) => {
                let opens = matches!(request, Request::Open);
                let event = self.store.carry_out(now, request);
                if opens && matches!(event, StoreEvent::Opened(_)) {
                    self.writer = Some(worker);
                }
                Answer::Event(event)
            }
        };
        Some((worker, answer))
    }

    /// Whether somebody waits to open it; a later one waits behind, and gets no answer until then.
    pub fn waits_behind(&mut self, worker: u32, build: u32) -> bool {
        let waits = !self.blocked.is_empty();
        if waits {
            self.blocked.push((worker, build));
        }
        waits
    }

    /// A build wants to open: `Err` when it may not, or must wait for others.
    pub fn may_open(&mut self, worker: u32, build: u32) -> Result<(), StoreError> {
        if build < self.version {
            return Err(StoreError::NewerSchema);
        }
        if build > self.version && self.older(build).next().is_some() {
            self.blocked.push((worker, build));
            return Err(StoreError::Blocked);
        }
        self.version = build;
        Ok(())
    }

    /// Workers whose build is older than this one and have it open.
    pub fn older(&self, build: u32) -> impl Iterator<Item = u32> + '_ {
        self.handles.iter().filter(move |(_, theirs)| **theirs < build).map(|(worker, _)| *worker)
    }

    /// A worker has it open now.
    pub fn opened(&mut self, worker: u32, build: u32) {
        self.handles.insert(worker, build);
    }

    /// Whether a worker has it open.
    pub fn is_open(&self, worker: u32) -> bool {
        self.handles.contains_key(&worker)
    }

    /// A worker's handle is gone. Answers who can open now.
    pub fn closed(&mut self, worker: u32) -> Vec<(u32, u32)> {
        self.handles.remove(&worker);
        let Some(build) = self.blocked.first().map(|(_, build)| *build) else { return Vec::new() };
        if self.older(build).next().is_some() {
            return Vec::new();
        }
        std::mem::take(&mut self.blocked)
    }

    /// A handle died: what its worker had under way aborts.
    pub fn handle_dies(&mut self, worker: u32) -> (Vec<Answer>, Vec<(u32, u32)>) {
        let mut answers = Vec::new();
        let error = || StoreError::Dead("closed by the browser".to_owned());
        for waiting in self.waiting.iter().filter(|waiting| waiting.worker == worker) {
            let number = match &waiting.ask {
                Ask::Plain(Request::Write(group)) => Some(group.number),
                _ => None,
            };
            match (&waiting.ask, number) {
                (_, Some(number)) => {
                    answers.push(Answer::Event(StoreEvent::Aborted { number, error: error() }));
                }
                (Ask::ReadMeta, _) => answers.push(Answer::Meta(None)),
                (Ask::Plain(Request::Open) | Ask::Probe, _) => {
                    answers.push(Answer::Event(StoreEvent::OpenFailed(error())));
                }
                _ => {}
            }
        }
        answers.push(Answer::Event(StoreEvent::Closed(error())));
        (answers, self.died(worker, 0))
    }

    /// A worker died, or its handle: of what it had under way the first `committed` go on all the same.
    pub fn died(&mut self, worker: u32, committed: usize) -> Vec<(u32, u32)> {
        self.held.remove(&worker);
        let mut left = committed;
        self.waiting.retain(|waiting| {
            let stays = waiting.worker != worker || left > 0;
            left -= usize::from(waiting.worker == worker && left > 0);
            stays
        });
        self.blocked.retain(|(blocked, _)| *blocked != worker);
        self.closed(worker)
    }

    /// How much a worker has under way.
    pub fn pending_of(&self, worker: u32) -> usize {
        self.waiting.iter().filter(|waiting| waiting.worker == worker).count()
    }
}
