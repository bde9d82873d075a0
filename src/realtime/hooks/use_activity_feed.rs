//! `use_activity_feed`: who did what.

use super::selected::{use_news, use_selected};
use super::use_client;
use crate::realtime::client::Interest;
use crate::realtime::{Client, ClientError, List};
use sentinelops_engine::ConnectionState;
use sentinelops_protocol::domain::Activity;
use sentinelops_protocol::{Channel, Payload, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_activity_feed`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct UseActivityHandle {
    /// The newest ones (500 at most), oldest first.
    pub activities: List<Rc<Activity>>,
    /// The state arrived: an empty list means there are none.
    pub is_loaded: bool,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// How the state came about: `None` until it arrived. `Gap`: some are gone for good.
    pub continuity: Option<Continuity>,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    client: Client,
}

impl UseActivityHandle {
    /// The client, for everything else.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// The newest activities.
///
/// ```
/// use sentinelops::realtime::use_activity_feed;
/// use yew::prelude::*;
///
/// #[component]
/// fn Feed() -> Html {
///     let feed = use_activity_feed();
///     html! {
///         <ol>
///             for item in &feed.activities {
///                 <li key={item.id.clone()}>{ format!("{} {}", item.actor, item.action) }</li>
///             }
///         </ol>
///     }
/// }
/// ```
#[hook]
pub fn use_activity_feed() -> UseActivityHandle {
    let client = use_client();
    let subject = Subject::channel(Channel::Activity);
    let interests = vec![Interest::Status, Interest::Subject(subject.clone())];
    use_selected(&client, interests, move |client| {
        let continuity = client.continuity(&subject);
        UseActivityHandle {
            activities: client.activities(),
            is_loaded: continuity.is_some(),
            is_connected: client.status().state == ConnectionState::Connected,
            continuity,
            error: client.error(Some(&subject)),
            client: client.clone(),
        }
    })
}

/// The newest activities, and a call for each from the moment of mounting on.
///
/// ```
/// use sentinelops::realtime::use_activity_feed_with;
/// use yew::prelude::*;
///
/// #[component]
/// fn Feed() -> Html {
///     let feed = use_activity_feed_with(|item| log::info!("{}", item.action));
///     html! { <p>{ feed.activities.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_activity_feed_with<F>(on_activity: F) -> UseActivityHandle
where
    F: Fn(Rc<Activity>) + 'static,
{
    let client = use_client();
    let handle = use_activity_feed();
    let subject = Subject::channel(Channel::Activity);
    use_news(&client, vec![Interest::Subject(subject.clone())], move |news| {
        for event in news.events(&subject) {
            if let Payload::Activity(activity) = &event.payload {
                on_activity(Rc::new(activity.clone()));
            }
        }
    });
    handle
}
