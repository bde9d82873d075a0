//! The one task that owns the core. Everything else talks to it through [`Input`].

use super::clock::Clock;
use super::commits::Commits;
use super::journal::Journal;
use super::log;
use crate::store::Failure;
use crate::{ConnId, Gateway, Mode, Now, Output, Scenario};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Inputs taken at once before their outputs are carried out.
const BATCH: usize = 256;

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
    pub commits: Option<Commits>,
    pub clock: Clock,
    pub links: HashMap<ConnId, Link>,
}

impl Hub {
    /// Runs until nobody can send it anything any more, or store or journal fail.
    pub(super) async fn run(mut self, mut inputs: mpsc::Receiver<Input>) -> Result<(), Failure> {
        self.begin().await?;
        loop {
            let story =
                self.scenario.as_ref().filter(|_| !self.is_stalled()).and_then(Scenario::poll_timeout);
            let commit = self.commits.as_ref().and_then(Commits::poll_timeout);
            let due = [self.gateway.poll_timeout(), story, commit];
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
            self.carry_out(now).await?;
        }
    }

    fn is_stalled(&self) -> bool {
        self.commits.as_ref().is_some_and(Commits::is_stalled)
    }

    async fn begin(&mut self) -> Result<(), Failure> {
        let now = self.clock.now();
        if let Some(scenario) = &mut self.scenario {
            for event in scenario.warm_up(now, self.gateway.view()) {
                self.gateway.publish(now, event);
            }
        }
        self.carry_out(now).await
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
        if self.is_stalled() {
            return;
        }
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

    async fn carry_out(&mut self, now: Now) -> Result<(), Failure> {
        if let Some(commits) = &mut self.commits {
            let held = commits.retry(&mut self.gateway, now).await?;
            self.deliver(now, held);
        }
        loop {
            let outputs = match &mut self.commits {
                Some(commits) => commits.pass(&mut self.gateway, now).await?,
                None => self.journalled()?,
            };
            if outputs.is_empty() {
                break;
            }
            self.deliver(now, outputs);
        }
        match &mut self.journal {
            Some(journal) => journal.tidy(|| self.gateway.durable()).map_err(not_journalled),
            None => Ok(()),
        }
    }

    fn deliver(&mut self, now: Now, outputs: Vec<Output>) {
        let mut sent = BTreeSet::new();
        for output in outputs {
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
                // Stored before the outputs after it were handed on.
                Output::Remember(_) => {}
                // Not asked for with `Auth::Open`.
                Output::CheckToken { .. } => {}
            }
        }
        for conn in sent {
            self.report(now, conn);
        }
    }

    fn journalled(&mut self) -> Result<Vec<Output>, Failure> {
        let mut outputs = Vec::new();
        while let Some(output) = self.gateway.poll_output() {
            if let (Output::Remember(record), Some(journal)) = (&output, &mut self.journal) {
                journal.append(record).map_err(not_journalled)?;
            }
            outputs.push(output);
        }
        Ok(outputs)
    }
}

fn not_journalled(error: std::io::Error) -> Failure {
    Failure::Broken(format!("the file of --remember cannot be written: {error}"))
}
