//! Asks before the page is closed while something would be lost by it.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use yew::prelude::*;

/// See [`UnloadGuard`].
#[derive(Properties, PartialEq)]
pub struct UnloadGuardProps {
    /// Messages are kept in memory only.
    pub active: bool,
}

/// Listens for `beforeunload` only while needed: the listener alone keeps a page out of the browser's back-forward
/// cache.
#[component]
pub fn UnloadGuard(props: &UnloadGuardProps) -> Html {
    use_effect_with(props.active, |active| {
        let listener = web_sys::window().filter(|_| *active).map(|window| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&window, "beforeunload", options, |event| {
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
