//! The log of many gateways: NATS JetStream.
//!
//! - Stream `SO_LOG` is the log: a message is a [`crate::Record`], its sequence number is the record's `seq`, its subject
//!   the record's key. A record is taken only when no other one of its key came since it was judged
//!   (`Nats-Expected-Last-Subject-Sequence`), and one of a command only once (`Nats-Msg-Id`).
//! - `SO_STATE` (the newest record of each key) and `SO_TAIL` (the newest 5,000) are filled by the server from the log and
//!   are what is left of the time before the log begins.
//! - A task (`Nats::open`) holds one connection and one ordered consumer, and starts over with both when anything
//!   breaks. What it received from the log goes on in the same epoch only when the log proves to continue it.
//! - Notices (typing, sessions, sources heard) go by core NATS and are kept nowhere.

mod connect;
mod delivery;
mod epoch;
mod follow;
mod import;
mod layout;
mod load;
mod options;
mod outcome;
mod pump;
mod reader;
mod session;
mod status;
mod stored;
mod streams;

pub use import::import;
pub use layout::NAMESPACE;
pub use options::{NatsOptions, RECORD_LAYOUT};
pub use status::status;

use crate::{Durable, GatewayConfig, Notice, Now, Proposal, Record, Store};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Records that may wait for the core.
const EVENTS: usize = 4_096;

/// What keeps the log from being used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It cannot be reached now: it is tried again.
    Gone(String),
    /// It will not do as it is: trying again would not help.
    Unusable(String),
    /// It holds a record that this version cannot read: going on would be a guess.
    Unreadable(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(text) | Self::Unusable(text) | Self::Unreadable(text) => f.write_str(text),
        }
    }
}

/// What the core is told.
#[derive(Debug)]
pub(crate) enum Event {
    /// Everything that the log holds, read from its beginning: at the start, and when the log does not continue what was
    /// read before.
    Loaded(Box<Durable>),
    /// The log can be written to, and everything in it was handed over.
    Up,
    /// It cannot.
    Down(String),
    /// It never will.
    Broken(String),
    Record {
        seq: u64,
        key: String,
        record: Record,
        own: Option<u64>,
    },
    /// A message of the log that is no record.
    Passed {
        seq: u64,
    },
    Stale {
        number: u64,
        newest: u64,
    },
    Refused {
        number: u64,
        text: String,
    },
    Told(Notice),
    /// The log has lost what this gateway holds: which records would bring back what `loaded` lacks.
    Missing {
        loaded: Box<Durable>,
        reply: oneshot::Sender<Vec<(String, Record)>>,
    },
    /// Somebody asks every gateway how it is.
    Who(oneshot::Sender<Gateway>),
}

impl Event {
    /// Instead of an event, when none comes any more.
    pub(crate) fn ended() -> Self {
        Self::Broken("the connection to NATS has ended".to_owned())
    }
}

/// A gateway, as it says of itself when it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Gateway {
    pub name: String,
    pub version: String,
    pub epoch: String,
    /// Up to which record it has read the log.
    pub seq: u64,
    pub connections: usize,
    pub uptime_ms: u64,
}

/// What the core has for the log.
#[derive(Debug)]
enum Ask {
    Propose(Proposal),
    Tell(Notice),
    /// Returns when everything that the log holds now has been handed over.
    Probe(oneshot::Sender<Result<(), String>>),
}

/// Figures for `/metrics`.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub up: AtomicU64,
    pub reconnects: AtomicU64,
    pub epochs: AtomicU64,
    pub published: AtomicU64,
    /// Between handing a record to the server and its answer, µs.
    pub publish_us: std::sync::Mutex<crate::Histogram>,
    /// Messages of the log that were behind it.
    pub lag: AtomicU64,
    /// Messages of the log that no gateway wrote.
    pub foreign: AtomicU64,
}

/// The log as the shell has it.
#[derive(Debug)]
pub(crate) struct Nats {
    /// Unique among all gateways, and different at each start.
    name: Arc<str>,
    asks: mpsc::UnboundedSender<Ask>,
    pub events: mpsc::Receiver<Event>,
    figures: Arc<Figures>,
}

impl Nats {
    /// Starts the task that connects, makes the streams and reads them. The first event is [`Event::Loaded`] or
    /// [`Event::Broken`].
    pub(crate) fn open(
        options: NatsOptions,
        config: &GatewayConfig,
        seed: u64,
        now: impl Fn() -> Now + Send + Sync + 'static,
    ) -> Self {
        let name: Arc<str> = format!("{:08x}", seed >> 32).into();
        let (asks, asked) = mpsc::unbounded_channel();
        let (sender, events) = mpsc::channel(EVENTS);
        let figures = Arc::new(Figures {
            publish_us: std::sync::Mutex::new(crate::Histogram::new(&PUBLISH_US)),
            ..Figures::default()
        });
        let session =
            session::Session::new(options, name.clone(), config.clone(), sender, figures.clone(), now);
        tokio::spawn(session.run(asked));
        Self { name, asks, events, figures }
    }

    /// What the core appends to.
    pub(crate) fn log(&self) -> Log {
        Log { name: self.name.clone(), asks: self.asks.clone() }
    }

    /// What others may ask of it while the core has it.
    pub(crate) fn watch(&self) -> NatsWatch {
        NatsWatch { asks: self.asks.downgrade(), figures: self.figures.clone() }
    }
}

/// Bounds of a publish, µs.
const PUBLISH_US: [u64; 11] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000];

/// A look at a [`Nats`] from outside.
#[derive(Clone, Debug)]
pub(crate) struct NatsWatch {
    asks: mpsc::WeakUnboundedSender<Ask>,
    figures: Arc<Figures>,
}

/// [`Figures`] at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FiguresNow {
    pub up: u64,
    pub reconnects: u64,
    pub epochs: u64,
    pub published: u64,
    pub publish_us: crate::Histogram,
    pub lag: u64,
    pub foreign: u64,
}

impl NatsWatch {
    pub(crate) fn figures(&self) -> FiguresNow {
        let get = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        let Figures { up, reconnects, epochs, published, publish_us, lag, foreign } = &*self.figures;
        FiguresNow {
            up: get(up),
            reconnects: get(reconnects),
            epochs: get(epochs),
            published: get(published),
            publish_us: *publish_us.lock().unwrap_or_else(PoisonError::into_inner),
            lag: get(lag),
            foreign: get(foreign),
        }
    }

    /// A round trip: returns when everything that the log holds now has been handed to the core.
    ///
    /// # Errors
    /// Why it cannot be reached.
    pub(crate) async fn probe(&self) -> Result<(), String> {
        let ended = || "the connection to NATS has ended".to_owned();
        let (reply, answer) = oneshot::channel();
        self.asks.upgrade().ok_or_else(ended)?.send(Ask::Probe(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

/// The end of a [`Nats`] that the core holds.
#[derive(Debug)]
pub(crate) struct Log {
    name: Arc<str>,
    asks: mpsc::UnboundedSender<Ask>,
}

impl Store for Log {
    /// A log gives no `seq` before it has the record: the core proposes.
    fn append(&mut self, _: Record) -> u64 {
        0
    }

    /// What was folded came from the log.
    fn committed(&self) -> u64 {
        u64::MAX
    }

    fn writer(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn propose(&mut self, proposal: Proposal) {
        // It fails when the shell has ended, and with it every connection.
        let _ = self.asks.send(Ask::Propose(proposal));
    }

    fn tell(&mut self, notice: Notice) {
        let _ = self.asks.send(Ask::Tell(notice));
    }
}
