//! The one task that owns the core. Everything else talks to it through [`Input`].

use super::access::Current;
use super::clock::Clock;
use super::commits::Commits;
use super::journal::Journal;
use super::log;
use super::socket::Opened;
use crate::store::Failure;
use crate::{ConnId, Denied, Gateway, Identity, Mode, Now, Output, Scenario, Token};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_tungstenite::tungstenite::Bytes;

/// Inputs taken at once before their outputs are carried out.
const BATCH: usize = 256;

/// A look at the core, or a hand on it.
pub(super) type Call = Box<dyn FnOnce(&mut Gateway, Now) + Send>;

/// What the hub receives.
pub(super) enum Input {
    Connect {
        opened: Opened,
        link: Arc<Link>,
        reply: oneshot::Sender<ConnId>,
    },
    Frame {
        conn: ConnId,
        bytes: Bytes,
    },
    /// A token was checked.
    Checked {
        conn: ConnId,
        result: Result<Identity, Denied>,
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

/// What a socket is to write.
pub(super) enum Write {
    Frame { bytes: Vec<u8>, binary: bool },
    Close { code: u16, reason: String },
}

/// From the hub to a socket. The queue needs no bound: the core hands nothing over above its high-water mark. Empty,
/// it has no memory of its own.
#[derive(Default)]
pub(super) struct Link {
    writes: Mutex<Vec<Write>>,
    wake: Notify,
    /// Bytes handed over and not written yet.
    unwritten: AtomicUsize,
    /// The hub wants to be told when they are fewer.
    waiting: AtomicBool,
}

impl Link {
    /// For the socket: returns when there is something to take.
    pub(super) async fn wait(&self) {
        self.wake.notified().await;
    }

    /// For the socket: everything to write, in order.
    pub(super) fn take(&self) -> Vec<Write> {
        std::mem::take(&mut *self.writes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// For the socket: so many bytes are written. `true` when the hub has to be told.
    pub(super) fn written(&self, bytes: usize, low_water: usize) -> bool {
        let left = self.unwritten.fetch_sub(bytes, Ordering::SeqCst).saturating_sub(bytes);
        left <= low_water && self.waiting.swap(false, Ordering::SeqCst)
    }

    fn put(&self, write: Write) {
        if let Write::Frame { bytes, .. } = &write {
            self.unwritten.fetch_add(bytes.len(), Ordering::SeqCst);
        }
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).push(write);
        self.wake.notify_one();
    }

    /// Bytes that are not written yet. Above `high_water` the socket will say when they are fewer: the flag is set
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
    pub links: HashMap<ConnId, Arc<Link>>,
    pub access: Current,
    /// For what is answered later. Weak: the hub ends when nobody else can send it anything.
    pub inputs: mpsc::WeakSender<Input>,
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
            Input::Connect { opened, link, reply } => {
                let conn = self.gateway.connect(now, opened.user);
                self.gateway.buffered(now, conn, 0);
                self.links.insert(conn, link);
                log::line(&format!("{conn} connected from {}", opened.from));
                if let Some(token) = opened.token {
                    self.gateway.offer_token(now, conn, token);
                }
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
            Input::Checked { conn, result } => self.checked(now, conn, result),
            Input::Relieved { conn } => self.report(now, conn),
            Input::Gone { conn } => self.gone(now, conn),
            Input::Call(call) => call(&mut self.gateway, now),
        }
    }

    fn checked(&mut self, now: Now, conn: ConnId, result: Result<Identity, Denied>) {
        // Revoked while it was being checked.
        let result = result.and_then(|identity| self.access.get().unless_revoked(identity));
        if let Ok(identity) = &result {
            log::line(&format!("{conn} is {:?}", identity.user));
        }
        self.gateway.authenticated(now, conn, result);
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
            let bytes = link.unwritten(self.gateway.config().high_water_bytes);
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
                    link.put(Write::Frame { bytes: frame, binary });
                    sent.insert(conn);
                }
                Output::Close { conn, code, reason } => {
                    log::line(&format!("{conn} closed by the gateway: {code} {reason}"));
                    if let Some(link) = self.links.remove(&conn) {
                        link.put(Write::Close { code, reason });
                    }
                }
                Output::CheckToken { conn, token } => self.check(conn, token),
                // Stored before the outputs after it were handed on.
                Output::Remember(_) => {}
            }
        }
        for conn in sent {
            self.report(now, conn);
        }
    }

    /// Beside the hub: a check may wait for keys.
    fn check(&self, conn: ConnId, token: Token) {
        let (access, inputs) = (self.access.get(), self.inputs.clone());
        tokio::spawn(async move {
            let result = access.check(&token).await;
            if let Some(inputs) = inputs.upgrade() {
                // It fails when the hub has ended, and with it every connection.
                let _ = inputs.send(Input::Checked { conn, result }).await;
            }
        });
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
