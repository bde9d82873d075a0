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
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// assert_eq!((connection.workers(), connection.sent().len()), (0, 0));
    /// ```
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
    ///
    /// ```
    /// use sentinelops::realtime::WebSocketProvider;
    /// use sentinelops::testing::FakeConnection;
    /// use yew::prelude::*;
    ///
    /// let connection = FakeConnection::new();
    /// // With options of one's own, which `mount` does not give:
    /// let page = html! { <WebSocketProvider port={connection.port()} auto_connect={false} user="ann" /> };
    /// # let _ = page;
    /// ```
    pub fn port(&self) -> PortFactory {
        self.factory.clone()
    }

    /// Shows something on the page with a provider of this connection above it.
    ///
    /// ```
    /// use sentinelops::components::ConnectionStatus;
    /// use sentinelops::testing::FakeConnection;
    /// use yew::prelude::*;
    ///
    /// // #[wasm_bindgen_test]
    /// async fn says_that_it_is_connected() {
    ///     let connection = FakeConnection::new();
    ///     let page = connection.mount(html! { <ConnectionStatus compact=true /> });
    ///     connection.connect();
    ///     connection.settle().await;
    ///     assert!(page.text().starts_with("Connected"));
    /// }
    /// ```
    pub fn mount(&self, content: Html) -> Mounted {
        Mounted::new(self.clone(), content)
    }

    // ---- the server and the worker ----

    /// The connection is up: v1, 20 ms, durable store.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// async fn back_after_an_outage(connection: &FakeConnection) {
    ///     connection.drop_connection();
    ///     connection.settle().await;
    ///     connection.connect();
    ///     connection.settle().await;
    /// }
    /// ```
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
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_that_it_is_gone(connection: &FakeConnection, page: &Mounted) {
    ///     connection.drop_connection();
    ///     connection.settle().await;
    ///     assert!(page.text().contains("Reconnecting"));
    /// }
    /// ```
    pub fn drop_connection(&self) {
        self.change_status(|status| {
            status.state = ConnectionState::Reconnecting;
            status.cause = Cause::Lost;
            status.connected_since = None;
            status.last_error = Some("the connection broke".to_owned());
        });
    }

    /// Any other status.
    ///
    /// ```
    /// use sentinelops::engine::{Cause, ConnectionState};
    /// use sentinelops::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// connection.change_status(|status| {
    ///     status.state = ConnectionState::Error;
    ///     status.cause = Cause::NeedsAuth;
    /// });
    /// ```
    pub fn change_status(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.borrow_mut());
        let status = self.status.borrow().clone();
        self.world.deliver([Delivery::Status(Box::new(status))]);
    }

    /// An event arrives, for whoever subscribed to its channel or topic.
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, Mounted, incident};
    ///
    /// async fn shows_what_arrives(connection: &FakeConnection, page: &Mounted) {
    ///     connection.deliver(incident("inc-1").title("Disk full"));
    ///     connection.settle().await;
    ///     assert!(page.text().contains("Disk full"));
    /// }
    /// ```
    pub fn deliver(&self, event: impl Into<Event>) {
        self.deliver_all([event.into()]);
    }

    /// Events arrive together. Those delivered right after mounting, before Yew has rendered, wait
    /// for what subscribes during the next [`FakeConnection::settle`].
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, incident};
    ///
    /// let connection = FakeConnection::new();
    /// connection.deliver_all((0..1_000).map(|n| incident(&format!("inc-{n}")).into()));
    /// ```
    pub fn deliver_all(&self, events: impl IntoIterator<Item = Event>) {
        self.world.events(events);
    }

    /// The whole state of a subject arrives; it replaces what was there.
    ///
    /// ```
    /// use sentinelops::protocol::{Channel, Subject};
    /// use sentinelops::testing::{FakeConnection, incident};
    ///
    /// let connection = FakeConnection::new();
    /// // "There are none" is something else than "not loaded yet".
    /// connection.snapshot(Subject::channel(Channel::Incidents), []);
    /// connection.snapshot(Subject::channel(Channel::Incidents), [incident("inc-1").into()]);
    /// ```
    pub fn snapshot(&self, subject: Subject, items: impl IntoIterator<Item = Event>) {
        self.snapshot_after(subject, Continuity::Snapshot, items);
    }

    /// The same, and how it follows on what was there.
    ///
    /// ```
    /// use sentinelops::protocol::{Channel, Subject, system::Continuity};
    /// use sentinelops::testing::FakeConnection;
    ///
    /// // Some of what happened while the page was away is gone for good.
    /// let connection = FakeConnection::new();
    /// connection.snapshot_after(Subject::channel(Channel::Activity), Continuity::Gap, []);
    /// ```
    pub fn snapshot_after(
        &self,
        subject: Subject,
        continuity: Continuity,
        items: impl IntoIterator<Item = Event>,
    ) {
        let items = items.into_iter().map(Rc::new).collect();
        let snapshot = SnapshotDelivery { subject, continuity, seq: 0, items };
        self.world.deliver([Delivery::Snapshot(snapshot)]);
    }

    /// The server refuses a subscription.
    ///
    /// ```
    /// use sentinelops::protocol::{Channel, Subject};
    /// use sentinelops::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_who_may_not_look(connection: &FakeConnection, page: &Mounted) {
    ///     connection.deny(Subject::channel(Channel::Alerts), "not your team");
    ///     connection.settle().await;
    ///     assert!(page.text().contains("not your team"));
    /// }
    /// ```
    pub fn deny(&self, subject: Subject, message: &str) {
        self.world.deliver([Delivery::Denied(subject, message.to_owned())]);
    }

    /// Something unreadable came in.
    ///
    /// ```
    /// use sentinelops::protocol::{Json, decode_payload};
    /// use sentinelops::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// let (_, problem) = decode_payload("agent.status", &Json::parse(r#"{"agentId": 7}"#)?);
    /// connection.problem(problem.expect("it does not fit"));
    /// # Ok::<(), String>(())
    /// ```
    pub fn problem(&self, problem: Problem) {
        self.world.deliver([Delivery::Problem(problem)]);
    }

    /// A message is on disk.
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_that_it_is_safe(connection: &FakeConnection, page: &Mounted) {
    ///     let id = connection.last_id().expect("something was sent");
    ///     connection.save(&id);
    ///     connection.settle().await;
    ///     assert!(page.text().contains("saved"));
    /// }
    /// ```
    pub fn save(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Queued);
    }

    /// A message was given to the socket.
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_that_it_left(connection: &FakeConnection, page: &Mounted) {
    ///     connection.transmit(&connection.last_id().expect("something was sent"));
    ///     connection.settle().await;
    ///     assert!(page.text().contains("sent"));
    /// }
    /// ```
    pub fn transmit(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Sent);
    }

    /// The server has a message.
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_that_it_arrived(connection: &FakeConnection, page: &Mounted) {
    ///     connection.ack(&connection.last_id().expect("something was sent"));
    ///     connection.settle().await;
    ///     assert!(page.text().contains("delivered"));
    /// }
    /// ```
    pub fn ack(&self, id: &MessageId) {
        self.update(id, Durability::Durable, DeliveryState::Delivered);
    }

    /// The server refuses a message for good.
    ///
    /// ```
    /// use sentinelops::protocol::Code;
    /// use sentinelops::testing::{FakeConnection, Mounted};
    ///
    /// async fn says_why_not(connection: &FakeConnection, page: &Mounted) {
    ///     let id = connection.last_id().expect("something was sent");
    ///     connection.nack(&id, Code::Forbidden, "not your incident");
    ///     connection.settle().await;
    ///     assert!(page.text().contains("not your incident"));
    /// }
    /// ```
    pub fn nack(&self, id: &MessageId, code: Code, message: &str) {
        let reason = FailReason::Refused { code, message: message.to_owned() };
        self.update(id, Durability::Durable, DeliveryState::Failed(reason));
    }

    /// Any other news of a message.
    ///
    /// ```
    /// use sentinelops::engine::{DeliveryState, Durability};
    /// use sentinelops::testing::FakeConnection;
    ///
    /// /// The socket died before the answer came.
    /// fn in_doubt(connection: &FakeConnection) {
    ///     if let Some(id) = connection.last_id() {
    ///         connection.update(&id, Durability::Durable, DeliveryState::Unconfirmed);
    ///     }
    /// }
    /// ```
    pub fn update(&self, id: &MessageId, durability: Durability, delivery: DeliveryState) {
        let update = MessageUpdate { id: id.to_string(), durability, delivery };
        self.world.deliver([Delivery::Message(update)]);
    }

    /// The store fails: what is sent from now on is kept in memory only.
    ///
    /// ```
    /// use sentinelops::engine::StoreError;
    /// use sentinelops::testing::FakeConnection;
    ///
    /// // The disk is full: the page should say that closing it loses what waits.
    /// FakeConnection::new().store_failure(StoreError::Quota);
    /// ```
    pub fn store_failure(&self, error: StoreError) {
        self.change_status(|status| status.storage = StorageState::MemoryOnly(error));
    }

    /// The list of messages, for those who show it.
    ///
    /// ```
    /// use sentinelops::engine::MessageCounts;
    /// use sentinelops::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// connection.outbox(Vec::new(), MessageCounts { failed: 0, ..MessageCounts::default() });
    /// ```
    pub fn outbox(&self, messages: Vec<MessageInfo>, counts: MessageCounts) {
        self.world.deliver([Delivery::Outbox(messages, counts)]);
    }

    /// The counters, for those who show them.
    ///
    /// ```
    /// use sentinelops::engine::Metrics;
    /// use sentinelops::testing::FakeConnection;
    ///
    /// FakeConnection::new().metrics(Metrics { messages_in: 12, reconnects: 1, ..Metrics::default() });
    /// ```
    pub fn metrics(&self, metrics: Metrics) {
        self.world.deliver([Delivery::Metrics(Box::new(metrics))]);
    }

    /// The token is asked for: the provider's `token` callback is called.
    ///
    /// ```
    /// use sentinelops::engine::TokenReason;
    /// use sentinelops::testing::FakeConnection;
    ///
    /// /// The server did not take the last one: the provider's `token` callback is asked again.
    /// async fn session_over(connection: &FakeConnection) {
    ///     connection.want_token(TokenReason::Rejected);
    ///     connection.settle().await;
    /// }
    /// ```
    pub fn want_token(&self, reason: TokenReason) {
        self.world.tell(PortEvent::Message(FromWorker::TokenWanted(reason)));
    }

    /// Anything else the worker may say.
    #[doc(hidden)]
    pub fn say(&self, message: FromWorker) {
        self.world.tell(PortEvent::Message(message));
    }

    /// The worker fails.
    ///
    /// ```
    /// use sentinelops::realtime::PortFailure;
    /// use sentinelops::testing::FakeConnection;
    ///
    /// async fn after_a_crash_there_is_another(connection: &FakeConnection) {
    ///     connection.fail_worker(PortFailure::Crashed("unreachable".to_owned()));
    ///     connection.advance(1_000);
    ///     connection.settle().await;
    ///     assert_eq!(connection.workers(), 2);
    /// }
    /// ```
    pub fn fail_worker(&self, failure: PortFailure) {
        self.world.tell(PortEvent::Failed(failure));
    }

    /// From now on the worker answers no beat (`true`) or does again (`false`).
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// connection.hang(true);
    /// // Silence for 10 s ends it.
    /// connection.advance(15_000);
    /// ```
    pub fn hang(&self, hangs: bool) {
        self.world.answers.set(!hangs);
    }

    /// From now on a worker that is started never says that it is ready (`true`), or does.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// connection.refuse_start(true);
    /// ```
    pub fn refuse_start(&self, refuses: bool) {
        self.world.starts.set(!refuses);
    }

    // ---- what the page did ----

    /// What was sent, each message once, in order.
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, Mounted};
    ///
    /// fn sends_the_edit(connection: &FakeConnection, page: &Mounted) {
    ///     page.click("button");
    ///     let sent = connection.sent();
    ///     assert_eq!((sent.len(), sent[0].kind.as_str()), (1, "incident.update"));
    /// }
    /// ```
    pub fn sent(&self) -> Vec<SendRequest> {
        self.world.requests.borrow().clone()
    }

    /// The id of the last message sent.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// assert_eq!(FakeConnection::new().last_id(), None);
    /// ```
    pub fn last_id(&self) -> Option<MessageId> {
        self.world.requests.borrow().last().map(|request| request.id.as_str().into())
    }

    /// What is subscribed to now, in order of subscribing.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// assert_eq!(FakeConnection::new().subscriptions(), [], "nobody shows anything");
    /// ```
    pub fn subscriptions(&self) -> Vec<Subject> {
        self.world.subjects.borrow().clone()
    }

    /// Everything the page ever said to its workers.
    #[doc(hidden)]
    pub fn said(&self) -> Vec<ToWorker> {
        self.world.said.borrow().clone()
    }

    /// The same, and forgets it.
    #[doc(hidden)]
    pub fn take_said(&self) -> Vec<ToWorker> {
        self.world.said.take()
    }

    /// How many workers were started.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// assert_eq!(FakeConnection::new().workers(), 0, "the first provider starts one");
    /// ```
    pub fn workers(&self) -> u32 {
        self.world.spawned.get()
    }

    /// How many batches went to the page.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// async fn goes_out_in_one_batch(connection: &FakeConnection) {
    ///     let before = connection.batches();
    ///     connection.settle().await;
    ///     assert!(connection.batches() - before <= 1);
    /// }
    /// ```
    pub fn batches(&self) -> u64 {
        self.world.batches.get()
    }

    // ---- time ----

    /// Virtual wall clock, ms since the epoch.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// let before = connection.now();
    /// connection.advance(1_500);
    /// assert_eq!(connection.now(), before + 1_500);
    /// ```
    pub fn now(&self) -> u64 {
        self.world.time.wall()
    }

    /// Time passes; timers fire. Frames are not painted by it.
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, Mounted};
    ///
    /// async fn nobody_types_any_more(connection: &FakeConnection, page: &Mounted) {
    ///     connection.advance(5_000);
    ///     connection.settle().await;
    ///     assert!(!page.text().contains("types"));
    /// }
    /// ```
    pub fn advance(&self, ms: u64) {
        self.world.time.advance(ms);
    }

    /// The page sleeps: its timers fire late, at the next [`FakeConnection::advance`].
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// let connection = FakeConnection::new();
    /// // The lid is closed for an hour; on waking, timers are an hour late.
    /// connection.sleep(3_600_000);
    /// connection.advance(0);
    /// ```
    pub fn sleep(&self, ms: u64) {
        self.world.time.sleep(ms);
    }

    /// What is due happens, and one frame is painted. `true`: something asked for it.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// assert!(!FakeConnection::new().frame(), "nothing asked to be painted");
    /// ```
    pub fn frame(&self) -> bool {
        self.world.time.advance(0);
        let painted = self.world.time.frame();
        self.world.time.advance(0);
        painted
    }

    /// Frames are painted until nobody asks for one: what waited for the credit of an earlier batch
    /// has arrived then.
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, incident};
    ///
    /// let connection = FakeConnection::new();
    /// connection.deliver(incident("inc-1"));
    /// connection.paint();
    /// ```
    pub fn paint(&self) {
        // A loop of a test is noticed rather than waited for.
        for _ in 0..100 {
            if !self.frame() {
                break;
            }
        }
    }

    /// The page is shown or hidden: the worker is told, and hidden pages get no frames.
    ///
    /// ```
    /// use sentinelops::testing::FakeConnection;
    ///
    /// async fn looks_away_and_back(connection: &FakeConnection) {
    ///     connection.set_visible(false);
    ///     connection.advance(60_000);
    ///     connection.set_visible(true);
    ///     connection.settle().await;
    /// }
    /// ```
    pub fn set_visible(&self, visible: bool) {
        self.hint(if visible { Hint::Visible } else { Hint::Hidden });
    }

    /// The browser says something about the page: offline, focused, resumed. The worker is told.
    ///
    /// ```
    /// use sentinelops::engine::Hint;
    /// use sentinelops::testing::FakeConnection;
    ///
    /// FakeConnection::new().hint(Hint::Offline);
    /// ```
    pub fn hint(&self, hint: Hint) {
        self.world.time.hint(hint);
    }

    /// Waits for Yew, paints, and again, until nothing more happens: what is on the page then is
    /// what people see. Only in a browser.
    ///
    /// ```
    /// use sentinelops::testing::{FakeConnection, Mounted, incident};
    ///
    /// async fn what_people_see(connection: &FakeConnection, page: &Mounted) {
    ///     connection.deliver(incident("inc-1"));
    ///     connection.settle().await;
    ///     assert!(page.text().contains("inc-1"));
    /// }
    /// ```
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
