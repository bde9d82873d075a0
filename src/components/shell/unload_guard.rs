//! Asks before the page is closed while something would be lost by it.

use crate::realtime::Client;
use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// See [`UnloadGuard`].
#[derive(Properties, PartialEq)]
pub struct UnloadGuardProps {
    /// Messages are kept in memory only.
    pub active: bool,
    /// The worker is in trouble: whether it has everything is asked when the page is left.
    pub doubtful: bool,
    /// Who knows.
    pub client: Client,
}

/// Listens for `beforeunload` only while needed: the listener alone keeps a page out of the browser's back-forward
/// cache.
#[component]
pub fn UnloadGuard(props: &UnloadGuardProps) -> Html {
    let deps = (props.active, props.doubtful, props.client.clone());
    use_effect_with(deps, |(active, doubtful, client)| {
        let (active, client) = (*active, client.clone());
        let listener = web_sys::window().filter(|_| active || *doubtful).map(|window| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&window, "beforeunload", options, move |event| {
                if !active && !client.has_unsaved() {
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
