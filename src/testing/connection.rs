//! The connection moved by hand.

use super::fake_port::World;
use super::mount::Mounted;
use crate::bridge::{FromWorker, PortEvent, PortFailure, ToWorker};
use crate::realtime::platform::Platform;
use crate::realtime::{MessageId, PortFactory};
use sentinelops_engine::{
    Cause, ConnectionState, Delivery, DeliveryState, Durability, FailReason, Hint, MessageCounts,
    MessageInfo, MessageUpdate, Metrics, Mode, SendRequest, SnapshotDelivery, Status, StorageState,
    StoreError, TokenReason,
};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Code, Event, Problem, Subject};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use yew::Html;

/// A pause of the length of nothing that took this long, ms, was no pause: somebody worked. Browsers
/// make 4 of 0.
const BUSY_MS: f64 = 8.0;

/// Worker and server of a test. Cloning gives another handle of the same one.
///
/// ```
/// use sentinelops::realtime::use_connection_state;
/// use sentinelops::testing::FakeConnection;
/// use yew::prelude::*;
///
/// #[component]
/// fn State() -> Html {
///     let state = use_connection_state();
///     html! { <p>{ format!("{state:?}") }</p> }
/// }
///
/// // #[wasm_bindgen_test]
/// async fn says_that_it_is_gone() {
///     let connection = FakeConnection::new();
///     let page = connection.mount(html! { <State /> });
///     connection.connect();
///     connection.settle().await;
///     connection.drop_connection();
///     connection.settle().await;
///     assert_eq!(page.text(), "Reconnecting");
/// }
/// # let _ = says_that_it_is_gone;
/// ```
#[derive(Clone)]
pub struct FakeConnection {
    world: Rc<World>,
    factory: PortFactory,
    status: Rc<RefCell<Status>>,
}

impl Default for FakeConnection {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for FakeConnection {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.world, &other.world)
    }
}

impl fmt::Debug for FakeConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeConnection")
    }
}

impl FakeConnection {
    /// Not connected, empty, at the beginning of time.
    pub fn new() -> Self {
        let world = World::new();
        let factory = {
            let world = world.clone();
            PortFactory::new(move |listener| world.spawn(listener))
        };
        let factory = factory.with_platform(world.time.clone());
        Self { world, factory, status: Rc::default() }
    }

    /// For the provider's `port` prop.
    pub fn port(&self) -> PortFactory {
        self.factory.clone()
    }

    /// Shows something on the page with a provider of this connection above it.
    pub fn mount(&self, content: Html) -> Mounted {
        Mounted::new(self.clone(), content)
    }

    // ---- the server and the worker ----

    /// The connection is up: v1, 20 ms, durable store.
    pub fn connect(&self) {
        let now = self.world.time.wall();
        self.change_status(|status| {
            *status = Status {
                state: ConnectionState::Connected,
                mode: Some(Mode::V1),
                latency_ms: Some(20.0),
                quality: Some(sentinelops_engine::Quality::Excellent),
                connected_since: Some(now),
                storage: match &status.storage {
                    StorageState::Opening => StorageState::Durable,
                    storage => storage.clone(),
                },
                ..Status::default()
            };
        });
    }

    /// The connection breaks and is being restored.
    pub fn drop_connection(&self) {
        self.change_status(|status| {
            status.state = ConnectionState::Reconnecting;
            status.cause = Cause::Lost;
            status.connected_since = None;
            status.last_error = Some("the connection broke".to_owned());
        });
    }

    /// Any other status.
    pub fn change_status(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.borrow_mut());
        let status = self.status.borrow().clone();
        self.world.deliver([Delivery::Status(Box::new(status))]);
    }

    /// An event arrives, for whoever subscribed to its channel or topic.
    pub fn deliver(&self, event: impl Into<Event>) {
        self.deliver_all([event.into()]);
    }

    /// Events arrive together. Those delivered right after mounting, before Yew has rendered, wait
    /// for what subscribes during the next [`FakeConnection::settle`].
    pub fn deliver_all(&self, events: impl IntoIterator<Item = Event>) {
        self.world.events(events);
    }

    /// The whole state of a subject arrives; it replaces what was there.
    pub fn snapshot(&self, subject: Subject, items: impl IntoIterator<Item = Event>) {
        self.snapshot_after(subject, Continuity::Snapshot, items);
    }

    /// The same, and how it follows on what was there.
    pub fn snapshot_after(
        &self,
        subject: Subject,
        continuity: Continuity,
        items: impl IntoIterator<Item = Event>,
    ) {
        let items = items.into_iter().map(Rc::new).collect();
        self.world.deliver([Delivery::Snapshot(SnapshotDelivery { subject, continuity, seq: 0, items })]);
    }

    /// The server refuses a subscription.
    pub fn deny(&self, subject: Subject, message: &str) {
        self.world.deliver([Delivery::Denied(subject, message.to_owned())]);
    }

    /// Something unreadable came in.
    pub fn problem(&self, problem: Problem) {
        self.world.deliver([Delivery::Problem(problem)]);
    }

    /// A message is on disk.
    pub fn save(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Queued);
    }

    /// A message was given to the socket.
    pub fn transmit(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Sent);
    }

    /// The server has a message.
    pub fn ack(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Delivered);
    }

    /// The server refuses a message for good.
    pub fn nack(&self, id: &MessageId, code: Code, message: &str) {
        let reason = FailReason::Refused { code, message: message.to_owned() };
        self.update(id, Durability::Durable, DeliveryState::Failed(reason));
    }

    /// Any other news of a message.
    pub fn update(&self, id: &MessageId, durability: Durability, delivery: DeliveryState) {
        let update = MessageUpdate { id: id.to_string(), durability, delivery };
        self.world.deliver([Delivery::Message(update)]);
    }

    /// The store fails: what is sent from now on is kept in memory only.
    pub fn store_failure(&self, error: StoreError) {
        self.change_status(|status| status.storage = StorageState::MemoryOnly(error));
    }

    /// The list of messages, for those who show it.
    pub fn outbox(&self, messages: Vec<MessageInfo>, counts: MessageCounts) {
        self.world.deliver([Delivery::Outbox(messages, counts)]);
    }

    /// The counters, for those who show them.
    pub fn metrics(&self, metrics: Metrics) {
        self.world.deliver([Delivery::Metrics(Box::new(metrics))]);
    }

    /// The token is asked for; look for the answer in [`FakeConnection::said`].
    pub fn want_token(&self, reason: TokenReason) {
        self.world.tell(PortEvent::Message(FromWorker::TokenWanted(reason)));
    }

    /// Anything else the worker may say.
    pub fn say(&self, message: FromWorker) {
        self.world.tell(PortEvent::Message(message));
    }

    /// The worker fails.
    pub fn fail_worker(&self, failure: PortFailure) {
        self.world.tell(PortEvent::Failed(failure));
    }

    /// From now on the worker answers no beat (`true`) or does again (`false`).
    pub fn hang(&self, hangs: bool) {
        self.world.answers.set(!hangs);
    }

    /// From now on a worker that is started never says that it is ready (`true`), or does.
    pub fn refuse_start(&self, refuses: bool) {
        self.world.starts.set(!refuses);
    }

    // ---- what the page did ----

    /// What was sent, each message once, in order.
    pub fn sent(&self) -> Vec<SendRequest> {
        self.world.requests.borrow().clone()
    }

    /// The id of the last message sent.
    pub fn last_id(&self) -> Option<MessageId> {
        self.world.requests.borrow().last().map(|request| request.id.as_str().into())
    }

    /// What is subscribed to now, in order of subscribing.
    pub fn subscriptions(&self) -> Vec<Subject> {
        self.world.subjects.borrow().clone()
    }

    /// Everything the page ever said to its workers.
    pub fn said(&self) -> Vec<ToWorker> {
        self.world.said.borrow().clone()
    }

    /// The same, and forgets it.
    pub fn take_said(&self) -> Vec<ToWorker> {
        self.world.said.take()
    }

    /// How many workers were started.
    pub fn workers(&self) -> u32 {
        self.world.spawned.get()
    }

    /// How many batches went to the page.
    pub fn batches(&self) -> u64 {
        self.world.batches.get()
    }

    // ---- time ----

    /// Virtual wall clock, ms since the epoch.
    pub fn now(&self) -> u64 {
        self.world.time.wall()
    }

    /// Time passes; timers fire. Frames are not painted by it.
    pub fn advance(&self, ms: u64) {
        self.world.time.advance(ms);
    }

    /// The page sleeps: its timers fire late, at the next [`FakeConnection::advance`].
    pub fn sleep(&self, ms: u64) {
        self.world.time.sleep(ms);
    }

    /// What is due happens, and one frame is painted. `true`: something asked for it.
    pub fn frame(&self) -> bool {
        self.world.time.advance(0);
        let painted = self.world.time.frame();
        self.world.time.advance(0);
        painted
    }

    /// Frames are painted until nobody asks for one: what waited for the credit of an earlier batch
    /// has arrived then.
    pub fn paint(&self) {
        // A loop of a test is noticed rather than waited for.
        for _ in 0..100 {
            if !self.frame() {
                break;
            }
        }
    }

    /// The page is shown or hidden: the worker is told, and hidden pages get no frames.
    pub fn set_visible(&self, visible: bool) {
        self.hint(if visible { Hint::Visible } else { Hint::Hidden });
    }

    /// The browser says something about the page: offline, focused, resumed. The worker is told.
    pub fn hint(&self, hint: Hint) {
        self.world.time.hint(hint);
    }

    /// Waits for Yew, paints, and again, until nothing more happens: what is on the page then is
    /// what people see. Only in a browser.
    pub async fn settle(&self) {
        // Mounting, effects, timers and frames may each bring about the next; a loop of a test is
        // noticed rather than waited for.
        let mut quiet = 0;
        for _ in 0..1_000 {
            let began = js_sys::Date::now();
            yew::platform::time::sleep(std::time::Duration::ZERO).await;
            // Yew pauses after 16 ms of work and goes on in a task of its own: who was kept waiting
            // came between two of them.
            let worked = js_sys::Date::now() - began >= BUSY_MS;
            quiet = if self.frame() || worked { 0 } else { quiet + 1 };
            if quiet == 2 {
                break;
            }
        }
        self.world.forget_early();
    }
}
