//! `use_activity`: who did what.

use super::feed::{use_feed, use_feed_events};
use crate::{Client, ClientError, List};
use sentinelops_protocol::domain::Activity;
use sentinelops_protocol::{Channel, Payload, Problem, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_activity`] gives.
///
/// ```
/// use sentinelops_realtime::UseActivityHandle;
///
/// fn headline(feed: &UseActivityHandle) -> String {
///     match feed.activities.last() {
///         Some(item) => format!("{} {}", item.actor, item.action),
///         None if feed.is_loaded => "Nothing happened yet".to_owned(),
///         None => "Loading".to_owned(),
///     }
/// }
/// ```
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
    /// The last message since the state arrived that does not fit its type, and so is not in it:
    /// where, what was expected, what was found.
    pub problem: Option<Rc<Problem>>,
    client: Client,
}

impl UseActivityHandle {
    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::UseActivityHandle;
    ///
    /// fn reconnect(feed: &UseActivityHandle) {
    ///     feed.client().try_now();
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// The newest activities.
///
/// ```
/// use sentinelops_realtime::use_activity;
/// use yew::prelude::*;
///
/// #[component]
/// fn Feed() -> Html {
///     let feed = use_activity();
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
pub fn use_activity() -> UseActivityHandle {
    use_feed(Subject::channel(Channel::Activity), |client, feed| UseActivityHandle {
        activities: client.activities(),
        is_loaded: feed.is_loaded,
        is_connected: feed.is_connected,
        continuity: feed.continuity,
        error: feed.error,
        problem: feed.problem,
        client: client.clone(),
    })
}

/// The newest activities, and a call for each from the moment of mounting on.
///
/// ```
/// use sentinelops_realtime::use_activity_feed;
/// use yew::prelude::*;
///
/// #[component]
/// fn Feed() -> Html {
///     let feed = use_activity_feed(|item| log::info!("{}", item.action));
///     html! { <p>{ feed.activities.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_activity_feed<F>(on_activity: F) -> UseActivityHandle
where
    F: Fn(Rc<Activity>) + 'static,
{
    use_feed_events(Subject::channel(Channel::Activity), move |_, event| {
        if let Payload::Activity(activity) = &event.payload {
            on_activity(Rc::new(activity.clone()));
        }
    });
    use_activity()
}
