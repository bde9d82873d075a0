//! The client: one stable handle a provider, behind which everything of the page happens.
//!
//! It holds no data that a component could hold on to: hooks read what they show from it and are
//! called when that changed. What comes from the worker is taken in once a frame (`flush`): folds,
//! send_log and listeners in one go, then the credit goes back. **Nothing is called while the state is
//! borrowed**: a listener, a port or a timer may call the client again.

mod changes;
mod contents;
mod drafts;
mod flush;
mod handoff;
#[cfg(feature = "lab")]
mod lab;
mod last_state;
mod options;
mod own;
mod pace;
mod pending_actions;
mod raw;
mod read;
mod receipts;
mod resume_outbox;
mod route;
mod send;
mod sent;
mod session;
mod settings;
mod state;
pub(crate) mod subscribe;
mod supervise;
mod tab_map;
#[cfg(test)]
mod tests;
mod unreadable;
mod watch;

pub(crate) use changes::{Changes, Dependency};
pub use options::ClientOptions;
pub use own::OwnMessage;
pub(crate) use own::messages_in;
pub(crate) use pace::PACE_MS;
pub use sent::SentMessage;
pub(crate) use settings::{Key, Settings};
pub(crate) use subscribe::Dispatch;
pub use subscribe::Subscription;
pub use tab_map::ScopeTab;
#[cfg(test)]
pub(crate) use watch::Watch;

use super::error::SetupError;
use super::id::ulid;
use super::lifecycle::Lifecycle;
use super::platform::SharedPlatform;
use super::{PortFactory, TokenSource};
use crate::bridge::{PageId, ToWorker};
use sentinelops_engine::{ConnectionState, Hint};
use state::State;
use std::cell::{Ref, RefCell, RefMut};
use std::fmt;
use std::rc::{Rc, Weak};

/// The handle in the context. Cloning copies a pointer; two are equal when they are the same.
///
/// Most components use the hooks; this is for code beside them: sending from a callback, a button
/// that reconnects.
///
/// ```
/// use sentinelops_realtime::{Message, use_client};
/// use yew::prelude::*;
///
/// #[component]
/// fn Escape() -> Html {
///     let client = use_client();
///     let onclick = move |_| {
///         client.send(Message::chat("ops", "taking over"));
///         client.reconnect();
///     };
///     html! { <button {onclick}>{ "Take over" }</button> }
/// }
/// ```
#[derive(Clone)]
pub struct Client(Rc<Inner>);

struct Inner {
    settings: Settings,
    setup_error: Option<SetupError>,
    factory: PortFactory,
    platform: SharedPlatform,
    page: PageId,
    token: RefCell<TokenSource>,
    state: RefCell<State>,
    lifecycle: RefCell<Option<Lifecycle>>,
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.0.settings.url.shown).finish_non_exhaustive()
    }
}

/// Reaches a client as long as somebody holds it.
#[derive(Clone)]
pub(crate) struct WeakClient(Weak<Inner>);

impl WeakClient {
    pub(crate) fn with(&self, call: impl FnOnce(&Client)) {
        if let Some(client) = self.upgrade() {
            call(&client);
        }
    }

    pub(crate) fn upgrade(&self) -> Option<Client> {
        self.0.upgrade().map(Client)
    }
}

impl Client {
    /// Makes a client, outside of any component: give it to `<WebSocketProvider client={…}>`, send and subscribe
    /// beside it. It connects at once, unless the options say otherwise, and lives until [`Client::close`].
    ///
    /// There is one client a page for each URL and user: another call, or a provider, with the same ones gets the one
    /// that runs, and a warning in the console where its options differ. When the options do not work (a bad URL),
    /// [`Client::setup_error`] says why, and what is sent is refused.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::{Client, ClientOptions, WebSocketProvider};
    /// use yew::prelude::*;
    ///
    /// thread_local! {
    ///     static CLIENT: Client = Client::new(ClientOptions {
    ///         user: Some("ann".to_owned()),
    ///         ..ClientOptions::new("/ws")
    ///     });
    /// }
    ///
    /// #[component]
    /// fn App() -> Html {
    ///     html! { <WebSocketProvider client={CLIENT.with(Client::clone)}>{ "…" }</WebSocketProvider> }
    /// }
    /// ```
    pub fn new(options: impl Into<ClientOptions>) -> Self {
        crate::registry::keep(&options.into())
    }

    /// Makes a client and, unless something forbids it, starts its worker.
    pub(crate) fn open(
        settings: Settings,
        factory: PortFactory,
        token: TokenSource,
        setup_error: Option<SetupError>,
    ) -> Self {
        let platform = factory.platform();
        let client = Self(Rc::new(Inner {
            state: RefCell::new(State::new(setup_error.as_ref())),
            settings,
            setup_error,
            factory,
            page: ulid(platform.wall(), platform.random()),
            platform,
            token: RefCell::new(token),
            lifecycle: RefCell::new(None),
        }));
        if client.0.setup_error.is_none() {
            *client.0.lifecycle.borrow_mut() = Lifecycle::attach(&client);
            client.start_worker();
        }
        client
    }

    pub(crate) fn downgrade(&self) -> WeakClient {
        WeakClient(Rc::downgrade(&self.0))
    }

    pub(crate) fn platform(&self) -> &SharedPlatform {
        &self.0.platform
    }

    fn state(&self) -> Ref<'_, State> {
        self.0.state.borrow()
    }

    fn state_mut(&self) -> RefMut<'_, State> {
        self.0.state.borrow_mut()
    }

    /// Hands a message to the worker, if there is one.
    fn post(&self, message: ToWorker) {
        let port = self.state().worker.port.clone();
        if let Some(port) = port {
            port.send(message);
        }
    }

    /// Connects (also after `Error`). After a sign-out it begins a new session, with a new worker;
    /// while one is under way it changes nothing.
    ///
    /// ```
    /// use sentinelops_realtime::use_client;
    /// use yew::prelude::*;
    ///
    /// /// Below a provider with `auto_connect={false}`.
    /// #[component]
    /// fn GoLive() -> Html {
    ///     let client = use_client();
    ///     html! { <button onclick={move |_| client.connect()}>{ "Go live" }</button> }
    /// }
    /// ```
    pub fn connect(&self) {
        self.state_mut().worker.wanted = Some(true);
        if !self.begin_again() && !self.is_ending() {
            self.post(ToWorker::Connect);
        }
    }

    /// Disconnects and stays so.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// /// What is sent meanwhile waits on this device.
    /// fn pause(client: &Client, paused: bool) {
    ///     if paused { client.disconnect() } else { client.connect() }
    /// }
    /// ```
    pub fn disconnect(&self) {
        self.state_mut().worker.wanted = Some(false);
        self.post(ToWorker::Disconnect);
    }

    /// Dials now, whatever the backoff says (once per 5 s). A worker that is down is started at once,
    /// also one that is not started again by itself (blocked, of another build).
    ///
    /// ```
    /// use sentinelops_realtime::use_client;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Reconnect() -> Html {
    ///     let client = use_client();
    ///     html! { <button onclick={move |_| client.reconnect()}>{ "Try now" }</button> }
    /// }
    /// ```
    pub fn reconnect(&self) {
        self.restart_worker_now();
        if !self.is_ending() {
            self.post(ToWorker::Reconnect);
        }
    }

    /// What the browser says; forwarded to the worker, which has no window.
    pub(crate) fn hint(&self, hint: Hint) {
        match hint {
            Hint::Visible => self.visible(true),
            Hint::Hidden => self.visible(false),
            Hint::Offline => self.doubt(true),
            Hint::Online => self.doubt(false),
            Hint::PageShow | Hint::Resume => {
                self.drop_kept();
                self.come_back();
            }
            _ => {}
        }
        self.page_event(hint);
        self.post(ToWorker::Hint(hint));
    }

    /// The browser says that there is no network, or that there is one.
    fn doubt(&self, no_network: bool) {
        let doubted = no_network && self.status().state == ConnectionState::Connected;
        let before = std::mem::replace(&mut self.state_mut().view.doubted, doubted);
        if before != doubted {
            self.changed(Dependency::Status);
        }
    }

    /// The page goes into the bfcache, is frozen, or goes away.
    pub(crate) fn page_hide(&self) {
        self.send_waiting_reads();
        self.keep_unsaved();
        self.post(ToWorker::PageHide);
        // The worker may be frozen before it reads that.
        let leave_notice = self.state().worker.leave_notice.clone();
        if let Some(leave_notice) = leave_notice {
            self.platform().broadcast(&leave_notice.channel, &leave_notice.bytes);
        }
    }

    /// Another token, or another way to get one.
    pub(crate) fn set_token(&self, token: &TokenSource) {
        let changed = *self.0.token.borrow() != *token;
        if !changed {
            return;
        }
        let was_none = self.0.token.replace(token.clone()).is_none();
        // A callback created again at each render is no change; a different string is.
        if was_none || matches!(token, TokenSource::Fixed(_) | TokenSource::None) {
            self.give_token(sentinelops_engine::TokenReason::Refresh);
        }
    }

    /// Whether another token was given. Of two callbacks nobody knows: the same closure written in two
    /// places, or made at each render, is another one each time.
    pub(crate) fn has_other_token(&self, token: &TokenSource) -> bool {
        let known = self.0.token.borrow();
        matches!((&*known, token), (TokenSource::Fixed(known), TokenSource::Fixed(given)) if known != given)
    }

    /// Ends a client of [`Client::new`]: once no provider uses it and what was sent is saved (it is waited for 2 s), its
    /// worker is gone. Other clients are not touched: theirs end with their providers.
    ///
    /// ```
    /// use sentinelops_realtime::Client;
    ///
    /// /// When another server is chosen.
    /// fn move_to(client: &Client, url: &str) -> Client {
    ///     client.close();
    ///     Client::new(url)
    /// }
    /// ```
    pub fn close(&self) {
        crate::registry::let_go(self);
    }

    /// Ends worker and timers. What it has not saved by then is lost: see `registry`.
    pub(crate) fn end(&self) {
        self.0.lifecycle.borrow_mut().take();
        let (port, listeners) = {
            let mut state = self.state_mut();
            state.stop();
            (state.worker.port.take(), std::mem::take(&mut state.listeners.all))
        };
        // Nothing is called any more: who waits for the end of a message learns that nobody knows it.
        drop(listeners);
        if let Some(port) = port {
            port.send(ToWorker::PageHide);
            port.terminate();
        }
    }
}
