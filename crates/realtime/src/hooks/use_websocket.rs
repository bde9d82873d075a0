//! `use_websocket`: the documented basic hook.

use super::selected::{use_changes, use_selected};
use super::use_client;
use crate::client::{Dependency, Dispatch, subscribe};
use crate::{Client, ClientError, Message, SentMessage};
use sentinelops_engine::{Cause, ConnectionState, Quality};
use sentinelops_protocol::{Channel, Event, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// Options of [`use_websocket`] and [`Client::subscribe`], all optional. Closures may be created at every render: the
/// latest ones are called, and nothing is subscribed again.
///
/// ```
/// use sentinelops_realtime::SubscribeOptions;
/// use sentinelops_realtime::protocol::Channel;
///
/// let options = SubscribeOptions::channel(Channel::Incidents)
///     .on_message(|event| log::info!("received {}", event.kind))
///     .on_connect(|()| log::info!("connected"))
///     .on_error(|error| log::error!("{error}"));
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SubscribeOptions {
    /// What to subscribe to; without it only the connection is followed.
    pub channel: Option<Channel>,
    /// A part of the channel (a chat conversation).
    pub topic: Option<String>,
    /// `false`: nothing is subscribed and no callback is called, as if it were not there. Default `true`.
    pub enabled: bool,
    /// Which events `on_message` and `on_batch` are called with. Default: all.
    pub filter: Option<Callback<Rc<Event>, bool>>,
    /// Each event once, in order. Many may come in one frame; states set meanwhile cost one render.
    pub on_message: Option<Callback<Rc<Event>>>,
    /// All events of a frame at once, in order.
    pub on_batch: Option<Callback<Rc<[Rc<Event>]>>>,
    /// The connection is up (again). It is an event: for a component that is mounted while the
    /// connection is up there is none before the next one. What is so now is in
    /// [`UseWebSocketHandle::is_connected`], also for an effect that depends on it.
    pub on_connect: Option<Callback<()>>,
    /// The connection is gone; why. Once for each break, also of several that a hidden page learns of at once.
    pub on_disconnect: Option<Callback<Cause>>,
    /// Something went wrong that concerns this subscription, the connection or the worker. Of messages
    /// that do not fit ([`ClientError::Problem`]) those of its channel, and those whose channel is not
    /// known; without a channel all of them.
    pub on_error: Option<Callback<ClientError>>,
    /// The state was replaced by a snapshot: events before it may be missing (`Gap`: are). Without a
    /// channel: the state of any channel or topic that some component of the page follows.
    pub on_continuity: Option<Callback<Continuity>>,
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self {
            channel: None,
            topic: None,
            enabled: true,
            filter: None,
            on_message: None,
            on_batch: None,
            on_connect: None,
            on_disconnect: None,
            on_error: None,
            on_continuity: None,
        }
    }
}

impl SubscribeOptions {
    /// Follow a channel.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::SubscribeOptions;
    ///
    /// let options = SubscribeOptions::channel(Channel::Alerts);
    /// # let _ = options;
    /// ```
    pub fn channel(channel: Channel) -> Self {
        Self { channel: Some(channel), ..Self::default() }
    }

    /// Follow a topic of a channel.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::SubscribeOptions;
    ///
    /// let options = SubscribeOptions::topic(Channel::Chat, "conv-1");
    /// assert_eq!(options.topic.as_deref(), Some("conv-1"));
    /// ```
    pub fn topic(channel: Channel, topic: impl Into<String>) -> Self {
        Self { channel: Some(channel), topic: Some(topic.into()), ..Self::default() }
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::SubscribeOptions;
    /// use sentinelops_realtime::protocol::Channel;
    ///
    /// /// Follows alerts only while somebody looks at them.
    /// fn alerts(is_open: bool) -> SubscribeOptions {
    ///     SubscribeOptions::channel(Channel::Alerts).enabled(is_open)
    /// }
    /// ```
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::SubscribeOptions;
    /// use sentinelops_realtime::protocol::Channel;
    ///
    /// let options = SubscribeOptions::channel(Channel::Alerts).filter(|event| event.kind == "alert.raised");
    /// # let _ = options;
    /// ```
    pub fn filter(mut self, filter: impl Fn(&Event) -> bool + 'static) -> Self {
        self.filter = Some(Callback::from(move |event: Rc<Event>| filter(&event)));
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Payload};
    /// use sentinelops_realtime::SubscribeOptions;
    ///
    /// let options = SubscribeOptions::channel(Channel::Agents).on_message(|event| {
    ///     if let Payload::Agent(agent) = &event.payload {
    ///         log::info!("{} is {}", agent.agent_id, agent.status);
    ///     }
    /// });
    /// # let _ = options;
    /// ```
    pub fn on_message(mut self, call: impl Fn(Rc<Event>) + 'static) -> Self {
        self.on_message = Some(Callback::from(call));
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::SubscribeOptions;
    ///
    /// let options = SubscribeOptions::channel(Channel::Activity)
    ///     .on_batch(|events| log::info!("{} at once", events.len()));
    /// # let _ = options;
    /// ```
    pub fn on_batch(mut self, call: impl Fn(Rc<[Rc<Event>]>) + 'static) -> Self {
        self.on_batch = Some(Callback::from(call));
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::SubscribeOptions;
    ///
    /// let options = SubscribeOptions::default().on_connect(|()| log::info!("connected"));
    /// # let _ = options;
    /// ```
    pub fn on_connect(mut self, call: impl Fn(()) + 'static) -> Self {
        self.on_connect = Some(Callback::from(call));
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::SubscribeOptions;
    ///
    /// let options = SubscribeOptions::default().on_disconnect(|cause| log::warn!("{cause}"));
    /// # let _ = options;
    /// ```
    pub fn on_disconnect(mut self, call: impl Fn(Cause) + 'static) -> Self {
        self.on_disconnect = Some(Callback::from(call));
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::{ClientError, SubscribeOptions};
    ///
    /// let options = SubscribeOptions::channel(Channel::Incidents).on_error(|error| match error {
    ///     // Delivered raw all the same.
    ///     ClientError::Problem(problem) => log::warn!("the server sends something else: {problem}"),
    ///     other => log::error!("{other}"),
    /// });
    /// # let _ = options;
    /// ```
    pub fn on_error(mut self, call: impl Fn(ClientError) + 'static) -> Self {
        self.on_error = Some(Callback::from(call));
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, system::Continuity};
    /// use sentinelops_realtime::SubscribeOptions;
    ///
    /// let options = SubscribeOptions::channel(Channel::Activity).on_continuity(|continuity| {
    ///     if continuity == Continuity::Gap {
    ///         log::warn!("some activity is gone for good");
    ///     }
    /// });
    /// # let _ = options;
    /// ```
    pub fn on_continuity(mut self, call: impl Fn(Continuity) + 'static) -> Self {
        self.on_continuity = Some(Callback::from(call));
        self
    }

    pub(crate) fn subject(&self) -> Option<Subject> {
        self.channel.map(|channel| Subject { channel, topic: self.topic.clone() })
    }
}

/// What [`use_websocket`] gives.
///
/// ```
/// use sentinelops_realtime::UseWebSocketHandle;
///
/// fn line(socket: &UseWebSocketHandle) -> String {
///     match socket.latency {
///         Some(ms) => format!("{:?}, {ms:.0} ms", socket.connection_state),
///         None => format!("{:?}: {}", socket.connection_state, socket.cause),
///     }
/// }
/// # let _ = line;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseWebSocketHandle {
    /// One of the five documented states.
    pub connection_state: ConnectionState,
    /// Why it is in that state, for people.
    pub cause: Cause,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// Smoothed round trip, ms.
    pub latency: Option<f64>,
    /// From the latency.
    pub quality: Option<Quality>,
    /// How the state of the channel came about: `None` until it arrived.
    pub continuity: Option<Continuity>,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    client: Client,
}

impl UseWebSocketHandle {
    /// Sends a message; it is queued while there is no connection. See [`Client::send`].
    ///
    /// ```
    /// use sentinelops_realtime::{Message, UseWebSocketHandle};
    ///
    /// fn hello(socket: &UseWebSocketHandle) {
    ///     let sent = socket.send(Message::chat("conv-1", "hello"));
    ///     log::info!("follow it with use_send_state(Some({}))", sent.id());
    /// }
    /// ```
    pub fn send(&self, message: impl Into<Message>) -> SentMessage {
        self.client.send(message)
    }

    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::UseWebSocketHandle;
    ///
    /// fn reconnect(socket: &UseWebSocketHandle) {
    ///     socket.client().reconnect();
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// Follows the connection and, with a channel given, its events.
///
/// ```
/// use sentinelops_realtime::protocol::{Channel, domain::IncidentStatus};
/// use sentinelops_realtime::{IncidentEdit, SubscribeOptions, use_websocket};
/// use yew::prelude::*;
///
/// #[component]
/// fn Console() -> Html {
///     let socket = use_websocket(
///         SubscribeOptions::channel(Channel::Incidents)
///             .on_message(|event| log::info!("received {}", event.kind)),
///     );
///     let resolve = {
///         let socket = socket.clone();
///         move |_| {
///             socket.send(IncidentEdit::new("123").status(IncidentStatus::Resolved));
///         }
///     };
///     html! {
///         <button onclick={resolve} disabled={!socket.is_connected}>
///             { format!("Resolve ({:?})", socket.connection_state) }
///         </button>
///     }
/// }
/// ```
#[hook]
pub fn use_websocket(options: SubscribeOptions) -> UseWebSocketHandle {
    let client = use_client();
    let subject = options.subject().filter(|_| options.enabled);
    let mut dependencies = vec![Dependency::Status];
    dependencies.extend(subject.clone().map(Dependency::Subject));

    let handle = use_selected(&client, dependencies, {
        move |client| {
            let status = client.status();
            UseWebSocketHandle {
                connection_state: status.state,
                cause: status.cause.clone(),
                is_connected: status.state == ConnectionState::Connected,
                latency: status.latency_ms,
                quality: status.quality,
                continuity: subject.as_ref().and_then(|subject| client.continuity(subject)),
                error: client.error(subject.as_ref()),
                client: client.clone(),
            }
        }
    });

    // Made when it is switched on: what the connection did before is no event.
    let dispatch = use_memo((client.clone(), options.enabled), |(client, _)| Dispatch::new(client));
    let news_of = if options.enabled { subscribe::dependencies(&options) } else { Vec::new() };
    use_changes(&client, news_of, {
        let client = client.clone();
        move |changes| dispatch.call(&client, &options, changes)
    });
    handle
}
