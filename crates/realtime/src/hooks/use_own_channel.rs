//! `use_own_channel`: messages on a channel of one's own, to and from a basic server.

use super::selected::{use_changes, use_selected};
use super::use_client;
use crate::client::{Client, Dependency, messages_in};
use crate::{ClientError, OwnMessage, OwnSendError};
use sentinelops_engine::{ConnectionState, Mode};
use sentinelops_protocol::Problem;
use serde::{Serialize, de::DeserializeOwned};
use yew::prelude::*;

/// What [`use_own_channel`] gives.
///
/// ```
/// use sentinelops_realtime::UseOwnChannelHandle;
///
/// fn hint(weather: &UseOwnChannelHandle) -> &'static str {
///     if weather.is_ready { "live" } else { "waiting for the server" }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseOwnChannelHandle {
    /// Connected to a basic server: messages can be sent.
    pub is_ready: bool,
    /// What is wrong now: setup, worker, connection.
    pub error: Option<ClientError>,
    client: Client,
    channel: AttrValue,
}

impl UseOwnChannelHandle {
    /// Sends a message on this channel, at once or not at all: see [`Client::send_own`].
    ///
    /// # Errors
    /// Why it was not sent.
    ///
    /// ```
    /// use sentinelops_realtime::{OwnSendError, UseOwnChannelHandle};
    ///
    /// fn follow(weather: &UseOwnChannelHandle, place: &str) -> Result<(), OwnSendError> {
    ///     weather.send("weather.follow", &[place])
    /// }
    /// ```
    pub fn send<T: Serialize + ?Sized>(&self, kind: &str, payload: &T) -> Result<(), OwnSendError> {
        self.client.send_own(&self.channel, kind, payload)
    }

    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::UseOwnChannelHandle;
    ///
    /// fn reconnect(weather: &UseOwnChannelHandle) {
    ///     weather.client().reconnect();
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// Calls back with each message that a basic server sends on a channel of its own, from the moment of mounting on: see
/// [`Client::subscribe_own`].
///
/// ```
/// use sentinelops_realtime::{OwnMessage, use_own_channel};
/// use serde::Deserialize;
/// use yew::prelude::*;
///
/// #[derive(Deserialize)]
/// struct Reading {
///     celsius: f64,
/// }
///
/// #[component]
/// fn Weather() -> Html {
///     let celsius = use_state(|| None);
///     let set = celsius.setter();
///     use_own_channel("weather", move |message| match message {
///         Ok(OwnMessage { payload: Reading { celsius }, .. }) => set.set(Some(celsius)),
///         Err(why) => log::warn!("{why}"),
///     });
///     html! { <p>{ for celsius.map(|celsius| format!("{celsius} degrees")) }</p> }
/// }
/// ```
#[hook]
pub fn use_own_channel<T, C, F>(channel: C, on_message: F) -> UseOwnChannelHandle
where
    T: DeserializeOwned + 'static,
    C: Into<AttrValue>,
    F: Fn(Result<OwnMessage<T>, Problem>) + 'static,
{
    let client = use_client();
    let channel = channel.into();
    use_changes(&client, vec![Dependency::Raw], {
        let channel = channel.clone();
        move |changes| {
            for event in &changes.raw {
                messages_in(&channel, event).for_each(&on_message);
            }
        }
    });
    use_selected(&client, vec![Dependency::Status], move |client| {
        let status = client.status();
        UseOwnChannelHandle {
            is_ready: status.state == ConnectionState::Connected && status.mode == Some(Mode::Basic),
            error: client.error(None),
            client: client.clone(),
            channel: channel.clone(),
        }
    })
}
