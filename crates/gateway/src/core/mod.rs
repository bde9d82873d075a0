//! The sans-IO core: sessions, subscriptions, history, dedupe, the applied state.
//!
//! **After every input, carry out [`Gateway::poll_output`] until it answers `None`; then wait for
//! the next input, at the latest until [`Gateway::poll_timeout`], and then call
//! [`Gateway::timeout`].** `None` may also mean that the outputs left depend on records that the store has not
//! committed: call it again when [`Store::committed`] has risen.
//!
//! - Inputs of a connection: [`Gateway::connect`], [`Gateway::receive`], [`Gateway::buffered`],
//!   [`Gateway::disconnected`].
//! - Who it is: [`Gateway::offer_token`], [`Gateway::authenticated`], [`Gateway::revoke`].
//! - Alerts from outside: [`Gateway::set_sources`], [`Gateway::ingest`], [`Gateway::reconcile`].
//! - Commands of backends: [`Gateway::publish_as`].
//! - Inputs of the operator: [`Gateway::publish`], [`Gateway::drain`], [`Gateway::close_all`],
//!   [`Gateway::set_nack_every`].
//! - Time: [`Gateway::timeout`]. Every input takes [`Now`]. Inputs that are there at the same time may be put between
//!   [`Gateway::begin_batch`] and [`Gateway::end_batch`].
//! - A log that several gateways write to ([`Store::writer`]): [`Gateway::fold`], [`Gateway::passed`], [`Gateway::stale`],
//!   [`Gateway::refused`], [`Gateway::told`], [`Gateway::reset`].
//! - Memory: every accepted command becomes one [`Record`] of the [`Store`]; [`Gateway::durable`] is a value;
//!   [`Gateway::restore`] starts from one.
//! - Getters for checking: [`Gateway::state`], [`Gateway::view`], [`Gateway::effects`],
//!   [`Gateway::stats`].
//!
//! Nothing that a client sends makes it panic.

mod access;
mod apply;
mod basic;
mod commands;
mod config;
mod conn;
mod durable;
mod flush;
mod histogram;
mod history;
mod identity;
mod ids;
mod index;
mod ingest;
mod intake;
mod kept;
mod lab;
mod links;
mod outputs;
mod publish;
mod queue;
mod rate;
mod record;
mod requests;
mod session;
mod shared;
mod state;
mod statistics;
mod storage;
mod store;
mod subscribe;
mod subscriptions;
mod timeline;
mod types;

pub use config::{Bug, GatewayConfig, Mode, TestConfig, TrafficLimits};
pub use durable::{Durable, Loaded};
pub use histogram::Histogram;
pub use identity::{Auth, Denied, Identity, Rights, Token};
#[cfg(feature = "server")]
pub(crate) use ingest::FULL_RETRY_MS as INGEST_RETRY_MS;
pub use ingest::{Firing, Group, IncidentRule, IngestCounts, Part, Report, Signal, Source, What};
pub use record::{Accepted, RECORD_VERSION, Record, StoredEvent};
#[cfg(feature = "server")]
pub(crate) use shared::key_of_record;
pub use shared::{Notice, Place, Position, Proposal, Proposed};
pub use state::{NEWEST, State};
pub use statistics::{Progress, WEEK_MS};
pub use store::{Memory, Store};
pub use types::{Answer, AuthEnds, Begun, ConnId, Drops, Effect, NewEvent, Now, Output, Stats, Verdict};

use conn::{Conn, Timer};
use history::History;
use ids::Ids;
use index::Index;
use ingest::Sources;
use outputs::Outputs;
use rate::Rates;
use sentinelops_protocol::system::{ServerSystem, SnapshotItem};
use sentinelops_protocol::{Channel, Subject, close};
use shared::Shared;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// The newest snapshot of whole channels: the sequence number it shows, and its items.
type Snapshots = BTreeMap<Channel, (u64, Arc<[Box<str>]>)>;

/// When a connection that was one too many may come back.
const CROWDED_RETRY_S: u32 = 30;
/// Bounds of [`Stats::fan_out`].
const RECEIVERS: [u64; 10] = [0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];

/// What an input, or a batch of them, has brought about so far.
#[derive(Debug, Default)]
struct Round {
    /// Between [`Gateway::begin_batch`] and [`Gateway::end_batch`].
    is_batch: bool,
    /// Connections with something new to send.
    dirty: Vec<ConnId>,
}

/// The server end of every connection. See the module for how to drive it.
#[derive(Debug)]
pub struct Gateway {
    config: GatewayConfig,
    rates: Rates,
    conns: BTreeMap<ConnId, Box<Conn>>,
    index: Index,
    snapshots: Snapshots,
    /// When subscribers of channel `stats` get the next figures.
    stats_due: Option<u64>,
    last_conn: u64,
    timers: BTreeSet<(u64, ConnId, Timer)>,
    history: History,
    state: State,
    ids: Ids,
    store: Box<dyn Store>,
    effects: VecDeque<Effect>,
    outputs: Outputs,
    round: Round,
    /// New commands seen, for `nack_every`.
    commands: u64,
    stats: Stats,
    /// `retryAfterMs` of every command while nothing can be stored.
    unavailable: Option<u64>,
    /// Where alerts come from.
    sources: Sources,
    /// What waits for the log that other gateways write to as well; `None`: the store is this gateway's own.
    shared: Option<Box<Shared>>,
}

impl Gateway {
    /// A gateway that remembers nothing. `seed` makes its epoch: two starts need two seeds.
    pub fn new(config: GatewayConfig, seed: u64) -> Self {
        Self::restore(config, seed, Durable::default(), Now::default())
    }

    /// A gateway that remembers `durable`. Without its history the epoch is new.
    pub fn restore(config: GatewayConfig, seed: u64, durable: Durable, now: Now) -> Self {
        let fresh = || {
            let epoch = format!("{:016x}", fastrand::Rng::with_seed(seed).u64(..));
            History::new(epoch, config.history_events, config.history_ms)
        };
        let mut ids = Ids::default();
        ids.restore(durable.accepted, now, config.dedupe_ms);
        let history = durable.history.unwrap_or_else(fresh);
        Self {
            store: Box::new(Memory::after(history.seq)),
            history,
            state: durable.state,
            ids,
            rates: config.rates(),
            config,
            conns: BTreeMap::new(),
            index: Index::default(),
            snapshots: Snapshots::new(),
            stats_due: None,
            last_conn: 0,
            timers: BTreeSet::new(),
            effects: VecDeque::new(),
            outputs: Outputs::default(),
            round: Round::default(),
            commands: 0,
            stats: Stats { fan_out: Histogram::new(&RECEIVERS), ..Stats::default() },
            unavailable: None,
            sources: Sources::new(),
            shared: None,
        }
    }

    /// Keeps its records in `store`, which goes on after the newest record this gateway was restored from. Without it
    /// they are kept in [`Memory`].
    #[must_use]
    pub fn with_store(mut self, store: Box<dyn Store>) -> Self {
        self.shared = store.writer().map(|_| Box::default());
        self.store = store;
        self
    }

    /// What is put in from here on happens at the same time, up to [`Gateway::end_batch`]: what it brings about for a
    /// connection goes into one frame.
    pub fn begin_batch(&mut self) {
        self.round.is_batch = true;
    }

    /// Ends what [`Gateway::begin_batch`] began.
    pub fn end_batch(&mut self, now: Now) {
        self.round.is_batch = false;
        self.send_or_collect(now, true);
    }

    /// A socket was accepted. With [`Auth::Open`] `user` is believed; with [`Auth::Required`] it is ignored and the
    /// token decides. Above [`TrafficLimits::max_connections`] it is closed at once.
    pub fn connect(&mut self, now: Now, user: impl Into<Arc<str>>) -> ConnId {
        self.last_conn += 1;
        let id = ConnId(self.last_conn);
        self.stats.connections_ever += 1;
        if let Some(most) = self.config.traffic.max_connections.filter(|most| self.conns.len() >= *most) {
            self.stats.drops.crowded += 1;
            let reason =
                format!("retry after {CROWDED_RETRY_S} s; {most} connections are open, the most allowed");
            self.output(Output::Close { conn: id, code: close::RATE_LIMITED, reason });
            return id;
        }
        let is_open = self.config.auth == Auth::Open || self.config.mode == Mode::Basic;
        let identity = is_open.then(|| Identity::open(user));
        self.conns.insert(id, Box::new(Conn::new(identity, now.mono)));
        if !is_open {
            self.await_token(now, id);
        }
        match self.config.mode {
            Mode::Basic => self.arm(now.mono + basic::INCIDENT_AFTER_MS, id, Timer::Incident),
            Mode::V1 => self.arm(now.mono + self.config.silent_close_ms, id, Timer::Silent),
        }
        id
    }

    /// A frame came in, text or binary. For a connection that was closed it is ignored.
    pub fn receive(&mut self, now: Now, conn: ConnId, frame: &[u8]) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.last_heard = now.mono;
        self.stats.frames_in += 1;
        match self.config.mode {
            Mode::Basic => self.receive_basic(now, conn, frame),
            Mode::V1 => self.receive_v1(now, conn, frame),
        }
        self.settle(now);
    }

    /// The socket is gone.
    pub fn disconnected(&mut self, now: Now, conn: ConnId) {
        self.forget(conn);
        self.settle(now);
    }

    /// How many bytes of this connection's frames the shell has not written yet. A shell that never
    /// says gets everything at once: there is no backpressure then.
    pub fn buffered(&mut self, now: Now, conn: ConnId, bytes: usize) {
        if let Some(state) = self.conns.get_mut(&conn) {
            state.buffered = Some(bytes);
            self.touch(conn);
        }
        self.settle(now);
    }

    /// Carries out what is due. Harmless when nothing is.
    pub fn timeout(&mut self, now: Now) {
        while let Some((at, conn, timer)) = self.timers.first().copied() {
            if at > now.mono {
                break;
            }
            self.timers.pop_first();
            self.fire(now, conn, timer);
        }
        self.watch_sources(now);
        self.publish_stats_when_due(now);
        self.keep_leases(now);
        self.answer_ahead(now);
        self.ids.forget_older(now.mono, self.config.dedupe_ms);
        self.settle(now);
    }

    /// When to call [`Gateway::timeout`] at the latest, on the monotonic clock.
    pub fn poll_timeout(&self) -> Option<u64> {
        let of_connections = self.timers.first().map(|(at, _, _)| *at);
        [of_connections, self.watch_due(), self.stats_due, self.leases_due(), self.ahead_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next thing to do, if any. Held back until the store has committed every record it depends on.
    pub fn poll_output(&mut self) -> Option<Output> {
        let committed = if self.config.has(Bug::LeaveEarly) { u64::MAX } else { self.store.committed() };
        self.outputs.next(committed)
    }

    fn output(&mut self, output: Output) {
        // While the store takes nothing nothing new is accepted, and what depends on what waits is held already.
        let needs = if self.unavailable.is_some() { 0 } else { self.history.seq };
        self.outputs.push(needs, output);
    }

    /// Applies an event to the state, keeps it in the history and sends it to whom it concerns.
    /// Returns its seq; `None` for an event that has none (typing), and for one that would open an incident or
    /// alert above [`GatewayConfig::max_open`], or that cannot be stored now: it is not applied. `None` also where other
    /// gateways write to the same log: the seq is known when it comes back.
    pub fn publish(&mut self, now: Now, event: NewEvent) -> Option<u64> {
        if self.is_shared() && !event.payload.is_ephemeral() {
            self.enqueue_event(now, event);
            self.settle(now);
            return None;
        }
        let seq = self.publish_and_record(now, event);
        self.settle(now);
        seq
    }

    /// Says goodbye to every connection and closes it with 1012 and the window in the reason (basic:
    /// 1001). New ones are still taken: not accepting them is the shell's business.
    pub fn drain(&mut self, now: Now, reason: &str, window_ms: u64) {
        for conn in self.ids_of_connections() {
            match self.config.mode {
                Mode::V1 => {
                    let goodbye =
                        ServerSystem::Goodbye { reason: reason.to_owned(), reconnect_window_ms: window_ms };
                    self.send_system(now, conn, &goodbye);
                    // Ahead of the words: these may be cut to what a close frame holds.
                    self.close(now, conn, close::RESTART, &format!("window {window_ms} ms; {reason}"));
                }
                Mode::Basic => self.close(now, conn, close::GOING_AWAY, reason),
            }
        }
    }

    /// Closes every connection with a code, for tests and operators.
    pub fn close_all(&mut self, now: Now, code: u16, reason: &str) {
        for conn in self.ids_of_connections() {
            self.close(now, conn, code, reason);
        }
    }

    /// Fault for tests: every n-th new command is refused with a retryable `nack`; `None` ends it.
    pub fn set_nack_every(&mut self, every: Option<u32>) {
        self.config.test.nack_every = every;
    }

    /// A copy of everything that may outlive a restart, as of now.
    pub fn durable(&self) -> Durable {
        Durable { accepted: self.ids.list(), state: self.state.clone(), history: Some(self.history.clone()) }
    }

    /// Ends the gateway and keeps its memory.
    pub fn into_durable(self) -> Durable {
        Durable { accepted: self.ids.list(), state: self.state, history: Some(self.history) }
    }

    /// What a snapshot of `subject` would hold now.
    pub fn state(&self, subject: &Subject) -> Vec<SnapshotItem> {
        self.state.items(subject)
    }

    /// The applied state.
    pub fn view(&self) -> &State {
        &self.state
    }

    /// The present epoch.
    pub fn epoch(&self) -> &str {
        &self.history.epoch
    }

    /// The seq of the newest record; 0 before the first.
    pub fn seq(&self) -> u64 {
        self.history.seq
    }

    /// The commands that took effect, oldest first; the newest `effects_kept` of them.
    pub fn effects(&self) -> impl DoubleEndedIterator<Item = &Effect> {
        self.effects.iter()
    }

    /// The open connections and whom they belong to; nobody (`""`) before a token was accepted.
    pub fn connections(&self) -> impl Iterator<Item = (ConnId, &str)> {
        self.conns.iter().map(|(id, conn)| (*id, conn.user()))
    }

    /// Counters.
    pub fn stats(&self) -> Stats {
        let subscriptions = self.conns.values().map(|conn| conn.subscriptions.len()).sum();
        Stats { connections: self.conns.len(), subscriptions, ..self.stats }
    }

    /// Bytes of answers and live events that wait for each open connection and were not handed over yet.
    pub fn queued(&self) -> impl Iterator<Item = (ConnId, usize)> {
        self.conns.iter().map(|(id, conn)| (*id, conn.queue.bytes()))
    }

    /// The options it runs with.
    pub fn config(&self) -> &GatewayConfig {
        &self.config
    }

    fn ids_of_connections(&self) -> Vec<ConnId> {
        self.conns.keys().copied().collect()
    }
}
