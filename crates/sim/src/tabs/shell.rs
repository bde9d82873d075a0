//! A worker's shell: gives the node its inputs and carries out its outputs.

use super::disk::Ask;
use super::tab::{Inbox, Worker};
use super::world::{Happening, TabWorld};
use crate::net::{End, Item};
use crate::store::Request;
use crate::story::{clip, of_trace};
use sentinelops_engine::tabs::{LinkMessage, LockEvent, Node, NodeOutput, PageCommand, Role};
use sentinelops_engine::{Batch, Generation, Hint, Now, Output, SocketEvent, StoreError, StoreEvent, Trace};

impl TabWorld {
    /// Something for a worker: at once, or when its thread runs again.
    pub(super) fn arrive(&mut self, number: u32, inbox: Inbox) {
        let Some(place) = self.place_of(number) else { return };
        let Some(worker) = &mut self.tabs[place].worker else { return };
        // Also when its time is over and it has not run yet: nothing overtakes what waits.
        if worker.blocked_until > 0 {
            return worker.backlog.push(inbox);
        }
        self.take_in(place, inbox);
    }

    /// The thread runs again: what waited runs in the browser's order.
    pub(super) fn wake(&mut self, number: u32) {
        let Some(place) = self.place_of(number) else { return };
        let now = self.now;
        let Some(worker) = &mut self.tabs[place].worker else { return };
        if now < worker.blocked_until || worker.blocked_until == 0 {
            return;
        }
        worker.blocked_until = 0;
        worker.since.runs = now;
        let slept = now - worker.blocked_since;
        let mut backlog = std::mem::take(&mut worker.backlog);
        backlog.sort_by_key(Inbox::class);
        self.log(|| format!("{number} runs again; {} wait", backlog.len()));
        self.check_takeover(place, slept);
        self.check_wake(place, slept);
        self.last_wake = now;
        for inbox in backlog {
            self.arrive(number, inbox);
        }
    }

    fn take_in(&mut self, place: usize, inbox: Inbox) {
        let Some(worker) = &mut self.tabs[place].worker else { return };
        let number = worker.number;
        match inbox {
            Inbox::Page(command) => {
                let back = worker.has_left
                    && matches!(&command, PageCommand::Hint(hint)
                        if !matches!(hint, Hint::Hidden
                            | Hint::Offline | Hint::Online));
                worker.has_left &= !back;
                match &command {
                    PageCommand::Hint(Hint::Visible | Hint::Focus) => {
                        worker.since.visible = worker.since.visible.min(self.now);
                    }
                    PageCommand::Hint(Hint::Hidden) => worker.since.visible = u64::MAX,
                    _ => {}
                }
                let hides = command == PageCommand::PageHide;
                let leads = worker.node.engine().is_some();
                if let PageCommand::Send(requests) = &command
                    && leads
                {
                    let tab = self.tabs[place].name.clone();
                    self.note_handed(number, &tab, requests);
                }
                self.input(place, |node, now| node.handle_page(now, command));
                if let Some(worker) = &mut self.tabs[place].worker {
                    worker.has_left |= hides;
                }
            }
            Inbox::Link(message) if !worker.has_left => {
                // A tab alone takes nothing of the others.
                let leads = worker.node.engine().is_some() && worker.node.role() == Role::Leader;
                if !matches!(message, LinkMessage::Heartbeat { .. }) {
                    self.log(|| clip(&format!("{number} receives {message:?}"), 180));
                }
                if let LinkMessage::Send { tab, requests, .. } = &message
                    && leads
                {
                    self.note_handed(number, tab, requests);
                }
                if let LinkMessage::Detach { tab } = &message {
                    self.note_detached(place, tab);
                }
                self.input(place, |node, now| node.handle_link(now, message));
            }
            Inbox::Link(_) => {}
            Inbox::Socket(index, item) => self.socket(place, index, item),
            Inbox::Store(answer) => self.answered(place, answer),
            Inbox::Lock(turn, event) => {
                if worker.turn != Some(turn) {
                    // Of an earlier turn: what came too late is given back.
                    let build = self.tabs[place].build;
                    if event == LockEvent::Granted
                        && let Some(lock) = self.locks.get_mut(&build)
                        && lock.holds(turn)
                    {
                        lock.release(number);
                    }
                    return;
                }
                self.log(|| format!("{number} lock: {event:?}"));
                self.input(place, |node, now| node.handle_lock(now, &event));
            }
            Inbox::Tabs(alive) => self.input(place, |node, now| node.handle_tabs(now, &alive)),
            Inbox::VersionChange => {
                if self.disk.is_open(number) {
                    worker.outdated = true;
                    self.log(|| format!("{number} must let a newer build have the store"));
                    let free = self.disk.closed(number);
                    self.unblock(free);
                    let event = StoreEvent::Closed(StoreError::NewerSchema);
                    self.input(place, |node, now| node.handle_store(now, event));
                }
            }
            Inbox::Timer(token) => self.timer(place, token),
        }
    }

    /// One input: everything it brings about is carried out before anything else happens.
    pub(super) fn input(&mut self, place: usize, give: impl FnOnce(&mut Node, Now)) {
        let now = self.now;
        let Some(worker) = &mut self.tabs[place].worker else { return };
        give(&mut worker.node, worker.thread.clock.now(now));
        self.drain(place);
    }

    fn drain(&mut self, place: usize) {
        loop {
            let mut sent = None;
            while let Some(output) = self.worker(place).and_then(|worker| worker.node.poll_output()) {
                self.check.inner.output();
                if let NodeOutput::Engine(Output::Transmit { generation, .. }) = &output {
                    sent = Some(*generation);
                }
                self.carry_out(place, output);
                if self.check.violation().is_some() {
                    return;
                }
            }
            let Some(generation) = sent else { break };
            self.read_buffered(place, generation);
        }
        self.arm_timer(place);
        self.check_leader(place);
    }

    pub(super) fn worker(&mut self, place: usize) -> Option<&mut Worker> {
        self.tabs[place].worker.as_mut()
    }

    fn read_buffered(&mut self, place: usize, generation: Generation) {
        let now = self.now;
        let Some(worker) = &mut self.tabs[place].worker else { return };
        let Some(index) = worker.thread.sockets.get(&generation.0).copied() else { return };
        worker.thread.buffered = self.internet.buffered(index);
        let event = SocketEvent::Buffered(worker.thread.buffered as usize);
        worker.node.handle_socket(worker.thread.clock.now(now), generation, event);
    }

    fn arm_timer(&mut self, place: usize) {
        let now = self.now;
        let late = self.rng.u64(0..1_000);
        let Some(worker) = &mut self.tabs[place].worker else { return };
        let due = worker.node.poll_timeout();
        if let Some((at, timer)) = worker.thread.arm(now, due, |by| late * by / 1_000) {
            let number = worker.number;
            self.queue.push(at, Happening::Worker(number, Inbox::Timer(timer)));
        }
    }

    fn timer(&mut self, place: usize, token: u64) {
        let now = self.now;
        let Some(worker) = &mut self.tabs[place].worker else { return };
        if !worker.thread.expires(token) {
            return;
        }
        let mono = worker.thread.clock.mono(now);
        if worker.node.poll_timeout().is_none_or(|due| due > mono) {
            return self.arm_timer(place);
        }
        if worker.thread.buffered > 0
            && let Some(live) = worker.thread.live
        {
            let generation = Generation(self.internet.conns[live].generation);
            self.read_buffered(place, generation);
            self.drain(place);
        }
        self.input(place, |node, now| node.handle_timeout(now));
        let overdue =
            self.worker(place).and_then(|worker| worker.node.poll_timeout()).is_some_and(|due| due <= mono);
        self.check.inner.tick(overdue);
    }

    fn carry_out(&mut self, place: usize, output: NodeOutput) {
        let Some(number) = self.worker(place).map(|worker| worker.number) else { return };
        match output {
            NodeOutput::Engine(output) => self.carry_out_engine(place, number, output),
            NodeOutput::Lock(request) => self.lock(place, number, request),
            NodeOutput::Link(target, message) => {
                if message == LinkMessage::SignedOut {
                    self.check_sent_first(place, number);
                }
                self.broadcast(place, &target, &message);
            }
            NodeOutput::ProbeStore => self.open_store(place, number, false),
            NodeOutput::ReadMeta => self.ask(number, Ask::ReadMeta),
            NodeOutput::QueryTabs => {
                let build = self.tabs[place].build;
                let alive = self.alive(build);
                let at = self.now + self.rng.u64(0..4);
                self.queue.push(at, Happening::Worker(number, Inbox::Tabs(alive)));
            }
            NodeOutput::LeaveNotice(leave_notice) => {
                if let Some(worker) = self.worker(place) {
                    worker.leave_notice = leave_notice;
                }
            }
            NodeOutput::SignedOut { wipe } => self.worker_signs_out(place, wipe),
            NodeOutput::Role(role) => {
                self.log(|| format!("{number} is {role:?}"));
                self.new_places(place);
                self.check.unqueued_lose_their_places();
                if role == Role::Leader {
                    self.check.handed.remove(&number);
                }
                if role == Role::Solo {
                    self.note_alone(place, number);
                }
                self.check_alone(place, role);
                let now = self.now;
                if let Some(worker) = self.worker(place) {
                    (worker.role, worker.since.role) = (role, now);
                    worker.since.leads = (role == Role::Leader).then_some(now);
                }
            }
        }
    }

    fn carry_out_engine(&mut self, place: usize, number: u32, output: Output) {
        match output {
            Output::Dial { generation, url: _ } => self.dial(place, generation),
            Output::Transmit { generation, text, binary } => {
                self.transmit(place, generation, text, binary);
            }
            Output::Abandon { generation, code, reason } => {
                self.log(|| format!("{number} abandons #{} with {code} {reason}", generation.0));
                let Some(worker) = self.worker(place) else { return };
                let Some(index) = worker.thread.sockets.get(&generation.0).copied() else { return };
                worker.thread.closed(index);
                self.internet.close_client(index, code);
            }
            Output::RequestToken { .. } => {}
            Output::Store(group) => {
                self.check_write(place);
                self.ask(number, Ask::Plain(Request::Write(group)));
            }
            Output::OpenStore => self.open_store(place, number, true),
            // Every record can be read here.
            Output::SetAsideUnreadable | Output::TransmitRaw { .. } => {}
            Output::Deliver { batch, .. } => self.hand_batch(number, batch),
            Output::Trace(trace) => self.trace(place, number, trace),
        }
    }

    fn trace(&mut self, place: usize, number: u32, trace: Trace) {
        if let Trace::Message(update) = &trace {
            self.check.engine_tells(update);
            self.note_dropped(place, update);
        }
        self.log(|| format!("{number} {}", of_trace(&trace)));
    }

    fn dial(&mut self, place: usize, generation: Generation) {
        let Some(number) = self.worker(place).map(|worker| worker.number) else { return };
        self.log(|| format!("{number} dials #{}", generation.0));
        let index = self.internet.dial(number, generation.0);
        let Some(worker) = self.worker(place) else { return };
        let before = worker.thread.dials(generation.0, index);
        if before.is_some_and(|index| self.internet.conns[index].client != End::Closed) {
            self.check.inner.fail("one-live-socket", || format!("{number} dials while its socket lives"));
        }
        self.check_dial(place);
    }

    fn transmit(&mut self, place: usize, generation: Generation, text: String, binary: bool) {
        let Some(worker) = self.worker(place) else { return };
        let number = worker.number;
        let index = worker.thread.sockets.get(&generation.0).copied();
        let has_none = worker.thread.live.is_none();
        let open = index.filter(|index| self.internet.conns[*index].client == End::Open);
        if index.is_some() && open.is_none() && has_none {
            self.check_transmit(place, (number, generation.0), &text);
            // Closed by the other end, which the node has not received yet: the browser drops it.
            return;
        }
        let Some(index) = open else {
            return self.check.inner.fail("one-live-socket", || {
                format!("{number} sends on #{}, which is not open", generation.0)
            });
        };
        self.log(|| format!("{number} #{} <- {}", generation.0, clip(&text, 200)));
        self.check_transmit(place, (number, generation.0), &text);
        self.internet.send(index, text.into_bytes(), binary);
    }

    fn socket(&mut self, place: usize, index: usize, item: Item) {
        let Some(worker) = &mut self.tabs[place].worker else { return };
        let number = worker.number;
        let conn = &mut self.internet.conns[index];
        let generation = Generation(conn.generation);
        let socket = (number, conn.generation);
        let live = conn.client != End::Closed;
        // Handlers are detached at an abandon.
        if !live {
            return;
        }
        match item {
            Item::Opened => {
                conn.client = End::Open;
                self.input(place, |node, now| node.handle_socket(now, generation, SocketEvent::Opened));
            }
            Item::Frame { bytes, binary } => {
                self.check.read(socket, &bytes);
                self.log(|| {
                    let text = String::from_utf8_lossy(&bytes);
                    format!("{number} #{} -> {}", generation.0, clip(&text, 200))
                });
                self.input(place, |node, now| {
                    node.handle_socket(now, generation, SocketEvent::Frame { bytes: &bytes, binary });
                });
            }
            Item::Close { code, reason } => {
                conn.client = End::Closed;
                worker.thread.closed(index);
                self.log(|| format!("{number} #{} closed: {code} {reason}", generation.0));
                self.input(place, |node, now| {
                    node.handle_socket(now, generation, SocketEvent::Closed { code, reason });
                });
            }
        }
    }

    fn hand_batch(&mut self, number: u32, batch: Batch) {
        self.queue.push(self.now + 1, Happening::Page(number, batch));
    }
}
