//! The world: one event queue, one browser with its worker, pages and store, one network, one server.
//!
//! Everything is decided by the script and by generators seeded from it: the same script runs the
//! same way every time, and taking lines out of it leaves the rest as it was.

mod acting;
mod faults;
mod round_trips;
mod serving;
mod settle;
mod watch;
mod worker;

pub(crate) use acting::{request, subject};
pub use watch::Tally;

use crate::check::{Checker, Violation};
use crate::internet::{Internet, Traffic};
use crate::net::Conditions;
use crate::page::Page;
use crate::queue::Queue;
use crate::script::{Action, Entry, QUIET, Script, ServerKind};
use crate::server::Server;
use crate::store::Store;
use crate::story::Story;
use crate::thread::Thread;
use fastrand::Rng;
use round_trips::{Moment, RoundTrips};
use sentinelops_engine::{Batch, Engine, OutboxOptions};
use std::collections::HashMap;

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// The n-th line of the script.
    Script(usize),
    /// The worker's timer.
    Timer(u64),
    /// Network or server.
    Net(Traffic),
    /// A store request of this worker is done.
    Store(u32),
    /// A batch reaches a page.
    Deliver(u32, u64, Batch),
    /// A page returns the credit.
    Credit(u32, u64, u64),
    /// The token provider answers this worker.
    Token(u32, Result<Option<String>, String>),
    /// The page starts a new worker.
    Respawn,
    /// Somebody connects again.
    Back(u32),
    /// Has this connection been silent for too long?
    Watch(usize),
    /// Somebody looks at the screen.
    Look,
    /// Everything broken is whole again.
    Quiet,
    /// Is it settled?
    Settle,
}

/// The worker: the engine and what surrounds it in its thread.
#[derive(Default)]
pub(crate) struct Worker {
    pub engine: Option<Engine>,
    /// Counts workers.
    pub instance: u32,
    pub thread: Thread,
    /// Nothing runs before then.
    pub asleep_until: u64,
    /// The end of the last sleep that its clock counted.
    counted_sleep_until: u64,
    /// At wake-up the timer runs before the socket's events.
    pub timer_first: bool,
    /// Batches without credit, by consumer.
    outstanding: HashMap<u64, u64>,
    /// A person asked for the connection to be closed.
    away: bool,
    /// How often in a row a look found it in trouble.
    trouble: u32,
    /// It called a connection dead, and none was healthy for a minute since.
    judged: bool,
    /// Connections it called dead so far.
    verdicts: u64,
    /// When signs came that the machine woke or the network is back.
    hinted: Vec<u64>,
    /// Since when it knows that the server answers pings.
    answers_since: u64,
    round_trips: RoundTrips,
    /// When it last asked for a token.
    token_asked_at: Option<u64>,
}

impl Worker {
    fn moment(&self, time: u64) -> Moment {
        Moment { time, mono: self.thread.clock.mono(time) }
    }
}

/// See the module.
pub struct World {
    pub(crate) now: u64,
    pub(crate) script: Script,
    pub(crate) queue: Queue<Happening>,
    pub(crate) rng: Rng,
    pub(crate) internet: Internet,
    pub(crate) store: Store,
    pub(crate) worker: Worker,
    pub(crate) pages: Vec<Page>,
    pub(crate) next_page: u64,
    pub(crate) tokens: u64,
    pub(crate) tokens_bad_until: u64,
    /// The checker.
    pub check: Checker,
    /// The story.
    pub story: Story,
    pub(crate) settled_since: Option<u64>,
    pub(crate) over: bool,
    /// No store fault before this time.
    pub(crate) store_trouble: u64,
    pub(crate) tally: Tally,
    /// Happenings so far.
    pub steps: u64,
}

impl World {
    /// The world of a script, before anything happened.
    pub fn new(script: Script, story: Story) -> Self {
        let setup = &script.setup;
        let mut check = Checker::default();
        check.messages.basic = setup.server != ServerKind::V1;
        check.ends.capacity = setup.capacity as usize;
        check.ends.max_bytes = setup.rare.max_bytes;
        check.ends.max_age = setup.max_age;
        check.ends.max_attempts = OutboxOptions::default().max_attempts;
        check.ends.clocks_set = !setup.steady_clock;
        check.standing.max_attempts = setup.rare.max_attempts;
        check.standing.no_reconnect = !setup.rare.reconnect;
        check.standing.provider = setup.tokens;
        let looks = |(_, entry): &(usize, Entry)| matches!(entry.action, Action::Subscribe(_, _, Some(_)));
        check.stream.follow_topics = script.entries.iter().any(looks);
        let mut world = Self {
            now: 0,
            queue: Queue::default(),
            rng: Rng::with_seed(setup.seed ^ 0xabad_1dea),
            internet: Internet::new(
                setup.seed,
                Conditions::new(setup.link, setup.kernel),
                Server::new(setup).with(&setup.rare),
            ),
            store: Store::default(),
            worker: Worker::default(),
            pages: Vec::new(),
            next_page: 1,
            tokens: 0,
            tokens_bad_until: 0,
            check,
            story,
            settled_since: None,
            over: false,
            store_trouble: 0,
            tally: Tally::default(),
            steps: 0,
            script,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for (index, (_, entry)) in self.script.entries.iter().enumerate() {
            self.queue.push(entry.at, Happening::Script(index));
        }
        self.queue.push(QUIET, Happening::Quiet);
        self.queue.push(5_000, Happening::Look);
        for _ in 0..self.script.setup.pages {
            let page = self.open_page(None);
            self.pages.push(page);
        }
        self.spawn();
    }

    /// Runs to the end or to the first violation.
    pub fn run(&mut self) -> Option<Violation> {
        while let Some((at, happening)) = self.queue.pop() {
            self.now = at.max(self.now);
            self.check.now = self.now;
            self.steps += 1;
            self.step(happening);
            if self.over || self.check.violation.is_some() {
                break;
            }
        }
        self.check.violation.clone()
    }

    fn step(&mut self, happening: Happening) {
        // A machine that sleeps runs nothing: what concerns it waits for the wake-up.
        if self.now < self.worker.asleep_until && self.sleeps_through(&happening) {
            let timer = matches!(happening, Happening::Timer(_));
            let later = u64::from(timer != self.worker.timer_first);
            return self.queue.push(self.worker.asleep_until + later, happening);
        }
        match happening {
            Happening::Script(index) => self.act(index),
            Happening::Timer(token) => self.timer(token),
            Happening::Net(traffic) => self.traffic(traffic),
            Happening::Store(instance) if instance == self.worker.instance => self.store_done(),
            Happening::Store(_) => {}
            Happening::Deliver(instance, page, batch) => self.deliver(instance, page, batch),
            Happening::Credit(instance, page, number) => self.credit(instance, page, number),
            Happening::Token(instance, token) if instance == self.worker.instance => {
                // The answer to an earlier question may come after the next one, and is taken for its answer.
                let newest = format!("token-{}", self.tokens);
                self.check.standing.token_failed |= !matches!(&token, Ok(Some(token)) if *token == newest);
                self.input(|engine, now| engine.handle_token(now, token));
            }
            Happening::Token(..) => {}
            Happening::Respawn => self.spawn(),
            Happening::Back(instance) => self.back(instance),
            Happening::Watch(index) => self.watched(index),
            Happening::Look => self.look(),
            Happening::Quiet => self.quiet(),
            Happening::Settle => self.settle(),
        }
    }

    fn sleeps_through(&self, happening: &Happening) -> bool {
        match happening {
            Happening::Script(index) => !matches!(
                self.script.entries[*index].1,
                Entry { action: Action::Publish(..) | Action::Fault(_), .. }
            ),
            Happening::Net(traffic) => traffic.client().is_some(),
            Happening::Timer(_)
            | Happening::Store(_)
            | Happening::Deliver(..)
            | Happening::Credit(..)
            | Happening::Token(..)
            | Happening::Respawn
            | Happening::Back(_)
            | Happening::Look => true,
            _ => false,
        }
    }

    pub(crate) fn log(&mut self, text: impl FnOnce() -> String) {
        self.story.log(self.now, text);
    }
}
