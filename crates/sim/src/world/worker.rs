//! The worker's shell: gives the engine its inputs and carries out its outputs.

use super::{Happening, World};
use crate::check::{message_number, number_after, numbers_after};
use crate::net::End;
use crate::script::ServerKind;
use crate::server::USER;
use crate::store::Request;
use crate::story::{clip, of_trace};
use sentinelops_engine::{
    Batch, Cause, Delivery, DeliveryState, Durability, Engine, EngineOptions, Generation, ModeOption, Now,
    Options, OutboxOptions, Output, SnapshotDelivery, SocketEvent, StoreEvent, StoreGroup, StoreOp, Trace,
};

/// How long (ms) an unknown server may stay silent before it is taken for a basic one.
const SILENCE_MS: u64 = 10_000;
/// What may lie in a socket's buffer, and what a server takes in one frame.
const MOST_BYTES: u64 = 64 * 1024;

impl World {
    pub(super) fn options(&self) -> EngineOptions {
        let setup = &self.script.setup;
        EngineOptions {
            connection: Options {
                mode: setup.mode,
                reconnect: setup.rare.reconnect,
                max_reconnect_attempts: setup.rare.max_attempts,
                ..Options::default()
            },
            outbox: OutboxOptions {
                enabled: setup.rare.enabled,
                persist: setup.rare.persist,
                max_bytes: setup.rare.max_bytes,
                capacity: setup.capacity,
                window: setup.window,
                critical_reserve: setup.reserve,
                max_age_ms: setup.max_age,
                ..OutboxOptions::default()
            },
            user: (setup.server == ServerKind::V1).then(|| USER.to_owned()),
            session: "scope".to_owned(),
            client: "sim/1".to_owned(),
            tab: "tab-1".to_owned(),
            has_token_provider: setup.tokens,
        }
    }

    /// One input: everything it brings about is carried out before anything else happens.
    pub(super) fn input<R>(&mut self, give: impl FnOnce(&mut Engine, Now) -> R) -> Option<R> {
        let now = self.worker.thread.clock.now(self.now);
        let engine = self.worker.engine.as_mut()?;
        let answer = give(engine, now);
        self.drain();
        Some(answer)
    }

    fn drain(&mut self) {
        let mut any = false;
        loop {
            let mut sent = None;
            while let Some(output) = self.worker.engine.as_mut().and_then(Engine::poll_output) {
                any = true;
                self.check.output();
                if let Output::Transmit { generation, .. } = &output {
                    sent = Some(*generation);
                }
                self.carry_out(output);
                if self.check.violation.is_some() {
                    return;
                }
            }
            let Some(generation) = sent else { break };
            self.read_buffered(generation);
        }
        if any {
            self.look_at_status();
        }
        self.arm_timer();
    }

    /// Tells the engine `bufferedAmount`; the caller drains.
    fn read_buffered(&mut self, generation: Generation) {
        let now = self.now;
        let Some(index) = self.worker.thread.sockets.get(&generation.0).copied() else { return };
        let unsent = self.net(|internet| internet.buffered(index));
        self.worker.thread.buffered = unsent;
        let clock = self.worker.thread.clock.now(now);
        if let Some(engine) = &mut self.worker.engine {
            engine.handle_socket(clock, generation, SocketEvent::Buffered(unsent as usize));
        }
    }

    fn arm_timer(&mut self) {
        let Some(engine) = &self.worker.engine else { return };
        let (due, rng) = (engine.poll_timeout(), &mut self.rng);
        if let Some((at, timer)) = self.worker.thread.arm(self.now, due, |by| rng.u64(0..by)) {
            self.queue.push(at, Happening::Timer(timer));
        }
    }

    pub(super) fn timer(&mut self, token: u64) {
        if !self.worker.thread.expires(token) {
            return;
        }
        let Some(engine) = &self.worker.engine else { return };
        let mono = self.worker.thread.clock.mono(self.now);
        if engine.poll_timeout().is_none_or(|due| due > mono) {
            return self.arm_timer();
        }
        if self.worker.thread.buffered > 0
            && let Some(live) = self.worker.thread.live
        {
            self.read_buffered(Generation(self.internet.conns[live].generation));
            self.drain();
        }
        self.input(|engine, now| engine.handle_timeout(now));
        let overdue =
            self.worker.engine.as_ref().and_then(Engine::poll_timeout).is_some_and(|due| due <= mono);
        self.check.tick(overdue);
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Dial { generation, url: _ } => self.dial(generation),
            Output::Transmit { generation, text, binary } => self.transmit(generation, text, binary),
            Output::Abandon { generation, code, reason } => self.abandon(generation, code, &reason),
            Output::RequestToken { reason } => {
                self.log(|| format!("engine asks for a token: {reason:?}"));
                self.check_token_pace(reason);
                self.request_token();
            }
            Output::Store(_) | Output::OpenStore if !self.script.setup.rare.persist => {
                self.check.fail("nothing-stored", || "asks for the store and is not to have one".to_owned());
            }
            Output::Store(group) => self.write(group),
            Output::OpenStore => self.ask_store(Request::Open),
            // Every record can be read here.
            Output::SetAsideUnreadable | Output::TransmitRaw { .. } => {}
            Output::Deliver { consumer, batch } => self.hand_batch(consumer.0, batch),
            Output::Trace(trace) => self.trace(trace),
        }
    }

    fn trace(&mut self, trace: Trace) {
        if let Trace::Backoff { attempt, delay_ms, .. } = &trace {
            self.check.backoff(*attempt, *delay_ms);
        }
        if let Trace::Message(update) = &trace {
            if update.delivery.is_final() {
                self.check.justify(&update.id, &update.delivery, self.moment());
                self.check.ended(&update.id);
                if update.delivery == DeliveryState::HandedOver {
                    self.check.handed_over(&update.id);
                }
            } else if update.durability == Durability::Durable {
                let on_disk = self.store.has(&update.id) || self.store.failed(&update.id).is_some();
                self.check.saved(&update.id, on_disk);
            }
        }
        self.log(|| of_trace(&trace));
    }

    fn dial(&mut self, generation: Generation) {
        let instance = self.worker.instance;
        self.check.dial((instance, generation.0));
        self.set_window(false);
        self.log(|| format!("dials #{}", generation.0));
        let index = self.net(|internet| internet.dial(instance, generation.0));
        self.worker.thread.dials(generation.0, index);
    }

    fn transmit(&mut self, generation: Generation, text: String, binary: bool) {
        let socket = (self.worker.instance, generation.0);
        let Some(index) = self.worker.thread.sockets.get(&generation.0).copied() else {
            return self.check.fail("one-live-socket", || format!("sends on {socket:?}, which never was"));
        };
        self.log(|| format!("#{} <- {}", generation.0, clip(&text, 200)));
        let conn = &self.internet.conns[index];
        if conn.client != End::Open {
            let end = conn.client;
            return self.check.fail("one-live-socket", || format!("sends on {socket:?}, which is {end:?}"));
        }
        let unsent = self.net(|internet| internet.buffered(index));
        let (messages, size) = (numbers_after(&text, "\"id\":\"").count(), text.len() as u64);
        if messages > 0 && unsent > 0 && unsent + size > MOST_BYTES {
            self.check.fail("buffer", || format!("sends {size} bytes while {unsent} are buffered"));
        }
        if size > MOST_BYTES {
            self.check.fail("frame-size", || format!("sends {size} bytes, the server takes {MOST_BYTES}"));
        }
        let known = self.mode_is_known(index);
        self.check.transmit(socket, &text, known);
        self.check_turns();
        if self.check.wire.waits_since().is_some() {
            self.watch(index);
        }
        if text.contains("\"type\":\"auth\"") {
            self.internet.conns[index].refreshed_at = self.now;
        }
        if text.contains("\"type\":\"ping\"") {
            let moment = self.worker.moment(self.now);
            self.worker.round_trips.ping(generation.0, number_after(&text, "\"n\":"), moment);
        }
        self.net(|internet| internet.send(index, text.into_bytes(), binary));
    }

    /// Whether the worker can know how the server of a connection speaks.
    fn mode_is_known(&self, index: usize) -> bool {
        let conn = &self.internet.conns[index];
        let silent = conn.seen.opened_at.is_some_and(|at| at + SILENCE_MS <= self.now);
        match (self.script.setup.mode, self.script.setup.server) {
            (ModeOption::Basic | ModeOption::Raw, _) => true,
            _ if conn.seen.welcomed => true,
            (ModeOption::Full, _) => false,
            (ModeOption::Auto, ServerKind::V1) => silent && !self.check.messages.welcomed,
            (ModeOption::Auto, _) => conn.seen.spoken || silent,
        }
    }

    fn abandon(&mut self, generation: Generation, code: u16, reason: &str) {
        let socket = (self.worker.instance, generation.0);
        self.log(|| format!("abandons #{} with {code} {reason}", generation.0));
        let Some(index) = self.worker.thread.sockets.get(&generation.0).copied() else { return };
        let cause = self.worker.engine.as_ref().map(|engine| engine.status().cause);
        let now = self.now;
        let conn = &mut self.internet.conns[index];
        if cause == Some(Cause::Silent) && conn.client == End::Open {
            if conn.down.receive_ready(now) {
                self.check.fail("judge-after-reading", || {
                    format!("{socket:?} is called silent while received data is unread")
                });
            } else if conn.seen.received_at + 1_900 > now && conn.seen.ponged {
                let ago = now - conn.seen.received_at;
                self.check.fail("judge-after-reading", || {
                    format!("{socket:?} is called silent {ago} ms after its last frame")
                });
            }
        }
        let clock = self.worker.thread.clock.now(now);
        let verdicts = self.worker.engine.as_ref().map_or(0, |engine| engine.metrics(clock).verdicts);
        // What shows as the cause may be something else: no network, or the attempts spent.
        self.worker.judged |= verdicts > self.worker.verdicts;
        self.worker.verdicts = verdicts;
        if self.internet.conns[index].client != End::Closed {
            self.note_end(index, None);
        }
        self.net(|internet| internet.close_client(index, code));
        self.check.gone(socket);
        self.worker.thread.closed(index);
    }

    fn request_token(&mut self) {
        let instance = self.worker.instance;
        if self.now < self.tokens_bad_until {
            self.check.standing.no_token();
            match self.rng.u8(0..3) {
                0 => {}
                1 => {
                    let at = self.now + 500;
                    self.queue.push(at, Happening::Token(instance, Err("no session".to_owned())));
                }
                _ => {
                    let token = format!("token-{}", self.tokens);
                    self.queue.push(self.now + 9_000, Happening::Token(instance, Ok(Some(token))));
                }
            }
            return;
        }
        self.check.standing.token_failed = false;
        self.tokens += 1;
        let token = format!("token-{}", self.tokens);
        self.queue.push(self.now + 20, Happening::Token(instance, Ok(Some(token))));
    }

    fn write(&mut self, group: StoreGroup) {
        let puts = group.ops.iter().any(|op| matches!(op, StoreOp::Put(_)));
        if puts && !group.strict {
            let number = group.number;
            self.check.fail("durable-truth", || format!("group {number} stores rows without strict"));
        }
        self.check_ends_in(&group);
        self.ask_store(Request::Write(group));
    }

    fn ask_store(&mut self, request: Request) {
        self.log(|| clip(&format!("store <- {request:?}"), 220));
        let pace = self.rng.u64(0..6);
        let at = self.store.request(self.now, request, pace);
        self.queue.push(at, Happening::Store(self.worker.instance));
    }

    pub(super) fn store_done(&mut self) {
        let Some(event) = self.store.finish(self.now) else { return };
        self.log(|| clip(&format!("store -> {event:?}"), 160));
        if let StoreEvent::Opened(snapshot) = &event {
            self.check.wire.without_store = false;
            // From here on it can know.
            self.check.messages.welcomed |= self.store.meta().welcomed;
            if snapshot.meta.pongs {
                self.knows_pongs(self.now);
            }
        }
        if matches!(event, StoreEvent::OpenFailed(_)) {
            let instance = self.worker.instance;
            // That this server was welcomed once is written where this worker cannot read it.
            self.check.messages.welcomed &=
                self.internet.conns.iter().any(|conn| conn.instance == instance && conn.seen.welcomed)
                    || !self.check.wire.without_store;
            if self.check.wire.without_store && self.check.wire.patience_of != self.worker.instance {
                // The worker that was asked to wait died, and what it wrote down cannot be read.
                self.check.wire.patience_until = 0;
            }
            for n in self.store.row_ids().filter_map(message_number) {
                if let Some(message) = self.check.messages.all.get_mut(n) {
                    message.unordered = true;
                }
            }
        }
        self.input(|engine, now| engine.handle_store(now, event));
    }

    fn hand_batch(&mut self, consumer: u64, batch: Batch) {
        let number = batch.number;
        if self.worker.outstanding.insert(consumer, number).is_some() {
            self.check.fail("one-batch-outstanding", || {
                format!("page {consumer} gets batch {number} before it returned its credit")
            });
        }
        self.check_batch(consumer, &batch.items);
        let page = self.pages.iter_mut().find(|page| page.id.0 == consumer);
        if let Some(page) = page.filter(|_| !self.check.messages.basic) {
            page.epochs.clear();
            for item in &batch.items {
                if let Delivery::Snapshot(SnapshotDelivery { subject, .. }) = item
                    && let Some(epoch) = self.check.stream.epoch(subject)
                {
                    page.epochs.insert(subject.clone(), epoch.to_owned());
                }
            }
        }
        let instance = self.worker.instance;
        self.queue.push(self.now + 1, Happening::Deliver(instance, consumer, batch));
    }
}
