//! `use_websocket`: the documented basic hook.

use super::selected::{use_news, use_selected};
use super::use_client;
use crate::client::{Incoming, Interest, Transition};
use crate::{Client, ClientError, Message, MessageId};
use sentinelops_engine::{Cause, ConnectionState, Quality, Status};
use sentinelops_protocol::{Channel, Event, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// Options of [`use_websocket`], all optional. Closures may be made anew at every render: the
/// latest ones are called, and nothing is subscribed anew for it.
///
/// ```
/// use sentinelops_realtime::UseWebSocketOptions;
/// use sentinelops_realtime::protocol::Channel;
///
/// let options = UseWebSocketOptions::channel(Channel::Incidents)
///     .on_message(|event| log::info!("received {}", event.kind))
///     .on_connect(|()| log::info!("connected"))
///     .on_error(|error| log::error!("{error}"));
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UseWebSocketOptions {
    /// What to subscribe to; without it only the connection is followed.
    pub channel: Option<Channel>,
    /// A part of the channel (a chat conversation).
    pub topic: Option<String>,
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
    /// that do not fit ([`ClientError::Problem`]) those of its channel, and those of which no channel is
    /// known; without a channel all of them.
    pub on_error: Option<Callback<ClientError>>,
    /// The state was replaced by a snapshot: events before it may be missing (`Gap`: are). Without a
    /// channel: the state of any channel or topic that some component of the page follows.
    pub on_continuity: Option<Callback<Continuity>>,
}

impl UseWebSocketOptions {
    /// Follow a channel.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::UseWebSocketOptions;
    ///
    /// let options = UseWebSocketOptions::channel(Channel::Alerts);
    /// # let _ = options;
    /// ```
    pub fn channel(channel: Channel) -> Self {
        Self { channel: Some(channel), ..Self::default() }
    }

    /// Follow a topic of a channel.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::UseWebSocketOptions;
    ///
    /// let options = UseWebSocketOptions::topic(Channel::Chat, "conv-1");
    /// assert_eq!(options.topic.as_deref(), Some("conv-1"));
    /// ```
    pub fn topic(channel: Channel, topic: impl Into<String>) -> Self {
        Self { channel: Some(channel), topic: Some(topic.into()), ..Self::default() }
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::{Channel, Payload};
    /// use sentinelops_realtime::UseWebSocketOptions;
    ///
    /// let options = UseWebSocketOptions::channel(Channel::Agents).on_message(|event| {
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
    /// use sentinelops_realtime::UseWebSocketOptions;
    ///
    /// let options = UseWebSocketOptions::channel(Channel::Activity)
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
    /// use sentinelops_realtime::UseWebSocketOptions;
    ///
    /// let options = UseWebSocketOptions::default().on_connect(|()| log::info!("connected"));
    /// # let _ = options;
    /// ```
    pub fn on_connect(mut self, call: impl Fn(()) + 'static) -> Self {
        self.on_connect = Some(Callback::from(call));
        self
    }

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::UseWebSocketOptions;
    ///
    /// let options = UseWebSocketOptions::default().on_disconnect(|cause| log::warn!("{cause}"));
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
    /// use sentinelops_realtime::{ClientError, UseWebSocketOptions};
    ///
    /// let options = UseWebSocketOptions::channel(Channel::Incidents).on_error(|error| match error {
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
    /// use sentinelops_realtime::UseWebSocketOptions;
    ///
    /// let options = UseWebSocketOptions::channel(Channel::Activity).on_continuity(|continuity| {
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

    fn subject(&self) -> Option<Subject> {
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
    ///     let id = socket.send(Message::chat("conv-1", "hello"));
    ///     log::info!("follow it with use_send_state(Some({id}))");
    /// }
    /// ```
    pub fn send(&self, message: impl Into<Message>) -> MessageId {
        self.client.send(message)
    }

    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::UseWebSocketHandle;
    ///
    /// fn reconnect(socket: &UseWebSocketHandle) {
    ///     socket.client().try_now();
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
/// use sentinelops_realtime::{IncidentEdit, UseWebSocketOptions, use_websocket};
/// use yew::prelude::*;
///
/// #[component]
/// fn Console() -> Html {
///     let socket = use_websocket(
///         UseWebSocketOptions::channel(Channel::Incidents)
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
pub fn use_websocket(options: UseWebSocketOptions) -> UseWebSocketHandle {
    let client = use_client();
    let subject = options.subject();
    let mut interests = vec![Interest::Status];
    interests.extend(subject.clone().map(Interest::Subject));

    let handle = use_selected(&client, interests.clone(), {
        let subject = subject.clone();
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

    // Since when the connection is up, as far as the callbacks know.
    let known = use_mut_ref(|| connected_since(&client.status()));
    interests.push(Interest::Errors);
    if subject.is_none() {
        interests.push(Interest::Continuity);
    }
    use_news(&client, interests, {
        let client = client.clone();
        move |news| {
            // Not borrowed during the calls.
            let missed = missed(&mut known.borrow_mut(), &news.transitions, &client.status());
            for transition in missed {
                match transition {
                    Transition::Up(_) => options.on_connect.iter().for_each(|call| call.emit(())),
                    Transition::Down(cause) => {
                        options.on_disconnect.iter().for_each(|call| call.emit(cause.clone()));
                    }
                }
            }
            if let Some(call) = &options.on_error {
                for error in news.errors_for(subject.as_ref()) {
                    call.emit(error.clone());
                }
            }
            let Some(subject) = &subject else {
                if let Some(call) = &options.on_continuity {
                    news.continuities().for_each(|continuity| call.emit(continuity));
                }
                return;
            };
            for incoming in news.of(subject) {
                match incoming {
                    Incoming::Snapshot(continuity) => {
                        options.on_continuity.iter().for_each(|call| call.emit(*continuity));
                    }
                    Incoming::Event(event) => {
                        options.on_message.iter().for_each(|call| call.emit(event.clone()));
                    }
                }
            }
            if let Some(call) = &options.on_batch {
                let events: Rc<[Rc<Event>]> = news.events(subject).cloned().collect();
                if !events.is_empty() {
                    call.emit(events);
                }
            }
        }
    });
    handle
}

/// The transitions that a component's callbacks have not received; `known`: since when the connection is up, as far
/// as they know. A connection that broke and came back within one frame is two calls although no render shows it.
fn missed(known: &mut Option<u64>, transitions: &[Transition], status: &Status) -> Vec<Transition> {
    // It was mounted after this one.
    let seen = transitions.iter().rposition(|it| known.is_some_and(|since| *it == Transition::Up(since)));
    let transitions = &transitions[seen.map_or(0, |at| at + 1)..];
    let mut missed = Vec::new();
    let mut take = |transition: &Transition| {
        let is = match transition {
            Transition::Up(since) => Some(*since),
            Transition::Down(_) => None,
        };
        if is.is_some() != known.is_some() {
            missed.push(transition.clone());
        }
        *known = is;
    };
    transitions.iter().for_each(&mut take);
    match connected_since(status) {
        // It changed before the component listened.
        Some(since) => take(&Transition::Up(since)),
        None => take(&Transition::Down(status.cause.clone())),
    }
    missed
}

fn connected_since(status: &Status) -> Option<u64> {
    (status.state == ConnectionState::Connected).then(|| status.connected_since.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(up: Option<u64>) -> Status {
        match up {
            Some(since) => Status {
                state: ConnectionState::Connected,
                connected_since: Some(since),
                ..Status::default()
            },
            None => Status { cause: Cause::Offline, ..Status::default() },
        }
    }

    #[test]
    fn every_break_reaches_the_callbacks_with_its_cause_and_nothing_from_before_the_mount() {
        use Transition::{Down, Up};
        let broken = [Down(Cause::Lost), Up(2), Down(Cause::GaveUp { attempts: 3 }), Up(3)];
        let mut known = Some(1);
        assert_eq!(missed(&mut known, &broken, &status(Some(3))), broken);
        assert_eq!(missed(&mut known, &[], &status(Some(3))), []);
        // Mounted in between.
        assert_eq!(missed(&mut Some(2), &broken, &status(Some(3))), broken[2..]);
        assert_eq!(missed(&mut Some(3), &broken, &status(Some(3))), []);
        assert_eq!(missed(&mut None, &broken[..1], &status(None)), []);
        // Changed after the render and before the component listened.
        assert_eq!(missed(&mut None, &[], &status(Some(3))), [Up(3)]);
        assert_eq!(missed(&mut Some(3), &[], &status(None)), [Down(Cause::Offline)]);
    }
}
