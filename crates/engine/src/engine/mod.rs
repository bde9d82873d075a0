//! [`Engine`]: the one type that shells drive. The struct and its getters are here; its inputs are
//! beside: *commands*, *dial* (the way to a socket), *store_gate*, *server_time*, *socket*, *frames*, *time*; the states in
//! *phase*; what every input ends with is in *outputs*, what shows in *status*, what the next engine gets in *handover*.

mod bounds;
mod commands;
mod dial;
mod frames;
pub(crate) mod handover;
mod outputs;
pub(crate) mod phase;
pub(crate) mod pings;
mod server_time;
mod socket;
mod status;
pub(crate) mod store_gate;
pub(crate) mod time;

use crate::auth::Auth;
use crate::backoff::Backoff;
use crate::consumers::Consumers;
use crate::liveness::Liveness;
use crate::outbox::Outbox;
use crate::subscriptions::Subscriptions;
use crate::timers::Timers;
use crate::{Cause, EngineOptions, MessageCounts, MessageInfo, Now, Output, Trace};
use fastrand::Rng;
use phase::Phase;
use sentinelops_protocol::{Event, Subject};
use status::Report;
use std::collections::VecDeque;
use std::rc::Rc;
use store_gate::StoreGate;
use time::Hints;

/// The engine of one connection. See the crate's page for how it is driven.
///
/// ```
/// use sentinelops_engine::{Engine, EngineOptions, Now, Output};
///
/// // The whole of a shell, without its hands: after every input everything is carried out.
/// let now = Now { mono: 0, wall: 1_700_000_000_000 };
/// let mut engine = Engine::new(EngineOptions::default(), 7, now);
/// engine.connect(now);
/// while let Some(output) = engine.poll_output() {
///     match output {
///         Output::OpenStore => println!("open the store, then handle_store"),
///         Output::Dial { generation, .. } => println!("dial as {generation:?}, then handle_socket"),
///         _ => {}
///     }
/// }
/// // Then the next input is waited for, until here at the latest.
/// assert!(engine.poll_timeout().is_some());
/// ```
pub struct Engine {
    options: EngineOptions,
    rng: Rng,
    out: VecDeque<Output>,
    timers: Timers,
    phase: Phase,
    cause: Cause,
    /// A dial of this wish to connect failed or its connection dropped: Reconnecting, not Connecting.
    again: bool,
    /// The number of the last socket.
    sockets: u64,
    backoff: Backoff,
    auth: Auth,
    liveness: Liveness,
    /// A leader asks it directly, and tells it what brings about no output.
    pub(crate) outbox: Outbox,
    subs: Subscriptions,
    consumers: Consumers,
    gate: StoreGate,
    hints: Hints,
    /// Monotonic ms before which a server forbade dialling.
    not_before_mono: Option<u64>,
    /// One reconnect was spent on a message that stays unanswered.
    stuck_spent: bool,
    /// `welcome.maxMessageBytes`, also for the first flight of the next socket.
    max_message_bytes: u64,
    report: Report,
}

impl Engine {
    /// A new engine, disconnected. It asks for the store at once. `seed` is all its randomness.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, EngineOptions, Now, Output};
    ///
    /// let mut engine = Engine::new(EngineOptions::default(), 7, Now::default());
    /// assert!(matches!(engine.poll_output(), Some(Output::OpenStore)));
    /// ```
    pub fn new(mut options: EngineOptions, seed: u64, now: Now) -> Self {
        crate::mutant::twist(&mut options);
        let mut engine = Self {
            rng: Rng::with_seed(seed),
            out: VecDeque::new(),
            timers: Timers::default(),
            phase: Phase::Idle,
            cause: Cause::NotAsked,
            again: false,
            sockets: 0,
            backoff: Backoff::new(&options.connection),
            auth: Auth::new(&options),
            liveness: Liveness::default(),
            outbox: Outbox::new(options.outbox.clone(), options.tab.clone(), now),
            subs: Subscriptions::default(),
            consumers: Consumers::default(),
            gate: StoreGate::default(),
            hints: Hints::new(now),
            not_before_mono: None,
            stuck_spent: false,
            max_message_bytes: bounds::BASIC_MESSAGE_BYTES,
            report: Report { is_dirty: true, ..Report::default() },
            options,
        };
        if engine.outbox.ready() {
            engine.store_known(now);
        }
        engine.finish_input(now);
        engine
    }

    /// Other bounds than the usual ones, before anything is held.
    ///
    /// ```
    /// use sentinelops_engine::{Bounds, Engine, EngineOptions, Now};
    ///
    /// let mut engine = Engine::new(EngineOptions::default(), 7, Now::default());
    /// engine.set_bounds(Bounds { failed: 50, ..Bounds::default() });
    /// ```
    pub fn set_bounds(&mut self, bounds: crate::Bounds) {
        self.consumers.set_bounds(bounds);
        self.outbox.keep_failed(bounds.failed);
    }

    /// The next thing to carry out. Drain it after every input.
    ///
    /// ```
    /// use sentinelops_engine::Engine;
    ///
    /// fn drain(engine: &mut Engine) -> usize {
    ///     std::iter::from_fn(|| engine.poll_output()).count()
    /// }
    /// ```
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Monotonic ms at which [`Engine::handle_timeout`] is due at the latest.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, Now};
    ///
    /// /// How long the shell may sleep, ms.
    /// fn sleep_for(engine: &Engine, now: Now) -> Option<u64> {
    ///     engine.poll_timeout().map(|at| at.saturating_sub(now.mono))
    /// }
    /// ```
    pub fn poll_timeout(&self) -> Option<u64> {
        self.next_due().map(|(at, _)| at)
    }

    /// Everything not answered yet, and the failed list.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, EngineOptions, Now};
    ///
    /// let engine = Engine::new(EngineOptions::default(), 7, Now::default());
    /// assert!(engine.messages().is_empty());
    /// ```
    pub fn messages(&self) -> Vec<MessageInfo> {
        self.outbox.list()
    }

    /// How many messages are in which state.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, EngineOptions, Now};
    ///
    /// let engine = Engine::new(EngineOptions::default(), 7, Now::default());
    /// assert_eq!(engine.counts().failed, 0);
    /// ```
    pub fn counts(&self) -> MessageCounts {
        self.outbox.counts()
    }

    /// Epoch, seq and items of a subject whose state is held (epoch empty, seq 0 in basic mode).
    ///
    /// ```
    /// use sentinelops_engine::{Engine, EngineOptions, Now};
    /// use sentinelops_protocol::{Channel, Subject};
    ///
    /// let engine = Engine::new(EngineOptions::default(), 7, Now::default());
    /// assert!(engine.fold_items(&Subject::channel(Channel::Incidents)).is_none(), "nobody follows it");
    /// ```
    pub fn fold_items(&self, subject: &Subject) -> Option<(String, u64, Vec<Rc<Event>>)> {
        self.subs.fold_items(subject)
    }

    /// The term: the number of leaders of this browser's scope so far, sent in `hello`. Known once the store answered.
    ///
    /// ```
    /// use sentinelops_engine::{Engine, EngineOptions, Now};
    ///
    /// let engine = Engine::new(EngineOptions::default(), 7, Now::default());
    /// assert_eq!(engine.term(), 0, "the store has not answered");
    /// ```
    pub fn term(&self) -> u64 {
        self.outbox.meta().term
    }

    /// The number of the last socket.
    #[cfg(test)]
    pub(crate) fn sockets(&self) -> u64 {
        self.sockets
    }

    /// News of messages that wait for a consumer's credit, for an engine that ends.
    pub(crate) fn last_updates(&mut self, consumer: crate::ConsumerId) -> Vec<crate::MessageUpdate> {
        self.consumers.last_updates(consumer)
    }

    /// The store was open until now, here or at the leader before, so it is not waited for as long as an opening.
    pub(crate) fn store_was_open(&mut self, now: Now) {
        self.gate.wait_ms = store_gate::LOOK_WAIT_MS;
        self.outbox.store_was_open(now);
    }

    /// Messages that their sender knows to be stored. If the store cannot be read they are resubmitted, ahead of messages
    /// sent from now on.
    pub(crate) fn assume_stored(
        &mut self,
        now: Now,
        to: crate::ConsumerId,
        requests: Vec<crate::SendRequest>,
    ) {
        self.outbox.assume_stored(now, to, requests);
        self.finish_input(now);
    }

    /// A line for people who debug. It may quote a server, so no token is left in it.
    fn note(&mut self, text: impl AsRef<str>) {
        let text = self.auth.redact(text.as_ref());
        self.out.push_back(Output::Trace(Trace::Note(text)));
    }
}
