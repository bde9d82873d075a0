//! Whether the page is visible.

use gloo::events::EventListener;
use yew::prelude::*;

/// Whether this tab is in front of the person; renders when that changes.
#[hook]
pub fn use_visible() -> bool {
    let visible = use_state_eq(is_visible);
    let set = visible.setter();
    use_effect_with((), move |()| {
        // It may have changed since the render.
        set.set(is_visible());
        let listener = document().map(|document| {
            EventListener::new(&document, "visibilitychange", move |_| set.set(is_visible()))
        });
        move || drop(listener)
    });
    *visible
}

fn is_visible() -> bool {
    document().is_some_and(|document| !document.hidden())
}

fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}
