//! `use_activity`: who did what.

use super::feed::{UseFeedHandle, UseFeedOptions, use_item_events, use_items, use_items_with};
use crate::Client;
use sentinelops_protocol::domain::Activity;
use sentinelops_protocol::{Channel, Payload, Subject};
use std::rc::Rc;
use yew::prelude::*;

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
///             for item in &feed.items {
///                 <li key={item.id.clone()}>{ format!("{} {}", item.actor, item.action) }</li>
///             }
///         </ol>
///     }
/// }
/// ```
#[hook]
pub fn use_activity() -> UseFeedHandle<Rc<Activity>> {
    use_items(Subject::channel(Channel::Activity), Client::activities)
}

/// Some of the newest activities, or none while it is switched off: see [`UseFeedOptions`].
///
/// ```
/// use sentinelops_realtime::protocol::domain::Activity;
/// use sentinelops_realtime::{UseFeedOptions, use_activity_with};
/// use std::rc::Rc;
/// use yew::prelude::*;
///
/// #[component]
/// fn SomeOfThem() -> Html {
///     let feed = use_activity_with(UseFeedOptions::default().filter(|item: &Rc<Activity>| item.actor == "ann"));
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_activity_with(options: UseFeedOptions<Rc<Activity>>) -> UseFeedHandle<Rc<Activity>> {
    use_items_with(Subject::channel(Channel::Activity), options, Client::activities)
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
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_activity_feed<F>(on_activity: F) -> UseFeedHandle<Rc<Activity>>
where
    F: Fn(Rc<Activity>) + 'static,
{
    use_item_events(Subject::channel(Channel::Activity), UseFeedOptions::default(), activity_of, on_activity);
    use_activity()
}

/// The same for some of them, or for none while it is switched off: what the filter hides is neither listed nor called for.
///
/// ```
/// use sentinelops_realtime::protocol::domain::Activity;
/// use sentinelops_realtime::{UseFeedOptions, use_activity_feed_with};
/// use std::rc::Rc;
/// use yew::prelude::*;
///
/// #[component]
/// fn SomeOfThem() -> Html {
///     let options = UseFeedOptions::default().filter(|activity: &Rc<Activity>| activity.actor == "ann");
///     let feed = use_activity_feed_with(options, |activity| log::info!("{activity:?}"));
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_activity_feed_with<F>(
    options: UseFeedOptions<Rc<Activity>>,
    on_activity: F,
) -> UseFeedHandle<Rc<Activity>>
where
    F: Fn(Rc<Activity>) + 'static,
{
    use_item_events(Subject::channel(Channel::Activity), options.clone(), activity_of, on_activity);
    use_activity_with(options)
}

fn activity_of(payload: &Payload) -> Option<&Activity> {
    match payload {
        Payload::Activity(activity) => Some(activity),
        _ => None,
    }
}
