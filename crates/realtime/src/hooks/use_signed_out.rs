//! `use_signed_out`: whether the session is over.

use super::selected::use_selected;
use super::use_client;
use crate::client::Dependency;
use sentinelops_engine::Cause;
use yew::prelude::*;

/// Whether this user's session was ended, here or in another tab; see
/// [`Client::sign_out`](crate::Client::sign_out). `false` before.
///
/// ```
/// use sentinelops_realtime::use_signed_out;
/// use yew::prelude::*;
///
/// #[component]
/// fn Gate() -> Html {
///     if use_signed_out() { html! { <p>{ "Signed out" }</p> } } else { html! { <p>{ "Welcome" }</p> } }
/// }
/// ```
#[hook]
pub fn use_signed_out() -> bool {
    let client = use_client();
    use_selected(&client, vec![Dependency::Status], |client| client.status().cause == Cause::SignedOut)
}
