//! Asks before the page is closed while something would be lost by it.

use crate::{use_connection, use_unsaved};
use gloo::events::{EventListener, EventListenerOptions};
use sentinelops_engine::StorageState;
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// Has the browser ask before this page is closed or left while messages are in its memory only: they are
/// not saved yet, or the store does not work. Shows nothing; one below each provider.
///
/// It listens for `beforeunload` only while needed: the listener alone keeps a page out of the browser's
/// back-forward cache.
///
/// ```
/// use sentinelops_realtime::{ConnectionStatus, UnloadGuard};
/// use sentinelops_realtime::WebSocketProvider;
/// use yew::prelude::*;
///
/// #[component]
/// fn App() -> Html {
///     html! {
///         <WebSocketProvider url="/ws">
///             <ConnectionStatus compact=true />
///             <UnloadGuard />
///         </WebSocketProvider>
///     }
/// }
/// ```
#[component]
pub fn UnloadGuard() -> Html {
    let connection = use_connection();
    let status = &connection.status;
    // Also those of an earlier page whose worker lives on in this one.
    let in_memory = matches!(status.storage, StorageState::MemoryOnly(_) | StorageState::Off)
        && status.queued.iter().any(|queued| *queued > 0);
    let unsaved = use_unsaved();
    let deps = (in_memory, unsaved, connection.client().clone());
    use_effect_with(deps, |(in_memory, unsaved, client)| {
        let (in_memory, client) = (*in_memory, client.clone());
        let listener = web_sys::window().filter(|_| in_memory || *unsaved).map(|window| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&window, "beforeunload", options, move |event| {
                if !in_memory && !client.has_unsaved() {
                    return;
                }
                event.prevent_default();
                if let Some(event) = event.dyn_ref::<web_sys::BeforeUnloadEvent>() {
                    // What older browsers ask for; the text is never shown.
                    event.set_return_value("unsent");
                }
            })
        });
        move || drop(listener)
    });
    Html::default()
}
