//! The connection moved by hand.

mod arrivals;
mod outbox;
mod time;
mod worker;

use crate::bridge::{FromWorker, PortEvent, PortFailure, ToWorker};
use crate::platform::Platform;
use crate::testing::fake_port::World;
use crate::testing::mount::Mounted;
use crate::{MessageId, PortFactory};
use sentinelops_engine::{
    Cause, ConnectionState, Delivery, DeliveryState, Durability, FailReason, Hint, MessageCounts,
    MessageInfo, MessageUpdate, Metrics, Mode, RawFrame, SendRequest, SnapshotDelivery, Status, StorageState,
    StoreError, TokenReason,
};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Code, Event, Problem, Subject};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use yew::Html;

/// Worker and server of a test. Cloning gives another handle of the same one.
///
/// ```
/// use sentinelops_realtime::use_connection_state;
/// use sentinelops_realtime::testing::FakeConnection;
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
    /// use sentinelops_realtime::testing::FakeConnection;
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
    /// use sentinelops_realtime::WebSocketProvider;
    /// use sentinelops_realtime::testing::FakeConnection;
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
    /// use sentinelops_realtime::ConnectionStatus;
    /// use sentinelops_realtime::testing::FakeConnection;
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
    /// use sentinelops_realtime::testing::FakeConnection;
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
    /// use sentinelops_realtime::testing::{FakeConnection, Mounted};
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
    /// use sentinelops_realtime::engine::{Cause, ConnectionState};
    /// use sentinelops_realtime::testing::FakeConnection;
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
}
