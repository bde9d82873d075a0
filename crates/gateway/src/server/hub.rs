//! The one task that owns the core. Everything else talks to it through [`Input`].

use super::clock::Clock;
use super::journal::Journal;
use super::log;
use crate::{ConnId, Gateway, Mode, Now, Output, Scenario};
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Inputs taken at once before their outputs are carried out.
const BATCH: usize = 64;

/// A look at the core, or a hand on it.
pub(super) type Call = Box<dyn FnOnce(&mut Gateway, Now) + Send>;

/// What the hub hears.
pub(super) enum Input {
    Connect {
        user: String,
        link: Link,
        reply: oneshot::Sender<ConnId>,
    },
    Frame {
        conn: ConnId,
        bytes: Vec<u8>,
    },
    /// The socket can take more again.
    Relieved {
        conn: ConnId,
    },
    Gone {
        conn: ConnId,
    },
    /// Something an operator or a test asks for.
    Call(Call),
}

/// What a socket's writer is told.
pub(super) enum Write {
    Frame { bytes: Vec<u8>, binary: bool },
    Close { code: u16, reason: String },
}

/// The hub's end of a socket.
#[derive(Clone)]
pub(super) struct Link {
    pub writes: mpsc::UnboundedSender<Write>,
    pub load: Arc<Load>,
}

/// How much of what the hub handed over is still unwritten. The queue itself needs no bound: the
/// core hands nothing over above its high-water mark.
#[derive(Debug, Default)]
pub(super) struct Load {
    unwritten: AtomicUsize,
    /// The hub wants to hear when it falls.
    waiting: AtomicBool,
}

impl Load {
    /// The writer is done with so many bytes; `true` when the hub has to be told.
    pub(super) fn written(&self, bytes: usize, low_water: usize) -> bool {
        let left = self.unwritten.fetch_sub(bytes, Ordering::SeqCst).saturating_sub(bytes);
        left <= low_water && self.waiting.swap(false, Ordering::SeqCst)
    }

    /// What is left. Above `high_water` the writer will say when it has fallen: the flag is set
    /// before the count is read, so that no fall in between goes unnoticed.
    fn unwritten(&self, high_water: usize) -> usize {
        let bytes = self.unwritten.load(Ordering::SeqCst);
        if bytes <= high_water {
            return bytes;
        }
        self.waiting.store(true, Ordering::SeqCst);
        self.unwritten.load(Ordering::SeqCst)
    }
}

pub(super) struct Hub {
    pub gateway: Gateway,
    pub scenario: Option<Scenario>,
    pub journal: Option<Journal>,
    pub clock: Clock,
    pub links: HashMap<ConnId, Link>,
}

impl Hub {
    /// Runs until nobody can send it anything any more, or the journal fails.
    pub(super) async fn run(mut self, mut inputs: mpsc::Receiver<Input>) -> io::Result<()> {
        self.begin()?;
        loop {
            let due = [self.gateway.poll_timeout(), self.scenario.as_ref().and_then(Scenario::poll_timeout)];
            let due = due.into_iter().flatten().min();
            let sleep = async {
                match due {
                    Some(at) => tokio::time::sleep_until(self.clock.instant(at).into()).await,
                    None => std::future::pending().await,
                }
            };
            let first = tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => Some(input),
                    None => return Ok(()),
                },
                () = sleep => None,
            };
            let now = self.clock.now();
            if let Some(input) = first {
                self.take(now, input);
                for _ in 1..BATCH {
                    let Ok(input) = inputs.try_recv() else { break };
                    self.take(now, input);
                }
            }
            self.gateway.timeout(now);
            self.tell(now);
            self.carry_out(now)?;
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        let now = self.clock.now();
        if let Some(scenario) = &mut self.scenario {
            for event in scenario.warm_up(now, self.gateway.view()) {
                self.gateway.publish(now, event);
            }
        }
        self.carry_out(now)
    }

    fn take(&mut self, now: Now, input: Input) {
        match input {
            Input::Connect { user, link, reply } => {
                let conn = self.gateway.connect(now, user);
                self.gateway.buffered(now, conn, 0);
                self.links.insert(conn, link);
                log::line(&format!("{conn} connected"));
                if reply.send(conn).is_err() {
                    self.gone(now, conn);
                }
            }
            Input::Frame { conn, bytes } => {
                if self.gateway.config().mode == Mode::Basic {
                    log::line(&format!("{conn} received: {}", log::frame(&bytes)));
                }
                self.gateway.receive(now, conn, &bytes);
            }
            Input::Relieved { conn } => self.report(now, conn),
            Input::Gone { conn } => self.gone(now, conn),
            Input::Call(call) => call(&mut self.gateway, now),
        }
    }

    fn gone(&mut self, now: Now, conn: ConnId) {
        self.gateway.disconnected(now, conn);
        self.links.remove(&conn);
        log::line(&format!("{conn} disconnected"));
    }

    /// Lets the scenario do what is due.
    fn tell(&mut self, now: Now) {
        let Some(scenario) = &mut self.scenario else { return };
        while scenario.poll_timeout().is_some_and(|at| at <= now.mono) {
            for event in scenario.step(now, self.gateway.view()) {
                self.gateway.publish(now, event);
            }
        }
    }

    fn report(&mut self, now: Now, conn: ConnId) {
        if let Some(link) = self.links.get(&conn) {
            let bytes = link.load.unwritten(self.gateway.config().high_water_bytes);
            self.gateway.buffered(now, conn, bytes);
        }
    }

    fn carry_out(&mut self, now: Now) -> io::Result<()> {
        loop {
            let mut sent = BTreeSet::new();
            while let Some(output) = self.gateway.poll_output() {
                match output {
                    Output::Send { conn, frame, binary } => {
                        let Some(link) = self.links.get(&conn) else { continue };
                        link.load.unwritten.fetch_add(frame.len(), Ordering::SeqCst);
                        // A socket that is gone says so itself.
                        let _ = link.writes.send(Write::Frame { bytes: frame, binary });
                        sent.insert(conn);
                    }
                    Output::Close { conn, code, reason } => {
                        log::line(&format!("{conn} closed by the gateway: {code} {reason}"));
                        if let Some(link) = self.links.remove(&conn) {
                            let _ = link.writes.send(Write::Close { code, reason });
                        }
                    }
                    Output::Remember(record) => {
                        if let Some(journal) = &mut self.journal {
                            journal.append(&record)?;
                        }
                    }
                }
            }
            if sent.is_empty() {
                break;
            }
            for conn in sent {
                self.report(now, conn);
            }
        }
        match &mut self.journal {
            Some(journal) => journal.tidy(|| self.gateway.durable()),
            None => Ok(()),
        }
    }
}
