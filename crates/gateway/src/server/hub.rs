//! The one task that owns the core. Everything else talks to it through [`Input`].

mod lab;
mod logged;

pub(super) use lab::Lab;

use super::Counters;
use super::access::{Access, Current};
use super::clock::Clock;
use super::input::{Input, Link, Queues, Write};
use super::log::{self, TraceId};
use crate::nats::{Event, Nats};
use crate::store::{Disk, Failure};
use crate::{Answer, ConnId, Denied, Gateway, Identity, Mode, Now, Output, Scenario, Token};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tracing::{field, info, warn};

/// Inputs taken at once before their outputs are carried out.
const BATCH: usize = 256;
/// After this time no more are taken.
const ROUND: Duration = Duration::from_millis(1);
/// Commands that may wait for the log of many gateways; with more, sockets are not read.
const MOST_WAITING: usize = 4_096;
/// `retryAfterMs` of commands while there is no room to store them.
const RETRY_AFTER_MS: u64 = 2_000;

/// Requests that wait for their answer.
#[derive(Default)]
pub(super) struct Requests {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
}

impl Requests {
    fn begin(&mut self, reply: oneshot::Sender<Answer>) -> u64 {
        self.last += 1;
        self.waiting.insert(self.last, reply);
        self.last
    }

    fn end(&mut self, request: u64, answer: Answer) {
        if let Some(reply) = self.waiting.remove(&request) {
            // It fails when nobody waits any more.
            let _ = reply.send(answer);
        }
    }
}

pub(super) struct Hub {
    pub gateway: Gateway,
    pub scenario: Option<Scenario>,
    /// Where records go; `None`: they are kept in memory.
    pub disk: Option<Disk>,
    /// The log of many gateways, instead of a disk.
    pub nats: Option<Nats>,
    /// Nothing can be stored at the moment.
    pub no_room: bool,
    pub clock: Clock,
    pub links: HashMap<ConnId, Arc<Link>>,
    pub requests: Requests,
    pub access: Current<Access>,
    pub counters: Arc<Counters>,
    /// With `--test-admin`.
    pub lab: Option<Lab>,
    /// For what is answered later. Weak: the hub ends when nobody else can send it anything.
    pub inputs: mpsc::WeakSender<Input>,
}

impl Hub {
    /// Runs until nobody can send it anything any more, or the store fails.
    pub(super) async fn run(mut self, mut inputs: mpsc::Receiver<Input>) -> Result<(), Failure> {
        self.begin().await?;
        loop {
            let story = self.scenario.as_ref().filter(|_| !self.no_room).and_then(Scenario::poll_timeout);
            let due = [self.gateway.poll_timeout(), story].into_iter().flatten().min();
            let sleep = async {
                match due {
                    Some(at) => tokio::time::sleep_until(self.clock.instant(at).into()).await,
                    None => std::future::pending().await,
                }
            };
            let stored = async {
                match &self.disk {
                    Some(disk) => disk.changed().await,
                    None => std::future::pending().await,
                }
            };
            let is_behind = self.is_behind();
            let logged = async {
                match &mut self.nats {
                    Some(nats) => nats.events.recv().await,
                    None => std::future::pending().await,
                }
            };
            let mut event = None;
            let first = tokio::select! {
                input = inputs.recv(), if !is_behind => match input {
                    Some(input) => Some(input),
                    None => return Ok(()),
                },
                found = logged => {
                    event = Some(found.unwrap_or_else(Event::ended));
                    None
                }
                () = sleep => None,
                () = stored => None,
            };
            let now = self.clock.now();
            let began = Instant::now();
            self.look_at_disk(now)?;
            self.gateway.begin_batch();
            if let Some(event) = event {
                self.take_logged(now, event, began)?;
            }
            if let Some(input) = first {
                self.take(now, input);
                for _ in 1..BATCH {
                    // What is answered already does not wait for large frames that came later.
                    if began.elapsed() >= ROUND {
                        break;
                    }
                    let Ok(input) = inputs.try_recv() else { break };
                    self.take(now, input);
                }
            }
            self.gateway.timeout(now);
            self.run_scenario(now);
            self.gateway.end_batch(now);
            self.carry_out(now);
            self.counters.round(began.elapsed());
        }
    }

    fn is_behind(&self) -> bool {
        self.disk.as_ref().is_some_and(Disk::is_behind) || self.gateway.waiting() > MOST_WAITING
    }

    fn look_at_disk(&mut self, now: Now) -> Result<(), Failure> {
        match self.disk.as_ref().and_then(Disk::failure) {
            Some(Failure::NoRoom(text)) if !self.no_room => {
                // The attempts in between say the same.
                if !self.no_room {
                    warn!("{text}; until it is back commands are refused with retryAfterMs {RETRY_AFTER_MS}");
                }
                self.no_room = true;
                self.gateway.set_unavailable(now, Some(RETRY_AFTER_MS));
            }
            Some(Failure::NoRoom(_)) => {}
            Some(failure) => return Err(failure),
            None if self.no_room && self.nats.is_none() => {
                info!("there is room again: commands are accepted");
                self.no_room = false;
                self.gateway.set_unavailable(now, None);
            }
            None => {}
        }
        Ok(())
    }

    async fn begin(&mut self) -> Result<(), Failure> {
        let now = self.clock.now();
        if let Some(scenario) = &mut self.scenario {
            for event in scenario.warm_up(now, self.gateway.view()) {
                self.gateway.publish(now, event);
            }
        }
        self.begin_shared().await?;
        self.carry_out(now);
        Ok(())
    }

    fn take(&mut self, now: Now, input: Input) {
        match input {
            Input::Connect { opened, link, reply } => {
                let conn = self.gateway.connect(now, opened.user);
                self.gateway.buffered(now, conn, 0);
                info!(conn = conn.0, trace_id = link.trace(), "connected from {}", opened.from);
                self.links.insert(conn, link);
                if let Some(token) = opened.token {
                    self.gateway.offer_token(now, conn, token);
                }
                if reply.send(conn).is_err() {
                    self.gone(now, conn);
                }
            }
            Input::Frame { conn, bytes } => {
                if self.gateway.config().mode == Mode::Basic {
                    info!(conn = conn.0, "received: {}", log::frame(&bytes));
                }
                self.receive(now, conn, bytes);
                if let Some(link) = self.links.get(&conn) {
                    link.frame_taken();
                }
            }
            Input::Checked { conn, result } => self.checked(now, conn, result),
            Input::Relieved { conn } => self.report(now, conn),
            Input::Gone { conn } => self.gone(now, conn),
            Input::Ingest { source, reports, part, reply } => {
                let request = self.requests.begin(reply);
                self.gateway.ingest(now, request, &source, reports, part);
            }
            Input::Publish { identity, commands, reply } => {
                let request = self.requests.begin(reply);
                self.gateway.publish_as(now, request, &identity, &commands);
            }
            Input::Call(call) => call(&mut self.gateway, now),
            Input::Queues(reply) => {
                // It fails when nobody waits any more.
                let _ = reply.send(self.queues());
            }
        }
    }

    fn checked(&mut self, now: Now, conn: ConnId, result: Result<Identity, Denied>) {
        // Revoked while it was being checked.
        let access = self.access.get();
        let result = result.and_then(|identity| access.unless_revoked(identity, &self.counters));
        if let Ok(identity) = &result {
            info!(conn = conn.0, trace_id = self.trace(conn), "is {:?}", identity.user);
        }
        self.gateway.authenticated(now, conn, result);
    }

    fn gone(&mut self, now: Now, conn: ConnId) {
        self.gateway.disconnected(now, conn);
        info!(conn = conn.0, trace_id = self.trace(conn), "disconnected");
        self.links.remove(&conn);
    }

    fn queues(&self) -> Queues {
        let unwritten = |conn| self.links.get(&conn).map_or(0, |link| link.bytes());
        let waiting = self.gateway.queued().map(|(conn, queued)| queued + unwritten(conn));
        waiting.fold(Queues::default(), |all, bytes| Queues {
            bytes: all.bytes + bytes,
            bytes_max: all.bytes_max.max(bytes),
        })
    }

    fn trace(&self, conn: ConnId) -> Option<field::DisplayValue<TraceId>> {
        self.links.get(&conn)?.trace()
    }

    /// Lets the scenario do what is due.
    fn run_scenario(&mut self, now: Now) {
        if self.no_room {
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

    fn carry_out(&mut self, now: Now) {
        loop {
            let mut sent = BTreeSet::new();
            while let Some(output) = self.gateway.poll_output() {
                self.deliver(output, &mut sent);
            }
            if sent.is_empty() {
                return;
            }
            for conn in sent {
                self.report(now, conn);
            }
        }
    }

    fn deliver(&mut self, output: Output, sent: &mut BTreeSet<ConnId>) {
        match output {
            Output::Send { conn, frame, binary } => {
                let Some(link) = self.links.get(&conn) else { return };
                link.put(Write::Frame { bytes: frame, binary });
                sent.insert(conn);
            }
            Output::Close { conn, code, reason } => {
                let trace_id = self.trace(conn);
                info!(conn = conn.0, trace_id, "closed by the gateway: {code} {}", log::clean(&reason));
                if let Some(link) = self.links.remove(&conn) {
                    link.put(Write::Close { code, reason });
                }
            }
            Output::CheckToken { conn, token } => self.check(conn, token),
            Output::Answer { request, answer } => self.requests.end(request, answer),
        }
    }

    /// Beside the hub: a check may wait for keys.
    fn check(&self, conn: ConnId, token: Token) {
        let (access, inputs, counters) = (self.access.get(), self.inputs.clone(), self.counters.clone());
        tokio::spawn(async move {
            let result = access.check(&token, &counters).await;
            if let Some(inputs) = inputs.upgrade() {
                // It fails when the hub has ended, and with it every connection.
                let _ = inputs.send(Input::Checked { conn, result }).await;
            }
        });
    }
}
