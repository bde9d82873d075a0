//! Drives the tab's node: one input, then everything it asks for, then one timer.

mod outputs;

use super::clock;
#[cfg(feature = "lab")]
use super::faults::{Relay, Socket};
use super::last_state::LastStates;
use super::lifecycle::Lifecycle;
#[cfg(not(feature = "lab"))]
use super::socket::Socket;
use super::socket::SocketListener;
use super::store::Store;
use super::tabs::{TabEvent, Tabs};
use super::traces::{self, Traces};
use crate::bridge::{FromWorker, Init, ToWorker};
use gloo::timers::callback::Timeout;
use sentinelops_engine::tabs::{Node, PageCommand};
use sentinelops_engine::{Generation, Hint, Now, SocketEvent, StoreEvent};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// Takes messages to the page. Called while the shell works: it must not call back at once.
pub type Reply = Rc<dyn Fn(FromWorker)>;

/// Timers wait no longer than this: the browser counts ms in 31 bits.
const LONGEST_TIMER_MS: u64 = 60 * 60 * 1_000;

/// The shell of one page. Dropping it (or [`Shell::end`]) closes socket, store and timers and leaves
/// the other tabs.
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
    node: Node,
    socket: Option<Socket>,
    socket_listener: SocketListener,
    /// Subprotocols to offer.
    protocols: Vec<String>,
    store: Store,
    /// Messages are stored.
    persists: bool,
    last_states: LastStates,
    tabs: Tabs,
    timer: Option<(u64, Timeout)>,
    /// `bufferedAmount` as last read. It has no event: while it is above 0 the engine sets a timer.
    buffered: usize,
    traces: Traces,
    trace_timer: Option<Timeout>,
    /// The page is in the bfcache or going away: nothing is held until it is shown again.
    away: bool,
    /// The session is over; `true`: what it left is deleted.
    signed_out: Option<bool>,
    _lifecycle: Lifecycle,
    #[cfg(feature = "lab")]
    relay: Rc<Relay>,
}

impl Shell {
    /// A shell that waits for [`ToWorker::Init`].
    pub fn new(reply: Reply) -> Self {
        Self { inner: Rc::new(Inner { reply, core: RefCell::new(None) }) }
    }

    /// Takes a message of the page.
    pub fn handle(&self, message: ToWorker) {
        match message {
            ToWorker::Init(init) => self.begin(*init),
            ToWorker::Heartbeat(number) => (self.inner.reply)(FromWorker::Heartbeat(number)),
            #[cfg(feature = "lab")]
            ToWorker::Lab(request) => self.lab(&request),
            #[cfg(not(feature = "lab"))]
            ToWorker::Lab(_) => {}
            other => self.inner.input(|core, now| core.command(now, other)),
        }
    }

    /// Closes everything. Nothing is sent afterwards.
    pub fn end(&self) {
        self.inner.end();
    }

    fn begin(&self, init: Init) {
        let begun = self.inner.core.try_borrow().is_ok_and(|core| core.is_some());
        if !begun {
            let core = Core::new(&self.inner, &init);
            if let Ok(mut place) = self.inner.core.try_borrow_mut() {
                *place = Some(core);
            }
        }
        (self.inner.reply)(FromWorker::Ready);
        self.inner.input(|core, now| {
            let hint = if init.visible { Hint::Visible } else { Hint::Hidden };
            core.node.handle_page(now, PageCommand::Hint(hint));
            if init.auto_connect {
                core.node.handle_page(now, PageCommand::Connect);
            }
        });
    }

    #[cfg(feature = "lab")]
    fn lab(&self, request: &str) {
        self.inner.input(|core, now| {
            let hint = super::faults::take(request, core.socket.as_ref(), &core.store, &core.relay);
            if let Some(hint) = hint {
                core.hint(now, hint);
            }
        });
    }
}

impl Inner {
    /// One input, then everything it leads to.
    fn input(&self, act: impl FnOnce(&mut Core, Now)) {
        let Ok(mut place) = self.core.try_borrow_mut() else { return };
        let Some(core) = place.as_mut() else { return };
        act(core, clock::now());
        core.drain();
        if let Some(wipe) = core.signed_out
            && let Some(core) = place.take()
        {
            drop(place);
            self.report_signed_out(core.store, &core.last_states, wipe);
        }
    }

    fn report_signed_out(&self, store: Store, last_states: &LastStates, wipe: bool) {
        let reply = self.reply.clone();
        let forgotten = last_states.wipe();
        // Runs after what the engine still had to write has begun.
        wasm_bindgen_futures::spawn_local(async move {
            // Whatever becomes of messages: what the server told was this user's.
            forgotten.await;
            let left = wipe && !store.wipe().await;
            reply(FromWorker::SignedOut { left });
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
    Rc::new(move |event| {
        if let Some(inner) = me.upgrade() {
            inner.input(|core, now| act(core, now, event));
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
                    inner.input(|core, now| core.socket_event(now, generation, event));
                }
            })
        };
        let from_store = input_from(&me, |core, now, event: StoreEvent| core.node.handle_store(now, event));
        let from_tabs = input_from(&me, |core, now, event| core.tab_event(now, event));
        #[cfg(feature = "lab")]
        let version = super::faults::link_version();
        #[cfg(not(feature = "lab"))]
        let version = super::store::LINK_VERSION;
        Self {
            reply: inner.reply.clone(),
            node: Node::new(init.engine.clone(), clock::seed(), clock::now()),
            socket: None,
            socket_listener,
            protocols: init.engine.connection.protocols.clone(),
            store: Store::of_version(&init.scope, version, from_store),
            persists: init.engine.outbox.persist,
            last_states: LastStates::new(&init.scope),
            tabs: Tabs::new(version, &init.scope, &init.page, from_tabs),
            timer: None,
            buffered: 0,
            traces: Traces::default(),
            trace_timer: None,
            away: false,
            signed_out: None,
            _lifecycle: Lifecycle::listen(input_from(&me, |core, now, hint| core.hint(now, hint))),
            #[cfg(feature = "lab")]
            relay: Rc::new(Relay::new(
                &init.scope,
                &inner.reply,
                input_from(&me, |core, now, request: String| {
                    if let Some(hint) =
                        super::faults::asked(&request, core.socket.as_ref(), &core.store, &core.relay)
                    {
                        core.hint(now, hint);
                    }
                }),
            )),
            me,
        }
    }

    fn command(&mut self, now: Now, message: ToWorker) {
        let command = match message {
            ToWorker::Connect => PageCommand::Connect,
            ToWorker::Disconnect => PageCommand::Disconnect,
            ToWorker::Reconnect => PageCommand::Reconnect,
            ToWorker::Subscribe(subject) => PageCommand::Subscribe(subject),
            ToWorker::Unsubscribe(subject) => PageCommand::Unsubscribe(subject),
            ToWorker::Send(requests) => PageCommand::Send(requests),
            ToWorker::Inquire(about) => PageCommand::Inquire(about),
            ToWorker::Retry { id, confirm } => PageCommand::Retry { id, confirm },
            ToWorker::Discard { id } => PageCommand::Discard { id },
            ToWorker::Credit(number) => PageCommand::Credit(number),
            ToWorker::Token(token) => PageCommand::Token(token),
            ToWorker::WatchMetrics(on) => PageCommand::WatchMetrics(on),
            ToWorker::WatchOutbox(on) => PageCommand::WatchOutbox(on),
            ToWorker::WatchRaw(on) => PageCommand::WatchRaw(on),
            ToWorker::SendRaw(frame) => PageCommand::SendRaw(frame),
            ToWorker::PageHide => {
                self.away = true;
                PageCommand::PageHide
            }
            ToWorker::Hint(hint) => return self.hint(now, hint),
            ToWorker::SignOut(how) => PageCommand::SignOut(how),
            // Where nothing is stored no database is created for it.
            ToWorker::ReadUnreadable | ToWorker::DiscardUnreadable if !self.persists => {
                return self.answer_unreadable(Box::pin(std::future::ready(Ok(Vec::new()))));
            }
            ToWorker::ReadUnreadable => return self.answer_unreadable(self.store.unreadable()),
            ToWorker::DiscardUnreadable => return self.answer_unreadable(self.store.discard_unreadable()),
            ToWorker::KeepState(channel, bytes) => {
                return wasm_bindgen_futures::spawn_local(self.last_states.keep(channel, bytes));
            }
            ToWorker::ReadState => return self.answer_last_states(),
            // Taken before they come here.
            ToWorker::Init(_) | ToWorker::Heartbeat(_) | ToWorker::Lab(_) => return,
        };
        self.node.handle_page(now, command);
    }

    fn socket_event(&mut self, now: Now, generation: Generation, event: SocketEvent<'_>) {
        if matches!(event, SocketEvent::Closed { .. }) {
            self.socket.take_if(|socket| socket.generation() == generation);
        }
        self.node.handle_socket(now, generation, event);
    }

    fn hint(&mut self, now: Now, hint: Hint) {
        if self.away && !matches!(hint, Hint::Hidden | Hint::Offline | Hint::Online) {
            self.away = false;
            self.tabs.join();
            #[cfg(feature = "lab")]
            self.relay.join();
        }
        self.node.handle_page(now, PageCommand::Hint(hint));
    }

    fn tab_event(&mut self, now: Now, event: TabEvent) {
        match event {
            TabEvent::Lock(event) => self.node.handle_lock(now, &event),
            TabEvent::Link(message) => self.node.handle_link(now, message),
            TabEvent::Alive(alive) => {
                self.tabs.retain(&alive);
                self.node.handle_tabs(now, &alive);
            }
        }
    }

    /// Carries out what the node asks for until it asks for nothing.
    fn drain(&mut self) {
        loop {
            let mut written = false;
            while let Some(output) = self.node.poll_output() {
                written |= self.carry_out(output);
            }
            if !written {
                break;
            }
            self.read_buffered(clock::now());
        }
        if self.away {
            self.tabs.leave();
            #[cfg(feature = "lab")]
            self.relay.leave();
        }
        self.send_traces_soon();
        self.arm();
    }

    fn read_buffered(&mut self, now: Now) {
        let Some(socket) = &self.socket else { return };
        self.buffered = socket.buffered();
        self.node.handle_socket(now, socket.generation(), SocketEvent::Buffered(self.buffered));
    }

    /// One timer, for the node's next deadline. One that fires too early is armed again.
    fn arm(&mut self) {
        let deadline = self.node.poll_timeout();
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
        if self.node.poll_timeout().is_some_and(|deadline| deadline <= now.mono) {
            self.node.handle_timeout(now);
        }
    }

    fn send_traces_soon(&mut self) {
        if !self.traces.is_empty() && self.trace_timer.is_none() {
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
        (self.reply)(FromWorker::Traces(self.traces.take()));
    }
}
