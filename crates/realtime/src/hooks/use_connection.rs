//! `use_connection`: everything about the connection, and what a person can do about it.

use super::selected::use_selected;
use super::use_client;
use crate::client::Dependency;
use crate::{Client, ClientError, List, SignOut, WorkerHealth};
use sentinelops_engine::{ConnectionState, Status};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_connection`] gives.
///
/// ```
/// use sentinelops_realtime::UseConnectionHandle;
///
/// fn line(connection: &UseConnectionHandle) -> String {
///     let status = &connection.status;
///     match status.latency_ms.filter(|_| connection.is_connected) {
///         Some(ms) => format!("{:?}, {ms:.0} ms", status.state),
///         None => format!("{:?}: {}", status.state, status.cause),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseConnectionHandle {
    /// State with cause, latency, quality, queue, storage.
    pub status: Rc<Status>,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// The last latencies (64 at most), oldest first, ms: for a sparkline.
    pub latencies: List<f64>,
    /// Wall clock (ms) of the last of them.
    pub latency_at: Option<u64>,
    /// Connected, but the browser says that there is no network, and nothing has come from the server since: it is
    /// being asked.
    pub is_checking: bool,
    /// How the worker does.
    pub worker: WorkerHealth,
    /// This tab owns the connection; `false`: another tab does. `None`: not known yet.
    pub is_leader: Option<bool>,
    /// A sign-out was asked for on this page and is not over: what becomes of unsent messages.
    pub signing_out: Option<SignOut>,
    /// The URL, without its query.
    pub url: AttrValue,
    /// What is wrong now: setup, worker, connection.
    pub error: Option<ClientError>,
    client: Client,
}

impl UseConnectionHandle {
    /// Connects (also after `Error`).
    ///
    /// ```
    /// use sentinelops_realtime::UseConnectionHandle;
    ///
    /// fn switch(connection: &UseConnectionHandle, on: bool) {
    ///     if on { connection.connect() } else { connection.disconnect() }
    /// }
    /// ```
    pub fn connect(&self) {
        self.client.connect();
    }

    /// Disconnects and stays so.
    ///
    /// ```
    /// use sentinelops_realtime::use_connection;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Pause() -> Html {
    ///     let connection = use_connection();
    ///     html! { <button onclick={move |_| connection.disconnect()}>{ "Pause" }</button> }
    /// }
    /// ```
    pub fn disconnect(&self) {
        self.client.disconnect();
    }

    /// Dials now, whatever the backoff says (once per 5 s).
    ///
    /// ```
    /// use sentinelops_realtime::use_connection;
    /// use yew::prelude::*;
    ///
    /// #[component]
    /// fn Reconnect() -> Html {
    ///     let connection = use_connection();
    ///     html! { <button onclick={move |_| connection.reconnect()}>{ "Try now" }</button> }
    /// }
    /// ```
    pub fn reconnect(&self) {
        self.client.reconnect();
    }

    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::{SignOut, UseConnectionHandle};
    ///
    /// fn leave(connection: &UseConnectionHandle) {
    ///     connection.client().sign_out(SignOut::SendFirst);
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// The connection as a person wants to see it.
///
/// ```
/// use sentinelops_realtime::use_connection;
/// use yew::prelude::*;
///
/// #[component]
/// fn Line() -> Html {
///     let connection = use_connection();
///     let retry = {
///         let connection = connection.clone();
///         move |_| connection.reconnect()
///     };
///     html! {
///         <p>
///             { format!("{:?}", connection.status.state) }
///             if !connection.is_connected {
///                 <button onclick={retry}>{ "Try now" }</button>
///             }
///         </p>
///     }
/// }
/// ```
#[hook]
pub fn use_connection() -> UseConnectionHandle {
    let client = use_client();
    use_selected(&client, vec![Dependency::Status], |client| {
        let status = client.status();
        UseConnectionHandle {
            is_connected: status.state == ConnectionState::Connected,
            status,
            latencies: client.latencies(),
            latency_at: client.latency_at(),
            is_checking: client.is_checking(),
            worker: client.worker_health(),
            is_leader: client.is_leader(),
            signing_out: client.signing_out(),
            url: client.shown_url(),
            error: client.error(None),
            client: client.clone(),
        }
    })
}

/// Only the state: a component that shows no latency is not rendered for one.
///
/// ```
/// use sentinelops_realtime::engine::ConnectionState;
/// use sentinelops_realtime::use_connection_state;
/// use yew::prelude::*;
///
/// #[component]
/// fn Lamp() -> Html {
///     let on = use_connection_state() == ConnectionState::Connected;
///     html! { <span class={classes!("lamp", on.then_some("lamp--on"))} /> }
/// }
/// ```
#[hook]
pub fn use_connection_state() -> ConnectionState {
    let client = use_client();
    use_selected(&client, vec![Dependency::Status], |client| client.status().state)
}
