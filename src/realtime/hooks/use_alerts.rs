//! `use_alerts`: what is raised, acknowledged, cleared.

use super::selected::{use_news, use_selected};
use super::use_client;
use crate::realtime::client::Interest;
use crate::realtime::{Client, ClientError, List, Message, MessageId};
use sentinelops_engine::ConnectionState;
use sentinelops_protocol::domain::Alert;
use sentinelops_protocol::{Channel, Payload, Subject, system::Continuity};
use std::rc::Rc;
use yew::prelude::*;

/// What [`use_alerts`] gives.
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
    client: Client,
}

impl UseAlertsHandle {
    /// Tells the server that somebody looks after it. Follow it with `use_send_state`.
    pub fn acknowledge(&self, alert: &Alert) -> MessageId {
        self.client.send(Message::acknowledge(alert))
    }

    /// The client, for everything else.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// How the alerts stand.
///
/// ```
/// use sentinelops::realtime::use_alerts;
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
    let client = use_client();
    let subject = Subject::channel(Channel::Alerts);
    let interests = vec![Interest::Status, Interest::Subject(subject.clone())];
    use_selected(&client, interests, move |client| {
        let continuity = client.continuity(&subject);
        UseAlertsHandle {
            alerts: client.alerts(),
            is_loaded: continuity.is_some(),
            is_connected: client.status().state == ConnectionState::Connected,
            continuity,
            error: client.error(Some(&subject)),
            client: client.clone(),
        }
    })
}

/// How the alerts stand, and a call for each change from the moment of mounting on.
///
/// ```
/// use sentinelops::realtime::use_alerts_with;
/// use yew::prelude::*;
///
/// #[component]
/// fn Siren() -> Html {
///     let feed = use_alerts_with(|alert| log::warn!("{}", alert.title));
///     html! { <p>{ format!("{} alerts", feed.alerts.len()) }</p> }
/// }
/// ```
#[hook]
pub fn use_alerts_with<F>(on_alert: F) -> UseAlertsHandle
where
    F: Fn(Rc<Alert>) + 'static,
{
    let client = use_client();
    let handle = use_alerts();
    let subject = Subject::channel(Channel::Alerts);
    use_news(&client, vec![Interest::Subject(subject.clone())], move |news| {
        for event in news.events(&subject) {
            if let Payload::Alert(alert) = &event.payload {
                on_alert(Rc::new(alert.clone()));
            }
        }
    });
    handle
}
