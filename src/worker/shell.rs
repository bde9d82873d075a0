//! Drives the engine: one input, then everything it asks for, then one timer.

use super::clock;
use super::gate::Pass;
use super::lifecycle::Lifecycle;
use super::socket::{Socket, SocketListener};
use super::store::Store;
use super::traces::{self, Traces};
use crate::bridge::{FromWorker, Init, SignOut, ToWorker};
use gloo::timers::callback::Timeout;
use sentinelops_engine::{
    ConsumerId, Engine, Generation, Hint, Now, Output, SocketEvent, StoreError, StoreEvent,
};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// Takes messages to a consumer. Called while the shell works: it must not call back at once.
pub type Reply = Rc<dyn Fn(ConsumerId, FromWorker)>;

/// Timers wait no longer than this: the browser counts ms in 31 bits.
const LONGEST_TIMER_MS: u64 = 60 * 60 * 1_000;

/// The shell. Dropping it (or [`Shell::end`]) closes socket, store and timers.
pub struct Shell {
    inner: Rc<Inner>,
}

struct Inner {
    reply: Reply,
    /// Borrowed for the length of one input. Whatever the shell starts answers later, in an event
    /// of its own, so a second borrow is only met after a panic, and then nothing may go on.
    core: RefCell<Option<Core>>,
}

/// Everything that exists from `Init` on.
struct Core {
    me: Weak<Inner>,
    reply: Reply,
    engine: Engine,
    consumers: Vec<Consumer>,
    socket: Option<Socket>,
    socket_listener: SocketListener,
    store: Store,
    /// Names the scope to the gate, and the right to open its store.
    scope: String,
    pass: Option<Pass>,
    timer: Option<(u64, Timeout)>,
    /// `bufferedAmount` as last read. It has no event: while it is above 0 the engine sets a timer.
    buffered: usize,
    traces: Traces,
    trace_timer: Option<Timeout>,
    /// The page is in the bfcache or going away: no socket, no timers, until it is shown again.
    away: bool,
    /// A dial the engine asked for while away.
    held_dial: Option<(Generation, String)>,
    sign_out: Option<SignOut>,
    _lifecycle: Lifecycle,
}

struct Consumer {
    id: ConsumerId,
    wants_traces: bool,
}

impl Shell {
    /// A shell that waits for [`ToWorker::Init`].
    pub fn new(reply: Reply) -> Self {
        Self { inner: Rc::new(Inner { reply, core: RefCell::new(None) }) }
    }

    /// Takes a message of a consumer.
    pub fn handle(&self, consumer: ConsumerId, message: ToWorker) {
        match message {
            ToWorker::Init(init) => self.begin(consumer, *init),
            ToWorker::Beat(number) => (self.inner.reply)(consumer, FromWorker::Beat(number)),
            #[cfg(feature = "faults")]
            ToWorker::Fault(name) => self.fault(&name),
            #[cfg(not(feature = "faults"))]
            ToWorker::Fault(_) => {}
            other => self.inner.input(|core, now| core.command(now, consumer, other)),
        }
    }

    /// A consumer is gone.
    pub fn detach(&self, consumer: ConsumerId) {
        self.inner.input(|core, now| {
            core.consumers.retain(|known| known.id != consumer);
            core.engine.detach(now, consumer);
        });
    }

    /// Closes everything. Nothing is said afterwards.
    pub fn end(&self) {
        self.inner.end();
    }

    fn begin(&self, consumer: ConsumerId, init: Init) {
        let begun = self.inner.core.try_borrow().is_ok_and(|core| core.is_some());
        if !begun {
            let core = Core::new(&self.inner, &init);
            if let Ok(mut place) = self.inner.core.try_borrow_mut() {
                *place = Some(core);
            }
        }
        (self.inner.reply)(consumer, FromWorker::Ready);
        // Tabs do not share yet: every worker leads.
        (self.inner.reply)(consumer, FromWorker::Role { leader: true });
        self.inner.input(|core, now| {
            core.consumers.retain(|known| known.id != consumer);
            core.consumers.push(Consumer { id: consumer, wants_traces: init.traces });
            core.engine.attach(now, consumer);
            core.engine.handle_hint(now, if init.visible { Hint::Visible } else { Hint::Hidden });
            if init.auto_connect {
                core.engine.connect(now);
            }
        });
    }

    #[cfg(feature = "faults")]
    fn fault(&self, name: &str) {
        let core = self.inner.core.borrow();
        let socket = core.as_ref().and_then(|core| core.socket.as_ref());
        super::faults::open(name, socket, core.as_ref().map(|core| &core.store));
    }
}

impl Inner {
    /// One input, then everything it leads to.
    fn input(&self, act: impl FnOnce(&mut Core, Now)) {
        let Ok(mut place) = self.core.try_borrow_mut() else { return };
        let Some(core) = place.as_mut() else { return };
        act(core, clock::now());
        core.drain();
        if core.signed_out() {
            core.engine.disconnect(clock::now());
            core.drain();
            let left = core.consumers.iter().map(|consumer| consumer.id).collect::<Vec<_>>();
            let wiped = (core.sign_out == Some(SignOut::Wipe)).then(|| core.store.wipe());
            *place = None;
            drop(place);
            self.say_signed_out(left, wiped);
        }
    }

    fn say_signed_out(&self, consumers: Vec<ConsumerId>, wiped: Option<super::store::Wiped>) {
        let reply = self.reply.clone();
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(wiped) = wiped {
                wiped.await;
            }
            for consumer in consumers {
                reply(consumer, FromWorker::SignedOut);
            }
        });
    }

    fn end(&self) {
        // Dropped after the borrow has ended.
        let core = self.core.try_borrow_mut().ok().and_then(|mut place| place.take());
        drop(core);
    }
}

/// A callback that is an input, and nothing once the shell is gone.
fn input_from<T: 'static>(me: &Weak<Inner>, act: impl Fn(&mut Core, Now, T) + 'static) -> Rc<dyn Fn(T)> {
    let me = me.clone();
    Rc::new(move |told| {
        if let Some(inner) = me.upgrade() {
            inner.input(|core, now| act(core, now, told));
        }
    })
}

impl Core {
    fn new(inner: &Rc<Inner>, init: &Init) -> Self {
        let me = Rc::downgrade(inner);
        let socket_listener: SocketListener = {
            let me = me.clone();
            Rc::new(move |generation, event| {
                if let Some(inner) = me.upgrade() {
                    inner.input(|core, now| core.heard(now, generation, event));
                }
            })
        };
        Self {
            reply: inner.reply.clone(),
            engine: Engine::new(init.engine.clone(), clock::seed(), clock::now()),
            consumers: Vec::new(),
            socket: None,
            socket_listener,
            store: Store::new(
                &init.scope,
                input_from(&me, |core, now, event: StoreEvent| core.engine.handle_store(now, event)),
            ),
            timer: None,
            buffered: 0,
            traces: Traces::default(),
            trace_timer: None,
            away: false,
            held_dial: None,
            scope: init.scope.clone(),
            pass: None,
            sign_out: None,
            _lifecycle: Lifecycle::listen(input_from(&me, |core, now, hint| core.hint(now, hint))),
            me,
        }
    }

    fn command(&mut self, now: Now, consumer: ConsumerId, message: ToWorker) {
        let engine = &mut self.engine;
        match message {
            ToWorker::Connect => engine.connect(now),
            ToWorker::Disconnect => engine.disconnect(now),
            ToWorker::TryNow => engine.try_now(now),
            ToWorker::Subscribe(subject) => engine.subscribe(now, consumer, subject),
            ToWorker::Unsubscribe(subject) => engine.unsubscribe(now, consumer, &subject),
            ToWorker::Send(requests) => {
                for request in requests {
                    engine.send(now, consumer, request);
                }
            }
            ToWorker::Retry { id, confirm } => engine.retry(now, consumer, &id, confirm),
            ToWorker::Discard { id } => engine.discard(now, consumer, &id),
            ToWorker::Credit(number) => engine.credit(now, consumer, number),
            ToWorker::Token(token) => engine.handle_token(now, token),
            ToWorker::Hint(hint) => self.hint(now, hint),
            ToWorker::WatchMetrics(on) => engine.watch_metrics(now, consumer, on),
            ToWorker::WatchOutbox(on) => engine.watch_outbox(now, consumer, on),
            ToWorker::WatchTraces(on) => {
                for known in self.consumers.iter_mut().filter(|known| known.id == consumer) {
                    known.wants_traces = on;
                }
            }
            ToWorker::PageHide => self.go_away(now),
            ToWorker::SignOut(how) => self.sign_out = Some(how),
            // Taken before they come here.
            ToWorker::Init(_) | ToWorker::Beat(_) | ToWorker::Fault(_) => {}
        }
    }

    fn heard(&mut self, now: Now, generation: Generation, event: SocketEvent<'_>) {
        if matches!(event, SocketEvent::Closed { .. }) {
            self.socket.take_if(|socket| socket.generation() == generation);
        }
        self.engine.handle_socket(now, generation, event);
    }

    fn hint(&mut self, now: Now, hint: Hint) {
        if self.away && !matches!(hint, Hint::Hidden | Hint::Offline | Hint::Online) {
            self.away = false;
            if let Some((generation, url)) = self.held_dial.take() {
                self.dial(generation, &url);
            }
        }
        self.engine.handle_hint(now, hint);
    }

    /// A page in the bfcache must hold no socket; one that goes for good needs none. The engine
    /// hears of a close and would dial again: it gets no time to, until the page is back.
    fn go_away(&mut self, now: Now) {
        self.away = true;
        self.timer = None;
        if let Some(socket) = self.socket.take() {
            let generation = socket.generation();
            socket.abandon(1000, "the page is hidden");
            let reason = "the page was put away".to_owned();
            self.engine.handle_socket(now, generation, SocketEvent::Closed { code: 1001, reason });
        }
    }

    /// Carries out what the engine asks for until it asks for nothing.
    fn drain(&mut self) {
        loop {
            let mut written = false;
            while let Some(output) = self.engine.poll_output() {
                written |= self.carry_out(output);
            }
            if !written {
                break;
            }
            self.read_buffered(clock::now());
        }
        if !self.traces.is_empty() {
            self.send_traces_soon();
        }
        self.arm();
    }

    /// `true` if bytes were handed to the socket.
    fn carry_out(&mut self, output: Output) -> bool {
        match output {
            Output::Dial { generation, url } if self.away => self.held_dial = Some((generation, url)),
            Output::Dial { generation, url } => self.dial(generation, &url),
            Output::Transmit { generation, text, binary } => {
                if let Some(socket) = self.current(generation) {
                    socket.send(&text, binary);
                    return true;
                }
            }
            Output::Abandon { generation, code, reason } => {
                self.held_dial.take_if(|(held, _)| *held == generation);
                if let Some(socket) = self.socket.take_if(|socket| socket.generation() == generation) {
                    socket.abandon(code, &reason);
                }
            }
            Output::RequestToken { reason } => {
                if let Some(consumer) = self.consumers.first() {
                    (self.reply)(consumer.id, FromWorker::TokenWanted(reason));
                }
            }
            Output::Store(group) => self.store.write(group),
            Output::OpenStore => self.open_store(),
            Output::RescanStore => self.store.rescan(),
            Output::Deliver { consumer, batch } => (self.reply)(consumer, FromWorker::Batch(batch)),
            Output::Trace(trace) => {
                if self.consumers.iter().any(|consumer| consumer.wants_traces) {
                    self.traces.push(trace);
                }
            }
        }
        false
    }

    /// The store, once no other tab has it.
    fn open_store(&self) {
        if self.pass.is_some() {
            return self.store.open();
        }
        let (me, scope) = (self.me.clone(), self.scope.clone());
        wasm_bindgen_futures::spawn_local(async move {
            let pass = Pass::get(&scope).await;
            let Some(inner) = me.upgrade() else { return };
            inner.input(|core, now| match pass {
                Some(pass) => {
                    core.pass = Some(pass);
                    core.store.open();
                }
                None => core.engine.handle_store(now, StoreEvent::OpenFailed(StoreError::Blocked)),
            });
        });
    }

    fn current(&self, generation: Generation) -> Option<&Socket> {
        self.socket.as_ref().filter(|socket| socket.generation() == generation)
    }

    fn dial(&mut self, generation: Generation, url: &str) {
        // The engine abandons before it dials; should it not, the old one goes first.
        self.socket = None;
        self.buffered = 0;
        match Socket::open(generation, url, &self.socket_listener) {
            Ok(socket) => self.socket = Some(socket),
            Err(reason) => {
                let refused = SocketEvent::Refused { reason };
                self.engine.handle_socket(clock::now(), generation, refused);
            }
        }
    }

    fn read_buffered(&mut self, now: Now) {
        let Some(socket) = &self.socket else { return };
        self.buffered = socket.buffered();
        self.engine.handle_socket(now, socket.generation(), SocketEvent::Buffered(self.buffered));
    }

    /// One timer, for the engine's next deadline. One that fires too early is armed again.
    fn arm(&mut self) {
        let deadline = self.engine.poll_timeout().filter(|_| !self.away);
        let Some(deadline) = deadline else {
            self.timer = None;
            return;
        };
        // An earlier timer serves as well: it finds nothing due and arms the next. Deadlines move
        // later with almost every frame, and this spares two calls of the browser each time.
        if self.timer.as_ref().is_some_and(|(armed, _)| *armed <= deadline) {
            return;
        }
        let wait = deadline.saturating_sub(clock::now().mono).min(LONGEST_TIMER_MS);
        let me = self.me.clone();
        let timeout = Timeout::new(u32::try_from(wait).unwrap_or(u32::MAX), move || {
            if let Some(inner) = me.upgrade() {
                inner.input(Core::tick);
            }
        });
        self.timer = Some((deadline, timeout));
    }

    fn tick(&mut self, now: Now) {
        self.timer = None;
        if self.buffered > 0 {
            self.read_buffered(now);
        }
        if self.engine.poll_timeout().is_some_and(|deadline| deadline <= now.mono) {
            self.engine.handle_timeout(now);
        }
    }

    fn send_traces_soon(&mut self) {
        if self.traces.is_enough() {
            self.send_traces();
        } else if self.trace_timer.is_none() {
            let me = self.me.clone();
            self.trace_timer = Some(Timeout::new(traces::COLLECT_MS, move || {
                if let Some(inner) = me.upgrade() {
                    inner.input(|core, _| core.send_traces());
                }
            }));
        }
    }

    fn send_traces(&mut self) {
        self.trace_timer = None;
        let traces = self.traces.take();
        for consumer in self.consumers.iter().filter(|consumer| consumer.wants_traces) {
            (self.reply)(consumer.id, FromWorker::Traces(traces.clone()));
        }
    }

    /// Whether a sign-out that was asked for is due.
    fn signed_out(&self) -> bool {
        match self.sign_out {
            None => false,
            Some(SignOut::SendFirst) => self.engine.counts().queued == [0; 4],
            Some(SignOut::Keep | SignOut::Wipe) => true,
        }
    }
}
