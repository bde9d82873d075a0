//! `use_alerts`: what is raised, acknowledged, cleared.

use super::feed::{UseFeedHandle, UseFeedOptions, use_item_events, use_items, use_items_with};
use crate::{Client, Message, SentMessage};
use sentinelops_protocol::domain::Alert;
use sentinelops_protocol::{Channel, Payload, Subject};
use std::rc::Rc;
use yew::prelude::*;

impl UseFeedHandle<Rc<Alert>> {
    /// Tells the server that somebody looks after it. Follow it with `use_send_state`.
    ///
    /// ```
    /// use sentinelops_realtime::UseFeedHandle;
    /// use sentinelops_realtime::protocol::domain::Alert;
    /// use std::rc::Rc;
    ///
    /// fn take_all(feed: &UseFeedHandle<Rc<Alert>>) {
    ///     for alert in &feed.items {
    ///         feed.acknowledge(alert);
    ///     }
    /// }
    /// ```
    pub fn acknowledge(&self, alert: &Alert) -> SentMessage {
        self.client.send(Message::acknowledge(alert))
    }
}

/// How the alerts stand.
///
/// ```
/// use sentinelops_realtime::use_alerts;
/// use yew::prelude::*;
///
/// #[component]
/// fn Alerts() -> Html {
///     let feed = use_alerts();
///     html! {
///         <ul>
///             for alert in &feed.items {
///                 <li key={alert.id.clone()}>{ &alert.title }</li>
///             }
///         </ul>
///     }
/// }
/// ```
#[hook]
pub fn use_alerts() -> UseFeedHandle<Rc<Alert>> {
    use_items(Subject::channel(Channel::Alerts), Client::alerts)
}

/// Some of the alerts, or none while it is switched off: see [`UseFeedOptions`].
///
/// ```
/// use sentinelops_realtime::protocol::domain::Alert;
/// use sentinelops_realtime::{UseFeedOptions, use_alerts_with};
/// use std::rc::Rc;
/// use yew::prelude::*;
///
/// #[component]
/// fn SomeOfThem() -> Html {
///     let feed = use_alerts_with(UseFeedOptions::default().filter(|alert: &Rc<Alert>| alert.title.contains("disk")));
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_alerts_with(options: UseFeedOptions<Rc<Alert>>) -> UseFeedHandle<Rc<Alert>> {
    use_items_with(Subject::channel(Channel::Alerts), options, Client::alerts)
}

/// How the alerts stand, and a call for each change from the moment of mounting on.
///
/// ```
/// use sentinelops_realtime::use_alert_updates;
/// use yew::prelude::*;
///
/// #[component]
/// fn Siren() -> Html {
///     let feed = use_alert_updates(|alert| log::warn!("{}", alert.title));
///     html! { <p>{ format!("{} alerts", feed.items.len()) }</p> }
/// }
/// ```
#[hook]
pub fn use_alert_updates<F>(on_alert: F) -> UseFeedHandle<Rc<Alert>>
where
    F: Fn(Rc<Alert>) + 'static,
{
    use_item_events(Subject::channel(Channel::Alerts), UseFeedOptions::default(), alert_of, on_alert);
    use_alerts()
}

/// The same for some of them, or for none while it is switched off: what the filter hides is neither listed nor called for.
///
/// ```
/// use sentinelops_realtime::protocol::domain::Alert;
/// use sentinelops_realtime::{UseFeedOptions, use_alert_updates_with};
/// use std::rc::Rc;
/// use yew::prelude::*;
///
/// #[component]
/// fn SomeOfThem() -> Html {
///     let options = UseFeedOptions::default().filter(|alert: &Rc<Alert>| alert.title.contains("disk"));
///     let feed = use_alert_updates_with(options, |alert| log::info!("{alert:?}"));
///     html! { <p>{ feed.items.len() }</p> }
/// }
/// ```
#[hook]
pub fn use_alert_updates_with<F>(options: UseFeedOptions<Rc<Alert>>, on_alert: F) -> UseFeedHandle<Rc<Alert>>
where
    F: Fn(Rc<Alert>) + 'static,
{
    use_item_events(Subject::channel(Channel::Alerts), options.clone(), alert_of, on_alert);
    use_alerts_with(options)
}

fn alert_of(payload: &Payload) -> Option<&Alert> {
    match payload {
        Payload::Alert(alert) => Some(alert),
        _ => None,
    }
}
