//! `use_alerts`: what is raised, acknowledged, cleared.

use super::feed::{use_feed, use_feed_events};
use crate::{Client, ClientError, List, Message, SentMessage};
use sentinelops_protocol::domain::Alert;
use sentinelops_protocol::{Channel, Payload, Problem, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_alerts`] gives.
///
/// ```
/// use sentinelops_realtime::protocol::domain::{AlertChange, Severity};
/// use sentinelops_realtime::UseAlertsHandle;
///
/// fn burning(feed: &UseAlertsHandle) -> bool {
///     feed.alerts.iter().any(|alert| alert.change == AlertChange::Raised && alert.severity == Severity::Critical)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct UseAlertsHandle {
    /// How each alert stands, in order of arrival.
    pub alerts: List<Rc<Alert>>,
    /// The state arrived: an empty list means there are none.
    pub is_loaded: bool,
    /// Open, and the server spoke.
    pub is_connected: bool,
    /// How the state came about: `None` until it arrived.
    pub continuity: Option<Continuity>,
    /// What is wrong now: setup, worker, refused subscription, connection.
    pub error: Option<ClientError>,
    /// The last message since the state arrived that does not fit its type, and so is not in it:
    /// where, what was expected, what was found.
    pub problem: Option<Rc<Problem>>,
    client: Client,
}

impl UseAlertsHandle {
    /// Tells the server that somebody looks after it. Follow it with `use_send_state`.
    ///
    /// ```
    /// use sentinelops_realtime::UseAlertsHandle;
    ///
    /// fn take_all(feed: &UseAlertsHandle) {
    ///     for alert in &feed.alerts {
    ///         feed.acknowledge(alert);
    ///     }
    /// }
    /// ```
    pub fn acknowledge(&self, alert: &Alert) -> SentMessage {
        self.client.send(Message::acknowledge(alert))
    }

    /// The client, for everything else.
    ///
    /// ```
    /// use sentinelops_realtime::{Message, UseAlertsHandle};
    ///
    /// fn ask(feed: &UseAlertsHandle, title: &str) {
    ///     feed.client().send(Message::chat("ops", &format!("who looks after {title}?")));
    /// }
    /// ```
    pub fn client(&self) -> &Client {
        &self.client
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
///             for alert in &feed.alerts {
///                 <li key={alert.id.clone()}>{ &alert.title }</li>
///             }
///         </ul>
///     }
/// }
/// ```
#[hook]
pub fn use_alerts() -> UseAlertsHandle {
    use_feed(Subject::channel(Channel::Alerts), |client, feed| UseAlertsHandle {
        alerts: client.alerts(),
        is_loaded: feed.is_loaded,
        is_connected: feed.is_connected,
        continuity: feed.continuity,
        error: feed.error,
        problem: feed.problem,
        client: client.clone(),
    })
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
///     html! { <p>{ format!("{} alerts", feed.alerts.len()) }</p> }
/// }
/// ```
#[hook]
pub fn use_alert_updates<F>(on_alert: F) -> UseAlertsHandle
where
    F: Fn(Rc<Alert>) + 'static,
{
    use_feed_events(Subject::channel(Channel::Alerts), move |_, event| {
        if let Payload::Alert(alert) = &event.payload {
            on_alert(Rc::new(alert.clone()));
        }
    });
    use_alerts()
}
