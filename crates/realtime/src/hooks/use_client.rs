//! The client handle of the provider above.

use crate::Client;
use yew::prelude::*;

/// The [`Client`] of the nearest `<WebSocketProvider>` above: a stable handle that never causes a
/// render. The other hooks are built on it.
///
/// # Panics
/// When there is no provider above: the mistake shows at the first render, in development.
///
/// ```
/// use sentinelops_realtime::{IncidentEdit, use_client};
/// use sentinelops_realtime::protocol::domain::IncidentStatus;
/// use yew::prelude::*;
///
/// #[component]
/// fn Resolve() -> Html {
///     let client = use_client();
///     let onclick = move |_| {
///         client.send(IncidentEdit::new("inc-123").status(IncidentStatus::Resolved));
///     };
///     html! { <button {onclick}>{ "Resolve" }</button> }
/// }
/// ```
#[hook]
pub fn use_client() -> Client {
    use_context::<Client>().unwrap_or_else(|| {
        panic!("a SentinelOps hook was used outside <WebSocketProvider>: put one above it")
    })
}
