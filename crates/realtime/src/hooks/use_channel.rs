//! `use_channel`: one's own message types.

use super::selected::{use_news, use_selected};
use super::use_client;
use crate::client::Interest;
use crate::{Client, ClientError, Message, PayloadError, SentMessage};
use sentinelops_engine::ConnectionState;
use sentinelops_protocol::{Channel, Payload, Problem, Subject, encode_payload, read_value};
use serde::{Serialize, de::DeserializeOwned};
use std::{marker::PhantomData, rc::Rc};
use yew::prelude::*;

/// Where messages of one's own type travel.
///
/// ```
/// use sentinelops_realtime::protocol::Channel;
/// use sentinelops_realtime::UseChannelOptions;
///
/// let options = UseChannelOptions::new(Channel::Activity, "deploy.started");
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseChannelOptions {
    /// The channel.
    pub channel: Channel,
    /// A part of it.
    pub topic: Option<String>,
    /// The dotted type, e.g. `deploy.started`. Messages of other types are left alone.
    pub kind: String,
}

impl UseChannelOptions {
    /// Messages of this type on a whole channel.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::UseChannelOptions;
    ///
    /// let options = UseChannelOptions::new(Channel::Activity, "deploy.started");
    /// assert_eq!(options.topic, None);
    /// ```
    pub fn new(channel: Channel, kind: impl Into<String>) -> Self {
        Self { channel, topic: None, kind: kind.into() }
    }

    /// Receive only what is on this topic. It is not sent along: see [`UseChannelHandle::send`].
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::UseChannelOptions;
    ///
    /// let options = UseChannelOptions::new(Channel::Chat, "poll.opened").topic("conv-1");
    /// assert_eq!(options.topic.as_deref(), Some("conv-1"));
    /// ```
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.topic = Some(topic.into());
        self
    }
}

/// What [`use_channel`] gives.
///
/// ```
/// use sentinelops_realtime::{ClientError, UseChannelHandle};
///
/// fn refused<T>(channel: &UseChannelHandle<T>) -> bool {
///     matches!(channel.error, Some(ClientError::Denied { .. }))
/// }
/// ```
#[derive(Debug)]
pub struct UseChannelHandle<T> {
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    client: Client,
    options: UseChannelOptions,
    payload: PhantomData<fn(&T)>,
}

impl<T> Clone for UseChannelHandle<T> {
    fn clone(&self) -> Self {
        Self {
            is_connected: self.is_connected,
            error: self.error.clone(),
            client: self.client.clone(),
            options: self.options.clone(),
            payload: PhantomData,
        }
    }
}

impl<T> PartialEq for UseChannelHandle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_connected == other.is_connected
            && self.error == other.error
            && self.client == other.client
            && self.options == other.options
    }
}

impl<T: Serialize> UseChannelHandle<T> {
    /// Sends a payload under the type given to the hook.
    ///
    /// A message names a channel and no topic: whom it concerns the server reads in the payload, and a
    /// topic of the hook's options only narrows what is received. A server that does not know the type may
    /// refuse it, and the message then ends as failed: the gateway of this project takes no types beyond
    /// the documented ones.
    ///
    /// # Errors
    /// [`PayloadError`] when it cannot be written as JSON.
    ///
    /// ```
    /// use sentinelops_realtime::{PayloadError, UseChannelHandle};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Deploy {
    ///     service: String,
    /// }
    ///
    /// fn deploy(deploys: &UseChannelHandle<Deploy>, service: &str) -> Result<(), PayloadError> {
    ///     let sent = deploys.send(&Deploy { service: service.to_owned() })?;
    ///     log::info!("sent as {}", sent.id());
    ///     Ok(())
    /// }
    /// ```
    pub fn send(&self, payload: &T) -> Result<SentMessage, PayloadError> {
        self.send_with(payload, |message| message)
    }

    /// The same, with priority, ordering key and the rest as `adjust` sets them.
    ///
    /// # Errors
    /// As [`UseChannelHandle::send`].
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Priority;
    /// use sentinelops_realtime::{PayloadError, UseChannelHandle};
    ///
    /// fn deploy_now(deploys: &UseChannelHandle<String>) -> Result<(), PayloadError> {
    ///     deploys.send_with(&"api".to_owned(), |message| message.priority(Priority::High).coalesce("deploy/api"))?;
    ///     Ok(())
    /// }
    /// ```
    pub fn send_with(
        &self,
        payload: &T,
        adjust: impl FnOnce(Message) -> Message,
    ) -> Result<SentMessage, PayloadError> {
        let message = Message::new(self.options.channel, &*self.options.kind, payload)?;
        Ok(self.client.send(adjust(message)))
    }
}

/// Follows and sends messages of one's own type: anything serde can read and write. Your server has to
/// know the type: see [`UseChannelHandle::send`].
///
/// A payload that does not fit is an `Err` that says where, what is expected and what was found;
/// the messages after it go on.
///
/// ```
/// use sentinelops_realtime::protocol::{Channel, Problem};
/// use sentinelops_realtime::{UseChannelOptions, use_channel};
/// use serde::{Deserialize, Serialize};
/// use std::rc::Rc;
/// use yew::prelude::*;
///
/// #[derive(Serialize, Deserialize)]
/// struct Deploy {
///     service: String,
/// }
///
/// #[component]
/// fn Deploys() -> Html {
///     let deploys = use_channel(
///         UseChannelOptions::new(Channel::Activity, "deploy.started"),
///         |deploy: Result<Rc<Deploy>, Problem>| match deploy {
///             Ok(deploy) => log::info!("{} is deployed", deploy.service),
///             Err(why) => log::warn!("{why}"),
///         },
///     );
///     let onclick = move |_| {
///         if let Err(why) = deploys.send(&Deploy { service: "api".to_owned() }) {
///             log::error!("{why}");
///         }
///     };
///     html! { <button {onclick}>{ "Deploy" }</button> }
/// }
/// ```
#[hook]
pub fn use_channel<T, F>(options: UseChannelOptions, on_message: F) -> UseChannelHandle<T>
where
    T: Serialize + DeserializeOwned + 'static,
    F: Fn(Result<Rc<T>, Problem>) + 'static,
{
    let client = use_client();
    let subject = Subject { channel: options.channel, topic: options.topic.clone() };
    use_news(&client, vec![Interest::Subject(subject.clone())], {
        let (kind, subject) = (options.kind.clone(), subject.clone());
        move |news| {
            for event in news.events(&subject).filter(|event| event.kind == kind) {
                // Typed and sent under a documented name: give it back as the JSON it was.
                let json = match &event.payload {
                    Payload::Raw(json) => json.clone(),
                    typed => encode_payload(typed),
                };
                on_message(read_value::<T>(&kind, &json).map(Rc::new).map_err(|problem| *problem));
            }
        }
    });
    let interests = vec![Interest::Status, Interest::Subject(subject.clone())];
    use_selected(&client, interests, move |client| UseChannelHandle {
        is_connected: client.status().state == ConnectionState::Connected,
        error: client.error(Some(&subject)),
        client: client.clone(),
        options: options.clone(),
        payload: PhantomData,
    })
}
