//! Asks before the page is closed while something would be lost by it.

use crate::realtime::{WorkerHealth, use_connection};
use gloo::events::{EventListener, EventListenerOptions};
use sentinelops_engine::StorageState;
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// Has the browser ask before this page is closed or left while messages are in its memory only: the
/// store does not work, or the worker is in trouble and does not have everything. Shows nothing; one
/// below each provider.
///
/// It listens for `beforeunload` only while needed: the listener alone keeps a page out of the browser's
/// back-forward cache.
///
/// ```
/// use sentinelops::components::{ConnectionStatus, UnloadGuard};
/// use sentinelops::realtime::WebSocketProvider;
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
    let unsaved = matches!(status.storage, StorageState::MemoryOnly(_) | StorageState::Off)
        && status.queued.iter().any(|queued| *queued > 0);
    // Whether it has everything is asked when the page is left.
    let doubtful = matches!(connection.worker, WorkerHealth::Trouble(_));
    let deps = (unsaved, doubtful, connection.client().clone());
    use_effect_with(deps, |(unsaved, doubtful, client)| {
        let (unsaved, client) = (*unsaved, client.clone());
        let listener = web_sys::window().filter(|_| unsaved || *doubtful).map(|window| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&window, "beforeunload", options, move |event| {
                if !unsaved && !client.has_unsaved() {
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
