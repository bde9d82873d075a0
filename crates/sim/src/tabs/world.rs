//! The world: one event queue, tabs, their shared store, lock and channel, one network, one server.

use super::check::TabChecker;
use super::disk::Disk;
use super::locks::Lock;
use super::script::QUIET;
use super::tab::{Inbox, Tab};
use crate::check::Violation;
use crate::internet::{Internet, Note, Traffic};
use crate::net::Conditions;
use crate::queue::Queue;
use crate::script::{Action, Fault, Script};
use crate::server::Server;
use crate::story::Story;
use fastrand::Rng;
use sentinelops_engine::Batch;
use sentinelops_engine::tabs::SignOut;
use std::collections::BTreeMap;

/// Something that will happen.
#[derive(Debug)]
pub(super) enum Happening {
    /// The n-th line of the script.
    Script(usize),
    /// Network or server.
    Net(Traffic),
    /// Something reaches a worker.
    Worker(u32, Inbox),
    /// A worker's thread runs again.
    Wake(u32),
    /// The store has something done.
    Disk,
    /// A batch reaches the page of a worker.
    Page(u32, Batch),
    /// The page of a worker returns the credit.
    Credit(u32, u64),
    /// The page in a place starts a new worker for the page's n-th life.
    Respawn(usize, u32),
    /// What a worker that does not run leased is free.
    LeaseOver(u32),
    /// A page that a worker hung on gives it up.
    GiveUp(u32),
    /// A page in this life is frozen until then.
    Freeze(usize, u32, u64),
    /// A page in this life thaws.
    Resume(usize, u32),
    /// A page comes back from the bfcache or is dropped.
    CacheEnds(usize, u32, bool),
    /// Somebody connects again.
    Back(usize, u32),
    /// A tab that was closed or reloaded is gone for good; then another one may open.
    Gone(usize, u32, bool),
    /// The browser is started again with tabs in these places.
    Restart(Vec<usize>),
    /// Does a store that is held keep anything back?
    Held,
    /// A page in this life tells its worker that somebody signs out, if it is time.
    TellSignOut(usize, u32),
    /// A page in this life receives that a user signed out.
    SessionOver(usize, u32),
    /// Somebody signs in at a page in this life.
    SignIn(usize, u32),
    /// Somebody looks at the screens.
    Look,
    /// Everything broken is whole again.
    Quiet,
    /// Is it settled?
    Settle,
}

/// The sessions of the browser.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// Number of the one that lasts.
    pub(super) number: u32,
    /// Those that people asked to end, and how.
    pub(super) to_end: Vec<(u32, SignOut)>,
}

/// The channels between workers.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// They are slow: by so many ms, until then.
    pub(super) slow: (u64, u64),
    /// When the youngest message from one worker to another arrives.
    pub(super) order: BTreeMap<(u32, u32), u64>,
}

/// See the module.
pub struct TabWorld {
    pub(super) now: u64,
    pub(super) script: Script,
    pub(super) queue: Queue<Happening>,
    pub(super) rng: Rng,
    pub(super) internet: Internet,
    pub(super) disk: Disk,
    /// The leader's lock, by build.
    pub(super) locks: BTreeMap<u32, Lock>,
    pub(super) tabs: Vec<Tab>,
    pub(super) workers: u32,
    pub(super) links: Links,
    /// When the youngest event of its lock reaches a worker.
    pub(super) lock_order: BTreeMap<u32, u64>,
    /// When a worker last ran again.
    pub(super) last_wake: u64,
    /// When a message last left.
    pub(super) last_sent: u64,
    /// The machine sleeps until then.
    pub(super) asleep_until: u64,
    pub(super) sessions: Sessions,
    /// The checker.
    pub check: TabChecker,
    /// The story.
    pub story: Story,
    pub(super) settled_since: Option<u64>,
    pub(super) over: bool,
    /// Happenings so far.
    pub steps: u64,
}

impl TabWorld {
    /// The world of a script, before anything happened.
    pub fn new(script: Script, story: Story) -> Self {
        let setup = script.setup.clone();
        let server = Server::new(&setup);
        let tabs = (0..setup.pages).map(|_| Tab::none()).collect();
        let mut world = Self {
            now: 0,
            queue: Queue::default(),
            rng: Rng::with_seed(setup.seed ^ 0x7ab_1dea),
            internet: Internet::new(setup.seed, Conditions::new(setup.link, setup.kernel), server),
            disk: Disk::default(),
            locks: BTreeMap::new(),
            tabs,
            workers: 0,
            links: Links::default(),
            lock_order: BTreeMap::new(),
            last_wake: 0,
            last_sent: 0,
            asleep_until: 0,
            sessions: Sessions::default(),
            check: TabChecker { max_age_ms: setup.max_age, ..TabChecker::default() },
            story,
            settled_since: None,
            over: false,
            steps: 0,
            script,
        };
        for (index, (_, entry)) in world.script.entries.iter().enumerate() {
            world.queue.push(entry.at, Happening::Script(index));
        }
        world.queue.push(QUIET, Happening::Quiet);
        world.queue.push(5_000, Happening::Look);
        for place in 0..setup.tabs.open {
            world.open(place);
        }
        world
    }

    /// Runs to the end or to the first violation.
    pub fn run(&mut self) -> Option<Violation> {
        while let Some((at, happening)) = self.queue.pop() {
            self.now = at.max(self.now);
            self.check.at(self.now);
            self.internet.at(self.now);
            self.steps += 1;
            self.step(happening);
            self.carry();
            if self.over || self.check.violation().is_some() {
                break;
            }
        }
        self.check.violation().cloned()
    }

    /// What network, server and locks brought about goes into the queue.
    fn carry(&mut self) {
        for (at, traffic) in self.internet.soon.drain(..) {
            self.queue.push(at.max(self.now), Happening::Net(traffic));
        }
        if let Some(wrong) = self.internet.server.wrong.take() {
            self.check.inner.fail("state-kept", || wrong);
        }
        for note in std::mem::take(&mut self.internet.notes) {
            if let Note::Effect(id, _) = note {
                self.log(|| format!("server: {id} takes effect"));
                self.check.inner.effect(&id);
            }
        }
        for lock in self.locks.values_mut() {
            for (turn, event) in std::mem::take(&mut lock.soon) {
                let order = self.lock_order.entry(turn.0).or_default();
                let at = (self.now + self.rng.u64(1..15)).max(*order);
                *order = at;
                self.queue.push(at, Happening::Worker(turn.0, Inbox::Lock(turn, event)));
            }
        }
    }

    fn step(&mut self, happening: Happening) {
        if self.now < self.asleep_until && self.sleeps_through(&happening) {
            return self.queue.push(self.asleep_until, happening);
        }
        match happening {
            Happening::Script(index) => self.act(index),
            Happening::Net(traffic) => self.traffic(traffic),
            Happening::Worker(worker, inbox) => self.arrive(worker, inbox),
            Happening::Wake(worker) => self.wake(worker),
            Happening::Disk => self.disk_done(),
            Happening::Page(worker, batch) => self.page_takes(worker, batch),
            Happening::Credit(worker, number) => self.credit(worker, number),
            Happening::Respawn(place, life) => {
                if self.tabs[place].life == life && self.tabs[place].open {
                    self.spawn(place);
                }
            }
            Happening::LeaseOver(worker) => self.lease_over(worker),
            Happening::GiveUp(worker) => self.give_up(worker),
            Happening::Freeze(place, life, until) => self.freeze_at(place, life, until),
            Happening::Resume(place, life) => self.resume(place, life),
            Happening::CacheEnds(place, life, back) => self.cache_ends(place, life, back),
            Happening::Back(place, life) => self.back(place, life),
            Happening::Gone(place, life, again) => self.gone(place, life, again),
            Happening::Restart(places) => {
                for place in places {
                    self.open(place);
                }
            }
            Happening::Held => self.check_held_up(),
            Happening::TellSignOut(place, life) => {
                if self.tabs[place].life == life {
                    self.send_sign_out(place);
                }
            }
            Happening::SessionOver(place, life) => self.come_back(place, life),
            Happening::SignIn(place, life) => self.sign_in(place, life),
            Happening::Look => self.look(),
            Happening::Quiet => self.quiet(),
            Happening::Settle => self.settle(),
        }
    }

    /// Only network and server run while the machine sleeps.
    fn sleeps_through(&self, happening: &Happening) -> bool {
        match happening {
            Happening::Script(index) => !matches!(
                self.script.entries[*index].1.action,
                Action::Publish(..) | Action::Fault(Fault::Net(_))
            ),
            Happening::Net(traffic) => traffic.client().is_some(),
            Happening::Quiet | Happening::Settle => false,
            _ => true,
        }
    }

    fn traffic(&mut self, traffic: Traffic) {
        if let Some(index) = traffic.client() {
            let worker = self.internet.conns[index].instance;
            let Some((index, item)) = self.internet.step(traffic) else { return };
            return self.arrive(worker, Inbox::Socket(index, item));
        }
        self.internet.step(traffic);
    }

    pub(super) fn log(&mut self, text: impl FnOnce() -> String) {
        self.story.log(self.now, text);
    }

    /// The place of a worker that lives.
    pub(super) fn place_of(&self, worker: u32) -> Option<usize> {
        self.tabs.iter().position(|tab| tab.worker.as_ref().is_some_and(|w| w.number == worker))
    }
}
