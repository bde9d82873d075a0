//! The component: the view, fed by the provider above.

use super::ConnectionView;
use crate::{ClientError, WorkerHealth, use_connection};
use std::rc::Rc;
use yew::prelude::*;

/// See [`ConnectionStatus`].
///
/// ```
/// use sentinelops_realtime::ConnectionStatus;
/// use yew::prelude::*;
///
/// let line = html! { <ConnectionStatus /> };
/// let pill = html! { <ConnectionStatus compact=true /> };
/// let everything = html! { <ConnectionStatus show_details=true /> };
/// # let _ = (line, pill, everything);
/// ```
#[derive(Properties, PartialEq)]
pub struct ConnectionStatusProps {
    /// State and latency in a pill, for a header.
    #[prop_or_default]
    pub compact: bool,
    /// Everything that is known: cause, latency with its course, quality, queue, storage, last error, "try now".
    #[prop_or_default]
    pub show_details: bool,
    /// The word of the state is read out when it changes. `false` where another part of the page does that.
    #[prop_or(true)]
    pub live: bool,
}

/// The state of the connection of the provider above. With neither property set: one line without frame.
///
/// ```
/// use sentinelops_realtime::ConnectionStatus;
/// use yew::prelude::*;
///
/// #[component]
/// fn Header() -> Html {
///     html! { <header><ConnectionStatus compact=true /></header> }
/// }
///
/// #[component]
/// fn Health() -> Html {
///     html! { <ConnectionStatus show_details=true /> }
/// }
/// ```
#[component]
pub fn ConnectionStatus(props: &ConnectionStatusProps) -> Html {
    let connection = use_connection();
    let error = match &connection.worker {
        WorkerHealth::Failing(error) => Some(AttrValue::from(capital(&error.to_string()))),
        WorkerHealth::Off => connection.error.as_ref().map(|error| capital(&error.to_string()).into()),
        WorkerHealth::Starting | WorkerHealth::Running => None,
    };
    let samples = use_memo(connection.latencies.clone(), |latencies| Rc::<[f64]>::from(&**latencies));
    // Trying again helps neither a page that has to be reloaded nor one that was configured wrongly.
    let reload = matches!(&connection.worker, WorkerHealth::Failing(error) if error.needs_reload());
    let set_up = !matches!(connection.error, Some(ClientError::Setup(_)));
    let on_reconnect = use_callback(connection.client().clone(), |(), client| {
        // "Connect" where nobody asked for a connection, "try now" where one is waited for.
        client.connect();
        client.reconnect();
    });
    html! {
        <ConnectionView status={connection.status.clone()} {error} samples={(*samples).clone()} compact={props.compact}
            show_details={props.show_details} live={props.live} measured_at={connection.latency_at} checking={connection.is_checking} on_reconnect={set_up.then_some(on_reconnect)}
            on_reload={reload.then(|| Callback::from(|()| reload_page()))} />
    }
}

/// A browser that refuses a reload leaves the person with its own button.
fn reload_page() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}

/// The errors' sentences begin small, because they also stand behind a colon.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}
