//! `use_unsaved`: whether something would be lost with the page.

use super::selected::use_selected;
use super::use_client;
use crate::client::{Client, Dependency};
use yew::prelude::*;

/// Whether something sent is neither on disk nor over: a page that closes now would lose it. Renders when that
/// changes; at the moment of closing ask [`Client::has_unsaved`]. [`UnloadGuard`](crate::UnloadGuard)
/// does both.
///
/// ```
/// use sentinelops_realtime::use_unsaved;
/// use yew::prelude::*;
///
/// #[component]
/// fn Saving() -> Html {
///     if use_unsaved() { html! { <p>{ "Saving" }</p> } } else { Html::default() }
/// }
/// ```
#[hook]
pub fn use_unsaved() -> bool {
    let client = use_client();
    use_selected(&client, vec![Dependency::Unsaved], Client::has_unsaved)
}
