//! `use_metrics`: the counters.

use super::selected::use_selected;
use super::use_client;
use crate::client::Dependency;
use sentinelops_engine::Metrics;
use std::rc::Rc;
use yew::prelude::*;

/// The counters since the engine started, once a second while a component shows them; `None` until
/// the first came.
///
/// ```
/// use sentinelops_realtime::use_metrics;
/// use yew::prelude::*;
///
/// #[component]
/// fn Counters() -> Html {
///     let received = use_metrics().map_or(0, |metrics| metrics.messages_in);
///     html! { <p>{ format!("{received} messages received") }</p> }
/// }
/// ```
#[hook]
pub fn use_metrics() -> Option<Rc<Metrics>> {
    let client = use_client();
    use_selected(&client, vec![Dependency::Metrics], Client::metrics)
}

use crate::Client;
