//! `use_channel`: one's own message types.

use super::feed::Feed;
use super::selected::{use_changes, use_selected};
use super::use_client;
use crate::client::Dependency;
use crate::{Client, ClientError, Message, PayloadError, SentMessage};
use sentinelops_protocol::system::Continuity;
use sentinelops_protocol::{Channel, Json, Payload, Problem, Subject, encode_payload, read_value};
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
    /// The field of the payload in which the server reads the topic: `send` writes the topic there. Default `None`: the
    /// payload is sent as it is.
    pub topic_field: Option<String>,
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
        Self { channel, topic: None, kind: kind.into(), topic_field: None }
    }

    /// Receive only what is on this topic. Where it is to be sent, too, say with [`UseChannelOptions::topic_field`] where
    /// the server reads it.
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

    /// See the field.
    ///
    /// ```
    /// use sentinelops_realtime::protocol::Channel;
    /// use sentinelops_realtime::UseChannelOptions;
    ///
    /// // A poll is sent with "conversationId": "conv-1".
    /// let options =
    ///     UseChannelOptions::new(Channel::Chat, "poll.opened").topic("conv-1").topic_field("conversationId");
    /// # let _ = options;
    /// ```
    pub fn topic_field(mut self, field: impl Into<String>) -> Self {
        self.topic_field = Some(field.into());
        self
    }

    /// The message of this payload, with the topic in it where that is wanted and it is not there yet.
    fn message(&self, payload: Json) -> Message {
        let topic = self.topic_field.as_ref().zip(self.topic.as_ref());
        let payload = topic.and_then(|(field, topic)| payload.with_text(field, topic)).unwrap_or(payload);
        Message::raw(self.channel, &*self.kind, payload)
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
    /// The subscription is in place: a first snapshot of the channel arrived.
    pub is_loaded: bool,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// Whether something was missed before the last snapshot; `None` until there was one.
    pub continuity: Option<Continuity>,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    client: Client,
    options: UseChannelOptions,
    payload: PhantomData<fn(&T)>,
}

impl<T> UseChannelHandle<T> {
    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::UseChannelHandle;
    ///
    /// fn reconnect<T>(channel: &UseChannelHandle<T>) {
    ///     channel.client().reconnect();
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl<T> Clone for UseChannelHandle<T> {
    fn clone(&self) -> Self {
        Self {
            is_loaded: self.is_loaded,
            is_connected: self.is_connected,
            continuity: self.continuity,
            error: self.error.clone(),
            client: self.client.clone(),
            options: self.options.clone(),
            payload: PhantomData,
        }
    }
}

impl<T> PartialEq for UseChannelHandle<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_loaded == other.is_loaded
            && self.is_connected == other.is_connected
            && self.continuity == other.continuity
            && self.error == other.error
            && self.client == other.client
            && self.options == other.options
    }
}

impl<T: Serialize> UseChannelHandle<T> {
    /// Sends a payload under the type given to the hook.
    ///
    /// A message names a channel and no topic: whom it concerns the server reads in the payload. With
    /// [`UseChannelOptions::topic_field`] the topic is written there, unless the payload has such a field or is no object.
    /// A server that does not know the type may refuse it, and the message then ends as failed: the gateway of this project takes no types beyond
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
        let kind = &self.options.kind;
        let payload =
            Json::from_value(payload).map_err(|reason| PayloadError { kind: kind.clone(), reason })?;
        Ok(self.client.send(adjust(self.options.message(payload))))
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
    use_changes(&client, vec![Dependency::Subject(subject.clone())], {
        let (kind, subject) = (options.kind.clone(), subject.clone());
        move |changes| {
            for event in changes.events(&subject).filter(|event| event.kind == kind) {
                // Typed and sent under a documented name: give it back as the JSON it was.
                let json = match &event.payload {
                    Payload::Raw(json) => json.clone(),
                    typed => encode_payload(typed),
                };
                on_message(read_value::<T>(&kind, &json).map(Rc::new).map_err(|problem| *problem));
            }
        }
    });
    let dependencies = vec![Dependency::Status, Dependency::Subject(subject.clone())];
    use_selected(&client, dependencies, move |client| {
        let Feed { is_loaded, is_connected, continuity, error, .. } = Feed::of(client, Some(&subject));
        UseChannelHandle {
            is_loaded,
            is_connected,
            continuity,
            error,
            client: client.clone(),
            options: options.clone(),
            payload: PhantomData,
        }
    })
}
